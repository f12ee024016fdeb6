package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// callMargin is how long a token must still be valid to be sent to the provider.
const callMargin = 30 * time.Second

func newUserinfoCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "userinfo",
		Short: "Ask the provider who the user is",
		Long: `Asks the provider's userinfo endpoint with the access token, which is
refreshed first when needed.`,
		Example: `  simsid userinfo -p school
  simsid userinfo -p school --jq .claims.name`,
		GroupID: groupTokens,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runUserinfo(cmd.Context(), a, cmd)
		},
	}
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runUserinfo(ctx context.Context, a *app, cmd *cobra.Command) error {
	s, err := a.newSession(selection{cmd: cmd})
	if err != nil {
		return err
	}
	view, err := s.userinfo(ctx)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return a.answer(ctx, view)
}

func (s *session) userinfo(ctx context.Context) (render.View, error) {
	set, err := s.freshSet(ctx, callMargin)
	if err != nil {
		return nil, err
	}
	p, err := s.provider(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := p.Userinfo(ctx, set.Access, subjectOf(set.ID))
	if err != nil {
		return nil, err
	}
	claims := answer.Claims
	view := render.Userinfo{Profile: s.profile.Name, Claims: claims, SIMS: s.kind.SIMS}
	if s.kind.SIMS {
		view.Memberships = sims.Memberships(claims)
	}
	return view, nil
}

// subjectOf is the sub of a login's ID token, which was verified when it was kept; "" where there is none.
func subjectOf(id token.Secret) string {
	jwt, err := token.ParseJWT(id.Reveal())
	if err != nil {
		return ""
	}
	sub, _ := jwt.Claims.String("sub")
	return sub
}
