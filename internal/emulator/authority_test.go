package emulator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func openAuthority(t *testing.T, dir string, at time.Time) *Authority {
	t.Helper()
	a, err := OpenAuthority(t.Context(), dir, func() time.Time { return at }, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// An authority is made once, its key for its owner alone, and its certificate is there for others.
func TestAuthority(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "emulator")
	first := openAuthority(t, dir, start)
	if again := openAuthority(t, dir, start.AddDate(9, 0, 0)); !bytes.Equal(again.PEM(), first.PEM()) {
		t.Error("another one was made")
	}
	b, err := os.ReadFile(first.Path())
	if err != nil || !bytes.Equal(b, first.PEM()) || bytes.Contains(b, []byte("PRIVATE")) {
		t.Errorf("%s, %v", b, err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{"": 0o700, authorityName: 0o644, authorityKeyName: 0o600} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
			}
		}
	}
	trusted, err := TrustedAuthority(dir)
	if err != nil || !trusted.Equal(first.certificate) {
		t.Errorf("trusted is %v, %v", trusted, err)
	}
	// A certificate that somebody took away or changed is written anew.
	if err := os.WriteFile(first.Path(), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	openAuthority(t, dir, start)
	if b, err := os.ReadFile(first.Path()); err != nil || !bytes.Equal(b, first.PEM()) {
		t.Errorf("%s, %v", b, err)
	}
	// When it has ended there is a new one.
	if later := openAuthority(t, dir, start.AddDate(11, 0, 0)); bytes.Equal(later.PEM(), first.PEM()) {
		t.Error("the old one goes on")
	}
}

// Several processes that begin at once have one authority.
func TestAuthorityAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := make([]*Authority, 8)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() { made[i], _ = OpenAuthority(t.Context(), dir, (&clock{at: start}).now, rand.Reader) })
	}
	wg.Wait()
	for _, a := range made {
		if a == nil || !bytes.Equal(a.PEM(), made[0].PEM()) {
			t.Fatal("they differ")
		}
	}
}

// A certificate is good for this machine's own names and can sign nothing; and the authority can vouch for no other name.
func TestCertificate(t *testing.T) {
	t.Parallel()
	a := openAuthority(t, t.TempDir(), start)
	made, err := a.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(made.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if leaf.IsCA || !leaf.BasicConstraintsValid || leaf.KeyUsage != x509.KeyUsageDigitalSignature || leaf.NotAfter.Sub(start) > leafLifetime {
		t.Errorf("got %+v", leaf)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name, CurrentTime: start}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		names []string
		ips   []net.IP
	}{{[]string{"sts.sims.co.uk"}, nil}, {nil, []net.IP{net.IPv4(192, 0, 2, 1)}}, {nil, []net.IP{net.IPv4(127, 0, 0, 2)}}} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := a.issue(&x509.Certificate{
			NotBefore: start.Add(-time.Hour), NotAfter: start.Add(time.Hour), DNSNames: c.names, IPAddresses: c.ips,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}, a.certificate, key, a.key)
		if err != nil {
			t.Fatal(err)
		}
		forged, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		_, err = forged.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: start})
		if fault, ok := errors.AsType[x509.CertificateInvalidError](err); !ok || fault.Reason != x509.CANotAuthorizedForThisName {
			t.Errorf("%v %v: got %v", c.names, c.ips, err)
		}
	}
}

// foreignAuthority is one without constraints, which would vouch for any name.
func foreignAuthority(t *testing.T, alter func(*x509.Certificate)) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "foreign"}, NotBefore: start, NotAfter: start.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true,
	}
	alter(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
}

// What isn't an authority for this machine alone is neither used nor trusted.
func TestAuthorityRefuses(t *testing.T) {
	t.Parallel()
	loopback := []*net.IPNet{{IP: net.IPv4(127, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)}}
	const unconstrained = "isn't constrained to this machine's own names"
	for _, c := range []struct {
		name    string
		content []byte
		mode    os.FileMode
		want    string
	}{
		{"without constraints", foreignAuthority(t, func(*x509.Certificate) {}), 0o600, unconstrained},
		{"another name", foreignAuthority(t, func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains, c.PermittedIPRanges = true, []string{"uk"}, loopback
		}), 0o600, unconstrained},
		{"constraints that needn't be kept", foreignAuthority(t, func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.PermittedIPRanges = []string{"localhost"}, loopback
		}), 0o600, unconstrained},
		{"any address", foreignAuthority(t, func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"localhost"}
		}), 0o600, unconstrained},
		{"a wide address", foreignAuthority(t, func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"localhost"}
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(1, 32)}}
		}), 0o600, unconstrained},
		{"no PEM", []byte("hello"), 0o600, "isn't PEM of a key and a certificate"},
		{"for others to read", []byte("hello"), 0o640, "can be read by others: chmod 600 it, or take it away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && c.mode != 0o600 {
				return // there are no such modes
			}
			dir := t.TempDir()
			path := filepath.Join(dir, authorityKeyName)
			if err := os.WriteFile(path, c.content, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := OpenAuthority(t.Context(), dir, (&clock{at: start}).now, rand.Reader)
			fault, ok := errors.AsType[*AuthorityError](err)
			if !ok || fault.Path != path || fault.Problem != c.want {
				t.Errorf("got %v", err)
			}
			if c.want != unconstrained {
				return
			}
			_, certificate := pem.Decode(c.content)
			if err := os.WriteFile(filepath.Join(dir, authorityName), certificate, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := TrustedAuthority(dir); err == nil || !strings.HasSuffix(err.Error(), unconstrained) {
				t.Errorf("got %v", err)
			}
		})
	}
	if c, err := TrustedAuthority(t.TempDir()); c != nil || err != nil {
		t.Errorf("without one: got %v, %v", c, err)
	}
}

// A key that belongs to another certificate isn't used.
func TestAuthorityForeignKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := openAuthority(t, dir, start)
	other := foreignAuthority(t, func(*x509.Certificate) {})
	key, _ := pem.Decode(other)
	path := filepath.Join(dir, authorityKeyName)
	if err := os.WriteFile(path, append(pem.EncodeToMemory(key), a.PEM()...), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := OpenAuthority(t.Context(), dir, (&clock{at: start}).now, rand.Reader)
	if fault, ok := errors.AsType[*AuthorityError](err); !ok || fault.Problem != "holds a key that doesn't fit the certificate" {
		t.Errorf("got %v", err)
	}
}
