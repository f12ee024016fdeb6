package flow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// families are the loopback addresses that this machine has.
func families(ctx context.Context) []string {
	return slices.DeleteFunc([]string{"127.0.0.1", "::1"}, func(host string) bool { return !hasAddress(ctx, host) })
}

func TestPortTaken(t *testing.T) {
	for _, host := range families(t.Context()) {
		t.Run(host, func(t *testing.T) {
			taken, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Close()
			port := taken.Addr().(*net.TCPAddr).Port
			a := begin(t, newSTS(t), func(r *LoginRequest) { r.RedirectURI = fmt.Sprintf("http://localhost:%d/callback", port) })
			_, err = a.end()
			e, ok := errors.AsType[*PortError](err)
			if !ok || e.Address != taken.Addr().String() {
				t.Fatalf("expected a *PortError for %s, got %v", taken.Addr(), err)
			}
			if got, want := err.Error(), "listen on "+e.Address+": address already in use"; got != want {
				t.Errorf("expected %q, got %q", want, got)
			}
			// What was taken before the fault is free again.
			for _, other := range families(t.Context()) {
				if other == host {
					continue
				}
				free, err := net.Listen("tcp", net.JoinHostPort(other, fmt.Sprint(port)))
				if err != nil {
					t.Fatal(err)
				}
				_ = free.Close()
			}
		})
	}
}

