package tokenstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/simsid/simsid/internal/word"
)

// Store is one profile's place. It is for one goroutine at a time; Lock alone may be called by several, which then wait for
// each other as processes do.
type Store struct {
	o    Options
	b    Binding
	stem string
	at   place
	mem  *memory // backend memory; nothing else is used then
	kr   keyring

	rec      diskRecord // as last read or written
	recorded bool
	fresh    bool // rec was read by Open a moment ago

	prev    *place // the place on record that the first change leaves; nil: none
	gone    bool   // prev is a keyring that isn't there
	carried map[SecretKind]boundSecret
	filed   map[SecretKind]bool // of a change to the keyring: whether the secret went to the sealed file

	id       *key
	key      *key // that was given last
	unsealed unsealed
	asked    bool // Options.SealKey was called
	given    SealKey
	givenErr error

	sem     chan struct{}
	held    bool
	cur     *reading // the login as last read or written under the lock
	reserve *os.File
}

func newStore(o Options, b Binding) (*Store, error) {
	if err := checkName(b.Profile); err != nil {
		return nil, nameError(b.Profile, err)
	}
	return &Store{o: o, b: b, stem: fileStem(b.Profile), kr: o.openKeyring(), sem: make(chan struct{}, 1)}, nil
}

func (b Backend) check() error {
	switch b {
	case "", Keyring, File, Memory, Auto:
		return nil
	default:
		return &Error{Operation: "open store " + word.Quote(string(b), string(Keyring), string(File), string(Memory), string(Auto)), Err: ErrBackend}
	}
}

// Open opens the store on record for b.Profile. want is "" or what the user asked for: differing from the record it is a
// *ConflictError (Auto agrees with keyring and file); with nothing on record the error is ErrNoLogin. A record of another
// issuer or client is a *BindingError.
func Open(ctx context.Context, o Options, b Binding, want Backend) (*Store, error) {
	if err := want.check(); err != nil {
		return nil, err
	}
	s, err := OpenRecorded(ctx, o, b.Profile)
	if err != nil {
		return nil, err
	}
	if want != "" && want != Auto && want != s.rec.Backend {
		return nil, &ConflictError{Profile: b.Profile, Wanted: want, Active: s.rec.Backend}
	}
	if err := s.checkBinding(b, Binding{Issuer: s.rec.Issuer, ClientID: s.rec.ClientID}); err != nil {
		return nil, err
	}
	s.b = b
	return s, nil
}

// OpenRecorded opens the store on record for a profile as what it is, whatever the profile's issuer and client are by now:
// for logout, removal and status. With nothing on record the error is ErrNoLogin.
func OpenRecorded(ctx context.Context, o Options, profile string) (*Store, error) {
	s, err := newStore(o, Binding{Profile: profile})
	if err != nil {
		return nil, err
	}
	if err := s.findRecord(ctx); err != nil {
		return nil, err
	}
	if !s.recorded {
		return nil, ErrNoLogin
	}
	s.b.Issuer, s.b.ClientID = s.rec.Issuer, s.rec.ClientID
	s.at, s.fresh = placeOf(s.rec.Record), true
	return s, nil
}

// OpenSecrets opens the store on record for the secrets in it, whosever login lies there: each secret has a binding of its own. To the login
// the binding applies as ever. With nothing on record the error is ErrNoLogin.
func OpenSecrets(ctx context.Context, o Options, b Binding) (*Store, error) {
	s, err := OpenRecorded(ctx, o, b.Profile)
	if err != nil {
		return nil, err
	}
	s.b = b
	return s, nil
}

