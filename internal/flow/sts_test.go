package flow

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// start is when every test's clock begins.
func start() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// fakeClock is a clock that moves only when a test says so.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[time.Time][]chan time.Time
	asked  chan time.Duration // the calls of After, as long as there is room
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: start(), timers: map[time.Time][]chan time.Time{}, asked: make(chan time.Duration, 100)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d == pasteSettle || d == pasteLate { // the times that nobody wants to move by hand
		return time.After(d)
	}
	timer := make(chan time.Time, 1)
	c.timers[c.now.Add(d)] = append(c.timers[c.now.Add(d)], timer)
	select {
	case c.asked <- d:
	default:
	}
	return timer
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for at, timers := range c.timers {
		if at.After(c.now) {
			continue
		}
		for _, timer := range timers {
			timer <- c.now
		}
		delete(c.timers, at)
	}
}

// sts is a provider that signs in whoever asks.
type sts struct {
	*httptest.Server
	key   *rsa.PrivateKey
	clock *fakeClock
	// token answers the token endpoint; a test may replace it.
	token func(w http.ResponseWriter, form url.Values)
	// push answers the endpoint for pushed requests.
	push func(w http.ResponseWriter, form url.Values)
	// device is the answer of the device authorisation endpoint.
	device map[string]any
	asked  func(form url.Values) // what it is asked; nil: nobody looks

	mu     sync.Mutex
	grants map[string]url.Values // authorisation requests by the code that was given for them
	calls  []string              // grant types and paths in the order in which they came
}

const (
	clientID     = "client-1"
	clientSecret = "its secret"
)

// signingKey is every test's: making one takes longer than most tests.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newSTS(t *testing.T) *sts {
	t.Helper()
	key := signingKey()
	s := &sts{key: key, clock: newFakeClock(), grants: map[string]url.Values{}}
	s.token = s.exchange
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.called(r.PostForm.Get("grant_type"))
		s.token(w, r.PostForm)
	})
	mux.HandleFunc("POST /device", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if s.asked != nil {
			s.asked(r.PostForm)
		}
		writeJSON(w, http.StatusOK, s.device)
	})
	mux.HandleFunc("POST /par", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.push(w, r.PostForm)
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		s.called("jwks")
		reply := map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "use": "sig", "kid": "key-1",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}}
		writeJSON(w, http.StatusOK, reply)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *sts) called(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, what)
}

// made are the calls so far, sorted: the keys are read whenever there is time for it.
func (s *sts) made() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.calls))
}

func (s *sts) provider() *provider.Provider {
	return &provider.Provider{
		Kind: provider.Kind{Name: "oidc", Title: "a test's own"},
		Metadata: provider.Metadata{
			Issuer:                s.URL,
			AuthorizationEndpoint: s.URL + "/authorize?tenant=one",
			TokenEndpoint:         s.URL + "/token",
			JWKSURI:               s.URL + "/jwks",
			IDTokenAlgs:           []string{"RS256"},
		},
		HTTP: provider.NewHTTPClient(provider.HTTPOptions{}),
		Now:  s.clock.Now,
	}
}

func (s *sts) client() provider.Client {
	return provider.Client{ID: clientID, Secret: token.NewSecret(clientSecret)}
}

// grant gives a code for an authorisation request.
func (s *sts) grant(request url.Values) (code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code = "code-" + rand.Text()
	s.grants[code] = request
	return code
}

// exchange redeems a code once, with the checks of RFC 6749 section 4.1.3 and RFC 7636 section 4.6.
func (s *sts) exchange(w http.ResponseWriter, form url.Values) {
	s.mu.Lock()
	request, ok := s.grants[form.Get("code")]
	delete(s.grants, form.Get("code"))
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	proof := base64.RawURLEncoding.EncodeToString(sum[:])
	if !request.Has("code_challenge") && !form.Has("code_verifier") {
		proof = ""
	}
	if !ok || form.Get("redirect_uri") != request.Get("redirect_uri") || form.Get("client_secret") != clientSecret ||
		proof != request.Get("code_challenge") {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"nonce": request.Get("nonce")}))
}

// tokens is a token response whose tokens end in suffix.
func (s *sts) tokens(suffix string, claims map[string]any) map[string]any {
	return map[string]any{
		"access_token": "access-" + suffix, "refresh_token": "refresh-" + suffix, "id_token": s.idToken(claims),
		"token_type": "Bearer", "expires_in": 3600, "scope": "openid offline_access",
	}
}

// idToken signs claims over those that every login has; nil takes one out.
func (s *sts) idToken(claims map[string]any) string {
	now := s.clock.Now().Unix()
	all := map[string]any{"iss": s.URL, "sub": "user-1", "aud": clientID, "iat": now, "exp": now + 300, "auth_time": now}
	for name, value := range claims {
		if value == nil {
			delete(all, name)
			continue
		}
		all[name] = value
	}
	payload, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"key-1","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}
