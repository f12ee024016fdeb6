package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"
)

// Route is the way to a provider, as far as it led: each stage that was come by. The zero value led nowhere. What it says of names and
// certificates is foreign text.
type Route struct {
	Host      string        // that was asked for
	Proxy     string        // host and port of the environment's proxy that it leads through; "" where it is direct
	Addresses []string      // that the name leads to; none where it is an address itself, or a proxy looks it up
	Resolved  error         // why the name leads nowhere: a *net.DNSError; nil otherwise
	Connected string        // the address that took the connection: the provider's, or the proxy's
	Chain     *ServerChain  // nil: no TLS, or none that came about
	Status    int           // of the answer; 0: there was none
	Took      time.Duration // until the answer
	Err       error         // what ended it: a *UnavailableError, an *AddressError; nil where there was an answer, whatever it says
}

// ServerChain is the certificate that a server presented, and who vouches for it.
type ServerChain struct {
	Issuer      string // of the certificate at the top of what was presented: its name, and whose it is
	Names       []string
	From, Until time.Time
	// Added says that it leads to none of the system's authorities, but to one of HTTPOptions.Trust: as where a network inspects TLS.
	Added bool
	// Roots are the authorities that it leads to.
	Roots   []*x509.Certificate
	Version string // "TLS 1.3"
}

const opReach = "reach the provider"

// Reach asks an address once, without a second try and without following where it leads, and tells the way there. The answer isn't read.
// Of the options it takes Trust, Clock, Trace and Now, which must be set; ctx says how long it may take.
func Reach(ctx context.Context, o HTTPOptions, address string) Route {
	u, err := checkAddress(address)
	if err != nil {
		return Route{Err: err}
	}
	r := Route{Host: u.Hostname()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		r.Err = &UnavailableError{Operation: opReach, Host: u.Host, Err: err}
		return r
	}
	req.Header.Set("Accept", "application/json")
	r.Proxy = proxyOf(http.ProxyFromEnvironment, req)
	way := &way{}
	req = req.WithContext(httptrace.WithClientTrace(ctx, way.trace()))
	n := &network{newTransport(o.Trust, o.Now), o.Now}
	defer n.CloseIdleConnections()
	var rt http.RoundTripper = &listener{&guard{n, MaxAnswer}, o.Clock, o.Now}
	if o.Trace != nil {
		rt = &tracer{next: rt, trace: o.Trace, proxy: http.ProxyFromEnvironment}
	}
	began := o.Now()
	resp, err := rt.RoundTrip(req)
	r.Took = o.Now().Sub(began)
	way.tell(&r)
	if err != nil {
		r.Err = &UnavailableError{Operation: opReach, Host: u.Host, Err: err}
		return r
	}
	_ = resp.Body.Close() // what it says is read where discovery is
	r.Status = resp.StatusCode
	if resp.TLS != nil {
		r.Chain = chainOf(resp.TLS, o.Trust)
	}
	return r
}

// way remembers the stages of one request; the transport's goroutines tell it.
type way struct {
	mu        sync.Mutex
	addresses []string
	resolved  error
	connected string
}

func (w *way) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSDone: func(i httptrace.DNSDoneInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.resolved = i.Err
			for _, a := range i.Addrs {
				w.addresses = append(w.addresses, a.String())
			}
		},
		ConnectDone: func(_, address string, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if err == nil {
				w.connected = address
			}
		},
	}
}

// tell puts what is known into a route. Through a proxy the name that was looked up is the proxy's.
func (w *way) tell(r *Route) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Connected = w.connected
	if r.Proxy == "" && net.ParseIP(r.Host) == nil {
		r.Addresses, r.Resolved = slices.Clone(w.addresses), w.resolved
	}
}

// chainOf describes a chain that holds.
func chainOf(state *tls.ConnectionState, trust []*x509.Certificate) *ServerChain {
	leaf := state.PeerCertificates[0]
	c := &ServerChain{
		Issuer: clip(nameOf(topOf(state.PeerCertificates).Issuer), 255), Names: namesOf(leaf), From: leaf.NotBefore, Until: leaf.NotAfter,
		Version: tls.VersionName(state.Version),
	}
	c.Added = len(state.VerifiedChains) > 0 && !slices.ContainsFunc(state.VerifiedChains, func(chain []*x509.Certificate) bool {
		root := chain[len(chain)-1]
		return !slices.ContainsFunc(trust, root.Equal)
	})
	for _, chain := range state.VerifiedChains {
		c.Roots = append(c.Roots, chain[len(chain)-1])
	}
	return c
}

// NotFound reports whether a lookup found that there is no such name, and not only that nobody could be asked.
func (r Route) NotFound() bool {
	e, ok := errors.AsType[*net.DNSError](r.Resolved)
	return ok && e.IsNotFound
}

// ClockSkew is how far this machine's clock may be from the provider's before what is checked fails by it.
const ClockSkew = defaultSkew
