//go:build real

package real_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// resident is a person at one Chromium that stays open while simsid sends them to several addresses.
type resident struct {
	t    *testing.T
	env  []string
	in   io.Writer
	out  *bufio.Reader
	mu   sync.Mutex
	anew []bool // whether each visit of a command is in another browser
	went []visit
}

// visit is what stay.mjs reports.
type visit struct {
	Landing string   `json:"landing"`
	Title   string   `json:"title"`
	Pages   []string `json:"pages"`
	Error   string   `json:"error"`
}

func newResident(t *testing.T) *resident {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "../browser/stay.mjs")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start node: %v; `make setup` installs what it needs", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	p := &resident{t: t, in: in, out: bufio.NewReader(out)}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	p.env = []string{"BROWSER=" + self, visitorVariable + "=" + server.URL}
	return p
}

// serve is told by the program that simsid starts as its browser where to go.
func (p *resident) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	anew := len(p.went) < len(p.anew) && p.anew[len(p.went)]
	var v visit
	order, err := json.Marshal(map[string]any{"address": r.URL.Query().Get("address"), "user": "Margaret Ellis", "anew": anew})
	if err == nil {
		_, err = fmt.Fprintf(p.in, "%s\n", order)
	}
	if err == nil {
		var line []byte
		if line, err = p.out.ReadBytes('\n'); err == nil {
			err = json.Unmarshal(line, &v)
		}
	}
	if err != nil || v.Error != "" {
		p.t.Errorf("the browser failed: %v %s", err, v.Error)
		w.WriteHeader(http.StatusInternalServerError)
	}
	p.went = append(p.went, v)
}

// take returns the visits since the last time.
func (p *resident) take() []visit {
	p.mu.Lock()
	defer p.mu.Unlock()
	went := p.went
	p.went = nil
	return went
}

// ssoScene is an STS with applications that share a sign-on, and one whose users are asked for consent.
const ssoScene = `
port = 0
[[provider]]
name = "council"
title = "Northmoor Council"
`

const ssoClient = `
[[client]]
id = %q
secret = "s"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["http://127.0.0.1:0/callback"]
any_port = true
scopes = ["openid", "profile"]
consent = %t
`

// TestSSOChromium has a person at Chromium sign in to one application, and another share the sign-on, or not share it for each of the four
// reasons. What it shows is what the browser did.
func TestSSOChromium(t *testing.T) {
	file := filepath.Join(t.TempDir(), "emulator.toml")
	text := ssoScene
	for _, id := range []string{"portal", "reports", "slow", "asks"} {
		text += fmt.Sprintf(ssoClient, id, id == "asks")
		if id == "slow" { // by the time that the STS looks, the session is older than a second
			text += "[[client.fault]]\nkind = \"delay\"\nendpoint = \"authorize\"\nduration = \"2s\"\n"
		}
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer := serveEmulator(t, "--config", file)
	person := newResident(t)
	s := newSimsid(t, append(person.env, storeKey(t), "SIMSID_CLIENT_SECRET=s")...)
	profile := func(name, client string, more ...string) {
		s.want(0, append([]string{"profile", "add", name, "--kind", "simsid", "--environment", "sandbox", "--issuer", issuer, "--client-id", client,
			"--redirect-uri", "http://127.0.0.1:0/callback", "--scope", "openid profile", "--store", "file", "--force"}, more...)...)
	}
	profile("portal", "portal")
	profile("reports", "reports")
	profile("level", "reports", "--acr-values", "idp:council")
	profile("fresh", "slow", "--max-age", "1")
	profile("prompt", "reports", "--prompt", "login")
	profile("asks", "asks")
	for _, c := range []struct {
		name, second string
		anew         bool // the second address is opened in another browser
		args         []string
		code         int
		want         string
		pages        string // that the browser showed, visit by visit
	}{
		{"shared", "reports", false, nil, 0, "shared: level yes, session yes, age yes, prompt yes", "/login;"},
		{"another level", "level", false, nil, 3, "not shared: level no, session unknown, age yes, prompt yes", "/login;"},
		{"no session", "reports", true, nil, 3, "not shared: level yes, session no, age yes, prompt yes", "/login;"},
		{"too old", "fresh", false, nil, 3, "not shared: level yes, session unknown, age no, prompt yes", "/login;"},
		{"a prompt", "prompt", false, nil, 3, "not shared: level yes, session yes, age yes, prompt no", "/login;"},
		{"a consent", "asks", false, nil, 3, "interaction required: level yes, session yes, age yes, prompt yes", "/login;"},
		{"a consent, and then with pages", "asks", false, []string{"--interactive"}, 3, "interaction required: level yes, session yes, age yes, prompt yes", "/login;;/consent"},
		{"no session, and then with pages", "reports", true, []string{"--interactive"}, 3, "not shared: level yes, session no, age yes, prompt yes", "/login;;/login"},
	} {
		t.Run(c.name, func(t *testing.T) {
			person.anew = []bool{true, c.anew}
			got := s.answer(c.code, append([]string{"sso", "portal", c.second}, c.args...)...)
			if words := conditions(got); words != c.want {
				t.Errorf("told %s\nwant %s", words, c.want)
			}
			var pages []string
			for _, v := range person.take() {
				pages = append(pages, strings.Join(v.Pages, " "))
			}
			if shown := strings.Join(pages, ";"); shown != c.pages {
				t.Errorf("the browser showed %q, want %q", shown, c.pages)
			}
		})
	}
	if r := s.want(0, "status"); strings.Contains(r.stdout, "signed in") {
		t.Errorf("something was kept\n%s", r.stdout)
	}
}

// conditions are an answer of sso in one line.
func conditions(answer map[string]any) string {
	var words []string
	list, _ := answer["conditions"].([]any)
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			words = append(words, fmt.Sprint(m["name"], " ", m["holds"]))
		}
	}
	return fmt.Sprint(answer["outcome"], ": ", strings.Join(words, ", "))
}

// TestSSOEmbedded is two applications at the STS inside simsid, which a browser shares and a person without one can see too.
func TestSSOEmbedded(t *testing.T) {
	person := newResident(t)
	for name, env := range map[string][]string{"with a browser": person.env, "without": nil} {
		person.anew = []bool{true}
		s := newSimsid(t, env...)
		if got := s.answer(0, "sso", "emulator", "emulator-reports"); conditions(got) != "shared: level yes, session yes, age yes, prompt yes" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if went := person.take(); len(went) != 2 || len(went[0].Pages) != 1 || len(went[1].Pages) != 0 {
		t.Errorf("the browser went %+v", went)
	}
}