// TestMissingFamily is localhost on a machine without IPv6, played by an address that no machine has (RFC 5737).
func TestMissingFamily(t *testing.T) {
	listeners, port, err := openOnce(t.Context(), new(net.ListenConfig).Listen, []string{"127.0.0.1", "192.0.2.1"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer listeners[0].Close()
	if len(listeners) != 1 || port == 0 || listeners[0].Addr().String() != fmt.Sprintf("127.0.0.1:%d", port) {
		t.Errorf("got %d listeners, port %d", len(listeners), port)
	}
	if _, _, err := openOnce(t.Context(), new(net.ListenConfig).Listen, []string{"192.0.2.1"}, 0); err == nil {
		t.Error("an address that doesn't exist was listened on")
	}
}

// TestOnlyItsOwnAddress: 127.0.0.1 and [::1] are listened on alone.
func TestOnlyItsOwnAddress(t *testing.T) {
	for _, host := range families(t.Context()) {
		a := begin(t, newSTS(t), func(r *LoginRequest) {
			r.RedirectURI = "http://" + net.JoinHostPort(host, "0") + "/"
		}).waiting()
		port := mustURL(t, a.redirectURI()).Port()
		for _, other := range append(families(t.Context()), "127.0.0.2") {
			conn, err := net.Dial("tcp", net.JoinHostPort(other, port))
			if (err == nil) != (other == host) {
				t.Errorf("redirect on %s: dial %s: %v", host, other, err)
			}
			if err == nil {
				_ = conn.Close()
			}
		}
	}
}

// startLoopback starts a listener whose server a test has altered.
func startLoopback(t *testing.T, change func(*loopback)) (*loopback, func() net.Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := parseRedirect("http://127.0.0.1:0/callback", "")
	if err != nil {
		t.Fatal(err)
	}
	listeners, port, err := openPort(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoopback(ctx, r.withPort(port), expected{state: token.NewSecret("STATE"), mode: ModeQuery, parts: parts{code: true}}, token.NewSecret("LANDING"))
	change(l)
	l.serve(listeners)
	t.Cleanup(l.close)
	return l, func() net.Conn {
		conn, err := net.Dial("tcp", listeners[0].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

// TestSlowClients: whoever doesn't finish a request is cut off. The test's limits are shorter than the program's.
func TestSlowClients(t *testing.T) {
	defaults := newLoopback(t.Context(), redirect{}, expected{}, token.Secret{}).server
	if defaults.ReadHeaderTimeout != headerTimeout || defaults.ReadTimeout != requestTimeout || defaults.IdleTimeout != idleTimeout ||
		defaults.WriteTimeout != writeTimeout || defaults.MaxHeaderBytes != maxHeader {
		t.Error("the server lacks a limit")
	}
	l, dial := startLoopback(t, func(l *loopback) {
		l.server.ReadHeaderTimeout /= 200
		l.server.ReadTimeout /= 200
		l.server.IdleTimeout /= 200
	})
	for _, request := range []string{
		"", "GET /callback?code=c", "GET /callback?code=c&state=STATE HTTP/1.1\r\nHost: " + l.redirect.hosts()[0] + "\r\n",
		"GET /callback?code=c&state=STATE HTTP/1.1\r\nHost: " + l.redirect.hosts()[0] + "\r\nContent-Length: 5\r\n\r\n",
	} {
		conn := dial()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn) // ends when the server cuts it off
		if err != nil || strings.Contains(string(answer), " 303 ") {
			t.Errorf("%q: %q, %v", request, answer, err)
		}
	}
	if l.taken.Load() {
		t.Error("an unfinished request was taken for the answer")
	}
}

// TestCrowd: of too many connections the one that has waited longest goes, and the one that brought the answer stays.
func TestCrowd(t *testing.T) {
	l, dial := startLoopback(t, func(l *loopback) {
		l.crowd.limit = 3
		l.server.ReadHeaderTimeout, l.server.ReadTimeout, l.server.IdleTimeout = 0, 0, 0 // nobody is cut off for being slow
	})
	sender := dial()
	if _, err := io.WriteString(sender, "GET /callback?code=c&state=STATE HTTP/1.1\r\nHost: "+l.redirect.hosts()[0]+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(sender)
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	silent := make([]net.Conn, 8)
	for i := range silent {
		silent[i] = dial()
	}
	for _, conn := range silent[:len(silent)-2] {
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(conn); len(b) != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("an old connection got %q, %v", b, err)
		}
	}
	l.finish(true)
	if _, err := io.WriteString(sender, "GET /finished/LANDING HTTP/1.1\r\nHost: "+l.redirect.hosts()[0]+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if resp, err = http.ReadResponse(reader, nil); err != nil {
		t.Fatalf("the sender of the answer was cut off: %v", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestCrowdAtTheEnd: whoever waits for the last page isn't sent away by a crowd either, though that came by a connection of its own.
func TestCrowdAtTheEnd(t *testing.T) {
	l, dial := startLoopback(t, func(l *loopback) {
		l.crowd.limit = 3
		l.server.ReadHeaderTimeout, l.server.ReadTimeout, l.server.IdleTimeout = 0, 0, 0
	})
	waiting := dial()
	if _, err := io.WriteString(waiting, "GET /finished/LANDING HTTP/1.1\r\nHost: "+l.redirect.hosts()[0]+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	protected := func() bool {
		l.crowd.mu.Lock()
		defer l.crowd.mu.Unlock()
		return slices.ContainsFunc(l.crowd.open, func(g *guest) bool { return g.protected })
	}
	for end := time.Now().Add(patience); !protected(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("its connection isn't protected")
		}
	}
	silent := make([]net.Conn, 8)
	for i := range silent {
		silent[i] = dial()
	}
	if b, err := io.ReadAll(silent[0]); len(b) != 0 || err != nil { // sent away: by then the others have been counted
		t.Errorf("an old connection got %q, %v", b, err)
	}
	l.finish(true)
	resp, err := http.ReadResponse(bufio.NewReader(waiting), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestListenerFails: a listener that breaks ends the wait, and one that is closed doesn't.
func TestListenerFails(t *testing.T) {
	r, err := parseRedirect("http://127.0.0.1:0/callback", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, breaks := range []bool{true, false} {
		listeners, port, err := openPort(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		l := newLoopback(t.Context(), r.withPort(port), expected{}, token.NewSecret("LANDING"))
		if breaks {
			_ = listeners[0].Close()
		} else {
			_ = l.server.Close()
		}
		l.serve(listeners)
		l.serving.Wait()
		if failed := len(l.failed) == 1; failed != breaks {
			t.Errorf("broken %t, failed %t", breaks, failed)
		}
		_ = listeners[0].Close()
		l.close()
	}
}

// TestPortTries: where any free port will do, one that isn't free on all addresses is given up for another, but not for ever; one that was
// registered is tried once, and so is any when the user has given up.
func TestPortTries(t *testing.T) {
	errTaken := errors.New("taken")
	for _, c := range []struct {
		givenUp    bool
		uri        string
		fails, did int
		err        bool
	}{
		{false, "http://127.0.0.1:0/", 2, 3, false},
		{false, "http://127.0.0.1:0/", 1000, 32, true},
		{false, "http://127.0.0.1:5454/", 1000, 1, true},
		{true, "http://127.0.0.1:0/", 1000, 1, true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if c.givenUp {
			cancel()
		}
		r, err := parseRedirect(c.uri, "")
		if err != nil {
			t.Fatal(err)
		}
		did := 0
		listeners, _, err := openBy(ctx, func(ctx context.Context, network, address string) (net.Listener, error) {
			if did++; did <= c.fails {
				return nil, errTaken
			}
			return new(net.ListenConfig).Listen(ctx, network, address)
		}, r)
		if did != c.did || errors.Is(err, errTaken) != c.err || (err == nil) != (len(listeners) == 1) {
			t.Errorf("%s: tried %d times, %v, %d listeners", c.uri, did, err, len(listeners))
		}
		for _, ln := range listeners {
			_ = ln.Close()
		}
		cancel()
	}
}

// TestPostedMethods: where a posted token is awaited, nothing else is there to be asked for but the last page.
func TestPostedMethods(t *testing.T) {
	l := newLoopback(t.Context(), redirect{path: "/imis"}, expected{mode: modePosted}, token.NewSecret("LANDING"))
	for path, want := range map[string][]string{"/imis": {"POST"}, l.landing: {"GET"}, l.relay: nil, "/": nil} {
		if got := l.methods(path); !slices.Equal(got, want) {
			t.Errorf("%s: %q", path, got)
		}
	}
}
