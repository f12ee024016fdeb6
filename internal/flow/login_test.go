package flow

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// TestLogin goes the whole way: every kind of loopback host, by the browser.
func TestLogin(t *testing.T) {
	for _, host := range append(families(t.Context()), "localhost") {
		t.Run(host, func(t *testing.T) {
			s := newSTS(t)
			a := begin(t, s, func(r *LoginRequest) {
				r.RedirectURI = "http://" + net.JoinHostPort(host, "0") + "/callback"
			}).waiting()
			genuine := a.genuine()
			status, _, _ := a.visit(genuine)
			if status != http.StatusOK {
				t.Errorf("landing page: status %d", status)
			}
			a.answered(Answered{Via: "browser", Mode: ModeQuery, RedirectURI: a.redirectURI(), Values: queryOf(genuine)})
			result, err := a.end()
			if err != nil {
				t.Fatal(err)
			}
			want := token.Set{
				Access: token.NewSecret("access-1"), Refresh: token.NewSecret("refresh-1"), ID: result.Set.ID,
				Type: "Bearer", Expiry: start().Add(time.Hour), Scopes: []string{"openid", "offline_access"}, SignedInAt: start(),
			}
			if !reflect.DeepEqual(result.Set, want) {
				t.Errorf("expected %+v, got %+v", want, result.Set)
			}
			if sub, _ := result.Verification.Claims.String("sub"); sub != "user-1" || result.Via != "browser" {
				t.Errorf("sub %q, via %q", sub, result.Via)
			}
			if want := []string{"authorization_code", "jwks"}; !slices.Equal(s.made(), want) {
				t.Errorf("expected the calls %q, got %q", want, s.made())
			}
			if conn, err := net.Dial("tcp", mustURL(t, a.redirectURI()).Host); err == nil {
				_ = conn.Close()
				t.Error("the port is still open")
			}
		})
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAuthorizationRequest(t *testing.T) {
	random := bytes.Repeat([]byte{1}, 32)
	random = append(random, bytes.Repeat([]byte{2}, 32)...)
	random = append(random, bytes.Repeat([]byte{3}, 32)...)
	random = append(random, bytes.Repeat([]byte{4}, 32)...)
	encoded := func(n int) string { return base64.RawURLEncoding.EncodeToString(random[32*n : 32*n+32]) }
	challenge := sha256.Sum256([]byte(encoded(2)))
	a := begin(t, newSTS(t), func(r *LoginRequest) {
		r.Rand = bytes.NewReader(random)
		r.Params = url.Values{"prompt": {"login"}, "login_hint": {"a b"}}
		r.MaxAge = 90 * time.Second
	}).waiting()
	want := url.Values{
		"tenant": {"one"}, "response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {a.redirectURI()},
		"scope": {"openid offline_access"}, "state": {encoded(0)}, "nonce": {encoded(1)}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "max_age": {"90"}, "prompt": {"login"},
		"login_hint": {"a b"},
	}
	if !reflect.DeepEqual(a.request, want) {
		t.Errorf("expected %v, got %v", want, a.request)
	}
}

// TestRequestRefused tells what is refused before anything is listened on.
func TestRequestRefused(t *testing.T) {
	errRandom := errors.New("no entropy")
	param := func(name string, values ...string) func(*LoginRequest) {
		return func(r *LoginRequest) { r.Params = url.Values{name: values} }
	}
	own := func(name string) error { return &ParamError{Name: name, Problem: "is set by the sign-in itself"} }
	for _, c := range []struct {
		name   string
		change func(*LoginRequest)
		want   error
	}{
		{"state", param("state", "x"), own("state")},
		{"nonce", param("nonce", "x"), own("nonce")},
		{"redirect_uri", param("redirect_uri", "x"), own("redirect_uri")},
		{"code_challenge", param("code_challenge", "x"), own("code_challenge")},
		{"code_challenge_method", param("code_challenge_method", "plain"), own("code_challenge_method")},
		{"response_type", param("response_type", "token"), own("response_type")},
		{"response_mode", param("response_mode", "fragment"), own("response_mode")},
		{"an unknown mode", func(r *LoginRequest) { r.ResponseMode = "web_message" }, &ParamError{
			Name: "response_mode", Problem: `can't be "web_message": it is query, fragment or form_post`,
		}},
		{"scope", param("scope", "x"), own("scope")},
		{"client_id", param("client_id", "x"), own("client_id")},
		{"max_age", param("max_age", "0"), own("max_age")},
		{"request", param("request", "x"), own("request")},
		{"request_uri", param("request_uri", "x"), own("request_uri")},
		{"twice", param("prompt", "login", "none"), &ParamError{Name: "prompt", Problem: "must have one value"}},
		{"no openid", func(r *LoginRequest) { r.Scopes = []string{"profile"} }, ErrNoOpenID},
		{"redirect", func(r *LoginRequest) { r.RedirectURI = "ftp://localhost/" }, &RedirectError{
			URI: "ftp://localhost/", Problem: "it starts with neither https:// nor http://",
		}},
		{"https without a certificate", func(r *LoginRequest) { r.RedirectURI = "https://localhost/" }, &RedirectError{
			URI: "https://localhost/", Problem: "it is https, and there is no certificate to listen with",
		}},
		{"away, with nobody to paste", func(r *LoginRequest) { r.RedirectURI = "https://app.example/" }, &RedirectError{
			URI: "https://app.example/", Problem: "it doesn't lead to this machine, and there is nobody to paste the answer",
		}},
		{"nothing listens on any port", func(r *LoginRequest) { r.PasteOnly, r.Paste = true, strings.NewReader("") }, &RedirectError{
			URI: "http://localhost:0/callback", Problem: "its port is 0, and where nothing listens there is none to put in its place",
		}},
		{"random", func(r *LoginRequest) { r.Rand = iotest.ErrReader(errRandom) }, fmt.Errorf("read random bytes: %w", errRandom)},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := begin(t, newSTS(t), c.change)
			result, err := a.end()
			if result != nil || !reflect.DeepEqual(err, c.want) {
				t.Errorf("expected %v, got %+v, %v", c.want, result, err)
			}
			if len(a.events) != 0 {
				t.Errorf("there was an event: %#v", <-a.events)
			}
		})
	}
}

