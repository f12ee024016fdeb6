package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

type ssoOptions struct {
	cmd         *cobra.Command
	first       string
	second      string
	noBrowser   bool
	interactive bool
}

func newSSOCmd(a *app) *cobra.Command {
	o := &ssoOptions{}
	cmd := &cobra.Command{
		Use:   "sso A B",
		Short: "See whether two applications share a sign-on, and if not, why",
		Long: `Signs in with profile A, and then asks for B with prompt=none in the same
browser. Two applications share a sign-on where the second is signed in without
a prompt, and for that four conditions have to hold: both allow a common level
(acr), the browser has a session at the provider, the session is fresh enough
for B's max_age, and B doesn't ask for a sign-in by its prompt. The answer says
of each what was seen: in both ID tokens, and in the provider's error.

Exits with 3 where they don't share it, and where the provider has to show B's
user another page first, such as a consent. Nothing is stored, and the logins
that are kept stay as they are.`,
		Example: `  simsid sso emulator emulator-reports     # without an account
  simsid sso portal reports
  simsid sso portal reports --interactive  # if it is refused, go on by pages
  simsid sso portal reports --jq .outcome`,
		GroupID:     groupLogin,
		Annotations: map[string]string{namesProfile: ""},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{Problem: "simsid sso needs two profiles, but got " + fmt.Sprint(len(args)), Command: cmd.CommandPath()}
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeProfiles(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd, o.first, o.second = cmd, args[0], args[1]
			return runSSO(cmd.Context(), a, o)
		},
	}
	cmd.Flags().BoolVar(&o.noBrowser, "no-browser", false, "only print the addresses, don't open them")
	cmd.Flags().BoolVar(&o.interactive, "interactive", false, "where B is refused, sign in with pages, to see what happens")
	return cmd
}

func runSSO(ctx context.Context, a *app, o *ssoOptions) error {
	first, second, err := a.ssoSessions(o)
	if err != nil {
		return err
	}
	view, err := compareSignOns(ctx, first, second, o)
	if err != nil {
		return err
	}
	if err := a.answer(ctx, *view); err != nil {
		return err
	}
	if view.Outcome != string(flow.Shared) {
		return noError{}
	}
	return nil
}

// ssoSessions resolves both profiles, and refuses two that can't share anything.
func (a *app) ssoSessions(o *ssoOptions) (first, second *session, err error) {
	var both [2]*session
	for i, name := range []string{o.first, o.second} {
		s, err := a.newSession(selection{cmd: o.cmd, name: name})
		if err != nil {
			return nil, nil, err
		}
		if err := s.kind.Lacking(provider.CallAuthorize, s.profile.Issuer); err != nil {
			return nil, nil, &profileError{Profile: name, Err: err}
		}
		if err := s.checkFlow(&loginOptions{cmd: o.cmd}); err != nil {
			return nil, nil, &profileError{Profile: name, Err: err}
		}
		if len(s.flow.ResponseTypes) == 0 {
			return nil, nil, &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s signs in by flow %s, which visits no page: there is no sign-on to share", name, s.flow.Flow)}
		}
		if err := s.checkRules(s.flow); err != nil {
			return nil, nil, &profileError{Profile: name, Err: err}
		}
		if place, err := checkReach(s.profile); err != nil || !place.Here {
			if err == nil {
				err = &hintedError{Code: exitUsage, Text: fmt.Sprintf("the redirect URI of profile %s doesn't lead to this machine", name), Hints: []string{"sso listens for both answers: say where, by the profile's listen"}}
			}
			return nil, nil, err
		}
		both[i] = s
	}
	first, second = both[0], both[1]
	if strings.TrimSuffix(first.profile.Issuer, "/") != strings.TrimSuffix(second.profile.Issuer, "/") {
		return nil, nil, &hintedError{Code: exitUsage, Text: fmt.Sprintf("%s is at %s and %s at %s: applications at two providers share no sign-on", o.first, first.profile.Issuer, o.second, second.profile.Issuer)}
	}
	return first, second, nil
}

// compareSignOns signs in with the first, asks for the second, and concludes.
func compareSignOns(ctx context.Context, first, second *session, o *ssoOptions) (*render.SharedSignOn, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := first.prepareHTTP(ctx); err != nil {
		return nil, err
	}
	if first.sts != nil {
		if err := first.serveEmbedded(ctx); err != nil {
			return nil, err
		}
		jar := visitorCookies{}
		first.jar, second.jar = jar, jar
		second.sts, second.hc, second.clock, second.base = first.sts, first.hc, first.clock, first.base // one STS, for both
	}
	first.say("First, a sign-in with %s.", o.first)
	a, err := first.signOnce(ctx, o, false)
	if err != nil {
		return nil, o.failed(o.first, err)
	}
	second.say("\nNow %s, with prompt=none: nothing should be shown.", o.second)
	b, err := second.signOnce(ctx, o, true)
	refusal, refused := errors.AsType[*provider.OAuthError](err)
	if err != nil && !refused {
		return nil, o.failed(o.second, err)
	}
	shared, ok := flow.CompareSignOns(first.kind, a, b, refusal, first.env.Now())
	if !ok {
		return nil, o.failed(o.second, err)
	}
	view := &render.SharedSignOn{First: o.first, Second: o.second, Issuer: first.prov.Metadata.Issuer, Outcome: string(shared.Outcome), FirstToken: signOnToken(a.Claims)}
	for _, c := range shared.Conditions {
		view.Conditions = append(view.Conditions, render.SignOnCondition{Name: c.Name, Says: c.Says, Holds: string(c.Holds), Seen: c.Seen})
	}
	if refused {
		view.Refusal = refusal.Code
		if b, err = second.goOn(ctx, o, b); err != nil {
			return nil, o.failed(o.second, err)
		}
		view.Interactive = b.Claims.Len() > 0
		view.Anew = view.Interactive && signedInAnew(a.Claims, b.Claims)
	}
	if b.Claims.Len() > 0 {
		t := signOnToken(b.Claims)
		view.SecondToken = &t
	}
	return view, nil
}

