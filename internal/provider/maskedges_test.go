package provider

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// TestTraceKeepsInMind: a secret that a server repeats is masked, however it went out and wherever it came from.
func TestTraceKeepsInMind(t *testing.T) {
	for name, c := range map[string]struct {
		meet    func(*Trace)
		secrets []string
	}{
		"Basic": {func(tr *Trace) {
			tr.header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("id:s%40cret+word")))
		}, []string{"s%40cret+word", "s@cret word", base64.StdEncoding.EncodeToString([]byte("id:s%40cret+word"))}},
		"Basic with a broken escape": {func(tr *Trace) {
			tr.header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("id:se%cret-word")))
		}, []string{"se%cret-word"}},
		"no base64": {func(tr *Trace) { tr.header("Authorization", "Basic not!base64") }, []string{"not!base64"}},
		"Bearer":    {func(tr *Trace) { tr.header("Authorization", "Bearer the-access-token") }, []string{"the-access-token"}},
		"a redirect": {func(tr *Trace) {
			tr.meet(&http.Response{Header: http.Header{"Location": {"https://app.example/cb?code=the-code-of-it&scope=openid-scope"}}}, nil)
		}, []string{"the-code-of-it"}},
		"a callback": {func(tr *Trace) {
			tr.CameBack(Callback{RedirectURI: "https://app.example/cb", Mode: "query", Values: token.NewSecret("code=the-code-of-it&state=the-state-of-it")})
		}, []string{"the-code-of-it", "the-state-of-it"}},
		"eight letters": {func(tr *Trace) { tr.learn(url.Values{"code": {"12345678"}}) }, []string{"12345678"}},
	} {
		tr := NewTrace(TraceOptions{})
		c.meet(tr)
		for _, s := range c.secrets {
			if got := tr.shown("said " + s + "!"); got != "said [masked]!" {
				t.Errorf("%s: %q is shown as %q", name, s, got)
			}
		}
	}
	tr := NewTrace(TraceOptions{})
	tr.learn(url.Values{"other": {"1234567"}, "scope": {"openid-scope"}})
	if got := tr.shown("1234567 openid-scope"); got != "1234567 openid-scope" {
		t.Errorf("got %q", got)
	}
}

// TestTraceHeaders shows a redirect's address without what isn't on the list, and no part of one that can't be read.
func TestTraceHeaders(t *testing.T) {
	for in, want := range map[string]string{
		"https://app.example/cb?code=the-code-of-it&scope=openid": "https://app.example/cb?code=" + mask("code", "the-code-of-it") + "&scope=openid",
		"https://app.example/cb":                                  "https://app.example/cb",
		"https://app.example/cb#code=the-code":                    "[masked]",
		"https://app.example/\x7f":                                "[masked]",
	} {
		if got := NewTrace(TraceOptions{}).header("Location", in); got != want {
			t.Errorf("%q: got %q, expected %q", in, got, want)
		}
	}
	if got := mask("access_token", ""); got != "[masked]" {
		t.Errorf("an empty token is %q", got)
	}
}

// TestTraceMembers shows what is on the list, and of everything else that it is there.
func TestTraceMembers(t *testing.T) {
	for text, want := range map[string]string{
		`"Bearer"`: "Bearer", `true`: "true", `false`: "false", `null`: "null", `7`: "7", `["a",1,{"b":2}]`: `["a","[masked]","[masked]"]`, `{"a":"b"}`: "[masked]",
	} {
		got := NewTrace(TraceOptions{}).member(token.Member{Name: "scope", Value: json.RawMessage(text)})
		if got.words != want || !json.Valid(got.value) {
			t.Errorf("%s: got %q, %s", text, got.words, got.value)
		}
	}
	for text, want := range map[string]string{
		`"secret"`: "[masked]", `7`: "[masked]", `["secret"]`: "[masked]", `{"a":"secret"}`: "[masked]", `true`: "true", `false`: "false", `null`: "null",
	} {
		got := NewTrace(TraceOptions{}).member(token.Member{Name: "other", Value: json.RawMessage(text)})
		if got.words != want || strings.Contains(string(got.value), "secret") {
			t.Errorf("%s: got %q, %s", text, got.words, got.value)
		}
	}
	if got := NewTrace(TraceOptions{}).member(token.Member{Name: "keys", Value: json.RawMessage(`[{},{}]`)}); got.words != "[keys: 2]" {
		t.Errorf("got %q", got.words)
	}
	many := url.Values{}
	for i := range traceMembers + 3 {
		many.Set(fmt.Sprintf("scope%03d", i), "x")
	}
	pairs := NewTrace(TraceOptions{}).fields(many)
	if last := pairs[len(pairs)-1]; len(pairs) != traceMembers+1 || last.name != "and 3 more" {
		t.Errorf("%d fields, the last %q", len(pairs), last)
	}
}

