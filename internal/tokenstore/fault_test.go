package tokenstore

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

var errFault = errors.New("a fault of the test")

// faults makes the store's steps fail: those of its files and of its keyring, counted together.
type faults struct {
	mu    sync.Mutex
	on    bool
	at    int  // the step that fails, from 1; 0: none
	dead  bool // and all after it, as if the process had been killed there
	steps []string
}

func (f *faults) step(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on {
		return nil
	}
	f.steps = append(f.steps, name)
	if n := len(f.steps); f.at > 0 && (n == f.at || f.dead && n > f.at) {
		return fmt.Errorf("%w at %s", errFault, name)
	}
	return nil
}

func (f *faults) into(o *Options, kr *fakeKeyring) {
	o.fault = func(step, path string) error { return f.step(step + " " + path[strings.LastIndex(path, "/")+1:]) }
	kr.fail = func(call string) error {
		if !strings.HasPrefix(call, "get ") {
			if err := f.step(call); err != nil {
				return errors.Join(ErrLocked, err)
			}
		}
		return nil
	}
}

// faultKinds leaves out the kind whose keyring fails anyhow.
func faultKinds() []kind {
	var ks []kind
	for _, k := range kinds() {
		if !k.noKey {
			ks = append(ks, k)
		}
	}
	return ks
}

// TestNoFaultLosesARefreshedLogin makes each step after the server's answer fail alone: the new login is in its place or in
// the emergency file, it is said which, and the next command has it.
func TestNoFaultLosesARefreshedLogin(t *testing.T) {
	for _, k := range faultKinds() {
		t.Run(k.name, func(t *testing.T) {
			emergencies := 0
			for at := 1; ; at++ {
				o, kr := k.options(t)
				save(t, choose(t, o, school, k.want), 1)
				f := &faults{at: at}
				faulty := o
				f.into(&faulty, kr)
				s := open(t, faulty, school)
				unlock, err := s.Lock(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				wantLoad(t, s, setNo(1))
				if err := s.Prepare(t.Context()); err != nil {
					t.Fatal(err)
				}
				f.on = true
				err = s.SaveRefreshed(t.Context(), setNo(2))
				f.on = false
				unlock()
				if len(f.steps) < at {
					if err != nil {
						t.Fatalf("without a fault: %v", err)
					}
					if at < 5 || emergencies < 3 {
						t.Errorf("only %d steps and %d emergencies: %q", at, emergencies, f.steps)
					}
					return
				}
				name := f.steps[at-1]
				if e, ok := errors.AsType[*EmergencyError](err); ok {
					emergencies++
					if !errors.Is(err, errFault) || e.Path != s.file(s.at, emergencyFile) {
						t.Errorf("fault at %s: %v", name, err)
					}
				} else if err != nil {
					t.Errorf("fault at %s: %v, want nil or an *EmergencyError", name, err)
				}
				wantLoad(t, open(t, o, school), setNo(2)) // by whoever comes next
				s = open(t, o, school)
				wantLoad(t, s, setNo(2))
				if s.emergencyFilled() {
					t.Errorf("fault at %s: the emergency file was not emptied", name)
				}
				if err := refresh(t, s, 2); err != nil {
					t.Errorf("fault at %s: the next refresh: %v", name, err)
				}
				wantLoad(t, open(t, o, school), setNo(3))
			}
		})
	}
}

// TestNoKillMixesOrBreaksALogin stops everything at each step of a refresh's writing and of a new login, as a kill does:
// what is read afterwards is the one login or the other, whole.
func TestNoKillMixesOrBreaksALogin(t *testing.T) {
	acts := map[string]func(*Store) error{
		"refresh": func(s *Store) error { return s.SaveRefreshed(t.Context(), setNo(2)) },
		"login":   func(s *Store) error { return s.Save(t.Context(), setNo(2), head) },
	}
	for _, k := range faultKinds() {
		for what, act := range acts {
			t.Run(k.name+", "+what, func(t *testing.T) {
				for at := 1; ; at++ {
					o, kr := k.options(t)
					save(t, choose(t, o, school, k.want), 1)
					f := &faults{at: at, dead: true}
					faulty := o
					f.into(&faulty, kr)
					s := open(t, faulty, school)
					unlock, err := s.Lock(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if err := s.Prepare(t.Context()); err != nil {
						t.Fatal(err)
					}
					f.on = true
					err = act(s)
					f.on = false
					unlock()
					if len(f.steps) < at {
						if err != nil {
							t.Fatalf("without a fault: %v", err)
						}
						return
					}
					name := f.steps[at-1]
					for range 2 {
						got, err := open(t, o, school).Load(t.Context())
						if err != nil {
							t.Fatalf("killed at %s: load: %v", name, err)
						}
						checkWhole(t, name, what, plain(got))
					}
					if err := choose(t, o, school, "").Save(t.Context(), setNo(7), head); err != nil {
						t.Errorf("killed at %s: a new login: %v", name, err)
					}
					wantLoad(t, open(t, o, school), setNo(7))
				}
			})
		}
	}
}

func checkWhole(t *testing.T, at, what string, got plainSet) {
	t.Helper()
	older, newer := plain(setNo(1)), plain(setNo(2))
	if got == older || got == newer {
		return
	}
	if what == "refresh" {
		// The refresh token comes first; the access token of the same login may lag behind.
		older.Refresh = newer.Refresh
		if got == older {
			return
		}
	}
	// A login that was cut short may lack its refresh token, but has nobody else's.
	newer.Refresh = ""
	if what == "login" && got == newer {
		return
	}
	t.Errorf("killed at %s: %+v", at, got)
}

// TestPrepareFailsBeforeTheRequest: without an emergency file there is no refresh, and the old token is unused.
func TestPrepareFailsBeforeTheRequest(t *testing.T) {
	for _, k := range faultKinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			save(t, choose(t, o, school, k.want), 1)
			o.fault = func(step, path string) error {
				if step == "allocate" {
					return errFault
				}
				return nil
			}
			s := open(t, o, school)
			if err := s.Prepare(t.Context()); !errors.Is(err, errNotLocked) {
				t.Errorf("prepare without the lock: %v", err)
			}
			unlock, err := s.Lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
			if err := s.Prepare(t.Context()); !errors.Is(err, errFault) {
				t.Errorf("prepare: %v", err)
			}
		})
	}
}

