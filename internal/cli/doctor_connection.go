package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// connection tells whether anybody answered at the address, and, where the answer was none, what is there instead.
func (x *examination) connection(ctx context.Context) finding {
	if x.inProcess() {
		return notMade(withoutNetwork)
	}
	r := x.way(ctx)
	e, ok := errors.AsType[*provider.UnavailableError](r.Err)
	switch {
	case r.Err == nil, r.Connected != "" && (aboutTLS(r.Err) || r.Status != 0):
	case !ok || aboutTLS(r.Err):
		return x.fault(r.Err)
	case r.Proxy != "":
		return failed("no answer came through the proxy "+r.Proxy+": "+endOf(e), "look whether HTTPS_PROXY names a proxy, and the right one",
			"or leave the proxy out for this host: export NO_PROXY="+foreignWord(hostOnly(e.Host)))
	case r.Connected == "" && !provider.BrokenOff(r.Err):
		return x.unconnected(e)
	default:
		return x.unanswered(ctx, e)
	}
	if r.Proxy != "" {
		return passed("by way of " + r.Proxy)
	}
	return passed("to " + r.Connected)
}

func (x *examination) checkIssuer() string {
	return "check the issuer's address, with its port: simsid profile show " + x.s.profile.Name
}

// unconnected tells why an address took no connection.
func (x *examination) unconnected(e *provider.UnavailableError) finding {
	host := x.issuerURL().Host
	if e.Timeout() {
		return failed(host+" took no connection: no answer in time",
			x.checkIssuer(), x.letThrough(), "or give it longer: add --timeout 30s")
	}
	why := e.Err.Error()
	if call, ok := errors.AsType[*os.SyscallError](e.Err); ok { // "connection refused", without what was tried
		why = call.Err.Error()
	} else if op, ok := errors.AsType[*net.OpError](e.Err); ok {
		why = op.Err.Error()
	}
	f := failed(host+" takes no connection: "+why, x.checkIssuer())
	switch {
	case x.s.kind.OwnCA:
		f.mend = append(f.mend, "start it: simsid emulator --port "+x.issuerURL().Port())
	case isLoopbackIssuer(x.s.profile.Issuer):
		f.mend = append(f.mend, "start the provider: nothing listens at "+host)
	default:
		f.mend = append(f.mend, x.letThrough())
	}
	return f
}

func (x *examination) letThrough() string {
	return "a firewall may be in the way: ask whoever runs this network to let you to " + x.issuerURL().Host
}

// listener is where somebody took a connection: by its address, where that is known.
func (x *examination) listener() string {
	if at := x.route.Connected; at != "" {
		return at
	}
	return x.issuerURL().Host
}

// sound asks once more, by a bare connection, for who is there.
func (x *examination) sound(ctx context.Context) provider.Sounding {
	var s provider.Sounding
	x.within(ctx, func(ctx context.Context) { s = provider.Sound(ctx, x.listener()) })
	return s
}

// unanswered tells what is wrong where a connection came about, and no HTTP over it.
func (x *examination) unanswered(ctx context.Context, e *provider.UnavailableError) finding {
	at := x.listener()
	f := failed("", x.checkIssuer())
	if e.Timeout() { // a server of HTTP or TLS may well say something else in time
		f.says = "something listens at " + at + ", and gives no answer in time"
		f.mend = append(f.mend, x.lookAtProvider(), "or give it longer: add --timeout 30s")
		return f
	}
	s := x.sound(ctx)
	switch s.End {
	case provider.SoundingSpoke:
		f.says = "something listens at " + at + ", and " + spoken(s) + ", not " + x.wanted()
		switch https := x.issuerURL().Scheme == "https"; {
		case s.Speaks == provider.SpeaksTLS && !https:
			f.mend = append(f.mend, "give its address with https://: "+x.set("issuer", "https://"+x.issuerURL().Host+x.issuerURL().Path))
		case s.Speaks == provider.SpeaksHTTP, s.Speaks == provider.SpeaksTLS: // a server of TLS says no to a bare request by either
			f.says = "something listens at " + at + ", and its answer can't be used: " + endOf(e)
			f.mend = append(f.mend, x.lookAtProvider(), "see more of it: simsid doctor -p "+x.s.profile.Name+" --trace")
		}
	case provider.SoundingClosed, provider.SoundingNone:
		f.says = "something listens at " + at + ", and closes each connection without an answer"
		f.mend = append(f.mend, x.lookAtProvider())
	case provider.SoundingBroken:
		f.says = "something listens at " + at + ", and breaks each connection off (reset)"
		f.mend = append(f.mend, x.lookAtProvider())
	case provider.SoundingSilent:
		f.says = "something listens at " + at + ", and gives no answer in time"
		f.mend = append(f.mend, x.lookAtProvider(), "or give it longer: add --timeout 30s")
	}
	return f
}

