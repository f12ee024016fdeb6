package provider

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

var testToken = token.NewSecret("the.access.token")

func challenging(status int, lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, l := range lines {
			w.Header().Add("WWW-Authenticate", l)
		}
		w.WriteHeader(status)
	}
}

func members(t *testing.T, o token.Object) string {
	t.Helper()
	b, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUserinfo(t *testing.T) {
	const op = "ask userinfo"
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
		err     error // a *ResponseError gets its host
	}{
		{"claims", says(200, "application/json", `{"sub":"1","name":"A"}`), `{"sub":"1","name":"A"}`, nil},
		{"bad token", challenging(401, `Bearer error="invalid_token"`), `{}`, &OAuthError{Operation: op, Code: "invalid_token", Status: 401}},
		{"without openid", challenging(403, `Bearer realm="x", error="insufficient_scope", error_description="a \"b\", c"`), `{}`,
			&OAuthError{op, "insufficient_scope", `a "b", c`, "", 403}},
		{"several challenges", challenging(401, `Negotiate YII=, Basic realm="a, b"`, `Bearer error=invalid_token`), `{}`,
			&OAuthError{Operation: op, Code: "invalid_token", Status: 401}},
		{"401 without a word", challenging(401), `{}`, &OAuthError{Operation: op, Status: 401}},
		{"403 without a word", challenging(403), `{}`, &ResponseError{Operation: op, Status: 403, Problem: "an empty answer instead of a JSON object"}},
		{"no JWT in spite of its type", says(200, "application/jwt", `{"sub":"1"}`), `{}`,
			&ResponseError{Operation: op, Status: 200, Problem: "an answer that calls itself a JWT and isn't one: the token has one part where a JWT has three, joined by dots"}},
		{"a JWT in spite of its type", says(200, "application/json", "a.b.c"), `{}`,
			&ResponseError{Operation: op, Status: 200, Problem: "no JSON object"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/userinfo": c.handler})
			got, err := s.provider(Kind{}).Userinfo(t.Context(), testToken, "")
			if e, ok := errors.AsType[*ResponseError](c.err); ok {
				e.Host = s.host()
			}
			if members(t, got.Claims) != c.want || !reflect.DeepEqual(err, c.err) {
				t.Errorf("%s, %v, want %s, %v", members(t, got.Claims), err, c.want, c.err)
			}
			if got, want := s.seen(), []seen{{"GET", "/userinfo", "Bearer the.access.token", ""}}; !reflect.DeepEqual(got, want) {
				t.Errorf("requests %+v, want %+v", got, want)
			}
		})
	}
}

// told is an Introspection that can be compared.
func told(t *testing.T, i Introspection) string {
	t.Helper()
	return fmt.Sprintf("%v %s %q %q", i.Active, members(t, i.Claims), i.Via, i.Reason)
}

func TestIntrospect(t *testing.T) {
	const op, nothing = "introspect", `false {} "" ""`
	unclear := "an answer whose member active is missing, or neither true nor false"
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
		err     error
	}{
		{"active", says(200, "", `{"active":true,"scope":"a"}`), `true {"active":true,"scope":"a"} "introspection" ""`, nil},
		{"inactive", says(200, "", `{"active":false}`), `false {"active":false} "introspection" ""`, nil},
		{"active a string", says(200, "", `{"active":"true"}`), nothing, &ResponseError{Operation: op, Status: 200, Problem: unclear}},
		{"active a number", says(200, "", `{"active":1}`), nothing, &ResponseError{Operation: op, Status: 200, Problem: unclear}},
		{"active missing", says(200, "", `{}`), nothing, &ResponseError{Operation: op, Status: 200, Problem: unclear}},
		{"bad credentials at IdentityServer3", says(401, "", ""), nothing, &OAuthError{Operation: op, Status: 401}},
		{"bad credentials elsewhere", says(401, "", `{"error":"invalid_client"}`), nothing, &OAuthError{Operation: op, Code: "invalid_client", Status: 401}},
		{"IdentityServer3's words", says(400, "application/json", `{"Message":"missing_token"}`), nothing,
			&OAuthError{Operation: op, Description: "missing_token", Status: 400}},
		{"no content", says(204, "", ""), nothing, &ResponseError{Operation: op, Status: 204, Problem: "an empty answer instead of a JSON object"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/introspect": c.handler})
			got, err := s.provider(Kind{}).Introspect(t.Context(), Client{ID: "scope", Secret: token.NewSecret("pw")}, testToken, "access_token")
			if e, ok := errors.AsType[*ResponseError](c.err); ok {
				e.Host = s.host()
			}
			if told(t, got) != c.want || !reflect.DeepEqual(err, c.err) {
				t.Errorf("%s, %v, want %s, %v", told(t, got), err, c.want, c.err)
			}
			want := []seen{{"POST", "/introspect", "", "client_id=scope&client_secret=pw&token=the.access.token&token_type_hint=access_token"}}
			if got := s.seen(); !reflect.DeepEqual(got, want) {
				t.Errorf("requests %+v, want %+v", got, want)
			}
		})
	}
}

