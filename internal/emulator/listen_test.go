package emulator

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// served runs an emulator on a port, and returns its address without a scheme, and what ends it.
func served(t *testing.T, secure bool, o Options) (s *Server, address string, roots *x509.CertPool, end func() error) {
	t.Helper()
	l, err := Listen(t.Context(), "localhost", 0)
	if err != nil {
		t.Fatal(err)
	}
	// Deadlines of sockets are held against the real clock.
	o.Now, o.Rand = time.Now, rand.Reader
	var certificate *tls.Certificate
	scheme := "http"
	if secure {
		a, err := OpenAuthority(t.Context(), t.TempDir(), o.Now, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		made, err := a.Certificate()
		if err != nil {
			t.Fatal(err)
		}
		certificate, scheme = &made, "https"
		roots = x509.NewCertPool()
		roots.AddCert(a.certificate)
	}
	address = "localhost:" + strconv.Itoa(l.Port)
	o.Issuer = scheme + "://" + address + "/"
	if s, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, certificate) }()
	end = func() error {
		cancel()
		return <-ended
	}
	t.Cleanup(cancel)
	return s, address, roots, end
}

func ask(t *testing.T, address string, roots *x509.CertPool) (status int, body string, err error) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// Over HTTPS the STS answers under each of this machine's names, and plain HTTP gets 403.
func TestServeHTTPS(t *testing.T) {
	t.Parallel()
	_, address, roots, end := served(t, true, Options{})
	_, port, _ := net.SplitHostPort(address)
	for _, host := range []string{"localhost", "127.0.0.1"} {
		at := host + ":" + port
		status, body, err := ask(t, "https://"+at+"/emulator/health", roots)
		if err != nil || status != 200 || body != `{"status":"ok","issuer":"https://`+address+`/"}` {
			t.Errorf("%s: got %d %s, %v", at, status, body, err)
		}
		if status, body, err = ask(t, "http://"+at+"/emulator/health", roots); err != nil || status != 403 || body != "HTTPS is required.\n" {
			t.Errorf("http, %s: got %d %s, %v", at, status, body, err)
		}
	}
	if _, _, err := ask(t, "https://"+address+"/", x509.NewCertPool()); err == nil {
		t.Error("somebody trusts it who wasn't told to")
	}
	if err := end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if _, _, err := ask(t, "https://"+address+"/", roots); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v", err)
	}
}

// What is under way when it ends still gets its answer.
func TestServeEndsGently(t *testing.T) {
	t.Parallel()
	waits, goes := make(chan struct{}), make(chan time.Time)
	s, address, _, end := served(t, false, Options{After: func(time.Duration) <-chan time.Time {
		close(waits)
		return goes
	}})
	if _, err := s.SetFault(Fault{Kind: FaultDelay, Duration: time.Minute, Times: 1}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		status, _, err := ask(t, "http://"+address+"/.well-known/openid-configuration", nil)
		got <- fmt.Sprint(status, err)
	}()
	<-waits
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	close(goes)
	if answer := <-got; answer != "200 <nil>" {
		t.Errorf("got %s", answer)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A connection that says nothing, and one that speaks another language, end and hold nobody up.
func TestServeStrangers(t *testing.T) {
	t.Parallel()
	_, address, roots, end := served(t, true, Options{})
	silent, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	rude, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer rude.Close()
	if _, err := rude.Write([]byte{handshake, 0, 0, 'x', 'x', 'x', 'x', 'x', 'x'}); err != nil {
		t.Fatal(err)
	}
	if status, _, err := ask(t, "https://"+address+"/emulator/health", roots); err != nil || status != 200 {
		t.Errorf("got %d, %v", status, err)
	}
	if err := end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// A port that somebody has, at either address, isn't shared with them.
func TestListenTaken(t *testing.T) {
	t.Parallel()
	l, err := Listen(t.Context(), "localhost", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, host := range []string{"localhost", "127.0.0.1"} {
		if _, err := Listen(t.Context(), host, l.Port); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: got %v", host, err)
		}
	}
}

// A socket that breaks ends the server with its error.
func TestServeBrokenSocket(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		broken := errors.New("broken")
		l := &Listener{sockets: []net.Listener{brokenListener{broken}}}
		s, err := New(Options{Now: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		var certificate *tls.Certificate
		if secure {
			certificate = &tls.Certificate{}
		}
		if err := s.Serve(t.Context(), l, certificate); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

type brokenListener struct{ err error }

func (l brokenListener) Accept() (net.Conn, error) { return nil, l.err }
func (brokenListener) Close() error                { return nil }
func (brokenListener) Addr() net.Addr              { return &net.TCPAddr{} }
