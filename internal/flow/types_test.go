package flow

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

func TestPartsOf(t *testing.T) {
	for responseType, want := range map[string]parts{
		"code": {code: true}, "token": {accessToken: true}, "id_token": {idToken: true}, "token id_token": {idToken: true, accessToken: true},
		"code id_token token": {true, true, true}, " code  token ": {code: true, accessToken: true},
	} {
		if got, ok := partsOf(responseType); !ok || got != want {
			t.Errorf("%q: %+v, %t", responseType, got, ok)
		}
	}
	for _, responseType := range []string{"", "none", "code code", "Code", "code,token", "id_token id_token"} {
		if got, ok := partsOf(responseType); ok {
			t.Errorf("%q: %+v", responseType, got)
		}
	}
}

// half is the left half of a value's hash (OpenID Connect Core 3.1.3.6).
func half(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// front are the parameters of the genuine answer to any response type; claims change the ID token in it.
func (a *attempt) front(claims map[string]any) url.Values {
	v := url.Values{"state": {a.request.Get("state")}}
	id := map[string]any{"nonce": a.request.Get("nonce")}
	p, _ := partsOf(a.request.Get("response_type"))
	if p.code {
		v.Set("code", a.sts.grant(a.request))
		id["c_hash"] = half(v.Get("code"))
	}
	if p.accessToken {
		v.Set("access_token", "front-access")
		v.Set("token_type", "Bearer")
		v.Set("expires_in", "60")
		id["at_hash"] = half("front-access")
	}
	if p.idToken {
		maps.Copy(id, claims)
		v.Set("id_token", a.sts.idToken(id))
	}
	return v
}

// typed starts a login with a response type, with a proof key or without.
func typed(t *testing.T, responseType string, proof bool) *attempt {
	t.Helper()
	return begin(t, newSTS(t), func(r *LoginRequest) { r.ResponseType, r.WithoutProofKey = responseType, !proof }).waiting()
}

// TestResponseTypes goes the whole way by each, with a proof key and without.
func TestResponseTypes(t *testing.T) {
	for _, c := range []struct {
		responseType string
		calls        []string
		access       string
		verified     bool
	}{
		{"code", []string{"authorization_code", "jwks"}, "access-1", true},
		{"code id_token", []string{"authorization_code", "jwks"}, "access-1", true},
		{"code token", []string{"authorization_code", "jwks"}, "access-1", true},
		{"code id_token token", []string{"authorization_code", "jwks"}, "access-1", true},
		{"id_token", []string{"jwks"}, "", true},
		{"id_token token", []string{"jwks"}, "front-access", true},
		{"token", nil, "front-access", false},
	} {
		for _, proof := range []bool{true, false} {
			for _, mode := range []string{"", ModeFormPost} {
				t.Run(c.responseType, func(t *testing.T) {
					a := begin(t, newSTS(t), func(r *LoginRequest) {
						r.ResponseType, r.WithoutProofKey, r.ResponseMode = c.responseType, !proof, mode
					}).waiting()
					p, _ := partsOf(c.responseType)
					if got := a.request.Has("code_challenge"); got != (proof && p.code) || a.request.Get("nonce") == "" {
						t.Errorf("challenge %t, nonce %q", got, a.request.Get("nonce"))
					}
					came := mode
					if came == "" && c.responseType == "code" {
						came = ModeQuery
					} else if came == "" {
						came = ModeFragment
					}
					if status, body := a.answer(came, a.front(nil)); status != http.StatusOK {
						t.Errorf("landing page: %d %s", status, body)
					}
					result, err := a.end()
					if err != nil {
						t.Fatal(err)
					}
					if result.Set.Access.Reveal() != c.access || (result.Verification != nil) != c.verified || result.Set.SignedInAt.IsZero() {
						t.Errorf("got %+v", result)
					}
					if !slices.Equal(a.sts.made(), c.calls) {
						t.Errorf("expected the calls %q, got %q", c.calls, a.sts.made())
					}
				})
			}
		}
	}
}

// TestFrontRefused: what doesn't hold in the browser's part ends the login before the code is used.
func TestFrontRefused(t *testing.T) {
	for _, c := range []struct {
		name, responseType string
		claims             map[string]any
		failed             string
	}{
		{"another code's hash", "code id_token", map[string]any{"c_hash": half("evil")}, "c_hash"},
		{"no hash of the code", "code id_token", map[string]any{"c_hash": nil}, "c_hash"},
		{"no hash of the code, with a token", "code id_token token", map[string]any{"c_hash": nil}, "c_hash"},
		{"another token's hash", "code id_token token", map[string]any{"at_hash": half("evil")}, "at_hash"},
		{"no hash of the token", "id_token token", map[string]any{"at_hash": nil}, "at_hash"},
		{"another token's hash, implicit", "id_token token", map[string]any{"at_hash": half("evil")}, "at_hash"},
		{"a foreign nonce", "code id_token", map[string]any{"nonce": "foreign"}, "nonce"},
		{"no nonce", "id_token", map[string]any{"nonce": nil}, "nonce"},
		{"a foreign audience", "id_token", map[string]any{"aud": "client-2"}, "audience"},
		{"expired", "code id_token", map[string]any{"exp": start().Unix() - 3600}, "expiry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := typed(t, c.responseType, true)
			if status, _ := a.answer(ModeFragment, a.front(c.claims)); status != http.StatusBadRequest {
				t.Errorf("landing page: %d", status)
			}
			result, err := a.end()
			e, ok := errors.AsType[*provider.VerificationError](err)
			if result != nil || !ok || len(e.Failed) != 1 || e.Failed[0].Name != c.failed {
				t.Errorf("got %+v, %v", result, err)
			}
			if slices.Contains(a.sts.made(), "authorization_code") {
				t.Error("the code was used")
			}
		})
	}
}