// failed says which application's sign-in came to nothing. What leads to a login that is kept, which sso doesn't look at, is no way on here.
func (o *ssoOptions) failed(name string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	f := explain(&profileError{Profile: name, Err: err})
	hints := slices.DeleteFunc(f.Hints, func(hint string) bool { return strings.Contains(hint, "simsid login") })
	if is[*provider.OAuthError](err) {
		hints = append(hints, "what is asked of the provider for "+name+": simsid profile show "+name+"; what it says to each request: add --trace")
	}
	return &hintedError{Code: f.Code, Text: "the sign-in with " + name + ": " + f.Text, Hints: hints, Err: err}
}

// needsSomebody refuses what nobody would look at.
func (o *ssoOptions) needsSomebody(why string) error {
	command := "simsid sso " + o.first + " " + o.second
	return &hintedError{Code: exitLogin, Text: "sso needs somebody at a browser, and " + why, Hints: []string{
		"run it where there is one: " + command,
		"where another program drives a browser: " + command + " --no-browser prints the addresses and waits",
	}}
}

// goOn signs in with pages, where that is wished.
func (s *session) goOn(ctx context.Context, o *ssoOptions, b flow.SignOn) (flow.SignOn, error) {
	if !o.interactive && s.canAsk() && !s.global.noInput {
		answer, err := s.ask(ctx, bufio.NewReader(s.env.Stdin), "It was refused. Sign in with "+o.second+" with pages, to see what happens? (y/n)", "n")
		if err != nil {
			return b, err
		}
		o.interactive = strings.HasPrefix(strings.ToLower(answer), "y")
	}
	if !o.interactive {
		return b, nil
	}
	s.say("\nOnce more with %s, with pages.", o.second)
	return s.signOnce(ctx, o, false)
}

// signOnce signs in and keeps nothing. What a refused silent sign-in asked for comes beside its error. A refresh token that was granted
// isn't revoked: many providers end all logins of this user and client, and the consent, with it.
func (s *session) signOnce(ctx context.Context, o *ssoOptions, silent bool) (flow.SignOn, error) {
	login := &loginOptions{cmd: o.cmd, noBrowser: o.noBrowser}
	who, open, err := s.ssoOpener(o, login, silent)
	if err != nil {
		return flow.SignOn{}, err
	}
	client, err := s.client(ctx)
	if err != nil {
		return flow.SignOn{}, err
	}
	r, err := s.browserRequest(ctx, login)
	if err != nil {
		return flow.SignOn{}, err
	}
	asked := flow.SignOn{ACR: r.Params.Get("acr_values"), Prompt: r.Params.Get("prompt"), MaxAge: r.MaxAge}
	if silent {
		r.Params.Set("prompt", "none")
		r.InsecureMaxAge = true // that a provider ignores it is a condition to be told, and nothing of this sign-in is kept
	}
	r.Client, r.Open, r.Timeout, r.Event = client, open, s.global.timeout, s.loginEvents(who)
	if err := s.checkMethod(client, r.Provider.Metadata); err != nil {
		return asked, err
	}
	if err := s.push(ctx, &r, &client); err != nil {
		return asked, err
	}
	if err := s.listenOrPaste(ctx, login, &r); err != nil {
		return asked, err
	}
	r.Paste = nil // the next sign-in's answer must not be read by this one
	res, err := flow.Login(ctx, r)
	if err != nil {
		return asked, err
	}
	asked.Claims = verified(res)
	if asked.Claims.Len() == 0 {
		return asked, &hintedError{Code: exitUsage, Text: "there is no ID token, which alone says how the user was signed in", Hints: []string{"ask for the scope openid, by a flow that gives an ID token"}}
	}
	return asked, nil
}

// ssoOpener says who opens the addresses: always the same browser, since its session is what is shared.
// At the STS inside simsid, where no browser can be opened, it is simsid itself: a sample user is signed in without a page, but not where
// nothing is to be shown, since only the session may answer then.
func (s *session) ssoOpener(sso *ssoOptions, o *loginOptions, silent bool) (visitor, func(context.Context, string) error, error) {
	switch {
	case s.sts != nil && !o.noBrowser && !s.mayOpenBrowser():
		user := s.defaultUser()
		if silent {
			user = ""
		}
		return simsidVisits, s.visit, s.sts.SignInAs(user)
	case s.nobodyThere(o) != "":
		return nobodyVisits, nil, sso.needsSomebody(s.nobodyThere(o))
	case !o.noBrowser && s.mayOpenBrowser():
		return browserVisits, s.env.OpenBrowser, nil
	}
	return nobodyVisits, nil, nil
}

// signOnToken takes out what a sign-on is told by.
func signOnToken(claims token.Object) render.SignOnToken {
	t := render.SignOnToken{}
	t.Subject, _ = claims.String("sub")
	t.Level, _ = claims.String("acr")
	t.Session, _ = claims.String("sid")
	if at, ok := claims.Time("auth_time"); ok {
		t.AuthTime = at.UTC().Format(time.RFC3339)
	}
	return t
}

// signedInAnew reports whether the second token is of a later sign-in than the first.
func signedInAnew(a, b token.Object) bool {
	before, thereA := a.Time("auth_time")
	after, thereB := b.Time("auth_time")
	sidA, _ := a.String("sid")
	sidB, _ := b.String("sid")
	return thereA && thereB && after.After(before) || sidA != sidB
}
