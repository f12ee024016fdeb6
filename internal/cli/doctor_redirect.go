package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/certificate"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
)

// redirect looks at the redirect URI: where its answer comes, what the kind takes, and what has to be registered.
func (x *examination) redirect(context.Context) finding {
	p := x.s.profile
	if len(x.flow.ResponseTypes) == 0 && x.flow.Flow != provider.FlowPostedToken {
		return notMade("flow " + p.Flow + " doesn't come back to this machine")
	}
	if p.RedirectURI == "" {
		return failed("profile "+p.Name+" has no redirect URI", "set the one that is registered: "+x.set("redirect_uri", "https://localhost:5454/"))
	}
	place, err := flow.CheckRedirect(p.RedirectURI, p.Listen)
	if err != nil {
		return x.fault(err)
	}
	x.place = place
	var broken []provider.RuleError
	for _, e := range x.s.kind.Broken(x.s.asksFor(x.flow)) {
		if aboutRedirect(e.Rule.Name) {
			broken = append(broken, e)
		}
	}
	if len(broken) > 0 {
		return x.broken(broken)
	}
	f := passed("register exactly this string: "+p.RedirectURI,
		"only the provider knows what is registered: it can't be seen from here",
		"port and trailing slash included: providers compare the whole string")
	if x.inProcess() {
		return passed(p.RedirectURI + ": the emulator's own client takes any loopback port")
	}
	u, err := url.Parse(p.RedirectURI)
	switch {
	case err != nil:
	case u.Port() == "0":
		f = passed("register "+p.RedirectURI+" with a provider that takes any loopback port (RFC 8252 section 7.3)",
			"only the provider knows what is registered: it can't be seen from here",
			"one that compares the whole string needs a fixed port")
	case u.Path == "" && u.RawQuery == "":
		f.more = append(f.more, "it ends without a slash: "+p.RedirectURI+"/ is another string, and the commoner one")
	}
	if !place.Here {
		f.more = append(f.more, "the answer doesn't come to this machine: the address that the browser ends at is pasted")
	}
	if other, shared := x.s.sharedRedirect(); shared && !x.s.kind.OwnCA {
		f.outcome = warned("").outcome
		f.more = append(f.more, "profile "+other+" has it at another provider: unless this one names itself in its answers, no login is made with it")
		f.mend = []string{"register another path for one of them: " + x.set("redirect_uri", ownPath(p.RedirectURI, p.Name))}
	}
	return f
}

// spared makes a warning of a fault that only somebody who signs in here would meet, where nobody will and none has to: a job goes by the login
// that is kept, or by its refresh token.
func (x *examination) spared(c check, f finding) finding {
	if !slices.Contains([]string{"redirect", "port", "certificate"}, c.id) || !x.nobodySignsIn() {
		return f
	}
	const why = "a login that is kept, or begins with a refresh token, needs it not, and nobody signs in here"
	f.outcome, f.more = render.ExamWarning, append([]string{why}, f.more...)
	return f
}

// nobodySignsIn reports whether there is a login without a browser here, and nobody who could make another.
func (x *examination) nobodySignsIn() bool {
	here := x.caller.mayOpenBrowser() || x.env.StdinTTY || x.env.StdoutTTY || x.env.StderrTTY
	if x.s == nil || here && !x.caller.alone() {
		return false
	}
	if !x.s.seed().IsZero() {
		return true
	}
	o, err := x.storeOptions()
	if err != nil {
		return false
	}
	r, ok, err := tokenstore.ReadRecord(o, x.s.profile.Name)
	usable := r.Refreshable && !r.Ended || r.Expiry.After(x.env.Now())
	return err == nil && ok && usable && x.s.binding().Same(r.Binding(x.s.profile.Name))
}

// port tries the addresses that a login would listen on.
func (x *examination) port(ctx context.Context) finding {
	if !x.place.Here {
		return notMade("nothing listens for an answer that is pasted, or that there is none of")
	}
	states, err := flow.CheckPorts(ctx, x.s.profile.RedirectURI, x.s.profile.Listen)
	if err != nil {
		return x.fault(err)
	}
	var free, missing []string
	var taken *finding
	for _, st := range states {
		switch {
		case st.Err != nil && taken == nil:
			f := x.fault(st.Err)
			taken = &f
		case st.Err != nil:
			taken.more = append(taken.more, st.Err.Error())
		case st.Missing:
			missing = append(missing, st.Address)
		default:
			free = append(free, st.Address)
		}
	}
	switch {
	case taken != nil:
		if len(free) > 0 {
			taken.more = append(taken.more, strings.Join(free, " and ")+" is free, but a browser may ask for either: both are needed")
		}
		return *taken
	case len(free) == 0:
		return failed("this machine has no address "+strings.Join(missing, " or "), "say where to listen: "+x.set("listen", "127.0.0.1"))
	case strings.HasSuffix(free[0], ":0"):
		return passed("any free port of " + strings.TrimSuffix(free[0], ":0"))
	}
	f := passed(strings.Join(free, " and ") + " can be listened on")
	if len(missing) > 0 {
		f.more = []string{"this machine has no " + strings.Join(missing, ", ") + ", so nobody else can hold the port there"}
	}
	return x.leadsHere(ctx, f)
}

