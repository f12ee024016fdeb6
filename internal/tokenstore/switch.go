package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/simsid/simsid/internal/token"
)

// leave prepares to give up the place on record for the one in use: its secrets are read now, and it is made sure that it can
// be cleared.
func (s *Store) leave(ctx context.Context, old place) error {
	if old == s.at {
		return nil
	}
	carried, err := s.readSecretsFile(ctx, old)
	if err == nil && old.backend == Keyring {
		err = s.readSecretItems(ctx, carried)
	}
	if old.backend == Keyring && errors.Is(err, ErrAbsent) {
		s.prev, s.gone, s.carried = &old, true, nil
		return nil
	}
	if err != nil {
		return &Error{Operation: "move away from", Backend: old.backend, Err: err}
	}
	s.prev, s.gone, s.carried = &old, false, carried
	return nil
}

// readSecretItems adds the keyring's secrets, and finds out whether the keyring is open even where there are none.
func (s *Store) readSecretItems(ctx context.Context, into map[SecretKind]boundSecret) error {
	for _, k := range secretKinds() {
		it, err := s.getItem(ctx, string(k))
		if errors.Is(err, errNoItem) {
			continue
		}
		if err != nil {
			return err
		}
		into[k] = boundSecret{binding: it.binding, value: it.value}
	}
	return nil
}

