package provider

import (
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

var (
	testClient = Client{ID: "client-1", Secret: token.NewSecret("s:e+c ret")}
	testCode   = token.NewSecret("0123456789abcdef0123456789abcdef")
)

// revealed is a set that can be compared.
type revealed struct {
	Access, ID, Refresh, Type string
	Expiry                    time.Time
	Scopes                    []string
}

func reveal(s token.Set) revealed {
	return revealed{s.Access.Reveal(), s.ID.Reveal(), s.Refresh.Reveal(), s.Type, s.Expiry, s.Scopes}
}

func exchange(t *testing.T, p *Provider) (token.Set, error) {
	t.Helper()
	r, err := p.Exchange(t.Context(), testClient, testCode, token.NewSecret("the-verifier"), "http://127.0.0.1:8400/callback")
	return r.Set, err
}

func TestTokenAnswers(t *testing.T) {
	bare := revealed{Access: "a", Type: "Bearer"}
	in := func(d time.Duration) revealed { r := bare; r.Expiry = now.Add(d); return r }
	scoped := func(scopes ...string) revealed { r := bare; r.Scopes = scopes; return r }
	for _, c := range []struct {
		name, body string
		want       revealed
		problem    string
	}{
		{"IdentityServer3's", `{"id_token":"i","access_token":"a","expires_in":3600,"token_type":"Bearer","refresh_token":"r"}`,
			revealed{"a", "i", "r", "Bearer", now.Add(time.Hour), nil}, ""},
		{"bearer in small letters, and a scope", `{"access_token":"a","token_type":"bearer","scope":"openid  roles"}`,
			revealed{Access: "a", Type: "bearer", Scopes: []string{"openid", "roles"}}, ""},
		{"nulls", `{"access_token":"a","token_type":"Bearer","refresh_token":null,"id_token":null,"expires_in":null,"scope":null}`, bare, ""},
		{"scope empty", `{"access_token":"a","token_type":"Bearer","scope":""}`, bare, ""},
		{"scope a list", `{"access_token":"a","token_type":"Bearer","scope":["openid"]}`, bare, ""},
		{"one scope", `{"access_token":"a","token_type":"Bearer","scope":"openid"}`, scoped("openid"), ""},
		{"lifetime as a string", `{"access_token":"a","token_type":"Bearer","expires_in":"60"}`, in(time.Minute), ""},
		{"lifetime with a fraction", `{"access_token":"a","token_type":"Bearer","expires_in":1.5}`, in(1500 * time.Millisecond), ""},
		{"lifetime of ten years", `{"access_token":"a","token_type":"Bearer","expires_in":315360000}`, in(87600 * time.Hour), ""},
		{"lifetime beyond", `{"access_token":"a","token_type":"Bearer","expires_in":315360001}`, bare, ""},
		{"lifetime huge", `{"access_token":"a","token_type":"Bearer","expires_in":1e999}`, bare, ""},
		{"lifetime zero", `{"access_token":"a","token_type":"Bearer","expires_in":0}`, in(0), ""},
		{"lifetime negative", `{"access_token":"a","token_type":"Bearer","expires_in":-1}`, in(0), ""},
		{"no lifetime, but the access token's own", `{"access_token":"eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3OTUwMDAwMDB9.AA","token_type":"Bearer"}`,
			revealed{Access: "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3OTUwMDAwMDB9.AA", Type: "Bearer", Expiry: time.Unix(1795000000, 0).UTC()}, ""},
		{"lifetime in words", `{"access_token":"a","token_type":"Bearer","expires_in":"NaN"}`, bare, ""},
		{"lifetime an object", `{"access_token":"a","token_type":"Bearer","expires_in":{}}`, bare, ""},

		{"no access token", `{"token_type":"Bearer","refresh_token":"r"}`, revealed{Refresh: "r"}, "an answer without access_token"},
		{"empty access token", `{"access_token":"","token_type":"Bearer"}`, revealed{}, "an answer without access_token"},
		{"access token a number", `{"access_token":1,"token_type":"Bearer","refresh_token":"r"}`, revealed{Refresh: "r"}, "access_token is no string"},
		{"ID token an object", `{"access_token":"a","id_token":{},"token_type":"Bearer","refresh_token":"r"}`, revealed{Refresh: "r"}, "id_token is no string"},
		{"refresh token a number", `{"access_token":"a","token_type":"Bearer","refresh_token":1}`, revealed{}, "refresh_token is no string"},
		{"a line break in a token", `{"access_token":"a\nb","token_type":"Bearer"}`, revealed{}, "access_token holds characters that no token may hold"},
		{"an escape in a token", `{"access_token":"a","token_type":"Bearer","refresh_token":"\u001b[2J"}`, revealed{}, "refresh_token holds characters that no token may hold"},
		{"a letter beyond ASCII in a token", `{"access_token":"ä","token_type":"Bearer"}`, revealed{}, "access_token holds characters that no token may hold"},
		{"no token type", `{"access_token":"a","refresh_token":"r"}`, revealed{Refresh: "r"}, "an answer without token_type"},
		{"token type a number", `{"access_token":"a","token_type":1}`, revealed{}, "token_type is no string"},
		{"another token type", `{"access_token":"a","token_type":"DPoP\u001b","refresh_token":"r"}`, revealed{Refresh: "r"}, `token_type is "DPoP\x1b" instead of Bearer`},
		{"a list", `[]`, revealed{}, "JSON that is no object"},
		{"a page", `<html>`, revealed{}, "a page of HTML or XML instead of a JSON object"},
		{"cut", `{"access_token":"a"`, revealed{}, "JSON that is cut off"},
		{"a member twice", `{"access_token":"a","access_token":"b","token_type":"Bearer"}`, revealed{},
			"a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8"},
		{"too deep", `{"access_token":"a","token_type":"Bearer","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, revealed{},
			"a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/token": says(200, "application/json", c.body)})
			r, err := s.provider(Kind{}).Refresh(t.Context(), testClient, token.NewSecret("old"))
			if got := reveal(r.Set); !reflect.DeepEqual(got, c.want) {
				t.Errorf("set %+v, want %+v", got, c.want)
			}
			var want error
			if c.problem != "" {
				want = &ResponseError{"refresh", s.host(), 200, c.problem}
			}
			if !reflect.DeepEqual(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		})
	}
}

func TestTokenRefusals(t *testing.T) {
	header := func(name, value string, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(name, value)
			next(w, r)
		}
	}
	const op = "exchange the code"
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    func(host string) error
	}{
		{"IdentityServer3's", says(400, "application/json", `{"error":"invalid_grant"}`), func(string) error {
			return &OAuthError{Operation: op, Code: "invalid_grant", Status: 400}
		}},
		{"with words", says(401, "application/json", `{"error":"invalid_client","error_description":"no","error_uri":"https://x/"}`), func(string) error {
			return &OAuthError{op, "invalid_client", "no", "https://x/", 401}
		}},
		{"words without end", says(400, "", `{"error":"invalid_request","error_description":"`+strings.Repeat("ä", 5000)+`"}`), func(string) error {
			return &OAuthError{Operation: op, Code: "invalid_request", Description: strings.Repeat("ä", 500) + "…", Status: 400}
		}},
		{"a code without end", says(400, "", `{"error":"`+strings.Repeat("e", 5000)+`"}`), func(string) error {
			return &OAuthError{Operation: op, Code: strings.Repeat("e", 100) + "…", Status: 400}
		}},
		{"too slow for the server", says(408, "", ""), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 408}
		}},
		{"media type", says(415, "application/json", `{"ErrorMessage":"Unsupported Media Type"}`), func(host string) error {
			return &ResponseError{op, host, 415, "a JSON object without an error code"}
		}},
		{"error no string", says(400, "", `{"error":{"code":1}}`), func(host string) error {
			return &ResponseError{op, host, 400, "a JSON object without an error code"}
		}},
		{"a page of another server", says(404, "text/html", "<html>"), func(host string) error {
			return &ResponseError{op, host, 404, "a page of HTML or XML instead of a JSON object"}
		}},
		{"plain http refused", says(403, "text/plain", "HTTPS required"), func(host string) error {
			return &ResponseError{op, host, 403, "no JSON object"}
		}},
		{"redirect", header("Location", "https://evil.example/?x", says(307, "", "")), func(host string) error {
			return &ResponseError{op, host, 307, "a redirect to evil.example, which isn't followed"}
		}},
		{"down", says(500, "application/json", `{"error":"invalid_grant"}`), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 500}
		}},
		{"too many, in seconds", header("Retry-After", "30", says(429, "", "")), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 429, RetryAfter: 30 * time.Second}
		}},
		{"down until a date", header("Date", "Sat, 21 Nov 2026 21:00:00 GMT", header("Retry-After", "Sat, 21 Nov 2026 21:01:30 GMT", says(503, "", ""))), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 503, RetryAfter: 90 * time.Second}
		}},
		{"down until the past", header("Date", "Sat, 21 Nov 2026 21:00:00 GMT", header("Retry-After", "Sat, 21 Nov 2026 20:00:00 GMT", says(503, "", ""))), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 503}
		}},
		{"down for ever", header("Retry-After", "4000000000", says(503, "", "")), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 503, RetryAfter: 24 * time.Hour}
		}},
		{"down for an unknown time", header("Retry-After", "-5", says(503, "", "")), func(host string) error {
			return &UnavailableError{Operation: op, Host: host, Status: 503}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/token": c.handler})
			set, err := exchange(t, s.provider(Kind{}))
			if want := c.want(s.host()); !reflect.DeepEqual(err, want) {
				t.Errorf("error %#v, want %#v", err, want)
			}
			if !reflect.DeepEqual(set, token.Set{}) {
				t.Errorf("set %+v", reveal(set))
			}
			if n := len(s.seen()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestClientAuthentication(t *testing.T) {
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	base := url.Values{
		"grant_type": {"authorization_code"}, "code": {testCode.Reveal()}, "code_verifier": {"the-verifier"},
		"redirect_uri": {"http://127.0.0.1:8400/callback"},
	}
	with := func(pairs ...string) string {
		form := url.Values{}
		maps.Copy(form, base)
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form.Encode()
	}
	secret := testClient.Secret
	for _, c := range []struct {
		name, auth, form string
		client           Client
	}{
		{"default with a secret", "", with("client_id", "client-1", "client_secret", "s:e+c ret"), Client{ID: "client-1", Secret: secret}},
		{"default without", "", with("client_id", "client-1"), Client{ID: "client-1"}},
		{"post", "", with("client_id", "client-1", "client_secret", "s:e+c ret"), Client{ID: "client-1", Secret: secret, Auth: AuthPost}},
		{"basic", basic("cl%3Aient:s%3Ae%2Bc+ret"), with(), Client{ID: "cl:ient", Secret: secret, Auth: AuthBasic}},
		{"raw basic", basic("client-1:s:e+c ret"), with(), Client{ID: "client-1", Secret: secret, Auth: AuthBasicRaw}},
		{"none, though there is a secret", "", with("client_id", "client-1"), Client{ID: "client-1", Secret: secret, Auth: AuthNone}},
		{"basic without a secret is a public client", "", with("client_id", "client-1"), Client{ID: "client-1", Auth: AuthBasic}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/token": says(200, "", `{"access_token":"a","token_type":"Bearer"}`)})
			_, err := s.provider(Kind{}).Exchange(t.Context(), c.client, testCode, token.NewSecret("the-verifier"), "http://127.0.0.1:8400/callback")
			if err != nil {
				t.Fatal(err)
			}
			if got, want := s.seen(), []seen{{"POST", "/token", c.auth, c.form}}; !reflect.DeepEqual(got, want) {
				t.Errorf("requests %+v, want %+v", got, want)
			}
		})
	}
}

func TestClientAuthenticationRefused(t *testing.T) {
	for _, c := range []struct {
		client Client
		want   string
	}{
		{Client{ID: "cl:ient", Secret: testClient.Secret, Auth: AuthBasicRaw}, `exchange the code: client id "cl:ient" holds a colon, which client_secret_basic_raw can't carry`},
		{Client{ID: "client-1", Secret: testClient.Secret, Auth: "client_secret_jwt"}, `exchange the code: unknown client authentication "client_secret_jwt"`},
	} {
		s := serve(t, nil)
		_, err := s.provider(Kind{}).Exchange(t.Context(), c.client, testCode, token.Secret{}, "")
		if err == nil || err.Error() != c.want || len(s.seen()) != 0 {
			t.Errorf("error %v after %d requests, want %s", err, len(s.seen()), c.want)
		}
	}
}

// IdentityServer3 refuses a verifier from a client whose flow has no proof key.
func TestExchangeWithoutVerifier(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": says(200, "", `{"access_token":"a","token_type":"Bearer"}`)})
	if _, err := s.provider(Kind{}).Exchange(t.Context(), Client{ID: "c"}, testCode, token.Secret{}, "http://localhost/"); err != nil {
		t.Fatal(err)
	}
	want := "client_id=c&code=0123456789abcdef0123456789abcdef&grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%2F"
	if got := s.seen()[0].Form; got != want {
		t.Errorf("form %s, want %s", got, want)
	}
}

func TestRefreshForm(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": says(200, "", `{"access_token":"a","token_type":"Bearer"}`)})
	p := s.provider(Kind{})
	if _, err := p.Refresh(t.Context(), Client{ID: "c"}, token.NewSecret("old")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Refresh(t.Context(), Client{ID: "c"}, token.Secret{}); !errors.Is(err, errNoToken) {
		t.Errorf("without a token: %v", err)
	}
	want := []seen{{"POST", "/token", "", "client_id=c&grant_type=refresh_token&refresh_token=old"}}
	if got := s.seen(); !reflect.DeepEqual(got, want) {
		t.Errorf("requests %+v, want %+v", got, want)
	}
}

// A server that takes a code and hangs up must not get it a second time: it has burned it, and by RFC 6749 section 4.1.2 it
// may end every token got with it. The connection has served a request before, which is when net/http would try again.
func TestExchangeIsSentOnce(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	posts := make(chan int, 1)
	go func() {
		n := 0
		for {
			c, err := l.Accept()
			if err != nil {
				posts <- n
				return
			}
			n += hangUpOnPost(c)
		}
	}()
	p := &Provider{HTTP: NewHTTPClient(HTTPOptions{}), Now: clock}
	p.Metadata.UserinfoEndpoint, p.Metadata.TokenEndpoint = "http://"+l.Addr().String()+"/u", "http://"+l.Addr().String()+"/token"
	if _, err := p.Userinfo(t.Context(), token.NewSecret("a"), ""); err != nil {
		t.Fatal(err)
	}
	_, err = exchange(t, p)
	e, ok := errors.AsType[*UnavailableError](err)
	if !ok || e.Operation != "exchange the code" || e.Host != l.Addr().String() || e.Status != 0 || e.Err == nil {
		t.Errorf("error %#v", err)
	}
	_ = l.Close()
	if n := <-posts; n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
}

// hangUpOnPost answers GETs, and closes the connection once it has read a POST; it returns how many those were.
func hangUpOnPost(c net.Conn) int {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return 0
		}
		if strings.HasPrefix(string(buf[:n]), "POST") {
			return 1
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	}
}

func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a","token_type":"Bearer","expires_in":3600}`,
		`{"access_token":"a","token_type":"bearer","expires_in":"1e3","scope":"openid","refresh_token":"r","id_token":"i"}`,
		`{"access_token":null}`, `{"refresh_token":"r","token_type":1}`, `{}`, `[]`, `<html>`, `{"access_token":"\ud800","token_type":"Bearer"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := token.ParseObject(body)
		if err != nil {
			if bodyProblem("", body) == "" {
				t.Error("no problem named")
			}
			return
		}
		set, problem := readTokens(o, now)
		if problem != "" {
			if !set.Access.IsZero() || !set.ID.IsZero() {
				t.Errorf("tokens of an answer with a problem: %s", problem)
			}
			if visible(problem) != problem {
				t.Errorf("foreign text in %q", problem)
			}
		} else if set.Access.IsZero() || !strings.EqualFold(set.Type, "Bearer") {
			t.Error("an answer taken without access token or type")
		}
		for _, s := range []token.Secret{set.Access, set.ID, set.Refresh} {
			if v := s.Reveal(); v != visible(v) {
				t.Error("a token that a terminal would obey")
			}
		}
		if !set.Expiry.IsZero() && !set.Expiry.After(now.Add(-time.Nanosecond)) {
			t.Errorf("expiry %v", set.Expiry)
		}
	})
}

// TestErrorWithStatus200: the provider's words are told, whatever the status, and a refresh token beside them isn't lost; where tokens came, they
// are what was asked for.
func TestErrorWithStatus200(t *testing.T) {
	for _, c := range []struct {
		body string
		want error
		set  token.Set
	}{
		{`{"error":"authorization_pending","error_description":"wait"}`, &OAuthError{Operation: opRefresh, Status: 200, Code: "authorization_pending", Description: "wait"}, token.Set{}},
		{`{"error":"x","refresh_token":"r"}`, &OAuthError{Operation: opRefresh, Status: 200, Code: "x"}, token.Set{Refresh: token.NewSecret("r")}},
		{`{"error":""}`, &ResponseError{Operation: opRefresh, Status: 200, Problem: "an answer without access_token"}, token.Set{}},
		{`{"Message":"no"}`, &ResponseError{Operation: opRefresh, Status: 200, Problem: "an answer without access_token"}, token.Set{}},
		{`{"error":"x","access_token":"a","token_type":"Bearer"}`, nil, token.Set{Access: token.NewSecret("a"), Type: "Bearer"}},
	} {
		s := serve(t, map[string]http.HandlerFunc{"/token": says(200, "application/json", c.body)})
		if e, ok := errors.AsType[*ResponseError](c.want); ok {
			e.Host = s.host()
		}
		p := &Provider{Metadata: Metadata{TokenEndpoint: s.URL + "/token"}, HTTP: s.Client(), Now: time.Now}
		got, err := p.Refresh(t.Context(), Client{ID: "c"}, token.NewSecret("old"))
		if !reflect.DeepEqual(err, c.want) || !reflect.DeepEqual(got.Set, c.set) {
			t.Errorf("%s: got %+v, %v", c.body, got.Set, err)
		}
	}
}
