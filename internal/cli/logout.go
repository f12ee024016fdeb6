package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

type logoutOptions struct {
	cmd       *cobra.Command
	local     bool
	noBrowser bool
	all       bool
	handOver  bool
}

func newLogoutCmd(a *app) *cobra.Command {
	o := &logoutOptions{}
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Sign out: revoke, end the browser's session, clear the store",
		Long: `Revokes the refresh token, ends the provider's session in the browser, and
clears every place where tokens of the profile are kept. If the provider can't
be reached, nothing is cleared: try again, or clear the store alone with
--local.

The server of SIMS ID ends every login of this user with this client when one is
revoked, on every machine. Access tokens that were handed out go on until they
expire.

With --hand-over nobody is signed out: the login goes to whoever reads the
refresh token from standard output, a job of CI for example, and is forgotten
here.`,
		Example: `  simsid logout -p school
  simsid logout --all                   # of every profile
  simsid logout -p school --local       # only forget it here
  simsid logout -p school --no-browser  # leave the browser's session alone
  simsid logout -p ci --hand-over | gh secret set SIMSID_REFRESH_TOKEN`,
		GroupID: groupLogin,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			if o.handOver {
				return runHandOver(cmd.Context(), a, o)
			}
			if o.all {
				return runLogoutAll(cmd.Context(), a, o)
			}
			return runLogout(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.local, "local", false, "only clear the store")
	f.BoolVar(&o.noBrowser, "no-browser", false, "don't end the session in the browser")
	f.BoolVar(&o.all, "all", false, "sign out of every profile")
	f.BoolVar(&o.handOver, "hand-over", false, "print the refresh token and forget the login")
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runLogout(ctx context.Context, a *app, o *logoutOptions) error {
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	view, err := s.logout(ctx, o)
	if errors.Is(err, tokenstore.ErrNoLogin) {
		return &hintedError{Code: exitLogin, Text: "nobody is signed in with profile " + s.profile.Name + ": there is nothing to sign out of"}
	}
	if e, ok := errors.AsType[*tokenstore.BindingError](err); ok && !is[*hintedError](err) {
		err = &hintedError{Code: exitLogin, Err: err, Hints: []string{
			"put it back, then sign out: " + putBack(s.profile.Name, e.Kept, e.Now),
			"or only forget the login here, which isn't revoked then: simsid logout -p " + s.profile.Name + " --local",
		}}
	}
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return a.answer(ctx, view)
}

func (s *session) logout(ctx context.Context, o *logoutOptions) (render.LoggedOut, error) {
	view := render.LoggedOut{Profile: s.profile.Name}
	store, err := s.storeToLeave(ctx, o)
	if err != nil {
		return view, err
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return view, err
	}
	defer unlock()
	where := s.where(store)
	if lack, lacking := s.kind.Lack(provider.CallRevoke); lacking && !o.local {
		view.Steps, view.Notes = s.lacksLogout(lack), s.leftAlone(store.Record())
	} else if o.local {
		view.Notes = s.leftAlone(store.Record())
	} else if err := s.logoutAtProvider(ctx, store, o, &view); err != nil {
		return view, err
	}
	// Clear looks into every place again before it says that they are empty.
	if err := store.Clear(context.WithoutCancel(ctx)); err != nil {
		for _, step := range view.Steps {
			if step.Done {
				s.line("note", "done before that: %s", step.What)
			}
		}
		return view, err
	}
	view.Steps = append(view.Steps, render.Step{What: "tokens cleared from the " + where, Done: true})
	return view, ctx.Err()
}

// leftAlone says what goes on being valid of a login that is forgotten here without a word to the provider.
func (s *session) leftAlone(r tokenstore.Record) []string {
	var notes []string
	if r.Refreshable {
		notes = append(notes, s.refreshGoesOn())
	}
	if s.env.Now().Before(r.Expiry) {
		notes = append(notes, "an access token that was handed out stays valid until "+render.Moment(r.Expiry, s.env.Now(), s.env.Location()))
	}
	return notes
}

// storeToLeave is the store on record; to forget a login here alone, also one of another issuer or client than the profile's now.
func (s *session) storeToLeave(ctx context.Context, o *logoutOptions) (*tokenstore.Store, error) {
	if !o.local {
		return s.openKept(ctx)
	}
	opts, err := s.storeOptions()
	if err != nil {
		return nil, err
	}
	return tokenstore.OpenRecorded(ctx, opts, s.profile.Name)
}

// logoutAtProvider revokes and ends the session, where there is a login to do it with.
func (s *session) logoutAtProvider(ctx context.Context, store *tokenstore.Store, o *logoutOptions, view *render.LoggedOut) error {
	set, err := store.Load(ctx)
	switch {
	case errors.Is(err, tokenstore.ErrEnded):
		// The browser may still be signed in: the page asks there, since there is no ID token to name the session by.
		view.Steps = []render.Step{{What: "refresh token revoked", Detail: "there is none any more"}, s.endBrowserSession(ctx, set, o)}
		return nil
	case err != nil:
		return err
	}
	revoked := render.Step{What: "refresh token revoked", Done: true}
	err = s.revokeForLogout(ctx, set)
	switch {
	case errors.Is(err, flow.ErrNoRefreshToken):
		revoked.Done, revoked.Detail = false, "the login had none"
	case is[*provider.UnsupportedError](err):
		revoked.Done, revoked.Detail = false, "the provider has no revocation: the refresh token stays valid until it ends by itself"
	case err != nil:
		return &hintedError{Code: explain(err).Code, Err: fmt.Errorf("nothing was cleared: %w", err),
			Hints: []string{s.stillValid(set), "try again", "or only forget the login here: simsid logout -p " + s.profile.Name + " --local"}}
	}
	if revoked.Done {
		view.Notes = s.revocationNotes(set)
	}
	view.Steps = []render.Step{revoked, s.endBrowserSession(ctx, set, o)}
	return nil
}

func (s *session) revokeForLogout(ctx context.Context, set token.Set) error {
	if set.Refresh.IsZero() {
		return flow.ErrNoRefreshToken
	}
	s.sayBeforehand()
	return s.revokeToken(ctx, set.Refresh, "refresh_token")
}

// sessionEndWait is how long the embedded STS goes on serving its sign-out page.
const sessionEndWait = 30 * time.Second

// endBrowserSession sends the browser to the provider's end-session page. IdentityServer3 shows a page there and doesn't come
// back, so nothing is waited for, but that the browser has set off (and, for the embedded STS, that its page was served).
func (s *session) endBrowserSession(ctx context.Context, set token.Set, o *logoutOptions) render.Step {
	step := render.Step{What: "browser session ended"}
	switch {
	case o.noBrowser:
		step.Detail = "left alone, as you asked"
		return step
	case s.keep != nil && s.keep.Record().Own:
		step.Detail = "the token was the client's own: no browser signed in"
		return step
	}
	if !s.mayOpenBrowser() {
		return s.endSessionWithoutBrowser(ctx, set, step)
	}
	ctx, stop := context.WithTimeout(ctx, sessionEndWait)
	defer stop()
	if err := s.prepareHTTP(ctx); err != nil {
		step.Detail = err.Error()
		return step
	}
	if s.sts != nil {
		if err := s.serveEmbedded(ctx); err != nil {
			step.Detail = err.Error()
			return step
		}
		s.prov = nil // its addresses for the browser have changed
	}
	p, err := s.provider(ctx)
	if err != nil {
		step.Detail = err.Error()
		return step
	}
	address, err := p.EndSessionURL(set.ID, s.profile.ClientID, s.postLogout(), "")
	if err != nil {
		step.Detail = err.Error()
		return step
	}
	s.trace.Sent(address)
	// The address carries the ID token, which must not appear in the opener's arguments.
	if err := flow.SendBrowser(ctx, address, s.env.Rand, s.env.OpenBrowser); err != nil {
		step.Detail = err.Error()
		return step
	}
	if s.sts == nil {
		step.Done, step.Detail = true, "the provider's sign-out page is open in the browser"
		return step
	}
	select {
	case <-s.sts.SessionEnded():
		step.Done = true
	case <-ctx.Done():
		step.Detail = "the browser didn't visit the sign-out page"
	}
	return step
}

// postLogout is the registered address to return to, if it can be returned to: a port 0 stands for any.
func (s *session) postLogout() string {
	if u, err := url.Parse(s.profile.PostLogoutRedirectURI); err != nil || u.Port() == "0" {
		return ""
	}
	return s.profile.PostLogoutRedirectURI
}

func (s *session) endSessionWithoutBrowser(ctx context.Context, set token.Set, step render.Step) render.Step {
	if err := s.prepareHTTP(ctx); err != nil {
		step.Detail = err.Error()
		return step
	}
	if s.sts == nil {
		step.Detail = "no browser can be opened here: the provider's own session goes on until it ends by itself"
		return step
	}
	jwt, err := token.ParseJWT(set.ID.Reveal())
	if err != nil {
		step.Detail = "the login has no ID token"
		return step
	}
	subject, _ := jwt.Claims.String("sub")
	if err := s.sts.EndSessions(ctx, subject); err != nil {
		step.Detail = err.Error()
		return step
	}
	step.Done = true
	return step
}
