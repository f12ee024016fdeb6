package provider

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// document is what IdentityServer3 says at a base.
func document(issuer, base string) object {
	return object{
		"issuer":                                issuer,
		"jwks_uri":                              base + "/.well-known/jwks",
		"authorization_endpoint":                base + "/connect/authorize",
		"token_endpoint":                        base + "/connect/token",
		"userinfo_endpoint":                     base + "/connect/userinfo",
		"end_session_endpoint":                  base + "/connect/endsession",
		"revocation_endpoint":                   base + "/connect/revocation",
		"introspection_endpoint":                base + "/connect/introspect",
		"scopes_supported":                      []string{"openid", "profile"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported":      []string{"plain", "S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
	}
}

func metadataOf(issuer, base string) Metadata {
	return Metadata{
		Issuer:                issuer,
		AuthorizationEndpoint: base + "/connect/authorize",
		TokenEndpoint:         base + "/connect/token",
		UserinfoEndpoint:      base + "/connect/userinfo",
		IntrospectionEndpoint: base + "/connect/introspect",
		RevocationEndpoint:    base + "/connect/revocation",
		EndSessionEndpoint:    base + "/connect/endsession",
		JWKSURI:               base + "/.well-known/jwks",
		IDTokenAlgs:           []string{"RS256"},
		AuthMethods:           []string{"client_secret_post", "client_secret_basic"},
		ScopesSupported:       []string{"openid", "profile"},
		ChallengeMethods:      []string{"plain", "S256"},
	}
}

// discoverer serves what doc makes of its own address.
func discoverer(t *testing.T, path string, doc func(base string) object) *testServer {
	t.Helper()
	var s *testServer
	s = serve(t, map[string]http.HandlerFunc{path: func(w http.ResponseWriter, r *http.Request) {
		saysJSON(t, doc(s.URL))(w, r)
	}})
	return s
}

func discover(t *testing.T, s *testServer, r DiscoverRequest) (Metadata, error) {
	t.Helper()
	return Discover(t.Context(), s.provider(Kind{}).HTTP, r)
}

const wellKnown = "/.well-known/openid-configuration"

func TestDiscoverIssuer(t *testing.T) {
	slash, strict := Kind{IssuerSlash: true}, Kind{}
	for _, c := range []struct {
		name              string
		kind              Kind
		said, ask, pinned string // behind the server's address
		want              *IssuerError
	}{
		{name: "the same", kind: strict},
		{name: "the same with a slash", kind: strict, said: "/", ask: "/"},
		{name: "a slash more, allowed at first sight", kind: slash, said: "/"},
		{name: "a slash less, allowed at first sight", kind: slash, ask: "/"},
		{name: "two slashes more", kind: slash, said: "//", want: &IssuerError{Expected: "", Got: "//"}},
		{name: "a slash more", kind: strict, said: "/", want: &IssuerError{Expected: "", Got: "/", SlashOnly: true}},
		{name: "pinned", kind: slash, said: "/", pinned: "/"},
		{name: "pinned, and the slash went", kind: slash, said: "", ask: "", pinned: "/",
			want: &IssuerError{Expected: "/", Got: "", SlashOnly: true, Pinned: true}},
		{name: "another path", kind: slash, said: "/other", want: &IssuerError{Expected: "", Got: "/other"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := discoverer(t, wellKnown, func(base string) object { return document(base+c.said, base) })
			r := DiscoverRequest{Kind: c.kind, Issuer: s.URL + c.ask}
			if c.pinned != "" {
				r.Pinned = s.URL + c.pinned
			}
			m, err := discover(t, s, r)
			if c.want == nil {
				if want := metadataOf(s.URL+c.said, s.URL); err != nil || !reflect.DeepEqual(m, want) {
					t.Errorf("%+v, %v, want %+v", m, err, want)
				}
				return
			}
			c.want.Expected, c.want.Got = s.URL+c.want.Expected, s.URL+c.want.Got
			if !reflect.DeepEqual(err, error(c.want)) || !reflect.DeepEqual(m, Metadata{}) {
				t.Errorf("%+v, %v, want %v", m, err, c.want)
			}
		})
	}
}

// An issuer with a path has its document below that path (OpenID Connect Discovery 4.1).
func TestDiscoverPath(t *testing.T) {
	s := discoverer(t, "/oauth/anonymous"+wellKnown, func(base string) object {
		return document(base+"/oauth/anonymous", base).with(object{
			"authorization_response_iss_parameter_supported": true, "pushed_authorization_request_endpoint": base + "/par",
			"require_pushed_authorization_requests": true, "token_endpoint_auth_signing_alg_values_supported": []string{"PS256"},
		})
	})
	m, err := discover(t, s, DiscoverRequest{Issuer: s.URL + "/oauth/anonymous"})
	want := metadataOf(s.URL+"/oauth/anonymous", s.URL)
	want.IssParameter, want.PushedRequired, want.PushedEndpoint, want.AuthAlgs = true, true, s.URL+"/par", []string{"PS256"}
	if err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v, want %+v", m, err, want)
	}
}

