package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

const (
	withoutNetwork = "the STS inside simsid is asked without a network"
	notAsked       = "--offline: the network isn't asked"
)

// inProcess reports whether the STS inside the binary answers.
func (x *examination) inProcess() bool { return x.s != nil && x.s.embedded() }

// way goes to the provider once; what came of it is told by several checks.
func (x *examination) way(ctx context.Context) *provider.Route {
	if x.route != nil {
		return x.route
	}
	x.clocked = &provider.ServerClock{}
	trust, _, _ := x.s.authorities(ctx) // what is wrong with them, tls tells
	address := strings.TrimSuffix(x.s.profile.Issuer, "/") + "/"
	if x.s.kind.TokenPath == "" {
		address += ".well-known/openid-configuration"
	}
	x.within(ctx, func(ctx context.Context) {
		r := provider.Reach(ctx, provider.HTTPOptions{Trust: trust, Now: x.env.Now, Clock: x.clocked, Trace: x.trace}, address)
		x.route = &r
	})
	return x.route
}

// issuerURL is the provider's address.
func (x *examination) issuerURL() *url.URL {
	u, err := url.Parse(x.s.profile.Issuer)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// dns tells where the host's name leads.
func (x *examination) dns(ctx context.Context) finding {
	if x.inProcess() {
		return notMade(withoutNetwork)
	}
	r := x.way(ctx)
	check := "check the issuer's address: simsid profile show " + x.s.profile.Name
	switch {
	case r.Proxy != "":
		return notMade("the proxy looks the name up")
	case r.NotFound():
		return failed(fmt.Sprintf("there is no host %q", r.Host), check, "look whether this machine is online, and, for a name of your own network, in that network (VPN)")
	case r.Resolved != nil:
		return failed(fmt.Sprintf("nobody could say where %q leads: no name server answered", r.Host), "look whether this machine is online", check)
	case len(r.Addresses) > 0:
		return passed(r.Host + " leads to " + strings.Join(r.Addresses, ", "))
	case r.Connected == "" && r.Err != nil && net.ParseIP(r.Host) == nil:
		return x.fault(r.Err)
	}
	return passed(x.issuerURL().Hostname() + " is an address, and no name to look up")
}

// proxy tells through which one the way leads.
func (x *examination) proxy(ctx context.Context) finding {
	if x.inProcess() {
		return notMade(withoutNetwork)
	}
	r := x.way(ctx)
	variable := ""
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if variable == "" && x.env.Getenv(name) != "" {
			variable = name
		}
	}
	stopped := is[*provider.ProxyError](r.Err)
	switch useless := x.s.uselessProxy(); {
	case useless != "":
		return warned(useless+proxyUseless+"; a login refuses to go without it", "set it, or take it away: unset "+useless)
	case stopped:
		return x.fault(r.Err)
	case r.Proxy != "":
		return passed("the way leads through " + r.Proxy)
	case variable != "":
		return passed("the way is direct: " + variable + " isn't for this host (NO_PROXY, or this machine itself)")
	}
	return passed("there is none: the way is direct")
}

// aboutTLS reports whether a connection failed by what stands between TCP and HTTP.
func aboutTLS(err error) bool {
	return is[*provider.CertificateError](err) || is[*provider.TLSError](err)
}

// clockOffset compares this machine's clock with the provider's, by the Date of its answer, and with the day on which this program was
// built.
func (x *examination) clockOffset(ctx context.Context) finding {
	now := x.env.Now()
	stamp := now.UTC().Format("2 January 2006 15:04 MST")
	if built, err := time.Parse(time.RFC3339, x.env.Build().Date); err == nil && now.Before(built.Add(-24*time.Hour)) {
		return failed("this machine's clock says "+stamp+", which is before this program was built", x.setClock())
	}
	if x.inProcess() {
		return notMade(withoutNetwork)
	}
	outside := x.route != nil && outsideItsTime(x.route.Err)
	if outside {
		x.within(ctx, func(ctx context.Context) {
			// Without an answer the certificate's own times are all that is known.
			_ = provider.AskTime(ctx, provider.HTTPOptions{Now: x.env.Now, Clock: x.clocked}, x.issuerURL().Hostname())
		})
	}
	ahead, known := x.clocked.Ahead()
	switch {
	case known:
		return x.offset(ahead)
	case outside:
		return warned("this machine's clock says "+stamp+", when the provider's certificate isn't good; one of the two is wrong", x.setClock())
	case x.s != nil && x.o.offline:
		return notMade(notAsked)
	}
	for _, before := range []string{"profile", "dns", "proxy", "connection", "tls"} {
		if root := x.roots[before]; root != "" {
			return notMade(root + " failed")
		}
	}
	return notMade("no answer has told the provider's time")
}

// offset tells what a difference of the clocks means.
func (x *examination) offset(ahead time.Duration) finding {
	if ahead.Abs() < clockWorthSetting {
		return passed("within " + render.Duration(clockWorthSetting) + " of the provider's")
	}
	direction := " ahead of the provider's"
	if ahead < 0 {
		direction = " behind the provider's"
	}
	f := failed("this machine's clock is "+render.Duration(rounded(ahead.Abs()))+direction, x.setClock())
	if ahead.Abs() < provider.ClockSkew {
		f.outcome = render.ExamWarning
	} else {
		f.more = []string{"logins are refused from a difference of " + render.Duration(provider.ClockSkew) + " on"}
	}
	return f
}

// outsideItsTime reports whether a certificate has ended or not begun by this machine's clock.
func outsideItsTime(err error) bool {
	c, ok := errors.AsType[*provider.CertificateError](err)
	return ok && (c.Fault == provider.Expired || c.Fault == provider.NotYetValid)
}

// setClock is what sets a clock right on this system.
func (x *examination) setClock() string {
	system, _, _ := strings.Cut(x.env.Platform, "/")
	switch system {
	case "windows":
		return "set it right: w32tm /resync"
	case "darwin":
		return "set it right: sudo sntp -sS time.apple.com"
	}
	return "set it right: sudo timedatectl set-ntp true"
}
