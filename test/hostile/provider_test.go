package hostile_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	clientID     = "client-1"
	clientSecret = "the client's secret"
	goodCode     = "code-1"
	signedInAt   = 1772442000 // 2 March 2026, 9:00 UTC: when every login here is
)

// The signing keys are made once: it takes longer than most tests.
var (
	signingKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	otherKey   = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
)

func newKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// claims are the members of a JSON object; a nil takes one out where they are laid over others.
type claims map[string]any

func (c claims) over(base claims) claims {
	all := maps.Clone(base)
	for name, v := range c {
		if v == nil {
			delete(all, name)
		} else {
			all[name] = v
		}
	}
	return all
}

// provider is an OpenID provider that is honest but for what a case changes. Each field of the first group is laid over what an
// honest one says.
type provider struct {
	*httptest.Server
	t         *testing.T
	clock     *clock
	elsewhere *elsewhere

	metadata claims // of discovery
	header   claims // of the ID token
	id       claims // the ID token's own, at the token endpoint
	frontID  claims // the same, of the one in the browser
	answer   claims // of the token endpoint
	front    url.Values
	gone     []string // parameters that the authorisation endpoint leaves out

	sign   func(input string) string             // a token's signature; nil: RS256 by key-1
	token  func(whole string) string             // the ID token of the token endpoint, before it is sent; nil: as it is
	serve  map[string]http.HandlerFunc           // what a path answers with, in place of what it should
	late   time.Duration                         // how far its clock is ahead of the user's
	rotate int                                   // the key set has another key from this reading of it on; 0: never
	visit  func(b browser, p *provider, r asked) // what comes to the listener; nil: what the provider sends

	mu      sync.Mutex
	asked   asked
	issued  int      // tokens so far
	refresh []string // the refresh tokens that came
	codes   []string // the codes that came
	reads   int      // of the key set
}

// asked is an authorisation request, and the answer to it.
type asked struct {
	url.Values
	answer url.Values
	mode   string
}