// leadsHere adds whether a browser gets to the port by the redirect URI's host, where that is a name of the user's own.
func (x *examination) leadsHere(ctx context.Context, f finding) finding {
	p := x.s.profile
	if p.Listen == "" || x.o.offline || isLoopbackIssuer(p.RedirectURI) {
		return f
	}
	var addresses []string
	var here bool
	var err error
	x.within(ctx, func(ctx context.Context) { addresses, here, err = flow.LeadsHere(ctx, p.RedirectURI, p.Listen) })
	host := p.RedirectURI
	if u, uerr := url.Parse(p.RedirectURI); uerr == nil {
		host = u.Hostname()
	}
	const mend = "have that name lead to 127.0.0.1, by its DNS or by this machine's hosts file"
	switch {
	case err != nil:
		return warned(f.says+", but nobody knows where "+host+" leads", mend)
	case !here:
		return warned(f.says+", but "+host+" leads to "+strings.Join(addresses, ", ")+", which isn't this machine", mend)
	}
	f.more = append(f.more, host+" leads to "+strings.Join(addresses, ", ")+", which is this machine")
	return f
}

// certificate looks at what an https redirect URI is served with.
func (x *examination) certificate(ctx context.Context) finding {
	if !x.place.HTTPS {
		return notMade("nothing is served by https here")
	}
	u, err := url.Parse(x.s.profile.RedirectURI)
	if err != nil {
		return x.fault(err)
	}
	if _, err := checkReach(x.s.profile); err != nil {
		return x.fault(err)
	}
	if x.s.profile.TLSCert != "" {
		c, err := x.s.ownCertificate(ctx)
		if err != nil {
			return x.fault(err)
		}
		return x.servedWith(c, u.Hostname(), true)
	}
	place, err := x.certificatePlace()
	if err != nil {
		return x.fault(err)
	}
	c, err := place.Load()
	if errors.Is(err, certificate.ErrNone) {
		return warned("there is none yet: the first login makes one, which browsers warn of until they are told to trust it",
			"make it now: simsid cert export simsid.pem", "then see how to trust it: simsid cert show")
	}
	if err != nil {
		return x.fault(err)
	}
	return x.servedWith(c, u.Hostname(), false)
}

// servedWith tells what browsers will make of a certificate for a host; own says that the user brought it.
func (x *examination) servedWith(c *certificate.Certificate, host string, own bool) finding {
	day := c.Leaf.NotAfter.In(x.env.Location()).Format("2 January 2006")
	names := strings.Join(c.Names(), ", ")
	f := passed("for "+names+", until "+day, "SHA-256 "+c.Fingerprint())
	other := "give another: " + x.set("tls_cert", "cert.pem", "tls_key", "key.pem")
	faults := c.Faults(host, x.env.Now(), nil)
	switch {
	case slices.Contains(faults, certificate.WrongHost) && own:
		return failed(fmt.Sprintf("it is for %s, and not for %s", names, host), other)
	case slices.Contains(faults, certificate.WrongHost):
		return failed(fmt.Sprintf("simsid's own is for %s, and not for %s", names, host), "have a certificate of your own for that host: "+x.set("tls_cert", "cert.pem", "tls_key", "key.pem"))
	case slices.Contains(faults, certificate.Ended) && own:
		return failed("it ended on "+day, other)
	case slices.Contains(faults, certificate.NotYet) && own:
		return failed("it begins on "+c.Leaf.NotBefore.In(x.env.Location()).Format("2 January 2006"), "look whether this machine's clock is right", other)
	case slices.Contains(faults, certificate.Ended):
		return warned("simsid's own ended on "+day+": the next login makes a new one, which browsers have to be told to trust", "make it now: simsid cert renew", "then see how to trust it: simsid cert show")
	case slices.Contains(faults, certificate.Untrusted) && own:
		f.outcome = warned("").outcome
		f.says += "; this machine trusts nobody who vouches for it"
		if c.SelfSigned() {
			f.says += " but itself (self-signed)"
			f.mend = []string{
				"have this machine and its browsers trust it, as they would an authority",
				x.s.withoutOwnCertificate(), "then see how to trust that one: simsid cert show",
			}
			return f
		}
		f.mend = []string{"put the chain up to its authority behind it, into the same file"}
	case slices.Contains(faults, certificate.Untrusted):
		f.outcome = warned("").outcome
		f.says += "; this machine doesn't trust it, and browsers warn of it"
		f.mend = []string{"see how to trust it: simsid cert show"}
	}
	return f
}
