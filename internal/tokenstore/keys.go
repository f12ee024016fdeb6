package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

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

// identity gives what opens and seals the files of the place in use, and makes it when create is set. It is got once.
func (s *Store) identity(ctx context.Context, create bool) (*key, error) {
	id := s.id
	if id == nil {
		var err error
		if id, err = s.identityOf(ctx, s.at, create); err != nil {
			return nil, err
		}
	}
	if create { // something is about to be sealed, whatever was tried with the key before
		if err := s.checkKey(s.at, id); err != nil {
			return nil, err
		}
	}
	s.id = id
	return id, nil
}

func (s *Store) identityOf(ctx context.Context, p place, create bool) (*key, error) {
	switch {
	case p.backend == Keyring:
		return s.keyringIdentity(ctx, p, create)
	case p.beside:
		return s.besideIdentity(p, create)
	default:
		return s.givenIdentity(ctx, p, create)
	}
}

func (s *Store) keyringIdentity(ctx context.Context, p place, create bool) (*key, error) {
	it, err := s.getItem(ctx, itemKey)
	if err == nil {
		return s.keyOf(it.value)
	}
	if !errors.Is(err, errNoItem) {
		return nil, err
	}
	if !create {
		return nil, errNoKey
	}
	id, err := newKey()
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
	it = item{binding: s.b, value: id.text}
	return id, s.setItem(ctx, itemKey, it)
}

// keyOf gives the key that a text holds; the one that was asked for last is the same key again.
func (s *Store) keyOf(text token.Secret) (*key, error) {
	id, err := readKey(text)
	if err != nil {
		return nil, err
	}
	if s.key == nil || !s.key.text.Equal(id.text) {
		s.key = id
	}
	return s.key, nil
}

// checkKey reports a key that isn't one, as an error of the file that it is to open.
func (s *Store) checkKey(p place, id *key) error {
	if _, err := id.identity(); err != nil {
		return fileError("open", s.file(p, loginFile), err)
	}
	return nil
}

func isSetAside(err error) bool {
	d, ok := errors.AsType[*DamagedError](err)
	return ok && d.MovedTo != ""
}

func (s *Store) besideIdentity(p place, create bool) (*key, error) {
	path := s.file(p, keyFile)
	b, err := s.o.read(path)
	if err == nil {
		return wholeKey(path, b)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if !create {
		return nil, errNoKey
	}
	id, err := newKey()
	if err != nil {
		return nil, fileError("make key", path, err)
	}
	return id, s.o.replace(path, id.file())
}

// givenIdentity asks for the user's key. A passphrase leads to the identity kept behind it.
func (s *Store) givenIdentity(ctx context.Context, p place, create bool) (*key, error) {
	path := s.file(p, identityFile)
	wanted := s.keyWanted(p)
	key, err := s.sealKey(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if !key.Identity.IsZero() {
		id, err := s.keyOf(key.Identity)
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

func (s *Store) makeIdentityFile(path string, passphrase token.Secret) (*key, error) {
	id, err := newKey()
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
	b, err := seal(id.file(), r)
	if err != nil {
		return nil, fileError("write", path, err)
	}
	return id, s.o.replace(path, b)
}

func openIdentityFile(path string, sealed []byte, passphrase token.Secret) (*key, error) {
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
	return wholeKey(path, plain)
}

// wholeKey reads what a file of ours holds, which is damaged when that is no key.
func wholeKey(path string, text []byte) (*key, error) {
	id, err := readKey(token.NewSecret(string(text)))
	if err == nil {
		_, err = id.identity()
	}
	if err != nil {
		return nil, damaged(path, err)
	}
	return id, nil
}
