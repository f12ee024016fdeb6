package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
)

// forceHint leads out of every rule.
const forceHint = "to ask the provider all the same: add --force"

// addForceFlag gives cmd the flag that leaves the rules to the provider.
func addForceFlag(cmd *cobra.Command, force *bool) {
	cmd.Flags().BoolVar(force, "force", false, "do it although a rule of the provider's kind is against it")
}

// checkRules holds a profile against the rules of its kind, before anything happens. Whether there is a secret is known later.
func (s *session) checkRules(info provider.FlowInfo) error {
	if s.forced {
		return nil
	}
	return s.kind.Check(s.asksFor(info))
}

// asksFor is what a sign-in by the profile asks for, as far as rules are about it.
func (s *session) asksFor(info provider.FlowInfo) provider.Asked {
	p := s.profile
	asked := provider.Asked{Environment: p.Environment, Issuer: p.Issuer, Scopes: p.Scopes}
	if len(info.ResponseTypes) > 0 {
		responseType, _ := info.ResponseType(p.ResponseType)
		asked.RedirectURI, asked.IDToken = p.RedirectURI, responseType != "token"
	} else {
		asked.IDToken = info.Flow != provider.FlowClientCredentials
	}
	return asked
}

// checkMixUp refuses a login whose answer could come from another provider without anybody noticing (RFC 9700 section 4.4): one whose
// redirect URI another profile has at another provider, where neither the answer nor an ID token beside the code names its issuer. What
// runs on this machine, with a certificate of simsid's own, has nobody to be mixed up with.
func (s *session) checkMixUp(r flow.LoginRequest) error {
	if s.forced || s.kind.OwnCA || r.Provider.Metadata.IssParameter || slices.Contains(strings.Fields(r.ResponseType), "id_token") {
		return nil
	}
	other, ok := s.sharedRedirect()
	if !ok {
		return nil
	}
	name := s.profile.Name
	return &hintedError{Code: exitUsage,
		Text: fmt.Sprintf("profiles %s and %s have one redirect URI at two providers, and the answers of this one don't say whose they are: "+
			"a code of the other could be handed to it (mix-up, RFC 9700 section 4.4)", name, other),
		Hints: []string{
			"register another path for one of them: " + s.set("redirect_uri", ownPath(s.profile.RedirectURI, name)),
			forceHint,
		}}
}

// sharedRedirect names another profile that has this one's redirect URI at another provider.
func (s *session) sharedRedirect() (other string, ok bool) {
	for _, name := range s.file.Names() {
		p, err := config.Resolve(s.layers(s.file, name, nil, noEnvironment))
		if err != nil || name == s.profile.Name || sameIssuer(p.Issuer, s.profile.Issuer) || !sameRedirect(p.RedirectURI, s.profile.RedirectURI) {
			continue
		}
		if kind, known := provider.LookupKind(p.Kind); !known || kind.OwnCA {
			continue
		}
		if info, known := provider.LookupFlow(provider.Flow(p.Flow)); known && len(info.ResponseTypes) == 0 {
			continue
		}
		return name, true
	}
	return "", false
}

// giveOwnPath keeps a new profile from sharing the kind's redirect URI with a profile at another provider. One that was given stays, since
// it is registered.
func (s *session) giveOwnPath(file *config.File, d *draft) {
	s.file = file
	other, shared := s.sharedRedirect()
	switch {
	case !shared || s.kind.OwnCA:
	case d.values["redirect_uri"] != nil:
		s.line("note", "profile %s has this redirect URI at another provider: unless this one names itself in its answers, no login is made with it", other)
	default:
		own := ownPath(s.profile.RedirectURI, d.name)
		d.values["redirect_uri"] = []string{own}
		s.line("note", "profile %s has %s at another provider; so this one's redirect URI is %s", other, s.profile.RedirectURI, own)
	}
}

func sameIssuer(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

// sameRedirect reports whether an answer to one URI would be taken for one to the other. On loopback by plain http the port doesn't count,
// since a provider has to take any (RFC 8252 section 7.3).
func sameRedirect(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	if errA != nil || errB != nil || a == "" || u.Scheme != v.Scheme || path(u) != path(v) {
		return false
	}
	if u.Scheme == "http" {
		return strings.EqualFold(u.Hostname(), v.Hostname())
	}
	return strings.EqualFold(u.Host, v.Host)
}

func path(u *url.URL) string {
	if u.EscapedPath() == "" {
		return "/"
	}
	return u.EscapedPath()
}

// ownPath is a redirect URI with a path that no other profile has.
func ownPath(uri, profile string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	return u.JoinPath(profile).String()
}

// explainRules is the part of explain about rules and keys.
func explainRules(err error, p string, f *failure) bool {
	if e, ok := errors.AsType[*provider.RuleError](err); ok {
		f.Code, f.Hints = exitUsage, []string{e.Rule.WayOut, forceHint}
		return true
	}
	if e, ok := errors.AsType[*flow.ParamError](err); ok {
		f.Code = exitUsage
		if e.Rule {
			f.Hints = []string{forceHint}
		}
		return true
	}
	if is[*provider.KeyError](err) {
		f.Code = exitUsage
		f.Hints = []string{"give another key, or another algorithm of it: " + setLine(profileOf(p), "client_key_alg", "PS256")}
		return true
	}
	return false
}