// TestDenied has the provider refuse through the browser.
func TestDenied(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	status, body, _ := a.visit(a.redirectURI() + "?error=access_denied&error_description=no%1b&error_uri=u&state=" + a.request.Get("state"))
	if status != http.StatusBadRequest || !strings.Contains(body, "The sign-in didn’t work") || strings.Contains(body, "denied") {
		t.Errorf("landing page: %d %s", status, body)
	}
	_, err := a.end()
	want := &provider.OAuthError{Operation: "sign in", Code: "access_denied", Description: "no\x1b", URI: "u"}
	if !reflect.DeepEqual(err, error(want)) {
		t.Errorf("expected %#v, got %#v", want, err)
	}
}

// TestIssuerParameter is RFC 9207 section 2.4.
func TestIssuerParameter(t *testing.T) {
	for _, c := range []struct {
		name     string
		promised bool
		iss      string // OWN stands for the provider's
		ok       bool
	}{
		{"absent", false, "", true},
		{"right", false, "OWN", true},
		{"foreign", false, "https://evil.example", false},
		{"with a slash more", false, "OWN/", false},
		{"promised, absent", true, "", false},
		{"promised, right", true, "OWN", true},
		{"promised, foreign", true, "https://evil.example", false},
	} {
		for _, kind := range []string{"code", "error"} {
			t.Run(c.name+", "+kind, func(t *testing.T) {
				s := newSTS(t)
				a := begin(t, s, func(r *LoginRequest) { r.Provider.Metadata.IssParameter = c.promised }).waiting()
				iss := strings.ReplaceAll(c.iss, "OWN", s.URL)
				query := url.Values{"state": {a.request.Get("state")}, kind: {s.grant(a.request)}}
				if iss != "" {
					query.Set("iss", iss)
				}
				status, _, _ := a.visit(a.redirectURI() + "?" + query.Encode())
				_, err := a.end()
				got, refused := errors.AsType[*AnswerError](err)
				if refused == c.ok {
					t.Fatalf("got %v", err)
				}
				if refused && (*got != AnswerError{Expected: s.URL, Got: iss} || status != http.StatusBadRequest || slices.Contains(s.made(), "authorization_code")) {
					t.Errorf("got %#v, landing page %d, calls %q", got, status, s.made())
				}
			})
		}
	}
}