func TestDiscoverDocument(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes object
		problem string
	}{
		{"no issuer", object{"issuer": nil}, "a discovery document without issuer"},
		{"issuer a number", object{"issuer": 1}, "issuer is no string"},
		{"no authorization endpoint", object{"authorization_endpoint": nil}, "a discovery document without authorization_endpoint"},
		{"no token endpoint", object{"token_endpoint": ""}, "a discovery document without token_endpoint"},
		{"no keys", object{"jwks_uri": nil}, "a discovery document without jwks_uri"},
		{"token endpoint a list", object{"token_endpoint": []string{}}, "token_endpoint is no string"},
		{"userinfo a number", object{"userinfo_endpoint": 1}, "userinfo_endpoint is no string"},
		{"authorization in the clear", object{"authorization_endpoint": "http://sts.example/"}, "authorization_endpoint is plain http, which is allowed on loopback only"},
		{"token in the clear", object{"token_endpoint": "http://sts.example/"}, "token_endpoint is plain http, which is allowed on loopback only"},
		{"keys in the clear", object{"jwks_uri": "http://sts.example/"}, "jwks_uri is plain http, which is allowed on loopback only"},
		{"userinfo in the clear", object{"userinfo_endpoint": "http://sts.example/"}, "userinfo_endpoint is plain http, which is allowed on loopback only"},
		{"introspection in the clear", object{"introspection_endpoint": "http://sts.example/"}, "introspection_endpoint is plain http, which is allowed on loopback only"},
		{"revocation in the clear", object{"revocation_endpoint": "http://sts.example/"}, "revocation_endpoint is plain http, which is allowed on loopback only"},
		{"end of session in the clear", object{"end_session_endpoint": "http://sts.example/"}, "end_session_endpoint is plain http, which is allowed on loopback only"},
		{"device in the clear", object{"device_authorization_endpoint": "http://sts.example/"}, "device_authorization_endpoint is plain http, which is allowed on loopback only"},
		{"pushed requests in the clear", object{"pushed_authorization_request_endpoint": "http://sts.example/"}, "pushed_authorization_request_endpoint is plain http, which is allowed on loopback only"},
		{"pushed requests to a number", object{"pushed_authorization_request_endpoint": 1}, "pushed_authorization_request_endpoint is no string"},
		{"a script", object{"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint names no host"},
		{"a file", object{"authorization_endpoint": "file:///etc/passwd"}, "authorization_endpoint names no host"},
		{"another scheme", object{"authorization_endpoint": "ftp://sts.example/"}, "authorization_endpoint isn't https"},
		{"credentials", object{"token_endpoint": "https://me:secret@sts.example/"}, "token_endpoint holds credentials"},
		{"fragment", object{"token_endpoint": "https://sts.example/#x"}, "token_endpoint has a fragment"},
		{"relative", object{"token_endpoint": "/connect/token"}, "token_endpoint names no host"},
		{"unreadable", object{"token_endpoint": "https://sts.example/%zz\x1b"}, "token_endpoint can't be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := discoverer(t, wellKnown, func(base string) object { return document(base, base).with(c.changes) })
			_, err := discover(t, s, DiscoverRequest{Issuer: s.URL})
			if want := (&ResponseError{"read discovery document", s.host(), 200, c.problem}); !reflect.DeepEqual(err, error(want)) {
				t.Errorf("error %v, want %v", err, want)
			}
		})
	}
}

