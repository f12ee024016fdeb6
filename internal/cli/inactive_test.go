package cli

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// What the token shows itself is the reason; only without it there is guessing.
func TestWhyInactive(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	kind := func(name string) provider.Kind {
		k, ok := provider.LookupKind(name)
		if !ok {
			t.Fatalf("no kind %s", name)
		}
		return k
	}
	jwt := func(claims string) *token.JWT {
		b64 := base64.RawURLEncoding.EncodeToString
		j, err := token.ParseJWT(b64([]byte(`{"alg":"none"}`)) + "." + b64([]byte(claims)) + ".")
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	for name, tc := range map[string]struct {
		kind, via, reason string
		q                 asked
		want              []string // the beginnings
	}{
		"nothing to see":                  {"oidc", viaClient, "", asked{what: nameAccess}, []string{"it has ended or was revoked", "it is another provider's", "whoever asks may not see it"}},
		"nothing to see, and nobody asks": {"simsid", viaValidation, "invalid_token", asked{what: nameAccess}, []string{"it has ended or was revoked", "it is another provider's"}},
		"the provider's own word":         {"simsid", viaValidation, "expired_token", asked{what: nameAccess}, []string{"it has ended, the provider says"}},
		"ended":                           {"oidc", viaClient, "", asked{what: nameAccess, jwt: jwt(`{"exp":1795305599}`)}, []string{"it has ended: 21 Nov 2026 23:59:59 UTC"}},
		"not yet ended":                   {"oidc", viaValidation, "", asked{what: nameAccess, jwt: jwt(`{"exp":1795305601}`)}, []string{"it has ended or was revoked", "it is another provider's"}},
		"not yet":                         {"oidc", viaClient, "", asked{what: nameAccess, jwt: jwt(`{"nbf":1795305660}`)}, []string{"it isn't valid yet: it begins 22 Nov 2026 00:01:00 UTC"}},
		"another provider's":              {"oidc", viaClient, "", asked{what: nameAccess, jwt: jwt(`{"iss":"https://b.example"}`)}, []string{`it is of another provider: its issuer is "https://b.example", and "https://a.example" was asked`}},
		"several":                         {"oidc", viaClient, "", asked{what: nameAccess, jwt: jwt(`{"iss":"https://b.example","exp":1}`)}, []string{"it has ended: ", "it is of another provider"}},
		"a refresh token, by a scope":     {"simsid", viaScope, "", asked{what: nameRefresh}, []string{"SIMS ID introspects access tokens alone: a refresh token is inactive"}},
		"an ID token, by a scope":         {"simsid", viaScope, "", asked{what: nameID, jwt: jwt(`{"iss":"https://a.example"}`)}, []string{"SIMS ID introspects access tokens alone: an ID token is inactive"}},
		"without the scope":               {"simsid", viaScope, "", asked{what: nameAccess, jwt: jwt(`{"scope":["openid"]}`)}, []string{"it lacks the scope api"}},
		"with the scope":                  {"simsid", viaScope, "", asked{what: nameAccess, jwt: jwt(`{"scope":["api"]}`)}, []string{"it has ended or was revoked", "it is another provider's", "whoever asks"}},
		"for another client":              {"simsid", viaValidation, "", asked{what: nameID, jwt: jwt(`{"aud":"other"}`)}, []string{"it is for another client than me"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{
				app:  &app{env: Env{Now: func() time.Time { return now }, Location: func() *time.Location { return time.UTC }}},
				kind: kind(tc.kind), prov: &provider.Provider{Metadata: provider.Metadata{Issuer: "https://a.example"}},
				profile: config.Profile{Name: "x", ClientID: "me"},
			}
			got := s.whyInactive(tc.q, tc.via, "api", tc.reason)
			if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
