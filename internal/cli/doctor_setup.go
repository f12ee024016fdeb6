package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/certificate"
	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/word"
)

// configuration looks at the file: whether it can be read, what is in it, and who can change it.
func (x *examination) configuration(context.Context) finding {
	file, err := x.loadConfig()
	if err != nil {
		return x.fault(err)
	}
	x.file = file
	if access, ok := errors.AsType[*config.AccessError](config.CheckAccess(file.Path())); ok {
		f := failed(access.Error())
		if access.Mend != "" {
			f.mend = []string{access.Mend}
		}
		return f
	}
	if f, ok := x.homeless(filepath.Dir(file.Path()), "the configuration", "SIMSID_CONFIG_DIR"); ok {
		return f
	}
	if odd := x.oddVariables(); odd.outcome != "" {
		return odd
	}
	if n := len(file.Names()); n != 1 {
		return passed(fmt.Sprintf("%s: %d profiles", file.Path(), n))
	}
	return passed(file.Path() + ": 1 profile")
}

// oddVariables finds those that look like simsid's and mean nothing to it.
func (x *examination) oddVariables() finding {
	known := knownVariables()
	var odd, mend []string
	for _, v := range slices.Sorted(slices.Values(x.env.Environ())) {
		name, _, _ := strings.Cut(v, "=")
		own, ours := strings.CutPrefix(strings.ToUpper(name), variablePrefix)
		if !ours || slices.Contains(known, name) || x.system("windows") && slices.Contains(known, strings.ToUpper(name)) {
			continue
		}
		odd = append(odd, name)
		if near := nearVariable(own, known); near != "" {
			mend = append(mend, name+": did you mean "+near+"?")
		}
	}
	const shown = 12 // an environment may be anybody's
	switch n := len(odd); {
	case n == 0:
		return finding{}
	case n == 1:
		odd[0] = "the variable " + odd[0] + " means nothing to simsid"
	case n > shown:
		odd = append(odd[:shown], fmt.Sprintf("and %d more", n-shown))
		mend = mend[:min(len(mend), shown)]
		fallthrough
	default:
		odd[0] = "the variables " + strings.Join(odd, ", ") + " mean nothing to simsid"
	}
	return warned(odd[0], append(mend, "every variable with what it means: simsid help environment")...)
}

const variablePrefix = "SIMSID_"

// nearVariable is the variable that a mistyped one was likely meant to be, by what stands behind the prefix: every name is near to every
// other by that.
func nearVariable(own string, known []string) string {
	var words []string
	for _, k := range known {
		if w, ok := strings.CutPrefix(k, variablePrefix); ok {
			words = append(words, w)
		}
	}
	if near := word.Nearest(own, words); near != "" {
		return variablePrefix + near
	}
	return ""
}

func knownVariables() []string {
	var names []string
	for _, p := range environmentTopic() {
		for _, t := range p.terms {
			names = append(names, t.name)
		}
	}
	return names
}

// profile resolves the profile, and sees whether it is complete. The redirect URI has a check of its own.
func (x *examination) profile(context.Context) finding {
	s, err := x.resolveSession(selection{cmd: x.o.cmd})
	if err != nil {
		return x.fault(err)
	}
	if err := s.complete(); err != nil {
		// A provider can be asked without a client, as long as it is the one that is meant.
		whole := *s
		whole.profile.ClientID = "nobody"
		if s.profile.ClientID == "" && whole.complete() == nil {
			x.s = s
		}
		return x.fault(err)
	}
	x.s = s
	sound := *s
	sound.profile.RedirectURI, sound.profile.Listen, sound.profile.TLSCert, sound.profile.TLSKey = "https://localhost:5454/", "", "", ""
	if err := sound.checkFlow(&loginOptions{printURL: true}); err != nil {
		return x.fault(err)
	}
	x.flow = sound.flow
	p := s.profile
	says := p.Name + ", of kind " + p.Kind
	if p.Environment != "" {
		says += ", " + p.Environment
	}
	says += ": client " + p.ClientID + ", flow " + p.Flow
	f := passed(says)
	for _, setting := range config.Settings() {
		if o, ok := p.Origins[setting.Key]; ok && o.Source == config.FromEnvironment && p.Overridden(setting.Key) {
			f.more = append(f.more, setting.Key+" isn't the profile's own: it comes from "+o.Detail)
		}
	}
	return f
}

