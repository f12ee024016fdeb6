package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Inventory is what lies where of one profile, as far as it can be told without opening anything.
type Inventory struct {
	Record Record
	// Where says in words where the tokens lie.
	Where string
	// Files are the profile's files by path, its record and lock apart.
	Files []FileEntry
	// Items are the names of the keyring's items that are on record, under the service's name "simsid".
	Items []string
}

// FileEntry is one file and what it is for.
type FileEntry struct {
	Path string
	Kind FileKind
}

// FileKind says what a file of the store is for.
type FileKind string

// The kinds of file.
const (
	LoginFile     FileKind = "login"     // sealed
	SecretsFile   FileKind = "secrets"   // sealed
	IdentityFile  FileKind = "identity"  // the key, behind a passphrase
	KeyFile       FileKind = "key"       // the key itself, beside the file (Auto only)
	ReserveFile   FileKind = "reserve"   // empty: where a refreshed login goes when its own place fails
	EmergencyFile FileKind = "emergency" // the same, filled: it holds a login that has no place yet
	DamagedFile   FileKind = "damaged"   // set aside
	PartialFile   FileKind = "partial"   // never put in place
)

// Inspect lists what lies where of a profile; ok is false when nothing is on record. It opens nothing and changes nothing.
func Inspect(o Options, profile string) (inv Inventory, ok bool, err error) {
	r, ok, err := ReadRecord(o, profile)
	if err != nil || !ok {
		return Inventory{}, ok, err
	}
	s := &Store{o: o, b: Binding{Profile: profile}, stem: fileStem(profile), at: placeOf(r)}
	s.rec.Record = r
	inv = Inventory{Record: r, Where: s.Where(), Items: s.itemsOnRecord()}
	inv.Files, err = s.listFiles()
	return inv, true, err
}

// itemsOnRecord names the items that the keyring should hold. A keyring that wasn't there when it should have been cleared may
// hold any.
func (s *Store) itemsOnRecord() []string {
	r := s.rec.Record
	if r.Backend != Keyring && !r.Leftover {
		return nil
	}
	items := []string{account(s.b.Profile, itemKey)}
	if r.Refreshable && !r.RefreshInFile || r.Leftover {
		items = append(items, account(s.b.Profile, itemRefresh))
	}
	for _, k := range secretKinds() {
		if slices.Contains(r.Secrets, k) && !slices.Contains(r.SecretsInFile, k) || r.Leftover {
			items = append(items, account(s.b.Profile, string(k)))
		}
	}
	return items
}

func (s *Store) listFiles() ([]FileEntry, error) {
	entries, err := os.ReadDir(s.o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError("list", s.o.Dir, err)
	}
	var found []FileEntry
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), s.stem)
		if !ours || rest == recordFile || rest == lockFile {
			continue
		}
		if kind := s.kindOfFile(rest); kind != "" {
			found = append(found, FileEntry{Path: s.own(rest), Kind: kind})
		}
	}
	return found, nil
}

// kindOfFile tells a file by the end of its name.
func (s *Store) kindOfFile(rest string) FileKind {
	switch {
	case !strings.HasPrefix(rest, "."):
		return "" // of a profile whose name begins as this one's
	case strings.Contains(rest, newMark):
		return PartialFile
	case strings.Contains(rest, asideMark):
		return DamagedFile
	}
	for _, p := range places() {
		kind, of := strings.CutPrefix(rest, p.infix())
		if !of {
			continue
		}
		switch kind {
		case loginFile:
			return LoginFile
		case secretsFile:
			return SecretsFile
		case identityFile:
			return IdentityFile
		case keyFile:
			return KeyFile
		case emergencyFile:
			if filled(s.own(rest)) {
				return EmergencyFile
			}
			return ReserveFile
		}
	}
	return ""
}

// LoginGone reports whether a login that is on record can't be had, since its sealed file isn't there any more: somebody has removed it, or
// has brought back the folder without it. It opens nothing.
func LoginGone(o Options, profile string, r Record) bool {
	if r.SignedInAt.IsZero() || r.Ended || r.Backend != File {
		return false // of a keyring's login the refresh token may be whole
	}
	s := &Store{o: o, stem: fileStem(profile), at: placeOf(r)}
	_, err := os.Lstat(s.file(s.at, loginFile))
	return errors.Is(err, fs.ErrNotExist) && !s.emergencyFilled()
}

// SecretGone reports whether a secret that is on record can't be had, since the sealed file that it is said to be in isn't there any more. It
// opens nothing, and so can't tell it of a keyring, nor of a file that others are in.
func SecretGone(o Options, profile string, r Record, k SecretKind) bool {
	if !slices.Contains(r.Secrets, k) || r.Backend != File && !slices.Contains(r.SecretsInFile, k) {
		return false
	}
	s := &Store{o: o, stem: fileStem(profile), at: placeOf(r)}
	_, err := os.Lstat(s.file(s.at, secretsFile))
	return errors.Is(err, fs.ErrNotExist)
}

// Profiles names the profiles that have a record, readable or not, in the order of their names.
func Profiles(o Options) ([]string, error) {
	entries, err := os.ReadDir(o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError("list", o.Dir, err)
	}
	var names []string
	for _, e := range entries {
		stem, isRecord := strings.CutSuffix(e.Name(), recordFile)
		if name, ours := fromStem(stem); isRecord && ours {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Move puts everything of a profile, its login and its secrets, into the place that was chosen, reads it back there, puts the
// new place on record, and clears the old one. moved is false when it lay there already. Whatever stops it on the way, the old
// place counts and is whole until the record names the new one. A keyring that isn't there can't be moved away from.
func (s *Store) Move(ctx context.Context) (moved bool, err error) {
	if s.mem != nil {
		return false, &Error{Operation: "move to", Backend: Memory, Err: errors.New("it keeps nothing")}
	}
	keep := context.WithoutCancel(ctx) // half a move is of no use to anybody, and every step has its own deadline
	err = s.locked(ctx, func() error {
		moved, err = s.move(keep)
		return err
	})
	return moved, err
}

func (s *Store) move(ctx context.Context) (moved bool, err error) {
	if err := s.beginChange(ctx); err != nil {
		return false, err
	}
	switch {
	case !s.recorded:
		return false, ErrNoLogin
	case s.prev == nil:
		return false, nil
	case s.gone:
		return false, &Error{Operation: "move away from", Backend: s.prev.backend, Err: ErrAbsent}
	}
	old, d := *s.prev, s.rec
	if d.Login == "" {
		d.Since = s.o.Now().UTC()
	} else if d, err = s.moveLogin(ctx); err != nil {
		return false, err
	}
	d.Backend, d.KeyBeside = s.at.backend, s.at.beside
	if err := s.endChange(ctx, d); err != nil {
		return true, err
	}
	return true, s.checkEmpty(ctx, old, itemRefresh, itemKey, string(ClientSecret), string(IntrospectionSecret), string(ClientKey), string(APIHeaders))
}
