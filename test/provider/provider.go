// Package provider starts a real OpenID provider for the tests: npm's oidc-provider, which server.mjs in this folder sets up on
// loopback. It knows every user name, none with a password.
package provider

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// The client ids that the provider knows; Provider.Secret tells their secrets.
const (
	// Public authenticates with nothing but its proof key.
	Public = "simsid-public"
	// Post sends its secret in the body.
	Post = "simsid-post"
	// Basic sends its secret in the Authorization header, encoded as RFC 6749 section 2.3.1 says.
	Basic = "simsid-basic"
	// Signed is a client to which userinfo and introspection answer with JWTs.
	Signed = "simsid-signed"
	// Hybrid may ask for a code with tokens beside it; its one redirect URI is HybridRedirect.
	Hybrid = "simsid-hybrid"
	// Device has its user type a code elsewhere.
	Device = "simsid-device"

	// The clients of KeyClients sign who they are, each by another algorithm.
	RS256 = "simsid-rs256"
	PS256 = "simsid-ps256"
	ES256 = "simsid-es256"
	EdDSA = "simsid-eddsa"

	// HybridRedirect is Hybrid's redirect URI.
	HybridRedirect = "https://127.0.0.1:45571/callback"
)

// KeyClients are the clients with a private key in place of a secret.
func KeyClients() []string { return []string{RS256, PS256, ES256, EdDSA} }

// startTime bounds the wait for the ready line; stopTime the wait for the end.
const (
	startTime = 60 * time.Second
	stopTime  = 10 * time.Second
)

// Provider is a running provider.
type Provider struct {
	// Issuer is its issuer: http, 127.0.0.1 and a free port.
	Issuer  string
	secrets map[string]string
	keys    map[string]Key
}

// Key is a client's private key, in the two forms that a file may have.
type Key struct{ PEM, JWK string }

// Key returns the key of one of KeyClients.
func (p *Provider) Key(client string) Key { return p.keys[client] }

// Secret returns a client's secret, "" for Public.
func (p *Provider) Secret(client string) string { return p.secrets[client] }

// ready is the line that server.mjs prints when it listens.
type ready struct {
	Issuer  string `json:"issuer"`
	Clients []struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
		PEM    string `json:"pem"`
		JWK    string `json:"jwk"`
	} `json:"clients"`
}

// Start starts a provider that ends with the test; what it had to say is logged where the test failed.
func Start(t *testing.T) *Provider {
	t.Helper()
	return start(t)
}

// StartPushed is Start for a provider that takes pushed authorisation requests alone (RFC 9126).
func StartPushed(t *testing.T) *Provider {
	t.Helper()
	return start(t, "PUSHED=1")
}

// StartCurity is Start for a provider that behaves as the Curity Identity Server does, as far as its documentation tells: its issuer has a
// path, metadata lies where place says ("openid" or "oauth", RFC 8414), introspection answers the JWT behind an opaque token, or 204, to
// whoever asks for application/jwt, it has levels (acr), and it takes pushed requests.
func StartCurity(t *testing.T, place string) *Provider {
	t.Helper()
	return start(t, "CURITY="+place)
}

func start(t *testing.T, env ...string) *Provider {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "node", "server.mjs")
	cmd.Dir = folder(t)
	cmd.Env = append(os.Environ(), env...)
	var said lockedBuffer
	cmd.Stderr = &said
	// The server ends when its standard input does, even where this process is killed.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start oidc-provider: %v; `make setup` installs what it needs", err)
	}
	ended := make(chan error, 1)
	t.Cleanup(func() {
		stop(t, stdin, cmd, ended)
		if t.Failed() {
			t.Logf("oidc-provider said:\n%s", said.String())
		}
	})
	line := make(chan ready, 1)
	go func() {
		var r ready
		if json.NewDecoder(bufio.NewReader(stdout)).Decode(&r) == nil {
			line <- r
		}
		_, _ = io.Copy(io.Discard, stdout)
		ended <- cmd.Wait()
	}()
	select {
	case r := <-line:
		return r.provider()
	case err := <-ended:
		ended <- err
		t.Fatalf("oidc-provider ended before it was ready: %v\n%s\n`make setup` installs what it needs", err, said.String())
	case <-time.After(startTime):
		t.Fatalf("oidc-provider was not ready after %s", startTime)
	}
	return nil
}

func (r ready) provider() *Provider {
	p := &Provider{Issuer: r.Issuer, secrets: map[string]string{}, keys: map[string]Key{}}
	for _, c := range r.Clients {
		p.secrets[c.ID], p.keys[c.ID] = c.Secret, Key{c.PEM, c.JWK}
	}
	return p
}

func stop(t *testing.T, stdin io.Closer, cmd *exec.Cmd, ended <-chan error) {
	t.Helper()
	_ = stdin.Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("oidc-provider ended with %v", err)
		}
	case <-time.After(stopTime):
		t.Errorf("oidc-provider did not end within %s of its standard input's end", stopTime)
		_ = cmd.Process.Kill()
	}
}

// folder is where server.mjs lies: beside this file.
func folder(t *testing.T) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		t.Fatal(fmt.Errorf("where test/provider lies is not known: %q; build the tests without -trimpath", file))
	}
	return filepath.Dir(file)
}

// lockedBuffer is written by the process and read by the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