// TestBackRefused: the token endpoint's part is held against the login and against the browser's part.
func TestBackRefused(t *testing.T) {
	for name, c := range map[string]struct {
		claims map[string]any
		failed string
	}{
		"another user": {map[string]any{"sub": "user-2"}, "subject"},
		"no nonce":     {map[string]any{"nonce": nil}, "nonce"},
	} {
		for _, responseType := range []string{"code id_token", "code"} {
			if responseType == "code" && c.failed == "subject" {
				continue
			}
			t.Run(name+", "+responseType, func(t *testing.T) {
				s := newSTS(t)
				a := begin(t, s, func(r *LoginRequest) { r.ResponseType, r.WithoutProofKey = responseType, true }).waiting()
				s.token = func(w http.ResponseWriter, _ url.Values) {
					claims := map[string]any{"nonce": a.request.Get("nonce")}
					maps.Copy(claims, c.claims)
					writeJSON(w, http.StatusOK, s.tokens("1", claims))
				}
				mode := ModeFragment
				if responseType == "code" {
					mode = ModeQuery
				}
				a.answer(mode, a.front(nil))
				_, err := a.end()
				if e, ok := errors.AsType[*provider.VerificationError](err); !ok || len(e.Failed) != 1 || e.Failed[0].Name != c.failed {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// TestIncomplete: an answer that lacks a part of what was asked for isn't the awaited one, and the login goes on.
func TestIncomplete(t *testing.T) {
	for responseType, missing := range map[string][]string{
		"code id_token": {"code", "id_token"}, "code token": {"code", "access_token"}, "id_token token": {"id_token", "access_token"},
	} {
		for _, name := range missing {
			a := typed(t, responseType, true)
			v := a.front(nil)
			v.Del(name)
			a.answer(ModeFragment, v)
			if e := a.event(); e != (Stray{Reason: string("an answer that is turned away, since " + refusedNothing)}) {
				t.Errorf("%s without %s: %#v", responseType, name, e)
			}
			a.answer(ModeFragment, a.front(nil))
			if _, err := a.end(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestUnasked: tokens that nobody asked for are not taken.
func TestUnasked(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	v := a.front(nil)
	v.Set("access_token", "evil")
	v.Set("id_token", "evil")
	a.answer(ModeQuery, v)
	if result, err := a.end(); err != nil || result.Set.Access.Reveal() != "access-1" {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestTokenType: an access token of a type that isn't known is refused.
func TestTokenType(t *testing.T) {
	a := typed(t, "id_token token", true)
	v := a.front(nil)
	v.Set("token_type", "MAC")
	a.answer(ModeFragment, v)
	_, err := a.end()
	if e, ok := errors.AsType[*provider.ResponseError](err); !ok || e.Operation != "sign in" {
		t.Errorf("got %v", err)
	}
}

func TestTypeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*LoginRequest)
		want   error
	}{
		"unknown": {func(r *LoginRequest) { r.ResponseType = "code none" }, &ParamError{
			Name: "response_type", Problem: `can't be "…": its words are code, id_token and token, each at most once`,
		}},
		"a token in the query": {func(r *LoginRequest) { r.ResponseType, r.ResponseMode = "id_token", ModeQuery }, &ParamError{
			Name: "response_mode", Problem: "can't be query where a token is in the answer: it is fragment or form_post",
		}},
		"no openid":                            {func(r *LoginRequest) { r.ResponseType, r.Scopes = "id_token token", []string{"x"} }, ErrNoOpenID},
		"nothing that ties the code, by force": {func(r *LoginRequest) { r.WithoutProofKey, r.Scopes, r.Force = true, []string{"x"}, true }, ErrUntied},
		"nothing that ties the code beside a token": {func(r *LoginRequest) {
			r.ResponseType, r.WithoutProofKey, r.Scopes, r.Force = "code token", true, []string{"x"}, true
		}, ErrUntied},
		"both": {func(r *LoginRequest) { r.WithoutProofKey, r.Scopes = true, []string{"x"} }, ErrNoOpenID},
	} {
		a := begin(t, newSTS(t), c.change)
		if _, err := a.end(); !reflect.DeepEqual(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.ResponseType, r.Scopes = "token", []string{"api"} }).waiting()
	a.answer(ModeFragment, a.front(nil))
	if result, err := a.end(); err != nil || result.Verification != nil || result.Set.Access.Reveal() != "front-access" {
		t.Errorf("a token for an API alone: %+v, %v", result, err)
	}
	for name, change := range map[string]func(*LoginRequest){
		"a proof key":               func(*LoginRequest) {},
		"an ID token with the code": func(r *LoginRequest) { r.ResponseType, r.WithoutProofKey = "code id_token", true },
		"no code":                   func(r *LoginRequest) { r.ResponseType, r.WithoutProofKey = "token", true },
	} {
		begin(t, newSTS(t), func(r *LoginRequest) { r.Scopes, r.Force = []string{"x"}, true; change(r) }).waiting()
		t.Log(name + " is enough")
	}
}

// TestBareCodeOfHybrid: where more than a code is needed, a bare one is never enough.
func TestBareCodeOfHybrid(t *testing.T) {
	e := expected{state: token.NewSecret("s"), mode: ModeFragment, parts: parts{code: true, idToken: true}}
	if a, why := parsePasted("0123456789abcdef0123456789abcdef", pasteRedirect(), e, true); why != refusedBare {
		t.Errorf("got %+v, %q", a, why)
	}
}

// TestIssuerBesideIDToken: where the provider promises iss, an ID token in the answer takes its place, and a foreign iss never passes.
func TestIssuerBesideIDToken(t *testing.T) {
	for responseType, ok := range map[string]bool{
		"code id_token": true, "id_token": true, "code id_token token": true, "id_token token": true, "code token": false, "token": false,
	} {
		for _, iss := range []string{"", "https://evil.example", "OWN"} {
			s := newSTS(t)
			iss = strings.ReplaceAll(iss, "OWN", s.URL)
			a := begin(t, s, func(r *LoginRequest) {
				r.ResponseType, r.Provider.Metadata.IssParameter = responseType, true
			}).waiting()
			v := a.front(nil)
			if iss != "" {
				v.Set("iss", iss)
			}
			a.answer(ModeFragment, v)
			_, err := a.end()
			if e, refused := errors.AsType[*AnswerError](err); refused == (iss == s.URL || ok && iss == "") || refused && e.Got != iss {
				t.Errorf("%s, iss %q: %v", responseType, iss, err)
			}
		}
	}
}

// TestIDTokenOnlyInFront: where an ID token came with the code, one comes for the code as well (OpenID Connect Core 3.3.3.3), though the
// scopes ask for none.
func TestIDTokenOnlyInFront(t *testing.T) {
	s := newSTS(t)
	s.token = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "a", "token_type": "Bearer"})
	}
	a := begin(t, s, func(r *LoginRequest) { r.Force, r.Scopes, r.ResponseType = true, []string{"profile"}, "code id_token" }).waiting()
	a.answer(ModeFragment, a.front(nil))
	result, err := a.end()
	if e, ok := errors.AsType[*provider.ResponseError](err); !ok || result != nil || e.Problem != "an answer without id_token" {
		t.Errorf("got %+v, %v", result, err)
	}
}
