package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// tracing returns a provider of s whose exchanges take 12 ms each, and their trace.
func tracing(s *testServer) (*Provider, *bytes.Buffer) {
	var out bytes.Buffer
	var mu sync.Mutex
	at := now
	p := s.provider(Kinds()[0])
	p.HTTP = NewHTTPClient(HTTPOptions{Trace: NewTrace(TraceOptions{Words: &out, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(12 * time.Millisecond)
		return at
	}})})
	return p, &out
}

// tokenOf is a JWT that nobody signed, for masks.
const tokenOf = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

func TestTraceOfAnExchange(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Date", "Sat, 21 Nov 2026 21:00:00 GMT")
		h.Set("Set-Cookie", "idsrv=cookie-secret")
		h.Set("X-Request-Id", "7")
		_, _ = fmt.Fprintf(w, `{"id_token":%q,"access_token":%q,"expires_in":3600,"token_type":"Bearer","refresh_token":"0123456789abcdef0123456789abcdef","new_secret":"n","deep":{"access_token":"d"}}`, tokenOf, tokenOf)
	}})
	p, out := tracing(s)
	if _, err := exchange(t, p); err != nil {
		t.Fatal(err)
	}
	mark := token.NewSecret(tokenOf).Fingerprint()
	want := strings.ReplaceAll(`> POST http://HOST/token
>   Accept: application/json
>   Content-Type: application/x-www-form-urlencoded
>   User-Agent: simsid
>   client_id=client-1
>   client_secret=[masked]
>   code=[code: 32 bytes, #CODE]
>   code_verifier=[code_verifier: 12 bytes, #VERIFIER]
>   grant_type=authorization_code
>   redirect_uri=http://127.0.0.1:8400/callback
< 200 OK in 12ms, 265 bytes
<   Content-Type: application/json
<   Date: Sat, 21 Nov 2026 21:00:00 GMT
<   masked: Content-Length, Set-Cookie, X-Request-Id
<   id_token: [id_token: JWT, 48 bytes, #MARK]
<   access_token: [access_token: JWT, 48 bytes, #MARK]
<   expires_in: 3600
<   token_type: Bearer
<   refresh_token: [refresh_token: 32 bytes, #CODE]
<   new_secret: [masked]
<   deep: [masked]
`, "HOST", s.host())
	want = strings.NewReplacer("MARK", mark, "CODE", testCode.Fingerprint(), "VERIFIER", token.NewSecret("the-verifier").Fingerprint()).Replace(want)
	if got := out.String(); got != want {
		t.Errorf("trace:\n%s\nwant\n%s", got, want)
	}
}

func TestTraceOfUserinfo(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/userinfo": func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Set("Location", "https://sts.example/x?code=0123456789abcdef0123456789abcdef&scope=a")
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"sub":"personal","name\u001b[2J":"personal","iss":"\u001b[31mred secret-schema","aud":["a","b"],"amr":null,"other":true,"pin":1234,"keys":[1,2,3]}`)
	}})
	p, out := tracing(s)
	p.Metadata.UserinfoEndpoint += "?schema=secret-schema&scope=a%1b"
	if _, err := p.Userinfo(t.Context(), token.NewSecret(tokenOf), ""); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("HOST", s.host(), "MARK", token.NewSecret(tokenOf).Fingerprint(), "CODE", testCode.Fingerprint()).Replace(
		`> GET http://HOST/userinfo?schema=[masked]&scope=a\x1b
