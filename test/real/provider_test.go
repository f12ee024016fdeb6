//go:build real

package real_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/simsid/simsid/test/provider"
)

// TestIndependentProvider goes through the whole life of a login at a provider that shares no code with simsid, once for each way in which
// a client authenticates.
func TestIndependentProvider(t *testing.T) {
	p := provider.Start(t)
	for _, test := range []struct{ client, auth string }{
		{provider.Public, "none"},
		{provider.Post, "client_secret_post"},
		{provider.Basic, "client_secret_basic"},
	} {
		t.Run(test.client, func(t *testing.T) {
			v := newVisitor(t, "ada", provider.Allow)
			s := newSimsid(t, append(v.env, storeKey(t))...)
			addProfile(t, s, p, test.client, test.auth)
			who := s.ask("login")
			signedIn(t, v)
			if who["subject"] != "ada" || who["issuer"] != p.Issuer || who["refreshable"] != true {
				t.Errorf("login answered %v, want ada at %s with a refresh token", who, p.Issuer)
			}
			life(t, s)
			afterwards(t, s, v)
		})
	}
}

// storeKey is a key for the sealed file that takes no time to stretch, as a passphrase's does.
func storeKey(t *testing.T) string {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return "SIMSID_STORE_KEY=" + identity.String()
}

func addProfile(t *testing.T, s *simsid, p *provider.Provider, client, auth string) {
	t.Helper()
	args := []string{"profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", client, "--client-auth", auth,
		"--scope", "openid profile email", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "file", "--use"}
	if p.Secret(client) != "" {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(p.Secret(client)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--client-secret-file", file)
	}
	s.want(0, args...)
}

// life is what comes after the login, in the order of a working day.
func life(t *testing.T, s *simsid) {
	t.Helper()
	first := strings.TrimSpace(s.want(0, "token").stdout)
	if again := strings.TrimSpace(s.want(0, "token").stdout); first == "" || again != first {
		t.Errorf("token printed %q and then %q, want the same valid token twice", first, again)
	}
	s.want(0, "status")
	decoded := s.ask("decode", "--id")
	if tokens, _ := decoded["tokens"].([]any); len(tokens) != 1 || tokens[0].(map[string]any)["verified"] != true {
		t.Errorf("decode --id answered %v, want one verified token", decoded)
	}
	user := s.ask("userinfo")
	if claims, _ := user["claims"].(map[string]any); claims["name"] != "Ada Example" || claims["email"] != "ada@example.com" {
		t.Errorf("userinfo answered %v, want the name and address of ada", user)
	}
	if active := s.ask("introspect"); active["active"] != true {
		t.Errorf("introspect answered %v, want active", active)
	}
	refreshed := s.ask("refresh")
	if refreshed["refreshed"] != true || refreshed["refresh_token_rotated"] != true {
		t.Errorf("refresh answered %v, want a new refresh token", refreshed)
	}
	second := strings.TrimSpace(s.want(0, "token").stdout)
	if second == first {
		t.Error("the access token is the same after a refresh")
	}
	s.want(0, "refresh")
	s.want(0, "revoke")
	if r := s.run(second, "introspect", "-"); r.code != 3 {
		t.Errorf("introspect of a token of the revoked login exits with %d, want 3\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// afterwards signs in again, and out: the provider must then not know the browser any more.
func afterwards(t *testing.T, s *simsid, v *visitor) {
	t.Helper()
	s.want(0, "login")
	signedIn(t, v)
	// The provider asks a native client's user each time, so this is how it says that the session lives.
	if r := s.want(4, "login", "--prompt", "none"); !strings.Contains(r.stderr, "interaction_required") {
		t.Errorf("login --prompt none in a living session said\n%s", r.stderr)
	}
	v.landed()
	out := s.ask("logout")
	for _, step := range out["steps"].([]any) {
		if step.(map[string]any)["done"] != true {
			t.Errorf("logout left a step undone: %v", step)
		}
	}
	v.landed()
	s.want(4, "token")
	if r := s.want(4, "login", "--prompt", "none"); !strings.Contains(r.stderr, "login_required") {
		t.Errorf("login --prompt none after logout said\n%s", r.stderr)
	}
	v.landed()
}

func signedIn(t *testing.T, v *visitor) {
	t.Helper()
	if l := v.landed(); l.Status != http.StatusOK || !strings.Contains(l.Body, "You’re signed in") || l.Address.RawQuery != "" {
		t.Errorf("the browser landed at %s (%d):\n%s", l.Address, l.Status, l.Body)
	}
}

// TestRefusedByUser has the user press the other button.
func TestRefusedByUser(t *testing.T) {
	p := provider.Start(t)
	v := newVisitor(t, "ada", provider.Refuse)
	s := newSimsid(t, append(v.env, storeKey(t))...)
	addProfile(t, s, p, provider.Public, "none")
	r := s.want(4, "login")
	if !strings.Contains(r.stderr, "access_denied") && !strings.Contains(r.stderr, "refused") {
		t.Errorf("a refused login said\n%s", r.stderr)
	}
	if l := v.landed(); l.Status != http.StatusBadRequest || !strings.Contains(l.Body, "The sign-in didn’t work") {
		t.Errorf("the browser landed at %s (%d):\n%s", l.Address, l.Status, l.Body)
	}
	s.want(4, "token")
}

// TestWrongSecret has the provider refuse the client.
func TestWrongSecret(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, append(newVisitor(t, "ada", provider.Allow).env, storeKey(t), "SIMSID_CLIENT_SECRET=wrong")...)
	addProfile(t, s, p, provider.Post, "client_secret_post")
	r := s.run("", "login")
	if r.code == 0 || !strings.Contains(r.stderr, "invalid_client") {
		t.Errorf("a login with a wrong secret exits with %d and said\n%s", r.code, r.stderr)
	}
	if strings.Contains(r.stderr+r.stdout, "wrong\n") || strings.Contains(r.stderr, p.Secret(provider.Post)) {
		t.Errorf("the secret is in what was said:\n%s", r.stderr)
	}
}
