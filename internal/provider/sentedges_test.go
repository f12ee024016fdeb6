package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// TestDeparture: whatever has got a connection may have gone out, and so may what never asked for one, as in-process calls don't.
func TestDeparture(t *testing.T) {
	d := &departure{}
	if !d.possible() {
		t.Error("a call that needs no connection hasn't gone out")
	}
	trace := d.trace()
	trace.GetConn("h")
	if d.possible() {
		t.Error("what waits for a connection has gone out")
	}
	trace.GotConn(httptrace.GotConnInfo{})
	if !d.possible() {
		t.Error("what has a connection hasn't gone out")
	}
}

// TestSentTold: a refused connection has used up nothing; one that broke may have.
func TestSentTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	_ = l.Close()
	s := serve(t, map[string]http.HandlerFunc{"/token": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }})
	for address, sent := range map[string]bool{"http://" + free + "/token": false, s.URL + "/token": true} {
		p := s.provider(mustKind(t, "oidc"))
		p.Metadata.TokenEndpoint = address
		_, err := p.Refresh(t.Context(), Client{ID: "c"}, token.NewSecret("r"))
		e, ok := errors.AsType[*UnavailableError](err)
		if !ok || e.Sent != sent || strings.Contains(e.Error(), "Post ") {
			t.Errorf("%s: %+v", address, err)
		}
	}
}

// TestGivenKeys: of keys that the user gave any may have signed a token that names none; of a provider's only the one that there is.
func TestGivenKeys(t *testing.T) {
	one, two := jwk(t, testKeys().rsa.Public(), "k1", nil), jwk(t, testKeys().other.Public(), "k2", nil)
	set := func(keys ...object) []byte {
		b, err := json.Marshal(object{"keys": keys})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	six := make([]object, maxTried+2)
	for i := range six {
		six[i] = one
	}
	for name, c := range map[string]struct {
		text  []byte
		alg   string
		given bool
		keys  int
		want  string
	}{
		"one of a provider's":       {set(one), "RS256", false, 1, ""},
		"two of a provider's":       {set(one, two), "RS256", false, 0, "the token names no key, and 2 of the provider's would suit"},
		"two that were given":       {set(one, two), "RS256", true, 2, ""},
		"as many as are tried":      {set(six[:maxTried]...), "RS256", true, maxTried, ""},
		"one more":                  {set(six[:maxTried+1]...), "RS256", true, 0, "the token names no key, and 5 of the keys would suit"},
		"one that doesn't":          {set(one), "ES256", true, 0, "the key is RSA of 2048 bits, which can't be ES256's"},
		"two that don't":            {set(one, two), "ES256", true, 0, "none of the 2 keys suits ES256"},
		"a provider's that doesn't": {set(one), "ES256", false, 0, "none of the provider's 1 keys suits ES256"},
	} {
		read := ParseProviderJWKS
		if c.given {
			read = ParseJWKS
		}
		k, err := read(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if chosen, problem := k.choose(c.alg, ""); len(chosen) != c.keys || problem != c.want {
			t.Errorf("%s: %d keys, %q", name, len(chosen), problem)
		}
	}
	for text, want := range map[string]string{
		`{"keys":[]}`:              "it has no keys",
		`{"keys":[{"kty":"oct"}]}`: "none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519",
		`{"a":1}`:                  "a key set without an array of keys",
	} {
		if _, err := ParseJWKS([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	s := serve(t, map[string]http.HandlerFunc{"/jwks": says(http.StatusNotFound, "application/json", string(set(one)))})
	if k, err := FetchJWKS(t.Context(), NewHTTPClient(HTTPOptions{}), s.URL+"/jwks"); k.Len() != 0 || !isError[*ResponseError](err) {
		t.Errorf("%d keys, %v", k.Len(), err)
	}
}

// TestSignedRows tells of each row of a signed answer what was expected and where it is asked for.
func TestSignedRows(t *testing.T) {
	header := object{"alg": "RS256", "kid": "k1"}
	jwtOf := func(header, claims object) *token.JWT {
		jwt, err := token.ParseJWT(sign(t, testKeys().rsa, header, claims).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		return jwt
	}
	for _, c := range []struct {
		form   signedForm
		header object
		want   Outcome
		shown  string
		detail string
	}{
		{signedForm{}, header, Passed, "", ""}, {signedForm{}, header.with(object{"typ": "JWT"}), Passed, "", ""},
		{signedForm{}, header.with(object{"typ": "at+jwt"}), Failed, "JWT", "by its typ the JWT is for something else"},
		{signedForm{typ: "token-introspection+jwt"}, header.with(object{"typ": "token-introspection+jwt"}), Passed, "token-introspection+jwt", ""},
		{signedForm{}, header.with(object{"crit": []string{"x"}}), Failed, "", "the header's crit demands extensions that aren't known here"},
	} {
		row := c.form.typed(jwtOf(c.header, object{}))
		if row.Outcome != c.want || row.Expected != c.shown || row.Detail != c.detail {
			t.Errorf("%v: %+v", c.header, row)
		}
	}
}

// TestClockWords: a minute or more is worth a word, and only in the direction that explains something.
func TestClockWords(t *testing.T) {
	for ahead, want := range map[time.Duration][2]string{
		clockWorthNaming:     {"this machine's clock is " + roughly(clockWorthNaming) + " ahead of the provider's", ""},
		-clockWorthNaming:    {"", "this machine's clock is " + roughly(clockWorthNaming) + " behind the provider's"},
		clockWorthNaming - 1: {"", ""}, 0: {"", ""},
	} {
		c := &ServerClock{ahead: ahead, known: true}
		if got := [2]string{c.words(true), c.words(false)}; got != want {
			t.Errorf("%s: %q", ahead, got)
		}
	}
	if got := (&ServerClock{ahead: time.Hour}).words(true); got != "" {
		t.Errorf("a clock that nobody has heard of: %q", got)
	}
}

// TestTraceBare: without a clock and without a place to keep: what isn't known isn't shown.
func TestTraceBare(t *testing.T) {
	var words bytes.Buffer
	tr := NewTrace(TraceOptions{Words: &words})
	s := serve(t, map[string]http.HandlerFunc{"/": says(http.StatusOK, "", "")})
	hc := NewHTTPClient(HTTPOptions{Trace: tr})
	if _, err := get(t.Context(), hc, "ask", s.URL+"/?scope="); err != nil {
		t.Fatal(err)
	}
	tr.CameBack(Callback{RedirectURI: "https://app.example/cb", Values: token.NewSecret("error=e")})
	tr.CameBack(Callback{RedirectURI: "https://[", Values: token.NewSecret("error=e")})
	tr.Sent("https://[")
	text := words.String()
	if strings.Contains(text, " ms") || strings.Contains(text, "Location") || strings.Contains(text, "proxy") || !strings.Contains(text, "the browser came back to https://app.example/cb\n") {
		t.Errorf("got\n%s", text)
	}
	if len(tr.kept) != 0 {
		t.Errorf("%d are kept", len(tr.kept))
	}
	if got := NewTrace(TraceOptions{}).header("Location", (&url.URL{Scheme: "https", Host: "x", Path: "/"}).String()); got != "https://x/" {
		t.Errorf("got %q", got)
	}
}
