package cli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/render"
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
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	res, err := s.refresh(ctx, flow.RefreshRequest{Force: true, Seen: seen.Access})
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return s.answer(ctx, render.Refreshed{
		Profile: s.profile.Name, Refreshed: res.Refreshed, Expiry: res.Set.Expiry,
		Rotated: !res.Set.Refresh.Equal(res.Before.Refresh),
		Changes: claimChanges(res.Before, res.Set), Where: s.where(store),
	})
}

// timeOfIssue names claims that differ in any two tokens, and say nothing about the user.
func timeOfIssue(name string) bool {
	switch name {
	case "iat", "nbf", "exp", "jti", "at_hash", "c_hash", "nonce":
		return true
	}
	return false
}

// claimChanges compares the access tokens of two sets, or, where they are opaque, the ID tokens; times of issue apart.
func claimChanges(before, now token.Set) []render.Change {
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
	return changesBetween(old.Claims.Object, renewed.Claims.Object)
}

func changesBetween(old, renewed token.Object) []render.Change {
	var changes []render.Change
	for _, m := range old.Members() {
		v, _ := renewed.Get(m.Name)
		if !timeOfIssue(m.Name) && !bytes.Equal(m.Value, v) {
			changes = append(changes, render.Change{Claim: m.Name, Before: string(m.Value), Now: string(v)})
		}
	}
	for _, m := range renewed.Members() {
		if _, had := old.Get(m.Name); !had && !timeOfIssue(m.Name) {
			changes = append(changes, render.Change{Claim: m.Name, Now: string(m.Value)})
		}
	}
	return changes
}
