package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// discovery reads the provider's metadata, and holds its issuer against the profile's.
func (x *examination) discovery(ctx context.Context) finding {
	if err := x.newProvider(ctx); err != nil {
		return x.unserved(err, x.checkIssuer())
	}
	if f := x.embeddedState(); f.outcome != "" {
		return f
	}
	if lack, ok := x.s.kind.Lack(provider.CallDiscover); ok {
		return notMade(lack.Reason)
	}
	p, got := x.s.profile, x.prov.Metadata.Issuer
	switch {
	case p.PinnedIssuer != "":
		return x.listed("the issuer is the one that was pinned: " + got)
	case got != p.Issuer:
		return x.listed("the issuer calls itself "+got, "a slash at its end may differ once: the first login pins it")
	}
	return x.listed("the issuer is the profile's: " + got)
}

// embeddedState looks whether the site inside simsid can go on from the state that it has kept.
func (x *examination) embeddedState() finding {
	if !x.inProcess() {
		return finding{}
	}
	dir, err := x.s.embeddedFolder()
	if err == nil {
		err = emulator.CheckState(dir)
	}
	switch {
	case is[*emulator.StateError](err):
		return warned(err.Error()+": the next command puts it aside and begins a new one, and every login made with it has ended", "sign in again: simsid login -p "+x.s.profile.Name)
	case err != nil:
		return x.fault(err)
	}
	return finding{}
}

// listed is a passed discovery, or a warning where the metadata lists what may be asked for and leaves out what this profile asks for. That
// alone is no fault: a list may be of what is recommended (OpenID Connect Discovery 3 of scopes_supported).
func (x *examination) listed(says string, more ...string) finding {
	f := passed(says, more...)
	m, p := x.prov.Metadata, x.s.profile
	if len(m.ScopesSupported) > 0 {
		kept, out := partition(p.Scopes, func(scope string) bool { return slices.Contains(m.ScopesSupported, scope) || scope == "offline_access" })
		if len(out) > 0 {
			f.says += "; it doesn't list what is asked for by scope: " + strings.Join(out, " ")
			f.mend = append(f.mend, "leave that away, unless the provider told you to ask for it: "+x.set("scopes", strings.Join(kept, " ")))
		}
	}
	if proven := x.s.kind.ProofKey(x.flow) && len(x.flow.ResponseTypes) > 0 && x.flow.Flow != provider.FlowImplicit; proven &&
		len(m.ChallengeMethods) > 0 && !slices.Contains(m.ChallengeMethods, "S256") {
		f.says += "; it doesn't list S256, by which simsid sends its proof key (PKCE)"
		f.mend = append(f.mend, "ask the provider's operator to take S256 (RFC 7636 section 4.2): without it a code that is stolen can be used")
	}
	if len(f.mend) > 0 {
		f.outcome = render.ExamWarning
	}
	return f
}

// partition divides words by whether they are wanted, in their order.
func partition(words []string, wanted func(string) bool) (kept, out []string) {
	for _, w := range words {
		if wanted(w) {
			kept = append(kept, w)
		} else {
			out = append(out, w)
		}
	}
	return kept, out
}

// unserved is the finding of a request to the provider that came to nothing: with ways out for somebody who only looks, where a command's own
// hints say what became of what it was about.
func (x *examination) unserved(err error, first ...string) finding {
	f := x.fault(err)
	if e, ok := errors.AsType[*provider.IssuerError](err); ok && !e.Pinned && !e.SlashOnly {
		f.mend = slices.Concat(first, x.issuerItself(e.Got))
		return f
	}
	const operator = "else only the provider's operator can mend that: tell them what stands here"
	see := "see what came back: simsid doctor -p " + x.s.profile.Name + " --trace"
	if is[*provider.ResponseError](err) {
		f.mend = slices.Concat(first, []string{see, operator})
		return f
	}
	e, ok := errors.AsType[*provider.UnavailableError](err)
	if !ok || aboutTLS(err) || is[*provider.ProxyError](err) {
		return f
	}
	again := "simsid doctor -p " + x.s.profile.Name
	switch {
	case e.Timeout():
		f.mend = slices.Concat(first, []string{"give it longer: " + again + " --timeout 30s", operator})
	case e.RetryAfter > 0:
		f.mend = []string{"the provider asks to wait " + render.Duration(e.RetryAfter) + " before the next try: " + again, operator}
	case e.Status != 0:
		f.mend = slices.Concat(first, []string{"it is busy or out of order; look again in a while: " + again, operator})
	default:
		if len(first) == 0 {
			first = []string{"that address is from the provider's metadata: simsid discover -p " + x.s.profile.Name}
		}
		f.mend = slices.Concat(first, []string{"a firewall may be in the way: ask whoever runs this network to let you to " + e.Host, operator})
	}
	return f
}