func TestPrepareNeedsTheKey(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	save(t, choose(t, o, school, Keyring), 1)
	s := open(t, o, school)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	// The key at hand isn't enough: the keyring must be ready to take the new refresh token.
	kr.fail = func(call string) error {
		if call == "prepare" {
			return ErrLocked
		}
		return nil
	}
	if err := s.Prepare(t.Context()); !errors.Is(err, ErrLocked) || exists(s.file(s.at, emergencyFile)) {
		t.Errorf("prepare with the keyring locked for writing: %v", err)
	}
	s.id = nil
	kr.failAll(ErrLocked)
	if err := s.Prepare(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("prepare: %v", err)
	}
}

// TestAnEmergencyThatCantBePlacedIsKept: it is the only copy, and the next refresh must not write over it.
func TestAnEmergencyThatCantBePlacedIsKept(t *testing.T) {
	o, kr := faultKinds()[0].options(t)
	save(t, choose(t, o, school, Keyring), 1)
	s := open(t, o, school)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	noWrites := func(call string) error {
		if strings.HasPrefix(call, "set ") {
			return ErrRefused
		}
		return nil
	}
	kr.fail = noWrites
	var e *EmergencyError
	if err := s.SaveRefreshed(t.Context(), setNo(2)); !errors.As(err, &e) || !errors.Is(err, ErrRefused) {
		t.Fatalf("save: %v", err)
	}
	unlock()
	s = open(t, o, school)
	wantLoad(t, s, setNo(2))
	if unlock, err = s.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLoad(t, s, setNo(2))
	if err := s.Prepare(t.Context()); err == nil {
		t.Error("prepare took the emergency file that is in use")
	}
	unlock()
	cached, err := open(t, o, school).LoadCached(t.Context())
	if err != nil || !cached.Access.Equal(setNo(2).Access) || !cached.Refresh.IsZero() {
		t.Errorf("cached: %+v, %v", plain(cached), err)
	}
	kr.fail = nil
	wantLoad(t, open(t, o, school), setNo(2))
	if exists(e.Path) {
		t.Errorf("%s is still there", e.Path)
	}
}

func TestAnEmergencyOfAnotherLoginDoesntCount(t *testing.T) {
	o, kr := faultKinds()[0].options(t)
	save(t, choose(t, o, school, Keyring), 1)
	s := open(t, o, school)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	kr.failAll(ErrLocked)
	if err := s.SaveRefreshed(t.Context(), setNo(2)); err == nil {
		t.Fatal("no emergency")
	}
	kr.failAll(nil)
	unlock()
	path := s.file(s.at, emergencyFile)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	save(t, choose(t, o, school, ""), 5)
	if exists(path) {
		t.Error("a new login left the emergency file")
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	wantLoad(t, open(t, o, school), setNo(5))
	if exists(path) {
		t.Error("an emergency file of another login was left")
	}
}

func TestSealToSize(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	s := choose(t, o, school, File)
	id, err := s.identity(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4 << 10, 16 << 10, 64 << 10, 128 << 10, 1 << 20} {
		for _, access := range []int{0, 100, 3000, 65000, 70000, 300000} {
			l := login{id: "x", seq: 1, set: setNo(1)}
			l.set.Access = secret(strings.Repeat("a", access))
			b, err := sealToSize(l, id, size)
			if err != nil || len(b) != size {
				t.Errorf("size %d, access %d: %d bytes, %v", size, access, len(b), err)
				continue
			}
			p, err := unseal(b, id)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodeLogin(p)
			if err != nil || !got.set.Refresh.Equal(l.set.Refresh) {
				t.Errorf("size %d, access %d: %v", size, access, err)
			}
		}
	}
	l := login{id: "x", seq: 1, set: setNo(1)}
	l.set.Refresh = secret(strings.Repeat("r", 9000))
	b, err := sealToSize(l, id, 4<<10)
	if err != nil || len(b) < 9000 {
		t.Errorf("a long refresh token: %d bytes, %v", len(b), err)
	}
}

func TestARefreshWithoutANewRefreshTokenKeepsTheOld(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			kr.takeCalls()
			set := setNo(2)
			set.Refresh, set.RefreshedAt = setNo(1).Refresh, testTime.Add(time.Minute)
			without := set
			without.Refresh = token.Secret{}
			if err := s.SaveRefreshed(t.Context(), without); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), set)
			for _, c := range kr.takeCalls() {
				if c == "set school/refresh-token" {
					t.Error("the same refresh token was written again")
				}
			}
		})
	}
}
