package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// malformed makes requests that are nearly right, and wrong in ways that chance chooses, the same in every run.
type malformed struct {
	*rand.Rand
	handles []string // of a login that lives
}

// Values that are secret: none may come back in a page, a header or the log.
const (
	canarySecret   = "canary-of-a-client-secret"
	canaryPassword = "canary-of-a-password"
	canaryCode     = "canary-of-a-code-or-token"
)

func (m *malformed) pick(from ...string) string { return from[m.IntN(len(from))] }

// value is a parameter's value: what belongs there, or something else.
func (m *malformed) value(name string) string {
	switch m.IntN(6) {
	case 0:
		return m.pick("", " ", "\x00", "\r\nX: y", "%", "<script>alert(1)</script>", "\"'", "é\u202e", "\xff\xfe", "null", "-1", "../..", "{{.}}", "1e309")
	case 1:
		return strings.Repeat(m.pick("a", "%", "é", " ", "."), 1+m.IntN(2000))
	case 2:
		b := make([]byte, m.IntN(60))
		for i := range b {
			b[i] = byte(m.UintN(256))
		}
		return string(b)
	}
	switch name {
	case "client_id":
		return m.pick("code", "codepk", "hybrid", "hybridpk", "implicit", "machine", "password", "reference", singleOrganisation, "disabled")
	case "client_secret":
		return m.pick(canarySecret, specSecret, apiSecret)
	case "redirect_uri", "post_logout_redirect_uri":
		return m.pick(specRedirect, specRedirect+"/", specOut, "javascript:alert(1)", "https://evil.example/", "//evil.example")
	case "response_type":
		return m.pick("code", "id_token token", "token", "code id_token", "code code", "id_token code token")
	case "response_mode":
		return m.pick("query", "fragment", "form_post")
	case "scope":
		return m.pick("openid", "openid offline_access", "profile", "rapapi", "openid "+singleOrganisation)
	case "grant_type":
		return m.pick("authorization_code", "refresh_token", "client_credentials", "password")
	case "password":
		return canaryPassword
	case "username", "login_hint", "choose":
		return m.pick("head", "parent", "hostile", "nobody")
	case "code", "refresh_token", "token", "id_token_hint", "access_token", "code_verifier":
		return m.pick(append(m.handles, canaryCode, "a.b.c", "eyJhbGciOiJub25lIn0.e30.")...)
	case "max_age":
		return m.pick("0", "1", "99999")
	case "prompt":
		return m.pick("none", "login", "consent", "select_account")
	case "acr_values":
		return m.pick("idp:external", "orgselected:x", "tenant:y")
	}
	return "x"
}

// params are those of a good request to an address, some of them altered, and others.
func (m *malformed) params(path string) string {
	values := url.Values{}
	switch path {
	case "/connect/authorize":
		values = url.Values{"client_id": {"code"}, "redirect_uri": {specRedirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}}
		if m.IntN(2) == 0 {
			values.Set("client_id", "hybrid")
			values.Set("response_type", "id_token code")
			values.Set("nonce", "n")
		}
	case "/connect/token":
		values = clientForm(m.pick("code", "machine", "password"), "grant_type", m.pick("authorization_code", "client_credentials", "password", "refresh_token"))
	case "/connect/revocation":
		values = clientForm("code", "token", canaryCode)
	case "/connect/introspect":
		values = url.Values{"client_id": {singleOrganisation}, "client_secret": {apiSecret}, "token": {canaryCode}}
	}
	names := []string{
		"client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge",
		"code_challenge_method", "prompt", "max_age", "login_hint", "ui_locales", "acr_values", "grant_type", "code", "refresh_token", "token",
		"token_type_hint", "expectedScope", "username", "password", "code_verifier", "access_token", "id_token_hint", "post_logout_redirect_uri",
		"signin", "answer", "organisation", "choose", "provider", "remember",
	}
	for range m.IntN(6) {
		name := names[m.IntN(len(names))]
		switch m.IntN(8) {
		case 0:
			values.Del(name)
		case 1:
			values.Add(name, m.value(name))
		default:
			values.Set(name, m.value(name))
		}
	}
	text := values.Encode()
	if m.IntN(10) == 0 {
		text += m.pick("%", "&%zz", "&=", "=", ";a=b", "&%00=%00", strings.Repeat("&a=b", 500))
	}
	return text
}

