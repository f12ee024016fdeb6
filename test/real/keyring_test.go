//go:build real

package real_test

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/simsid/simsid/test/provider"
)

// TestKeyring keeps a login at the independent provider in a real gnome-keyring, on a bus of its own: kept, found by a second run of the
// program, and gone after logout.
func TestKeyring(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, newVisitor(t, "ada", provider.Allow).env...)
	address := startBus(t, s)
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	startKeyring(t, s, address)
	s.want(0, "profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", provider.Public, "--client-auth", "none",
		"--scope", "openid profile", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "keyring", "--use")
	s.want(0, "login")
	if items := secrets(t, s); !strings.Contains(items, "simsid") {
		t.Errorf("the keyring holds nothing of simsid's:\n%s", items)
	}
	s.want(0, "token")
	s.want(0, "refresh")
	s.want(0, "logout")
	if items := secrets(t, s); strings.Contains(items, "simsid") {
		t.Errorf("after logout the keyring still holds\n%s", items)
	}
	s.want(4, "token")
}

// TestNoKeyring asks for a keyring where there is none: the login ends before the browser would have opened.
func TestNoKeyring(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, "BROWSER=false", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus")
	s.want(0, "profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", provider.Public, "--client-auth", "none",
		"--scope", "openid", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "keyring", "--use")
	r := s.want(6, "login")
	if strings.Contains(r.stderr, p.Issuer+"/auth?") {
		t.Errorf("the sign-in address was printed before the store was found missing:\n%s", r.stderr)
	}
}

// startBus starts a message bus that ends with the test, and returns its address.
func startBus(t *testing.T, s *simsid) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1")
	cmd.Env = s.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("read the bus's address: %v", err)
	}
	return strings.TrimSpace(address)
}

// startKeyring starts gnome-keyring with its login keyring unlocked by a password.
func startKeyring(t *testing.T, s *simsid, address string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	cmd.Env = s.env
	cmd.Stdin = strings.NewReader("a test's password")
	taken := awaitName(t, address, "org.freedesktop.secrets")
	start(t, cmd)
	taken()
}

// awaitName returns a function that waits until somebody on the bus has taken a name.
func awaitName(t *testing.T, address, name string) func() {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatalf("connect to the bus: %v", err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	if err := bus.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name)); err != nil {
		t.Fatalf("listen to the bus: %v", err)
	}
	changes := make(chan *dbus.Signal, 10)
	bus.Signal(changes)
	return func() {
		t.Helper()
		select {
		case <-changes:
		case <-time.After(20 * time.Second):
			t.Fatalf("nobody took the name %s on the bus", name)
		}
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

// secrets lists what the keyring holds, through another program.
func secrets(t *testing.T, s *simsid) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "secret-tool", "search", "--all", "service", "simsid")
	cmd.Env = s.env
	out, _ := cmd.CombinedOutput()
	return string(out)
}
