package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

type revokeOptions struct {
	cmd     *cobra.Command
	source  string // a file or "-"; "" means standard input where something is there, or the profile's token
	access  bool
	refresh bool
}

func newRevokeCmd(a *app) *cobra.Command {
	o := &revokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke [FILE|-]",
		Short: "Revoke the refresh token, or the access token",
		Long: `Revokes the profile's refresh token at the provider (RFC 7009), which ends the
login; with --access, the access token alone. A token that got into wrong hands
can be given in a file or on standard input. A pipe there is read, and is an
error when it is empty; with --access or --refresh only where - names it.

Says what the server really does, before and after: IdentityServer3 ends every
login of this user with this client, on every machine; and an access token that
is a JWT goes on being taken until it expires, whatever the server answers.
To leave the browser's session and clear the store too, use "simsid logout".`,
		Example: `  simsid revoke -p school
  simsid revoke -p school --access
  simsid revoke -p school --refresh leaked.txt`,
		GroupID:           groupTokens,
		Args:              optionalArgument("one file, or - for standard input"),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.source = args[0]
			}
			return runRevoke(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.access, "access", false, "revoke the access token alone; of a token that is given: it is one")
	f.BoolVar(&o.refresh, "refresh", false, "revoke the refresh token (the default); of a token that is given: it is one")
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runRevoke(ctx context.Context, a *app, o *revokeOptions) error {
	if o.access && o.refresh {
		return &usageError{Problem: "one token at a time: --access or --refresh; the second ends the login, and what the server can end with it", Command: "simsid revoke"}
	}
	wanted := "refresh_token"
	if o.access {
		wanted = "access_token"
	}
	given, err := a.givenToken(ctx, "simsid revoke", o.source, o.source == "" && (o.access || o.refresh), wanted)
	if err != nil {
		return err
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	if err := s.kind.Lacking(provider.CallRevoke, s.profile.Issuer); err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	var view render.View
	if given.Value.IsZero() {
		view, err = s.revoke(ctx, o)
	} else {
		view, err = s.revokeGiven(ctx, o, given)
	}
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
	return render.Revoked{Profile: s.profile.Name, What: nameRefresh, Notes: s.revocationNotes(set)}, nil
}

// revokeAccess ends the access token alone, and forgets it: the next command refreshes.
func (s *session) revokeAccess(ctx context.Context, store *tokenstore.Store, set token.Set) (render.View, error) {
	if set.Access.IsZero() {
		return nil, &hintedError{Code: exitFailed, Text: "the login has no access token", Hints: []string{"a new one: simsid refresh -p " + s.profile.Name}}
	}
	v := render.Revoked{Profile: s.profile.Name, What: nameAccess}
	s.foresee(&v, set.Access, set.Expiry)
	if err := s.revokeToken(ctx, set.Access, "access_token"); err != nil {
		return nil, err
	}
	ended := set
	ended.Access, ended.Expiry = token.Secret{}, s.env.Now()
	if err := store.SaveRefreshed(context.WithoutCancel(ctx), ended); err != nil {
		return nil, err
	}
	v.Notes = append(v.Notes, "it is forgotten here: the next command that needs one refreshes")
	return v, nil
}

// revokeGiven ends a token that came from elsewhere. What is stored stays as it is; where the server ends the profile's own login with
// it, the next refresh finds out.
func (s *session) revokeGiven(ctx context.Context, o *revokeOptions, given token.Found) (render.View, error) {
	v := render.Revoked{Profile: s.profile.Name, Given: true, What: "token"}
	jwt := token.Classify(given.Value.Reveal()) == token.FormJWT
	hint := ""
	switch {
	case o.access, !o.refresh && (jwt || given.Name == "access_token"):
		v.What, hint = nameAccess, "access_token"
		end, _ := claimsOf(given.Value).Time("exp")
		s.foresee(&v, given.Value, end)
	case o.refresh, given.Name == "refresh_token":
		v.What, hint = nameRefresh, "refresh_token"
		s.sayBeforehand()
	case s.kind.RevokeCascade:
		s.line("note", "if it is a refresh token, %s ends every login of its user with this client, on every machine", s.title())
	}
	if err := s.revokeToken(ctx, given.Value, hint); err != nil {
		return nil, err
	}
	// RFC 7009 section 2.2: what the provider doesn't know is answered like what it has ended.
	v.Notes = append(v.Notes, "the provider answers the same for a token that it doesn't know, or that is another client's: see simsid introspect")
	return v, nil
}

// foresee says, before an access token is revoked and after, that this may be without any effect.
func (s *session) foresee(v *render.Revoked, t token.Secret, end time.Time) {
	if token.Classify(t.Reveal()) != token.FormJWT {
		return
	}
	v.Until = end
	until := "it expires"
	if !end.IsZero() {
		until = render.Moment(end, s.env.Now(), s.env.Location())
	}
	if !s.kind.RevokesNoJWT {
		v.Notes = append(v.Notes, "the access token is a JWT: whoever checks it by its signature, without asking the provider, takes it until "+until)
		return
	}
	v.Stays = true
	s.line("note", "the access token is a JWT, which %s can't revoke: it will answer yes, and nothing ends before %s", s.kind.Title, until)
	v.Notes = append(v.Notes, "the provider answered yes, as it does for every token; but this one is a JWT, which it can't revoke: it is taken until "+until)
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
