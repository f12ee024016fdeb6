package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

// A passphrase opens no sealed file directly but an identity of its own, in a file beside; the sealed files are sealed to
// that. So a command derives a key from the passphrase once, whatever it reads and writes (age would once per file and
// direction), and the emergency file can be sealed without any wait. "age -d -i school.identity.age school.age" opens it.
const (
	// scryptWorkFactor is the base-2 logarithm of scrypt's N. 17 is what OWASP's Password Storage Cheat Sheet asks for
	// (N=2^17, r=8, p=1): 128 MiB and a few tenths of a second, paid once per command. age's own default of 18 doubles
	// both, for every command of a script; who needs speed takes an identity, which costs nothing.
	scryptWorkFactor = 17
	// maxScryptWorkFactor bounds what a file can make us do, and lets in what the age program itself writes.
	maxScryptWorkFactor = 18
)

// errNoKey says that there is no key where it should be and none was to be made.
var errNoKey = errors.New("its key is gone")

// identity gives what opens and seals the files of the place in use, and makes it when create is set. It is got once.
func (s *Store) identity(ctx context.Context, create bool) (*age.X25519Identity, error) {
	if s.id != nil {
		return s.id, nil
	}
	id, err := s.identityOf(ctx, s.at, create)
	if err != nil {
		return nil, err
	}
	s.id = id
	return id, nil
}

func (s *Store) identityOf(ctx context.Context, p place, create bool) (*age.X25519Identity, error) {
	switch {
	case p.backend == Keyring:
		return s.keyringIdentity(ctx, p, create)
	case p.beside:
		return s.besideIdentity(p, create)
	default:
		return s.givenIdentity(ctx, p, create)
	}
}

func (s *Store) keyringIdentity(ctx context.Context, p place, create bool) (*age.X25519Identity, error) {
	it, err := s.getItem(ctx, itemKey)
	if err == nil {
		return s.parseKey(it.value)
	}
	if !errors.Is(err, errNoItem) {
		return nil, err
	}
	if !create {
		return nil, errNoKey
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, &Error{Operation: "make key", Backend: Keyring, Err: err}
	}
	// A file that the lost key sealed is of no use, but it isn't ours to overwrite.
	for _, kind := range []string{loginFile, secretsFile} {
		if path := s.file(p, kind); exists(path) {
			if err := s.o.setAside(&DamagedError{Path: path, Err: errNoKey}); !isSetAside(err) {
				return nil, err
			}
		}
	}
	it = item{binding: s.b, value: token.NewSecret(id.String())}
	return id, s.setItem(ctx, itemKey, it)
}

// parsedKey is the key that was parsed last, which takes as long as opening a file with it.
type parsedKey struct {
	text token.Secret
	id   *age.X25519Identity
}

func (s *Store) parseKey(text token.Secret) (*age.X25519Identity, error) {
	if s.key.id != nil && s.key.text.Equal(text) {
		return s.key.id, nil
	}
	id, err := parseIdentity(text)
	if err == nil {
		s.key = parsedKey{text, id}
	}
	return id, err
}

func isSetAside(err error) bool {
	d, ok := errors.AsType[*DamagedError](err)
	return ok && d.MovedTo != ""
}