// spoken says what came by a bare connection.
func spoken(s provider.Sounding) string {
	if s.Speaks != "" {
		return "speaks " + s.Speaks
	}
	return `begins with "` + s.First + `"`
}

// endOf puts into words how an exchange ended without an answer.
func endOf(e *provider.UnavailableError) string {
	switch {
	case e.Timeout():
		return "no answer in time"
	case errors.Is(e.Err, io.EOF), errors.Is(e.Err, io.ErrUnexpectedEOF):
		return "the connection is closed without one"
	case provider.BrokenOff(e.Err):
		return "the connection is broken off (reset)"
	}
	return e.Err.Error()
}

// wanted is what an issuer's address has its server speak.
func (x *examination) wanted() string {
	if x.issuerURL().Scheme == "https" {
		return "TLS"
	}
	return "HTTP"
}

// lookAtProvider is what to do where something listens, and does nothing.
func (x *examination) lookAtProvider() string {
	if isLoopbackIssuer(x.s.profile.Issuer) {
		return "look whether that is the provider, or start it anew; to see which program listens: " + whoListens(x.listener())
	}
	return "a firewall, a load balancer or the provider itself does that: ask who runs it"
}

// withoutTLS tells what answers where TLS is wanted.
func (x *examination) withoutTLS(ctx context.Context) finding {
	s, u := x.sound(ctx), x.issuerURL()
	f := failed("something answers at "+x.route.Connected+" that doesn't speak TLS, which https needs", x.checkIssuer())
	if s.End == provider.SoundingSpoke {
		f.says += ": it " + spoken(s)
	}
	switch local := isLoopbackIssuer(x.s.profile.Issuer); {
	case s.Speaks != provider.SpeaksHTTP:
	case local && x.s.kind.OwnCA:
		f.mend = append(f.mend, "serve it by https: simsid emulator --https --port "+u.Port())
	case local:
		f.mend = append(f.mend, "give its address with http://, which is for this machine alone: "+x.set("issuer", "http://"+u.Host+u.Path))
	default:
		f.mend = append(f.mend, "ask the provider's operator for its https address: plain http is for this machine alone")
	}
	return f
}

// tls tells who vouches for the provider.
func (x *examination) tls(ctx context.Context) finding {
	switch {
	case x.s == nil:
		return notMade(x.roots["profile"] + " failed")
	case x.inProcess():
		return notMade(withoutNetwork)
	}
	_, useless, err := x.s.authorities(ctx)
	switch {
	case err != nil: // whoever is or isn't to be reached, and by TLS or not: no command gets any further
		return x.fault(err)
	case x.issuerURL().Scheme == "http":
		return notMade("plain http, which is for this machine alone")
	case x.o.offline:
		return notMade(notAsked)
	}
	if root := x.stopped("dns", "proxy", "connection"); root != "" {
		return notMade(root + " failed")
	}
	r := x.way(ctx)
	if is[tls.RecordHeaderError](r.Err) && r.Proxy == "" {
		return x.withoutTLS(ctx)
	}
	if aboutTLS(r.Err) {
		return withUseless(x.fault(r.Err), useless)
	}
	c := r.Chain
	if c == nil {
		return notMade("no connection came about")
	}
	f := passed(fmt.Sprintf("%s, issued by %q, until %s", c.Version, c.Issuer, c.Until.In(x.env.Location()).Format("2 January 2006")))
	switch {
	case c.Added && x.ownAuthority(c):
		f.more = append(f.more, "that is the CA of the emulators that you serve, which simsid trusts for this machine alone")
	case c.Added:
		f.more = append(f.more, "that authority is none of this machine's: it was added by ca_file or SSL_CERT_FILE, as where a network inspects TLS; whoever holds its key can read along")
	}
	if useless != nil {
		f.outcome = render.ExamWarning
	}
	return withUseless(f, useless)
}

// ownAuthority reports whether it is the emulators' authority that vouches for a provider, and none that the user has added.
func (x *examination) ownAuthority(c *provider.ServerChain) bool {
	if !x.s.kind.OwnCA {
		return false
	}
	own, err := x.s.trustedAuthority()
	return err == nil && own != nil && slices.ContainsFunc(c.Roots, own.Equal)
}

// withUseless adds to a finding that SSL_CERT_FILE is of no use.
func withUseless(f finding, useless error) finding {
	if useless != nil {
		f.more = append(f.more, fmt.Sprintf("SSL_CERT_FILE is of no use: %v", useless))
		f.mend = append(f.mend, "name a file of certificates, or take the variable away: unset SSL_CERT_FILE")
	}
	return f
}
