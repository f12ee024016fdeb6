package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// clock stands still unless told.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// counted is a source of randomness that gives the same bytes in every run.
type counted struct{ n uint64 }

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], c.n)
		c.n++
		sum := sha256.Sum256(b[:])
		p[i] = sum[0]
	}
	return len(p), nil
}

var start = time.Date(2026, time.November, 21, 9, 30, 0, 0, time.UTC)

// sharedKey is made once for all tests: making one takes longer than all that a test does.
var sharedKey = sync.OnceValues(func() (keyRecord, error) {
	s := &Server{now: func() time.Time { return start }, rand: &lockedReader{from: rand.Reader}}
	return s.makeKey()
})

// bench is a server with a browser and a back channel.
type bench struct {
	*testing.T
	*Server
	clock   *clock
	notices chan error
	back    *http.Client // in-process
	browser *http.Client // on loopback, keeps cookies, follows redirects to this server only
	base    string
}

const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	callback  = "http://127.0.0.1:43210/callback"
)

func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	c := &clock{at: start}
	notices := make(chan error, 100)
	if o.Now == nil {
		o.Now = c.now
	}
	if o.Rand == nil {
		o.Rand = &counted{}
	}
	if o.Notice == nil {
		o.Notice = func(err error) { notices <- err }
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	record, err := sharedKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.update(t.Context(), func(st *state) error {
		if len(st.Keys) == 0 {
			st.Keys = []keyRecord{record}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(whole(s.Handler()))
	t.Cleanup(web.Close)
	b := &bench{T: t, Server: s, clock: c, notices: notices, base: web.URL}
	b.back = &http.Client{Transport: s.Transport(), CheckRedirect: stay}
	b.browser = newBrowser(t, web)
	return b
}

// whole sends an answer when all is done for its request: what that leaves behind, in the log too, is there before the answer is.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the browser has gone
	})
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// newBrowser follows redirects within the server and stops at those that leave it, as they go to a client.
func newBrowser(t *testing.T, web *httptest.Server) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	home, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: web.Client().Transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != home.Host {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// answer is a response with its body read.
type answer struct {
	status   int
	header   http.Header
	body     string
	location string
	at       string // path that answered
}

func (b *bench) do(c *http.Client, r *http.Request) answer {
	b.Helper()
	res, err := c.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body), res.Header.Get("Location"), res.Request.URL.Path}
}

func (b *bench) request(method, address string, form url.Values) *http.Request {
	b.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.Context(), method, address, body)
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// authorizeQuery is a request of the built-in client that is right, altered by pairs of name and value; the value "-"
// leaves the parameter out.
func authorizeQuery(alter ...string) url.Values {
	q := url.Values{
		"client_id":             {BuiltinClientID},
		"redirect_uri":          {callback},
		"response_type":         {"code"},
		"scope":                 {"openid profile roles partner partnermanagementapplication offline_access"},
		"state":                 {"the state"},
		"nonce":                 {"the nonce"},
		"code_challenge":        {challenge},
		"code_challenge_method": {"S256"},
	}
	return altered(q, alter)
}

func altered(q url.Values, alter []string) url.Values {
	q = maps.Clone(q)
	for pair := range slices.Chunk(alter, 2) {
		if pair[1] == "-" {
			q.Del(pair[0])
		} else {
			q.Set(pair[0], pair[1])
		}
	}
	return q
}

