package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

func start() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func newPlace(t *testing.T) Place {
	t.Helper()
	return Place{Dir: filepath.Join(t.TempDir(), "certificate"), Now: start, Rand: rand.Reader}
}

func ensure(t *testing.T, p Place) *Certificate {
	t.Helper()
	c, made, err := p.Ensure()
	if err != nil || !made {
		t.Fatalf("made %t, %v", made, err)
	}
	return c
}

// TestCertificate looks at what the issue and the browsers ask of it.
func TestCertificate(t *testing.T) {
	c := ensure(t, newPlace(t))
	leaf := c.Leaf
	if !leaf.BasicConstraintsValid || leaf.IsCA || leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("it can do more than serve: CA %t, usage %b", leaf.IsCA, leaf.KeyUsage)
	}
	if !reflect.DeepEqual(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
		t.Errorf("usage %v", leaf.ExtKeyUsage)
	}
	if _, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok {
		t.Errorf("the key is a %T", leaf.PublicKey)
	}
	if days := leaf.NotAfter.Sub(leaf.NotBefore).Hours() / 24; days > 825 || days < 365 {
		t.Errorf("it lasts %v days", days)
	}
	if !leaf.NotBefore.Before(start()) || leaf.SerialNumber.Sign() <= 0 {
		t.Errorf("not before %s, serial %s", leaf.NotBefore, leaf.SerialNumber)
	}
	if want := []string{"localhost", "127.0.0.1", "::1"}; !reflect.DeepEqual(c.Names(), want) {
		t.Errorf("names %q", c.Names())
	}
	if f := c.Fingerprint(); len(f) != 32*3-1 || strings.ToUpper(f) != f {
		t.Errorf("fingerprint %q", f)
	}
	if text := string(c.PEM()); strings.Contains(text, "PRIVATE") || !strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----\n") {
		t.Errorf("what is exported: %q", text)
	}
}

// TestTrusted trusts the exported certificate and nothing else.
func TestTrusted(t *testing.T) {
	c := ensure(t, newPlace(t))
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.PEM()) {
		t.Fatal("what is exported can't be read")
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "evil.example"} {
		_, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: strings.NewReplacer("::1", "[::1]").Replace(name), Roots: roots, CurrentTime: start()})
		if (err == nil) != (name != "evil.example") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.TLS.PrivateKey.(crypto.Signer).Sign(rand.Reader, make([]byte, 32), crypto.SHA256); err != nil {
		t.Error(err)
	}
}

// TestKept: made once, the same ever after, and readable by nobody else.
func TestKept(t *testing.T) {
	p := newPlace(t)
	if _, err := p.Load(); !errors.Is(err, ErrNone) {
		t.Errorf("before there is one: %v", err)
	}
	first := ensure(t, p)
	again, made, err := p.Ensure()
	if err != nil || made || again.Fingerprint() != first.Fingerprint() {
		t.Errorf("the second time: made %t, %v", made, err)
	}
	if entries, err := os.ReadDir(p.Dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for path, want := range map[string]os.FileMode{p.Path(): 0o600, p.Dir: 0o700} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, fi.Mode(), err)
		}
	}
	if err := os.Chmod(p.Path(), 0o640); err != nil {
		t.Fatal(err)
	}
	_, _, err = p.Ensure()
	want := &FileError{Path: p.Path(), Problem: "holds a key that others can read", Mend: "chmod 600 '" + p.Path() + "'"}
	if !reflect.DeepEqual(err, error(want)) {
		t.Errorf("expected %v, got %v", want, err)
	}
}

// TestRenewed: before its end, and not long before.
func TestRenewed(t *testing.T) {
	p := newPlace(t)
	first := ensure(t, p)
	end := first.Leaf.NotAfter
	p.Now = func() time.Time { return end.Add(-RenewBefore).Add(-time.Second) }
	if c, made, err := p.Ensure(); err != nil || made || c.Fingerprint() != first.Fingerprint() {
		t.Errorf("too early: made %t, %v", made, err)
	}
	p.Now = func() time.Time { return end.Add(-RenewBefore) }
	c, made, err := p.Ensure()
	if err != nil || !made || c.Fingerprint() == first.Fingerprint() || !c.Leaf.NotAfter.After(end) {
		t.Errorf("in time: made %t, %v", made, err)
	}
	key := c.Leaf.PublicKey.(*ecdsa.PublicKey)
	if key.Equal(first.Leaf.PublicKey) {
		t.Error("the key is the old one")
	}
	wished, err := p.Renew()
	if err != nil || wished.Fingerprint() == c.Fingerprint() {
		t.Errorf("renewed by wish: %v", err)
	}
}

// TestAtOnce: of many first uses at once, all end with one certificate.
func TestAtOnce(t *testing.T) {
	p := newPlace(t)
	prints := make([]string, 8)
	var all sync.WaitGroup
	for i := range prints {
		all.Go(func() {
			c, _, err := p.Ensure()
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = c.Fingerprint()
		})
	}
	all.Wait()
	for _, f := range prints {
		if f != prints[0] {
			t.Fatalf("two certificates: %q", prints)
		}
	}
}

// TestFaults: what is there and can't be used is said, and never replaced unasked.
func TestFaults(t *testing.T) {
	p := newPlace(t)
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Path(), []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := p.Ensure()
	if e, ok := errors.AsType[*FileError](err); !ok || e.Problem != "is damaged" || e.Mend != "simsid cert renew" {
		t.Errorf("damaged: %v", err)
	}
	if b, err := os.ReadFile(p.Path()); err != nil || string(b) != "no PEM" {
		t.Errorf("it was replaced: %q, %v", b, err)
	}
	if c, err := p.Renew(); err != nil || c.Leaf == nil {
		t.Errorf("renewed: %v", err)
	}
	errRandom := errors.New("no entropy")
	p.Rand = iotest.ErrReader(errRandom)
	if _, err := p.Renew(); !errors.Is(err, errRandom) {
		t.Errorf("without random bytes: %v", err)
	}
	p.Rand = rand.Reader
	if err := os.Remove(p.Path()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(p.Path(), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Ensure(); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("a folder: %v", err)
	}
}

// TestParse reads the user's own files.
func TestParse(t *testing.T) {
	p := newPlace(t)
	own := ensure(t, p)
	file, err := os.ReadFile(p.Path())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Parse(own.PEM(), file); err != nil || c.Fingerprint() != own.Fingerprint() {
		t.Errorf("got %v", err)
	}
	if _, err := p.Renew(); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(p.Path())
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2][]byte{"another's key": {own.PEM(), other}, "no key": {own.PEM(), own.PEM()}, "nothing": {nil, nil}} {
		if c, err := Parse(pair[0], pair[1]); err == nil || c != nil || strings.Contains(err.Error(), "PRIVATE KEY-----") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