func (m *malformed) request(t *testing.T) *http.Request {
	paths := []string{
		"/connect/authorize", "/connect/authorize", "/connect/token", "/connect/token", "/connect/userinfo", "/connect/introspect",
		"/connect/accesstokenvalidation", "/connect/identitytokenvalidation", "/connect/revocation", "/connect/endsession",
		"/connect/checksession", "/.well-known/jwks", "/login", "/factor", "/external", "/organisation", "/consent", "/logout",
		"/emulator/faults", "/emulator/health", "/assets/style.css", "/CONNECT/Token", "/nothing", "/connect/token/", "//", "/%2e%2e/x",
	}
	path := paths[m.IntN(len(paths))]
	method := m.pick("GET", "POST", "HEAD", "PUT", "OPTIONS")
	switch {
	case m.IntN(10) == 0:
	case path == "/connect/authorize":
		method = http.MethodGet
	case strings.HasPrefix(path, "/connect/"):
		method = http.MethodPost
	default:
		method = m.pick("GET", "POST")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, Issuer, strings.NewReader(m.params(path)))
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Path = path
	if method == "GET" || m.IntN(5) == 0 {
		r.URL.RawQuery = m.params(path)
	}
	if m.IntN(6) > 0 {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r.Header.Set("Content-Type", m.pick("", ";", "application/json", "multipart/form-data", "application/x-www-form-urlencoded; charset="))
	}
	if m.IntN(4) == 0 {
		r.Header.Set("Authorization", m.pick("Basic", "Basic Og==", "Basic !", "Bearer", "bearer  ", "Bearer a.b.c", "Bearer "+canaryCode,
			"Basic Y29kZTpjYW5hcnktb2YtYS1jbGllbnQtc2VjcmV0", "Bearer "+m.pick(m.handles...)))
	}
	if m.IntN(3) == 0 {
		r.Header.Set("Cookie", m.pick("simsid-emulator-session=x", "simsid-emulator-form="+strings.Repeat("0", 32), "=;=", "simsid-emulator-session="+canaryCode))
	}
	r.Host = "emulator.simsid.invalid"
	return r
}

// Ten thousand malformed requests: no panic, no error of the server's own, no secret in an answer or in the log, and the
// server still serves.
func TestTenThousandMalformedRequests(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	b := newBench(t, Options{Config: specConfig(), Observe: func(x Exchange) {
		mu.Lock()
		defer mu.Unlock()
		if err := json.NewEncoder(&log).Encode(x); err != nil {
			t.Error(err)
		}
	}})
	if err := b.SignInAs("head"); err != nil {
		t.Fatal(err)
	}
	live := b.whole("reference")
	b.as.Store(nil)
	log.Reset()
	m := &malformed{rand.New(rand.NewPCG(3, 14)), []string{live.Refresh, live.Access, live.ID}}
	secrets := []string{canarySecret, canaryPassword, canaryCode, specSecret, apiSecret, live.Refresh, live.Access, live.ID}
	statuses := map[int]int{}
	for n := range 10_000 {
		b.as.Store(nil)
		if n%4 == 0 {
			b.as.Store(b.lookupUser("hostile"))
		}
		r := m.request(t)
		what := fmt.Sprintf("request %d: %s %s?%s", n, r.Method, r.URL.Path, r.URL.RawQuery)
		var sent bytes.Buffer
		r.Body = io.NopCloser(io.TeeReader(r.Body, &sent))
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, r)
		statuses[w.Code]++
		if w.Code >= 500 {
			t.Fatalf("%s: status %d, %s", what, w.Code, sent.String())
		}
		// What a client sends in its own parameters comes back to it alone, in the redirect that it asked for.
		w.Header().Del("Location")
		answer := w.Body.String() + fmt.Sprint(w.Header())
		for _, secret := range secrets {
			if strings.Contains(answer, secret) {
				t.Fatalf("%s: the answer holds %q: %s", what, secret, answer)
			}
		}
		if strings.Contains(answer, "<script>alert") {
			t.Fatalf("%s: the answer holds what was sent as markup: %s", what, answer)
		}
	}
	text := log.String()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("the log holds %q: %s", secret, text[max(0, i-300):i+100])
		}
	}
	if lines := strings.Count(text, "\n"); lines != 10_000 {
		t.Errorf("the log has %d lines", lines)
	}
	for _, status := range []int{200, 302, 400, 401, 405, 415} {
		if statuses[status] < 20 {
			t.Errorf("status %d came %d times only: the requests reach too little; %v", status, statuses[status], statuses)
		}
	}
	if err := b.SignInAs("head"); err != nil {
		t.Fatal(err)
	}
	b.whole("code")
}
