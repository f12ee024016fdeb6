package tokenstore

import (
	"errors"
	"sync"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

func seedFrom(t *testing.T, o Options, b Binding, k kind, refresh token.Secret) error {
	t.Helper()
	s, err := Choose(t.Context(), o, b, "", k.want)
	if err != nil {
		t.Fatal(err)
	}
	return s.Seed(t.Context(), refresh)
}

func TestSeed(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			seed := secret("-seed")
			if err := seedFrom(t, o, school, k, seed); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), token.Set{Refresh: seed, SignedInAt: testTime})
			if r := open(t, o, school).Record(); !r.BeganWith(seed) || r.BeganWith(secret("-other")) || r.BeganWith(token.Secret{}) {
				t.Errorf("on record: %+v", r)
			}

			// What came of it is worth more than the seed, which may be spent.
			rotate(t, o, setNo(2))
			if err := open(t, o, school).Describe(t.Context(), head); err != nil {
				t.Fatal(err)
			}
			if err := seedFrom(t, o, school, k, seed); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), setNo(2))
			if r := open(t, o, school).Record(); r.Subject != head.Subject || !r.BeganWith(seed) {
				t.Errorf("on record after a refresh: %+v", r)
			}
			var be *BindingError
			other := Binding{Profile: "school", Issuer: school.Issuer, ClientID: "client-2"}
			if err := seedFrom(t, o, other, k, seed); !errors.As(err, &be) {
				t.Errorf("the same seed for another client: %v, want a *BindingError", err)
			}
			wantLoad(t, open(t, o, school), setNo(2))

			// It stays spent where the provider ended what came of it; another seed begins anew.
			if err := open(t, o, school).End(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := seedFrom(t, o, school, k, seed); err != nil {
				t.Fatal(err)
			}
			if _, err := open(t, o, school).Load(t.Context()); !errors.Is(err, ErrEnded) {
				t.Errorf("a spent seed: %v, want ErrEnded", err)
			}
			next := secret("-next")
			if err := seedFrom(t, o, school, k, next); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), token.Set{Refresh: next, SignedInAt: testTime})

			underLock(t, o, (*Store).Sending)

			// That login is neither given up for a token that nobody has tried, nor for the one that is spent.
			if err := seedFrom(t, o, school, k, secret("-mistyped")); !errors.Is(err, ErrOtherLogin) {
				t.Errorf("another seed over a login that is alive: %v, want ErrOtherLogin", err)
			}
			if err := seedFrom(t, o, school, k, seed); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), token.Set{Refresh: next, SignedInAt: testTime})

			// A user's own login is never replaced by what is in the environment.
			save(t, choose(t, o, school, ""), 3)
			if err := seedFrom(t, o, school, k, next); !errors.Is(err, ErrOtherLogin) {
				t.Errorf("a seed over a login: %v, want ErrOtherLogin", err)
			}
			wantLoad(t, open(t, o, school), setNo(3))

			// A login that was taken over by hand is known by its seed as well.
			if err := choose(t, o, school, "").SaveFrom(t.Context(), seed, setNo(4), head); err != nil {
				t.Fatal(err)
			}
			if err := seedFrom(t, o, school, k, seed); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), setNo(4))
		})
	}
}

func underLock(t *testing.T, o Options, f func(*Store) error) {
	t.Helper()
	s := open(t, o, school)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := f(s); err != nil {
		t.Fatal(err)
	}
}

func rotate(t *testing.T, o Options, set token.Set) {
	t.Helper()
	s := open(t, o, school)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveRefreshed(t.Context(), set); err != nil {
		t.Fatal(err)
	}
}

// TestSeedRace has several processes begin with one seed: the first one's successor is never overwritten by the seed.
func TestSeedRace(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	k := kind{want: File}
	seed := secret("-seed")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s, err := Choose(t.Context(), o, school, "", k.want)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Seed(t.Context(), seed); err != nil {
				t.Error(err)
				return
			}
			unlock, err := s.Lock(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			set, err := s.Load(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if !set.Refresh.Equal(seed) {
				return // another one has redeemed it
			}
			if err := s.SaveRefreshed(t.Context(), setNo(2)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantLoad(t, open(t, o, school), setNo(2))
}

func TestSeedInMemory(t *testing.T) {
	s := choose(t, newOptions(t, newFakeKeyring()), school, Memory)
	if err := s.Seed(t.Context(), secret("-seed")); err != nil {
		t.Fatal(err)
	}
	wantLoad(t, s, token.Set{Refresh: secret("-seed"), SignedInAt: testTime})
}

// TestUnsentSeed: a seed that was never sent gives way to another and may come back; one that may be spent does neither.
func TestUnsentSeed(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			first, second := secret("-first"), secret("-second")
			seed := func(refresh token.Secret, want error) {
				t.Helper()
				if err := seedFrom(t, o, school, k, refresh); !errors.Is(err, want) {
					t.Fatalf("seed: %v, want %v", err, want)
				}
			}
			wantState := func(unsent, unproven bool) {
				t.Helper()
				if r := open(t, o, school).Record(); r.Unsent != unsent || r.Unproven != unproven {
					t.Fatalf("unsent %v, unproven %v; want %v, %v", r.Unsent, r.Unproven, unsent, unproven)
				}
			}
			mark := func(f func(*Store) error) {
				t.Helper()
				underLock(t, o, f)
			}

			seed(first, nil)
			wantState(true, true)
			seed(second, nil)
			seed(first, nil) // never sent, it isn't spent
			wantLoad(t, open(t, o, school), token.Set{Refresh: first, SignedInAt: testTime})
			if r := open(t, o, school).Record(); r.BeganWith(second) {
				t.Errorf("a seed that was never sent counts as spent: %+v", r)
			}
			other := Binding{Profile: "school", Issuer: school.Issuer, ClientID: "client-2"}
			if err := seedFrom(t, o, other, k, first); err != nil { // the client id was mended
				t.Fatal(err)
			}
			seed(first, nil)

			// Without the lock somebody else may be sending it.
			if err := open(t, o, school).Sending(); !errors.Is(err, errNotLocked) {
				t.Errorf("marked without the lock: %v", err)
			}
			mark((*Store).Sending)
			wantState(false, true)
			seed(second, ErrOtherLogin)
			mark((*Store).NotSent)
			wantState(true, true)
			mark((*Store).Sending)
			rotate(t, o, setNo(2))
			wantState(false, false)
			mark((*Store).NotSent)
			wantState(false, false)
			seed(second, ErrOtherLogin)
			wantLoad(t, open(t, o, school), setNo(2))
		})
	}
}
