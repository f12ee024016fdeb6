//go:build !windows

package main

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// broken is a machine with one fault, and what doctor has to say of it.
type broken struct {
	name  string
	spoil func(t *testing.T, s *setup)
	id    string // of the check that finds it
	warns bool   // a warning, and no fault
	says  string // in its words, or in what else it says
	mend  string // in one of its ways out
	also  []string
}

// brokenProfiles are faults of what is configured.
var brokenProfiles = []broken{
	{"nothing is configured", func(_ *testing.T, s *setup) { s.noConfig = true }, "profile", false, "nothing is configured yet", "simsid login --emulator", []string{"store"}},
	{"the file isn't TOML", func(_ *testing.T, s *setup) { s.config = "default = \"school\"\n\n[profile.school\nkind = 1\n" }, "configuration", false,
		"~/config/config.toml:3:", "edit line 3 of ~/config/config.toml", nil},
	{"a key that doesn't exist", func(_ *testing.T, s *setup) { s.profile["clientid"] = "x" }, "configuration", false, `unknown key "clientid"`, `did you mean "client_id"?`, nil},
	{"a secret in the file", func(_ *testing.T, s *setup) { s.profile["client_secret"] = doctorSecret }, "configuration", false, "client_secret", "edit line 6 of ~/config/config.toml", nil},
	{"others may write to the file", func(t *testing.T, s *setup) {
		s.write()
		s.noConfig = true
		mode(t, s.configPath(), 0o666)
	}, "configuration", false, "others can write to it (mode 0666)", "chmod go-w ~/config/config.toml", nil},
	{"others may replace the file", func(t *testing.T, s *setup) { mode(t, filepath.Dir(s.configPath()), 0o777) }, "configuration", false,
		"others can write to it (mode 0777)", "chmod go-w ~/config", nil},
	{"a variable that is mistyped", func(_ *testing.T, s *setup) { s.env["SIMSID_CLIENTID"] = "x" }, "configuration", true, "SIMSID_CLIENTID means nothing", "did you mean SIMSID_CLIENT_ID?", nil},
	{"a profile that doesn't exist", func(_ *testing.T, s *setup) { s.args = []string{"-p", "skool"} }, "profile", false, `there is no profile "skool"`, "did you mean: -p school", nil},
	{"no client id", func(_ *testing.T, s *setup) { delete(s.profile, "client_id") }, "profile", false, "profile school has no client id", "--client-id ", nil},
	{"an address without TLS", func(_ *testing.T, s *setup) { s.profile["issuer"] = "http://id.example.com" }, "profile", false, "http://id.example.com", "simsid profile edit school --issuer VALUE", nil},
	{"a password in the address", func(_ *testing.T, s *setup) { s.profile["issuer"] = "https://me:" + proxyPassword + "@id.example.com" }, "profile", false, "issuer", "simsid profile edit school --issuer VALUE", nil},
	{"live with another's address", func(_ *testing.T, s *setup) {
		s.profile["kind"], s.profile["environment"] = "simsid", "live"
	}, "profile", false, "live of SIMS ID is https://sts.sims.co.uk", "sandbox", nil},
	{"both exclusive scopes", func(_ *testing.T, s *setup) {
		s.sandbox(overHTTPS(s.profile["redirect_uri"]))
		s.profile["scopes"] = "openid partnermanagementapplication simsmultiorgapplication"
	}, "rules", false, "never gives both scopes together", "simsid profile edit school --scope 'openid partnermanagementapplication'", []string{"certificate"}},
	{"no openid", func(_ *testing.T, s *setup) { s.profile["scopes"] = "profile email" }, "rules", false, "there is no ID token", "--scope 'openid profile email'", nil},
	{"no redirect URI", func(_ *testing.T, s *setup) { s.sandbox("") }, "redirect", false, "has no redirect URI", "simsid profile edit school --redirect-uri https://localhost:5454/", nil},
	{"a redirect URI on plain http", func(_ *testing.T, s *setup) { s.sandbox("http://localhost:5454/") }, "redirect", false, "https alone", "--redirect-uri https://localhost:5454/", nil},
	{"localhost on live", func(_ *testing.T, s *setup) {
		s.sandbox(overHTTPS(s.profile["redirect_uri"]))
		s.profile["environment"] = "live"
		delete(s.profile, "issuer")
	}, "redirect", false, "live takes no redirect URI on localhost", "--redirect-uri https://YOUR-HOST/", nil},
	{"a redirect URI with a fragment", func(_ *testing.T, s *setup) { s.profile["redirect_uri"] = "http://localhost:8400/#here" }, "profile", false, "must have no fragment", "simsid profile edit school --redirect-uri VALUE", nil},
	{"a redirect URI that another provider has", func(_ *testing.T, s *setup) {
		s.write()
		b, err := os.ReadFile(s.configPath())
		if err != nil {
			s.t.Fatal(err)
		}
		s.config = string(b) + "\n[profile.other]\nkind = \"oidc\"\nissuer = \"https://other.example\"\nclient_id = \"o\"\nredirect_uri = \"" + s.profile["redirect_uri"] + "\"\n"
	}, "redirect", true, "profile other has it at another provider", "/callback/school", nil},
}

