package tokenstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

// The emergency file is where a refreshed login goes when its own place fails. It is made and synced before the request, so
// that a full disk can't keep the answer from being kept: its bytes are there already and are only overwritten. While it
// is empty its first byte is 0; filled it is an age file, padded within to the file's length, and begins with "a". It stays
// for the next refresh. (On a file system that copies on write, overwriting takes new space all the same.)
const (
	emergencyBlock = 4 << 10
	emergencyRoom  = 8 << 10 // over twice the login as it is: tokens grow when claims do
)

// Prepare allocates and syncs the emergency file, gets the key that seals it, and has the keyring ready for a write. The lock must be
// held.
func (s *Store) Prepare(ctx context.Context) error {
	if s.mem != nil {
		return nil
	}
	if !s.held {
		return fileError("prepare", s.file(s.at, emergencyFile), errNotLocked)
	}
	if s.cur == nil {
		if _, err := s.load(ctx, false); err != nil {
			return err
		}
	}
	id, err := s.identity(ctx, true)
	if err != nil {
		return err
	}
	plain, err := encodeLogin(s.cur.login)
	if err != nil {
		return fileError("prepare", s.file(s.at, emergencyFile), err)
	}
	// The key is put to the test now: afterwards there is no way back.
	sealed, err := seal(plain, id)
	if err != nil {
		return fileError("prepare", s.file(s.at, emergencyFile), err)
	}
	if err := s.sweep(); err != nil {
		return err
	}
	if s.at.backend == Keyring {
		if err := s.kr.prepare(ctx); err != nil {
			return keyringError("write", s.b.Profile, itemRefresh, err)
		}
	}
	size := (2*len(sealed) + emergencyRoom + emergencyBlock - 1) / emergencyBlock * emergencyBlock
	return s.allocate(size)
}

