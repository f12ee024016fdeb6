package provider

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// The JWT behind an opaque token is taken where its signature, issuer and times hold, for whichever API it is; nothing instead of it says
// that the token isn't active, and JSON is read as everywhere.
func TestPhantomToken(t *testing.T) {
	header := object{"alg": "RS256", "kid": "k1"}
	behind := object{"iss": "ISSUER", "aud": []string{"api"}, "sub": "1", "purpose": "access_token", "iat": now.Unix(), "exp": now.Unix() + 60}
	for _, c := range []struct {
		name           string
		kind           string
		key            any
		header, claims object
		status         int
		media, body    string
		active, behind bool
		reason         string
		failed         []string
	}{
		{name: "a JWT", key: testKeys().rsa, header: header, claims: behind, active: true, behind: true},
		{name: "typ at+jwt", key: testKeys().rsa, header: header.with(object{"typ": "at+jwt"}), claims: behind, active: true, behind: true},
		{name: "without exp", key: testKeys().rsa, header: header, claims: behind.with(object{"exp": nil}), active: true, behind: true},
		{name: "another's signature", key: testKeys().other, header: header, claims: behind, failed: []string{"signature"}},
		{name: "no signature", header: object{"alg": "none"}, claims: behind, failed: []string{"algorithm"}},
		{name: "another issuer", key: testKeys().rsa, header: header, claims: behind.with(object{"iss": "https://other.example"}), failed: []string{"issuer"}},
		{name: "no issuer", key: testKeys().rsa, header: header, claims: behind.with(object{"iss": nil}), failed: []string{"issuer"}},
		{name: "ended", key: testKeys().rsa, header: header, claims: behind.with(object{"exp": now.Unix() - 120}), failed: []string{"expiry"}},
		{name: "a logout token", key: testKeys().rsa, header: header.with(object{"typ": "logout+jwt"}), claims: behind, failed: []string{"form"}},
		{name: "nothing", status: 204, reason: reasonNothing},
		{name: "inactive as JSON", media: mediaJSON, body: `{"active":false}`},
		{name: "active as JSON", media: mediaJSON, body: `{"active":true}`, active: true},
		{name: "an answer by RFC 9701", key: testKeys().rsa, header: header.with(object{"typ": "token-introspection+jwt"}),
			claims: behind.with(object{"aud": "client-1", "token_introspection": object{"active": true}}), active: true},
		{name: "one for another client", key: testKeys().rsa, header: header.with(object{"typ": "token-introspection+jwt"}),
			claims: behind.with(object{"aud": "client-2", "token_introspection": object{"active": true}}), failed: []string{"audience"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s *testServer
			s = serve(t, map[string]http.HandlerFunc{
				"/jwks": saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "k1", nil)}}),
				"/introspect": func(w http.ResponseWriter, r *http.Request) {
					if got, want := r.Header.Get("Accept"), "application/jwt, application/token-introspection+jwt;q=0.9, application/json;q=0.8"; got != want {
						t.Errorf("Accept %q, want %q", got, want)
					}
					media, body, status := mediaJWT, c.body, 200
					if c.claims != nil {
						if c.claims["iss"] == "ISSUER" {
							c.claims = c.claims.with(object{"iss": s.URL + "/"})
						}
						body = sign(t, c.key, c.header, c.claims).Reveal()
					}
					if c.media != "" {
						media = c.media
					}
					if c.status != 0 {
						status = c.status
					}
					says(status, media, body)(w, r)
				},
			})
			got, err := s.provider(mustKind(t, "curity")).Introspect(t.Context(), Client{ID: "client-1", Secret: token.NewSecret("pw")}, testToken, "")
			if c.failed != nil {
				if names := failedOf(t, err); !slices.Equal(names, c.failed) || got.Active {
					t.Errorf("failed %q, want %q", names, c.failed)
				}
				return
			}
			if err != nil || got.Active != c.active || got.Behind != c.behind || got.Reason != c.reason || c.behind != (got.Behind && got.Signed != nil) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Nothing is an answer at kinds with such tokens alone.
func TestNothingIsNoAnswerElsewhere(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/introspect": says(204, mediaJSON, "")})
	_, err := s.provider(mustKind(t, "oidc")).Introspect(t.Context(), Client{ID: "client-1"}, testToken, "")
	if _, ok := errors.AsType[*ResponseError](err); !ok {
		t.Errorf("got %v, want a *ResponseError", err)
	}
}

// An issuer with a path is found at whichever place answers, and never at one that speaks for another.
func TestDiscoverAtEitherPlace(t *testing.T) {
	const path = "/oauth/v2/oauth-anonymous"
	behind, inFront := path+openIDSuffix, oauthInsert+path
	for _, c := range []struct {
		name  string
		kind  string
		at    []string
		other bool // the documents are another issuer's
		place Place
		tried int
		fails bool
	}{
		{"behind the issuer", "curity", []string{behind}, false, PlaceOpenID, 0, false},
		{"in front of the path", "curity", []string{inFront}, false, PlaceOAuth, 1, false},
		{"both", "curity", []string{behind, inFront}, false, PlaceOpenID, 0, false},
		{"none", "curity", nil, false, "", 2, true},
		{"another's", "curity", []string{behind, inFront}, true, "", 1, true},
		{"a kind that knows one place", "oidc", []string{inFront}, false, "", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			handlers := map[string]http.HandlerFunc{}
			var s *testServer
			for _, at := range c.at {
				handlers[at] = func(w http.ResponseWriter, r *http.Request) {
					issuer := s.URL + path
					if c.other {
						issuer = "https://other.example"
					}
					saysJSON(t, document(issuer, s.URL))(w, r)
				}
			}
			s = serve(t, handlers)
			kind := mustKind(t, c.kind)
			r := DiscoverRequest{Kind: kind, Issuer: s.URL + path}
			m, err := Discover(t.Context(), s.provider(kind).HTTP, r)
			if (err != nil) != c.fails || err == nil && !reflect.DeepEqual(m, metadataOf(s.URL+path, s.URL)) {
				t.Errorf("%+v, %v", m, err)
			}
			if c.kind == "oidc" {
				return
			}
			d, err := Describe(t.Context(), s.provider(kind).HTTP, r)
			if d.Place != c.place || len(d.Tried) != c.tried || (err != nil) != c.fails {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
}