// TestUserNameLetters: a name that somebody is to recognise has nothing in it that can't be seen.
func TestUserNameLetters(t *testing.T) {
	for in, want := range map[string]string{
		"JSMITH": "JSMITH", "\tZoë Smith": "", "Zoë Smith": "Zoë Smith", "a\nb": "", "a\x1b[2J": "", "a\u202eb": "", "a\u200bb": "", "": "",
		strings.Repeat("x", maxUserName): strings.Repeat("x", maxUserName), strings.Repeat("x", maxUserName+1): "",
	} {
		text, err := json.Marshal(object{"userName": in})
		if err != nil {
			t.Fatal(err)
		}
		o, err := token.ParseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := userName(o); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

// TestDatedEdges: .expires counts where expires_in isn't told, within bounds; five seconds of difference are none, and what is no date is told.
func TestDatedEdges(t *testing.T) {
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		answer object
		expiry time.Time
		found  bool
	}{
		{object{".issued": date(0), ".expires": date(time.Hour)}, now.Add(time.Hour), false},
		{object{".issued": date(0), ".expires": date(0)}, time.Time{}, false},
		{object{".issued": date(0), ".expires": date(longestLife)}, now.Add(longestLife), false},
		{object{".issued": date(0), ".expires": date(longestLife + time.Second)}, time.Time{}, false},
		{object{".issued": date(0), ".expires": date(time.Hour), "expires_in": 3595}, now.Add(3595 * time.Second), false},
		{object{".issued": date(0), ".expires": date(time.Hour), "expires_in": 3594}, now.Add(3594 * time.Second), true},
		{object{".issued": date(0), ".expires": date(time.Hour), "expires_in": 60}, now.Add(time.Minute), true},
		{object{".expires": date(time.Hour), "expires_in": 3540}, now.Add(3540 * time.Second), false},
		{object{".expires": 7, "expires_in": 60}, now.Add(time.Minute), true},
		{object{".expires": strings.Repeat(" ", 60) + date(time.Hour)}, time.Time{}, true},
		{object{".expires": "tomorrow"}, time.Time{}, true},
	} {
		text, err := json.Marshal(c.answer)
		if err != nil {
			t.Fatal(err)
		}
		o, err := token.ParseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		if expiry, found := compareDates(o, now); !expiry.Equal(c.expiry) || len(found) > 0 != c.found {
			t.Errorf("%v: got %s, %v", c.answer, expiry, found)
		}
	}
}

// TestClientKeyEdges: a kid that fits, a key that a server takes, and nothing of it in any words.
func TestClientKeyEdges(t *testing.T) {
	text := func(key any) token.Secret {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return token.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	}
	good := text(testKeys().ec)
	for kid, ok := range map[string]bool{
		"": true, "k": true, "a b~!": true, strings.Repeat("k", kidMax): true, strings.Repeat("k", kidMax+1): false, "a\x7f": false, "a\x1f": false, "é": false,
	} {
		if _, err := ParseClientKey(good, kid, ""); (err == nil) != ok {
			t.Errorf("kid %.20q: %v", kid, err)
		}
	}
	k, err := ParseClientKey(good, "", "")
	if err != nil || fmt.Sprint(k) != "[private key]" || fmt.Sprint(ClientKey{}) != "[none]" {
		t.Errorf("%v: %s and %s", err, k, ClientKey{})
	}
	for kid, want := range map[string]bool{"": false, "k": true} {
		k, err := ParseClientKey(good, kid, "")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := k.sign("ES256", map[string]any{"a": 1})
		if err != nil {
			t.Fatal(err)
		}
		jwt, err := token.ParseJWT(raw.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if _, has := jwt.Header.Get("kid"); has != want || jwt.Header.KeyID() != kid {
			t.Errorf("%q: the header is %v", kid, jwt.Header)
		}
	}
	for raw, problem := range map[string]string{
		`{"keys":[1]}`: "it is no JWK: its JSON can't be read", `{"keys":[]}`: "it is a set of keys: one key is wanted", `{"kty":"EC","d":"AA"}`: "it is no JWK of a private key that can be read",
		strings.Repeat("x", maxClientKey): "it is neither PEM with a private key nor a JWK", strings.Repeat("x", maxClientKey+1): "it is longer than 65536 bytes",
	} {
		if _, err := ParseClientKey(token.NewSecret(raw), "", ""); err == nil || err.Error() != "private key of the client: "+problem {
			t.Errorf("%.30q: %v", raw, err)
		}
	}
	broken := *testKeys().rsa
	broken.D = new(big.Int).Add(broken.D, big.NewInt(2))
	if problem := (&clientKey{private: &broken}).settle("", ""); problem != "its parts don't belong together" {
		t.Errorf("got %q", problem)
	}
	huge := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxRSA), E: 65537}, D: big.NewInt(3)}
	if problem := (&clientKey{private: huge}).settle("", ""); problem != "it is RSA of 8193 bits; 2048 to 8192 are allowed" {
		t.Errorf("got %q", problem)
	}
}

