//go:build real

package real_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/simsid/simsid/test/provider"
)

// TestCurity goes through the life of a login of kind curity, with the metadata at either place.
func TestCurity(t *testing.T) {
	const level = "urn:se:curity:authentication:totp:totp1"
	for _, place := range []string{"openid", "oauth"} {
		t.Run(place, func(t *testing.T) {
			p := provider.StartCurity(t, place)
			v := newVisitor(t, "ada", provider.Allow)
			s := newSimsid(t, append(v.env, storeKey(t), "SIMSID_CLIENT_SECRET="+p.Secret(provider.Post))...)
			host := strings.TrimSuffix(strings.TrimPrefix(p.Issuer, "http://"), "/oauth/v2/oauth-anonymous")
			found := s.ask("discover", host, "--save", "work", "--client-id", provider.Post, "--use")
			if found["kind"] != "curity" || found["issuer"] != p.Issuer || found["profile_added"] != "work" {
				t.Fatalf("discover answered %v", found)
			}
			if want := map[string]string{"openid": "OpenID Connect Discovery 4", "oauth": "RFC 8414 3.1"}[place]; found["by"] != want {
				t.Errorf("found by %v, want %s", found["by"], want)
			}
			s.want(0, "profile", "edit", "work", "--client-auth", "client_secret_post", "--store", "file", "--redirect-uri", "http://127.0.0.1:0/callback")

			who := s.ask("login", "--acr-values", level, "--max-age", "300")
			signedIn(t, v)
			if got := fmt.Sprint(who["sign_on"]); who["subject"] != "ada" || !strings.Contains(got, "asked:"+level) || !strings.Contains(got, "claim:auth_time") {
				t.Errorf("login answered %v", who)
			}
			if got := s.want(0, "decode").stdout; !strings.Contains(got, "cannot be read") || !strings.Contains(got, "simsid introspect") {
				t.Errorf("decode of an opaque token says\n%s", got)
			}
			active := s.ask("introspect")
			if active["active"] != true || active["jwt_behind_token"] != true || active["signed"] != true {
				t.Errorf("introspect answered %v, want the JWT behind the token", active)
			}
			wantRows(t, active, map[string]string{"signature": "passed", "issuer": "passed", "expiry": "passed", "audience": "not made"})
			if refreshed := s.ask("refresh"); refreshed["refresh_token_rotated"] != true {
				t.Errorf("refresh answered %v, want another refresh token", refreshed)
			}
			access := strings.TrimSpace(s.want(0, "token").stdout)
			s.want(0, "revoke")
			if r := s.run(access, "introspect", "-"); r.code != 3 {
				t.Errorf("introspect of a revoked token exits with %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			if r := s.want(0, "login", "--trace"); !strings.Contains(r.stderr, "POST "+p.Issuer+"/request") {
				t.Errorf("the request wasn't pushed\n%s", r.stderr)
			}
			signedIn(t, v)
			endSession(t, s, v, p.Issuer)
		})
	}
}

// endSession signs out at the provider's own address, in the browser, and sees that nobody is signed in there afterwards.
func endSession(t *testing.T, s *simsid, v *visitor, issuer string) {
	t.Helper()
	for _, step := range s.ask("logout")["steps"].([]any) {
		if step.(map[string]any)["done"] != true {
			t.Errorf("logout left a step undone: %v", step)
		}
	}
	if l := v.landed(); !strings.HasPrefix(l.Address.String(), issuer) && !strings.Contains(l.Address.Path, "signed-out") {
		t.Errorf("signing out ended at %s (%d)\n%s", l.Address, l.Status, l.Body)
	}
	s.want(4, "token")
	if r := s.want(4, "login", "--prompt", "none"); !strings.Contains(r.stderr, "login_required") {
		t.Errorf("login --prompt none after logout said\n%s", r.stderr)
	}
	v.landed()
}

// TestCurityDevice has somebody type a code on another device, at an address that metadata alone tells.
func TestCurityDevice(t *testing.T) {
	p := provider.StartCurity(t, "openid")
	s := newSimsid(t, storeKey(t))
	s.want(0, "profile", "add", "tv", "--kind", "curity", "--issuer", p.Issuer, "--client-id", provider.Device, "--client-auth", "none",
		"--scope", "openid profile", "--store", "file", "--use", "--flow", "DeviceCode", "--redirect-uri", "http://127.0.0.1:0/callback")
	if who := onDevice(t, s); !strings.Contains(who, `"sign_on"`) || !strings.Contains(who, `"claim": "auth_time"`) {
		t.Errorf("login doesn't tell how the user signed in: %s", who)
	}
	if got := s.want(0, "decode").stdout; !strings.Contains(got, "cannot be read") {
		t.Errorf("decode of an opaque token says\n%s", got)
	}
	if refreshed := s.ask("refresh"); refreshed["refresh_token_rotated"] != true {
		t.Errorf("refresh answered %v, want another refresh token", refreshed)
	}
}

// TestSSOAtAnotherProvider has two clients of an independent provider share a sign-on, and lose it by a prompt.
func TestSSOAtAnotherProvider(t *testing.T) {
	p := provider.StartCurity(t, "openid")
	v := newVisitor(t, "ada", provider.Allow)
	s := newSimsid(t, append(v.env, storeKey(t))...)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(p.Secret(provider.Post)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.want(0, "discover", p.Issuer, "--save", "public", "--client-id", provider.Public, "--redirect-uri", "http://127.0.0.1:0/callback")
	s.want(0, "profile", "add", "post", "--kind", "curity", "--issuer", p.Issuer, "--client-id", provider.Post, "--client-auth", "client_secret_post",
		"--redirect-uri", "http://127.0.0.1:0/callback", "--store", "file", "--client-secret-file", secret)
	// The second one was never allowed: a page has to be shown, and with pages it is.
	r := s.run("", "sso", "public", "post", "-o", "json", "--interactive")
	if r.code != 3 || !strings.Contains(r.stdout, `"outcome": "interaction required"`) {
		t.Errorf("sso exits with %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if got := s.ask("sso", "public", "post"); got["shared"] != true {
		t.Errorf("sso answered %v, want shared", got)
	}
	s.want(0, "profile", "edit", "post", "--max-age", "3600")
	if got := s.ask("sso", "public", "post"); got["shared"] != true {
		t.Errorf("sso within max_age answered %v, want shared", got)
	}
	s.want(0, "profile", "edit", "post", "--prompt", "login")
	if got := s.answer(3, "sso", "public", "post"); conditions(got) != "not shared: level yes, session yes, age yes, prompt no" {
		t.Errorf("sso with a prompt answered %v", got)
	}
}