// sandbox makes the profile one of SIMS ID's sandbox, which nobody asks anything.
func (s *setup) sandbox(redirectURI string) {
	s.profile = map[string]string{"kind": "simsid", "environment": "sandbox", "issuer": "https://your-sandbox.example/", "client_id": "school-app", "store": "file"}
	if redirectURI != "" {
		s.profile["redirect_uri"] = redirectURI
	}
	s.args = []string{"--offline"}
	// The certificate is there: that it isn't trusted is another story.
	run(s.t, s.environ(), "cert", "renew")
}

func mode(t *testing.T, path string, m os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, m); err != nil {
		t.Fatal(err)
	}
}

// brokenMachines are faults of this machine: port, certificate, store, lock, browser.
var brokenMachines = []broken{
	{"the port is taken on IPv4 alone", func(t *testing.T, s *setup) {
		s.profile["redirect_uri"] = fmt.Sprintf("http://localhost:%d/", holdPort(t, "127.0.0.1"))
	}, "port", false, "[::1]", "which program listens", nil},
	{"the port is taken on IPv6 alone", func(t *testing.T, s *setup) {
		s.profile["redirect_uri"] = fmt.Sprintf("http://localhost:%d/", holdPort(t, "::1"))
	}, "port", false, "both are needed", "which program listens", nil},
	{"an address that this machine doesn't have", func(_ *testing.T, s *setup) {
		s.profile["redirect_uri"], s.profile["listen"] = "https://sso.example.com/", "192.0.2.1:8443"
	}, "port", false, "this machine has no address 192.0.2.1:8443", "--listen 127.0.0.1", []string{"certificate"}},
	{"a name that leads elsewhere", func(t *testing.T, s *setup) {
		s.https(pair(t, "sso.simsid.invalid", nil))
		s.profile["redirect_uri"], s.profile["listen"] = "https://sso.simsid.invalid:8443/", fmt.Sprintf("127.0.0.1:%d", freePort(t))
	}, "port", true, "nobody knows where sso.simsid.invalid leads", "have that name lead to 127.0.0.1", []string{"certificate"}},
	{"an address of another machine", func(t *testing.T, s *setup) {
		s.https(pair(t, "192.0.2.1", func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} }))
		s.profile["redirect_uri"], s.profile["listen"] = "https://192.0.2.1:8443/", fmt.Sprintf("127.0.0.1:%d", freePort(t))
	}, "port", true, "192.0.2.1 leads to 192.0.2.1, which isn't this machine", "have that name lead to 127.0.0.1", []string{"certificate"}},
	{"only half of a certificate", func(t *testing.T, s *setup) {
		cert, _ := pair(t, "localhost", nil)
		s.https(cert, nil)
	}, "certificate", false, "only one of tls_cert and tls_key", "give both", nil},
	{"a certificate that has ended", func(t *testing.T, s *setup) {
		s.https(pair(t, "localhost", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }))
	}, "certificate", false, "it ended on ", "simsid profile edit school --tls-cert cert.pem", nil},
	{"a certificate that hasn't begun", func(t *testing.T, s *setup) {
		s.https(pair(t, "localhost", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }))
	}, "certificate", false, "it begins on ", "clock", nil},
	{"a certificate for another host", func(t *testing.T, s *setup) { s.https(pair(t, "sso.example.com", nil)) }, "certificate", false, "it is for sso.example.com, and not for localhost", "--tls-key key.pem", nil},
	{"a certificate without its key", func(t *testing.T, s *setup) {
		cert, _ := pair(t, "localhost", nil)
		_, other := pair(t, "localhost", nil)
		s.https(cert, other)
	}, "certificate", false, "private key does not match public key", "both are PEM files", nil},
	{"a certificate that nobody vouches for", func(t *testing.T, s *setup) { s.https(pair(t, "localhost", nil)) }, "certificate", true, "who vouches for it but itself (self-signed)", "simsid profile edit school --tls-cert '' --tls-key ''", nil},
	{"a certificate whose chain isn't there", func(t *testing.T, s *setup) { s.https(newCA(t).pair(t, "localhost")) }, "certificate", true, "trusts nobody who vouches for it",
		"put the chain up to its authority behind it", nil},
	{"no certificate yet", func(t *testing.T, s *setup) {
		s.profile["redirect_uri"] = fmt.Sprintf("https://localhost:%d/", freePort(t))
	}, "certificate", true, "the first login makes one", "simsid cert show", nil},
	{"a certificate's key that others can read", func(t *testing.T, s *setup) {
		run(t, s.environ(), "cert", "renew")
		mode(t, filepath.Join(s.home, "state", "certificate", "localhost.pem"), 0o644)
		s.profile["redirect_uri"] = fmt.Sprintf("https://localhost:%d/", freePort(t))
	}, "certificate", false, "holds a key that others can read", "chmod 600 ~/'state/certificate/localhost.pem'", nil},
	{"no keyring", func(_ *testing.T, s *setup) { s.profile["store"] = "keyring" }, "store", false, "there is no keyring", "--store file", nil},
	{"a sealed file without a key", func(_ *testing.T, s *setup) { delete(s.env, "SIMSID_STORE_KEY") }, "store", false, "no key for the sealed file", "SIMSID_STORE_KEY_FILE", nil},
	{"a key that is none", func(_ *testing.T, s *setup) { s.env["SIMSID_STORE_KEY"] = "AGE-SECRET-KEY-1NONSENSE" }, "store", false, "not an X25519 age identity", "simsid store keygen", nil},
	{"a key that was another's", func(t *testing.T, s *setup) {
		s.env["SIMSID_STORE"] = "file"
		if r := run(t, s.environ(), "login", "--emulator", "--as", "head"); r.code != 0 {
			t.Fatal(r)
		}
		fresh := filepath.Join(t.TempDir(), "key")
		if r := run(t, s.environ(), "store", "keygen", fresh); r.code != 0 {
			t.Fatal(r)
		}
		delete(s.env, "SIMSID_STORE_KEY")
		s.env["SIMSID_STORE_KEY_FILE"] = fresh
		s.args = []string{"-p", "emulator"}
	}, "store", false, "the key doesn't open the sealed file", "give the key that the file was sealed with", nil},
	{"a store that others can look into", func(t *testing.T, s *setup) {
		dir := filepath.Join(s.home, "state", "store")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		mode(t, dir, 0o755)
	}, "store", false, "lets others in", "chmod 700 ~/state/store", nil},
	{"a state folder that can't be", func(_ *testing.T, s *setup) { s.env["SIMSID_STATE_DIR"] = s.file("no-folder", nil) + "/state" }, "store", false,
		"not a directory", "SIMSID_STATE_DIR=FOLDER", nil},
	{"another process has the lock", func(t *testing.T, s *setup) {
		dir := filepath.Join(s.home, "state", "store")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		l := flock.New(filepath.Join(dir, "school.lock"), flock.SetPermissions(0o600))
		if ok, err := l.TryLock(); err != nil || !ok {
			t.Fatal(ok, err)
		}
		t.Cleanup(func() { _ = l.Unlock() })
	}, "lock", false, "has kept the login to itself", "", nil},
	{"BROWSER names nothing", func(_ *testing.T, s *setup) { s.env["BROWSER"] = "no-such-browser %s" }, "browser", false, "BROWSER names no-such-browser", "unset BROWSER", nil},
	{"a session over SSH", func(_ *testing.T, s *setup) {
		delete(s.env, "BROWSER")
		s.env["SSH_CONNECTION"] = "198.51.100.7 50000 192.0.2.1 22"
	}, "browser", true, "over SSH", "ssh -N -L ", nil},
	{"no display", func(_ *testing.T, s *setup) { delete(s.env, "BROWSER") }, "browser", true, "there is no display", ": export BROWSER=PROGRAM", nil},
	{"a job", func(_ *testing.T, s *setup) { delete(s.env, "BROWSER"); s.env["CI"] = "true" }, "browser", true, "nobody signs in here", "simsid help environment", nil},
}