// TestTokensRefused has the provider answer the exchange with something that doesn't hold.
func TestTokensRefused(t *testing.T) {
	failed := func(name string) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*provider.VerificationError](err)
			return ok && len(e.Failed) == 1 && e.Failed[0].Name == name
		}
	}
	reply := func(claims map[string]any) func(*sts) func(http.ResponseWriter, url.Values) {
		return func(s *sts) func(http.ResponseWriter, url.Values) {
			return func(w http.ResponseWriter, form url.Values) {
				all := map[string]any{"nonce": s.grants[form.Get("code")].Get("nonce")}
				maps.Copy(all, claims)
				writeJSON(w, http.StatusOK, s.tokens("1", all))
			}
		}
	}
	for _, c := range []struct {
		name  string
		token func(*sts) func(http.ResponseWriter, url.Values)
		want  func(error) bool
	}{
		{"a foreign nonce", reply(map[string]any{"nonce": "foreign"}), failed("nonce")},
		{"no nonce", reply(map[string]any{"nonce": nil}), failed("nonce")},
		{"a foreign audience", reply(map[string]any{"aud": "client-2"}), failed("audience")},
		{"another access token's hash", reply(map[string]any{"at_hash": "AAAA"}), failed("at_hash")},
		{"another code's hash", reply(map[string]any{"c_hash": "AAAA"}), failed("c_hash")},
		{"a sign-in that is too old", reply(map[string]any{"auth_time": start().Add(-time.Hour).Unix()}), failed("auth_time")},
		{"no ID token", func(*sts) func(http.ResponseWriter, url.Values) {
			return func(w http.ResponseWriter, _ url.Values) {
				writeJSON(w, http.StatusOK, map[string]any{"access_token": "a", "token_type": "Bearer"})
			}
		}, func(err error) bool {
			e, ok := errors.AsType[*provider.ResponseError](err)
			return ok && e.Operation == "exchange the code" && e.Problem == "an answer without id_token" && e.Host != ""
		}},
		{"a refused code", func(*sts) func(http.ResponseWriter, url.Values) {
			return func(w http.ResponseWriter, _ url.Values) {
				writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
			}
		}, func(err error) bool {
			e, ok := errors.AsType[*provider.OAuthError](err)
			return ok && e.Code == "invalid_grant" && e.Status == http.StatusBadRequest
		}},
		{"no answer", func(s *sts) func(http.ResponseWriter, url.Values) {
			return func(http.ResponseWriter, url.Values) { panic(http.ErrAbortHandler) }
		}, func(err error) bool {
			_, ok := errors.AsType[*provider.UnavailableError](err)
			return ok
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSTS(t)
			s.token = c.token(s)
			a := begin(t, s, func(r *LoginRequest) { r.MaxAge = time.Minute }).waiting()
			status, body, _ := a.visit(a.genuine())
			if status != http.StatusBadRequest || !strings.Contains(body, "didn’t work") {
				t.Errorf("the landing page shows success: %d %s", status, body)
			}
			result, err := a.end()
			if result != nil || !c.want(err) {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

// TestMaxAgeFromTheBeginning: who authenticates for this login may take minutes over the pages that follow; who did so before it is refused.
func TestMaxAgeFromTheBeginning(t *testing.T) {
	for age, ok := range map[time.Duration]bool{-3 * time.Second: true, time.Minute: true, 61 * time.Second: false} {
		s := newSTS(t)
		var a *attempt
		s.token = func(w http.ResponseWriter, _ url.Values) {
			writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"nonce": a.request.Get("nonce"), "auth_time": start().Add(-age).Unix()}))
		}
		a = begin(t, s, func(r *LoginRequest) { r.MaxAge = 0 }).waiting()
		s.clock.Advance(4 * time.Minute)
		a.visit(a.genuine())
		if result, err := a.end(); (err == nil) != ok {
			t.Errorf("%s before the login: %+v, %v", age, result, err)
		}
	}
}

// TestSecondAnswer sends the genuine answer again while the first one is being exchanged.
func TestSecondAnswer(t *testing.T) {
	s := newSTS(t)
	exchanging, goOn := make(chan struct{}), make(chan struct{})
	s.token = func(w http.ResponseWriter, form url.Values) {
		close(exchanging)
		<-goOn
		s.exchange(w, form)
	}
	a := begin(t, s, nil).waiting()
	first := a.genuine()
	landed := make(chan int)
	go func() {
		status, _, _ := a.visit(first)
		landed <- status
	}()
	<-exchanging
	for _, address := range []string{first, a.genuine()} {
		status, body, _ := a.visit(address)
		if status != http.StatusConflict || !strings.Contains(body, "already answered") {
			t.Errorf("the second answer: %d %s", status, body)
		}
	}
	close(goOn)
	if status := <-landed; status != http.StatusOK {
		t.Errorf("the first answer's landing page: %d", status)
	}
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
	if want := []string{"authorization_code", "jwks"}; !slices.Equal(s.made(), want) {
		t.Errorf("expected the calls %q, got %q", want, s.made())
	}
}
