package provider

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// flaky fails at first and then answers.
type flaky struct {
	first func() (*http.Response, error)
	calls []string
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.calls = append(f.calls, r.Method+" "+r.URL.Path)
	if len(f.calls) == 1 {
		return f.first()
	}
	return response(http.StatusOK, `{"keys":[]}`), nil
}

func response(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func fails(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// What is safe to repeat is repeated once, where that may help.
func TestRetryOfKeys(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	later := func() (*http.Response, error) {
		r := response(http.StatusServiceUnavailable, "")
		r.Header.Set("Retry-After", "60")
		return r, nil
	}
	for name, c := range map[string]struct {
		first func() (*http.Response, error)
		again bool
	}{
		"refused":          {fails(refused), true},
		"broken":           {fails(io.EOF), true},
		"broken off":       {fails(io.ErrUnexpectedEOF), true},
		"502":              {func() (*http.Response, error) { return response(502, "<html>"), nil }, true},
		"503":              {func() (*http.Response, error) { return response(503, ""), nil }, true},
		"504":              {func() (*http.Response, error) { return response(504, ""), nil }, true},
		"503 with a time":  {later, false},
		"500":              {func() (*http.Response, error) { return response(500, ""), nil }, false},
		"429":              {func() (*http.Response, error) { return response(429, ""), nil }, false},
		"404":              {func() (*http.Response, error) { return response(404, ""), nil }, false},
		"too slow":         {fails(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), false},
		"no such name":     {fails(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true, IsTemporary: true}}), false},
		"no name server":   {fails(&net.OpError{Op: "dial", Err: &net.DNSError{IsTemporary: true}}), true},
		"bad certificate":  {fails(&CertificateError{Fault: Expired}), false},
		"no TLS":           {fails(&TLSError{}), false},
		"a proxy's no":     {fails(&ProxyError{Proxy: "p", Status: 407}), false},
		"something unread": {fails(errors.New("what")), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &flaky{first: c.first}
			var waited []time.Duration
			hc := NewHTTPClient(HTTPOptions{Base: f, After: func(d time.Duration) <-chan time.Time {
				waited = append(waited, d)
				ch := make(chan time.Time, 1)
				ch <- now
				return ch
			}})
			p := &Provider{Metadata: Metadata{JWKSURI: "https://sts.example/jwks"}, HTTP: hc, Now: clock}
			_, err := p.fetchKeys(t.Context())
			wantCalls, wantWaits := []string{"GET /jwks"}, []time.Duration(nil)
			if c.again {
				wantCalls, wantWaits = append(wantCalls, "GET /jwks"), []time.Duration{retryPause}
			}
			if !slices.Equal(f.calls, wantCalls) || !slices.Equal(waited, wantWaits) || (err == nil) != c.again {
				t.Errorf("calls %q, waits %v, error %v", f.calls, waited, err)
			}
		})
	}
}

// The second try is the last.
func TestRetryOnce(t *testing.T) {
	calls := 0
	hc := NewHTTPClient(HTTPOptions{Base: roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		return nil, io.EOF
	})})
	_, err := Discover(t.Context(), hc, DiscoverRequest{Issuer: "https://sts.example"})
	if e, ok := errors.AsType[*UnavailableError](err); !ok || !errors.Is(e.Err, io.EOF) || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// Nothing that carries a credential, a code or a token is ever sent twice.
func TestNoRetry(t *testing.T) {
	for _, first := range []func() (*http.Response, error){
		fails(io.EOF), fails(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), func() (*http.Response, error) { return response(503, ""), nil },
	} {
		for name, call := range map[string]func(p *Provider) error{
			"exchange": func(p *Provider) error { _, err := exchange(t, p); return err },
			"refresh": func(p *Provider) error {
				_, err := p.Refresh(t.Context(), testClient, testToken)
				return err
			},
			"introspect": func(p *Provider) error {
				_, err := p.Introspect(t.Context(), testClient, testToken, "")
				return err
			},
			"userinfo": func(p *Provider) error { _, err := p.Userinfo(t.Context(), testToken, ""); return err },
			"revoke":   func(p *Provider) error { return p.Revoke(t.Context(), testClient, testToken, "") },
			"device": func(p *Provider) error {
				_, err := p.RedeemDevice(t.Context(), testClient, token.NewSecret("device-code"))
				return err
			},
		} {
			f := &flaky{first: first}
			p := (&testServer{}).somewhere(NewHTTPClient(HTTPOptions{Base: f}))
			if err := call(p); err == nil || len(f.calls) != 1 {
				t.Errorf("%s: %q, %v", name, f.calls, err)
			}
		}
	}
}

// somewhere is a provider with an endpoint of each kind, behind a client of the test's.
func (*testServer) somewhere(hc *http.Client) *Provider {
	const at = "https://sts.example"
	return &Provider{
		HTTP: hc, Now: clock,
		Metadata: Metadata{
			Issuer: at, TokenEndpoint: at + "/token", UserinfoEndpoint: at + "/userinfo", IntrospectionEndpoint: at + "/introspect",
			RevocationEndpoint: at + "/revoke", JWKSURI: at + "/jwks", DeviceEndpoint: at + "/device",
		},
	}
}

// A proxy's password is in no error, not even in that of a variable that can't be read.
func TestProxyErrors(t *testing.T) {
	for want, e := range map[string]*ProxyError{
		"the proxy that the environment names has no address that can be read": {},
		"the proxy p:3128 asks for credentials (HTTP 407)":                     {Proxy: "p:3128", Status: 407},
		"the proxy p:3128 refuses to connect (HTTP 403)":                       {Proxy: "p:3128", Status: 403},
		"the proxy p:3128 can't be reached: no":                                {Proxy: "p:3128", Err: errors.New("no")},
		"the proxy p:3128 can't be reached":                                    {Proxy: "p:3128"},
	} {
		if e.Error() != want {
			t.Errorf("got %q, want %q", e.Error(), want)
		}
	}
	proxy, err := url.Parse("http://user:hunter2hunter2@proxy.example:3128")
	if err != nil {
		t.Fatal(err)
	}
	err = proxyAnswered(t.Context(), proxy, nil, response(407, ""))
	if e, ok := errors.AsType[*ProxyError](err); !ok || *e != (ProxyError{Proxy: "proxy.example:3128", Status: 407}) {
		t.Errorf("error %#v", err)
	}
	if err := proxyAnswered(t.Context(), proxy, nil, response(200, "")); err != nil {
		t.Error(err)
	}
	if text := fmt.Sprintf("%+v", err); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}
