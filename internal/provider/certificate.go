package provider

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// CertificateFault is why a server's certificate doesn't hold.
type CertificateFault string

// The faults.
const (
	UnknownAuthority CertificateFault = "unknown authority"
	SelfSigned       CertificateFault = "self-signed"
	Expired          CertificateFault = "expired"
	NotYetValid      CertificateFault = "not yet valid"
	WrongHost        CertificateFault = "wrong host"
	OtherFault       CertificateFault = "other"
)

// CertificateError says why the certificate that a server presented doesn't hold. What it says of the certificate is foreign text.
type CertificateError struct {
	Fault       CertificateFault
	Host        string   // that was asked for
	Issuer      string   // of the certificate at the top of what was presented: its name, and whose it is
	Names       []string // that the certificate is for
	From, Until time.Time
	Now         time.Time // by this machine's clock; zero: not known
	Err         error     // the cause, a *tls.CertificateVerificationError
}

// Error tells the fault, and what of the certificate shows it.
func (e *CertificateError) Error() string {
	at := ""
	if !e.Now.IsZero() {
		at = ", and this machine's clock says " + stamp(e.Now)
	}
	switch e.Fault {
	case UnknownAuthority:
		return fmt.Sprintf("the certificate was issued by %q, which this machine doesn't trust", e.Issuer)
	case SelfSigned:
		return fmt.Sprintf("the certificate is signed by itself (%q), and this machine doesn't trust it", e.Issuer)
	case Expired:
		return "the certificate was good until " + stamp(e.Until) + at
	case NotYetValid:
		return "the certificate is good from " + stamp(e.From) + " on" + at
	case WrongHost:
		if len(e.Names) == 0 {
			return fmt.Sprintf("the certificate names no host, and so not %q", e.Host)
		}
		return fmt.Sprintf("the certificate is for %s, and not for %q", quoteSome(e.Names), e.Host)
	case OtherFault:
	}
	return "the certificate doesn't hold: " + visible(e.Err.Error())
}

// Unwrap returns the cause.
func (e *CertificateError) Unwrap() error { return e.Err }

// quoteSome quotes the first few names.
func quoteSome(names []string) string {
	const shown = 4
	var quoted []string
	for _, n := range names[:min(len(names), shown)] {
		quoted = append(quoted, fmt.Sprintf("%q", clip(n, 255)))
	}
	s := strings.Join(quoted, ", ")
	if more := len(names) - shown; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// TLSError says that no TLS connection came about for another reason than the certificate.
type TLSError struct {
	Problem string // in words
	Err     error
}

// Error tells the problem.
func (e *TLSError) Error() string { return e.Problem }

// Unwrap returns the cause.
func (e *TLSError) Unwrap() error { return e.Err }

// explainTLS makes an error that says what is wrong out of TLS's own; others stay as they are.
func explainTLS(err error, host string, now time.Time) error {
	if failed, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return explainCertificate(failed, host, now)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &TLSError{Problem: "something answers there that doesn't speak TLS: https needs it", Err: err}
	}
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" { // as crypto/tls calls an alert that it gets
		return &TLSError{Problem: fmt.Sprintf("the server takes no connection by TLS 1.2 or newer: %v", alert.Err), Err: err}
	}
	return err
}

func explainCertificate(failed *tls.CertificateVerificationError, host string, now time.Time) error {
	e := &CertificateError{Fault: OtherFault, Host: host, Now: now, Err: failed}
	if len(failed.UnverifiedCertificates) == 0 {
		return e
	}
	leaf := failed.UnverifiedCertificates[0]
	at := leaf
	e.Names = namesOf(leaf)
	e.Issuer = clip(nameOf(topOf(failed.UnverifiedCertificates).Issuer), 255)
	invalid, _ := errors.AsType[x509.CertificateInvalidError](failed.Err)
	_, isHost := errors.AsType[x509.HostnameError](failed.Err)
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](failed.Err)
	switch {
	case isHost:
		e.Fault = WrongHost
	case invalid.Reason == x509.Expired:
		if invalid.Cert != nil { // it may be one in the middle
			at = invalid.Cert
		}
		e.Fault = Expired
		if now.Before(at.NotBefore) && !now.IsZero() {
			e.Fault = NotYetValid
		}
	case isUnknown && len(failed.UnverifiedCertificates) == 1 && leaf.Issuer.String() == leaf.Subject.String():
		e.Fault = SelfSigned
	case isUnknown:
		e.Fault = UnknownAuthority
	}
	e.From, e.Until = at.NotBefore, at.NotAfter
	return e
}

// nameOf is what people call an authority by.
func nameOf(n pkix.Name) string {
	organisation := strings.Join(n.Organization, ", ")
	switch {
	case n.CommonName == "" && organisation == "":
		return n.String()
	case n.CommonName == "":
		return organisation
	case organisation == "" || organisation == n.CommonName:
		return n.CommonName
	default:
		return n.CommonName + ", of " + organisation
	}
}

func namesOf(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// topOf follows the presented certificates from the first one up, by the names of their issuers.
func topOf(chain []*x509.Certificate) *x509.Certificate {
	top := chain[0]
	for range chain {
		for _, c := range chain {
			if string(c.RawSubject) == string(top.RawIssuer) { // itself, where it is the last
				top = c
				break
			}
		}
	}
	return top
}
