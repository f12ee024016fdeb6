package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

type revokeOptions struct {
	cmd    *cobra.Command
	access bool
}

func newRevokeCmd(a *app) *cobra.Command {
	o := &revokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "Revoke the refresh token, or the access token",
		Long: `Revokes the profile's refresh token at the provider (RFC 7009), which ends the
login; with --access, the access token alone. To leave the browser's session
and clear the store too, use "simsid logout".`,
		Example: `  simsid revoke -p school
  simsid revoke -p school --access`,
		GroupID: groupTokens,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return runRevoke(cmd.Context(), a, o)
		},
	}
	cmd.Flags().BoolVar(&o.access, "access", false, "revoke the access token alone")
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runRevoke(ctx context.Context, a *app, o *revokeOptions) error {
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	view, err := s.revoke(ctx, o)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return a.answer(ctx, view)
}

func (s *session) revoke(ctx context.Context, o *revokeOptions) (render.View, error) {
	store, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	set, err := store.Load(ctx)
	if err != nil {
		return nil, err
	}
	if o.access {
		return s.revokeAccess(ctx, store, set)
	}
	if set.Refresh.IsZero() {
		return nil, flow.ErrNoRefreshToken
	}
	s.sayBeforehand()
	if err := s.revokeToken(ctx, set.Refresh, "refresh_token"); err != nil {
		if !is[*provider.UnavailableError](err) {
			return nil, err
		}
		return nil, &hintedError{Code: exitUnavailable, Err: fmt.Errorf("nothing was revoked: %w", err), Hints: []string{s.stillValid(set), "try again"}}
	}
	if err := store.End(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return render.Revoked{Profile: s.profile.Name, What: "refresh token", Notes: s.revocationNotes(set)}, nil
}

// revokeAccess ends the access token alone, and forgets it: the next command refreshes.
func (s *session) revokeAccess(ctx context.Context, store *tokenstore.Store, set token.Set) (render.View, error) {
	if err := s.revokeToken(ctx, set.Access, "access_token"); err != nil {
		return nil, err
	}
	ended := set
	ended.Access, ended.Expiry = token.Secret{}, s.env.Now()
	if err := store.SaveRefreshed(context.WithoutCancel(ctx), ended); err != nil {
		return nil, err
	}
	v := render.Revoked{Profile: s.profile.Name, What: "access token"}
	if token.Classify(set.Access.Reveal()) == token.FormJWT {
		v.Notes = []string{"an access token that is a JWT is checked without asking the provider: whoever has it can use it until " +
			render.Moment(set.Expiry, s.env.Now(), s.env.Location())}
	}
	return v, nil
}

// revokeToken asks the provider to end one token.
func (s *session) revokeToken(ctx context.Context, t token.Secret, hint string) error {
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	p, err := s.provider(ctx)
	if err != nil {
		return err
	}
	return p.Revoke(ctx, client, t, hint)
}

// sayBeforehand tells what a revocation will do, while it can still be interrupted.
func (s *session) sayBeforehand() {
	if s.kind.RevokeCascade {
		s.line("note", "%s ends every login of this user with this client, on every machine", s.title())
	}
}

// stillValid says what goes on being valid where the provider couldn't be asked to end it.
func (s *session) stillValid(set token.Set) string {
	text := "until then the refresh token stays valid, and so does the access token"
	if set.ValidFor(s.env.Now(), 0) && !set.Expiry.IsZero() {
		return text + " until " + render.Moment(set.Expiry, s.env.Now(), s.env.Location())
	}
	return "until then the refresh token stays valid"
}

// revocationNotes say what the end of a refresh token means in truth.
func (s *session) revocationNotes(set token.Set) []string {
	var notes []string
	if s.kind.RevokeCascade {
		notes = append(notes, "every login of this user with this client has ended, on every machine")
	}
	if token.Classify(set.Access.Reveal()) == token.FormJWT && set.ValidFor(s.env.Now(), 0) {
		notes = append(notes, "an access token that was handed out stays valid until "+render.Moment(set.Expiry, s.env.Now(), s.env.Location()))
	}
	return notes
}

var _ flow.Keeper = (*tokenstore.Store)(nil)
