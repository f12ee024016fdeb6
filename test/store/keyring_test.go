//go:build real && linux

package store_test

import (
	"bufio"
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	ssName  = "org.freedesktop.secrets"
	ssPath  = dbus.ObjectPath("/org/freedesktop/secrets")
	ssLogin = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")

	password = "a test's password"
)

// keyring is a real gnome-keyring-daemon on a bus of its own, unlocked.
type keyring struct {
	t    *testing.T
	env  []string
	conn *dbus.Conn
}

func newKeyring(t *testing.T) *keyring {
	t.Helper()
	dir := t.TempDir()
	// An address in the temporary folder: an abstract one would go through other network namespaces.
	bus := exec.CommandContext(context.WithoutCancel(t.Context()), "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1")
	bus.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, bus)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("read the bus's address: %v", err)
	}
	address = strings.TrimSpace(address)
	k := &keyring{t: t, env: append(bus.Env, "DBUS_SESSION_BUS_ADDRESS="+address)}
	if k.conn, err = dbus.Connect(address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.conn.Close() })
	k.startDaemon()
	return k
}

// address is what simsid needs to find the keyring.
func (k *keyring) address() string { return k.env[len(k.env)-1] }

func (k *keyring) startDaemon() {
	k.t.Helper()
	match := []dbus.MatchOption{
		dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, ssName),
	}
	if err := k.conn.AddMatchSignal(match...); err != nil {
		k.t.Fatal(err)
	}
	changes := make(chan *dbus.Signal, 16)
	k.conn.Signal(changes)
	defer k.conn.RemoveSignal(changes)
	daemon := exec.CommandContext(context.WithoutCancel(k.t.Context()), "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	daemon.Env = k.env
	daemon.Stdin = strings.NewReader(password)
	start(k.t, daemon)
	select {
	case <-changes:
	case <-time.After(commandTime):
		k.t.Fatal("gnome-keyring-daemon didn't appear on the bus")
	}
}

func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; `make setup` installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func (k *keyring) lock() {
	k.t.Helper()
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := k.conn.Object(ssName, ssPath).Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{ssLogin}).Store(&locked, &prompt)
	if err != nil || !slices.Contains(locked, ssLogin) {
		k.t.Fatalf("lock: %v, %v", locked, err)
	}
}

func (k *keyring) session() dbus.ObjectPath {
	k.t.Helper()
	var output dbus.Variant
	var session dbus.ObjectPath
	err := k.conn.Object(ssName, ssPath).Call("org.freedesktop.Secret.Service.OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&output, &session)
	if err != nil {
		k.t.Fatal(err)
	}
	return session
}

type dbusSecret struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

// unlock uses gnome-keyring's own back door.
func (k *keyring) unlock() {
	k.t.Helper()
	secret := dbusSecret{k.session(), nil, []byte(password), "text/plain"}
	err := k.conn.Object(ssName, ssPath).
		Call("org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword", 0, ssLogin, secret).Err
	if err != nil {
		k.t.Fatal(err)
	}
}

// items are the values of simsid's items by name.
func (k *keyring) items() map[string]string {
	k.t.Helper()
	var unlocked, locked []dbus.ObjectPath
	service := k.conn.Object(ssName, ssPath)
	err := service.Call("org.freedesktop.Secret.Service.SearchItems", 0, map[string]string{"service": "simsid"}).Store(&unlocked, &locked)
	if err != nil {
		k.t.Fatal(err)
	}
	session := k.session()
	found := map[string]string{}
	for _, path := range unlocked {
		item := k.conn.Object(ssName, path)
		var v dbus.Variant
		var secret dbusSecret
		if err := item.Call("org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Item", "Attributes").Store(&v); err != nil {
			k.t.Fatal(err)
		}
		if err := item.Call("org.freedesktop.Secret.Item.GetSecret", 0, session).Store(&secret); err != nil {
			k.t.Fatal(err)
		}
		attributes, _ := v.Value().(map[string]string)
		found[attributes["username"]] = string(secret.Value)
	}
	return found
}

// pid is the daemon's.
func (k *keyring) pid() int {
	k.t.Helper()
	var pid uint32
	err := k.conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, ssName).Store(&pid)
	if err != nil {
		k.t.Fatal(err)
	}
	return int(pid)
}

// place is a backend with what it needs.
type place struct {
	backend string
	keyring *keyring // nil: none
}

// places are the two that the tests of races and kills are about.
func eachPlace(t *testing.T, test func(*testing.T, place)) {
	t.Run("file", func(t *testing.T) { test(t, place{backend: "file"}) })
	t.Run("keyring", func(t *testing.T) { test(t, place{backend: "keyring", keyring: newKeyring(t)}) })
}

// anew is the same place with a keyring that has served nobody yet.
func (p place) anew(t *testing.T) place {
	t.Helper()
	if p.keyring != nil {
		p.keyring = newKeyring(t)
	}
	return p
}

func (p place) newUser(t *testing.T, s *sts) *user {
	t.Helper()
	if p.keyring == nil {
		return newUser(t, s, p.backend)
	}
	return newUser(t, s, p.backend, p.keyring.address())
}
