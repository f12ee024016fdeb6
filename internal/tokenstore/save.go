package tokenstore

import (
	"context"
	"errors"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Save keeps a new login in place of any old one. When the keyring fails although it answered to the probe, the refresh
// token is kept in the sealed file, and the error is an *EmergencyError that says so.
func (s *Store) Save(ctx context.Context, set token.Set, sum Summary) error {
	return s.SaveFrom(ctx, token.Secret{}, set, sum)
}

// SaveFrom is Save for a login that was begun with a refresh token from outside: what Seed is given later is compared with it.
func (s *Store) SaveFrom(ctx context.Context, seed token.Secret, set token.Set, sum Summary) error {
	if s.mem != nil {
		s.mem.save(set, sum)
		return nil
	}
	// A login that was got must be kept even if the user has lost patience; every step has its own deadline.
	keep := context.WithoutCancel(ctx)
	l := login{set: set, sum: sum}
	if !seed.IsZero() {
		l.seed = seedHash(seed)
	}
	return s.locked(ctx, func() error { return s.save(keep, l) })
}

// save keeps a login that has no name yet.
func (s *Store) save(ctx context.Context, l login) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	id, err := s.randomID()
	if err != nil {
		return fileError("write", s.file(s.at, loginFile), err)
	}
	l.id, l.profile, l.seq, l.binding = id, s.b.Profile, 1, Binding{Issuer: s.b.Issuer, ClientID: s.b.ClientID}
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
	sealed, err := seal(plain, id)
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
	d.Login, d.Record = l.id, d.seeded(l.seed)
	d.Unsent, d.Unproven = l.unsent, l.seed != "" && l.set.Access.IsZero() && l.set.RefreshSince.IsZero()
	if l.seed == "" {
		d.UsedSeeds = nil // a user signed in
	}
	d.Backend, d.KeyBeside = s.at.backend, s.at.beside
	d.Issuer, d.ClientID = l.binding.Issuer, l.binding.ClientID
	d.Subject, d.Name, d.Organisation, d.Organisations = l.sum.Subject, l.sum.Name, l.sum.Organisation, l.sum.Organisations
	d.Own, d.OwnScopes, d.OwnACRValues = l.sum.Own, l.sum.OwnScopes, l.sum.OwnACRValues
	d.Settings = l.sum.Settings
	d.Expiry, d.SignedInAt = l.set.Expiry, l.set.SignedInAt
	d.Refreshable, d.RefreshSince, d.Ended = !l.set.Refresh.IsZero(), l.set.RefreshSince, false
	return d
}

// withoutLogin is the record when no login is kept.
func withoutLogin(d diskRecord) diskRecord {
	d.Unsent, d.Unproven = false, false // whoever ends a login doesn't want its seed to begin another
	d.Record = d.seeded("")
	d.Login, d.Refreshable, d.RefreshInFile = "", false, false
	d.Expiry, d.SignedInAt, d.RefreshSince = time.Time{}, time.Time{}, time.Time{}
	d.Subject, d.Name, d.Organisation, d.Organisations, d.Ended = "", "", "", nil, false
	d.Own, d.OwnScopes, d.OwnACRValues = false, nil, nil
	d.Settings = nil
	return d
}