// The embedded STS is named by https and has the two addresses for the browser on loopback.
func TestDiscoverMixedAddresses(t *testing.T) {
	s := discoverer(t, wellKnown, func(base string) object {
		return document(base, "https://emulator.simsid.invalid").with(object{
			"authorization_endpoint": "http://127.0.0.1:4711/connect/authorize", "revocation_endpoint": nil, "introspection_endpoint": nil,
		})
	})
	m, err := discover(t, s, DiscoverRequest{Issuer: s.URL})
	want := metadataOf(s.URL, "https://emulator.simsid.invalid")
	want.AuthorizationEndpoint = "http://127.0.0.1:4711/connect/authorize"
	want.RevocationEndpoint, want.IntrospectionEndpoint = "", ""
	if err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v, want %+v", m, err, want)
	}
}

// TestPlainHTTPElsewhere: a provider that isn't on this machine leads nobody to what listens here without TLS (RFC 8414 section 2).
func TestPlainHTTPElsewhere(t *testing.T) {
	embedded, _ := LookupKind("emulator")
	for _, c := range []struct {
		kind            Kind
		issuer, address string
		ok              bool
	}{
		{Kind{}, "https://sts.example", "https://127.0.0.1/token", true},
		{Kind{}, "https://sts.example", "http://127.0.0.1:80/token", false},
		{Kind{}, "https://localhost.example", "http://localhost/token", false},
		{Kind{}, "https://localhost", "http://localhost/token", true},
		{Kind{}, "http://127.0.0.1:1", "http://127.0.0.1:2/token", true},
		{embedded, embedded.Issuer, "http://127.0.0.1:2/token", true},
		{embedded, "https://sts.example", "http://127.0.0.1:2/token", false},
		{Kind{}, embedded.Issuer, "http://127.0.0.1:2/token", false},
	} {
		for name, m := range map[string]Metadata{
			"token_endpoint": {Issuer: c.issuer, TokenEndpoint: c.address}, "authorization_endpoint": {Issuer: c.issuer, AuthorizationEndpoint: c.address},
			"jwks_uri": {Issuer: c.issuer, JWKSURI: c.address}, "pushed_authorization_request_endpoint": {Issuer: c.issuer, PushedEndpoint: c.address},
		} {
			want := ""
			if !c.ok {
				want = name + " is plain http on this machine, and the issuer isn't on it"
			}
			if got := checkEndpoints(c.kind, m); got != want {
				t.Errorf("%s at %s: %q", c.address, c.issuer, got)
			}
		}
	}
	s := discoverer(t, wellKnown, func(base string) object {
		return document(base, "https://sts.example").with(object{"issuer": "https://sts.example", "token_endpoint": "http://127.0.0.1:1/"})
	})
	base := s.Client().Transport
	hc := NewHTTPClient(HTTPOptions{Base: roundTrip(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host = "http", strings.TrimPrefix(s.URL, "http://")
		return base.RoundTrip(req)
	})})
	_, err := Discover(t.Context(), hc, DiscoverRequest{Issuer: "https://sts.example"})
	if e, ok := errors.AsType[*ResponseError](err); !ok || e.Problem != "token_endpoint is plain http on this machine, and the issuer isn't on it" {
		t.Errorf("got %v", err)
	}
}

