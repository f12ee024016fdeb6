//go:build real

package real_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/simsid/simsid/test/provider"
)

// outcome finds one check of doctor's answer.
func outcome(t *testing.T, answer map[string]any, id string) (outcome, says string) {
	t.Helper()
	checks, _ := answer["checks"].([]any)
	for _, c := range checks {
		if c, ok := c.(map[string]any); ok && c["id"] == id {
			return fmt.Sprint(c["outcome"]), fmt.Sprint(c["says"])
		}
	}
	t.Fatalf("no check %s in %v", id, answer)
	return "", ""
}

// TestDoctorAsksAboutTheClient: a provider that nobody wrote for simsid tells a good secret from a wrong one by a made-up code, for each way in
// which a client authenticates, and for clients of other flows.
func TestDoctorAsksAboutTheClient(t *testing.T) {
	p := provider.Start(t)
	for name, c := range map[string]struct {
		client, auth, secret string
		flow                 string
		outcome, code        string
	}{
		"in the body":             {provider.Post, "client_secret_post", p.Secret(provider.Post), "AuthorizationCodeWithProofKey", "passed", "invalid_grant"},
		"in the body, wrong":      {provider.Post, "client_secret_post", "wrong", "AuthorizationCodeWithProofKey", "failed", "invalid_client"},
		"in a header":             {provider.Basic, "client_secret_basic", p.Secret(provider.Basic), "AuthorizationCodeWithProofKey", "passed", "invalid_grant"},
		"in a header, wrong":      {provider.Basic, "client_secret_basic", "wrong", "AuthorizationCodeWithProofKey", "failed", "invalid_client"},
		"a public client":         {provider.Public, "none", "", "AuthorizationCodeWithProofKey", "passed", "invalid_grant"},
		"a client that isn't":     {"nobody", "none", "", "AuthorizationCodeWithProofKey", "failed", "invalid_client"},
		"a client without a user": {provider.Post, "client_secret_post", p.Secret(provider.Post), "ClientCredentials", "passed", "made-up refresh token"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSimsid(t, "BROWSER=false", "SIMSID_CLIENT_SECRET="+c.secret)
			scope := "openid"
			if c.flow == "ClientCredentials" {
				scope = "read"
			}
			s.want(0, "profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", c.client, "--client-auth", c.auth, "--flow", c.flow,
				"--scope", scope, "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "memory", "--use")
			code := 0
			if c.outcome == "failed" {
				code = 3
			}
			got, says := outcome(t, s.answer(code, "doctor"), "client")
			if got != c.outcome || !strings.Contains(says, c.code) {
				t.Errorf("%s: %s", got, says)
			}
		})
	}
}

// TestDoctorLockedKeyring: a real keyring takes a test entry; locked, it is told from one that isn't there.
func TestDoctorLockedKeyring(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, "BROWSER=true")
	address := startBus(t, s)
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	startKeyring(t, s, address)
	s.want(0, "profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", provider.Public, "--client-auth", "none",
		"--scope", "openid", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", "keyring", "--use")
	if got, says := outcome(t, s.answer(0, "doctor"), "store"); got != "passed" || !strings.Contains(says, "keyring") {
		t.Errorf("open: %s: %s", got, says)
	}
	if items := secrets(t, s); strings.Contains(items, "probe") {
		t.Errorf("the keyring still holds\n%s", items)
	}
	lockKeyring(t, address)
	if got, says := outcome(t, s.answer(3, "doctor"), "store"); got != "failed" || !strings.Contains(says, "the keyring is locked") {
		t.Errorf("locked: %s: %s", got, says)
	}
}

// lockKeyring locks every collection of the keyring on a bus.
func lockKeyring(t *testing.T, address string) {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	service := bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets")
	collections, err := service.GetProperty("org.freedesktop.Secret.Service.Collections")
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Call("org.freedesktop.Secret.Service.Lock", 0, collections.Value()).Err; err != nil {
		t.Fatal(err)
	}
}
