package provider

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// signedServer has an answer at /userinfo and /introspect, and the keys to check it with.
func signedServer(t *testing.T, media string, body token.Secret) *testServer {
	t.Helper()
	keys := saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "k1", nil), jwk(t, testKeys().ec.Public(), "k2", nil)}})
	answers := says(200, media, body.Reveal())
	return serve(t, map[string]http.HandlerFunc{"/jwks": keys, "/userinfo": answers, "/introspect": answers})
}

// failedOf names the checks that an answer failed.
func failedOf(t *testing.T, err error) []string {
	t.Helper()
	e, ok := errors.AsType[*SignedAnswerError](err)
	if !ok {
		t.Fatalf("got %v, want a *SignedAnswerError", err)
	}
	var names []string
	for _, c := range e.Failed {
		names = append(names, c.Name)
	}
	return names
}

// Each way in which a signed answer can be somebody else's, or for something else, is refused, by the row that is meant.
func TestSignedUserinfo(t *testing.T) {
	header := object{"alg": "RS256", "kid": "k1"}
	claims := object{"iss": "ISSUER", "aud": "client-1", "sub": "1", "name": "A"}
	for _, c := range []struct {
		name           string
		key            any
		header, claims object
		failed         []string
	}{
		{"all of it", testKeys().rsa, header, claims, nil},
		{"with typ", testKeys().rsa, header.with(object{"typ": "JWT"}), claims, nil},
		{"without issuer and audience", testKeys().rsa, header, claims.with(object{"iss": nil, "aud": nil}), nil},
		{"with times", testKeys().rsa, header, claims.with(object{"iat": now.Unix(), "exp": now.Unix() + 10, "nbf": now.Unix()}), nil},
		{"several audiences", testKeys().rsa, header, claims.with(object{"aud": []string{"x", "client-1"}}), nil},
		{"another's signature", testKeys().other, header, claims, []string{"signature"}},
		{"no signature", nil, object{"alg": "none"}, claims, []string{"algorithm"}},
		{"signed with the public key", []byte("x"), object{"alg": "HS256", "kid": "k1"}, claims, []string{"algorithm"}},
		{"an algorithm that metadata doesn't name", testKeys().ec, object{"alg": "ES256", "kid": "k2"}, claims, []string{"algorithm"}},
		{"an unknown key", testKeys().rsa, object{"alg": "RS256", "kid": "k9"}, claims, []string{"key"}},
		{"another issuer", testKeys().rsa, header, claims.with(object{"iss": "https://elsewhere.example"}), []string{"issuer"}},
		{"for another client", testKeys().rsa, header, claims.with(object{"aud": "client-2"}), []string{"audience"}},
		{"an access token", testKeys().rsa, header.with(object{"typ": "at+jwt"}), claims, []string{"form"}},
		{"an introspection", testKeys().rsa, header.with(object{"typ": "token-introspection+jwt"}), claims, []string{"form"}},
		{"a demand that isn't known", testKeys().rsa, header.with(object{"crit": []string{"x"}}), claims, []string{"form"}},
		{"ended", testKeys().rsa, header, claims.with(object{"exp": now.Unix() - 120}), []string{"expiry"}},
		{"from the future", testKeys().rsa, header, claims.with(object{"iat": now.Unix() + 120}), []string{"issued at"}},
		{"not valid yet", testKeys().rsa, header, claims.with(object{"nbf": now.Unix() + 120}), []string{"not before"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s *testServer
			s = serve(t, map[string]http.HandlerFunc{
				"/jwks": saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "k1", nil), jwk(t, testKeys().ec.Public(), "k2", nil)}}),
				"/userinfo": func(w http.ResponseWriter, r *http.Request) {
					if c.claims["iss"] == "ISSUER" {
						c.claims = c.claims.with(object{"iss": s.URL + "/"})
					}
					says(200, "application/jwt; charset=utf-8", sign(t, c.key, c.header, c.claims).Reveal())(w, r)
				},
			})
			p := s.provider(Kind{})
			p.ClientID = "client-1"
			got, err := p.Userinfo(t.Context(), testToken, "1")
			if c.failed != nil {
				if names := failedOf(t, err); !slices.Equal(names, c.failed) || len(got.Claims.Members()) > 0 || got.Signed != nil {
					t.Errorf("failed %q with %s, want %q and nothing", names, members(t, got.Claims), c.failed)
				}
				return
			}
			if err != nil || got.Signed == nil {
				t.Fatalf("%v, %v", got.Signed, err)
			}
			if name, _ := got.Claims.String("name"); name != "A" {
				t.Errorf("claims %s", members(t, got.Claims))
			}
		})
	}
}