// https gives the profile an https redirect URI with the user's own certificate; nil files are left out.
func (s *setup) https(cert, key []byte) {
	s.profile["redirect_uri"] = fmt.Sprintf("https://localhost:%d/", freePort(s.t))
	if cert != nil {
		s.profile["tls_cert"] = s.file("own.pem", cert)
	}
	if key != nil {
		s.profile["tls_key"] = s.file("own.key", key)
	}
}

// brokenNetworks are faults on the way to the provider, and of the provider.
var brokenNetworks = []broken{
	{"a host that nobody knows", func(_ *testing.T, s *setup) { s.profile["issuer"] = "https://nowhere.simsid.invalid" }, "dns", false, `"nowhere.simsid.invalid"`, "simsid profile show school", nil},
	{"nobody listens", func(t *testing.T, s *setup) { s.profile["issuer"] = fmt.Sprintf("http://127.0.0.1:%d", freePort(t)) }, "connection", false, "connection refused", "nothing listens at 127.0.0.1:", nil},
	{"silence", func(t *testing.T, s *setup) {
		s.profile["issuer"] = fmt.Sprintf("http://127.0.0.1:%d", holdPort(t, "127.0.0.1"))
		s.args = []string{"--timeout", "200ms"}
	}, "connection", false, "no answer in time", "--timeout", nil},
	{"a proxy that isn't there", func(t *testing.T, s *setup) {
		s.profile["issuer"] = "https://sts.example"
		s.env["HTTPS_PROXY"] = fmt.Sprintf("http://me:%s@127.0.0.1:%d", proxyPassword, freePort(t))
	}, "proxy", false, "can't be reached", ": export NO_PROXY=sts.example", nil},
	{"a proxy that isn't there, and hosts without one", func(t *testing.T, s *setup) {
		s.profile["issuer"], s.env["NO_PROXY"] = "https://sts.example", "other.example"
		s.env["HTTPS_PROXY"] = fmt.Sprintf("http://me:%s@127.0.0.1:%d", proxyPassword, freePort(t))
	}, "proxy", false, "can't be reached", `: export NO_PROXY="$NO_PROXY,sts.example"`, nil},
	{"a proxy that wants a password", func(t *testing.T, s *setup) {
		s.profile["issuer"] = "https://sts.example"
		s.env["HTTPS_PROXY"] = "http://" + newProxy(t, "127.0.0.1:1").address
	}, "proxy", false, "asks for credentials (HTTP 407)", ": export HTTPS_PROXY=http://USER:PASSWORD@", nil},
	{"a proxy that can't be read", func(_ *testing.T, s *setup) {
		s.env["HTTPS_PROXY"] = "http://me:" + proxyPassword + "@127.0.0.1:1:2\x7f"
	}, "proxy", true, "HTTPS_PROXY isn't the address of a proxy", "unset HTTPS_PROXY", nil},
	{"a school's intercepting proxy", func(t *testing.T, s *setup) { s.profile["issuer"] = s.provider.serve(t, newCA(t).chained(t, nil)) }, "tls", false,
		`issued by "Inspection, of Example School"`, "simsid profile edit school --ca-file FILE", nil},
	{"a provider's certificate that has ended", func(t *testing.T, s *setup) {
		ca := newCA(t)
		s.profile["ca_file"] = ca.file
		s.profile["issuer"] = s.provider.serve(t, ca.chained(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }))
	}, "tls", false, "the certificate was good until", "clock", []string{"clock"}},
	{"a clock by which no certificate holds", func(t *testing.T, s *setup) {
		// The Date comes by plain http then, which a proxy carries here.
		ca := newCA(t)
		s.profile["ca_file"], s.profile["issuer"] = ca.file, "https://sts.example"
		tls := s.provider.serve(t, ca.chained(t, func(c *x509.Certificate) { c.DNSNames = []string{"sts.example"} }))
		p := newProxy(t, strings.TrimPrefix(tls, "https://"))
		s.env["HTTPS_PROXY"], s.env["HTTP_PROXY"] = "http://me:"+proxyPassword+"@"+p.address, (&doctorProvider{}).serve(t, nil)
		s.env["TEST_CLOCK"] = "-500h"
	}, "clock", false, "20 days behind the provider's", "set it right: ", []string{"tls"}},
	{"a provider's certificate for another host", func(t *testing.T, s *setup) {
		ca := newCA(t)
		s.profile["ca_file"] = ca.file
		s.profile["issuer"] = s.provider.serve(t, ca.chained(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"sts.example"} }))
	}, "tls", false, `is for "sts.example", and not for "127.0.0.1"`, "simsid profile show school", nil},
	{"no TLS where it is to be", func(_ *testing.T, s *setup) {
		s.profile["issuer"] = strings.Replace(s.profile["issuer"], "http:", "https:", 1)
	}, "tls", false, "doesn't speak TLS", "simsid profile show school", nil},
	{"a ca_file that isn't there", func(t *testing.T, s *setup) {
		s.profile["issuer"] = s.provider.serve(t, newCA(t).chained(t, nil))
		s.profile["ca_file"] = filepath.Join(s.home, "nowhere.pem")
	}, "tls", false, "ca_file: open ~/nowhere.pem", "simsid profile edit school --ca-file FILE", nil},
	{"a variable of authorities that isn't there", func(t *testing.T, s *setup) {
		ca := newCA(t)
		s.profile["ca_file"], s.profile["issuer"] = ca.file, s.provider.serve(t, ca.chained(t, nil))
		s.env["SSL_CERT_FILE"] = filepath.Join(s.home, "nowhere.pem")
	}, "tls", true, "SSL_CERT_FILE is of no use", "unset SSL_CERT_FILE", nil},
	{"a clock that is a day off", func(_ *testing.T, s *setup) { s.provider.ahead = -25 * time.Hour }, "clock", false, "ahead of the provider's", "set it right: ", nil},
	{"a clock that is half a minute off", func(_ *testing.T, s *setup) { s.provider.ahead = 35 * time.Second }, "clock", true, "behind the provider's", "set it right: ", nil},
	{"a page instead of metadata", func(_ *testing.T, s *setup) {
		s.provider.pages = map[string]string{"/.well-known/openid-configuration": "<h1>Welcome, " + doctorQuery + "</h1>"}
	}, "discovery", false, "HTML", "--trace", nil},
	{"no metadata", func(_ *testing.T, s *setup) { s.profile["issuer"] += "/elsewhere" }, "discovery", false, "no discovery document at /elsewhere/", "--trace", nil},
	{"another's metadata", func(_ *testing.T, s *setup) { s.provider.issuer = "https://other.example/?x=" + doctorQuery }, "discovery", false, `expected "http://`, "issuer's address", nil},
	{"another slash", func(_ *testing.T, s *setup) { s.provider.issuer = s.profile["issuer"] + "/" }, "discovery", false, "a trailing slash alone", "--issuer http://", nil},
	{"another issuer than was pinned", func(_ *testing.T, s *setup) { s.profile["pinned_issuer"] = s.profile["issuer"] + "/" }, "discovery", false, "as pinned earlier", "forget the spelling that was pinned", nil},
	{"no keys", func(_ *testing.T, s *setup) { s.provider.pages = map[string]string{"/jwks": `{"keys":[]}`} }, "keys", false, "no login could be verified", "simsid discover -p school", nil},
	{"a page instead of keys", func(_ *testing.T, s *setup) {
		s.provider.pages, s.provider.status = map[string]string{"/jwks": "<p>"}, map[string]int{"/jwks": 404}
	}, "keys", false, "no keys at the address that discovery gives", "--trace", nil},
	{"a wrong secret", func(_ *testing.T, s *setup) { s.env["SIMSID_CLIENT_SECRET"] = doctorSecret + "x" }, "client", false, "invalid_client", "SIMSID_CLIENT_SECRET", nil},
	{"a wrong client id", func(_ *testing.T, s *setup) { s.profile["client_id"] = "school-ap" }, "client", false, "invalid_client", "simsid profile show school", nil},
	{"no secret, where every client has one", func(_ *testing.T, s *setup) {
		s.sandbox("https://sso.example.com/")
		delete(s.env, "SIMSID_CLIENT_SECRET")
	}, "client", false, "has no client secret", "--client-secret-file FILE", nil},
	{"a client of another flow", func(_ *testing.T, s *setup) { s.provider.clientAs = "unauthorized_client" }, "client", false, "isn't registered for flow AuthorizationCodeWithProofKey", "--flow ", nil},
	{"a flow that the provider doesn't have", func(_ *testing.T, s *setup) { s.profile["flow"] = "DeviceCode" }, "client", false, "has no device_authorization_endpoint",
		"simsid profile edit school --flow AuthorizationCodeWithProofKey", nil},
	{"a damaged record", func(t *testing.T, s *setup) {
		dir := filepath.Join(s.home, "state", "store")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "school.record.json"), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "store", false, "damaged, or not simsid's", "sign in again: simsid login -p school", nil},
	{"a provider that gives tokens to everybody", func(_ *testing.T, s *setup) { s.provider.grants = true }, "client", false, "which nobody had issued", "don't sign in there", nil},
	{"a provider that looks at the code first", func(_ *testing.T, s *setup) { s.provider.clientAs = "invalid_request" }, "client", true, "doesn't tell whether the secret is right", "simsid login -p school", nil},
	{"an error that repeats the secret", func(_ *testing.T, s *setup) { s.provider.clientAs = "bad_" + doctorSecret }, "client", true, "HTTP 400", "simsid login -p school", nil},
}