>   Accept: application/json, application/jwt
>   Authorization: Bearer [access_token: JWT, 48 bytes, #MARK]
>   User-Agent: simsid
< 200 OK in 12ms, 147 bytes
<   Content-Type: application/json
<   Location: https://sts.example/x?code=[code: 32 bytes, #CODE]&scope=a
<   masked: Content-Length
<   sub: [masked]
<   name\x1b[2J: [masked]
<   iss: \x1b[31mred [masked]
<   aud: ["a","b"]
<   amr: null
<   other: true
<   pin: [masked]
<   keys: [keys: 3]
`)
	if got := out.String(); got != want {
		t.Errorf("trace:\n%s\nwant\n%s", got, want)
	}
}

// Nothing of what is sent or received as a secret is in a trace, wherever the server repeats it.
func TestTraceHoldsNoSecret(t *testing.T) {
	secrets := []string{"client-secret", "refresh-token-1", "access-token-1", "id-token-1", "cookie-secret", "verifier-secret", "page-secret", "new-token-1"}
	echo := func(w http.ResponseWriter, r *http.Request) {
		words := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if _, password, ok := r.BasicAuth(); ok {
			plain, _ := url.QueryUnescape(password)
			words = password + " or " + plain
		}
		_ = r.ParseForm()
		for _, name := range []string{"client_secret", "token", "refresh_token", "code", "code_verifier"} {
			words += " " + r.Form.Get(name)
		}
		h := w.Header()
		h.Set("Set-Cookie", "cookie-secret")
		h.Set("WWW-Authenticate", "Bearer error_description=\""+words+"\"")
		h.Set("Location", "https://x/?token=new-token-1&unknown=cookie-secret")
		w.WriteHeader(http.StatusBadRequest)
		b, _ := json.Marshal(object{
			"error": "invalid_grant", "error_description": words + " but new-token-1", "error_uri": object{"x": words},
			"access_token": "new-token-1", "id_token": []string{"id-token-1"}, "anything": "cookie-secret",
		})
		_, _ = w.Write(b)
	}
	s := serve(t, map[string]http.HandlerFunc{
		"/token": echo, "/userinfo": echo, "/introspect": echo, "/connect/accesstokenvalidation": echo,
		"/revoke": says(200, "text/html", "<html>page-secret"),
	})
	for _, auth := range []AuthMethod{AuthPost, AuthBasic, AuthBasicRaw} {
		p, out := tracing(s)
		c := Client{ID: "c", Secret: token.NewSecret("client-secret + more"), Auth: auth}
		_, _ = p.Refresh(t.Context(), c, token.NewSecret("refresh-token-1"))
		_, _ = p.Exchange(t.Context(), c, token.NewSecret("refresh-token-1"), token.NewSecret("verifier-secret"), "http://localhost/")
		_, _ = p.Userinfo(t.Context(), token.NewSecret("access-token-1"), "")
		_, _ = p.Introspect(t.Context(), c, token.NewSecret("access-token-1"), "")
		_, _ = p.ValidateAccess(t.Context(), token.NewSecret("access-token-1"))
		_ = p.Revoke(t.Context(), c, token.NewSecret("refresh-token-1"), "refresh_token")
		text := out.String()
		if n := strings.Count("\n"+text, "\n> "+"POST") + strings.Count(text, "\n> GET"); n != 6 {
			t.Errorf("%s: %d exchanges:\n%s", auth, n, text)
		}
		for _, secret := range append(secrets, "Y2xpZW50", "YzpjbGll") {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %s in\n%s", auth, secret, text)
			}
		}
	}
}

func TestTraceMasksWhatIsRepeatedInWords(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": says(400, "", `{"error":"invalid_grant","error_description":"0123456789abcdef0123456789abcdef is used"}`)})
	p, out := tracing(s)
	_, _ = exchange(t, p)
	if got := out.String(); !strings.HasSuffix(got, "<   error: invalid_grant\n<   error_description: [masked] is used\n") {
		t.Errorf("trace:\n%s", got)
	}
}

func TestTraceOfOtherAnswers(t *testing.T) {
	many := strings.Repeat(`x`, 2000)
	s := serve(t, map[string]http.HandlerFunc{
		"/revoke":   says(200, "", ""),
		"/userinfo": says(200, "text/html", "<html>"),
		"/jwks":     says(200, "", `{"iss":"`+many+`"}`),
	})
	p, out := tracing(s)
	_ = p.Revoke(t.Context(), Client{}, testToken, "")
	_, _ = p.Userinfo(t.Context(), testToken, "")
	_, _ = p.fetchKeys(t.Context())
	s.Close()
	_, err := p.Userinfo(t.Context(), testToken, "")
	text := out.String()
	for _, want := range []string{
		"< 200 OK in 12ms, 0 bytes\n", "<   a page of HTML or XML instead of a JSON object\n",
		"<   iss: " + many[:traceValue] + "…\n", "< no answer in 12ms: dial tcp ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in\n%s", want, text)
		}
	}
	if _, ok := errors.AsType[*UnavailableError](err); !ok {
		t.Errorf("error %v", err)
	}
}

// A trace changes no answer: a long one stays too long, a cut one cut.
func TestTraceKeepsErrors(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/userinfo": says(200, "", strings.Repeat(" ", MaxAnswer+1)),
		"/revoke": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = fmt.Fprint(w, "{")
		},
	})
	p, out := tracing(s)
	_, err := p.Userinfo(t.Context(), testToken, "")
	if e, ok := errors.AsType[*ResponseError](err); !ok || e.Problem != "the answer is longer than 1048576 bytes" {
		t.Errorf("error %v", err)
	}
	if err := p.Revoke(t.Context(), Client{}, testToken, ""); err == nil || !strings.HasSuffix(err.Error(), "unexpected EOF") {
		t.Errorf("error %v", err)
	}
	if text := out.String(); strings.Count(text, "<   the body ended early: ") != 2 {
		t.Errorf("trace:\n%s", text)
	}
}

// A refusal that repeats what it was sent is shown without it.
func TestErrorsHoldNothingSent(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		words := r.Header.Get("Authorization") + " " + r.Form.Encode() + " " + r.Form.Get("code") + r.Form.Get("token") + r.Form.Get("client_secret")
		w.WriteHeader(http.StatusBadRequest)
		b, _ := json.Marshal(object{"error": "e-" + r.Form.Get("code"), "error_description": words, "error_uri": "https://x/?" + r.Form.Encode()})
		_, _ = w.Write(b)
	}
	s := serve(t, map[string]http.HandlerFunc{"/token": echo, "/userinfo": echo, "/introspect": echo})
	p := s.provider(Kind{})
	for _, auth := range []AuthMethod{AuthPost, AuthBasic, AuthBasicRaw} {
		c := Client{ID: "c", Secret: token.NewSecret("client secret/+"), Auth: auth}
		_, exchanged := p.Exchange(t.Context(), c, token.NewSecret("secret-code"), token.NewSecret("secret-verifier"), "http://localhost/")
		_, asked := p.Userinfo(t.Context(), token.NewSecret("secret-access"), "")
		_, introspected := p.Introspect(t.Context(), c, token.NewSecret("secret-token"), "")
		for _, err := range []error{exchanged, asked, introspected} {
			e, ok := errors.AsType[*OAuthError](err)
			if !ok {
				t.Fatalf("%s: %v", auth, err)
			}
			text := e.Code + e.Description + e.URI
			for _, secret := range []string{"secret-", "client secret", "client+secret", "client%20secret", "YzpjbGll"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s in %+v", auth, secret, e)
				}
			}
			if !strings.Contains(text, "[masked]") {
				t.Errorf("%s: nothing was repeated: %+v", auth, e)
			}
		}
	}
}
