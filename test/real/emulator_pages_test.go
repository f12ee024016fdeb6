//go:build real

package real_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// scene is what the emulator serves to the person at Chromium. APP is the address of the applications.
const scene = `
port = 0

[[provider]]
name = "council"
title = "Northmoor Council"

[[user]]
login = "carys"
name = "Carys Morgan"
password = "sample-carys"
about = "Bursar at two Schools"
organisations = ["9994001", "9998003"]
totp = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

[[user]]
login = "wyn"
name = "Wyn Parry"
password = "sample-wyn"
about = "Governor at a School"
organisations = ["9994001"]
passphrase = "three bells at noon"

[[organisation]]
id = "a87b0000-0000-4000-8000-000000000002"
name = "Greenfield Academy"
types = "S"
code = "9994001"

[[organisation]]
id = "6d000000-0000-4000-8000-00000000000e"
name = "Hillcrest Sixth Form College"
types = "S"
code = "9998003"

[[client]]
id = "lunch"
name = "Lunch Orders"
secret = "lunch-secret"
flow = "AuthorizationCode"
redirect_uris = ["APP/lunch/callback", "APP/stay"]
post_logout_redirect_uris = ["APP/lunch/out"]
scopes = ["openid", "profile", "roles", "partnermanagementapplication", "offline_access"]
consent = true
remember_consent = true
logout_uri = "APP/lunch/gone"
logout_session_required = true

[[client]]
id = "library"
name = "Library"
secret = "library-secret"
flow = "AuthorizationCode"
redirect_uris = ["APP/library/callback"]
post_logout_redirect_uris = ["APP/library/out"]
scopes = ["openid", "profile", "partnermanagementapplication"]
logout_uri = "APP/library/gone"
sign_out_prompt = true
`

// applications are the clients, as small as web applications can be: each takes its code, and then has a link to sign out.
type applications struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	issuer string
	heard  []string                  // addresses that were asked for
	claims map[string]map[string]any // of the last ID token of each application
}