func TestDiscoverAnswers(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		problem string
	}{
		{"not found", says(404, "text/html", "<html>secret"), 404, "no discovery document at " + wellKnown},
		{"forbidden", says(403, "text/plain", "https required"), 403, "no discovery document at " + wellKnown},
		{"a page", says(200, "text/html", "\n<!doctype html>"), 200, "a page of HTML or XML instead of a JSON object"},
		{"cut", says(200, "application/json", `{"issuer":"http`), 200, "JSON that is cut off"},
		{"empty", says(200, "application/json", ""), 200, "an empty answer instead of a JSON object"},
		{"a list", says(200, "application/json", "[]"), 200, "JSON that is no object"},
		{"words", says(200, "text/plain", "hello"), 200, "no JSON object"},
		{"a member twice", says(200, "application/json", `{"issuer":"a","issuer":"b"}`), 200,
			"a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8"},
		{"signed", says(200, "application/jwt; charset=x", "eyJ.eyJ.x"), 200, "a signed or encrypted answer (application/jwt) instead of a JSON object"},
		{"too long", says(200, "application/json", `{"x":"`+strings.Repeat("x", MaxAnswer)+`"}`), 200, "the answer is longer than 1048576 bytes"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/x?secret", http.StatusFound)
		}, 302,
			"a redirect to " + strings.TrimPrefix(other.URL, "http://") + ", which isn't followed"},
		{"redirect to nowhere", says(301, "", ""), 301, "a redirect, which isn't followed"},
		{"not modified", says(304, "", ""), 304, "a redirect, which isn't followed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{wellKnown: c.handler})
			_, err := discover(t, s, DiscoverRequest{Issuer: s.URL})
			if want := (&ResponseError{"read discovery document", s.host(), c.status, c.problem}); !reflect.DeepEqual(err, error(want)) {
				t.Errorf("error %v, want %v", err, want)
			}
		})
	}
}

func TestDiscoverRefusesAddresses(t *testing.T) {
	for _, c := range []struct {
		issuer string
		want   AddressError
	}{
		{"http://sts.example/", AddressError{"http://sts.example/", "is plain http, which is allowed on loopback only"}},
		{"http://127.1/", AddressError{"http://127.1/", "is plain http, which is allowed on loopback only"}},
		{"http://localhost.example/", AddressError{"http://localhost.example/", "is plain http, which is allowed on loopback only"}},
		{"http://127.0.0.1.example/", AddressError{"http://127.0.0.1.example/", "is plain http, which is allowed on loopback only"}},
		{"sts.example", AddressError{"sts.example", "names no host"}},
		{"", AddressError{"", "names no host"}},
		{"https://me:secret@sts.example/", AddressError{"https://sts.example/", "holds credentials"}},
		{"https://sts.example/#x", AddressError{"https://sts.example/", "has a fragment"}},
		{"https://sts.example/?secret=x", AddressError{"https://sts.example/", "has a query"}},
		{"https://sts.example/?", AddressError{"https://sts.example/", "has a query"}},
		{"https://sts.example:secret/", AddressError{"", "can't be read"}},
	} {
		_, err := Discover(t.Context(), NewHTTPClient(HTTPOptions{Base: unreachable{t}}), DiscoverRequest{Issuer: c.issuer})
		if e, ok := errors.AsType[*AddressError](err); !ok || *e != c.want {
			t.Errorf("%s: error %v, want %v", c.issuer, err, &c.want)
		}
	}
}

// unreachable fails the test where a request gets as far as the network.
type unreachable struct{ t *testing.T }

func (u unreachable) RoundTrip(r *http.Request) (*http.Response, error) {
	u.t.Errorf("a request was sent to %s", r.URL.Host)
	return nil, errors.New("unreachable")
}
