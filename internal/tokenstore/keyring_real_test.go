//go:build real

package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"

	"github.com/simsid/simsid/internal/token"
)

// These tests run against a real Secret Service: test/keyring/run.sh go test -tags real ./internal/tokenstore
//
// The daemon is one for all of them. Those that lock or end it do so in a bus of their own: see inOwnBus.

func realOptions(t *testing.T) Options {
	t.Helper()
	o := newOptions(t, nil)
	o.keyring, o.Getenv = nil, os.Getenv
	o.Deadline = 20 * time.Second // that a daemon which has to wait for a processor is silent isn't what is tested
	return o
}

func TestRealKeyringContract(t *testing.T) {
	keyringContract(t, newSystemKeyring(realOptions(t)))
}

// TestRealItemsAreGoKeyrings: what is written here go-keyring reads and replaces, and the other way round.
func TestRealItemsAreGoKeyrings(t *testing.T) {
	k := newSystemKeyring(realOptions(t))
	const name = "items/refresh-token"
	if err := k.set(t.Context(), name, "ours"); err != nil {
		t.Fatal(err)
	}
	if v, err := gokeyring.Get(keyringService, name); err != nil || v != "ours" {
		t.Errorf("go-keyring reads %q, %v", v, err)
	}
	if err := gokeyring.Set(keyringService, name, "theirs"); err != nil {
		t.Fatal(err)
	}
	if v, err := k.get(t.Context(), name); err != nil || v != "theirs" {
		t.Errorf("we read %q, %v", v, err)
	}
	if err := k.set(t.Context(), name, "ours again"); err != nil {
		t.Fatal(err)
	}
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	var found []dbus.ObjectPath
	err = conn.Object(ssName, ssLogin).Call(ssCollection+".SearchItems", 0, map[string]string{"username": name}).Store(&found)
	if err != nil || len(found) != 1 {
		t.Errorf("%d items, %v, want one", len(found), err)
	}
	if err := k.delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

func TestRealManyCalls(t *testing.T) {
	k := newSystemKeyring(realOptions(t))
	for i := range 300 {
		v := fmt.Sprintf("value %d", i)
		if err := k.set(t.Context(), "many/item", v); err != nil {
			t.Fatalf("set %d: %v", i, err)
		}
		got, err := k.get(t.Context(), "many/item")
		if err != nil || got != v {
			t.Fatalf("get %d: %q, %v", i, got, err)
		}
	}
	if err := k.delete(t.Context(), "many/item"); err != nil {
		t.Fatal(err)
	}
}

func TestRealStore(t *testing.T) {
	o := realOptions(t)
	s, err := Choose(t.Context(), o, school, Auto, "")
	if err != nil {
		t.Fatal(err)
	}
	save(t, s, 1)
	if got := s.Where(); got != "keyring (Secret Service)" {
		t.Errorf("where: %q", got)
	}
	if err := s.SetSecret(t.Context(), ClientSecret, token.NewSecret(secretMark+"-client")); err != nil {
		t.Fatal(err)
	}
	s = open(t, o, school)
	if err := refresh(t, s, 1); err != nil {
		t.Fatal(err)
	}
	s = open(t, o, school)
	wantLoad(t, s, setNo(2))
	got, err := s.Secret(t.Context(), ClientSecret)
	if err != nil || got.Reveal() != secretMark+"-client" {
		t.Errorf("secret: %d bytes, %v", got.Len(), err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := s.kr
	for _, i := range []string{itemKey, itemRefresh, itemProbe, string(ClientSecret)} {
		if _, err := k.get(t.Context(), account("school", i)); !errors.Is(err, errNoItem) {
			t.Errorf("after remove: %s: %v", i, err)
		}
	}
}

// inOwnBus runs one test of this binary in a fresh bus with a fresh keyring, and fails with it.
func inOwnBus(t *testing.T) (outer bool) {
	t.Helper()
	if os.Getenv("SIMSID_TEST_OWN_BUS") == t.Name() {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "../../test/keyring/run.sh", self, "-test.run", "^"+t.Name()+"$", "-test.v",
		"-test.timeout", "60s")
	cmd.Env = append(os.Environ(), "SIMSID_TEST_OWN_BUS="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	return true
}

func lockCollection(t *testing.T) {
	t.Helper()
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err = conn.Object(ssName, ssPath).Call(ssService+".Lock", 0, []dbus.ObjectPath{ssLogin}).Store(&locked, &prompt)
	if err != nil || !slices.Contains(locked, ssLogin) {
		t.Fatalf("lock: %v, %v", locked, err)
	}
}

// unlockCollection uses gnome-keyring's own back door, with run.sh's password.
func unlockCollection(t *testing.T) {
	t.Helper()
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	var output dbus.Variant
	var session dbus.ObjectPath
	service := conn.Object(ssName, ssPath)
	if err := service.Call(ssService+".OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&output, &session); err != nil {
		t.Fatal(err)
	}
	password := struct {
		Session           dbus.ObjectPath
		Parameters, Value []byte
		ContentType       string
	}{session, nil, []byte("\n"), "text/plain"}
	err = service.Call("org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword", 0, ssLogin, password).Err
	if err != nil {
		t.Fatal(err)
	}
}

func TestRealLockedKeyring(t *testing.T) {
	if inOwnBus(t) {
		return
	}
	o := realOptions(t)
	s, err := Choose(t.Context(), o, school, Keyring, "")
	if err != nil {
		t.Fatal(err)
	}
	save(t, s, 1)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantLoad(t, s, setNo(1))
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	lockCollection(t) // in the middle of a refresh
	start := time.Now()
	var e *EmergencyError
	if err := s.SaveRefreshed(t.Context(), setNo(2)); !errors.As(err, &e) || !errors.Is(err, ErrLocked) {
		t.Fatalf("save: %v, want an *EmergencyError with ErrLocked", err)
	}
	unlock()
	k := newSystemKeyring(o)
	for what, call := range map[string]func() error{
		"get":    func() error { _, err := k.get(t.Context(), "school/key"); return err },
		"set":    func() error { return k.set(t.Context(), "school/key", "x") },
		"delete": func() error { return k.delete(t.Context(), "school/key") },
		"open and load": func() error {
			_, err := open(t, o, school).Load(t.Context())
			return err
		},
		"choose keyring": func() error { _, err := Choose(t.Context(), o, school, Keyring, ""); return err },
		"choose auto":    func() error { _, err := Choose(t.Context(), o, school, Auto, ""); return err },
		"choose file":    func() error { _, err := Choose(t.Context(), o, school, File, ""); return err },
	} {
		if err := call(); !errors.Is(err, ErrLocked) || errors.Is(err, ErrAbsent) {
			t.Errorf("%s: %v, want ErrLocked", what, err)
		}
	}
	if d := time.Since(start); d > 2*keyringDeadline {
		t.Errorf("it took %s", d)
	}
	// Everything is there again, the refreshed login included.
	unlockCollection(t)
	wantLoad(t, open(t, o, school), setNo(2))
	if exists(e.Path) {
		t.Errorf("%s is still there", e.Path)
	}
}

func servicePID(t *testing.T) int {
	t.Helper()
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	var pid uint32
	err = conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, ssName).Store(&pid)
	if err != nil {
		t.Fatal(err)
	}
	return int(pid)
}

func TestRealKilledDaemon(t *testing.T) {
	if inOwnBus(t) {
		return
	}
	o := realOptions(t)
	s := choose(t, o, school, Keyring)
	save(t, s, 1)
	if err := syscall.Kill(servicePID(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	o.Deadline = 0 // the usual one
	// The bus starts another daemon, which knows the collection but not its password.
	_, err := open(t, o, school).Load(t.Context())
	if !errors.Is(err, ErrLocked) && !errors.Is(err, ErrAbsent) {
		t.Errorf("load: %v, want ErrLocked or ErrAbsent", err)
	}
	t.Logf("a killed daemon: %v", err)
	if d := time.Since(start); d > 2*keyringDeadline {
		t.Errorf("it took %s", d)
	}
}

func TestRealSilentService(t *testing.T) {
	if inOwnBus(t) {
		return
	}
	o := realOptions(t)
	o.Deadline = 300 * time.Millisecond
	s := choose(t, o, school, Keyring)
	save(t, s, 1)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	pid := servicePID(t)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	start := time.Now()
	for what, call := range map[string]func() error{
		"get":    func() error { _, err := s.kr.get(t.Context(), "school/key"); return err },
		"set":    func() error { return s.kr.set(t.Context(), "school/key", "x") },
		"delete": func() error { return s.kr.delete(t.Context(), "school/key") },
	} {
		if err := call(); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v, want ErrLocked", what, err)
		}
	}
	var e *EmergencyError
	if err := s.SaveRefreshed(t.Context(), setNo(2)); !errors.As(err, &e) || !errors.Is(err, ErrLocked) {
		t.Errorf("save: %v, want an *EmergencyError with ErrLocked", err)
	}
	if d := time.Since(start); d > 10*o.Deadline {
		t.Errorf("it took %s", d)
	}
}

func TestRealMissingCollection(t *testing.T) {
	if inOwnBus(t) {
		return
	}
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Object(ssName, ssLogin).Call(ssCollection+".Delete", 0).Err; err != nil {
		t.Fatal(err)
	}
	_, err = newSystemKeyring(realOptions(t)).get(t.Context(), "a/b")
	if !errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "no default collection") {
		t.Errorf("get: %v", err)
	}
}

// TestRealNoBus looks for the launcher that the D-Bus library would call: one that stands first in PATH and tells.
func TestRealNoBus(t *testing.T) {
	if os.Getenv("SIMSID_TEST_NO_BUS") != "" {
		err := newSystemKeyring(Options{Getenv: os.Getenv}).set(t.Context(), "a/b", "c")
		if !errors.Is(err, ErrAbsent) {
			t.Errorf("set: %v, want ErrAbsent", err)
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := "#!/bin/sh\ntouch " + filepath.Join(dir, "launched") + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{"A=b", "DBUS_SESSION_BUS_ADDRESS=autolaunch:", "XDG_RUNTIME_DIR=" + dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/none"} {
		cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestRealNoBus$")
		cmd.Env = []string{"SIMSID_TEST_NO_BUS=1", "PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, env}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("with %s: %v\n%s", env, err, out)
		}
		if exists(filepath.Join(dir, "launched")) {
			t.Fatalf("with %s: dbus-launch was started", env)
		}
	}
}

func TestRealCancelledPrompt(t *testing.T) {
	if inOwnBus(t) {
		return
	}
	k := newSystemKeyring(realOptions(t))
	lockCollection(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.set(ctx, "a/b", "c"); !errors.Is(err, context.Canceled) {
		t.Errorf("set: %v", err)
	}
	if err := k.set(withoutPrompt(t.Context()), "a/b", "c"); !errors.Is(err, ErrLocked) {
		t.Errorf("set without a prompt: %v", err)
	}
}

// BenchmarkRealGet is a cached read's share of the keyring, beside the least that can be asked of the service.
func BenchmarkRealGet(b *testing.B) {
	k := newSystemKeyring(Options{Getenv: os.Getenv})
	if err := k.set(b.Context(), "bench/item", strings.Repeat("x", 300)); err != nil {
		b.Fatal(err)
	}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := k.get(b.Context(), "bench/item"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one round trip", func(b *testing.B) {
		conn, err := dbus.SessionBus()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			var v dbus.Variant
			if err := conn.Object(ssName, ssPath).Call(ssProperty, 0, ssService, "Collections").Store(&v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