// The user of a signed answer is held against the ID token's as that of a plain one is.
func TestSignedUserinfoAboutAnother(t *testing.T) {
	s := signedServer(t, mediaJWT, sign(t, testKeys().rsa, object{"alg": "RS256", "kid": "k1"}, object{"sub": "2"}))
	_, err := s.provider(Kind{}).Userinfo(t.Context(), testToken, "1")
	if want := (&SubjectError{Expected: "1", Got: "2"}); !reflect.DeepEqual(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

func TestSignedAnswerThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		body, problem string
	}{
		"no JWT":    {"x", "an answer that calls itself a JWT and isn't one: the token has one part where a JWT has three, joined by dots"},
		"encrypted": {encode(t, object{"alg": "RSA-OAEP", "enc": "A256GCM"}) + ".a.b.c.d", "an encrypted answer, and there is no key here that opens it"},
		"empty":     {"", "an answer that calls itself a JWT and isn't one: the token is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			s := signedServer(t, mediaJWT, token.NewSecret(c.body))
			_, err := s.provider(Kind{}).Userinfo(t.Context(), testToken, "")
			if want := (&ResponseError{Operation: "ask userinfo", Host: s.host(), Status: 200, Problem: c.problem}); !reflect.DeepEqual(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
	t.Run("no keys to be had", func(t *testing.T) {
		s := signedServer(t, mediaJWT, sign(t, testKeys().rsa, object{"alg": "RS256", "kid": "k1"}, object{"sub": "1"}))
		p := s.provider(Kind{})
		p.Metadata.JWKSURI = s.URL + "/nowhere"
		_, err := p.Userinfo(t.Context(), testToken, "")
		if _, ok := errors.AsType[*ResponseError](err); !ok {
			t.Errorf("%v, want a *ResponseError", err)
		}
	})
}

func TestSignedIntrospection(t *testing.T) {
	header := object{"alg": "ES256", "kid": "k2", "typ": "token-introspection+jwt"}
	active := object{"active": true, "sub": "1"}
	for _, c := range []struct {
		name    string
		header  object
		changes object
		want    string
		failed  []string
		problem string
	}{
		{"active", header, nil, `true {"active":true,"sub":"1"} "introspection" ""`, nil, ""},
		{"inactive", header, object{"token_introspection": object{"active": false}}, `false {"active":false} "introspection" ""`, nil, ""},
		{"typ with its family", header.with(object{"typ": "application/Token-Introspection+JWT"}), nil, `true {"active":true,"sub":"1"} "introspection" ""`, nil, ""},
		{"active outside of its member", header, object{"token_introspection": nil, "active": true}, "", nil, "a signed answer whose member token_introspection is missing, or no object"},
		{"a member of another kind", header, object{"token_introspection": "x"}, "", nil, "a signed answer whose member token_introspection is missing, or no object"},
		{"unclear", header, object{"token_introspection": object{"active": "true"}}, "", nil, "an answer whose member active is missing, or neither true nor false"},
		{"the token itself", header.with(object{"typ": "at+jwt"}), nil, "", []string{"form"}, ""},
		{"without typ", header.with(object{"typ": nil}), nil, "", []string{"form"}, ""},
		{"for another client", header, object{"aud": "other"}, "", []string{"audience"}, ""},
		{"for nobody", header, object{"aud": nil}, "", []string{"audience"}, ""},
		{"from nobody", header, object{"iss": nil}, "", []string{"issuer"}, ""},
		{"without its time", header, object{"iat": nil}, "", []string{"issued at"}, ""},
		{"another key", header.with(object{"kid": "k1"}), nil, "", []string{"key"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s *testServer
			s = serve(t, map[string]http.HandlerFunc{
				"/jwks": saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "k1", nil), jwk(t, testKeys().ec.Public(), "k2", nil)}}),
				"/introspect": func(w http.ResponseWriter, r *http.Request) {
					if got, want := r.Header.Get("Accept"), "application/token-introspection+jwt, application/json;q=0.9"; got != want {
						t.Errorf("Accept %q, want %q", got, want)
					}
					claims := object{"iss": s.URL + "/", "aud": "scope", "iat": now.Unix(), "token_introspection": active}.with(c.changes)
					says(200, mediaIntrospection, sign(t, testKeys().ec, c.header, claims).Reveal())(w, r)
				},
			})
			p := s.provider(mustKind(t, "oidc"))
			p.Metadata.IntrospectionAlgs = []string{"ES256"}
			got, err := p.Introspect(t.Context(), Client{ID: "scope", Secret: token.NewSecret("pw")}, testToken, "")
			switch {
			case c.failed != nil:
				if names := failedOf(t, err); !slices.Equal(names, c.failed) || got.Active || got.Signed != nil {
					t.Errorf("failed %q, want %q", names, c.failed)
				}
			case c.problem != "":
				want := &ResponseError{Operation: "introspect", Host: s.host(), Status: 200, Problem: c.problem}
				if !reflect.DeepEqual(err, want) || got.Active {
					t.Errorf("%v, want %v", err, want)
				}
			case err != nil || told(t, got) != c.want || got.Signed == nil:
				t.Errorf("%s, %v, want %s", told(t, got), err, c.want)
			}
		})
	}
}

