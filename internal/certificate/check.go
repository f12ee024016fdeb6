package certificate

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

// Fault is why a browser won't take the certificate for a host.
type Fault string

// The faults.
const (
	NotYet    Fault = "not yet valid"
	Ended     Fault = "ended"
	WrongHost Fault = "wrong host"
	Untrusted Fault = "untrusted" // by this machine; browsers have further lists of their own
)

// Faults says what is wrong with the certificate for a host at a time. roots nil are the system's authorities.
func (c *Certificate) Faults(host string, now time.Time, roots *x509.CertPool) []Fault {
	var faults []Fault
	switch {
	case now.Before(c.Leaf.NotBefore):
		faults = append(faults, NotYet)
	case now.After(c.Leaf.NotAfter):
		faults = append(faults, Ended)
	}
	if c.Leaf.VerifyHostname(bracketed(host)) != nil {
		faults = append(faults, WrongHost)
	}
	if !c.trusted(roots) {
		faults = append(faults, Untrusted)
	}
	return faults
}

// SelfSigned reports whether it vouches for itself: nobody stands behind it whom a chain could lead to.
func (c *Certificate) SelfSigned() bool {
	l := c.Leaf
	return bytes.Equal(l.RawIssuer, l.RawSubject) && l.CheckSignature(l.SignatureAlgorithm, l.RawTBSCertificate, l.Signature) == nil
}

// bracketed writes an address as VerifyHostname knows it from a name.
func bracketed(host string) string {
	if net.ParseIP(host) != nil {
		return "[" + host + "]"
	}
	return host
}

// trusted reports whether the certificate leads to an authority. It is asked for a time at which it is good, so that its end is a fault of
// its own.
func (c *Certificate) trusted(roots *x509.CertPool) bool {
	between := x509.NewCertPool()
	for i, der := range c.TLS.Certificate {
		if i == 0 {
			continue
		}
		if more, err := x509.ParseCertificate(der); err == nil { // what can't be read leads nowhere
			between.AddCert(more)
		}
	}
	_, err := c.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: c.Leaf.NotAfter.Add(-time.Second)})
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return true // a link above it ends sooner: who signed it was found
	}
	return err == nil
}