// TestPublicPEMEdges: keys of other kinds are refused, and more than a hundred.
func TestPublicPEMEdges(t *testing.T) {
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	public := func(key any) []byte {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return block("PUBLIC KEY", der)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := public(testKeys().rsa.Public())
	for name, c := range map[string]struct {
		text []byte
		keys int
	}{
		"RSA": {good, 1}, "PKCS #1": {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&testKeys().rsa.PublicKey)), 1},
		"P-224": {public(p224.Public()), 0}, "a hundred": {bytes.Repeat(good, maxKeys), maxKeys}, "one more": {bytes.Repeat(good, maxKeys+1), 0},
		"broken": {block("PUBLIC KEY", []byte("x")), 0}, "broken PKCS #1": {block("RSA PUBLIC KEY", []byte("x")), 0}, "broken certificate": {block("CERTIFICATE", []byte("x")), 0},
		"private": {block("PRIVATE KEY", nil), 0}, "other": {block("DH PARAMETERS", nil), 0}, "none": {nil, 0},
	} {
		k, err := ParsePEM(c.text)
		if k.Len() != c.keys || isError[*KeySetError](err) != (c.keys == 0) {
			t.Errorf("%s: %d keys, %v", name, k.Len(), err)
		}
	}
}

// TestLongCoordinates: a point whose numbers are longer than its curve's is none, however long they are.
func TestLongCoordinates(t *testing.T) {
	for _, n := range []int{33, 65, 66, 1000} {
		if readPoint("P-256", make([]byte, n), make([]byte, 32)) != nil || readPoint("P-256", make([]byte, 32), make([]byte, n)) != nil {
			t.Errorf("%d bytes make a point", n)
		}
	}
}

// TestGuardClosesBody: a request that is refused has its body closed, as net/http asks of every transport.
func TestGuardClosesBody(t *testing.T) {
	var closed atomic.Bool
	for _, body := range []io.ReadCloser{nil, closer{&closed}} {
		req := &http.Request{Method: http.MethodPost, URL: &url.URL{Scheme: "http", Host: "evil.example"}, Header: http.Header{}, Body: body}
		if _, err := (&guard{next: http.DefaultTransport}).RoundTrip(req.WithContext(t.Context())); !isError[*AddressError](err) {
			t.Errorf("got %v", err)
		}
		if closed.Load() != (body != nil) {
			t.Errorf("closed: %t", closed.Load())
		}
	}
}

type closer struct{ closed *atomic.Bool }

func (closer) Read([]byte) (int, error) { return 0, io.EOF }
func (c closer) Close() error           { c.closed.Store(true); return nil }