// readSecretsFile gives the secrets in a place's sealed file; none when there is no such file.
func (s *Store) readSecretsFile(ctx context.Context, p place) (map[SecretKind]boundSecret, error) {
	path := s.file(p, secretsFile)
	if !exists(path) {
		return map[SecretKind]boundSecret{}, nil
	}
	id := s.id
	if id == nil || p != s.at {
		var err error
		if id, err = s.identityOf(ctx, p, false); err != nil {
			return nil, err
		}
	}
	if p == s.at {
		s.id = id
	}
	plain, err := s.openFile(path, id)
	if errors.Is(err, fs.ErrNotExist) {
		return map[SecretKind]boundSecret{}, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := decodeSecrets(plain)
	if errors.Is(err, ErrLater) {
		return nil, fileError("read", path, err)
	}
	if err != nil {
		return nil, damaged(path, err)
	}
	return m, nil
}

// beginChange reads the record under the lock, and starts the switch of places if one is due.
func (s *Store) beginChange(ctx context.Context) error {
	d, ok, err := s.readRecord()
	if err != nil {
		return err
	}
	s.rec, s.recorded, s.fresh, s.filed = d, ok, false, nil
	if err := s.sweep(); err != nil {
		return err
	}
	if s.prev != nil && (!ok || placeOf(d.Record) != *s.prev) {
		s.prev, s.gone, s.carried = nil, false, nil // another process has moved it since it was chosen to leave
	}
	if ok && s.prev == nil {
		if err := s.leave(ctx, placeOf(d.Record)); err != nil {
			return err
		}
	}
	if s.prev == nil {
		return nil
	}
	if s.at.backend == Keyring && !s.rec.Leftover {
		// On record before the first item: if this is cut short, the next logout still knows where to clear.
		d.Leftover = true
		if err := s.writeRecord(d); err != nil {
			return err
		}
	}
	for _, k := range secretKinds() {
		if b, ok := s.carried[k]; ok {
			if err := s.putSecret(ctx, k, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// endChange puts the new state on record, which is the moment from which it counts, and clears the place used before.
func (s *Store) endChange(ctx context.Context, d diskRecord) error {
	switching := s.prev != nil
	if switching {
		if err := s.checkArrived(ctx, d); err != nil {
			return err
		}
		d.Secrets = kindsOf(s.carried)
		d.Leftover = d.Leftover || s.prev.backend == Keyring
	}
	if d.Backend == Keyring {
		d.Leftover = false
	}
	d.SecretsInFile = s.secretsInFile(d.SecretsInFile, switching)
	if err := s.writeRecord(d); err != nil {
		return err
	}
	var err error
	if switching && !s.gone {
		old := *s.prev
		err = s.clearPlace(withoutPrompt(ctx), old)
		if err == nil && old.backend == Keyring {
			d.Leftover = false
			err = s.writeRecord(d)
		}
	}
	s.prev, s.gone, s.carried = nil, false, nil
	return err
}

// checkArrived reads back what was written to the new place, before the old one is cleared.
func (s *Store) checkArrived(ctx context.Context, d diskRecord) error {
	n := *s
	n.rec, n.recorded, n.prev = d, true, nil
	if d.Login != "" {
		r, err := n.readParts(ctx, false)
		if err != nil {
			return err
		}
		if r.id != d.Login || r.set.Refresh.IsZero() == d.Refreshable {
			return &Error{Operation: "move to", Backend: d.Backend, Err: errors.New("the login didn't arrive whole")}
		}
	}
	for k, want := range s.carried {
		got, err := n.getSecret(ctx, k)
		if err != nil {
			return err
		}
		if !got.value.Equal(want.value) {
			return &Error{Operation: "move to", Backend: d.Backend, Err: errors.New("the " + string(k) + " didn't arrive whole")}
		}
	}
	return nil
}

// clearLeftover clears a keyring that wasn't there when it should have been cleared, if it is there now.
func (s *Store) clearLeftover(ctx context.Context) error {
	if !s.rec.Leftover {
		return nil
	}
	err := s.clearItems(withoutPrompt(ctx))
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	d := s.rec
	d.Leftover = false
	return s.writeRecord(d)
}

// Secret reads a secret; the zero Secret when none is kept for this issuer and client.
func (s *Store) Secret(ctx context.Context, k SecretKind) (token.Secret, error) {
	if s.mem != nil {
		return s.mem.secrets[k], nil
	}
	b, err := s.anySecret(ctx, k)
	if err != nil || !s.b.same(b.binding.Issuer, b.binding.ClientID) {
		return token.Secret{}, err
	}
	return b.value, nil
}

// Withheld says whom a secret is kept for that Secret doesn't give out, since it is another issuer's or client's; ok is false where there is
// none.
func (s *Store) Withheld(ctx context.Context, k SecretKind) (b Binding, ok bool, err error) {
	if s.mem != nil || !slices.Contains(s.rec.Secrets, k) {
		return Binding{}, false, nil
	}
	kept, err := s.anySecret(ctx, k)
	if err != nil || kept.value.IsZero() || s.b.Same(kept.binding) {
		return Binding{}, false, err
	}
	kept.binding.Profile = s.b.Profile
	return kept.binding, true, nil
}

// Missing names the secrets that are on record and not where they are said to be, whomever they are for.
func (s *Store) Missing(ctx context.Context) ([]SecretKind, error) {
	if s.mem != nil {
		return nil, nil
	}
	var missing []SecretKind
	for _, k := range s.rec.Secrets {
		kept, err := s.anySecret(ctx, k)
		if err != nil {
			return nil, err
		}
		if kept.value.IsZero() {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

// anySecret reads a secret of any binding, from the place that is left while a switch is pending.
func (s *Store) anySecret(ctx context.Context, k SecretKind) (b boundSecret, err error) {
	if s.prev != nil {
		return s.carried[k], nil
	}
	err = s.settingAside(ctx, func() error {
		b, err = s.getSecret(ctx, k)
		return err
	})
	return b, err
}

// getSecret reads a secret of any binding from the place in use.
func (s *Store) getSecret(ctx context.Context, k SecretKind) (boundSecret, error) {
	if s.at.backend == Keyring {
		it, err := s.getItem(ctx, string(k))
		if err == nil {
			return boundSecret{binding: it.binding, value: it.value}, nil
		}
		if !errors.Is(err, errNoItem) {
			return boundSecret{}, err
		}
	}
	m, err := s.readSecretsFile(ctx, s.at)
	return m[k], err
}

// SetSecret keeps a secret; the zero Secret removes it. A pending switch of places (Choose) takes the login along.
func (s *Store) SetSecret(ctx context.Context, k SecretKind, v token.Secret) error {
	if !slices.Contains(secretKinds(), k) {
		return &Error{Operation: "keep secret", Backend: s.Backend(), Err: errors.New("of an unknown kind")}
	}
	if s.mem != nil {
		s.mem.setSecret(k, v)
		return nil
	}
	return s.locked(ctx, func() error { return s.setSecret(ctx, k, v) })
}

func (s *Store) setSecret(ctx context.Context, k SecretKind, v token.Secret) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	d := s.rec
	if s.prev != nil {
		var err error
		if d, err = s.moveLogin(ctx); err != nil {
			return err
		}
		delete(s.carried, k)
	}
	b := boundSecret{binding: Binding{Issuer: s.b.Issuer, ClientID: s.b.ClientID}, value: v}
	if err := s.putSecret(ctx, k, b); err != nil {
		return err
	}
	if s.prev != nil && !v.IsZero() {
		if s.carried == nil {
			s.carried = map[SecretKind]boundSecret{}
		}
		s.carried[k] = b
	}
	d.Secrets = slices.DeleteFunc(slices.Clone(d.Secrets), func(o SecretKind) bool { return o == k })
	if !v.IsZero() {
		d.Secrets = append(d.Secrets, k)
	}
	slices.Sort(d.Secrets)
	if d.Login == "" {
		// The record speaks of the login, if there is one; otherwise of whom the secret is for.
		if !s.recorded || !s.b.same(d.Issuer, d.ClientID) || placeOf(d.Record) != s.at {
			d.Since = s.o.Now().UTC()
		}
		d.Issuer, d.ClientID = s.b.Issuer, s.b.ClientID
	}
	d.Backend, d.KeyBeside = s.at.backend, s.at.beside
	return s.endChange(ctx, d)
}

// moveLogin copies the login from the place on record, if there is one, and gives the record of the new place.
func (s *Store) moveLogin(ctx context.Context) (diskRecord, error) {
	if s.rec.Login == "" || s.gone {
		return withoutLogin(s.rec), nil
	}
	v := s.view()
	v.b.Issuer, v.b.ClientID = s.rec.Issuer, s.rec.ClientID // it keeps its own binding, whatever the secret's is
	r, _, err := v.readLogin(ctx, false)
	if errors.Is(err, ErrNoLogin) {
		return withoutLogin(s.rec), nil
	}
	if err != nil {
		return diskRecord{}, err
	}
	if err := s.vacate(ctx); err != nil {
		return diskRecord{}, err
	}
	inFile, err := s.putNew(ctx, r.login)
	if err != nil {
		return diskRecord{}, err
	}
	d := s.recordOf(r.login)
	d.RefreshInFile, d.Unsent = inFile, s.rec.Unsent
	return d, nil
}

// putSecret writes or removes a secret in the place in use. In the keyring it is an item, or, being too long for one, in the
// sealed file; the item is asked for first, so a stale one must never stand beside a newer secret in the file.
func (s *Store) putSecret(ctx context.Context, k SecretKind, b boundSecret) error {
	it := item{binding: b.binding, value: b.value}
	if s.at.backend != Keyring {
		return s.putInSecretsFile(ctx, k, b)
	}
	if s.filed == nil {
		s.filed = map[SecretKind]bool{}
	}
	s.filed[k] = !b.value.IsZero() && !s.fits(it)
	if b.value.IsZero() || !s.fits(it) {
		if err := s.deleteItem(ctx, string(k)); err != nil {
			return err
		}
		return s.putInSecretsFile(ctx, k, b)
	}
	if err := s.setItem(ctx, string(k), it); err != nil {
		return err
	}
	return s.putInSecretsFile(ctx, k, boundSecret{})
}

// secretsInFile follows what was on record of the place in use through a change.
func (s *Store) secretsInFile(was []SecretKind, switching bool) []SecretKind {
	var now []SecretKind
	for _, k := range secretKinds() {
		in, changed := s.filed[k]
		if in || !changed && !switching && slices.Contains(was, k) {
			now = append(now, k)
		}
	}
	return now
}

func (s *Store) putInSecretsFile(ctx context.Context, k SecretKind, b boundSecret) error {
	path := s.file(s.at, secretsFile)
	m, err := s.readSecretsFile(ctx, s.at)
	if err != nil {
		return err
	}
	_, had := m[k]
	switch {
	case b.value.IsZero() && !had:
		return nil
	case b.value.IsZero() && len(m) == 1:
		return s.o.remove(path)
	case b.value.IsZero():
		delete(m, k)
	default:
		m[k] = b
	}
	plain, err := encodeSecrets(m)
	if err != nil {
		return fileError("write", path, err)
	}
	return s.sealTo(ctx, secretsFile, plain)
}

func kindsOf(m map[SecretKind]boundSecret) []SecretKind {
	var kinds []SecretKind
	for k := range m {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}
