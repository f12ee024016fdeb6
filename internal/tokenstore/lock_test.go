package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// oneTime is a server whose refresh tokens work once: a folder holds the one that is valid, and each use of it makes the next.
type oneTime struct{ dir string }

func (o oneTime) use(t token.Secret) (token.Set, error) {
	// Renaming succeeds for one caller only, in whichever process.
	if err := os.Rename(filepath.Join(o.dir, t.Reveal()), filepath.Join(o.dir, "spent-"+t.Reveal())); err != nil {
		return token.Set{}, errors.New("invalid_grant")
	}
	var n int
	if _, err := fmt.Sscanf(t.Reveal(), secretMark+"-refresh-%d", &n); err != nil {
		return token.Set{}, err
	}
	next := setNo(n + 1)
	return next, os.WriteFile(filepath.Join(o.dir, next.Refresh.Reveal()), nil, 0o600)
}

// refreshOnce does what flow.Refresh does with its keeper, for a login that must get past number 1.
func refreshOnce(ctx context.Context, s *Store, server oneTime) error {
	unlock, err := s.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	set, err := s.Load(ctx)
	if err != nil {
		return err
	}
	if !set.Expiry.Equal(setNo(1).Expiry) {
		return nil // another has refreshed it
	}
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	next, err := server.use(set.Refresh)
	if err != nil {
		return err
	}
	return s.SaveRefreshed(ctx, next)
}

func newOneTime(t *testing.T) oneTime {
	t.Helper()
	server := oneTime{t.TempDir()}
	if err := os.WriteFile(filepath.Join(server.dir, setNo(1).Refresh.Reveal()), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return server
}

func TestEightGoroutinesRefreshOnce(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			save(t, choose(t, o, school, k.want), 1)
			server := newOneTime(t)
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					s, err := Open(t.Context(), o, school, "")
					if err == nil {
						err = refreshOnce(t.Context(), s, server)
					}
					errs[i] = err
				})
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			wantLoad(t, open(t, o, school), setNo(2))
		})
	}
}

// TestEightProcessesRefreshOnce starts this binary eight times, with the file sealed to an identity.
func TestEightProcessesRefreshOnce(t *testing.T) {
	if dir := os.Getenv("SIMSID_TEST_STORE"); dir != "" {
		o := newOptions(t, newFakeKeyring())
		o.Dir = dir
		o.SealKey = func(context.Context, KeyWanted) (SealKey, error) {
			return SealKey{Identity: token.NewSecret(os.Getenv("SIMSID_TEST_KEY"))}, nil
		}
		if err := refreshOnce(t.Context(), open(t, o, school), oneTime{os.Getenv("SIMSID_TEST_SERVER")}); err != nil {
			t.Fatal(err)
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	server := newOneTime(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestEightProcessesRefreshOnce$")
			cmd.Env = append(os.Environ(), "SIMSID_TEST_STORE="+o.Dir, "SIMSID_TEST_KEY="+testIdentity, "SIMSID_TEST_SERVER="+server.dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	wantLoad(t, open(t, o, school), setNo(2))
}

func TestLockWaits(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	first := open(t, o, school)
	unlock, err := first.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	quiet, pauses := make(chan time.Time), make(chan time.Time)
	said := make(chan string, 4)
	o.After = func(d time.Duration) <-chan time.Time {
		if d == promptQuiet {
			return quiet
		}
		return pauses
	}
	o.Waiting = func(what string) { said <- what }
	second := open(t, o, school)
	got := make(chan error, 1)
	go func() {
		unlock, err := second.Lock(t.Context())
		if err == nil {
			unlock()
		}
		got <- err
	}()
	pauses <- testTime // a second try, in vain
	quiet <- testTime  // a second has passed
	if what, want := <-said, `another simsid that is using the login of profile "school"`; what != want {
		t.Errorf("said %q, want %q", what, want)
	}
	pauses <- testTime
	unlock()
	close(pauses)
	if err := <-got; err != nil {
		t.Error(err)
	}
	if len(said) != 0 {
		t.Error("said it twice")
	}
}

func TestLockEndsWithItsContext(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	unlock, err := open(t, o, school).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	o.After = func(time.Duration) <-chan time.Time { cancel(); return nil }
	s := open(t, o, school)
	if _, err := s.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("lock: %v", err)
	}
	// Nor does a Store that gave up keep itself from another try.
	if _, err := s.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("second lock: %v", err)
	}
}

func TestOneStoreLocksAgainstItself(t *testing.T) {
	for _, want := range []Backend{File, Memory} {
		o := newOptions(t, newFakeKeyring())
		s := choose(t, o, school, want)
		save(t, s, 1)
		var wg sync.WaitGroup
		inside := make(chan struct{}, 1)
		for range 8 {
			wg.Go(func() {
				unlock, err := s.Lock(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case inside <- struct{}{}:
				default:
					t.Error("two hold the lock")
				}
				<-inside
				unlock()
				unlock() // a second time does nothing
			})
		}
		wg.Wait()
	}
}

// TestALockOnARemovedFileIsNoLock: who waited for a profile that is removed meanwhile must not hold a file nobody sees.
func TestALockOnARemovedFileIsNoLock(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	s := open(t, o, school)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pauses := make(chan time.Time)
	waiting := o
	waiting.After = func(d time.Duration) <-chan time.Time {
		if d == promptQuiet {
			return nil
		}
		return pauses
	}
	waiter := open(t, waiting, school)
	got := make(chan func(), 1)
	go func() {
		u, err := waiter.Lock(t.Context())
		if err != nil {
			t.Error(err)
		}
		got <- u
	}()
	pauses <- testTime
	if err := os.Remove(s.own(lockFile)); err != nil {
		t.Fatal(err)
	}
	unlock()
	close(pauses)
	u := <-got
	defer u()
	third := choose(t, o, school, File)
	ctx, cancel := context.WithCancel(t.Context())
	third.o.After = func(time.Duration) <-chan time.Time { cancel(); return nil }
	if _, err := third.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a third got the lock as well: %v", err)
	}
}

func TestACachedReadCostsOneItemAndOneFile(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			kr.takeCalls()
			var read []string
			o.reading = func(path string) func() {
				read = append(read, filepath.Base(path))
				return func() {}
			}
			if _, err := open(t, o, school).LoadCached(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantRead := "school.record.json " + filepath.Base(s.file(s.at, loginFile))
			wantCalls := ""
			switch {
			case k.want == Keyring:
				wantCalls = "get school/key"
			case k.phrase:
				wantRead = "school.record.json school.age school.identity.age"
			case k.noKey:
				wantRead = "school.record.json school.beside.age school.beside.key"
			}
			if got := strings.Join(read, " "); got != wantRead {
				t.Errorf("files read: %q, want %q", got, wantRead)
			}
			if got := strings.Join(kr.takeCalls(), " "); got != wantCalls {
				t.Errorf("keyring calls: %q, want %q", got, wantCalls)
			}
		})
	}
}
