package provider

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// The guard stands in front of every transport, whoever makes the request.
func TestClientRefusesPlainHTTP(t *testing.T) {
	hc := NewHTTPClient(HTTPOptions{Base: unreachable{t}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sts.example/token", strings.NewReader("secret"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := hc.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	want := AddressError{"http://sts.example/token", "is plain http, which is allowed on loopback only"}
	if e, ok := errors.AsType[*AddressError](err); !ok || *e != want {
		t.Errorf("error %v, want %v", err, &want)
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "LOCALHOST": false, "localhost.": false, "a.localhost": false, "localhost.example": false, "127.1": false,
		"0.0.0.0": false, "::": false, "10.0.0.1": false, "2130706433": false, "0x7f.0.0.1": false, "0177.0.0.1": false, "128.0.0.1": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// localhost is trusted without TLS, so it must not lead elsewhere.
func TestDialHoldsLocalhostToLoopback(t *testing.T) {
	if dialerFor("sts.example:443").Control != nil {
		t.Error("other hosts are held to loopback")
	}
	for address, want := range map[string]string{
		"127.0.0.1:80":      "",
		"[::1]:80":          "",
		"93.184.216.34:80":  "localhost leads to 93.184.216.34:80, which isn't this machine",
		"[2001:db8::1]:80":  "localhost leads to [2001:db8::1]:80, which isn't this machine",
		"no address at all": "localhost leads to no address at all, which isn't this machine",
	} {
		got := ""
		if err := dialerFor("localhost:443").Control("tcp", address, nil); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	s := serve(t, map[string]http.HandlerFunc{"/userinfo": says(200, "", `{"sub":"1"}`)})
	_, port, err := net.SplitHostPort(s.host())
	if err != nil {
		t.Fatal(err)
	}
	p := s.provider(Kind{})
	p.Metadata.UserinfoEndpoint = "http://localhost:" + port + "/userinfo"
	if u, err := p.Userinfo(t.Context(), testToken, ""); err != nil || members(t, u.Claims) != `{"sub":"1"}` {
		t.Errorf("by localhost: %s, %v", members(t, u.Claims), err)
	}
}

// A 307 would post the form once more, to a host of the answer's choice.
func TestClientFollowsNoRedirect(t *testing.T) {
	victim := serve(t, map[string]http.HandlerFunc{"/": says(200, "", `{"access_token":"a","token_type":"Bearer"}`)})
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, map[string]http.HandlerFunc{"/token": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, victim.URL, status)
		}})
		_, err := exchange(t, s.provider(Kind{}))
		want := &ResponseError{"exchange the code", s.host(), status, "a redirect to " + victim.host() + ", which isn't followed"}
		if !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%d: error %v, want %v", status, err, want)
		}
	}
	if got := victim.seen(); len(got) != 0 {
		t.Errorf("requests that were led astray: %+v", got)
	}
}

func TestClientBoundsAnswers(t *testing.T) {
	for _, c := range []struct {
		size    int64
		problem bool
	}{{MaxAnswer, false}, {MaxAnswer + 1, true}, {1 << 40, true}} {
		s := serve(t, map[string]http.HandlerFunc{"/revoke": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.CopyN(w, endless{}, c.size)
		}})
		var want error
		if c.problem {
			want = &ResponseError{"revoke", s.host(), 200, "the answer is longer than 1048576 bytes"}
		}
		if err := s.provider(Kind{}).Revoke(t.Context(), testClient, testToken, ""); !reflect.DeepEqual(err, want) {
			t.Errorf("%d bytes: %v, want %v", c.size, err, want)
		}
	}
}

// The bound is on what is unpacked.
func TestClientBoundsPackedAnswers(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/revoke": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, endless{}, 64<<20)
		_ = z.Close()
	}})
	err := s.provider(Kind{}).Revoke(t.Context(), testClient, testToken, "")
	if want := (&ResponseError{"revoke", s.host(), 200, "the answer is longer than 1048576 bytes"}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("error %v, want %v", err, want)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestBoundedBodyInSmallReads(t *testing.T) {
	for left, want := range map[int64]string{3: "abc", 2: "ab", 0: ""} {
		b := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader("abc")), left: left}
		var got []byte
		var err error
		for err == nil {
			one := make([]byte, 1)
			var n int
			n, err = b.Read(one)
			got = append(got, one[:n]...)
		}
		wantErr := errTooLong
		if left == 3 {
			wantErr = io.EOF
		}
		if string(got) != want || !errors.Is(err, wantErr) {
			t.Errorf("%d: %q, %v", left, got, err)
		}
	}
}