func (s *Store) besideIdentity(p place, create bool) (*age.X25519Identity, error) {
	path := s.file(p, keyFile)
	b, err := s.o.read(path)
	if err == nil {
		id, err := parseIdentity(token.NewSecret(string(b)))
		if err != nil {
			return nil, damaged(path, err)
		}
		return id, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if !create {
		return nil, errNoKey
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fileError("make key", path, err)
	}
	return id, s.o.replace(path, []byte(id.String()+"\n"))
}

// givenIdentity asks for the user's key. A passphrase leads to the identity kept behind it.
func (s *Store) givenIdentity(ctx context.Context, p place, create bool) (*age.X25519Identity, error) {
	path := s.file(p, identityFile)
	wanted := s.keyWanted(p)
	key, err := s.sealKey(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if !key.Identity.IsZero() {
		id, err := s.parseKey(key.Identity)
		if err != nil {
			return nil, fileError("open", s.file(p, loginFile), err)
		}
		return id, nil
	}
	b, err := s.o.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if wanted != NewKey {
			return nil, fileError("open", s.file(p, loginFile), fmt.Errorf("%w: %w", ErrSealKey, ErrNeedsIdentity))
		}
		if !create {
			return nil, errNoKey
		}
		return s.makeIdentityFile(path, key.Passphrase)
	}
	if err != nil {
		return nil, err
	}
	id, err := openIdentityFile(path, b, key.Passphrase)
	for errors.Is(err, ErrPassphrase) && s.o.Again != nil {
		passphrase, aerr := s.o.Again(ctx)
		if aerr != nil {
			return nil, fileError("get the key of", path, aerr)
		}
		if passphrase.IsZero() {
			break
		}
		s.given = SealKey{Passphrase: passphrase}
		id, err = openIdentityFile(path, b, passphrase)
	}
	return id, err
}

// keyWanted tells by the files which key opens them.
func (s *Store) keyWanted(p place) KeyWanted {
	switch {
	case exists(s.file(p, identityFile)):
		return PassphraseKey
	case exists(s.file(p, loginFile)) || exists(s.file(p, secretsFile)) || filled(s.file(p, emergencyFile)):
		return IdentityKey
	default:
		return NewKey
	}
}

func (s *Store) sealKey(ctx context.Context, wanted KeyWanted) (SealKey, error) {
	if s.asked {
		return s.given, s.givenErr
	}
	s.asked = true
	where := s.file(place{backend: File}, loginFile)
	var key SealKey
	var err error
	if s.o.SealKey != nil {
		key, err = s.o.SealKey(ctx, wanted)
	}
	switch {
	case err != nil:
		s.givenErr = fileError("get the key of", where, err)
	case !key.Identity.IsZero() || !key.Passphrase.IsZero():
		s.given = key
	case wanted == IdentityKey:
		s.givenErr = fileError("open", where, fmt.Errorf("%w: %w", ErrNoSealKey, ErrNeedsIdentity))
	default:
		s.givenErr = fileError("open", where, ErrNoSealKey)
	}
	return s.given, s.givenErr
}

func (s *Store) makeIdentityFile(path string, passphrase token.Secret) (*age.X25519Identity, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fileError("make key", path, err)
	}
	r, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return nil, fileError("make key", path, err)
	}
	factor := s.o.workFactor
	if factor == 0 {
		factor = scryptWorkFactor
	}
	r.SetWorkFactor(factor)
	b, err := seal([]byte(id.String()+"\n"), r)
	if err != nil {
		return nil, fileError("write", path, err)
	}
	return id, s.o.replace(path, b)
}

func openIdentityFile(path string, sealed []byte, passphrase token.Secret) (*age.X25519Identity, error) {
	i, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return nil, fileError("open", path, err)
	}
	i.SetMaxWorkFactor(maxScryptWorkFactor)
	plain, err := unseal(sealed, i)
	if errors.Is(err, ErrSealKey) {
		return nil, fileError("open", path, ErrPassphrase)
	}
	if err != nil {
		return nil, damaged(path, err)
	}
	id, err := parseIdentity(token.NewSecret(string(plain)))
	if err != nil {
		return nil, damaged(path, err)
	}
	return id, nil
}

// parseIdentity reads an identity, or the text of an identity file with its comments. The error shows nothing of it; age's
// own would show the characters that it stumbles over.
func parseIdentity(s token.Secret) (*age.X25519Identity, error) {
	var found string
	for line := range strings.Lines(s.Reveal()) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if found != "" {
			return nil, ErrBadKey
		}
		found = line
	}
	id, err := age.ParseX25519Identity(found)
	if err != nil {
		return nil, ErrBadKey
	}
	return id, nil
}
