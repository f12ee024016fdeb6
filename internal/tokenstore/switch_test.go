package tokenstore

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// TestSwitchingMovesAndClears goes from each place to each other, by a login and by a secret.
func TestSwitchingMovesAndClears(t *testing.T) {
	type target struct {
		name   string
		want   Backend
		absent bool
		files  []string
		items  []string
	}
	targets := []target{
		{"keyring", Keyring, false, []string{"school.keyring.age"}, []string{"school/client-secret", "school/key", "school/refresh-token"}},
		{"file", File, false, []string{"school.age", "school.secrets.age"}, nil},
		{"beside", Auto, true, []string{"school.beside.age", "school.beside.key", "school.beside.secrets.age"}, nil},
	}
	for _, from := range targets {
		for _, to := range targets {
			if from.name == to.name {
				continue
			}
			for _, by := range []string{"save", "secret"} {
				t.Run(from.name+" to "+to.name+" by "+by, func(t *testing.T) {
					kr := newFakeKeyring()
					o := newOptions(t, kr)
					absent := func(tg target) {
						kr.failAll(nil)
						if tg.absent {
							kr.failAll(ErrAbsent)
						}
					}
					absent(from)
					s := choose(t, o, school, from.want)
					save(t, s, 1)
					setSecret(t, s, ClientSecret, secret("-client"))
					// The keyring vanishes for as long as the choice needs, and can be cleared afterwards.
					absent(to)
					s = choose(t, o, school, to.want)
					leftover := from.want == Keyring && to.absent
					if leftover {
						wantSecret(t, s, ClientSecret, token.Secret{})
					} else {
						wantSecret(t, s, ClientSecret, secret("-client"))
						wantLoad(t, s, setNo(1))
					}
					n := 1
					if by == "save" {
						n = 2
						save(t, s, n)
					} else {
						setSecret(t, s, IntrospectionSecret, secret("-scope"))
					}
					s = open(t, o, school)
					if leftover && by == "secret" {
						if _, err := s.Load(t.Context()); !errors.Is(err, ErrNoLogin) {
							t.Errorf("load: %v", err)
						}
					} else {
						wantLoad(t, s, setNo(n))
					}
					if s.Record().Leftover != leftover {
						t.Errorf("leftover: %t, want %t", s.Record().Leftover, leftover)
					}
					if leftover {
						return
					}
					wantSecret(t, s, ClientSecret, secret("-client"))
					wantFiles := append([]string{"school.lock", "school.record.json"}, to.files...)
					wantItems := slices.Clone(to.items)
					if by == "secret" {
						wantSecret(t, s, IntrospectionSecret, secret("-scope"))
						if to.want == Keyring {
							wantItems = append(wantItems, "school/introspection-secret")
						}
					}
					slices.Sort(wantFiles)
					slices.Sort(wantItems)
					if got := files(t, o); !slices.Equal(got, wantFiles) {
						t.Errorf("files %q, want %q", got, wantFiles)
					}
					if got := kr.names(); !slices.Equal(got, wantItems) && len(got)+len(wantItems) > 0 {
						t.Errorf("items %q, want %q", got, wantItems)
					}
				})
			}
		}
	}
}

func TestALeftoverIsClearedWhenTheKeyringIsBack(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	s := choose(t, o, school, Keyring)
	save(t, s, 1)
	setSecret(t, s, ClientSecret, secret("-client"))
	kr.failAll(ErrAbsent)
	save(t, choose(t, o, school, File), 2)
	kr.failAll(nil)
	s = open(t, o, school)
	wantLoad(t, s, setNo(2))
	if err := s.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := kr.names(); len(got) != 0 || s.Record().Leftover {
		t.Errorf("items %q, leftover %t", got, s.Record().Leftover)
	}
}

func TestALockedPlaceIsNotLeft(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	save(t, choose(t, o, school, Keyring), 1)
	for _, fault := range []error{ErrLocked, ErrRefused} {
		kr.failAll(fault)
		if _, err := Choose(t.Context(), o, school, File, ""); !errors.Is(err, fault) {
			t.Errorf("choose: %v, want %v before anything is changed", err, fault)
		}
		if _, err := Choose(t.Context(), o, school, Auto, ""); !errors.Is(err, fault) {
			t.Errorf("choose auto: %v, want %v", err, fault)
		}
	}
	kr.failAll(nil)
	wantLoad(t, open(t, o, school), setNo(1))
}

func TestAPlaceWhoseSecretsDontOpenIsNotLeft(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	setSecret(t, choose(t, o, school, File), ClientSecret, secret("-client"))
	o.SealKey = nil
	if _, err := Choose(t.Context(), o, school, Keyring, ""); !errors.Is(err, ErrNoSealKey) {
		t.Errorf("choose: %v, want ErrNoSealKey", err)
	}
	o.SealKey = phrase("wrong")
	if _, err := Choose(t.Context(), o, school, Keyring, ""); !errors.Is(err, ErrSealKey) {
		t.Errorf("choose: %v, want ErrSealKey", err)
	}
}

