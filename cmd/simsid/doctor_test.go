//go:build !windows

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Values that no output of doctor may hold.
const (
	doctorSecret = "the-client-secret/of+school"
	doctorUser   = "j.smith"
	doctorKey    = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33"
	doctorQuery  = "value-of-a-query"
)

// setup is a machine with a profile "school" at a provider of its own, on which everything is well until a test breaks something.
type setup struct {
	t        *testing.T
	home     string
	profile  map[string]string // keys of the profile
	config   string            // the file; "" for one with the profile in it
	noConfig bool
	env      map[string]string
	args     []string
	provider *doctorProvider
}

func newSetup(t *testing.T) *setup {
	t.Helper()
	home := filepath.Join(t.TempDir(), doctorUser)
	if err := os.MkdirAll(filepath.Join(home, "config"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := &setup{t: t, home: home, provider: &doctorProvider{}}
	issuer := s.provider.serve(t, nil)
	s.profile = map[string]string{
		"kind": "oidc", "issuer": issuer, "client_id": "school-app", "client_auth": "client_secret_post", "store": "file",
		"redirect_uri": fmt.Sprintf("http://localhost:%d/callback", freePort(t)),
	}
	s.env = map[string]string{
		"HOME": home, "USER": doctorUser, "PATH": os.Getenv("PATH"), "TERM": "dumb", "SIMSID_CONFIG_DIR": filepath.Join(home, "config"),
		"SIMSID_STATE_DIR": filepath.Join(home, "state"), "SIMSID_CLIENT_SECRET": doctorSecret, "SIMSID_STORE_KEY": doctorKey, "BROWSER": "browse",
	}
	return s
}

// file writes a file of the user's, and returns its name.
func (s *setup) file(name string, text []byte) string {
	s.t.Helper()
	path := filepath.Join(s.home, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *setup) configPath() string { return filepath.Join(s.home, "config", "config.toml") }

// write writes the configuration.
func (s *setup) write() {
	s.t.Helper()
	if s.noConfig {
		return
	}
	text := s.config
	if text == "" {
		text = "default = \"school\"\n\n[profile.school]\n"
		for _, key := range slices.Sorted(maps.Keys(s.profile)) {
			v := fmt.Sprintf("%q", s.profile[key])
			if key == "scopes" {
				v = `["` + strings.ReplaceAll(s.profile[key], " ", `", "`) + `"]`
			}
			text += key + " = " + v + "\n"
		}
	}
	if err := os.WriteFile(s.configPath(), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *setup) environ() []string {
	var env []string
	for k, v := range s.env {
		env = append(env, k+"="+v)
	}
	return env
}

// row is a check as doctor -o json has it.
type row struct {
	ID      string   `json:"id"`
	Outcome string   `json:"outcome"`
	Says    string   `json:"says"`
	More    []string `json:"more"`
	Mend    []string `json:"mend"`
}

type doctorAnswer struct {
	Schema  string `json:"schema"`
	Healthy bool   `json:"healthy"`
	Checks  []row  `json:"checks"`
}

// examine runs doctor for people and for programs, and searches both for what mustn't be in it.
func (s *setup) examine() (doctorAnswer, int) {
	s.t.Helper()
	args := append([]string{"doctor"}, s.args...)
	text := run(s.t, s.environ(), args...)
	ticket := run(s.t, append(s.environ(), "TEST_SCHEMAS="+schemasForTests(s.t)), append(args, "-o", "json")...)
	if text.code != ticket.code {
		s.t.Errorf("exits with %d for people and with %d for programs\n%s%s", text.code, ticket.code, text.stdout, ticket.stderr)
	}
	hidden := []string{doctorSecret, doctorKey, proxyPassword}
	if s.env["HOME"] == s.home { // else its name is all that is known of the user, and taken out of the ticket
		hidden = append(hidden, s.home)
	}
	for _, secret := range hidden {
		for form, shown := range map[string]ran{"text": text, "JSON": ticket} {
			if strings.Contains(shown.stdout+shown.stderr, secret) {
				s.t.Errorf("%q is in the %s:\n%s%s", secret, form, shown.stdout, shown.stderr)
			}
		}
	}
	for _, personal := range []string{doctorUser, doctorQuery} {
		if strings.Contains(ticket.stdout, personal) {
			s.t.Errorf("%q is in the ticket:\n%s", personal, ticket.stdout)
		}
	}
	for line := range strings.Lines(text.stdout) {
		whole := strings.TrimSpace(line) // what is to be copied, and never broken
		copied := slices.ContainsFunc([]string{"simsid ", "~/", "/", "mv ", "ls ", "chmod ", "openssl ", "export ", "http"}, func(begins string) bool { return strings.HasPrefix(whole, begins) })
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 && !copied {
			s.t.Errorf("longer than 80 columns: %q", line)
		}
	}
	var a doctorAnswer
	if err := json.Unmarshal([]byte(ticket.stdout), &a); err != nil {
		s.t.Fatalf("%v\n%s%s", err, ticket.stdout, ticket.stderr)
	}
	for _, c := range a.Checks {
		if (c.Outcome == "failed" || c.Outcome == "warning") != (len(c.Mend) > 0) {
			s.t.Errorf("check %s %s, and what mends it is %q", c.ID, c.Outcome, c.Mend)
		}
		for _, m := range c.Mend { // for people, words may be wrapped; their first stands whole
			if first, _, _ := strings.Cut(m, " "); ticket.code == text.code && !strings.Contains(text.stdout, first) {
				s.t.Errorf("%q isn't in\n%s", m, text.stdout)
			}
		}
	}
	return a, ticket.code
}

func schemasForTests(t *testing.T) string {
	t.Helper()
	dir, err := schemaFolder()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// ended are the checks with an outcome, by their ids.
func (a doctorAnswer) ended(outcome string) []string {
	ids := []string{}
	for _, c := range a.Checks {
		if c.Outcome == outcome {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// freePort finds a port that nobody has on either family. It is none of those that systems give out by themselves, which a connection of any
// other test may have taken a moment later.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(10000))
		if err != nil {
			t.Fatal(err)
		}
		port := 20000 + int(n.Int64())
		free := true
		for _, host := range []string{"127.0.0.1", "::1"} {
			var lc net.ListenConfig
			l, err := lc.Listen(t.Context(), "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
			if err != nil {
				free = false
				continue
			}
			_ = l.Close()
		}
		if free {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// holdPort takes a free port of one family until the test ends.
func holdPort(t *testing.T, host string) int {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("a listener at %v", l.Addr())
	}
	return addr.Port
}

// doctorProvider is a provider that authenticates as IdentityServer3 does, with faults.
type doctorProvider struct {
	issuer   string            // in the document; "" for its own
	ahead    time.Duration     // of its clock
	pages    map[string]string // a path with another body
	status   map[string]int    // and another status
	clientAs string            // the error of every request to the token endpoint; "" as the secret deserves
	grants   bool              // gives tokens to everybody
	metadata map[string]any    // members beside the usual ones, or in their place; nil takes one out
}

func (p *doctorProvider) serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	scheme := "http://"
	if config != nil {
		scheme, s.TLS = "https://", config
	}
	issuer := scheme + s.Listener.Addr().String()
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.answer(w, r, issuer) })
	if config != nil {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return issuer
}

func (p *doctorProvider) answer(w http.ResponseWriter, r *http.Request, issuer string) {
	w.Header().Set("Date", time.Now().Add(p.ahead).UTC().Format(http.TimeFormat))
	if body, ok := p.pages[r.URL.Path]; ok {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(max(p.status[r.URL.Path], 200))
		_, _ = io.WriteString(w, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		said := issuer
		if p.issuer != "" {
			said = p.issuer
		}
		document := map[string]any{
			"issuer": said, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/jwks",
		}
		maps.Copy(document, p.metadata)
		maps.DeleteFunc(document, func(_ string, v any) bool { return v == nil })
		_ = json.NewEncoder(w).Encode(document)
	case "/jwks":
		_, _ = io.WriteString(w, `{"keys":[`+doctorJWK+`]}`)
	case "/token":
		p.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (p *doctorProvider) token(w http.ResponseWriter, r *http.Request) {
	code := p.clientAs
	switch {
	case p.grants:
		_, _ = io.WriteString(w, `{"access_token":"a","token_type":"Bearer"}`)
		return
	case code != "":
	case r.PostFormValue("client_secret") != doctorSecret || r.PostFormValue("client_id") != "school-app":
		code = "invalid_client"
	default:
		code = "invalid_grant"
	}
	w.WriteHeader(http.StatusBadRequest)
	// Some servers repeat what they were sent.
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "you sent " + r.PostFormValue("client_secret")})
}

// doctorJWK is the public half of a key that was made for this and thrown away.
var doctorJWK = func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return `{"kty":"EC","crv":"P-256","kid":"1","use":"sig","x":"` + b64(point[1:33]) + `","y":"` + b64(point[33:]) + `"}`
}()

// pair makes a certificate for a host with its key, both PEM; change may spoil it.
func pair(t *testing.T, host string, change func(*x509.Certificate)) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// chained makes what a server presents: a leaf of the authority, and it.
func (ca privateCA) chained(t *testing.T, change func(*x509.Certificate)) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(4), Subject: pkix.Name{CommonName: "sts"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der, ca.cert.Raw}, PrivateKey: key}}}
}

// pair makes a certificate that the authority signed, without the authority's own, and its key, both PEM.
func (ca privateCA) pair(t *testing.T, host string) (cert, key []byte) {
	t.Helper()
	served := ca.chained(t, func(c *x509.Certificate) { c.DNSNames = []string{host} }).Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(served.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: served.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}
