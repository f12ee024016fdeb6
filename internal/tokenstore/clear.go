package tokenstore

import (
	"context"
	"errors"
	"slices"
)

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
		d.SignedInAt, d.Seed, d.UsedSeeds, d.Ended = s.rec.SignedInAt, s.rec.Seed, s.rec.UsedSeeds, true
		d.Unproven = s.rec.Unproven // nobody ever signed in
		if err := s.forget(d); err != nil {
			return err
		}
		return s.removeLogin(keep, s.at)
	})
}

// forget puts a state without the login on record before any part of it is removed: from then on none is read again, whatever of it
// can't be removed. A full disk has no room for the record; the login's own files then make it.
func (s *Store) forget(d diskRecord) error {
	err := s.writeRecord(d)
	if err == nil {
		return nil
	}
	at := placeOf(s.rec.Record)
	if rerr := errors.Join(s.o.remove(s.file(at, loginFile)), s.o.remove(s.file(at, emergencyFile)), s.removeRemains()); rerr != nil {
		return err // what keeps files from being written keeps them from being removed
	}
	return s.writeRecord(d)
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
		if err := s.forget(withoutLogin(s.rec)); err != nil {
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
		if err := s.forget(withoutLogin(s.rec)); err != nil {
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