// TestDoctorHealthy is the machine that the others are broken from.
func TestDoctorHealthy(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write()
	a, code := s.examine()
	if code != 0 || !a.Healthy || len(a.ended("warning")) != 0 {
		t.Errorf("exits with %d: %+v", code, a)
	}
	want := []string{"configuration", "profile", "rules", "redirect", "port", "dns", "proxy", "connection", "clock", "discovery", "keys", "client", "store", "lock", "browser"}
	if got := a.ended("passed"); !slices.Equal(got, want) {
		t.Errorf("passed: %q", got)
	}
}

// An authority that the user added is one, whatever the kind: only the emulators' own is called theirs.
func TestDoctorAuthorityOfAnEmulator(t *testing.T) {
	t.Parallel()
	s, ca := newSetup(t), newCA(t)
	s.profile["kind"], s.profile["ca_file"], s.profile["issuer"] = "emulator", ca.file, s.provider.serve(t, ca.chained(t, nil))
	s.write()
	a, _ := s.examine()
	i := slices.IndexFunc(a.Checks, func(c row) bool { return c.ID == "tls" })
	if said := strings.Join(a.Checks[i].More, "\n"); a.Checks[i].Outcome != "passed" || !strings.Contains(said, "added by ca_file") || strings.Contains(said, "emulators") {
		t.Errorf("got %+v", a.Checks[i])
	}
}