func TestChooseAndOpen(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	if _, err := Open(t.Context(), o, school, ""); !errors.Is(err, ErrNoLogin) {
		t.Errorf("open with nothing on record: %v", err)
	}
	if got := files(t, o); len(got) != 0 {
		t.Errorf("reading made %q", got)
	}
	save(t, choose(t, o, school, File), 1)
	for _, w := range []Backend{"", File, Auto} {
		if s, err := Open(t.Context(), o, school, w); err != nil || s.Backend() != File {
			t.Errorf("open %q: %v", w, err)
		}
	}
	for _, w := range []Backend{Keyring, Memory} {
		_, err := Open(t.Context(), o, school, w)
		if ce, ok := errors.AsType[*ConflictError](err); !ok || *ce != (ConflictError{"school", w, File}) {
			t.Errorf("open %q: %v", w, err)
		}
	}
	if _, err := Open(t.Context(), o, school, "paper"); !errors.Is(err, ErrBackend) {
		t.Errorf("open paper: %v", err)
	}
	if s, err := Choose(t.Context(), o, school, "", Keyring); err != nil || s.Backend() != File {
		t.Errorf("the record comes before the fallback: %v", err)
	}
	fresh := newOptions(t, newFakeKeyring())
	if s, err := Choose(t.Context(), fresh, school, "", ""); err != nil || s.Backend() != Keyring {
		t.Errorf("the keyring comes last: %v", err)
	}
	kr.failAll(ErrAbsent)
	if _, err := Choose(t.Context(), newOptions(t, kr), school, Keyring, ""); !errors.Is(err, ErrAbsent) {
		t.Errorf("choose an absent keyring: %v", err)
	}
	s, err := OpenRecorded(t.Context(), o, "school")
	if err != nil {
		t.Fatal(err)
	}
	wantLoad(t, s, setNo(1))
}

func TestAProbeThatGivesSomethingElse(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	kr.fail = func(call string) error {
		if strings.HasPrefix(call, "get ") {
			for a := range kr.items {
				kr.items[a] = `{"version":1,"issuer":"","client_id":"","value":"else"}`
			}
		}
		return nil
	}
	if _, err := Choose(t.Context(), o, school, Keyring, ""); !errors.Is(err, ErrRefused) {
		t.Errorf("choose: %v, want ErrRefused", err)
	}
	if got := kr.names(); len(got) != 0 {
		t.Errorf("the probe left %q", got)
	}
}

func TestRecords(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	got, err := Records(o)
	if err != nil || len(got) != 0 {
		t.Errorf("with no folder: %v, %v", got, err)
	}
	names := []string{"school", "School", "a.record", "con"}
	for _, n := range names {
		b := school
		b.Profile = n
		save(t, choose(t, o, b, File), 1)
	}
	got, err = Records(o)
	if err != nil || len(got) != len(names) {
		t.Fatalf("%d records, %v", len(got), err)
	}
	for _, n := range names {
		if got[n].Subject != head.Subject {
			t.Errorf("%s: %+v", n, got[n])
		}
	}
}

func TestMemoryTouchesNothing(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	save(t, choose(t, o, school, Keyring), 1)
	before := files(t, o)
	kr.takeCalls()
	s := choose(t, o, school, Memory)
	if s.Backend() != Memory {
		t.Fatal(s.Backend())
	}
	if _, err := s.Load(t.Context()); !errors.Is(err, ErrNoLogin) {
		t.Errorf("load: %v", err)
	}
	save(t, s, 2)
	setSecret(t, s, ClientSecret, secret("-client"))
	wantSecret(t, s, ClientSecret, secret("-client"))
	if err := refresh(t, s, 2); err != nil {
		t.Fatal(err)
	}
	wantLoad(t, s, setNo(3))
	if err := s.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("load after the end: %v", err)
	}
	if got := kr.takeCalls(); len(got) != 0 {
		t.Errorf("calls of the keyring: %q", got)
	}
	if got := files(t, o); !slices.Equal(got, before) {
		t.Errorf("files %q, before %q", got, before)
	}
	wantLoad(t, open(t, o, school), setNo(1))
}

func TestEnd(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			setSecret(t, s, ClientSecret, secret("-client"))
			if err := s.End(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, s := range []*Store{s, open(t, o, school)} {
				if _, err := s.Load(t.Context()); !errors.Is(err, ErrEnded) {
					t.Errorf("load: %v, want ErrEnded", err)
				}
				if _, err := s.LoadCached(t.Context()); !errors.Is(err, ErrEnded) {
					t.Errorf("load cached: %v, want ErrEnded", err)
				}
			}
			rec := s.Record()
			if !rec.Ended || rec.Subject != head.Subject || rec.Refreshable {
				t.Errorf("record %+v", rec)
			}
			wantSecret(t, s, ClientSecret, secret("-client"))
			save(t, choose(t, o, school, ""), 2)
			s = open(t, o, school)
			wantLoad(t, s, setNo(2))
			if s.Record().Ended {
				t.Error("still ended after a new login")
			}
		})
	}
}
