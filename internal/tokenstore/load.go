package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/simsid/simsid/internal/token"
)

// reading is a login as found, with what a refresh must know of its parts.
type reading struct {
	login
	fileSeq uint64 // of the sealed file; the item's may be higher
	item    *item  // the refresh token's keyring item, if it belongs to this login
}

// Load reads the login. ErrNoLogin when there is none, ErrEnded when the provider has ended it. What a failed write of an
// earlier command left in the emergency file is read as the newest, and put in its proper place if that is possible.
func (s *Store) Load(ctx context.Context) (token.Set, error) {
	if s.mem != nil {
		return s.mem.load()
	}
	return s.load(ctx, false)
}

// LoadCached is Load without the refresh token: a key and one small file are read, and no item of the keyring but that key.
func (s *Store) LoadCached(ctx context.Context) (token.Set, error) {
	if s.mem != nil {
		set, err := s.mem.load()
		set.Refresh = token.Secret{}
		return set, err
	}
	set, err := s.load(ctx, true)
	set.Refresh = token.Secret{}
	return set, err
}

func (s *Store) load(ctx context.Context, cached bool) (token.Set, error) {
	r, again, err := s.readLogin(ctx, cached)
	if !again {
		return r.set, err
	}
	// Something is amiss that only the holder of the lock may judge and mend: it may be a writer between two steps.
	unlock, lerr := s.lockUnlessHeld(ctx)
	if lerr != nil {
		if ctx.Err() != nil {
			return token.Set{}, ctx.Err()
		}
		return r.set, err
	}
	defer unlock()
	r, _, err = s.readLogin(ctx, cached)
	if d, ok := errors.AsType[*DamagedError](err); ok && d.MovedTo == "" {
		return token.Set{}, s.o.setAside(d)
	}
	return r.set, err
}

func (s *Store) lockUnlessHeld(ctx context.Context) (func(), error) {
	if s.held {
		return func() {}, nil
	}
	return s.Lock(ctx)
}

// current reads the record anew, and follows it where another process has moved the login.
func (s *Store) current() error {
	if s.fresh && !s.held {
		s.fresh = false
		return nil
	}
	d, ok, err := s.readRecord()
	if err != nil {
		return err
	}
	s.rec, s.recorded, s.fresh = d, ok, false
	if ok && s.prev == nil && placeOf(d.Record) != s.at {
		s.at, s.id = placeOf(d.Record), nil
	}
	return nil
}

// view is the store as it is on record while a switch to another place is pending.
func (s *Store) view() *Store {
	if s.prev == nil {
		return s
	}
	v := *s
	v.at, v.prev, v.id, v.carried = *s.prev, nil, nil, nil
	return &v
}

// readLogin reads every part once. again says that it should be tried once more under the lock, which r and err are for
// those who can't have it.
func (s *Store) readLogin(ctx context.Context, cached bool) (r reading, again bool, err error) {
	if s.prev != nil {
		return s.view().readLogin(ctx, cached)
	}
	if err := s.current(); err != nil {
		_, isDamaged := errors.AsType[*DamagedError](err)
		return reading{}, isDamaged, err
	}
	switch {
	case !s.recorded:
		return reading{}, false, ErrNoLogin
	case s.rec.Ended:
		return reading{}, false, ErrEnded
	case s.rec.Login == "":
		return reading{}, false, ErrNoLogin
	}
	if err := s.checkBinding(s.b, Binding{Issuer: s.rec.Issuer, ClientID: s.rec.ClientID}); err != nil {
		return reading{}, false, err
	}
	if s.at.backend == Keyring && s.id == nil {
		s.kr.expect(ctx) // the key of the sealed file, if there is one
	}
	emergency := s.emergencyFilled()
	r, err = s.readParts(ctx, cached && !emergency)
	if err != nil && !errors.Is(err, ErrNoLogin) {
		_, isDamaged := errors.AsType[*DamagedError](err)
		return reading{}, isDamaged || !s.held && errors.Is(err, ErrSealKey), err
	}
	if emergency {
		return s.readEmergency(ctx, r, err)
	}
	if err != nil {
		return reading{}, !s.held, err
	}
	if s.held {
		s.cur = &r
		s.healRecord(r.login)
	}
	return r, false, nil
}

// readParts reads the sealed file and, unless only that is wanted, the keyring's refresh token. The sealed file says which
// login it is; without one the record does. An item of another login is what a switch of logins left behind, and is
// as good as none.
func (s *Store) readParts(ctx context.Context, cached bool) (reading, error) {
	sealed, err := s.readSealed(ctx)
	if err != nil {
		return reading{}, err
	}
	if cached && sealed != nil {
		return reading{login: *sealed, fileSeq: sealed.seq}, nil
	}
	var it *item
	if s.at.backend == Keyring {
		if it, err = s.refreshItem(ctx); err != nil {
			return reading{}, err
		}
	}
	if sealed == nil {
		if it == nil || it.login != s.rec.Login {
			return reading{}, ErrNoLogin
		}
		// The file is gone or damaged but the login isn't: with its refresh token the rest can be had anew.
		r := reading{login: login{id: it.login, profile: s.b.Profile, seq: it.seq, binding: it.binding, sum: summaryOf(s.rec.Record), seed: s.rec.Seed}, item: it}
		r.set.Refresh, r.set.SignedInAt = it.value, s.rec.SignedInAt
		return r, nil
	}
	r := reading{login: *sealed, fileSeq: sealed.seq}
	if it == nil || it.login != sealed.id {
		return r, nil
	}
	r.item = it
	if r.set.Refresh.IsZero() || it.seq > r.seq {
		r.set.Refresh = it.value
	}
	r.seq = max(r.seq, it.seq)
	return r, nil
}

// readSealed gives the sealed file's login, nil when there is none.
func (s *Store) readSealed(ctx context.Context) (*login, error) {
	path := s.file(s.at, loginFile)
	sealed, err := s.o.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	id, err := s.identity(ctx, false)
	if errors.Is(err, errNoKey) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	plain, err := s.openSealed(path, sealed, id)
	if err != nil {
		return nil, err
	}
	l, err := s.parseLogin(path, plain)
	if err != nil {
		return nil, err
	}
	return &l, nil
}

func (s *Store) parseLogin(path string, plain []byte) (login, error) {
	l, err := decodeLogin(plain)
	if errors.Is(err, ErrLater) {
		return login{}, fileError("read", path, err)
	}
	if err != nil {
		return login{}, damaged(path, err)
	}
	if l.profile != s.b.Profile {
		return login{}, damaged(path, fmt.Errorf("it holds the login of profile %q", l.profile))
	}
	return l, s.checkBinding(s.b, l.binding)
}

func (s *Store) refreshItem(ctx context.Context) (*item, error) {
	it, err := s.getItem(ctx, itemRefresh)
	if errors.Is(err, errNoItem) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &it, s.checkBinding(s.b, it.binding)
}

// healRecord brings the record up to a login that was kept before a crash kept the record from following.
func (s *Store) healRecord(l login) {
	if s.rec.Login == l.id {
		return
	}
	_ = s.writeRecord(s.recordOf(l)) // status shows the old one until the next change
}

func summaryOf(r Record) Summary {
	return Summary{Subject: r.Subject, Name: r.Name, Organisation: r.Organisation, Organisations: r.Organisations}
}
