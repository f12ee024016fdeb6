package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

func newRefreshCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Renew the tokens now, and show which claims changed",
		Long: `Renews the tokens even if they are still valid, and shows which claims of the
access token changed. SIMS ID keeps the old claims unless the client is set to
update them: a changed role or organisation then shows only after a new login.`,
		Example: `  simsid refresh -p school
  simsid refresh -p school -o json --jq .changes`,
		GroupID: groupTokens,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRefresh(cmd.Context(), a, cmd)
		},
	}
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runRefresh(ctx context.Context, a *app, cmd *cobra.Command) error {
	s, err := a.newSession(selection{cmd: cmd})
	if err != nil {
		return err
	}
	store, err := s.openStore(ctx)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	seen, err := store.LoadCached(ctx)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: s.ended(err)}
	}
	res, err := s.refresh(ctx, flow.RefreshRequest{Force: true, Seen: seen.Access})
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return s.answer(ctx, render.Refreshed{
		Profile: s.profile.Name, Refreshed: res.Refreshed, Expiry: res.Set.Expiry,
		Rotated: !res.Set.Refresh.Equal(res.Before.Refresh),
		Own:     store.Record().Own,
		Changes: claimChanges(res.Before, res.Set), Where: s.where(store),
	})
}

// claimChanges compares the access tokens of two sets, or, where they are opaque, the ID tokens; times of issue apart.
func claimChanges(before, now token.Set) []sims.Difference {
	old, err := token.ParseJWT(before.Access.Reveal())
	renewed, err2 := token.ParseJWT(now.Access.Reveal())
	if err != nil || err2 != nil {
		if old, err = token.ParseJWT(before.ID.Reveal()); err != nil {
			return nil
		}
		if renewed, err = token.ParseJWT(now.ID.Reveal()); err != nil {
			return nil
		}
	}
	return render.AboutUser(sims.Compare(old.Claims.Object, renewed.Claims.Object))
}
