//go:build real

package tokenstore

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// promptingService is a Secret Service with one locked collection, one item, and a prompt that somebody must answer: what
// gnome-keyring is on a screen, and can't be without one.
type promptingService struct {
	conn    *dbus.Conn
	locked  atomic.Bool
	shown   chan struct{}
	dismiss chan struct{}
}

const (
	promptPath  = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
	itemPath    = dbus.ObjectPath("/org/freedesktop/secrets/collection/login/1")
	sessionPath = dbus.ObjectPath("/org/freedesktop/secrets/session/s1")
)

// Get is org.freedesktop.DBus.Properties.Get, of the service and of the collection.
func (s *promptingService) Get(_, property string) (dbus.Variant, *dbus.Error) {
	if property == "Locked" {
		return dbus.MakeVariant(s.locked.Load()), nil
	}
	return dbus.MakeVariant([]dbus.ObjectPath{ssLogin}), nil
}

// OpenSession gives the one session.
func (s *promptingService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), sessionPath, nil
}

// Unlock asks for the prompt while the collection is locked.
func (s *promptingService) Unlock(p []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if s.locked.Load() {
		return nil, promptPath, nil
	}
	return p, noPath, nil
}

// SearchItems hides everything while the collection is locked, as some services do.
func (s *promptingService) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	if s.locked.Load() {
		return nil, nil
	}
	return []dbus.ObjectPath{itemPath}, nil
}

// GetSecret gives the item's value.
func (s *promptingService) GetSecret(dbus.ObjectPath) (secretOnTheBus, *dbus.Error) {
	return secretOnTheBus{Session: sessionPath, Value: []byte("the value")}, nil
}

// Prompt shows the prompt, which the test answers.
func (s *promptingService) Prompt(string) *dbus.Error {
	s.shown <- struct{}{}
	return nil
}

// Dismiss takes it away.
func (s *promptingService) Dismiss() *dbus.Error {
	s.dismiss <- struct{}{}
	return nil
}

func (s *promptingService) answer(t *testing.T, dismissed bool) {
	t.Helper()
	s.locked.Store(dismissed)
	if err := s.conn.Emit(promptPath, ssPrompt+".Completed", dismissed, dbus.MakeVariant([]dbus.ObjectPath{ssLogin})); err != nil {
		t.Error(err)
	}
}

type secretOnTheBus struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

// takeOver puts the prompting service in gnome-keyring's place.
func takeOver(t *testing.T) *promptingService {
	t.Helper()
	daemon := servicePID(t)
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &promptingService{conn: conn, shown: make(chan struct{}, 4), dismiss: make(chan struct{}, 4)}
	s.locked.Store(true)
	for path, names := range map[dbus.ObjectPath][]string{
		ssPath:     {"org.freedesktop.DBus.Properties", ssService},
		ssLogin:    {"org.freedesktop.DBus.Properties", ssCollection},
		itemPath:   {ssItem},
		promptPath: {ssPrompt},
	} {
		for _, n := range names {
			if err := conn.Export(s, path, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	match := []dbus.MatchOption{
		dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, ssName),
	}
	if err := conn.AddMatchSignal(match...); err != nil {
		t.Fatal(err)
	}
	changes := make(chan *dbus.Signal, 8)
	conn.Signal(changes)
	defer conn.RemoveSignal(changes)
	if _, err := conn.RequestName(ssName, 0); err != nil { // in the queue behind the daemon
		t.Fatal(err)
	}
	if err := syscall.Kill(daemon, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for sig := range changes {
		if sig.Name == "org.freedesktop.DBus.NameOwnerChanged" && sig.Body[2] == conn.Names()[0] {
			break
		}
	}
	return s
}

func TestRealPrompt(t *testing.T) {
	if inOwnBus(t) {
		return
	}
	service := takeOver(t)
	said := make(chan string, 4)
	quiet, limit := make(chan time.Time, 1), make(chan time.Time, 1)
	o := Options{
		Getenv: os.Getenv, Deadline: 500 * time.Millisecond,
		Waiting: func(what string) { said <- what },
		After: func(d time.Duration) <-chan time.Time {
			if d == promptQuiet {
				return quiet
			}
			return limit
		},
	}
	type result struct {
		value string
		err   error
	}
	ask := func(ctx context.Context) chan result {
		done := make(chan result, 1)
		go func() {
			v, err := newSystemKeyring(o).get(ctx, "school/key")
			done <- result{v, err}
		}()
		return done
	}
	check := func(what string, got result, value string, err error) {
		t.Helper()
		if got.value != value || !errors.Is(got.err, err) {
			t.Errorf("%s: %q, %v; want %q, %v", what, got.value, got.err, value, err)
		}
	}

	check("no prompt allowed", <-ask(withoutPrompt(t.Context())), "", ErrLocked)

	done := ask(t.Context())
	<-service.shown
	service.answer(t, true)
	check("declined", <-done, "", ErrLocked)

	done = ask(t.Context())
	<-service.shown
	limit <- testTime
	check("nobody there", <-done, "", ErrLocked)
	<-service.dismiss

	ctx, cancel := context.WithCancel(t.Context())
	done = ask(ctx)
	<-service.shown
	cancel()
	check("interrupted", <-done, "", context.Canceled)
	<-service.dismiss

	// Longer than the deadline of a call: somebody is typing a password.
	done = ask(t.Context())
	<-service.shown
	quiet <- testTime
	if what := <-said; what != "the keyring's unlocking prompt" {
		t.Errorf("said %q", what)
	}
	select {
	case r := <-done:
		t.Fatalf("it gave up while the prompt was shown: %v", r.err)
	case <-time.After(2 * o.Deadline):
	}
	service.answer(t, false)
	check("unlocked", <-done, "the value", nil)
	if len(said) != 0 {
		t.Error("said it twice")
	}
}