func (s *Store) allocate(size int) error {
	path := s.file(s.at, emergencyFile)
	if s.reserve != nil {
		return nil
	}
	if s.emergencyFilled() {
		return fileError("prepare", path, errors.New("it holds tokens that can't be put in their own place"))
	}
	if fi, err := os.Lstat(path); err == nil {
		if err := checkFile(path, fi); err != nil {
			return fileError("prepare", path, err)
		}
	}
	if err := s.o.step("allocate", path); err != nil {
		return fileError("prepare", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fileError("prepare", path, err)
	}
	if err := s.grow(f, size); err != nil {
		return fileError("prepare", path, errors.Join(err, f.Close()))
	}
	s.reserve = f
	return nil
}

// grow brings the reserve to its size with bytes that no file system can leave out.
func (s *Store) grow(f *os.File, size int) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if fi.Size() >= int64(size) {
		return nil
	}
	filler := make([]byte, size)
	if _, err := io.ReadFull(s.o.Rand, filler); err != nil {
		return err
	}
	filler[0] = 0
	if _, err := f.WriteAt(filler, 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return s.o.syncDir(f.Name())
}

// SaveRefreshed keeps a refreshed login, the refresh token first. When the proper place fails the login goes to the
// emergency file, and the error is an *EmergencyError that names it. A set without a refresh token keeps the one there is
// (RFC 6749 section 6: the server need not send a new one). It isn't given up when ctx ends: the old token is spent.
func (s *Store) SaveRefreshed(ctx context.Context, set token.Set) error {
	if s.mem != nil {
		s.mem.refresh(set)
		return nil
	}
	ctx = withoutPrompt(context.WithoutCancel(ctx))
	return s.locked(ctx, func() error { return s.saveRefreshed(ctx, set) })
}

func (s *Store) saveRefreshed(ctx context.Context, set token.Set) error {
	if s.cur == nil {
		if _, err := s.load(ctx, false); err != nil {
			return err
		}
	}
	next := reading{login: s.cur.login, item: s.cur.item}
	next.seq++
	if set.Refresh.IsZero() {
		set.Refresh = next.set.Refresh
	}
	next.set = set
	err := s.putRefreshed(ctx, &next)
	if err == nil {
		s.cur = &next
		return nil
	}
	if eerr := s.fillEmergency(ctx, next.login); eerr != nil {
		return errors.Join(err, eerr)
	}
	s.cur = &next
	return &EmergencyError{Path: s.file(s.at, emergencyFile), Err: err}
}

// putRefreshed writes a refreshed login to its place: what can't be had again first.
func (s *Store) putRefreshed(ctx context.Context, r *reading) error {
	plain, inFile := r.login, s.at.backend != Keyring
	if s.at.backend == Keyring && !r.set.Refresh.IsZero() {
		it := s.itemOf(r.login)
		inFile = !s.fits(it)
		if !inFile {
			if r.item == nil || !r.item.value.Equal(it.value) {
				if err := s.setItem(ctx, itemRefresh, it); err != nil {
					return err
				}
				r.item = &it
			}
			plain = withoutRefresh(plain)
		}
	}
	if err := s.writeSealed(ctx, plain); err != nil {
		return err
	}
	if s.at.backend == Keyring && inFile && r.item != nil {
		// It counts for less than the file's, and the next logout removes it if the keyring won't now.
		_ = s.deleteItem(ctx, itemRefresh)
		r.item = nil
	}
	d := s.recordOf(r.login)
	d.RefreshInFile = inFile && s.at.backend == Keyring
	// The login is safe: a record that lags behind shows an old expiry and is put right by the next change.
	_ = s.writeRecord(d)
	return nil
}

// fillEmergency overwrites the reserve with the login, or, where that doesn't fit, with what can't be had again.
func (s *Store) fillEmergency(ctx context.Context, l login) error {
	path := s.file(s.at, emergencyFile)
	id, err := s.identity(ctx, false)
	if err != nil {
		return err
	}
	if s.reserve == nil {
		if err := s.allocate(emergencyBlock); err != nil {
			return err
		}
	}
	fi, err := s.reserve.Stat()
	if err != nil {
		return fileError("write", path, err)
	}
	b, err := sealToSize(l, id, int(fi.Size()))
	if err != nil {
		return fileError("write", path, err)
	}
	if err := s.o.step("emergency", path); err != nil {
		return fileError("write", path, err)
	}
	if _, err := s.reserve.WriteAt(b, 0); err != nil {
		return fileError("write", path, err)
	}
	if err := s.reserve.Sync(); err != nil {
		return fileError("write", path, err)
	}
	return nil
}

// sealToSize seals as much of a login as makes exactly size bytes, padded with white space behind the JSON. A refresh token
// that needs more gets more.
func sealToSize(l login, to age.Recipient, size int) ([]byte, error) {
	small := l
	small.set.ID = token.Secret{}
	least := small
	least.set.Access = token.Secret{}
	var sealed []byte
	for _, v := range []login{l, small, least} {
		plain, err := encodeLogin(v)
		if err != nil {
			return nil, err
		}
		if sealed, err = seal(plain, to); err != nil {
			return nil, err
		}
		// Each further chunk of age's costs a few bytes: at most three rounds until the length is right.
		for range 3 {
			missing := size - len(sealed)
			if missing == 0 {
				return sealed, nil
			}
			if len(plain)+missing <= 0 || missing < 0 && !bytes.HasSuffix(plain, bytes.Repeat([]byte(" "), -missing)) {
				break
			}
			if missing > 0 {
				plain = append(plain, bytes.Repeat([]byte(" "), missing)...)
			} else {
				plain = plain[:len(plain)+missing]
			}
			if sealed, err = seal(plain, to); err != nil {
				return nil, err
			}
		}
		if len(sealed) == size {
			return sealed, nil
		}
	}
	return sealed, nil
}

// emergencyFilled reports whether there is anything in the emergency file: one byte tells.
func (s *Store) emergencyFilled() bool { return filled(s.file(s.at, emergencyFile)) }

func filled(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	first := make([]byte, 1)
	n, err := f.Read(first)
	return err == nil && n == 1 && first[0] != 0
}

// readEmergency reads what the emergency file holds, on top of what was found in the proper place (r, or rerr).
func (s *Store) readEmergency(ctx context.Context, r reading, rerr error) (reading, bool, error) {
	path := s.file(s.at, emergencyFile)
	id, err := s.identity(ctx, false)
	if err != nil {
		return reading{}, false, err
	}
	plain, err := s.openFile(path, id)
	if errors.Is(err, fs.ErrNotExist) {
		return r, !s.held, rerr // just put in its place by another process
	}
	if errors.Is(err, ErrSealKey) {
		err = damaged(path, err)
	}
	if err != nil {
		return reading{}, true, err
	}
	e, err := s.parseLogin(path, plain)
	if err != nil {
		return reading{}, true, err
	}
	known := r.id
	if rerr != nil {
		known = s.rec.Login
	}
	if e.id != known || rerr == nil && (e.seq < r.seq || e.seq <= r.fileSeq) {
		// Of a login that was replaced, or in its place already. (A newer item alone isn't the whole: the file may lag.)
		if !s.held {
			return r, true, rerr
		}
		if err := s.o.remove(path); err != nil {
			return reading{}, false, err
		}
		if rerr == nil {
			s.cur = &r
		}
		return r, false, rerr
	}
	next := reading{login: e, item: r.item}
	if e.set.Access.IsZero() { // there was no room for it
		next.set.Access, next.set.Expiry = r.set.Access, r.set.Expiry
	}
	if e.set.ID.IsZero() {
		next.set.ID = r.set.ID
	}
	if !s.held {
		return next, true, nil
	}
	s.cur = &next
	if err := s.putRefreshed(ctx, &next); err == nil {
		_ = s.o.remove(path) // what remains counts no more than the place it was copied to
	}
	return next, false, nil
}