// findRecord reads the record; a missing folder is as good as a missing record.
func (s *Store) findRecord(ctx context.Context) error {
	if err := s.o.checkDir(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return s.settingAside(ctx, func() error {
		var err error
		s.rec, s.recorded, err = s.readRecord()
		return err
	})
}

func (s *Store) checkBinding(now, kept Binding) error {
	if now.same(kept.Issuer, kept.ClientID) {
		return nil
	}
	kept.Profile = now.Profile
	return &BindingError{Profile: now.Profile, Kept: kept, Now: now}
}

// Choose opens a store for a login or for a client secret: want, or the one on record, or fallback, or the keyring. It probes
// the place (a throw-away item is written, read and removed; for a file, the folder and the key are tried) and changes
// nothing that is kept until the first Save or SetSecret, which puts the choice on record, moves the secrets there (each
// keeps its binding), and clears the place used before. That one is tried here too: where it is locked, or its secrets don't
// open, the error comes now and not after a login. A keyring that has vanished altogether is no obstacle: see Record.Leftover.
// Memory leaves everything on disk as it is.
func Choose(ctx context.Context, o Options, b Binding, want, fallback Backend) (*Store, error) {
	if err := errors.Join(want.check(), fallback.check()); err != nil {
		return nil, err
	}
	s, err := newStore(o, b)
	if err != nil {
		return nil, err
	}
	if want == Memory {
		s.mem = &memory{}
		return s, nil
	}
	if err := s.findRecord(ctx); err != nil {
		return nil, err
	}
	target := cmp.Or(want, s.rec.Backend, fallback, Keyring)
	if target == Memory {
		s.mem = &memory{}
		return s, nil
	}
	if err := o.ensureDir(); err != nil {
		return nil, err
	}
	if s.at, err = s.pick(ctx, target, want == "" && s.rec.KeyBeside); err != nil {
		return nil, err
	}
	if s.recorded {
		if err := s.leave(ctx, placeOf(s.rec.Record)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// pick turns a wish into a place that works.
func (s *Store) pick(ctx context.Context, b Backend, beside bool) (place, error) {
	if err := s.probeFolder(); err != nil {
		return place{}, err
	}
	if b == Keyring || b == Auto {
		err := s.probeKeyring(ctx)
		if err == nil {
			return place{backend: Keyring}, s.probeKey(ctx, place{backend: Keyring})
		}
		if b == Keyring || !errors.Is(err, ErrAbsent) {
			return place{}, err
		}
		beside = true
	}
	p := place{backend: File, beside: beside}
	return p, s.probeKey(ctx, p)
}

// probeFolder writes a small file, reads it and removes it: a folder that takes no file is found out before the browser opens. It isn't
// synced, which takes longer than all the rest of the probe and finds out nothing more.
func (s *Store) probeFolder() error {
	id, err := s.randomID()
	if err != nil {
		return fileError("probe", s.o.Dir, err)
	}
	path := s.own(".probe" + newMark + id)
	err = s.o.write(path, []byte(id), func(*os.File) error { return nil })
	if err == nil {
		var got []byte
		if got, err = s.o.read(path); err == nil && string(got) != id {
			err = errors.New("it gave back something else")
		}
	}
	if err != nil {
		_ = os.Remove(path) // the failure is what matters
		return fileError("probe", s.o.Dir, err)
	}
	return s.o.remove(path)
}

// probeKey tries the key on what it must open. A key that is still to be made is made by the first change.
func (s *Store) probeKey(ctx context.Context, p place) error {
	var id *key
	err := s.settingAside(ctx, func() (err error) {
		id, err = s.identityOf(ctx, p, false)
		return err
	})
	if errors.Is(err, errNoKey) || errors.Is(err, errNoItem) {
		return nil
	}
	if err != nil {
		return err
	}
	go func() { _, _ = id.identity() }() // it will be wanted to seal with
	if !s.recorded || placeOf(s.rec.Record) != p {
		return s.checkKey(p, id)
	}
	opened := false
	for _, kind := range []string{loginFile, secretsFile} {
		path := s.file(p, kind)
		err := s.settingAside(ctx, func() error {
			_, err := s.openFile(path, id)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		opened = opened || err == nil
	}
	if opened {
		return nil // what opens a file is a key
	}
	return s.checkKey(p, id)
}

// openFile reads and unseals a file.
func (s *Store) openFile(path string, id *key) ([]byte, error) {
	sealed, err := s.o.read(path)
	if err != nil {
		return nil, err
	}
	return s.openSealed(path, sealed, id)
}

// unsealed is the file that was opened last. A login looks into the same one three times: before it begins, for what was known before, and before it
// takes its place.
type unsealed struct {
	sealed, plain []byte
	with          *key
}

// openSealed unseals what was read of a file. What it gives is shared, and altered by nobody.
func (s *Store) openSealed(path string, sealed []byte, id *key) ([]byte, error) {
	if s.unsealed.with == id && bytes.Equal(s.unsealed.sealed, sealed) {
		return s.unsealed.plain, nil
	}
	plain, err := unseal(sealed, id)
	if errors.Is(err, ErrSealKey) || errors.Is(err, ErrBadKey) {
		return nil, fileError("open", path, err)
	}
	if err != nil {
		return nil, damaged(path, err)
	}
	s.unsealed = unsealed{sealed, plain, id}
	return plain, nil
}

// settingAside runs read, and where that finds a damaged file, once more under the lock: the file may have been replaced
// since. If it is still damaged it is set aside, and the error says so.
func (s *Store) settingAside(ctx context.Context, read func() error) error {
	err := read()
	if _, ok := errors.AsType[*DamagedError](err); !ok || s.o.LookOnly {
		return err
	}
	lerr := s.locked(ctx, func() error {
		err := read()
		if d, ok := errors.AsType[*DamagedError](err); ok && d.MovedTo == "" {
			return s.o.setAside(d)
		}
		return err
	})
	if _, ok := errors.AsType[*Error](lerr); lerr != nil && !ok {
		return err // no lock to be had: what is wrong with the file is the better answer
	}
	return lerr
}

// Backend is the one in use: never Auto.
func (s *Store) Backend() Backend {
	if s.mem != nil {
		return Memory
	}
	return s.at.backend
}

// Where says in words where the tokens lie, for people: "keyring (Secret Service)", "sealed file /home/…/emulator.age".
func (s *Store) Where() string {
	switch {
	case s.mem != nil:
		return "memory (kept nowhere)"
	case s.at.backend == Keyring && s.rec.RefreshInFile && s.prev == nil:
		return keyringWords + ", the refresh token in the sealed file " + s.file(s.at, loginFile)
	case s.at.backend == Keyring:
		return keyringWords
	case s.at.beside:
		return "sealed file " + s.file(s.at, loginFile) + ", its key beside it"
	default:
		return "sealed file " + s.file(s.at, loginFile)
	}
}

// Record returns what is on record for this profile now.
func (s *Store) Record() Record {
	if s.mem != nil {
		return s.mem.record(s.b)
	}
	if d, ok, err := s.readRecord(); err == nil && ok {
		return d.Record
	}
	return s.rec.Record
}

// randomID gives 16 random bytes in hexadecimal.
func (s *Store) randomID() (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(s.o.Rand, b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return hex.EncodeToString(b), nil
}
