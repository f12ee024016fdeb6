// Package certificate makes and keeps the certificate with which this machine serves an https redirect URI on loopback. It is a
// leaf of its own signature and no authority: whoever trusts it trusts this machine's loopback and nothing else.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"time"
)

const (
	// lifetime is below the 825 days that Apple's systems take at most, both ends counted.
	lifetime = 820 * 24 * time.Hour
	// RenewBefore is how long before its end a certificate is made anew.
	RenewBefore = 30 * 24 * time.Hour
	// backdated is for a browser whose clock is behind this machine's.
	backdated = time.Hour
)

// Certificate is a certificate with its key.
type Certificate struct {
	TLS  tls.Certificate // for the listener
	Leaf *x509.Certificate
}

// Fingerprint is the SHA-256 of the certificate as browsers show it: "AB:CD:…".
func (c *Certificate) Fingerprint() string {
	sum := sha256.Sum256(c.Leaf.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// PEM is the certificate for a trust store, without its key.
func (c *Certificate) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Leaf.Raw})
}

// Names are the hosts that it is for.
func (c *Certificate) Names() []string {
	names := append([]string{}, c.Leaf.DNSNames...)
	for _, ip := range c.Leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// Parse reads the user's own certificate, with the chain that leads to an authority, and its key, both PEM.
func Parse(certPEM, keyPEM []byte) (*Certificate, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		// The error's own text tells what is wrong with which file, and nothing of what is in them.
		return nil, errors.New(strings.TrimPrefix(err.Error(), "tls: "))
	}
	return &Certificate{TLS: pair, Leaf: pair.Leaf}, nil
}

// create makes a key and its certificate, as one PEM file.
func create(now time.Time, random io.Reader) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	// RFC 5280 section 4.1.2.2: at most 20 bytes, positive. Its own number tells it from the one before it, whose name is the same.
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	serial[0] &= 0x7f
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               pkix.Name{CommonName: "localhost", Organization: []string{"simsid on this machine"}},
		NotBefore:             now.Add(-backdated).UTC(),
		NotAfter:              now.Add(-backdated).Add(lifetime).UTC(),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // and IsCA stays false: it can sign no other certificate
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return append(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), nil
}
