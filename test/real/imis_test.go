//go:build real

package real_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/simsid/simsid/internal/emulator"
)

// TestIMISChromium signs in to the iMIS inside simsid by a real browser, as its member: with a mouse, a keyboard, and without scripts.
// Afterwards there is no server, and the login goes on.
func TestIMISChromium(t *testing.T) {
	page := func(name, title string) seenPage {
		return seenPage{Name: name, Title: title + " – simsid emulator", Violations: []string{}, Fits: true}
	}
	for _, c := range []struct {
		name  string
		env   []string
		pages []seenPage
	}{
		{"mouse", []string{"SIMSID_TEST_USER=Abena Osei"}, []seenPage{page("members", "Sign in"), page("members", "Your applications")}},
		{"keyboard", []string{"SIMSID_TEST_LOGIN=fellow", "SIMSID_TEST_PASSWORD=sample-fellow", "SIMSID_TEST_BROWSE=keyboard"},
			[]seenPage{page("members", "Sign in"), page("members", "Your applications")}},
		{"no scripts", []string{"SIMSID_TEST_USER=Abena Osei", "SIMSID_TEST_BROWSE=noscript"},
			[]seenPage{page("members", "Sign in"), page("members", "Your applications"), page("content item", "On to simsid")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			report, reported := reportPipe(t)
			s := newSimsid(t, append(c.env, "BROWSER=node "+openScript(t), "SIMSID_TEST_REPORT="+report)...)
			r := s.run("", "login", "--emulator=imis", "--expect-user", "fellow", "-o", "json")
			got := reported()
			want := seen{Pages: c.pages, Landing: &seenPage{Title: "You’re signed in", Status: 200, Violations: []string{}, Fits: true}}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the browser saw\n%+v %+v\nwant\n%+v\nsimsid exits with %d and said\n%s", got, got.Landing, want, r.code, r.stderr)
			}
			var who map[string]any
			if err := json.Unmarshal([]byte(r.stdout), &who); err != nil || r.code != 0 || who["user_name"] != "fellow" {
				t.Fatalf("login exits with %d and answers %s\n%s", r.code, r.stdout, r.stderr)
			}
			if strings.Contains(r.stderr, "warning") {
				t.Errorf("it warned of the site's own page\n%s", r.stderr)
			}
			s.want(0, "token", "-p", "emulator-imis")
			s.want(0, "refresh", "-p", "emulator-imis")
			s.want(0, "status", "-p", "emulator-imis")
			s.want(0, "logout", "-p", "emulator-imis")
			s.want(4, "token", "-p", "emulator-imis")
		})
	}
}

// association is a site that is served, and a profile of a member's application there.
type association struct {
	t    *testing.T
	site string
	*simsid
}

// newAssociation serves a site whose one client has its Login redirect URL at a fixed port, as iMIS has them.
func newAssociation(t *testing.T, redirect string) *association {
	t.Helper()
	file := filepath.Join(t.TempDir(), "imis.toml")
	text := fmt.Sprintf("port = 0\n[[client]]\nid = \"events\"\nsecret = \"events-secret\"\nname = \"Events\"\nredirect_uris = [%q]\n", redirect)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &association{t: t, site: serveEmulator(t, "--imis", "--config", file), simsid: newSimsid(t, storeKey(t), "SIMSID_CLIENT_SECRET=events-secret")}
	a.want(0, "profile", "add", "members", "--kind", "imis", "--issuer", a.site, "--client-id", "events", "--redirect-uri", redirect, "--store", "file")
	return a
}

// login begins a login, and returns how it ended once it has.
func (a *association) login(args ...string) func() result {
	done := make(chan result, 1)
	go func() { done <- a.run("", append([]string{"login", "-p", "members"}, args...)...) }()
	return func() result { return <-done }
}

// browse has a person at Chromium do something as soon as simsid listens at an address.
func (a *association) browse(await string, options map[string]any, deeds ...deed) walked {
	a.t.Helper()
	awaitListener(a.t, await)
	options["steps"] = deeds
	in, err := json.Marshal(options)
	if err != nil {
		a.t.Fatal(err)
	}
	return walk(a.t, in)
}

// awaitListener waits until somebody listens at the address of a redirect URI.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), visitTime)
	defer stop()
	for ctx.Err() == nil {
		if c, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("nobody listens at %s", u.Host)
}

