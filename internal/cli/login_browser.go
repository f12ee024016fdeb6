package cli

import (
	"context"
	"errors"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// keeper keeps the result of a login before anybody is told of success.
type keeper func(context.Context, *flow.LoginResult) error

// loginInBrowser signs in by the authorisation endpoint.
func (s *session) loginInBrowser(ctx context.Context, o *loginOptions, client provider.Client, keep keeper) (*flow.LoginResult, error) {
	who, open, err := s.opener(ctx, o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if who == simsidVisits {
		open = endingLogin(open, stop)
	}
	if s.sts != nil {
		if err := s.serveEmbedded(ctx); err != nil {
			return nil, err
		}
	}
	r, err := s.browserRequest(ctx, o)
	if err != nil {
		return nil, err
	}
	r.Keep, r.Client, r.Open, r.Timeout, r.Event = keep, client, open, s.global.timeout, s.loginEvents(who)
	if err := s.checkMethod(client, r.Provider.Metadata); err != nil {
		return nil, err
	}
	if err := s.push(ctx, &r, &client); err != nil {
		return nil, err
	}
	if err := s.listenOrPaste(ctx, o, &r); err != nil {
		return nil, err
	}
	if r.Paste != nil && s.env.StdinTTY {
		typed, err := s.env.Typed()
		if err != nil {
			return nil, err
		}
		defer typed.Close()
		r.Paste = typed
	}
	if s.hinted && open != nil {
		r.Open = s.hidden(open)
	}
	res, err := flow.Login(ctx, r)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return nil, cause
	}
	return res, err
}

// endingLogin makes a visit that failed the end of the login: nobody else is there to answer.
func endingLogin(open func(context.Context, string) error, stop context.CancelCauseFunc) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		err := open(ctx, address)
		if err != nil && ctx.Err() == nil {
			stop(err)
		}
		return err
	}
}

// opener says who opens the address, and how: the browser, simsid itself as a sample user of the emulator, or nobody.
func (s *session) opener(ctx context.Context, o *loginOptions) (visitor, func(context.Context, string) error, error) {
	can := !o.noBrowser && s.mayOpenBrowser()
	switch {
	case s.sts == nil && !o.paste && s.nobodyThere(o) != "":
		return nobodyVisits, nil, s.needsSomebody("a login needs somebody at a browser, and " + s.nobodyThere(o))
	case s.sts == nil && can:
		return browserVisits, s.env.OpenBrowser, nil
	case s.sts == nil || o.noBrowser:
		return nobodyVisits, nil, nil
	case o.as == "" && can:
		return browserVisits, s.openOrVisit, nil
	}
	if o.as == "" {
		if err := s.signInDefault(ctx); err != nil {
			return nobodyVisits, nil, err
		}
	}
	return simsidVisits, s.visit, nil
}

// needsSomebody refuses a login that nobody would complete, with the ways on.
func (s *session) needsSomebody(text string) error {
	return &hintedError{Code: exitLogin, Text: text, Hints: []string{
		"sign in where you can: simsid login -p " + s.profile.Name,
		"a job begins with a refresh token in " + refreshTokenVariable + ": see simsid help environment",
		"where another program drives a browser: simsid login -p " + s.profile.Name + " --no-browser prints the address and waits",
	}}
}

// nobodyThere says why nobody would see the sign-in page, "" where somebody may: it was said that nobody is there, or there is neither
// terminal nor browser. With --no-browser something else takes the address from what is printed.
func (s *session) nobodyThere(o *loginOptions) string {
	switch {
	case s.global.noInput:
		return "--no-input forbids to ask"
	case o.noBrowser:
		return ""
	case s.alone():
		return "CI says that there is none"
	case !s.mayOpenBrowser() && !s.env.StdinTTY && !s.env.StdoutTTY && !s.env.StderrTTY:
		return "there is no terminal"
	}
	return ""
}

// openOrVisit opens the browser at the emulator's page, or, where that fails, signs the default user in.
func (s *session) openOrVisit(ctx context.Context, address string) error {
	err := s.env.OpenBrowser(ctx, address)
	if err == nil || ctx.Err() != nil {
		return err
	}
	s.say("The browser could not be opened (%s): the sample user %q is signed in instead.\nChoose another with --as NAME.\n",
		render.Safe(err.Error()), s.defaultUser())
	if err := s.sts.SignInAs(s.defaultUser()); err != nil {
		return err
	}
	return s.visit(ctx, address)
}

// signInDefault has the site inside simsid sign in a sample user, where nobody can be asked.
func (s *session) signInDefault(ctx context.Context) error {
	s.say("No browser can be opened here: the sample user %q is signed in instead.\nChoose another with --as NAME.\n", s.defaultUser())
	return s.signInAs(ctx, s.defaultUser())
}