// TestLoadKeysAhead reads the keys once, and not at all where they are there; where it fails they are read when they are needed.
func TestLoadKeysAhead(t *testing.T) {
	p, s := verifier(t)
	p.LoadKeys(t.Context())
	p.LoadKeys(t.Context())
	raw := sign(t, testKeys().rsa, goodHeader(), goodClaims())
	for range 2 {
		if v, err := p.Verify(t.Context(), raw, goodRequest()); err != nil || v.Err() != nil {
			t.Fatal(err, v.Err())
		}
		p.LoadKeys(t.Context())
		p.known(t.Context())
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
	p, _ = verifier(t)
	good := p.Metadata.JWKSURI
	p.Metadata.JWKSURI += "/gone"
	p.LoadKeys(t.Context())
	if p.known(t.Context()) != nil {
		t.Error("keys that weren't there")
	}
	p.Metadata.JWKSURI = good
	p.LoadKeys(t.Context()) // once more, since the first reading is over
	if p.known(t.Context()) == nil {
		t.Error("no keys")
	}
}

// TestRetryEnds: nobody tries again for a user who has given up, and an answer that is given up is closed.
func TestRetryEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	r := &retrier{next: roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		cancel()
		return nil, io.EOF
	})}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://sts.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := r.RoundTrip(req); resp != nil || err != io.EOF || calls != 1 { //nolint:errorlint // itself
		t.Errorf("%v after %d tries", err, calls)
	}
	var closed atomic.Bool
	calls = 0
	r.next = roundTrip(func(*http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			return &http.Response{StatusCode: http.StatusBadGateway, Header: http.Header{}, Body: closer{&closed}}, nil
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
	})
	resp, err := r.RoundTrip(req.WithContext(t.Context()))
	if err != nil || resp.StatusCode != http.StatusOK || !closed.Load() {
		t.Fatalf("%v, closed %t", err, closed.Load())
	}
	_ = resp.Body.Close()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&net.DNSError{IsTemporary: true}, true}, {&net.DNSError{}, false}, {&net.DNSError{IsTemporary: true, IsNotFound: true}, false},
		{&net.OpError{Err: io.EOF}, true}, {io.ErrUnexpectedEOF, true}, {&AddressError{}, false}, {&ProxyError{Err: io.EOF}, false}, {slow{}, false},
	} {
		if got := passing(nil, c.err); got != c.want {
			t.Errorf("%#v: %t", c.err, got)
		}
	}
}

// TestLoopbackURL tells a redirect URI of this machine from others.
func TestLoopbackURL(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:1/": true, "https://LOCALHOST/": true, "http://127.0.0.1/": true, "http://127.9.9.9/": true, "http://[::1]/": true,
		"http://10.0.0.1/": false, "https://app.example/": false, "https://localhost.example/": false, "https://[": false, "": false, "com.example:/x": false,
	} {
		if got := isLoopbackURL(address); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
	k := mustKind(t, "simsid")
	for _, r := range k.Rules {
		if got, ok := k.Rule(r.Name); !ok || got.Name != r.Name {
			t.Errorf("rule %s is %s", r.Name, got.Name)
		}
	}
	if r, ok := k.Rule("no such rule"); ok || !reflect.DeepEqual(r, Rule{}) {
		t.Errorf("got %+v", r)
	}
}

// TestSignedAlgorithms: where userinfo's algorithms aren't named, those of ID tokens count.
func TestSignedAlgorithms(t *testing.T) {
	for _, c := range []struct {
		id, userinfo []string
		ok           bool
	}{{[]string{"ES256"}, nil, true}, {[]string{"RS256"}, nil, false}, {[]string{"RS256"}, []string{"ES256"}, true}, {[]string{"ES256"}, []string{"RS256"}, false}} {
		s := signedServer(t, "application/jwt", sign(t, testKeys().ec, object{"alg": "ES256", "kid": "k2"}, object{"sub": "1"}))
		p := s.provider(mustKind(t, "oidc"))
		p.Metadata.IDTokenAlgs, p.Metadata.UserinfoAlgs = c.id, c.userinfo
		a := &answer{operation: "ask", host: "h", status: 200, header: http.Header{}, body: []byte(sign(t, testKeys().ec, object{"alg": "ES256", "kid": "k2"}, object{"sub": "1"}).Reveal())}
		_, err := p.openSigned(t.Context(), a, signedForm{algorithms: p.Metadata.UserinfoAlgs})
		if slices.Contains(failedOf(t, err), "algorithm") == c.ok { // it fails for other reasons too
			t.Errorf("%v and %v: %v", c.id, c.userinfo, err)
		}
	}
}
