//go:build real

package real_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// answering is an emulator whose clients have redirect URIs on this machine, by http and by https.
const answering = `
port = 0

[[client]]
id = "code"
secret = "secret"
flow = "AuthorizationCode"
redirect_uris = ["http://localhost:PLAIN/", "https://localhost:SECURE/"]
scopes = ["openid", "profile"]

[[client]]
id = "proof"
secret = "secret"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["http://localhost:PLAIN/", "https://localhost:SECURE/"]
scopes = ["openid", "profile"]

[[client]]
id = "hybrid"
secret = "secret"
flow = "HybridWithProofKey"
redirect_uris = ["http://localhost:PLAIN/", "https://localhost:SECURE/"]
scopes = ["openid", "profile"]

[[client]]
id = "implicit"
secret = "secret"
flow = "Implicit"
redirect_uris = ["http://localhost:PLAIN/", "https://localhost:SECURE/"]
scopes = ["openid", "profile"]
`

// answered is a login whose answer Chromium brings.
type answered struct {
	name  string
	args  []string
	code  int
	error string // a part of what standard error says of a login that was refused
	plain bool   // by http as well
}

func answers() []answered {
	return []answered{
		{name: "a code in the query", args: []string{"--client-id=proof"}},
		{name: "a code in a form", args: []string{"--client-id=proof", "--response-mode=form_post"}, plain: true},
		{name: "hybrid in the fragment", args: []string{"--client-id=hybrid", "--flow=HybridWithProofKey", "--response-type=code id_token token"}, plain: true},
		{name: "hybrid in a form", args: []string{"--client-id=hybrid", "--flow=HybridWithProofKey", "--response-mode=form_post"}},
		{name: "implicit in the fragment", args: []string{"--client-id=implicit", "--flow=Implicit"}},
		{name: "an error in the query", args: []string{"--client-id=proof", "--scope=openid nonsense"}, code: 2, error: "invalid_scope"},
		{name: "an error in a form", args: []string{"--client-id=proof", "--scope=openid nonsense", "--response-mode=form_post"},
			code: 2, error: "invalid_scope"},
		{name: "an error in the fragment", args: []string{"--client-id=hybrid", "--flow=HybridWithProofKey", "--scope=openid nonsense"},
			code: 2, error: "invalid_scope", plain: true},
		// IdentityServer3 puts this one into the fragment though a code is asked for.
		{name: "an error in the fragment of a code", args: []string{"--client-id=proof", "--flow=AuthorizationCode"},
			code: 1, error: "invalid_request: code challenge required"},
	}
}

// freePort is a port that was free a moment ago: the emulator compares whole redirect URIs.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestChromiumAnswers has Chromium bring every kind of answer to the listener, by http, and by https with the certificate trusted as
// cert show says: Chromium refuses it before, and takes it after. Scripts and forms of the pages run under their own policy.
func TestChromiumAnswers(t *testing.T) {
	plain, secure := freePort(t), freePort(t)
	file := filepath.Join(t.TempDir(), "emulator.toml")
	text := strings.NewReplacer("PLAIN", plain, "SECURE", secure).Replace(answering)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer := serveEmulator(t, "--config", file, "--as", "head")
	s := newSimsid(t, storeKey(t), "SIMSID_CLIENT_SECRET=secret", "BROWSER=node "+openScript(t))
	s.want(0, "profile", "add", "work", "--kind", "simsid", "--environment", "sandbox", "--issuer", issuer, "--client-id", "code",
		"--flow", "AuthorizationCodeWithProofKey", "--scope", "openid profile", "--redirect-uri", "https://localhost:"+secure+"/", "--store", "file", "--use")
	s.refusedByChromium(t)
	s.trust(t)
	for _, a := range answers() {
		t.Run("https/"+a.name, func(t *testing.T) { s.bring(t, "https://localhost:"+secure+"/", a) })
		if a.plain {
			t.Run("http/"+a.name, func(t *testing.T) { s.bring(t, "http://localhost:"+plain+"/", a) })
		}
	}
}

// bring signs in by Chromium, and compares what it came to see.
func (s *simsid) bring(t *testing.T, uri string, a answered) {
	t.Helper()
	report, reported := reportPipe(t)
	one := &simsid{t: t, env: slices.Concat(s.env, []string{"SIMSID_TEST_REPORT=" + report})}
	r := one.run("", append([]string{"login", "--redirect-uri", uri}, a.args...)...)
	want := seen{Pages: []seenPage{}, Landing: &seenPage{Title: "You’re signed in", Status: 200, Violations: []string{}, Fits: true}}
	if a.code != 0 {
		want.Landing.Title, want.Landing.Status = "The sign-in didn’t work", 400
	}
	if got := reported(); !reflect.DeepEqual(got, want) {
		t.Errorf("the browser saw\n%+v %+v\nwant\n%+v %+v", got, got.Landing, want, want.Landing)
	}
	if r.code != a.code || !strings.Contains(r.stderr, a.error) {
		t.Errorf("login exits with %d, want %d with %q\n%s%s", r.code, a.code, a.error, r.stdout, r.stderr)
	}
}

// refusedByChromium sees that the certificate counts for nothing until somebody trusts it. Nothing ends that login but the user.
func (s *simsid) refusedByChromium(t *testing.T) {
	t.Helper()
	report, reported := reportPipe(t)
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "login", "--client-id=proof")
	cmd.Env = slices.Concat(s.env, []string{"SIMSID_TEST_REPORT=" + report})
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := reported(); !strings.Contains(got.Error, "net::ERR_CERT_AUTHORITY_INVALID") {
		t.Errorf("Chromium took a certificate that nobody trusts: %+v", got)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("the login ended with %v, want exit code 130\n%s", err, said.String())
	}
}

// trust runs the commands that cert show tells for Chrome on Linux, as somebody would paste them. The folder was made by Chromium, when it
// was started for the first time.
func (s *simsid) trust(t *testing.T) {
	t.Helper()
	steps, _ := s.ask("cert", "show")["trust"].(map[string]any)
	dir := t.TempDir()
	for _, step := range []string{"All, first", "Chrome and Edge on Linux"} {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", fmt.Sprint(steps[step]))
		cmd.Dir = dir
		cmd.Env = slices.Concat(s.env, []string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH")})
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v; `make setup` installs what it needs\n%s", steps[step], err, out)
		}
	}
}