func TestValidation(t *testing.T) {
	const op, nothing = "access token validation", `false {} "" ""`
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
		err     error
	}{
		{"active", says(200, "", `{"client_id":"c"}`), `true {"client_id":"c"} "access token validation" ""`, nil},
		{"expired", says(400, "", `{"Message":"expired_token"}`), `false {"Message":"expired_token"} "access token validation" "expired_token"`, nil},
		{"invalid", says(400, "", `{"Message":"invalid_token"}`), `false {"Message":"invalid_token"} "access token validation" "invalid_token"`, nil},
		{"scope", says(400, "", `{"Message":"insufficient_scope"}`), `false {"Message":"insufficient_scope"} "access token validation" "insufficient_scope"`, nil},
		{"our mistake", says(400, "", `{"Message":"Token is missing"}`), nothing, &OAuthError{Operation: op, Description: "Token is missing", Status: 400}},
		{"a page", says(400, "", `<html>`), nothing, &ResponseError{Operation: op, Status: 400, Problem: "a page of HTML or XML instead of a JSON object"}},
		{"not there", says(404, "", ``), nothing, &ResponseError{Operation: op, Status: 404, Problem: "an empty answer instead of a JSON object"}},
		{"the word with another status", says(404, "", `{"Message":"invalid_token"}`), nothing, &OAuthError{Operation: op, Description: "invalid_token", Status: 404}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/connect/accesstokenvalidation": c.handler})
			got, err := s.provider(mustKind(t, "simsid")).ValidateAccess(t.Context(), testToken)
			if e, ok := errors.AsType[*ResponseError](c.err); ok {
				e.Host = s.host()
			}
			if told(t, got) != c.want || !reflect.DeepEqual(err, c.err) {
				t.Errorf("%s, %v, want %s, %v", told(t, got), err, c.want, c.err)
			}
			if got, want := s.seen(), []seen{{"POST", "/connect/accesstokenvalidation", "", "token=the.access.token"}}; !reflect.DeepEqual(got, want) {
				t.Errorf("requests %+v, want %+v", got, want)
			}
		})
	}
}

func TestValidateID(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/connect/identitytokenvalidation": says(200, "", `{"sub":"1"}`)})
	got, err := s.provider(mustKind(t, "emulator")).ValidateID(t.Context(), testToken, "client-1")
	if want := `true {"sub":"1"} "identity token validation" ""`; err != nil || told(t, got) != want {
		t.Errorf("%s, %v, want %s", told(t, got), err, want)
	}
	want := []seen{{"POST", "/connect/identitytokenvalidation", "", "client_id=client-1&token=the.access.token"}}
	if got := s.seen(); !reflect.DeepEqual(got, want) {
		t.Errorf("requests %+v, want %+v", got, want)
	}
}

func TestRevoke(t *testing.T) {
	const op = "revoke"
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		err     error
	}{
		{"done", says(200, "", ""), nil},
		{"done, with a body", says(200, "", "{}"), nil},
		{"a page", says(200, "text/html", " <html>"), &ResponseError{Operation: op, Status: 200, Problem: "a page of HTML or XML instead of an empty answer"}},
		{"unsupported", says(400, "", `{"error":"unsupported_token_type"}`), &OAuthError{Operation: op, Code: "unsupported_token_type", Status: 400}},
		{"not there", says(404, "", ""), &ResponseError{Operation: op, Status: 404, Problem: "an empty answer instead of a JSON object"}},
		{"redirect", says(302, "", ""), &ResponseError{Operation: op, Status: 302, Problem: "a redirect, which isn't followed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/revoke": c.handler})
			err := s.provider(Kind{}).Revoke(t.Context(), Client{ID: "c", Secret: token.NewSecret("pw")}, testToken, "refresh_token")
			if e, ok := errors.AsType[*ResponseError](c.err); ok {
				e.Host = s.host()
			}
			if !reflect.DeepEqual(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			want := []seen{{"POST", "/revoke", "", "client_id=c&client_secret=pw&token=the.access.token&token_type_hint=refresh_token"}}
			if got := s.seen(); !reflect.DeepEqual(got, want) {
				t.Errorf("requests %+v, want %+v", got, want)
			}
		})
	}
}

