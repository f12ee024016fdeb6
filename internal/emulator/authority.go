package emulator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// Authority is the certificate authority of the emulators that are served on this machine. By its name constraints
// (RFC 5280 section 4.2.1.10) a certificate of it is good for localhost, 127.0.0.1 and ::1 alone: whoever trusts it, and whoever
// steals its key, can't be led elsewhere.
type Authority struct {
	path        string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	now         func() time.Time
	rand        io.Reader
}

const (
	authorityName     = "ca.pem"
	authorityKeyName  = "ca-key.pem"
	authorityLockName = "ca.lock"

	authorityLifetime = 10 * 366 * 24 * time.Hour
	leafLifetime      = 397 * 24 * time.Hour // the longest that browsers take
	maxAuthority      = 64 << 10
)

// AuthorityError says that what lies at the authority's place can't be used. Taking it away lets a new one be made.
type AuthorityError struct {
	Path    string
	Problem string
	Err     error // nil where the problem says all
}

func (e *AuthorityError) Error() string {
	text := fmt.Sprintf("the emulator's certificate authority %s %s", e.Path, e.Problem)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *AuthorityError) Unwrap() error { return e.Err }

// OpenAuthority reads the authority in a folder, and makes it if there is none, or none that is valid any more. The key's file is
// for its owner alone. The error is an *AuthorityError, or one of the file system.
func OpenAuthority(ctx context.Context, dir string, now func() time.Time, rand io.Reader) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the emulator's certificate authority: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := flock.New(filepath.Join(dir, authorityLockName), flock.SetPermissions(0o600))
	if ok, err := lock.TryLockContext(ctx, lockPoll); err != nil || !ok {
		return nil, fmt.Errorf("lock the emulator's certificate authority: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // closing the file, which follows, gives the lock back too
	a := &Authority{path: filepath.Join(dir, authorityName), now: now, rand: rand}
	err := a.read(filepath.Join(dir, authorityKeyName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !now().Before(a.certificate.NotAfter) {
		err = a.make(filepath.Join(dir, authorityKeyName))
	}
	if err != nil {
		return nil, err
	}
	// The certificate alone is a copy for others: the file with the key is the one that counts.
	have, err := os.ReadFile(a.path)
	if err != nil || string(have) != string(a.PEM()) {
		err = replaceFile(a.path, a.PEM(), 0o644)
	}
	return a, err
}

// TrustedAuthority returns the certificate of the authority in a folder, nil where there is none. The error is an
// *AuthorityError.
func TrustedAuthority(dir string) (*x509.Certificate, error) {
	path := filepath.Join(dir, authorityName)
	b, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no authority is no fault
	}
	if err != nil {
		return nil, &AuthorityError{path, "can't be read", err}
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, &AuthorityError{Path: path, Problem: "isn't PEM"}
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, &AuthorityError{path, "can't be read", err}
	}
	if !loopbackOnly(c) {
		return nil, &AuthorityError{Path: path, Problem: "isn't constrained to this machine's own names"}
	}
	return c, nil
}

// loopbackOnly reports whether an authority can vouch for this machine alone.
func loopbackOnly(c *x509.Certificate) bool {
	if !c.IsCA || !c.PermittedDNSDomainsCritical || len(c.PermittedDNSDomains) != 1 || c.PermittedDNSDomains[0] != "localhost" {
		return false
	}
	for _, r := range c.PermittedIPRanges {
		if ones, bits := r.Mask.Size(); ones != bits || !r.IP.IsLoopback() {
			return false
		}
	}
	return len(c.PermittedIPRanges) > 0
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // opened for reading
	return io.ReadAll(io.LimitReader(f, maxAuthority))
}

// read takes the key and the certificate from one file, so that they always fit.
func (a *Authority) read(path string) error {
	fault := func(problem string, err error) error { return &AuthorityError{path, problem, err} }
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil {
		return fault("can't be read", err)
	}
	// Windows has no such modes: there the folder's list of rights protects it.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fault("can be read by others: chmod 600 it, or take it away", nil)
	}
	b, err := readBounded(path)
	if err != nil {
		return fault("can't be read", err)
	}
	key, rest := pem.Decode(b)
	certificate, _ := pem.Decode(rest)
	if key == nil || certificate == nil {
		return fault("isn't PEM of a key and a certificate", nil)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	if err != nil {
		return fault("can't be read", err)
	}
	if a.certificate, err = x509.ParseCertificate(certificate.Bytes); err != nil {
		return fault("can't be read", err)
	}
	var ok bool
	if a.key, ok = parsed.(*ecdsa.PrivateKey); !ok || !a.key.PublicKey.Equal(a.certificate.PublicKey) {
		return fault("holds a key that doesn't fit the certificate", nil)
	}
	if !loopbackOnly(a.certificate) {
		return fault("isn't constrained to this machine's own names", nil)
	}
	return nil
}

func (a *Authority) make(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), a.rand)
	if err != nil {
		return fmt.Errorf("make the emulator's certificate authority: %w", err)
	}
	only := func(ip net.IP) *net.IPNet { return &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))} }
	template := &x509.Certificate{
		Subject:                     pkix.Name{CommonName: "simsid emulator CA, for localhost alone"},
		NotBefore:                   a.now().Add(-time.Hour),
		NotAfter:                    a.now().Add(authorityLifetime),
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid:       true,
		IsCA:                        true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"localhost"},
		PermittedIPRanges:           []*net.IPNet{only(net.IPv4(127, 0, 0, 1).To4()), only(net.IPv6loopback)},
	}
	der, err := a.issue(template, template, key, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key of the emulator's certificate authority: %w", err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("make the emulator's certificate authority: %w", err)
	}
	a.key = key
	out := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), a.PEM()...)
	return replaceFile(path, out, 0o600)
}

// issue signs a certificate, and gives it a serial number.
func (a *Authority) issue(template, parent *x509.Certificate, public, signer *ecdsa.PrivateKey) ([]byte, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(a.rand, serial); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive and of full length (RFC 5280 section 4.1.2.2)
	template.SerialNumber = new(big.Int).SetBytes(serial)
	der, err := x509.CreateCertificate(a.rand, template, parent, &public.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return der, nil
}

// Path is where the certificate lies, in PEM.
func (a *Authority) Path() string { return a.path }

// PEM is the certificate, for whoever is to trust it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// Certificate makes a certificate and key for serving localhost, 127.0.0.1 and ::1. They are kept nowhere.
func (a *Authority) Certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), a.rand)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make the emulator's certificate: %w", err)
	}
	end := a.now().Add(leafLifetime)
	if a.certificate.NotAfter.Before(end) {
		end = a.certificate.NotAfter
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "localhost"},
		NotBefore:             a.now().Add(-time.Hour),
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // writes CA:FALSE
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := a.issue(template, a.certificate, key, a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// replaceFile writes a file as a whole or not at all.
func replaceFile(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // gone already where all went well
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
