package flow

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/certificate"
)

// beginHTTPS starts a login that listens for HTTPS, and returns a client that trusts its certificate alone.
func beginHTTPS(t *testing.T, change func(*LoginRequest)) (*attempt, *http.Client) {
	t.Helper()
	cert, _, err := certificate.Place{Dir: t.TempDir(), Now: time.Now, Rand: rand.Reader}.Ensure()
	if err != nil {
		t.Fatal(err)
	}
	a := begin(t, newSTS(t), func(r *LoginRequest) {
		r.RedirectURI, r.Certificate = "https://localhost:0/callback", &cert.TLS
		if change != nil {
			change(r)
		}
	}).waiting()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert.PEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return a, &http.Client{Transport: transport, Timeout: patience}
}

func load(t *testing.T, client *http.Client, address string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestHTTPS goes the whole way over TLS.
func TestHTTPS(t *testing.T) {
	a, client := beginHTTPS(t, nil)
	if !strings.HasPrefix(a.redirectURI(), "https://localhost:") {
		t.Errorf("redirect URI %s", a.redirectURI())
	}
	if status, body := load(t, client, a.genuine()); status != http.StatusOK || !strings.Contains(body, "signed in") {
		t.Errorf("landing page: %d %s", status, body)
	}
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestPlainOnHTTPS: who forgets the s is told so in words, and the login goes on.
func TestPlainOnHTTPS(t *testing.T) {
	a, client := beginHTTPS(t, nil)
	for _, rest := range []string{"", "Cookie: " + strings.Repeat("x", 20000) + crlf} {
		conn := a.dial()
		u := mustURL(t, a.redirectURI())
		if _, err := io.WriteString(conn, "GET /callback?code=evil&state="+a.request.Get("state")+" HTTP/1.1"+crlf+"Host: "+u.Host+crlf+rest+crlf); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "put https:// in front") || strings.Contains(string(body), "evil") {
			t.Errorf("got %d %q, %v", resp.StatusCode, body, err)
		}
		if e := a.event(); e != (Stray{Reason: "a plain HTTP request, where HTTPS is spoken"}) {
			t.Errorf("got %#v", e)
		}
	}
	if status, _ := load(t, client, a.genuine()); status != http.StatusOK {
		t.Errorf("landing page: %d", status)
	}
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestOldTLS: what is older than 1.2 isn't spoken.
func TestOldTLS(t *testing.T) {
	a, _ := beginHTTPS(t, nil)
	conn := tls.Client(a.dial(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := conn.HandshakeContext(t.Context()); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
}

// TestListenElsewhere has a registered host that isn't localhost lead to this machine.
func TestListenElsewhere(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	_ = free.Close()
	a, client := beginHTTPS(t, func(r *LoginRequest) { r.RedirectURI, r.Listen = "https://app.example/callback", at })
	if a.redirectURI() != "https://app.example/callback" {
		t.Errorf("redirect URI %s", a.redirectURI())
	}
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.ServerName = "localhost"
	direct := strings.Replace(a.genuine(), "app.example", at, 1)
	if status, _ := load(t, client, direct); status != http.StatusMisdirectedRequest {
		t.Errorf("Host %s: status %d", at, status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, direct, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "app.example"
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d", resp.StatusCode)
	}
	landing := &url.URL{Scheme: "https", Host: at, Path: resp.Header.Get("Location")}
	if req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, landing.String(), nil); err != nil {
		t.Fatal(err)
	}
	req.Host = "app.example"
	if resp, err = client.Do(req); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if _, err := a.end(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("got %d, %v", resp.StatusCode, err)
	}
}