// The time limit covers the body: a server that drips doesn't hold a login for ever.
func TestClientTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, first := range map[string]string{"no answer": "", "half a body": `{"sub":`} {
		s := serve(t, map[string]http.HandlerFunc{"/userinfo": func(w http.ResponseWriter, r *http.Request) {
			if first != "" {
				_, _ = io.WriteString(w, first)
				_ = http.NewResponseController(w).Flush()
			}
			select {
			case <-r.Context().Done():
			case <-release:
			}
		}})
		p := s.provider(Kind{})
		p.HTTP = NewHTTPClient(HTTPOptions{Timeout: 50 * time.Millisecond})
		_, err := p.Userinfo(t.Context(), testToken, "")
		e, ok := errors.AsType[*UnavailableError](err)
		if !ok || e.Operation != "ask userinfo" || e.Host != s.host() || e.Status != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %#v", name, err)
		}
	}
}

// An interruption by the user says nothing of the provider.
func TestClientCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, map[string]http.HandlerFunc{"/userinfo": func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}})
	_, err := s.provider(Kind{}).Userinfo(ctx, testToken, "")
	if _, unavailable := errors.AsType[*UnavailableError](err); unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("error %#v", err)
	}
}

func TestClientNoServer(t *testing.T) {
	s := serve(t, nil)
	p := s.provider(Kind{})
	s.Close()
	_, err := p.Userinfo(t.Context(), testToken, "")
	e, ok := errors.AsType[*UnavailableError](err)
	if !ok || e.Host != s.host() || e.Status != 0 || !strings.HasPrefix(err.Error(), "ask userinfo: "+s.host()+": dial tcp ") {
		t.Errorf("error %v", err)
	}
}

func TestClientCutAnswer(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/userinfo": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"sub":"1"}`)
	}})
	_, err := s.provider(Kind{}).Userinfo(t.Context(), testToken, "")
	want := &UnavailableError{Operation: "ask userinfo", Host: s.host(), Err: io.ErrUnexpectedEOF, Sent: true}
	if !reflect.DeepEqual(err, error(want)) {
		t.Errorf("error %#v, want %#v", err, want)
	}
}

func TestClientTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(says(200, "", `{"sub":"1"}`))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.StartTLS()
	defer s.Close()
	p := &Provider{Metadata: Metadata{UserinfoEndpoint: s.URL}, HTTP: NewHTTPClient(HTTPOptions{}), Now: clock}
	_, err := p.Userinfo(t.Context(), testToken, "")
	if e, ok := errors.AsType[*UnavailableError](err); !ok || !strings.Contains(e.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
	modern := httptest.NewUnstartedServer(says(200, "", `{"sub":"1"}`))
	modern.Config.ErrorLog = s.Config.ErrorLog
	modern.StartTLS()
	defer modern.Close()
	p.Metadata.UserinfoEndpoint = modern.URL
	_, err = p.Userinfo(t.Context(), testToken, "")
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("unknown certificate: %v", err)
	}
	if _, ok := errors.AsType[*UnavailableError](err); !ok {
		t.Errorf("unknown certificate: %v", err)
	}
}

// A Provider without a client of its own has every bound.
func TestProviderWithoutClient(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/userinfo": says(302, "", "")})
	p := s.provider(Kind{})
	p.HTTP = nil
	_, err := p.Userinfo(t.Context(), testToken, "")
	if want := (&ResponseError{"ask userinfo", s.host(), 302, "a redirect, which isn't followed"}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// A request that can't be rewound can't be sent a second time by any transport.
func TestPostHasNoGetBody(t *testing.T) {
	var sent *http.Request
	hc := NewHTTPClient(HTTPOptions{Base: roundTrip(func(r *http.Request) (*http.Response, error) {
		sent = r
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
	})})
	p := &Provider{Metadata: Metadata{RevocationEndpoint: "https://sts.example/r"}, HTTP: hc, Now: clock}
	if err := p.Revoke(t.Context(), testClient, token.NewSecret("x"), ""); err != nil {
		t.Fatal(err)
	}
	if sent.GetBody != nil || sent.ContentLength <= 0 || sent.URL.RawQuery != "" {
		t.Errorf("GetBody %v, length %d, query %q", sent.GetBody != nil, sent.ContentLength, sent.URL.RawQuery)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