// Where there is no endpoint, or nothing to send, nothing is sent.
func TestCallsWithoutEndpointOrToken(t *testing.T) {
	type call struct {
		operation string
		do        func(*Provider, token.Secret) error
	}
	for _, c := range []call{
		{"exchange the code", func(p *Provider, s token.Secret) error {
			_, err := p.Exchange(t.Context(), testClient, s, token.Secret{}, "http://localhost/")
			return err
		}},
		{"refresh", func(p *Provider, s token.Secret) error { _, err := p.Refresh(t.Context(), testClient, s); return err }},
		{"ask userinfo", func(p *Provider, s token.Secret) error { _, err := p.Userinfo(t.Context(), s, ""); return err }},
		{"introspect", func(p *Provider, s token.Secret) error {
			_, err := p.Introspect(t.Context(), testClient, s, "")
			return err
		}},
		{"access token validation", func(p *Provider, s token.Secret) error { _, err := p.ValidateAccess(t.Context(), s); return err }},
		{"identity token validation", func(p *Provider, s token.Secret) error { _, err := p.ValidateID(t.Context(), s, "c"); return err }},
		{"revoke", func(p *Provider, s token.Secret) error { return p.Revoke(t.Context(), testClient, s, "") }},
	} {
		s := serve(t, nil)
		bare := &Provider{Metadata: Metadata{Issuer: testIssuer}, HTTP: NewHTTPClient(HTTPOptions{Base: unreachable{t}}), Now: clock}
		want := &UnsupportedError{Operation: c.operation, Issuer: testIssuer}
		if err := c.do(bare, testToken); !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%s without an endpoint: %v, want %v", c.operation, err, want)
		}
		if err := c.do(s.provider(mustKind(t, "simsid")), token.Secret{}); !errors.Is(err, errNoToken) || len(s.seen()) != 0 {
			t.Errorf("%s without a token: %v, %d requests", c.operation, err, len(s.seen()))
		}
	}
}

func TestAuthorizationURL(t *testing.T) {
	params := url.Values{"client_id": {"c"}, "scope": {"openid roles"}, "state": {"x&y"}}
	for _, c := range []struct {
		endpoint, want string
		err            error
	}{
		{"https://sts.example/authorize", "https://sts.example/authorize?client_id=c&scope=openid+roles&state=x%26y", nil},
		{"https://sts.example/authorize?", "https://sts.example/authorize?client_id=c&scope=openid+roles&state=x%26y", nil},
		{"https://sts.example/authorize?p=B2C_1", "https://sts.example/authorize?p=B2C_1&client_id=c&scope=openid+roles&state=x%26y", nil},
		{"https://sts.example/authorize?p=B2C_1&", "https://sts.example/authorize?p=B2C_1&client_id=c&scope=openid+roles&state=x%26y", nil},
		{"https://sts.example/authorize?client_id=c", "https://sts.example/authorize?client_id=c&scope=openid+roles&state=x%26y", nil},
		{"http://127.0.0.1:9/authorize", "http://127.0.0.1:9/authorize?client_id=c&scope=openid+roles&state=x%26y", nil},
		{"https://sts.example/authorize?client_id=d", "", &ResponseError{"authorize", "sts.example", 0, "the endpoint's own query sets client_id to something else"}},
		{"https://sts.example/authorize?state=x%26y&state=x%26y", "", &ResponseError{"authorize", "sts.example", 0, "the endpoint's own query sets state to something else"}},
		{"https://sts.example/authorize?a=%zz", "", &ResponseError{"authorize", "sts.example", 0, "the endpoint's own query can't be read"}},
		{"http://sts.example/authorize", "", &AddressError{"http://sts.example/authorize", "is plain http, which is allowed on loopback only"}},
		{"", "", &AddressError{"", "names no host"}},
	} {
		p := &Provider{Metadata: Metadata{AuthorizationEndpoint: c.endpoint}}
		if got, err := p.AuthorizationURL(params); got != c.want || !reflect.DeepEqual(err, c.err) {
			t.Errorf("%s: %s, %v, want %s, %v", c.endpoint, got, err, c.want, c.err)
		}
	}
}

func TestEndSessionURL(t *testing.T) {
	p := &Provider{Metadata: Metadata{Issuer: testIssuer, EndSessionEndpoint: "https://sts.example/end?a=b"}}
	got, err := p.EndSessionURL(token.NewSecret("i.d.t"), "c", "https://app.example/", "s")
	want := "https://sts.example/end?a=b&client_id=c&id_token_hint=i.d.t&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=s"
	if got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	got, err = p.EndSessionURL(token.Secret{}, "", "", "")
	if want := "https://sts.example/end?a=b"; got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	p.Metadata.EndSessionEndpoint = ""
	_, err = p.EndSessionURL(token.Secret{}, "", "", "")
	if want := (&UnsupportedError{Operation: "end the session", Issuer: testIssuer}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("error %v, want %v", err, want)
	}
}
