package tokenstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Save keeps a new login in place of any old one. When the keyring fails although it answered to the probe, the refresh
// token is kept in the sealed file, and the error is an *EmergencyError that says so.
func (s *Store) Save(ctx context.Context, set token.Set, sum Summary) error {
	if s.mem != nil {
		s.mem.save(set, sum)
		return nil
	}
	// A login that was got must be kept even if the user has lost patience; every step has its own deadline.
	keep := context.WithoutCancel(ctx)
	return s.locked(ctx, func() error { return s.save(keep, set, sum) })
}

func (s *Store) save(ctx context.Context, set token.Set, sum Summary) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	id, err := s.randomID()
	if err != nil {
		return fileError("write", s.file(s.at, loginFile), err)
	}
	l := login{id: id, seq: 1, binding: Binding{Issuer: s.b.Issuer, ClientID: s.b.ClientID}, set: set, sum: sum}
	if err := s.vacate(ctx); err != nil {
		return err
	}
	inFile, err := s.putNew(ctx, l)
	emergency, kept := errors.AsType[*EmergencyError](err)
	if err != nil && !kept {
		return err
	}
	d := s.recordOf(l)
	d.RefreshInFile = inFile
	if err := s.endChange(ctx, d); err != nil {
		return err
	}
	if err := s.o.remove(s.file(s.at, emergencyFile)); err != nil {
		return err
	}
	if kept {
		return emergency
	}
	return nil
}

// vacate sets aside what lies in the login's place but isn't a login of ours: the record knows of none there, and the key
// doesn't open it.
func (s *Store) vacate(ctx context.Context) error {
	id, err := s.identity(ctx, true)
	if err != nil {
		return err
	}
	path := s.file(s.at, loginFile)
	if !exists(path) {
		return nil
	}
	plain, err := s.openFile(path, id)
	if p, ok := errors.AsType[*PermissionError](err); ok {
		return fileError("write", path, p)
	}
	if err == nil {
		_, err = decodeLogin(plain)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrLater):
		return fileError("write", path, err)
	}
	if err := s.o.setAside(&DamagedError{Path: path, Err: err}); !isSetAside(err) {
		return err
	}
	return nil
}

// putNew writes a new login: the sealed file first, because it says which login it is, and the keyring's item of the old
// one is void from then on. Two logins are never mixed, wherever it stops.
func (s *Store) putNew(ctx context.Context, l login) (inFile bool, err error) {
	if s.at.backend != Keyring {
		return false, s.writeSealed(ctx, l)
	}
	it := s.itemOf(l)
	if l.set.Refresh.IsZero() || !s.fits(it) {
		if err := s.writeSealed(ctx, l); err != nil {
			return false, err
		}
		return !l.set.Refresh.IsZero(), s.deleteItem(ctx, itemRefresh)
	}
	if err := s.writeSealed(ctx, withoutRefresh(l)); err != nil {
		return false, err
	}
	kerr := s.setItem(ctx, itemRefresh, it)
	if kerr == nil {
		return false, nil
	}
	if err := s.writeSealed(ctx, l); err != nil {
		return false, errors.Join(kerr, err)
	}
	return true, &EmergencyError{Path: s.file(s.at, loginFile), Err: kerr}
}

func (s *Store) itemOf(l login) item {
	return item{binding: l.binding, login: l.id, seq: l.seq, value: l.set.Refresh}
}

func withoutRefresh(l login) login {
	l.set.Refresh = token.Secret{}
	return l
}

func (s *Store) writeSealed(ctx context.Context, l login) error {
	plain, err := encodeLogin(l)
	if err != nil {
		return fileError("write", s.file(s.at, loginFile), err)
	}
	return s.sealTo(ctx, loginFile, plain)
}

func (s *Store) sealTo(ctx context.Context, kind string, plain []byte) error {
	path := s.file(s.at, kind)
	id, err := s.identity(ctx, true)
	if err != nil {
		return err
	}
	sealed, err := seal(plain, id.Recipient())
	if err != nil {
		return fileError("write", path, err)
	}
	return s.o.replace(path, sealed)
}

// recordOf is the record that follows from a login in the place in use.
func (s *Store) recordOf(l login) diskRecord {
	d := s.rec
	if !s.recorded || placeOf(d.Record) != s.at || !l.binding.same(d.Issuer, d.ClientID) {
		d.Since = s.o.Now().UTC()
	}
	d.Login = l.id
	d.Backend, d.KeyBeside = s.at.backend, s.at.beside
	d.Issuer, d.ClientID = l.binding.Issuer, l.binding.ClientID
	d.Subject, d.Name, d.Organisation, d.Organisations = l.sum.Subject, l.sum.Name, l.sum.Organisation, l.sum.Organisations
	d.Expiry, d.SignedInAt = l.set.Expiry, l.set.SignedInAt
	d.Refreshable, d.Ended = !l.set.Refresh.IsZero(), false
	return d
}

// withoutLogin is the record when no login is kept.
func withoutLogin(d diskRecord) diskRecord {
	d.Login, d.Refreshable, d.RefreshInFile = "", false, false
	d.Expiry, d.SignedInAt = time.Time{}, time.Time{}
	d.Subject, d.Name, d.Organisation, d.Organisations, d.Ended = "", "", "", nil, false
	return d
}

