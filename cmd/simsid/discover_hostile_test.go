package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestDiscoverForeignIssuer: what a document calls itself is quoted where it stands in a command, and is never the user's own mistake.
func TestDiscoverForeignIssuer(t *testing.T) {
	for _, c := range []struct {
		name, issuer string // SELF is the server's own address
		code         int
		says         []string
	}{
		{"a command in it", "https://evil.example/$(id)", 1, []string{"hint: if that is the provider you mean: simsid discover 'https://evil.example/$(id)'\n"}},
		{"a quote in it", "https://evil.example/'id'", 1, []string{`simsid discover 'https://evil.example/'\''id'\'''` + "\n"}},
		{"no address", "--save=x", 1, []string{"hint: that is no address of an issuer"}},
		{"a command on the same host", "SELF/a;id", 0, []string{"simsid discover 'SELF/a;id' --kind oidc --save NAME"}},
		{"a fragment on the same host", "SELF/x;rm -rf ~ #", 1, []string{"tried: SELF/.well-known/openid-configuration", "tried: SELF/oauth/v2/oauth-anonymous/.well-known/openid-configuration", "hint: that is no address of an issuer"}},
		{"a query on the same host", "SELF/?x=1", 1, []string{"tried: SELF/.well-known/openid-configuration", "hint: that is no address of an issuer"}},
		{"a user on the same host", "http://u:p@HOST/", 1, []string{"tried: SELF/.well-known/openid-configuration", "hint: that is no address of an issuer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := ""
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/oauth/") {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/a","token_endpoint":"%[2]s/t","jwks_uri":"%[2]s/k","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`,
					here(c.issuer, at), at)
			}))
			t.Cleanup(srv.Close)
			at = srv.URL
			var lines []string
			for _, line := range c.says {
				lines = append(lines, here(line, at))
			}
			run(t, nil, "discover", at).has(t, c.code, lines...)
		})
	}
}

// here puts a server's address in its place.
func here(s, at string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "SELF", at), "HOST", strings.TrimPrefix(at, "http://"))
}
