package tokenstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// diskRecord is a Record as it lies on disk.
type diskRecord struct {
	Version int `json:"version"`
	// Login is the random name of the login on record, "" when there is none. The sealed file and the keyring's item carry
	// it too, so that parts of two logins are never taken for one.
	Login string `json:"login,omitempty"`
	Record
}

// ReadRecord tells what is on record for a profile, without opening any store; ok is false when nothing is. It changes
// nothing: a damaged record is left where it is.
func ReadRecord(o Options, profile string) (r Record, ok bool, err error) {
	if err := checkName(profile); err != nil {
		return Record{}, false, nameError(profile, err)
	}
	if err := o.checkDir(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Record{}, false, nil
		}
		return Record{}, false, err
	}
	s := &Store{o: o, stem: fileStem(profile)}
	d, ok, err := s.readRecord()
	return d.Record, ok, err
}

// Records lists the records of all profiles by name. Those that can't be read are left out and named in the error.
func Records(o Options) (map[string]Record, error) {
	names, err := Profiles(o)
	if err != nil {
		return nil, err
	}
	found := map[string]Record{}
	var bad []error
	for _, name := range names {
		r, ok, err := ReadRecord(o, name)
		if err != nil {
			bad = append(bad, err)
		} else if ok {
			found[name] = r
		}
	}
	return found, errors.Join(bad...)
}

func (s *Store) readRecord() (d diskRecord, ok bool, err error) {
	path := s.own(recordFile)
	b, err := s.o.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return diskRecord{}, false, nil
	}
	if err != nil {
		return diskRecord{}, false, err
	}
	d, err = decodeRecord(b)
	if errors.Is(err, ErrLater) {
		return diskRecord{}, false, fileError("read", path, err)
	}
	if err != nil {
		return diskRecord{}, false, damaged(path, err)
	}
	return d, true, nil
}

func decodeRecord(b []byte) (diskRecord, error) {
	o, err := readStored(b)
	if err != nil {
		return diskRecord{}, err
	}
	d := diskRecord{Version: formatVersion, Login: o.word("login"), Record: Record{
		Backend: Backend(o.word("backend")), Issuer: o.word("issuer"), ClientID: o.word("client_id"), Since: o.moment("since"),
		KeyBeside: o.yes("key_beside"), Subject: o.word("subject"), Name: o.word("name"), Organisation: o.word("organisation"), Organisations: o.texts("organisations"),
		Expiry: o.moment("expiry"), SignedInAt: o.moment("signed_in_at"), Refreshable: o.yes("refreshable"), RefreshSince: o.moment("refresh_since"), Ended: o.yes("ended"),
		RefreshInFile: o.yes("refresh_in_file"), Leftover: o.yes("leftover"), Seed: o.word("seed"), Unsent: o.yes("unsent"), Unproven: o.yes("unproven"), UsedSeeds: o.texts("used_seeds"),
		Own: o.yes("own"), OwnScopes: o.texts("own_scopes"), OwnACRValues: o.texts("own_acr_values"), Settings: o.texts("settings"),
	}}
	for _, k := range o.texts("secrets") {
		d.Secrets = append(d.Secrets, SecretKind(k))
	}
	for _, k := range o.texts("secrets_in_file") {
		d.SecretsInFile = append(d.SecretsInFile, SecretKind(k))
	}
	if err := o.fault("a record"); err != nil {
		return diskRecord{}, err
	}
	if d.Backend != Keyring && d.Backend != File || d.Backend == Keyring && d.KeyBeside {
		return diskRecord{}, errors.New("not a record: it names no backend that keeps anything")
	}
	return d, nil
}

func encodeRecord(d diskRecord) ([]byte, error) {
	d.Version = formatVersion
	b, err := json.MarshalIndent(d, "", "  ")
	return append(b, '\n'), err
}

func (s *Store) writeRecord(d diskRecord) error {
	b, err := encodeRecord(d)
	if err != nil {
		return fileError("write", s.own(recordFile), err)
	}
	if err := s.o.replace(s.own(recordFile), b); err != nil {
		return err
	}
	s.rec, s.recorded = d, true
	return nil
}

func nameError(profile string, err error) error {
	return &Error{Operation: fmt.Sprintf("open store of profile %q", profile), Err: err}
}
