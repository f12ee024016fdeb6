package provider

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Rule is what a kind of provider is known to demand of a sign-in. It is looked at before anything happens: the provider would answer
// with an error page that says nothing, or with a login that isn't what somebody wanted.
type Rule struct {
	Name        RuleName
	Environment string   // the rule holds there alone; "": everywhere
	Scopes      []string // of RuleExclusiveScopes: at most one of them
	// Installations says that the rule is about the provider's own installations: what stands in for one on this machine keeps
	// whatever rules it likes.
	Installations bool
	Says          string // the rule, a clause without a final stop
	Source        string
	WayOut        string // what to change, a clause
}

// RuleName tells rules apart.
type RuleName string

// The rules that there are.
const (
	RuleExclusiveScopes RuleName = "exclusive scopes"
	RuleNoLocalhost     RuleName = "no localhost"
	RuleHTTPSRedirect   RuleName = "https redirect"
	RuleClientSecret    RuleName = "client secret"
	RuleOpenID          RuleName = "openid"
)

// Asked is what a sign-in is going to ask for, as far as rules are about it.
type Asked struct {
	Environment string
	Issuer      string
	Scopes      []string
	RedirectURI string // "" where the flow visits none
	IDToken     bool   // somebody wants to know who signed in
	NoSecret    bool   // the client has neither secret nor key
}

// RuleError says which rule a sign-in breaks, and by what.
type RuleError struct {
	Rule Rule
	Got  string // "scope a and scope b", of the user's own making
}

// Error tells what breaks the rule, the rule and its source.
func (e *RuleError) Error() string {
	return fmt.Sprintf("%s: %s (%s)", visible(e.Got), e.Rule.Says, e.Rule.Source)
}

// Rule finds a rule of the kind.
func (k Kind) Rule(name RuleName) (Rule, bool) {
	i := slices.IndexFunc(k.Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return Rule{}, false
	}
	return k.Rules[i], true
}

// SecretRequired reports whether every client of the kind has a secret.
func (k Kind) SecretRequired() bool {
	_, required := k.Rule(RuleClientSecret)
	return required
}

// Check holds a sign-in against the kind's rules. The error is a *RuleError, for the first that is broken.
func (k Kind) Check(a Asked) error {
	if all := k.Broken(a); len(all) > 0 {
		return &all[0]
	}
	return nil
}

// Broken returns each rule of the kind that a sign-in breaks, in the order of the table.
func (k Kind) Broken(a Asked) []RuleError {
	var all []RuleError
	for _, r := range k.Rules {
		if r.Environment != "" && r.Environment != a.Environment || r.Installations && isLoopbackURL(a.Issuer) {
			continue
		}
		if got := r.broken(a); got != "" {
			all = append(all, RuleError{Rule: r, Got: got})
		}
	}
	return all
}

// broken says what breaks the rule, "" where nothing does.
func (r Rule) broken(a Asked) string {
	switch r.Name {
	case RuleExclusiveScopes:
		var both []string
		for _, s := range r.Scopes {
			if slices.Contains(a.Scopes, s) {
				both = append(both, s)
			}
		}
		if len(both) > 1 {
			return "the scopes " + strings.Join(both, " and ")
		}
	case RuleNoLocalhost:
		if isLoopbackURL(a.RedirectURI) {
			return "redirect URI " + a.RedirectURI
		}
	case RuleHTTPSRedirect:
		if a.RedirectURI != "" && !strings.HasPrefix(a.RedirectURI, "https://") {
			return "redirect URI " + a.RedirectURI
		}
	case RuleClientSecret:
		if a.NoSecret {
			return "a client without a secret"
		}
	case RuleOpenID:
		if a.IDToken && !slices.Contains(a.Scopes, "openid") {
			return "a sign-in without the scope openid"
		}
	}
	return ""
}

// isLoopbackURL reports whether an address is of this machine by its name.
func isLoopbackURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	a, _ := netip.ParseAddr(u.Hostname())
	return a.IsLoopback()
}

// openIDRule is every kind's: it is the standard's own.
func openIDRule() Rule {
	return Rule{
		Name: RuleOpenID, Says: "without it there is no ID token, and nobody is told who signed in", Source: "OpenID Connect Core 3.1.2.1",
		WayOut: "add the scope openid",
	}
}

const simsDocumentation = "SIMS ID's public documentation"

// simsRules are those that SIMS ID shares with what behaves like it.
func simsRules() []Rule {
	return []Rule{
		{
			Name: RuleExclusiveScopes, Scopes: []string{"partnermanagementapplication", "simsmultiorgapplication"},
			Says:   "an application works with one organisation or with several, and SIMS ID never gives both scopes together",
			Source: simsDocumentation, WayOut: "ask for partnermanagementapplication where users work at one school at a time, else for simsmultiorgapplication",
		},
		openIDRule(),
		{
			Name: RuleClientSecret, Says: "every client has a secret, those with a proof key included", Source: simsDocumentation,
			WayOut: "keep the secret that came with the client id, or give it for this once",
		},
	}
}

// installationRules are those of SIMS ID's own two installations.
func installationRules() []Rule {
	return []Rule{
		{
			Name: RuleNoLocalhost, Environment: "live", Installations: true,
			Says: "live takes no redirect URI on localhost", Source: simsDocumentation,
			WayOut: "register an https address of another host, and paste the address that the browser ends at; or let that host lead to this machine, and say where to listen",
		},
		{
			Name: RuleHTTPSRedirect, Installations: true,
			Says: "SIMS ID takes redirect URIs with https alone", Source: simsDocumentation,
			WayOut: "register an https address, such as https://localhost:5454/ in a sandbox: simsid makes a certificate for it",
		},
	}
}
