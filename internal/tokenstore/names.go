package tokenstore

import (
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
)

// maxName bounds a profile's name, so that its longest file name stays within what every file system takes.
const maxName = 64

// checkName holds the same rule as the configuration does. It is checked here again because a name becomes part of a path.
func checkName(name string) error {
	if name == "" || len(name) > maxName || !alphanumeric(name[0]) {
		return ErrName
	}
	for i := range len(name) {
		if c := name[i]; !alphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return ErrName
		}
	}
	return nil
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// fileStem turns a profile's name into the start of its file names. Capitals are escaped, since the file systems of macOS
// and Windows don't tell A from a; dots, so that a profile "a.keyring" can't own a file of profile "a"; and the first
// letter of the names that Windows keeps for devices.
func fileStem(name string) string {
	var b strings.Builder
	reserved := reservedOnWindows(name)
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' || c == '.' || i == 0 && reserved {
			b.WriteByte('=')
			b.WriteString(hex.EncodeToString([]byte{c}))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// fromStem undoes fileStem; ok is false for what fileStem doesn't write.
func fromStem(stem string) (name string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(stem); i++ {
		if stem[i] != '=' {
			b.WriteByte(stem[i])
			continue
		}
		if i+3 > len(stem) {
			return "", false
		}
		c, err := hex.DecodeString(stem[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b.Write(c)
		i += 2
	}
	name = b.String()
	return name, checkName(name) == nil && fileStem(name) == stem
}

// account is the name of a keyring item. Windows doesn't tell capitals apart there either.
func account(profile, item string) string {
	var b strings.Builder
	for i := range len(profile) {
		c := profile[i]
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('=')
			b.WriteByte(c + 'a' - 'A')
			continue
		}
		b.WriteByte(c)
	}
	return b.String() + "/" + item
}

func reservedOnWindows(name string) bool {
	n := strings.ToLower(name)
	if slices.Contains([]string{"con", "prn", "aux", "nul"}, n) {
		return true
	}
	return len(n) == 4 && (strings.HasPrefix(n, "com") || strings.HasPrefix(n, "lpt")) && '0' <= n[3] && n[3] <= '9'
}

// place is one concrete place of a login.
type place struct {
	backend Backend // Keyring or File
	beside  bool    // File with its key beside it
}

func (p place) infix() string {
	switch {
	case p.backend == Keyring:
		return ".keyring"
	case p.beside:
		return ".beside"
	default:
		return ""
	}
}

func placeOf(r Record) place { return place{backend: r.Backend, beside: r.KeyBeside} }

func places() []place {
	return []place{{backend: Keyring}, {backend: File}, {backend: File, beside: true}}
}

// The kinds of file that a place has.
const (
	loginFile     = ".age"
	secretsFile   = ".secrets.age"
	identityFile  = ".identity.age"
	emergencyFile = ".emergency.age"
	keyFile       = ".key"

	recordFile = ".record.json"
	lockFile   = ".lock"

	newMark   = ".new-"     // a replacement being written
	asideMark = ".damaged-" // a file set aside
)

func (s *Store) file(p place, kind string) string {
	return filepath.Join(s.o.Dir, s.stem+p.infix()+kind)
}

func (s *Store) own(kind string) string { return filepath.Join(s.o.Dir, s.stem+kind) }
