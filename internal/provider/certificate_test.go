package provider

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"
)

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate; a nil parent has it sign itself.
func issue(t *testing.T, subject pkix.Name, parent *issued, change func(*x509.Certificate)) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: subject,
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	signer := issued{template, key}
	if parent != nil {
		signer = *parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return issued{cert, key}
}

func authority(c *x509.Certificate) { c.IsCA = true }

func forLoopback(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }

// serveTLS answers on loopback with a chain, the server's own certificate first.
func serveTLS(t *testing.T, chain ...issued) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(says(http.StatusOK, "application/json", `{"sub":"1"}`))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	c := tls.Certificate{PrivateKey: chain[0].key}
	for _, i := range chain {
		c.Certificate = append(c.Certificate, i.cert.Raw)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// Each way in which a certificate doesn't hold is told by its own words, and none is passed over.
func TestCertificates(t *testing.T) {
	root := issue(t, pkix.Name{CommonName: "Root", Organization: []string{"Example School"}}, nil, authority)
	middle := issue(t, pkix.Name{CommonName: "Middle"}, &root, authority)
	leaf := pkix.Name{CommonName: "leaf"}
	both := func(fs ...func(*x509.Certificate)) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			for _, f := range fs {
				f(c)
			}
		}
	}
	ended := func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }
	early := func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }
	elsewhere := func(c *x509.Certificate) { c.DNSNames = []string{"sts.example", "b.example", "c", "d", "e"} }
	good := issue(t, leaf, &middle, forLoopback)
	narrow := issue(t, pkix.Name{CommonName: "Narrow"}, nil, both(authority, func(c *x509.Certificate) {
		c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
	}))
	old := issue(t, pkix.Name{CommonName: "Old"}, &root, both(authority, ended))
	for name, c := range map[string]struct {
		chain []issued
		trust []*x509.Certificate
		fault CertificateFault
		want  string // "": it holds
	}{
		"trusted":           {[]issued{good, middle}, []*x509.Certificate{root.cert}, "", ""},
		"trusted by itself": {[]issued{good}, []*x509.Certificate{good.cert}, "", ""},
		"nobody's":          {[]issued{good, middle}, nil, UnknownAuthority, `the certificate was issued by "Root, of Example School", which this machine doesn't trust`},
		"of another":        {[]issued{good}, []*x509.Certificate{root.cert}, UnknownAuthority, `the certificate was issued by "Middle", which this machine doesn't trust`},
		"with its root":     {[]issued{good, middle, root}, nil, UnknownAuthority, `the certificate was issued by "Root, of Example School", which this machine doesn't trust`},
		"self-signed":       {[]issued{issue(t, leaf, nil, forLoopback)}, nil, SelfSigned, `the certificate is signed by itself ("leaf"), and this machine doesn't trust it`},
		"expired": {[]issued{issue(t, leaf, &root, both(forLoopback, ended))}, []*x509.Certificate{root.cert}, Expired,
			"the certificate was good until 2026-11-21T20:59:00Z, and this machine's clock says 2026-11-21T21:00:00Z"},
		"expired in the middle": {[]issued{issue(t, leaf, &old, forLoopback), old}, []*x509.Certificate{root.cert}, Expired,
			"the certificate was good until 2026-11-21T20:59:00Z, and this machine's clock says 2026-11-21T21:00:00Z"},
		"not yet valid": {[]issued{issue(t, leaf, &root, both(forLoopback, early))}, []*x509.Certificate{root.cert}, NotYetValid,
			"the certificate is good from 2026-11-21T22:00:00Z on, and this machine's clock says 2026-11-21T21:00:00Z"},
		"wrong host": {[]issued{issue(t, leaf, &root, elsewhere)}, []*x509.Certificate{root.cert}, WrongHost,
			`the certificate is for "sts.example", "b.example", "c", "d" and 1 more, and not for "127.0.0.1"`},
		"no host": {[]issued{issue(t, leaf, &root, nil)}, []*x509.Certificate{root.cert}, WrongHost, `the certificate names no host, and so not "127.0.0.1"`},
		"escapes": {[]issued{issue(t, pkix.Name{CommonName: "\x1b[31mred"}, nil, forLoopback)}, nil, SelfSigned,
			`the certificate is signed by itself ("\x1b[31mred"), and this machine doesn't trust it`},
		"beyond its authority": {[]issued{issue(t, leaf, &narrow, forLoopback)}, []*x509.Certificate{narrow.cert}, OtherFault,
			"the certificate doesn't hold: tls: failed to verify certificate: x509: a root or intermediate certificate is not authorized to sign for this name: IP address \"127.0.0.1\" is not permitted by any constraint"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveTLS(t, c.chain...)
			p := &Provider{Metadata: Metadata{UserinfoEndpoint: s.URL}, Now: clock, HTTP: NewHTTPClient(HTTPOptions{Trust: c.trust, Now: clock})}
			_, err := p.Userinfo(t.Context(), testToken, "")
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e, ok := errors.AsType[*CertificateError](err)
			if !ok || e.Fault != c.fault || e.Error() != c.want {
				t.Errorf("got %v\nwant %v: %s", err, c.fault, c.want)
			}
			if away, ok := errors.AsType[*UnavailableError](err); !ok || away.Sent {
				t.Errorf("error %#v: nothing was sent", err)
			}
		})
	}
}

func TestNotTLS(t *testing.T) {
	plain := httptest.NewServer(says(200, "", "{}"))
	t.Cleanup(plain.Close)
	old := httptest.NewUnstartedServer(says(200, "", "{}"))
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	for address, want := range map[string]string{
		"https://" + plain.Listener.Addr().String(): "something answers there that doesn't speak TLS: https needs it",
		old.URL: "the server takes no connection by TLS 1.2 or newer: tls: protocol version not supported",
	} {
		p := &Provider{Metadata: Metadata{UserinfoEndpoint: address}, Now: clock, HTTP: NewHTTPClient(HTTPOptions{})}
		_, err := p.Userinfo(t.Context(), testToken, "")
		away, ok := errors.AsType[*UnavailableError](err)
		if e, isTLS := errors.AsType[*TLSError](err); !ok || !isTLS || e.Error() != want || away.Sent {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// A transport of ours checks certificates and speaks nothing old, whatever it was given.
func TestTransportIsStrict(t *testing.T) {
	for _, trust := range [][]*x509.Certificate{nil, {issue(t, pkix.Name{CommonName: "Root"}, nil, authority).cert}} {
		c := newTransport(trust, clock).TLSClientConfig
		got := &tls.Config{MinVersion: c.MinVersion, InsecureSkipVerify: c.InsecureSkipVerify, VerifyConnection: c.VerifyConnection}
		if want := (&tls.Config{MinVersion: tls.VersionTLS12}); !reflect.DeepEqual(got, want) || (c.RootCAs == nil) != (trust == nil) {
			t.Errorf("%#v", got)
		}
	}
}