// TestIMISServed is a member of a served site, whose application waits on plain http and on https.
func TestIMISServed(t *testing.T) {
	for _, c := range []struct {
		name, redirect string
		options        map[string]any
		more           []deed
	}{
		{"http", "http://127.0.0.1:45572/imis", map[string]any{}, nil},
		{"https, by keyboard", "https://localhost:45573/imis", map[string]any{"trusting": true, "keyboard": true}, nil},
		{"https, without scripts", "https://127.0.0.1:45574/imis", map[string]any{"trusting": true, "scripts": false}, []deed{{"see": "content item"}, {"press": "Continue"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAssociation(t, c.redirect)
			ended := a.login("--expect-user", "staff", "-o", "json")
			steps := append([]deed{{"go": a.site}, {"see": "front"}, {"press": "Rhys Bowen"}, {"see": "applications"}, {"press": "Go to Events"}}, c.more...)
			seen := a.browse(c.redirect, c.options, append(steps, deed{"arrive": "/finished/"}, deed{"see": "landing"})...)
			r := ended()
			if r.code != 0 || !strings.Contains(r.stdout, `"user_name": "staff"`) || strings.Contains(r.stderr, "warning: the token") {
				t.Errorf("login exits with %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			for _, p := range seen.Pages {
				if len(p.Violations) > 0 || !p.Fits {
					t.Errorf("%s: %+v", p.Name, p)
				}
			}
			if last := seen.Pages[len(seen.Pages)-1]; last.Title != "You’re signed in" {
				t.Errorf("landed at %+v", last)
			}
			a.want(0, "token", "-p", "members")
		})
	}
}

// stolen is a refresh token of another member: the one of somebody who wants to be worked for.
func (a *association) stolen(user string) string {
	a.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	get := func(address string) []byte {
		resp, err := client.Get(address)
		if err != nil {
			a.t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			a.t.Fatal(err)
		}
		return b
	}
	_, rest, _ := bytes.Cut(get(a.site), []byte(`name="token" value="`))
	token, _, _ := bytes.Cut(rest, []byte(`"`))
	resp, err := client.PostForm(a.site+"sign-in", url.Values{"token": {string(token)}, "client": {""}, "choose": {user}})
	if err != nil {
		a.t.Fatal(err)
	}
	_ = resp.Body.Close()
	_, form, err := emulator.ReadContentItem(bytes.NewReader(get(a.site + "single-sign-on?client_id=events")))
	if err != nil {
		a.t.Fatal(err)
	}
	return form.Get("refresh_token")
}

// forger is a page of another origin that posts a token of its own to whoever waits there.
func forger(t *testing.T, target, refresh, policy string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Referrer-Policy", policy)
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>A prize</title><link rel="icon" href="data:,">`+
			`<form method="post" action="%s"><input type="hidden" name="refresh_token" value="%s"></form><script>document.forms[0].submit()</script>`, target, refresh)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestIMISForgery: a page of another origin posts its own token while the user waits. With --expect-user it is refused, and nothing is
// stored; without, what the user sees lets him refuse.
func TestIMISForgery(t *testing.T) {
	const redirect = "http://127.0.0.1:45575/imis"
	a := newAssociation(t, redirect)
	t.Run("expected", func(t *testing.T) {
		evil := forger(t, redirect, a.stolen("fellow"), "strict-origin-when-cross-origin")
		ended := a.login("--expect-user", "member")
		a.browse(redirect, map[string]any{"keyboard": false}, deed{"go": evil}, deed{"arrive": "/finished/"})
		r := ended()
		for _, want := range []string{"warning: the token was posted by a page of " + evil, `it is the login of "fellow", and "member" was expected`} {
			if r.code != 3 || !strings.Contains(r.stderr, want) {
				t.Errorf("login exits with %d and doesn't say %q\n%s", r.code, want, r.stderr)
			}
		}
		a.want(4, "token", "-p", "members")
	})
	t.Run("hidden", func(t *testing.T) {
		evil := forger(t, redirect, a.stolen("fellow"), "no-referrer")
		ended := a.login("--expect-user", "member")
		a.browse(redirect, map[string]any{}, deed{"go": evil}, deed{"arrive": "/finished/"})
		if r := ended(); r.code != 3 || !strings.Contains(r.stderr, "warning: the token was posted by a page that hides which site it is of") {
			t.Errorf("login exits with %d\n%s", r.code, r.stderr)
		}
		a.want(4, "token", "-p", "members")
	})
	t.Run("asked", func(t *testing.T) {
		evil := forger(t, redirect, a.stolen("fellow"), "strict-origin-when-cross-origin")
		ctx, stop := context.WithTimeout(t.Context(), commandTime)
		defer stop()
		cmd := exec.CommandContext(ctx, binary, "login", "-p", "members")
		cmd.Env = a.env
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer terminal.Close()
		a.browse(redirect, map[string]any{}, deed{"go": evil}, deed{"arrive": "/finished/"}, deed{"land": true})
		shown := readUntil(t, terminal, "shall it be kept")
		flat := strings.Join(strings.Fields(shown), " ")
		for _, want := range []string{"posted by a page of " + evil, `"fellow"`} {
			if !strings.Contains(flat, want) {
				t.Errorf("the terminal doesn't say %q:\n%s", want, shown)
			}
		}
		if _, err := io.WriteString(terminal, "no\n"); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, terminal) // a terminal ends by an error
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 4 {
			t.Errorf("login ends with %v", err)
		}
		a.want(4, "token", "-p", "members")
	})
}

func readUntil(t *testing.T, r io.Reader, end string) string {
	t.Helper()
	var all strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(strings.Join(strings.Fields(all.String()), " "), end) {
		n, err := r.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%v after\n%s", err, all.String())
		}
	}
	return all.String()
}