// TestDoctor breaks one thing after the other: the check that is about it names it and what mends it, no other check takes the blame, and
// what stands on it isn't made.
func TestDoctor(t *testing.T) {
	t.Parallel()
	all := slices.Concat(brokenProfiles, brokenMachines, brokenNetworks, brokenFiles, brokenServers, brokenAnswers, brokenSettings)
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			b.spoil(t, s)
			s.write()
			a, code := s.examine()
			outcome, wantCode := "failed", 3
			if b.warns {
				outcome, wantCode = "warning", 0
			}
			if code != wantCode || a.Healthy != b.warns {
				t.Errorf("exits with %d, want %d; healthy: %t", code, wantCode, a.Healthy)
			}
			i := slices.IndexFunc(a.Checks, func(c row) bool { return c.ID == b.id })
			if i < 0 || a.Checks[i].Outcome != outcome {
				t.Fatalf("%s hasn't %s: %+v", b.id, outcome, a.Checks)
			}
			c := a.Checks[i]
			if said := strings.Join(append([]string{c.Says}, c.More...), "\n"); !strings.Contains(said, b.says) {
				t.Errorf("%q isn't in %q", b.says, said)
			}
			if mends := strings.Join(c.Mend, "\n"); !strings.Contains(mends, b.mend) {
				t.Errorf("%q isn't in %q", b.mend, mends)
			}
			for _, other := range a.Checks {
				if other.ID != b.id && !slices.Contains(b.also, other.ID) && (other.Outcome == "failed" || !b.warns && other.Outcome == "warning") {
					t.Errorf("%s takes the blame too: %+v", other.ID, other)
				}
			}
		})
	}
	if len(all) < 25 {
		t.Errorf("only %d broken set-ups", len(all))
	}
}

