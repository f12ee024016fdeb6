package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/simsid/simsid/internal/token"
)

// ErrOtherLogin says that a login which came in another way is kept where a seed was to go.
var ErrOtherLogin = errors.New("another login is kept there")

// seedHash names a refresh token that came from outside, without being of use as one.
func seedHash(refresh token.Secret) string {
	sum := sha256.Sum256([]byte("simsid seed\x00" + refresh.Reveal()))
	return hex.EncodeToString(sum[:])
}

// maxSeeds is how many of the seeds that were used before a record remembers.
const maxSeeds = 32

// BeganWith reports whether the login on record, or the one that has ended there, was begun with this refresh token, or one before it was: a token
// that is spent is never sent again, which a provider may take for theft.
func (r Record) BeganWith(refresh token.Secret) bool {
	hash := seedHash(refresh)
	return !refresh.IsZero() && (r.Seed == hash || slices.Contains(r.UsedSeeds, hash))
}

// seeded is the record of a login that began with this seed, "" for none.
func (r Record) seeded(hash string) Record {
	if r.Seed != "" && r.Seed != hash && !r.Unsent {
		r.UsedSeeds = append(slices.Clone(r.UsedSeeds), r.Seed)
		r.UsedSeeds = r.UsedSeeds[max(0, len(r.UsedSeeds)-maxSeeds):]
	}
	r.Seed, r.Unsent = hash, false
	return r
}

// Seed begins a login with a refresh token that came from outside, as a job's secret does: what is kept is the token alone, and the
// first refresh brings the rest. A login that began with the same token stays as it is, ended or not, since by now the store holds what came of
// it, and the token itself may be spent. Any other login that is alive isn't replaced by a token that nobody has tried, but for one whose own token was never
// sent: the error is ErrOtherLogin. It is decided under the
// profile's lock, so that of two processes with the same seed one begins the login and the other one finds it.
func (s *Store) Seed(ctx context.Context, refresh token.Secret) error {
	set := token.Set{Refresh: refresh, SignedInAt: s.o.Now()}
	if s.mem != nil {
		s.mem.save(set, Summary{})
		return nil
	}
	return s.locked(ctx, func() error {
		d, recorded, err := s.readRecord()
		switch {
		case err != nil:
			return err
		case !recorded:
		case d.Unsent && (d.Seed != seedHash(refresh) || !s.b.same(d.Issuer, d.ClientID)):
		case d.BeganWith(refresh) && (d.Login != "" || s.b.same(d.Issuer, d.ClientID)):
			return s.checkBinding(s.b, Binding{Issuer: d.Issuer, ClientID: d.ClientID})
		case d.Login != "":
			return ErrOtherLogin
		}
		return s.save(context.WithoutCancel(ctx), login{set: set, seed: seedHash(refresh), unsent: true})
	})
}

// Sending puts on record that the token a login was begun with is about to be sent: from then on it may be spent. It must have returned before
// the request. The lock must be held.
func (s *Store) Sending() error { return s.mark(false) }

// NotSent takes Sending back where it is certain that the provider never redeemed the token. The lock must have been held since then.
func (s *Store) NotSent() error { return s.mark(true) }

func (s *Store) mark(unsent bool) error {
	if s.mem != nil || s.rec.Unsent == unsent || unsent && !s.rec.Unproven {
		return nil
	}
	if !s.held {
		return fileError("write", s.own(recordFile), errNotLocked)
	}
	d := s.rec
	d.Unsent = unsent
	return s.writeRecord(d)
}

// Describe puts on record, for status, who it is that is signed in: of a login that was begun with a refresh token alone, a refresh tells.
func (s *Store) Describe(ctx context.Context, sum Summary) error {
	if s.mem != nil {
		s.mem.sum = sum
		return nil
	}
	return s.locked(ctx, func() error {
		if s.cur == nil {
			if _, err := s.load(ctx, false); err != nil {
				return err
			}
		}
		next := reading{login: s.cur.login, item: s.cur.item}
		next.seq++
		next.sum = sum
		if err := s.putRefreshed(ctx, &next); err != nil {
			return err
		}
		s.cur = &next
		return nil
	})
}
