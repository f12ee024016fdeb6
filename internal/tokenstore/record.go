package tokenstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// formatVersion is written into everything that is kept. What has a greater one is refused and left alone.
const formatVersion = 1

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
	if _, err := os.Stat(o.Dir); errors.Is(err, fs.ErrNotExist) {
		return Record{}, false, nil
	}
	if err := o.checkDir(); err != nil {
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
	if err := checkVersion(b); err != nil {
		return diskRecord{}, err
	}
	var d diskRecord
	if err := json.Unmarshal(b, &d); err != nil {
		return diskRecord{}, errors.New("not a record: " + jsonProblem(err))
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

// checkVersion looks at the version alone: the rest of a later format may have any shape.
func checkVersion(b []byte) error {
	var v struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return errors.New("not JSON of the store: " + jsonProblem(err))
	}
	switch {
	case v.Version == nil || *v.Version < 1:
		return errors.New("it has no version")
	case *v.Version > formatVersion:
		return fmt.Errorf("%w: format %d, this version knows %d", ErrLater, *v.Version, formatVersion)
	}
	return nil
}

// jsonProblem says what is wrong without any of the text, which may be a secret's.
func jsonProblem(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("malformed at byte %d", e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("wrong type at byte %d", e.Offset)
	}
	return "malformed"
}

func nameError(profile string, err error) error {
	return &Error{Operation: fmt.Sprintf("open store of profile %q", profile), Err: err}
}
