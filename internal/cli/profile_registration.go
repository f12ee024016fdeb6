package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
)

// runRegistration prints the request to register the profile's client. A client id isn't needed: it is what comes of the request.
func runRegistration(ctx context.Context, a *app, cmd *cobra.Command, name string) error {
	s, err := a.resolveSession(selection{cmd: cmd, name: name})
	if err != nil {
		return err
	}
	p := s.profile
	if !s.kind.SIMS || len(s.kind.Environments) == 0 {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s is of kind %s: the request is for the team that registers clients of SIMS ID", p.Name, p.Kind),
			Hints: []string{"see it without a profile: simsid profile show --registration --kind simsid --environment live"}}
	}
	info, ok := provider.LookupFlow(provider.Flow(p.Flow))
	if !ok || !s.kind.Has(info) {
		return s.wrongFlow(provider.FlowInfo{Flow: provider.Flow(p.Flow)})
	}
	v := render.Registration{Profile: p.Name, To: sims.Registrar, Environment: p.Environment, Items: s.registration(info).Items()}
	if !p.Overridden("environment") { // a client of the one environment is none of the other
		v.ClientID = p.ClientID
	}
	for _, e := range s.kind.Broken(s.asksFor(info)) {
		v.Broken = append(v.Broken, render.BrokenRule{Says: e.Error(), Mend: e.Rule.WayOut})
	}
	if err := a.answer(ctx, v); err != nil {
		return err
	}
	if len(v.Broken) == 0 {
		return nil
	}
	for _, b := range v.Broken {
		a.line("warning", "this would be refused: %s", b.Says)
		a.line("hint", "%s", b.Mend)
	}
	return noError{}
}

// registration is what the profile says of its client.
func (s *session) registration(info provider.FlowInfo) sims.Registration {
	p := s.profile
	r := sims.Registration{
		Environment: p.Environment, Flow: p.Flow, Scopes: p.Scopes, RefreshUsage: p.RefreshUsage,
		RedirectURIs: p.Values("redirect_uri"), PostLogout: p.Values("post_logout_redirect_uri"), NoUser: info.Flow == provider.FlowClientCredentials,
	}
	if info.Flow == provider.FlowDevice { // IdentityServer3 has none
		r.Flow = ""
	}
	if r.NoUser && p.Origins["scopes"].Source == config.FromKind { // those are a user's
		r.Scopes = nil
	}
	for _, prefix := range s.kind.ACRPrefixes {
		if i := slices.IndexFunc(p.ACRValues, func(a string) bool { return strings.HasPrefix(a, prefix.Prefix) }); i >= 0 && prefix.Claim == "idp" {
			r.Provider = strings.TrimPrefix(p.ACRValues[i], prefix.Prefix)
		}
	}
	return r
}