// elsewhere is a server that nobody has any business with. It counts.
type elsewhere struct {
	*httptest.Server
	mu   sync.Mutex
	hits []string
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.hits = append(e.hits, r.Method+" "+r.URL.Path)
		writeJSON(w, http.StatusOK, claims{"keys": []any{publicJWK(otherKey(), "key-1")}})
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *elsewhere) visited() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.hits)
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, clock: newClock(), elsewhere: newElsewhere(t), serve: map[string]http.HandlerFunc{}}
	routes := map[string]http.HandlerFunc{
		"/.well-known/openid-configuration": p.discovery, "/authorize": p.authorize, "/token": p.redeem, "/jwks": p.keys,
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		handler, ok := p.serve[r.URL.Path]
		w.Header().Set("Date", p.clock.Now().Add(p.late).Format(http.TimeFormat))
		p.mu.Unlock()
		if !ok {
			handler, ok = routes[r.URL.Path]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		handler(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// change is for what a case changes: requests may be on their way.
func (p *provider) change(do func(*provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if do != nil {
		do(p)
	}
}

// beHonest takes every change back.
func beHonest(p *provider) {
	p.metadata, p.header, p.id, p.frontID, p.answer, p.front, p.gone = nil, nil, nil, nil, nil, nil, nil
	p.sign, p.token, p.serve, p.late, p.rotate, p.visit = nil, nil, map[string]http.HandlerFunc{}, 0, 0, nil
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	writeJSON(w, http.StatusOK, p.metadata.over(claims{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/jwks",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
	}))
}

// authorize signs in whoever comes, and sends the browser back.
func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	parts := strings.Fields(q.Get("response_type"))
	answer := url.Values{"state": {q.Get("state")}}
	mode := "query"
	if len(parts) > 1 || parts[0] != "code" {
		mode = "fragment"
	}
	base := claims{"nonce": q.Get("nonce")}
	if slices.Contains(parts, "code") {
		answer.Set("code", goodCode)
		base["c_hash"] = leftHash(goodCode)
	}
	if slices.Contains(parts, "token") {
		answer.Set("access_token", "front-access")
		answer.Set("token_type", "Bearer")
		base["at_hash"] = leftHash("front-access")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = asked{Values: q, mode: mode}
	if slices.Contains(parts, "id_token") {
		answer.Set("id_token", p.idToken(base, p.frontID))
	}
	maps.Copy(answer, p.front)
	for _, name := range p.gone {
		answer.Del(name)
	}
	p.asked.answer = answer
	separator := map[string]string{"query": "?", "fragment": "#"}[mode]
	w.Header().Set("Location", q.Get("redirect_uri")+separator+answer.Encode())
	w.WriteHeader(http.StatusFound)
}

// redeem answers the token endpoint.
func (p *provider) redeem(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	base := claims{}
	switch r.PostForm.Get("grant_type") {
	case "refresh_token":
		p.refresh = append(p.refresh, r.PostForm.Get("refresh_token"))
	default:
		p.codes = append(p.codes, r.PostForm.Get("code"))
		base["nonce"] = p.asked.Get("nonce")
	}
	p.issued++
	n := strconv.Itoa(p.issued)
	whole := p.idToken(base, p.id)
	if p.token != nil {
		whole = p.token(whole)
	}
	writeJSON(w, http.StatusOK, p.answer.over(claims{
		"access_token": "access-" + n, "refresh_token": "refresh-" + n, "id_token": whole, "token_type": "Bearer", "expires_in": 3600,
		"scope": "openid offline_access",
	}))
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	keys := []any{publicJWK(signingKey(), "key-1")}
	if p.rotate > 0 && p.reads >= p.rotate {
		keys = []any{publicJWK(otherKey(), "key-2")}
	}
	writeJSON(w, http.StatusOK, claims{"keys": keys})
}

// idToken signs claims over those that every login has, and a case's over both.
func (p *provider) idToken(login, changed claims) string {
	now := p.clock.Now().Unix()
	header, err := json.Marshal(p.header.over(claims{"alg": "RS256", "kid": "key-1", "typ": "JWT"}))
	if err != nil {
		panic(err)
	}
	payload, err := json.Marshal(changed.over(login.over(claims{
		"iss": p.URL, "sub": "user-1", "aud": clientID, "iat": now, "exp": now + 300, "auth_time": signedInAt,
	})))
	if err != nil {
		panic(err)
	}
	input := encode(header) + "." + encode(payload)
	if p.sign != nil {
		return input + "." + p.sign(input)
	}
	return input + "." + signed(signingKey(), input)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func signed(key *rsa.PrivateKey, input string) string {
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return encode(signature)
}

// byHMAC signs as the attack of RFC 8725 section 2.1 does: with what everybody knows as the key.
func byHMAC(secret []byte) func(string) string {
	return func(input string) string {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return encode(mac.Sum(nil))
	}
}

func publicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&signingKey().PublicKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func publicJWK(key *rsa.PrivateKey, kid string) claims {
	return claims{
		"kty": "RSA", "use": "sig", "kid": kid, "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
	}
}

// leftHash is at_hash and c_hash for RS256 (OpenID Connect Core 3.1.3.6).
func leftHash(of string) string {
	sum := sha256.Sum256([]byte(of))
	return encode(sum[:len(sum)/2])
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // of a case that doesn't read to the end
}

// clock stands still but for what a test does. Its long alarms go off when a test says so; the short ones are the program's own and
// real.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	alarms []chan time.Time
}

func newClock() *clock { return &clock{now: time.Unix(signedInAt, 0).UTC()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// loginTime is how long a login waits for its answer.
const loginTime = 5 * time.Minute

func (c *clock) After(d time.Duration) <-chan time.Time {
	if d < loginTime {
		if d < time.Minute {
			return time.After(d)
		}
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	alarm := make(chan time.Time, 1)
	c.alarms = append(c.alarms, alarm)
	return alarm
}

// expire is the end of every login's patience.
func (c *clock) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, alarm := range c.alarms {
		alarm <- c.now
	}
	c.alarms = nil
}