// A signed answer is asked for only where kind and metadata know of it, and one that can't be had is done without.
func TestIntrospectAsksForWhatIsToBeHad(t *testing.T) {
	oidc := mustKind(t, "oidc")
	for name, c := range map[string]struct {
		kind   Kind
		algs   []string
		refuse bool
		want   []string
	}{
		"both know":            {oidc, []string{"RS256"}, false, []string{"application/token-introspection+jwt, application/json;q=0.9"}},
		"metadata doesn't":     {oidc, nil, false, []string{"application/json"}},
		"the kind doesn't":     {mustKind(t, "simsid"), []string{"RS256"}, false, []string{"application/json"}},
		"it can't be had":      {oidc, []string{"RS256"}, true, []string{"application/token-introspection+jwt, application/json;q=0.9", "application/json"}},
		"nothing is to be had": {oidc, nil, true, []string{"application/json"}},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			s := serve(t, map[string]http.HandlerFunc{"/introspect": func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.Header.Get("Accept"))
				if c.refuse && (len(asked) == 1) {
					w.WriteHeader(http.StatusNotAcceptable)
					return
				}
				says(200, "", `{"active":true}`)(w, r)
			}})
			p := s.provider(c.kind)
			p.Metadata.IntrospectionAlgs = c.algs
			got, err := p.Introspect(t.Context(), testClient, testToken, "")
			if !slices.Equal(asked, c.want) {
				t.Errorf("asked for %q, want %q", asked, c.want)
			}
			if c.refuse && c.algs == nil {
				if err == nil {
					t.Error("a refusal is taken for an answer")
				}
			} else if err != nil || !got.Active {
				t.Errorf("%v, %v", got.Active, err)
			}
		})
	}
}

// An error of a signed answer says what was wrong, and holds nothing of it that a terminal would obey.
func TestSignedAnswerErrorIsHarmless(t *testing.T) {
	s := signedServer(t, mediaJWT, sign(t, testKeys().rsa, object{"alg": "RS256", "kid": "k1"}, object{"iss": "\x1b[2J", "sub": "1"}))
	_, err := s.provider(Kind{}).Userinfo(t.Context(), testToken, "")
	if err == nil || !strings.HasPrefix(err.Error(), "ask userinfo: the signed answer doesn't hold: issuer: expected ") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
}
