package emulator

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTransportRefusesOtherHosts(t *testing.T) {
	b := newBench(t, Options{})
	for _, address := range []string{
		"http://emulator.simsid.invalid/", "https://emulator.simsid.invalid:8443/", "https://example.com/",
		"https://emulator.simsid.invalid.example.com/", "https://x.emulator.simsid.invalid/",
	} {
		res, err := b.Transport().RoundTrip(b.request(http.MethodGet, address, nil))
		if err == nil {
			res.Body.Close()
			t.Errorf("%s is answered with %d", address, res.StatusCode)
		} else if !strings.Contains(err.Error(), Issuer+" and nothing else") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{Issuer, "https://EMULATOR.simsid.invalid/", "https://emulator.simsid.invalid:443/"} {
		if a := b.do(b.back, b.request(http.MethodGet, address, nil)); a.status != http.StatusOK {
			t.Errorf("%s: %d", address, a.status)
		}
	}
}

type watched struct {
	io.Reader
	closed bool
}

func (w *watched) Close() error {
	w.closed = true
	return nil
}

func TestTransportBoundsTheBodyAndClosesIt(t *testing.T) {
	b := newBench(t, Options{})
	for size, ok := range map[int]bool{maxForm: true, maxForm + 1: false} {
		body := &watched{Reader: strings.NewReader(strings.Repeat("a", size))}
		r := b.request(http.MethodPost, Issuer+"connect/token", nil)
		r.Body, r.ContentLength = body, -1
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := b.Transport().RoundTrip(r)
		if err == nil {
			res.Body.Close()
		}
		if (err == nil) != ok || !body.closed {
			t.Errorf("%d bytes: %v, closed %t", size, err, body.closed)
		}
	}
	broken := errors.New("broken")
	r := b.request(http.MethodPost, Issuer+"connect/token", nil)
	r.Body = &watched{Reader: io.MultiReader(strings.NewReader("a"), failing{broken})}
	if _, err := b.Transport().RoundTrip(r); !errors.Is(err, broken) { // there is none
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTransportHonoursTheContext(t *testing.T) {
	b := newBench(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := b.request(http.MethodGet, Issuer, nil).WithContext(ctx)
	if _, err := b.Transport().RoundTrip(r); !errors.Is(err, context.Canceled) { // there is none
		t.Errorf("got %v", err)
	}
}

func TestTransportTurnsPanicsIntoErrors(t *testing.T) {
	b := newBench(t, Options{})
	b.now = func() time.Time { panic("no clock") }
	r := b.request(http.MethodGet, Issuer+"connect/authorize?"+authorizeQuery().Encode(), nil)
	if _, err := b.Transport().RoundTrip(r); err == nil || !strings.Contains(err.Error(), "no clock") { // there is none
		t.Errorf("got %v", err)
	}
}

func TestTransportBoundsTheAnswer(t *testing.T) {
	rec := &recorder{header: http.Header{}}
	chunk := make([]byte, maxAnswer/2)
	for i, ok := range []bool{true, true, false} {
		if _, err := rec.Write(chunk); (err == nil) != ok {
			t.Errorf("write %d: %v", i+1, err)
		}
	}
	if !rec.full || rec.body.Len() != maxAnswer {
		t.Errorf("%d bytes kept", rec.body.Len())
	}
}

func TestTransportOfAnotherIssuer(t *testing.T) {
	b := newBench(t, Options{Issuer: "http://localhost:8080", As: "head"})
	a := b.do(b.back, b.request(http.MethodGet, "http://localhost:8080/.well-known/openid-configuration", nil))
	if !strings.Contains(a.body, `{"issuer":"http://localhost:8080","jwks_uri":"http://localhost:8080/.well-known/jwks"`) {
		t.Errorf("%d, %s", a.status, a.body)
	}
	code := b.landed(b.authorize(b.browser, authorizeQuery())).Get("code")
	got := b.tokens(b.do(b.back, b.request(http.MethodPost, "http://localhost:8080/connect/token", tokenForm("code", code))))
	if iss := claimOf(t, b.payload(got.Access), "iss") + claimOf(t, b.payload(got.Access), "aud"); iss != `"http://localhost:8080""http://localhost:8080/resources"` {
		t.Errorf("iss and aud %s", iss)
	}
	a = b.do(b.back, b.request(http.MethodPost, "http://localhost:8080/connect/introspect", scopeForm("token", got.Access)))
	if !strings.Contains(a.body, `"active":true`) {
		t.Errorf("introspection: %s", a.body)
	}
	for _, issuer := range []string{"emulator", "ftp://a/", "https://a/b", "https://a/?b", "https://a/#b", "https://u@a/", "https:///", "%"} {
		if _, err := New(Options{Issuer: issuer, Now: b.clock.now, Rand: &counted{}}); err == nil {
			t.Errorf("issuer %q is taken", issuer)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("no clock and no randomness, and no error")
	}
}

const discovery = `{"issuer":"https://emulator.simsid.invalid/","jwks_uri":"https://emulator.simsid.invalid/.well-known/jwks",` +
	`"authorization_endpoint":"BROWSERconnect/authorize","token_endpoint":"https://emulator.simsid.invalid/connect/token",` +
	`"userinfo_endpoint":"https://emulator.simsid.invalid/connect/userinfo","end_session_endpoint":"BROWSERconnect/endsession",` +
	`"check_session_iframe":"BROWSERconnect/checksession",` +
	`"revocation_endpoint":"https://emulator.simsid.invalid/connect/revocation",` +
	`"introspection_endpoint":"https://emulator.simsid.invalid/connect/introspect","frontchannel_logout_supported":true,` +
	`"frontchannel_logout_session_supported":true,"scopes_supported":["openid","profile","roles","partner",` +
	`"partnermanagementapplication","simsmultiorgapplication","offline_access","partner-read","partner-write",` +
	`"partnerserverapplication","simsserverapplication","rapapi"],"claims_supported":["sub","name","role","idp","provider",` +
	`"providerid","providername","site","multipleorganisations","userorganisationidentifier","userorganisationidentifiers",` +
	`"applicationid","applicationname","vendorid"],"response_types_supported":["code","token","id_token","id_token token",` +
	`"code id_token","code token","code id_token token"],"response_modes_supported":["form_post","query","fragment"],` +
	`"grant_types_supported":["authorization_code","client_credentials","password","refresh_token","implicit"],` +
	`"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"],` +
	`"code_challenge_methods_supported":["plain","S256"],` +
	`"token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic"]}`

// While a listener serves the browser, discovery names it where a browser goes and nowhere else; and it answers everything.
func TestServeBrowser(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	ask := func() string { return b.get(".well-known/openid-configuration").body }
	same(t, "before", ask(), strings.ReplaceAll(discovery, "BROWSER", Issuer))
	ctx, cancel := context.WithCancel(t.Context())
	base, err := b.ServeBrowser(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(base, "http://127.0.0.1:") || !strings.HasSuffix(base, "/") {
		t.Errorf("base %q", base)
	}
	same(t, "while", ask(), strings.ReplaceAll(discovery, "BROWSER", base))

	b.browser.CheckRedirect = stay
	code := b.landed(b.do(b.browser, b.request(http.MethodGet, base+"connect/authorize?"+authorizeQuery().Encode(), nil))).Get("code")
	b.tokens(b.do(b.browser, b.request(http.MethodPost, base+"connect/token", tokenForm("code", code))))

	cancel()
	for strings.Contains(ask(), base) {
		waitABit(t)
	}
	same(t, "after", ask(), strings.ReplaceAll(discovery, "BROWSER", Issuer))
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/"))
		if err != nil {
			break
		}
		conn.Close()
		waitABit(t)
	}
}

// waitABit lets others run; the test's own deadline ends a wait in vain.
func waitABit(t *testing.T) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.Fatal("waited in vain")
	case <-time.After(time.Millisecond):
	}
}

// A name that is made to point at 127.0.0.1 gets nothing (DNS rebinding).
func TestForeignHostHeaders(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	base, err := b.ServeBrowser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	port := strings.Trim(strings.TrimPrefix(base, "http://127.0.0.1"), ":/")
	for host, want := range map[string][2]int{ // listener, handler
		"127.0.0.1:" + port:               {200, 200},
		"localhost:" + port:               {200, 200},
		"LOCALHOST:" + port:               {200, 200},
		"127.0.0.1":                       {421, 200},
		"localhost:1":                     {421, 200},
		"[::1]:" + port:                   {421, 200},
		"evil.example:" + port:            {421, 421},
		"evil.example":                    {421, 421},
		"127.0.0.1.evil.example:" + port:  {421, 421},
		"localhost.evil.example":          {421, 421},
		"emulator.simsid.invalid":         {421, 200},
		"emulator.simsid.invalid:" + port: {421, 421},
		"10.0.0.1:" + port:                {421, 421},
		"0.0.0.0:" + port:                 {421, 421},
	} {
		for i, at := range []string{base, b.base + "/"} {
			r := b.request(http.MethodGet, at+".well-known/openid-configuration", nil)
			r.Host = host
			if a := b.do(b.browser, r); a.status != want[i] {
				t.Errorf("Host %q at %s: %d, expected %d", host, at, a.status, want[i])
			}
		}
	}
}