// newProvider reads the metadata without pinning the issuer in the profile.
func (x *examination) newProvider(ctx context.Context) error {
	if err := x.prepareQuietly(ctx); err != nil {
		return err
	}
	var m provider.Metadata
	var err error
	x.within(ctx, func(ctx context.Context) {
		m, err = provider.Discover(ctx, x.s.hc, provider.DiscoverRequest{Kind: x.s.kind, Issuer: x.s.profile.Issuer, Pinned: x.s.profile.PinnedIssuer})
	})
	if err != nil {
		return err
	}
	x.prov = &provider.Provider{Kind: x.s.kind, Metadata: m, ClientID: x.s.profile.ClientID, HTTP: x.s.hc, Now: x.env.Now, Rand: x.env.Rand, Clock: x.s.clock}
	return nil
}

// prepareQuietly makes the back channel without the warnings that are checks here.
func (x *examination) prepareQuietly(ctx context.Context) error {
	if x.s.hc != nil || x.inProcess() {
		return x.s.prepareHTTP(ctx)
	}
	trust, _, err := x.s.authorities(ctx)
	if err != nil {
		return err
	}
	x.s.clock = x.clocked
	x.s.hc = provider.NewHTTPClient(provider.HTTPOptions{
		Timeout: x.global.timeout, Now: x.env.Now, After: x.env.After, Clock: x.clocked, Trace: x.trace, Trust: trust,
	})
	return nil
}

// keys reads those that the provider signs with.
func (x *examination) keys(ctx context.Context) finding {
	if x.prov == nil || x.prov.Metadata.JWKSURI == "" {
		return notMade(x.kindTitle() + " publishes none")
	}
	var set provider.KeySet
	var err error
	x.within(ctx, func(ctx context.Context) { set, err = x.prov.Keys(ctx) })
	if err != nil {
		return x.unserved(err)
	}
	unfit := func(alg string) bool { return alg == "none" || strings.HasPrefix(alg, "HS") }
	if algs := x.prov.Metadata.IDTokenAlgs; len(algs) > 0 && !slices.ContainsFunc(algs, func(alg string) bool { return !unfit(alg) }) {
		return failed("by its metadata ID tokens are signed by "+strings.Join(algs, ", ")+" alone, which no public key can check: no login could be verified",
			"have the client registered for ID tokens by RS256: the provider's operator can", "see what else it lists: simsid discover -p "+x.s.profile.Name)
	}
	fit := 0
	described, ignored := set.Describe()
	var says []string
	for _, k := range described {
		if k.Unfit == "" && k.Use != "enc" {
			fit++
			says = append(says, k.Kind)
		}
	}
	if fit == 0 {
		return failed(fmt.Sprintf("none of %d can check a signature: no login could be verified", len(described)+ignored),
			"see them: simsid discover -p "+x.s.profile.Name, "only the provider's operator can mend that")
	}
	return passed(fmt.Sprintf("%d that can check signatures: %s", fit, strings.Join(says, ", ")))
}

// issuerItself is the way out where a provider calls itself otherwise than the profile does, and both are at the same place: it isn't for
// doctor to say that another host may be believed.
func (x *examination) issuerItself(got string) []string {
	u, err := url.Parse(got)
	same := err == nil && (u.Host == x.issuerURL().Host || isLoopbackIssuer(got) && isLoopbackIssuer(x.s.profile.Issuer) && u.Port() == x.issuerURL().Port())
	if !same {
		return nil
	}
	return []string{"if that is the provider that you mean, call it as it calls itself: " + x.set("issuer", render.Safe(got))}
}