func startApplications(t *testing.T) *applications {
	t.Helper()
	a := &applications{t: t, claims: map[string]map[string]any{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *applications) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard = append(a.heard, r.URL.RequestURI())
	name, page, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	if name == "stay" {
		w.WriteHeader(http.StatusNoContent) // the browser stays where it is
		return
	}
	link := ""
	if code := r.FormValue("code"); page == "callback" && code != "" {
		if token := a.redeem(name, code); token != "" {
			link = a.issuer + "/connect/endsession?" + url.Values{
				"id_token_hint": {token}, "post_logout_redirect_uri": {a.URL + "/" + name + "/out"}, "state": {"bye"},
			}.Encode()
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>%s</title><a href="%s">Sign out</a></html>`,
		name, html.EscapeString(link))
}

// redeem exchanges a code, keeps the ID token's claims and returns the token.
func (a *applications) redeem(name, code string) string {
	res, err := a.Client().PostForm(a.issuer+"/connect/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "client_id": {name}, "client_secret": {name + "-secret"},
		"redirect_uri": {a.URL + "/" + name + "/callback"},
	})
	if err != nil {
		a.t.Errorf("%s redeems its code: %v", name, err)
		return ""
	}
	defer res.Body.Close()
	var answer struct {
		IDToken string `json:"id_token"`
	}
	var claims map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err == nil {
		parts := strings.Split(answer.IDToken, ".")
		var payload []byte
		if payload, err = base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)]); err == nil {
			err = json.Unmarshal(payload, &claims)
		}
		if err != nil {
			a.t.Errorf("%s redeems its code: %v", name, err)
		}
	}
	a.claims[name] = claims
	return answer.IDToken
}

// asked returns the requests whose address holds a part.
func (a *applications) asked(part string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, uri := range a.heard {
		if strings.Contains(uri, part) {
			out = append(out, uri)
		}
	}
	return out
}

// stage is a running emulator and its applications.
type stage struct {
	t      *testing.T
	apps   *applications
	issuer string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	apps := startApplications(t)
	file := filepath.Join(t.TempDir(), "emulator.toml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(scene, "APP", apps.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer := serveEmulator(t, "--config", file)
	apps.mu.Lock()
	defer apps.mu.Unlock()
	apps.issuer = strings.TrimSuffix(issuer, "/")
	return &stage{t, apps, apps.issuer}
}

// serveEmulator runs simsid emulator for as long as the test does, and returns its issuer.
func serveEmulator(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, append([]string{"emulator"}, args...)...)
	cmd.Env = newSimsid(t).env
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the emulator said\n%s", said.String())
		}
	})
	var ready struct{ Issuer string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		cancel()
		_ = cmd.Wait()
		t.Fatalf("no ready line: %v\n%s", err, said.String())
	}
	return ready.Issuer
}

// authorize is the address that an application sends its user to.
func (s *stage) authorize(client string, more ...string) string {
	q := url.Values{
		"client_id": {client}, "redirect_uri": {s.apps.URL + "/" + client + "/callback"}, "response_type": {"code"},
		"scope": {"openid profile partnermanagementapplication"}, "state": {client + " state"},
	}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return s.issuer + "/connect/authorize?" + q.Encode()
}

// deed is a step of test/browser/walk.mjs.
type deed map[string]any

// walked is what walk.mjs reports.
type walked struct {
	Pages    []seenPage `json:"pages"`
	Landings []string   `json:"landings"`
	Errors   []string   `json:"errors"`
}

func (s *stage) walk(keyboard bool, deeds ...deed) walked {
	s.t.Helper()
	in, err := json.Marshal(map[string]any{"keyboard": keyboard, "steps": deeds})
	if err != nil {
		s.t.Fatal(err)
	}
	return walk(s.t, in)
}

// walk has a person at Chromium do what a document for walk.mjs says.
func walk(t *testing.T, in []byte) walked {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "../browser/walk.mjs")
	cmd.Stdin = bytes.NewReader(in)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var report walked
	if jsonErr := json.Unmarshal(out, &report); jsonErr != nil {
		t.Fatalf("walk.mjs: %v, %v; `make setup` installs what it needs\n%s\n%s", err, jsonErr, out, said.String())
	}
	if len(report.Errors) > 0 {
		t.Fatalf("the browser met\n%s", strings.Join(report.Errors, "\n"))
	}
	return report
}

// look are the deeds that open an address and look at what it shows.
func look(address, name string) []deed { return []deed{{"go": address}, {"see": name}} }

// want compares the pages that were seen, each without a violation and fit for a phone, with pairs of names and titles.
func (s *stage) want(got walked, titles ...string) {
	s.t.Helper()
	var want []seenPage
	for i := 0; i < len(titles); i += 2 {
		want = append(want, seenPage{Name: titles[i], Title: titles[i+1] + " – simsid emulator", Violations: []string{}, Fits: true})
	}
	if !reflect.DeepEqual(got.Pages, want) {
		s.t.Errorf("seen\n%+v\nexpected\n%+v", got.Pages, want)
	}
}

// landed reads what an application was sent.
func (s *stage) landed(address, application string) url.Values {
	s.t.Helper()
	rest, ok := strings.CutPrefix(address, s.apps.URL+"/"+application+"/callback?")
	q, err := url.ParseQuery(rest)
	if !ok || err != nil || q.Get("state") != application+" state" {
		s.t.Errorf("landed at %s, expected %s's callback", address, application)
	}
	return q
}

// TestEmulatorSession is a day of one browser: a sign-in with a second factor, a choice of organisation and consent; a second
// application that finds the browser signed in; a sign-out that both hear of. With a mouse, and with nothing but a keyboard.
func TestEmulatorSession(t *testing.T) {
	for _, hands := range []string{"mouse", "keyboard"} {
		t.Run(hands, func(t *testing.T) {
			s := newStage(t)
			got := s.walk(hands == "keyboard",
				deed{"go": s.authorize("lunch")}, deed{"see": "sign-in"},
				deed{"type": map[string]string{"Login name": "carys", "Password": "wrong"}}, deed{"press": "Sign in"}, deed{"see": "wrong"},
				deed{"type": map[string]string{"Password": "sample-carys"}}, deed{"press": "Sign in"}, deed{"see": "factor"},
				deed{"type": map[string]string{"Six-digit code": "12345"}}, deed{"press": "Continue"}, deed{"see": "wrong code"},
				deed{"copy": []string{"Code at this moment", "Six-digit code"}}, deed{"press": "Continue"}, deed{"see": "organisation"},
				deed{"press": "Hillcrest"}, deed{"see": "consent"},
				deed{"tick": "Your name"}, deed{"press": "Allow"}, deed{"land": true},
				deed{"go": s.authorize("library")}, deed{"land": true},
				deed{"go": s.authorize("library", "prompt", "none")}, deed{"land": true},
				deed{"go": s.issuer}, deed{"see": "start"},
				deed{"go": s.issuer + "/connect/endsession"}, deed{"see": "sign out?"}, deed{"press": "Sign out"}, deed{"see": "signed out"},
				deed{"go": s.authorize("library", "prompt", "none")}, deed{"land": true},
			)
			s.want(got, "sign-in", "Sign in", "wrong", "Error: sign in", "factor", "Second step", "wrong code", "Error: second step",
				"organisation", "Choose your organisation", "consent", "Allow access", "start", "The emulator is running",
				"sign out?", "Sign out", "signed out", "You’re signed out")
			if len(got.Landings) != 4 {
				t.Fatalf("landed at %q", got.Landings)
			}
			for i, application := range []string{"lunch", "library", "library"} {
				if !s.landed(got.Landings[i], application).Has("code") {
					t.Errorf("%s has no code: %s", application, got.Landings[i])
				}
			}
			first, second := s.apps.claims["lunch"], s.apps.claims["library"]
			for _, claim := range []string{"sub", "sid", "auth_time", "name", "userorganisationidentifier"} {
				if first[claim] == nil || first[claim] != second[claim] {
					t.Errorf("%s: %v, then %v", claim, first[claim], second[claim])
				}
			}
			if organisation := fmt.Sprint(first["userorganisationidentifier"]); !strings.HasSuffix(organisation, "|6d000000-0000-4000-8000-00000000000e|S") {
				t.Errorf("organisation %s", organisation)
			}
			if after := s.landed(got.Landings[3], "library"); after.Get("error") != "login_required" {
				t.Errorf("after signing out: %v", after)
			}
			if heard, want := s.apps.asked("/gone"), []string{"/library/gone", "/lunch/gone?sid=" + fmt.Sprint(first["sid"])}; !sameWords(heard, want) {
				t.Errorf("of the sign-out heard %q, expected %q", heard, want)
			}
		})
	}
}

// TestEmulatorSignOutByAnApplication goes by the hint of an application: at once for one, after a question for the other, and with a
// link back for both.
func TestEmulatorSignOutByAnApplication(t *testing.T) {
	s := newStage(t)
	in := func(application string) []deed {
		return []deed{{"go": s.authorize(application, "scope", "openid")}, {"press": "Wyn Parry"}, {"see": "factor"},
			{"spell": "three bells at noon"}, {"press": "Continue"}}
	}
	out := []deed{{"see": "signed out"}, {"press": "Return to"}, {"land": true}}
	got := s.walk(false, slices.Concat(in("lunch"), []deed{{"press": "Allow"}, {"press": "Sign out"}}, out,
		in("library"), []deed{{"press": "Sign out"}, {"see": "sign out?"}, {"press": "Sign out"}}, out)...)
	s.want(got, "factor", "Second step", "signed out", "You’re signed out",
		"factor", "Second step", "sign out?", "Sign out", "signed out", "You’re signed out")
	if want := []string{s.apps.URL + "/lunch/out?state=bye", s.apps.URL + "/library/out?state=bye"}; !slices.Equal(got.Landings, want) {
		t.Errorf("came back to %q, expected %q", got.Landings, want)
	}
}

// TestEmulatorOtherPages looks at the pages that a day doesn't lead to.
func TestEmulatorOtherPages(t *testing.T) {
	s := newStage(t)
	got := s.walk(false, slices.Concat(
		look(s.authorize("nobody"), "error"), look(s.issuer+"/nothing", "nothing"), look(s.issuer+"/login?signin=x", "expired"),
		look(s.issuer, "start"), []deed{{"open": "Lunch Orders"}, {"open": "Library"}, {"see": "start, unfolded"}},
		look(s.authorize("lunch", "acr_values", "idp:council", "ui_locales", "cy"), "elsewhere"), look(s.authorize("lunch", "acr_values", "idp:nobody"), "unknown"),
		look(s.authorize("lunch", "login_hint", "wyn", "ui_locales", "cy"), "hint"), []deed{{"open": "What the application asked for"}, {"see": "asked"}},
		[]deed{{"go": s.authorize("library", "max_age", "0", "acr_values", "tenant:x")}, {"press": "Council"}, {"press": "Wyn Parry"}, {"see": "max_age=0"}},
		look(s.authorize("lunch", "scope", "profile openid roles offline_access"), "consent, always"),
		[]deed{{"go": s.authorize("lunch", "scope", "partnermanagementapplication")}, {"tick": "The one organisation"}, {"press": "Allow"}, {"see": "consent to nothing"}},
		[]deed{{"go": s.authorize("lunch", "scope", "openid", "redirect_uri", s.apps.URL+"/stay", "response_mode", "form_post")}, {"leave": "Allow"}, {"see": "form_post"}},
	)...)
	s.want(got, "error", "The application’s request can’t be used", "nothing", "There is nothing here", "expired", "This page has expired",
		"start", "The emulator is running", "start, unfolded", "The emulator is running",
		"elsewhere", "Sign in with Northmoor Council", "unknown", "This identity provider can’t be used",
		"hint", "Sign in", "asked", "Sign in", "max_age=0", "Sign in",
		"consent, always", "Allow access", "consent to nothing", "Error: allow access",
		"form_post", "Back to the application")
}

func sameWords(got, want []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
}