// What stands on a failed check names it, however far down.
func TestDoctorNotMade(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.profile["issuer"] = "https://nowhere.simsid.invalid"
	s.write()
	a, _ := s.examine()
	for _, c := range a.Checks {
		if slices.Contains([]string{"connection", "tls", "discovery", "keys", "client"}, c.ID) && (c.Outcome != "not made" || c.Says != "DNS failed") {
			t.Errorf("%+v", c)
		}
	}
}

// Without the network nothing is asked; what can be looked at here is.
func TestDoctorOffline(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			asked <- struct{}{}
			_ = c.Close()
		}
	}()
	s.profile["issuer"] = "http://" + l.Addr().String()
	s.args = []string{"--offline"}
	s.write()
	a, code := s.examine()
	_ = l.Close()
	if code != 0 || len(asked) != 0 {
		t.Errorf("exits with %d, and asked %d times", code, len(asked))
	}
	want := []string{"certificate", "dns", "proxy", "connection", "tls", "clock", "discovery", "keys", "client", "terminal"}
	if got := a.ended("not made"); !slices.Equal(got, want) {
		t.Errorf("not made: %q", got)
	}
}

// overHTTPS is a loopback redirect URI as SIMS ID takes one, on the same free port.
func overHTTPS(redirectURI string) string {
	_, rest, _ := strings.Cut(redirectURI, "://")
	_, port, _ := strings.Cut(rest, ":")
	return "https://localhost:" + port
}