// End marks the login as ended and removes its tokens. Who it was stays on record, for status.
func (s *Store) End(ctx context.Context) error {
	if s.mem != nil {
		s.mem.end()
		return nil
	}
	keep := context.WithoutCancel(ctx)
	return s.locked(ctx, func() error {
		if err := s.current(); err != nil || !s.recorded {
			return err
		}
		d := withoutLogin(s.rec)
		d.Subject, d.Name, d.Organisation, d.Organisations = s.rec.Subject, s.rec.Name, s.rec.Organisation, s.rec.Organisations
		d.SignedInAt, d.Ended = s.rec.SignedInAt, true
		if err := s.writeRecord(d); err != nil {
			return err
		}
		return s.removeLogin(keep, s.at)
	})
}

// Clear removes the login from every place and checks that they are empty. Secrets of the client stay, and so does the choice
// of the place.
func (s *Store) Clear(ctx context.Context) error {
	if s.mem != nil {
		s.mem.clear()
		return nil
	}
	return s.locked(ctx, func() error {
		if err := s.current(); err != nil || !s.recorded {
			return err
		}
		// From here on no part of the login is read again, whatever of it can't be removed now.
		if err := s.writeRecord(withoutLogin(s.rec)); err != nil {
			return err
		}
		at := placeOf(s.rec.Record)
		err := errors.Join(s.removeLogin(ctx, at), s.clearLeftover(ctx), s.removeRemains())
		for _, p := range places() {
			if p != at { // what a switch of places that was cut short has left
				err = errors.Join(err, s.removeFiles(p))
			}
		}
		return errors.Join(err, s.checkEmpty(ctx, at, itemRefresh))
	})
}

// Remove removes everything of a profile, its secrets and its record included.
func (s *Store) Remove(ctx context.Context) error {
	if s.mem != nil {
		s.mem = &memory{}
		return nil
	}
	return s.locked(ctx, func() error {
		if err := s.current(); err != nil || !s.recorded {
			return err
		}
		if err := s.writeRecord(withoutLogin(s.rec)); err != nil {
			return err
		}
		err := s.removeRemains()
		for _, p := range places() {
			if p.backend == Keyring && s.rec.Backend != Keyring && !s.rec.Leftover {
				err = errors.Join(err, s.removeFiles(p))
				continue
			}
			err = errors.Join(err, s.clearPlace(ctx, p))
		}
		if err != nil {
			return err // the record stays, so that it can be tried again
		}
		if err := s.o.remove(s.own(recordFile)); err != nil {
			return err
		}
		s.rec, s.recorded = diskRecord{}, false
		if err := s.o.syncDir(s.own(recordFile)); err != nil {
			return fileError("remove", s.own(recordFile), err)
		}
		// Last, while it is held: whoever waits for it sees that it is gone. Windows doesn't remove an open file.
		_ = s.o.remove(s.own(lockFile))
		return nil
	})
}

// removeLogin takes away a login's parts, and the key unless secrets are sealed with it.
func (s *Store) removeLogin(ctx context.Context, p place) error {
	err := errors.Join(s.o.remove(s.file(p, loginFile)), s.o.remove(s.file(p, emergencyFile)))
	keyNeeded := exists(s.file(p, secretsFile))
	if !keyNeeded {
		err = errors.Join(err, s.o.remove(s.file(p, identityFile)), s.o.remove(s.file(p, keyFile)))
		s.id = nil
	}
	if p.backend == Keyring {
		err = errors.Join(err, s.deleteItem(ctx, itemRefresh))
		if !keyNeeded && err == nil {
			err = s.deleteItem(ctx, itemKey)
		}
	}
	if serr := s.o.syncDir(s.file(p, loginFile)); serr != nil {
		err = errors.Join(err, fileError("remove", s.file(p, loginFile), serr))
	}
	return err
}

// checkEmpty makes sure that no part of a login lies in p or in a place that isn't in use, nor any of the items in the keyring
// if p is there.
func (s *Store) checkEmpty(ctx context.Context, p place, items ...string) error {
	for _, of := range places() {
		for _, kind := range []string{loginFile, emergencyFile} {
			if path := s.file(of, kind); (of == p || of != s.at) && exists(path) {
				return fileError("remove", path, errors.New("it is still there"))
			}
		}
	}
	if p.backend != Keyring {
		return nil
	}
	for _, name := range items {
		_, err := s.getItem(ctx, name)
		if err == nil {
			return keyringError("remove", s.b.Profile, name, errors.New("it is still there"))
		}
		if !errors.Is(err, errNoItem) {
			return err
		}
	}
	return nil
}

// removeRemains takes away what was never put in place and what was set aside: both may hold tokens.
func (s *Store) removeRemains() error {
	var found []string
	var err error
	for _, mark := range []string{newMark, asideMark} {
		f, lerr := s.remains(mark)
		found, err = append(found, f...), errors.Join(err, lerr)
	}
	slices.Sort(found)
	for _, f := range slices.Compact(found) {
		err = errors.Join(err, s.o.remove(f))
	}
	return err
}

// clearPlace empties a place, its secrets and key included.
func (s *Store) clearPlace(ctx context.Context, p place) error {
	err := s.removeFiles(p)
	if p.backend == Keyring {
		err = errors.Join(err, s.clearItems(ctx))
	}
	return err
}

func (s *Store) removeFiles(p place) error {
	var err error
	for _, kind := range []string{loginFile, secretsFile, identityFile, keyFile, emergencyFile} {
		err = errors.Join(err, s.o.remove(s.file(p, kind)))
	}
	return err
}

func (s *Store) clearItems(ctx context.Context) error {
	var err error
	for _, k := range secretKinds() {
		err = errors.Join(err, s.deleteItem(ctx, string(k)))
	}
	return errors.Join(err, s.deleteItem(ctx, itemRefresh), s.deleteItem(ctx, itemProbe), s.deleteItem(ctx, itemKey))
}
