//go:build real

package clients_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// agentScene is what the emulator serves to oidc-agent. PORT is the agent's. No two reference tokens are alike, which JWTs of one second are.
const agentScene = `
[[client]]
id = "pm-sso-agent"
secret = "agent-secret"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["http://localhost:PORT"]
scopes = ["openid", "profile", "offline_access"]
token_type = "reference"
`

// TestOIDCAgent signs in to an account of Debian's oidc-agent by authorization code and proof key, has it refresh twice, and has another
// agent go on with what the first one saved, which is the last of the one-time refresh tokens.
func TestOIDCAgent(t *testing.T) {
	port := fmt.Sprint(freePort(t))
	served := emulate(t, strings.ReplaceAll(agentScene, "PORT", port), "--as", "head")
	browser := trusting(t, served)
	home := t.TempDir()

	first := startAgent(t, home, "first")
	first.signIn(browser, served, port)
	tokens := []string{first.token(), first.token("--force-new"), first.token("--force-new")}
	if again := first.token(); again != tokens[2] {
		t.Errorf("oidc-token prints %q after %q", again, tokens[2])
	}
	first.end()
	second := startAgent(t, home, "second")
	answer(t, second.env, "", "oidc-add", "--pw-env=PW", "head")
	tokens = append(tokens, second.token())

	seen := map[string]bool{}
	for _, token := range tokens {
		if name := userOf(t, browser, served, token); name != "Margaret Ellis" {
			t.Errorf("a token of oidc-agent's is %q's", name)
		}
		seen[token] = true
	}
	if len(seen) != len(tokens) {
		t.Errorf("oidc-agent got %d tokens that differ, want %d", len(seen), len(tokens))
	}
}

// agent is a running oidc-agent.
type agent struct {
	t   *testing.T
	env []string
	end func()
}

func startAgent(t *testing.T, home, name string) *agent {
	t.Helper()
	socket := filepath.Join(home, name)
	a := &agent{t: t, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "OIDC_CONFIG_DIR=" + home, "OIDC_SOCK=" + socket, "PW=of the test",
	}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	// On the console, so that it stays our child.
	cmd := exec.CommandContext(ctx, "oidc-agent", "--console", "--no-autoload", "-a", socket)
	cmd.Env = a.env
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	a.end = func() {
		if ctx.Err() == nil {
			_ = end(cmd) // it ends by the signal, which is no success
			cancel()
		}
	}
	t.Cleanup(a.end)
	await(t, "unix", socket)
	return a
}

// signIn makes the account: oidc-gen prints an address for a browser, and waits until the browser has come back to the agent.
func (a *agent) signIn(browser *http.Client, served sts, port string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), commandTime)
	defer cancel()
	gen := exec.CommandContext(ctx, "oidc-gen", "--manual", "--flow=code", "--iss="+served.Issuer, "--client-id=pm-sso-agent",
		"--client-secret=agent-secret", "--scope=openid profile offline_access", "--redirect-uri=http://localhost:"+port, "--cp="+served.CA,
		"--pw-env=PW", "--prompt=none", "--confirm-yes", "--no-url-call", "--no-scheme", "head")
	gen.Env = a.env
	r, w, err := os.Pipe()
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Close()
	gen.Stdout, gen.Stderr = w, w
	err = start(gen)
	w.Close()
	if err != nil {
		a.t.Fatal(err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if address := lines.Text(); strings.HasPrefix(address, served.Issuer+"connect/authorize?") {
			page := fetch(a.t, browser, address, "")
			if !strings.Contains(page, "<h3>Success</h3>") {
				a.t.Errorf("the agent's page says\n%s", page)
			}
		}
	}
	if err := gen.Wait(); err != nil {
		a.t.Fatalf("oidc-gen: %v\n%s", err, said.String())
	}
}

func (a *agent) token(flags ...string) string {
	a.t.Helper()
	return strings.TrimSpace(answer(a.t, a.env, "", "oidc-token", append(flags, "head")...))
}

// trusting is a browser without pages that trusts the emulator's CA.
func trusting(t *testing.T, served sts) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(served.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %s", served.CA)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: commandTime}
}

func fetch(t *testing.T, client *http.Client, address, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s: %v\n%s", req.URL.Path, resp.Status, err, b)
	}
	return string(b)
}

// userOf asks the emulator whose a token is.
func userOf(t *testing.T, client *http.Client, served sts, token string) string {
	t.Helper()
	var user struct{ Name string }
	if err := json.Unmarshal([]byte(fetch(t, client, served.Issuer+"connect/userinfo", token)), &user); err != nil {
		t.Fatal(err)
	}
	return user.Name
}
