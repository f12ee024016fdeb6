package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// newTransport is the way to the network: TLS 1.2 at least, certificates always checked, proxies from the environment.
func newTransport(trust []*x509.Certificate, now func() time.Time) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true) // releases hold no other: see the tag in .goreleaser.yaml
	return &http.Transport{
		Protocols:              &protocols,
		Proxy:                  safely(http.ProxyFromEnvironment),
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots(trust), Time: now},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           4,
		// A code is redeemed once, and never replayed by the transport: so it mustn't go out on a connection that a server
		// or a router forgot while the user was signing in.
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// roots are the system's certificate authorities and more; nil is the system's.
func roots(more []*x509.Certificate) *x509.CertPool {
	if len(more) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // then these are the only ones
	}
	for _, c := range more {
		pool.AddCert(c)
	}
	return pool
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return dialerFor(address).DialContext(ctx, network, address)
}

// dialerFor connects as usual, but for the name localhost, which must lead to this machine: it is trusted without TLS.
func dialerFor(address string) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if host, _, _ := net.SplitHostPort(address); host == "localhost" {
		d.Control = onlyLoopback
	}
	return d
}

func onlyLoopback(_, address string, _ syscall.RawConn) error {
	ap, _ := netip.ParseAddrPort(address)
	if !ap.Addr().IsLoopback() {
		return fmt.Errorf("localhost leads to %s, which isn't this machine", address)
	}
	return nil
}

// ProxyError says that the proxy of the environment stood in the way. It never holds the proxy's credentials.
type ProxyError struct {
	Proxy  string // host and port; "" where the variable can't be read
	Status int    // what the proxy answered; 0: nothing
	Err    error  // the cause where there was no answer; may be nil
}

// Error tells proxy and status or cause.
func (e *ProxyError) Error() string {
	switch {
	case e.Proxy == "":
		return "the proxy that the environment names has no address that can be read"
	case e.Status == http.StatusProxyAuthRequired:
		return fmt.Sprintf("the proxy %s asks for credentials (HTTP 407)", visible(e.Proxy))
	case e.Status != 0:
		return fmt.Sprintf("the proxy %s refuses to connect (HTTP %d)", visible(e.Proxy), e.Status)
	case e.Err != nil:
		return fmt.Sprintf("the proxy %s can't be reached: %v", visible(e.Proxy), e.Err)
	default:
		return fmt.Sprintf("the proxy %s can't be reached", visible(e.Proxy))
	}
}

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

// safely keeps the error of http.ProxyFromEnvironment back, which repeats the variable with the password in it.
func safely(by func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		u, err := by(req)
		if err != nil {
			return nil, &ProxyError{}
		}
		return u, nil
	}
}

// proxyAnswered makes an error of a refused CONNECT that names the proxy, where net/http has the bare words of its status.
func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Proxy: proxy.Host, Status: resp.StatusCode}
}

// proxyOf is the host of the proxy that a request goes through, "" for none.
func proxyOf(by func(*http.Request) (*url.URL, error), req *http.Request) string {
	u, err := by(req)
	if err != nil || u == nil {
		return ""
	}
	return u.Host
}

// network is our own transport, with errors that say what stood in the way.
type network struct {
	*http.Transport
	now func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := n.Transport.RoundTrip(req)
	if err == nil {
		return resp, nil
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "proxyconnect" {
		return nil, &ProxyError{Proxy: proxyOf(n.Proxy, req), Err: failed.Err}
	}
	var at time.Time
	if n.now != nil {
		at = n.now()
	}
	return nil, explainTLS(explainHeaders(err), req.URL.Hostname(), at)
}

// errHeaders says in our own words that an answer's headers don't end.
var errHeaders = errors.New("the answer's headers are longer than 64 KiB")

// explainHeaders knows net/http's error by its words alone: it has no type.
func explainHeaders(err error) error {
	if strings.Contains(err.Error(), "server response headers exceeded") {
		return errHeaders
	}
	return err
}
