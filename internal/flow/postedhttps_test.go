package flow

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/certificate"
)

// awaitPostedTLS waits on https, and returns a client that trusts the listener's certificate alone.
func awaitPostedTLS(t *testing.T, change func(*PostedRequest)) (kept *[]*LoginResult, at string, events chan Event, results chan outcome, client *http.Client) {
	t.Helper()
	cert, _, err := certificate.Place{Dir: t.TempDir(), Now: time.Now, Rand: rand.Reader}.Ensure()
	if err != nil {
		t.Fatal(err)
	}
	kept, at, events, results = awaitPosted(t, func(r *PostedRequest) {
		r.RedirectURI, r.Certificate = "https://localhost:0/imis", &cert.TLS
		if change != nil {
			change(r)
		}
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert.PEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return kept, at, events, results, &http.Client{Transport: transport, Timeout: patience}
}

// stray waits for the next event of a request that was turned away.
func stray(t *testing.T, events chan Event) string {
	t.Helper()
	for {
		select {
		case e := <-events:
			if s, ok := e.(Stray); ok {
				return s.Reason
			}
		case <-time.After(patience):
			t.Fatal("nothing was told")
		}
	}
}

// TestPostedPlainOnHTTPS: a token that comes in plain text to an https Login redirect URL isn't taken, and who sent it is told so.
func TestPostedPlainOnHTTPS(t *testing.T) {
	kept, at, events, results, client := awaitPostedTLS(t, nil)
	host := strings.TrimSuffix(strings.TrimPrefix(at, "https://"), "/imis")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	form := postedForm("theirs")
	if _, err := fmt.Fprintf(conn, "POST /imis HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", host, formType, len(form), form); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "put https:// in front") || strings.Contains(string(body), "theirs") {
		t.Errorf("got %d %q, %v", resp.StatusCode, body, err)
	}
	if why := stray(t, events); why != "a plain HTTP request, where HTTPS is spoken" {
		t.Errorf("told %q", why)
	}
	if status := postTLS(t, client, at, "mine", ""); status != http.StatusOK {
		t.Errorf("the token over TLS: %d", status)
	}
	if o := <-results; o.err != nil || o.result.User != "JSMITH" || len(*kept) != 1 {
		t.Errorf("got %+v, %v, kept %d", o.result, o.err, len(*kept))
	}
}

// postTLS posts a token, as a page that was loaded from a host would.
func postTLS(t *testing.T, client *http.Client, at, refresh, host string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(postedForm(refresh)))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("Content-Type", formType)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestPostedHTTPSTurnsAway: over TLS, too, nothing but one form with one token at the one address ends the wait, and a name that was
// rebound to this machine reaches nothing.
func TestPostedHTTPSTurnsAway(t *testing.T) {
	kept, at, events, results, client := awaitPostedTLS(t, nil)
	if status := postTLS(t, client, at, "theirs", "evil.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("another Host: %d", status)
	}
	if why := stray(t, events); why != "a request for another host" {
		t.Errorf("another Host: told %q", why)
	}
	for what, c := range map[string]struct {
		at, refresh string
		status      int
	}{"an empty token": {at, "", 400}, "another path": {at + "/more", "theirs", 404}, "no token": {at, "a\nb", 400}} {
		if status := postTLS(t, client, c.at, c.refresh, ""); status != c.status {
			t.Errorf("%s: %d, expected %d", what, status, c.status)
		}
		stray(t, events)
	}
	resp, err := client.Get(at + "?refresh_token=theirs")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", resp.StatusCode)
	}
	if status := postTLS(t, client, at, "theirs", ""); status != http.StatusBadRequest { // the first token, and somebody else's
		t.Errorf("the page behind a refused login: %d", status)
	}
	if o := <-results; o.err != errNotMe || len(*kept) != 0 { //nolint:errorlint // the error itself is promised
		t.Errorf("got %+v, %v, kept %d", o.result, o.err, len(*kept))
	}
}

// TestPostedHTTPSBothAddresses: localhost is either address of loopback, and what is older than TLS 1.2 isn't spoken.
func TestPostedHTTPSBothAddresses(t *testing.T) {
	_, at, _, results, client := awaitPostedTLS(t, nil)
	port := at[strings.LastIndexByte(at, ':')+1 : strings.LastIndexByte(at, '/')]
	old := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}
	if conn, err := old.DialContext(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 was spoken")
	}
	addresses := []string{"127.0.0.1"}
	if hasAddress(t.Context(), "::1") {
		addresses = append(addresses, "::1")
	}
	for _, a := range addresses {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+net.JoinHostPort(a, port)+"/imis", strings.NewReader("refresh_token="))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "localhost:" + port
		req.Header.Set("Content-Type", formType)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", a, resp.StatusCode)
		}
	}
	if status := postTLS(t, client, at, "mine", ""); status != http.StatusOK {
		t.Errorf("the token: %d", status)
	}
	if o := <-results; o.err != nil {
		t.Error(o.err)
	}
}

// TestPostedHTTPSElsewhere has a registered host that isn't localhost lead to this machine, and to no other name of it.
func TestPostedHTTPSElsewhere(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	_, at, _, results, client := awaitPostedTLS(t, func(r *PostedRequest) { r.RedirectURI, r.Listen = "https://app.example/imis", address })
	if at != "https://app.example/imis" {
		t.Errorf("listens at %s", at)
	}
	client.Transport.(*http.Transport).TLSClientConfig.ServerName = "localhost"
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if status := postTLS(t, client, "https://"+address+"/imis", "theirs", ""); status != http.StatusMisdirectedRequest {
		t.Errorf("Host %s: %d", address, status)
	}
	if status := postTLS(t, client, "https://"+address+"/imis", "mine", "app.example"); status != http.StatusSeeOther {
		t.Errorf("the token: %d", status)
	}
	if o := <-results; o.err != nil || o.result.User != "JSMITH" {
		t.Errorf("got %+v, %v", o.result, o.err)
	}
}