// aboutRedirect reports whether a rule is about the redirect URI, which has a check of its own.
func aboutRedirect(r provider.RuleName) bool {
	return r == provider.RuleNoLocalhost || r == provider.RuleHTTPSRedirect
}

// rules are those of the kind, but for the redirect URI's and the secret's.
func (x *examination) rules(context.Context) finding {
	var broken []provider.RuleError
	for _, e := range x.s.kind.Broken(x.s.asksFor(x.flow)) {
		if !aboutRedirect(e.Rule.Name) {
			broken = append(broken, e)
		}
	}
	if len(broken) > 0 {
		return x.broken(broken)
	}
	if len(x.s.profile.Scopes) == 0 {
		return passed("nothing is asked for that " + x.kindTitle() + " is known to refuse")
	}
	return passed("the scopes " + strings.Join(x.s.profile.Scopes, " ") + " may be asked for together")
}

func (x *examination) kindTitle() string {
	if x.s.kind.Title == "" {
		return "the provider"
	}
	return x.s.kind.Title
}

// broken is a finding of rules that are broken, each with its way out, and what to type to keep all of them.
func (x *examination) broken(rules []provider.RuleError) finding {
	f := failed("")
	scopes, uri := slices.Clone(x.s.profile.Scopes), x.s.profile.RedirectURI
	for i, e := range rules {
		if i == 0 {
			f.says = e.Error()
		} else {
			f.more = append(f.more, e.Error())
		}
		f.mend = append(f.mend, e.Rule.WayOut)
		switch e.Rule.Name {
		case provider.RuleExclusiveScopes:
			scopes = withOneOf(scopes, e.Rule.Scopes)
		case provider.RuleOpenID:
			scopes = append([]string{"openid"}, scopes...)
		case provider.RuleHTTPSRedirect:
			uri = "https://" + strings.TrimPrefix(uri, "http://")
		case provider.RuleNoLocalhost:
			uri = "https://YOUR-HOST/"
		case provider.RuleClientSecret:
		}
	}
	if !slices.Equal(scopes, x.s.profile.Scopes) {
		f.mend = append(f.mend, x.set("scopes", strings.Join(scopes, " ")))
	}
	if uri != x.s.profile.RedirectURI {
		if strings.Contains(uri, "YOUR-HOST") || !strings.HasPrefix(x.s.profile.RedirectURI, "http://") {
			uri = "https://YOUR-HOST/"
		}
		f.mend = append(f.mend, x.set("redirect_uri", uri))
	}
	return f
}

// withOneOf leaves one of the scopes that exclude each other, the first.
func withOneOf(scopes, exclusive []string) []string {
	first := slices.IndexFunc(scopes, func(s string) bool { return slices.Contains(exclusive, s) })
	var kept []string
	for i, s := range scopes {
		if i <= first || !slices.Contains(exclusive, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// set is what to type or to change for a key to have another value, where it was said.
func (x *examination) set(keysAndValues ...string) string { return x.s.set(keysAndValues...) }

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
	f := passed("register exactly this string: "+p.RedirectURI, "port and trailing slash included: providers compare the whole string")
	if x.inProcess() {
		return passed(p.RedirectURI + ": the emulator's own client takes any loopback port")
	}
	if u, err := url.Parse(p.RedirectURI); err == nil && u.Port() == "0" {
		f = passed("register "+p.RedirectURI+" with a provider that takes any loopback port (RFC 8252 section 7.3)", "one that compares the whole string needs a fixed port")
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
		f.mend = []string{"put the chain up to its authority behind it, into the same file"}
	case slices.Contains(faults, certificate.Untrusted):
		f.outcome = warned("").outcome
		f.says += "; this machine doesn't trust it, and browsers warn of it"
		f.mend = []string{"see how to trust it: simsid cert show"}
	}
	return f
}
