package cli

import (
	"context"
	"errors"
	"io"

	"github.com/simsid/simsid/internal/tokenstore"
)

// runHandOver gives the login of a profile away: its refresh token goes to standard output, and nothing of the login stays here. Whoever
// takes it goes on with the login; a refresh token that is good for one use can't be in two places.
func runHandOver(ctx context.Context, a *app, o *logoutOptions) error {
	if err := a.checkHandOver(o); err != nil {
		return err
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	err = s.handOver(ctx)
	if errors.Is(err, tokenstore.ErrNoLogin) {
		return &hintedError{Code: exitLogin, Text: "nobody is signed in with profile " + s.profile.Name + ": there is nothing to hand over"}
	}
	var hinted *hintedError
	if err == nil || errors.As(err, &hinted) {
		return err
	}
	return &profileError{Profile: s.profile.Name, Err: err}
}

// checkHandOver refuses what would show the refresh token, or says two things at once.
func (a *app) checkHandOver(o *logoutOptions) error {
	problem := ""
	switch {
	case o.all, o.local, o.noBrowser:
		problem = "--hand-over signs nobody out: leave --all, --local and --no-browser away"
	case a.json():
		problem = "a refresh token is never JSON: leave -o and --jq away"
	case a.env.StdoutTTY:
		problem = "the refresh token isn't shown on a screen: pass it on to the program that keeps it, or to a file"
	case a.env.StdoutNull():
		problem = "standard output is closed, or the null device, and the login would be gone: pass it on to the program that keeps it, or to a file"
	}
	if problem == "" {
		return nil
	}
	return &usageError{Problem: problem, Command: "simsid logout"}
}

func (s *session) handOver(ctx context.Context) error {
	store, err := s.openKept(ctx)
	if err != nil {
		return err
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	set, err := store.Load(ctx)
	if err != nil {
		return err
	}
	if set.Refresh.IsZero() {
		return &hintedError{Code: exitLogin, Text: "the login of profile " + s.profile.Name + " has no refresh token to hand over",
			Hints: []string{"sign in with the scope offline_access"}}
	}
	// Here it is forgotten only when it is elsewhere.
	if _, err := io.WriteString(s.env.Stdout, set.Refresh.Reveal()+"\n"); err != nil {
		return err
	}
	if err := store.Clear(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	s.line("note", "the login of profile %s is handed over: it goes on where its refresh token is now, and ends here", s.profile.Name)
	return nil
}
