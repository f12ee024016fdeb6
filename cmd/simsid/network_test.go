package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

// run runs simsid in an empty home, with further variables.
func run(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, testProgram(), args...)
	cmd.Env = append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=dumb"}, env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), said.String()}
}

// has ends a test with what was printed where a line isn't in it.
func (r ran) has(t *testing.T, code int, lines ...string) {
	t.Helper()
	if r.code != code {
		t.Fatalf("exits with %d, want %d\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	for _, line := range lines {
		if !strings.Contains(r.stdout+r.stderr, line) {
			t.Errorf("%q isn't in\n%s%s", line, r.stdout, r.stderr)
		}
	}
}

// privateCA is an authority that nobody trusts by himself, in a file.
type privateCA struct {
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCA(t *testing.T) privateCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Inspection", Organization: []string{"Example School"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	// What people have in such a file: words, and more than one certificate.
	text := "Inspection\n==========\n" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if err := os.WriteFile(file, []byte(text+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return privateCA{file, cert, key}
}

// serve answers as sts.example does: discovery and nothing else.
func (ca privateCA) serve(t *testing.T) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "sts"}, DNSNames: []string{"sts.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		issuer := "https://" + r.Host
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/jwks",
		})
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, ca.cert.Raw}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// printURL is a command that asks for discovery and nothing else.
func printURL(issuer string, more ...string) []string {
	return append([]string{"login", "--print-url", "--kind", "oidc", "--issuer", issuer, "--client-id", "x", "--redirect-uri", "http://127.0.0.1:8400/"}, more...)
}

func TestCAFile(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	s := ca.serve(t)
	unknown := `the certificate was issued by "Inspection, of Example School", which this machine doesn't trust`
	run(t, nil, printURL(s.URL)...).has(t, 5, unknown, "--ca-file FILE", "don't sign in from this network")
	run(t, nil, printURL(s.URL, "--ca-file", ca.file)...).has(t, 0, s.URL+"/authorize?")
	run(t, []string{"SIMSID_CA_FILE=" + ca.file}, printURL(s.URL)...).has(t, 0, s.URL+"/authorize?")
	run(t, []string{"SSL_CERT_FILE=" + ca.file}, printURL(s.URL)...).has(t, 0, s.URL+"/authorize?")
	run(t, []string{"SSL_CERT_FILE=nowhere"}, printURL(s.URL)...).has(t, 5, unknown, "warning: SSL_CERT_FILE is of no use: open nowhere: ")
	run(t, nil, printURL(s.URL, "--ca-file", "nowhere")...).has(t, 2, "error: ca_file: open nowhere: ", "name the one that is meant: --ca-file FILE")
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, nil, printURL(s.URL, "--ca-file", empty)...).has(t, 2, "there is no certificate in it", "BEGIN CERTIFICATE")
	broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	if err := os.WriteFile(empty, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, nil, printURL(s.URL, "--ca-file", empty)...).has(t, 2, "certificate 1 can't be read")
	// The wrong host, and a server that isn't one.
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	run(t, nil, printURL("https://localhost:"+port, "--ca-file", ca.file)...).has(t, 5,
		`the certificate is for "sts.example", "127.0.0.1", and not for "localhost"`, "check the issuer's address")
}

// proxy is an HTTP proxy that leads every CONNECT to one server, and wants a password.
type proxy struct {
	address string
	mu      sync.Mutex
	asked   []string
}

const proxyPassword = "proxy-password-31"

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: l.Addr().String()}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c, to)
		}
	}()
	return p
}

func (p *proxy) serve(c net.Conn, to string) {
	defer c.Close()
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.Host)
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+proxyPassword))
	if req.Header.Get("Proxy-Authorization") != want {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Give me "+proxyPassword+"\r\nContent-Length: 0\r\n\r\n")
		return
	}
	var d net.Dialer
	up, err := d.DialContext(context.Background(), "tcp4", to)
	if err != nil {
		return
	}
	defer up.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(up, r) }()
	_, _ = io.Copy(c, up)
}

// A proxy of the environment is used, and named without its credentials whatever goes wrong with it.
func TestProxy(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	s := ca.serve(t)
	p := newProxy(t, s.Listener.Addr().String())
	har := filepath.Join(t.TempDir(), "t.har")
	command := printURL("https://sts.example", "--ca-file", ca.file, "--trace", "-v", "--trace-file", har)
	good := "HTTPS_PROXY=http://me:" + proxyPassword + "@" + p.address
	all := []ran{run(t, []string{good}, command...)}
	all[0].has(t, 0, "https://sts.example/authorize?", ">   through the proxy "+p.address)
	written, err := os.ReadFile(har)
	if err != nil || !strings.Contains(string(written), `"comment": "through the proxy `+p.address+`"`) {
		t.Errorf("%v, %s", err, written)
	}
	refused := run(t, []string{"HTTPS_PROXY=http://me:" + proxyPassword + "x@" + p.address}, command...)
	refused.has(t, 5, "the proxy "+p.address+" asks for credentials (HTTP 407)", "hint: give them in the variable: export HTTPS_PROXY=http://USER:PASSWORD@"+p.address)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := l.Addr().String()
	_ = l.Close()
	gone := run(t, []string{"HTTPS_PROXY=http://me:" + proxyPassword + "@" + away}, command...)
	gone.has(t, 5, "the proxy "+away+" can't be reached: ", ": export NO_PROXY=sts.example")
	unread := run(t, []string{"HTTPS_PROXY=http://me:" + proxyPassword + "@" + p.address + ":1:2\x7f"}, printURL(s.URL, "--ca-file", ca.file)...)
	unread.has(t, 2, "error: HTTPS_PROXY isn't the address of a proxy, such as http://proxy.example:3128")
	for _, r := range append(all, refused, gone, unread, ran{stdout: string(written)}) {
		if strings.Contains(r.stdout+r.stderr, proxyPassword) {
			t.Errorf("the proxy's password is in\n%s%s", r.stdout, r.stderr)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if got := fmt.Sprint(p.asked); got != "[CONNECT sts.example:443 CONNECT sts.example:443]" {
		t.Errorf("the proxy was asked %s", got)
	}
}
