package provider

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// MaxAnswer is the longest answer in bytes that is read.
const MaxAnswer = 1 << 20

// defaultTimeout is for one exchange.
const defaultTimeout = 30 * time.Second

// errTooLong is what reading an answer beyond MaxAnswer gives.
var errTooLong = errors.New("answer longer than is read")

// HTTPOptions say how the back channel is to be made.
type HTTPOptions struct {
	Base    http.RoundTripper                    // nil: a transport of our own (TLS 1.2, proxies from the environment)
	Trust   []*x509.Certificate                  // authorities beside the system's, for a transport of our own
	Trace   *Trace                               // nil: no trace
	Clock   *ServerClock                         // is told what each answer says of the provider's clock; nil: nobody is
	Max     int64                                // the longest answer in bytes; 0: MaxAnswer
	Timeout time.Duration                        // one exchange, the body and a second try included; 0: 30 s
	Now     func() time.Time                     // nil: Clock hears nothing, and certificates go by the system's clock
	After   func(time.Duration) <-chan time.Time // Now's alarm; nil: there is no pause before a second try
}

// NewHTTPClient returns a client that follows no redirect, refuses http but on loopback, bounds each answer to 1 MiB, tries once
// more what is safe to repeat (see retrier), and writes each exchange to Trace, redacted by allow-list.
func NewHTTPClient(o HTTPOptions) *http.Client {
	base := o.Base
	if base == nil {
		base = &network{newTransport(o.Trust, o.Now), o.Now}
	}
	longest := o.Max
	if longest <= 0 {
		longest = MaxAnswer
	}
	var rt http.RoundTripper = &guard{base, longest}
	if o.Now != nil {
		rt = &listener{rt, o.Clock, o.Now}
	}
	if o.Trace != nil {
		t := &tracer{next: rt, trace: o.Trace}
		if o.Base == nil {
			t.proxy = http.ProxyFromEnvironment
		}
		rt = t
	}
	rt = &retrier{rt, o.After}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	return &http.Client{
		Transport: rt,
		Timeout:   timeout,
		// A 307 or 308 would post code, secret and refresh token once more, to a host of the answer's choice.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard refuses addresses that a secret mustn't go to, and bounds what comes back.
type guard struct {
	next http.RoundTripper
	max  int64 // bytes of an answer
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := checkURL(req.URL); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // the interface asks for it, errors included
		}
		return nil, err
	}
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: g.max}
	return resp, nil
}

// boundedBody gives errTooLong where a body goes on after its bound.
type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n = int(b.left)
		b.left = 0
		return n, errTooLong
	}
	b.left -= int64(n)
	return n, err
}

// checkAddress takes an endpoint's address apart and refuses what checkURL does.
func checkAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The parser's error repeats the whole address, which may hold credentials.
		return nil, &AddressError{Problem: "can't be read"}
	}
	return u, checkURL(u)
}

// checkURL refuses an address that isn't https, or http on loopback (RFC 8252 section 8.3), and one with credentials or,
// by RFC 6749 sections 3.1 and 3.2, a fragment.
func checkURL(u *url.URL) error {
	problem := ""
	switch {
	case u.Hostname() == "":
		problem = "names no host"
	case u.User != nil:
		problem = "holds credentials"
	case u.Fragment != "":
		problem = "has a fragment"
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		problem = "is plain http, which is allowed on loopback only"
	default:
		problem = "isn't https"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return &AddressError{Address: shown.String(), Problem: problem}
}

// isLoopback reports whether a host is this machine by its name alone. Spellings such as 127.1 are no addresses here,
// since what they lead to depends on who resolves them.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, _ := netip.ParseAddr(host)
	return a.IsLoopback()
}

// readAll reads an answer's body as far as it can be had; tooLong says that it goes beyond MaxAnswer.
func readAll(r io.Reader) (body []byte, tooLong bool, err error) {
	body, err = io.ReadAll(r)
	if errors.Is(err, errTooLong) {
		return body, true, nil
	}
	return body, false, err
}
