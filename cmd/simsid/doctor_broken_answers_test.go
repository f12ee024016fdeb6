//go:build !windows

package main

import (
	"fmt"
	"net"
	"testing"
)

// metadata has the provider say other things of itself.
func metadata(m map[string]any) func(*testing.T, *setup) {
	return func(_ *testing.T, s *setup) { s.provider.metadata = m }
}

// answers has the provider answer at a path with a status.
func answers(path string, status int) func(*testing.T, *setup) {
	return func(_ *testing.T, s *setup) {
		s.provider.pages, s.provider.status = map[string]string{path: "<p>"}, map[string]int{path: status}
	}
}

const operator = "only the provider's operator can mend that"

// brokenAnswers are faults of a provider that is there.
var brokenAnswers = []broken{
	{"metadata without a token endpoint", metadata(map[string]any{"token_endpoint": nil}), "discovery", false, "without token_endpoint", operator, nil},
	{"a token endpoint that nobody knows", metadata(map[string]any{"token_endpoint": "https://nowhere.simsid.invalid/token"}), "client", false,
		"nowhere.simsid.invalid", "simsid discover -p school", nil},
	{"keys that nobody serves", metadata(map[string]any{"jwks_uri": "http://127.0.0.1:1/jwks"}), "keys", false, "127.0.0.1:1", "let you to 127.0.0.1:1", nil},
	{"ID tokens by a shared secret", metadata(map[string]any{"id_token_signing_alg_values_supported": []string{"HS256", "none"}}), "keys", false,
		"HS256, none alone, which no public key can check", "registered for ID tokens by RS256", nil},
	{"a proof key that isn't listed", metadata(map[string]any{"code_challenge_methods_supported": []string{"plain"}}), "discovery", true,
		"doesn't list S256", "to take S256", nil},
	{"a scope that isn't listed", metadata(map[string]any{"scopes_supported": []string{"openid"}}), "discovery", true,
		"doesn't list what is asked for by scope: profile", "simsid profile edit school --scope openid", nil},
	{"another way to authenticate", func(_ *testing.T, s *setup) {
		s.provider.metadata = map[string]any{"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}}
		s.provider.clientAs = "invalid_client"
	}, "client", false, "doesn't list client_secret_post", "simsid profile edit school --client-auth client_secret_basic", nil},
	{"discovery that is out of order", answers("/.well-known/openid-configuration", 503), "discovery", false, "HTTP 503", "look again in a while: simsid doctor -p school", nil},
	{"discovery that never comes", func(t *testing.T, s *setup) {
		s.profile["issuer"] = "http://" + says(t, "", "HANG")
		s.args = []string{"--timeout", "900ms"}
	}, "connection", false, "gives no answer in time", "give it longer", nil},
	{"keys that are out of order", answers("/jwks", 500), "keys", false, "HTTP 500", operator, nil},
	{"a token endpoint that is out of order", answers("/token", 500), "client", false, "ask about the client: ", operator, nil},
	{"a token endpoint that is a page", answers("/token", 200), "client", false, "a page of HTML", "simsid doctor -p school --trace", nil},
	{"the metadata's address for the issuer", func(_ *testing.T, s *setup) {
		s.provider.issuer = s.profile["issuer"]
		s.provider.pages = nil
		s.profile["issuer"] = "http://localhost" + s.profile["issuer"][len("http://127.0.0.1"):]
	}, "discovery", false, "discovery document of another issuer", "call it as it calls itself: simsid profile edit school --issuer http://127.0.0.1:", nil},
	{"a proxy that is none", func(t *testing.T, s *setup) {
		s.profile["issuer"], s.env["HTTPS_PROXY"] = "https://sts.example", "http://me:"+proxyPassword+"@"+says(t, "SSH-2.0-x\r\n", "")
	}, "connection", false, "no answer came through the proxy", "export NO_PROXY=sts.example", nil},
	{"a proxy that is silent", func(t *testing.T, s *setup) {
		s.profile["issuer"], s.env["HTTPS_PROXY"] = "https://sts.example", fmt.Sprintf("http://me:%s@127.0.0.1:%d", proxyPassword, holdPort(t, "127.0.0.1"))
		s.args = []string{"--timeout", "200ms"}
	}, "connection", false, "no answer in time", "export NO_PROXY=sts.example", nil},
	{"localhost on one family alone", func(t *testing.T, s *setup) {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		_ = l.Close()
		s.profile["issuer"] = "http://[::1]:" + port
	}, "connection", false, "takes no connection", "start the provider: nothing listens at [::1]:", nil},
}

// brokenSettings are values of the profile and of variables that are of no use.
var brokenSettings = []broken{
	{"a default that isn't there", func(_ *testing.T, s *setup) { s.config = "default = \"gone\"\n\n[profile.school]\nkind = \"oidc\"\n" }, "profile", false,
		"which the configuration names as the default", "simsid profile use school", nil},
	{"a variable that names no profile", func(_ *testing.T, s *setup) { s.env["SIMSID_PROFILE"] = "gone" }, "profile", false,
		"which SIMSID_PROFILE names", "unset SIMSID_PROFILE", nil},
	{"a kind that isn't there", func(_ *testing.T, s *setup) { s.profile["kind"] = "odic" }, "profile", false,
		"there is no provider kind", "simsid profile edit school --kind oidc", nil},
	{"three variables of no use", func(_ *testing.T, s *setup) {
		s.env["SIMSID_FLOW"], s.env["SIMSID_STORE"], s.env["SIMSID_REDIRECT_URI"] = "bogus", "bogus", "bogus"
	}, "profile", false, "must be keyring, file, memory or auto (from SIMSID_STORE)", "export SIMSID_STORE=VALUE", nil},
	{"a secret in quotes", func(_ *testing.T, s *setup) { s.env["SIMSID_CLIENT_SECRET"] = `"` + doctorSecret + `"` }, "client", false,
		"stands in quotes", "SIMSID_CLIENT_SECRET", nil},
}
