//go:build real

package real_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/simsid/simsid/test/provider"
)

// keyFile writes a private key where only this test finds it.
func keyFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestPrivateKey goes through the whole life of a login with each algorithm, once with the key kept in the store and once read from its
// file: the token endpoint, introspection and revocation all take the signed statement.
func TestPrivateKey(t *testing.T) {
	p := provider.Start(t)
	for _, client := range provider.KeyClients() {
		t.Run(client, func(t *testing.T) {
			v := newVisitor(t, "ada", provider.Allow)
			s := newSimsid(t, append(v.env, storeKey(t))...)
			pem, jwk := keyFile(t, p.Key(client).PEM), keyFile(t, p.Key(client).JWK)
			addKeyProfile(t, s, p, client, "--client-key-file", jwk)
			s.ask("login")
			signedIn(t, v)
			shown := s.want(0, "profile", "show").stdout
			if !strings.Contains(shown, "client key") || !strings.Contains(shown, "kept in the store") {
				t.Errorf("profile show says\n%s", shown)
			}
			life(t, s)
			config, err := os.ReadFile(filepath.Join(s.dir(), "config.toml"))
			if err != nil || strings.Contains(string(config), "PRIVATE") || strings.Contains(string(config), `"d"`) {
				t.Errorf("%v, the configuration is\n%s", err, config)
			}

			alg := strings.ToUpper(strings.TrimPrefix(client, "simsid-"))
			if client == provider.EdDSA {
				alg = "EdDSA"
			}
			addNamed(t, s, p, "second", client, "--client-key", pem, "--client-key-id", "key-1", "--client-key-alg", alg)
			if who := s.ask("login", "-p", "second"); who["subject"] != "ada" {
				t.Errorf("login answered %v", who)
			}
			signedIn(t, v)
			for _, audience := range []string{"issuer", "token_endpoint"} {
				s.want(0, "refresh", "-p", "second")
				s.want(0, "profile", "edit", "second", "--assertion-audience", audience)
			}
			s.want(0, "refresh", "-p", "second")
		})
	}
}

// TestWrongKey has the provider refuse a statement that another key signed, one of another algorithm, and one that names no key of its.
func TestWrongKey(t *testing.T) {
	p := provider.Start(t)
	v := newVisitor(t, "ada", provider.Allow)
	s := newSimsid(t, append(v.env, storeKey(t))...)
	other := provider.Start(t)
	addKeyProfile(t, s, p, provider.ES256, "--client-key", keyFile(t, other.Key(provider.ES256).JWK))
	if r := s.run("", "login"); r.code != 2 || !strings.Contains(r.stderr, "invalid_client") {
		t.Errorf("a login with another's key exits with %d and says\n%s", r.code, r.stderr)
	}
	v.landed()
	rsa := keyFile(t, p.Key(provider.RS256).PEM)
	addNamed(t, s, p, "other-alg", provider.RS256, "--client-key", rsa, "--client-key-alg", "PS256")
	if r := s.run("", "login", "-p", "other-alg"); r.code != 2 || !strings.Contains(r.stderr, "invalid_client") {
		t.Errorf("a login by another algorithm exits with %d and says\n%s", r.code, r.stderr)
	}
	v.landed()
	if r := s.run("", "login", "-p", "other-alg", "--client-key-alg", "ES256"); r.code != 2 || !strings.Contains(r.stderr, "can't sign by") {
		t.Errorf("an algorithm that the key can't be of: %d\n%s", r.code, r.stderr)
	}
}

// TestDeviceWithKey has a client sign who it is where it asks for a device code, and at each poll.
func TestDeviceWithKey(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, storeKey(t))
	addKeyProfile(t, s, p, provider.EdDSA, "--client-key", keyFile(t, p.Key(provider.EdDSA).PEM), "--flow", "DeviceCode")
	onDevice(t, s)
}

// TestPushed signs in at a provider that takes pushed requests alone, with each way of authenticating.
func TestPushed(t *testing.T) {
	p := provider.StartPushed(t)
	for client, how := range map[string][]string{
		provider.Public: {"--client-auth", "none"},
		provider.Post:   {"--client-auth", "client_secret_post", "--client-secret-file", keyFile(t, p.Secret(provider.Post))},
		provider.Basic:  {"--client-auth", "client_secret_basic", "--client-secret-file", keyFile(t, p.Secret(provider.Basic))},
		provider.ES256:  {"--client-auth", "private_key_jwt", "--client-key", keyFile(t, p.Key(provider.ES256).PEM)},
	} {
		t.Run(client, func(t *testing.T) {
			v := newVisitor(t, "ada", provider.Allow)
			s := newSimsid(t, append(v.env, storeKey(t))...)
			s.want(0, append([]string{"profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", client,
				"--scope", "openid profile email", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "file", "--use"}, how...)...)
			r := s.want(0, "login", "--login-hint", "nobody-sees-this")
			signedIn(t, v)
			if !strings.Contains(r.stderr, "request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A") || strings.Contains(r.stderr, "nobody-sees-this") ||
				!strings.Contains(r.stderr, "The address is good once, for 1 minute") {
				t.Errorf("login said\n%s", r.stderr)
			}
			r = s.want(0, "login", "--print-url", "--redirect-uri", "http://127.0.0.1:8400/callback")
			if !strings.HasPrefix(r.stdout, p.Issuer+"/auth?client_id="+client+"&request_uri=") || !strings.Contains(r.stderr, "good once") {
				t.Errorf("--print-url printed\n%s%s", r.stdout, r.stderr)
			}
			if r := s.want(2, "login", "--par=false"); !strings.Contains(r.stderr, "the provider takes no other (RFC 9126 section 5)") {
				t.Errorf("--par=false said\n%s", r.stderr)
			}
			// Sent all the same, the provider's own refusal comes back, or stays on its page.
			if r := s.want(0, "login", "--par=false", "--force", "--print-url", "--redirect-uri", "http://127.0.0.1:8400/callback"); strings.Contains(r.stdout, "request_uri=") {
				t.Errorf("--par=false --force printed\n%s", r.stdout)
			}
		})
	}
}

// TestNotPushed wants a pushed request where the provider has no endpoint for it.
func TestNotPushed(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, storeKey(t))
	addProfile(t, s, p, provider.Public, "none")
	if r := s.want(2, "login", "--print-url", "--par", "--redirect-uri", "http://127.0.0.1:8400/callback"); !strings.Contains(r.stderr, "has no endpoint for it") {
		t.Errorf("--par said\n%s", r.stderr)
	}
}

func addKeyProfile(t *testing.T, s *simsid, p *provider.Provider, client string, more ...string) {
	t.Helper()
	addNamed(t, s, p, "work", client, append(more, "--use")...)
}

func addNamed(t *testing.T, s *simsid, p *provider.Provider, name, client string, more ...string) {
	t.Helper()
	s.want(0, append([]string{"profile", "add", name, "--kind", "oidc", "--issuer", p.Issuer, "--client-id", client,
		"--client-auth", "private_key_jwt", "--scope", "openid profile email", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "file"}, more...)...)
}
