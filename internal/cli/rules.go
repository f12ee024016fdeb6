package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
)

// forceHint leads out of every rule.
const forceHint = "to ask the provider all the same: add --force"

// addForceFlag gives cmd the flag that leaves the rules to the provider.
func addForceFlag(cmd *cobra.Command, force *bool) {
	cmd.Flags().BoolVar(force, "force", false, "do it although a rule of the provider's kind is against it")
}

// checkRules holds a profile against the rules of its kind, before anything happens. Whether there is a secret is known later, but that
// there is to be none is known now.
func (s *session) checkRules(info provider.FlowInfo) error {
	if s.forced {
		return nil
	}
	return s.kind.Check(s.asksFor(info))
}

// asksFor is what a sign-in by the profile asks for, as far as rules are about it.
func (s *session) asksFor(info provider.FlowInfo) provider.Asked {
	p := s.profile
	asked := provider.Asked{Environment: p.Environment, Issuer: p.Issuer, Scopes: p.Scopes, NoSecret: p.ClientAuth == string(provider.AuthNone)}
	if len(info.ResponseTypes) > 0 {
		responseType, _ := info.ResponseType(p.ResponseType)
		asked.RedirectURI, asked.IDToken = p.RedirectURI, responseType != "token"
	} else {
		asked.IDToken = info.Flow != provider.FlowClientCredentials
	}
	return asked
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
	if errors.Is(err, flow.ErrUntied) {
		f.Code = exitUsage
		f.Hints = []string{
			"ask for an ID token, whose nonce is checked: --scope 'openid profile'",
			"or register the client for a flow with a proof key: --flow " + string(provider.FlowCodeWithProofKey),
		}
		return true
	}
	if e, ok := errors.AsType[*provider.KeyError](err); ok {
		f.Code = exitUsage
		switch {
		case e.Other != "":
			f.Hints = []string{"have it sign by what the provider takes: " + setLine(profileOf(p), "client_key_alg", e.Other)}
		case len(e.Wanted) > 0:
			f.Hints = []string{"register a key for " + strings.Join(e.Wanted, " or ") + " with the provider, and give it: " + setLine(profileOf(p), "client_key", "FILE")}
		default:
			f.Hints = []string{"give another key: " + setLine(profileOf(p), "client_key", "FILE")}
		}
		return true
	}
	return false
}