func (b *bench) authorize(c *http.Client, q url.Values) answer {
	b.Helper()
	return b.do(c, b.request(http.MethodGet, b.base+"/connect/authorize?"+q.Encode(), nil))
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"/?>`)

var ticked = regexp.MustCompile(`<input type="checkbox" name="([^"]+)" value="([^"]*)" checked=""/>`)

// fields reads the hidden fields and the ticked boxes of a page's first form.
func fields(page string) url.Values {
	out := url.Values{}
	first, _, _ := strings.Cut(page, "</form>")
	for _, m := range hidden.FindAllStringSubmatch(first, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range ticked.FindAllStringSubmatch(first, -1) {
		out.Add(m[1], html.UnescapeString(m[2]))
	}
	return out
}

// submit posts the form of a page, with further fields.
func (b *bench) submit(page answer, more ...string) answer {
	b.Helper()
	return b.do(b.browser, b.request(http.MethodPost, b.base+page.at, altered(fields(page.body), more)))
}

// code signs a user in and returns the code.
func (b *bench) code(login string, alter ...string) string {
	b.Helper()
	page := b.authorize(b.browser, authorizeQuery(alter...))
	if page.at == "/login" {
		page = b.submit(page, "username", login, "password", "sample-"+login)
	}
	if page.at == "/organisation" && page.status == http.StatusOK {
		page = b.submit(page, "organisation", b.lookupUser(login).memberships[0].organisation.ID)
	}
	return b.landed(page).Get("code")
}

// landed reads the parameters at the redirect URI.
func (b *bench) landed(a answer) url.Values {
	b.Helper()
	u, err := url.Parse(a.location)
	if err != nil || a.location == "" {
		b.Fatalf("no redirect to the client: status %d at %s, %s", a.status, a.at, a.body)
	}
	return u.Query()
}

func tokenForm(alter ...string) url.Values {
	return altered(url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {BuiltinClientID},
		"client_secret": {builtinSecret},
		"redirect_uri":  {callback},
		"code_verifier": {verifier},
	}, alter)
}

func refreshForm(handle string) url.Values {
	return tokenForm("grant_type", "refresh_token", "refresh_token", handle, "redirect_uri", "-", "code_verifier", "-")
}

func (b *bench) post(path string, form url.Values) answer {
	b.Helper()
	return b.do(b.back, b.request(http.MethodPost, Issuer+path, form))
}

// tokens are the answer of the token endpoint.
type tokens struct {
	ID        string `json:"id_token"`
	Access    string `json:"access_token"`
	ExpiresIn int    `json:"expires_in"`
	Type      string `json:"token_type"`
	Refresh   string `json:"refresh_token"`
}

func (b *bench) tokens(a answer) tokens {
	b.Helper()
	var out tokens
	if a.status != http.StatusOK {
		b.Fatalf("token endpoint: status %d, %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		b.Fatal(err)
	}
	return out
}

func (b *bench) login(user string, alter ...string) tokens {
	b.Helper()
	return b.tokens(b.post("connect/token", tokenForm("code", b.code(user, alter...))))
}

// payload returns a JWT's claims as text.
func (b *bench) payload(jwt string) string {
	b.Helper()
	return b.part(jwt, 1)
}

func (b *bench) part(jwt string, n int) string {
	b.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		b.Fatalf("%q is no JWT", jwt)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

const otherSecret = "50% of: everything+more"

// add registers a second client of the plain code flow, whose redirect URI is compared as a whole.
func (b *bench) add(alter func(*ClientConfig)) *ClientConfig {
	c := *b.clients[0]
	c.ID, c.Name, c.Secret = "other", "Other", token.NewSecret(otherSecret)
	c.Flow, c.AnyPort = FlowCode, false
	c.RedirectURIs = []string{"https://localhost:5454/Callback"}
	c.PostLogoutRedirectURIs = []string{"https://localhost:5454/Out"}
	c.Scopes = []string{"openid", "profile", "partner", "offline_access"}
	if alter != nil {
		alter(&c)
	}
	b.clients = append(b.clients, &c)
	return &c
}

// otherQuery and otherForm are that client's requests.
func otherQuery(alter ...string) url.Values {
	return altered(authorizeQuery("client_id", "other", "redirect_uri", "https://localhost:5454/Callback",
		"scope", "openid profile partner offline_access", "code_challenge", "-", "code_challenge_method", "-"), alter)
}

func otherForm(alter ...string) url.Values {
	return altered(tokenForm("client_id", "other", "client_secret", otherSecret,
		"redirect_uri", "https://localhost:5454/Callback", "code_verifier", "-"), alter)
}
