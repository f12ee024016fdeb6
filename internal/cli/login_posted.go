package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
)

// wrongFlow says why a kind doesn't have a flow.
func (s *session) wrongFlow(info provider.FlowInfo) error {
	if s.kind.BeginsThere != "" {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("%s has no flow %s: its logins begin there, and a page of its own posts a refresh token", s.kind.Title, info.Flow),
			Hints: []string{"leave flow away: it is then " + string(s.kind.DefaultFlow)}}
	}
	return &hintedError{Code: exitUsage, Text: fmt.Sprintf("flow %s is for kinds of provider whose logins begin there, and %s is none", info.Flow, s.kind.Name),
		Hints: []string{"leave flow away: it is then " + string(s.kind.DefaultFlow)}}
}

// checkUnasked refuses what would be asked of a sign-in page, and a port left open: nothing is asked of a provider whose logins begin there,
// and it posts to the one address that it has.
func (s *session) checkUnasked(o *loginOptions) error {
	if o.cmd == nil { // doctor's, which looks at the profile alone
		return nil
	}
	for _, flag := range []string{
		"prompt", "max-age", "acr-values", "idp", "tenant", "par", "scope", "login-hint", "ui-locales", "param", "response-type", "response-mode", "id-token-hint",
		"insecure-no-state",
	} {
		if f := o.cmd.Flags().Lookup(flag); f != nil && f.Changed {
			return &usageError{Problem: "--" + flag + " has no meaning here: logins begin at " + s.kind.Title + ", and nothing is asked of it", Command: "simsid login"}
		}
	}
	for _, key := range []string{"scopes", "prompt", "max_age", "acr_values", "par", "login_hint", "ui_locales", "params", "response_type", "response_mode", "id_hint"} {
		if from := s.profile.Origins[key]; from.Source == config.FromEnvironment || from.Source == config.FromProfile {
			return &hintedError{
				Code: exitUsage, Text: fmt.Sprintf("%s has no meaning for profile %s (from %s): logins begin at %s, and nothing is asked of it", key, s.profile.Name, from.Detail, s.kind.Title),
				Hints: []string{"take it away there"},
			}
		}
	}
	if f := o.cmd.Flags().Lookup("redirect-uri"); f == nil || !f.Changed || s.embedded() {
		return nil
	}
	if u, err := url.Parse(s.profile.RedirectURI); err == nil && u.Port() == "0" {
		return &usageError{Problem: "port 0 is any port, and the client's Login redirect URL in " + s.kind.Title + " is one address: name its port", Command: "simsid login"}
	}
	return nil
}

// checkPosted refuses a login that begins at the provider and could not end here, before anybody is sent there.
func (s *session) checkPosted(o *loginOptions) error {
	refuse := func(problem string) error { return &usageError{Problem: problem, Command: "simsid login"} }
	switch {
	case o.paste:
		return refuse("--paste has no meaning here: " + s.kind.Title + " posts the refresh token, and no address holds it")
	case o.expectUser == "" && !s.canAsk():
		return &hintedError{Code: exitUsage, Text: "any page can post a token of its own choosing, so somebody has to say whose login this is, and there is no terminal to ask at",
			Hints: []string{"say who it is to be: simsid login -p " + s.profile.Name + " --expect-user NAME"}}
	case o.expectUser != "" && !shownAsIs(o.expectUser):
		return refuse("--expect-user is a user's name, without control characters")
	}
	place, err := checkReach(s.profile)
	if err == nil && !place.Here {
		err = &hintedError{Code: exitUsage, Text: fmt.Sprintf("the Login redirect URL %s doesn't lead to this machine", s.profile.RedirectURI), Hints: []string{
			"register one on loopback, such as http://127.0.0.1:8400/callback or https://localhost:5454/, and set it: " + s.set("redirect_uri", "http://127.0.0.1:8400/callback"),
			"or if that host is this machine, say where to listen: " + s.set("listen", "127.0.0.1:8443"),
		}}
	}
	return err
}

// shownAsIs reports whether a name can be shown as it is.
func shownAsIs(name string) bool { return render.Safe(name) == name }

// chooseMember settles who it is to be at the site inside simsid, where --as says so or nobody could choose in a browser: it isn't asked
// again whether that is you.
func (s *session) chooseMember(ctx context.Context, o *loginOptions) error {
	if !s.embedded() || s.kind.BeginsThere == "" || o.expectUser != "" || o.withRefreshToken || o.printURL {
		return nil
	}
	if o.as == "" && (o.noBrowser || s.mayOpenBrowser()) {
		return nil
	}
	if o.as == "" {
		if err := s.signInDefault(ctx); err != nil {
			return err
		}
		o.as = s.defaultUser()
	}
	o.expectUser = s.sampleUser(o.as)
	return nil
}

// openEmbedded sends the browser to the site inside simsid, or goes there in its place, as soon as somebody listens at an address.
func (s *session) openEmbedded(ctx context.Context, o *loginOptions, stop context.CancelCauseFunc, address string) {
	fail := func(err error) {
		if err != nil && ctx.Err() == nil {
			stop(err)
		}
	}
	if err := s.sts.PostTo(address); err != nil {
		fail(err)
		return
	}
	if o.as != "" {
		s.say("simsid goes to the embedded iMIS by itself, as %q:\n\n  %s\n", o.expectUser, s.base)
		go func() { fail(s.visit(ctx, s.base)) }()
		return
	}
	s.say("To sign in, %s:\n\n  %s\n\nIt then posts a refresh token to %s; only one is taken.", s.kind.BeginsThere, s.base, address)
	if !o.noBrowser {
		go func() { fail(s.openOrVisit(ctx, s.base)) }()
	}
}

// loginPosted waits for a login that begins at the provider.
func (s *session) loginPosted(ctx context.Context, o *loginOptions, client provider.Client, keep keeper) (*flow.LoginResult, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	event := s.postedEvents()
	if s.sts != nil {
		if err := s.serveEmbedded(ctx); err != nil {
			return nil, err
		}
		told := event
		event = func(e flow.Event) {
			if l, ok := e.(flow.Listening); ok {
				s.openEmbedded(ctx, o, stop, l.RedirectURI)
				return
			}
			told(e)
		}
	}
	p, err := s.providerFor(ctx, client)
	if err != nil {
		return nil, err
	}
	r := flow.PostedRequest{
		Provider: p, Client: client, RedirectURI: s.profile.RedirectURI, Listen: s.profile.Listen, Timeout: s.global.timeout,
		Rand: s.env.Rand, Clock: clock{s.env}, Event: event, Accept: s.accepts(o), Asks: o.expectUser == "", Keep: keep,
	}
	place, err := checkReach(s.profile)
	if err != nil {
		return nil, err
	}
	if place.HTTPS {
		if r.Certificate, err = s.listenCertificate(ctx); err != nil {
			return nil, err
		}
	}
	res, err := flow.Posted(ctx, r)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return nil, cause
	}
	return res, s.postedEnd(err)
}

// beginAgain says where a new login begins, behind what may be the reason.
func (s *session) beginAgain(why string) []string {
	again := s.kind.BeginsThere + ", while this waits: simsid login -p " + s.profile.Name
	if why == "" {
		return []string{again}
	}
	return []string{why, again}
}

// quietPosted names what makes such a login hear nothing, likeliest first.
func (s *session) quietPosted(redirectURI string) []string {
	return []string{
		s.kind.BeginsThere,
		"the client's Login redirect URL in " + s.kind.Title + " must be exactly " + redirectURI,
		"the browser has to run on this machine, or reach this address from its own",
	}
}

// postedEvents tells on standard error how such a login goes.
func (s *session) postedEvents() func(flow.Event) {
	return func(e flow.Event) {
		switch e := e.(type) {
		case flow.Listening:
			s.say("To sign in, %s. It is then posted to\n\n  %s\n", s.kind.BeginsThere, render.Safe(e.RedirectURI))
			s.say("Waiting for it; only one is taken.")
			s.sayTunnel(e)
		case flow.Stray:
			s.line("note", "what came was %s; still waiting", e.Reason)
		case flow.Quiet:
			s.line("note", "nothing has come for %s; still waiting", render.Duration(e.After))
			for _, cause := range s.quietPosted(e.RedirectURI) {
				s.line("hint", "%s", cause)
			}
		case flow.Answered:
			s.trace.CameBack(provider.Callback{RedirectURI: e.RedirectURI, Mode: e.Mode, Values: e.Values})
			if told := s.foreignOrigin(e.Origin); told != "" { // whatever becomes of it
				s.line("warning", "%s: whoever made that page chose whose login this is", told)
			}
			s.note("a refresh token came; asking %s whose it is", s.kind.Title)
		}
	}
}

// accepts says whether the one who signed in is the one who should have: by --expect-user, or by asking.
func (s *session) accepts(o *loginOptions) func(context.Context, flow.Arrival) error {
	return func(ctx context.Context, a flow.Arrival) error {
		if o.expectUser != "" {
			return s.asExpected(o.expectUser, a.User,
				"if you clicked the link yourself, look who is signed in there; if you didn't, a page has posted a token of its own", s.beginAgain("")[0])
		}
		if a.User == "" {
			s.say("By what %s says this is the login of a user whose name it doesn't tell.", s.kind.Title)
		} else { // who chose the name may have put words into it: it ends where its quotation marks do
			s.say("By what %s says this is the login of\n\n  %s\n", s.kind.Title, render.Safe(strconv.Quote(a.User)))
		}
		answer, err := s.ask(ctx, bufio.NewReader(io.LimitReader(s.env.Stdin, maxLine+1)), "Is that you, and shall it be kept? (yes or no)", "no")
		if err != nil {
			return err
		}
		if strings.EqualFold(answer, "yes") || strings.EqualFold(answer, "y") {
			return nil
		}
		return &hintedError{Code: exitLogin, Text: "the login was not kept, as you said", Hints: s.beginAgain("")}
	}
}

// asExpected holds the user's name against the one that was expected, as it is spelled. The hints are for another.
func (s *session) asExpected(expected, got string, hints ...string) error {
	if got == expected {
		return nil
	}
	e := &hintedError{Code: exitNo, Hints: hints, Text: fmt.Sprintf("the login was not kept: it is the login of %q, and %q was expected", got, expected)}
	if got == "" {
		e.Text = fmt.Sprintf("the login was not kept: %s doesn't tell whose it is, and %q was expected", s.kind.Title, expected)
	}
	return e
}

// foreignOrigin says that a page of another site posted the token, or one that hides its site; "" where it is the provider's own, or nothing
// is known. From an https page to plain http a browser hides each origin (Fetch 3.1), so that this tells nothing there.
func (s *session) foreignOrigin(origin string) string {
	secure := strings.HasPrefix(s.profile.RedirectURI, "https:") || strings.HasPrefix(s.profile.Issuer, "http:")
	switch {
	case origin == "", origin == "null" && !secure:
		return ""
	case origin == "null":
		return "the token was posted by a page that hides which site it is of, as " + render.Safe(s.profile.Issuer) + " hardly would"
	}
	for _, own := range []string{s.profile.Issuer, s.base} {
		u, err := url.Parse(own)
		if err == nil && strings.EqualFold(origin, u.Scheme+"://"+u.Host) {
			return ""
		}
	}
	return "the token was posted by a page of " + render.Safe(origin) + ", not of " + render.Safe(s.profile.Issuer)
}

// ended adds to the end of a login where the next one begins: of a kind where that isn't here, and where nobody signs in.
func (s *session) ended(err error) error {
	if isNoLogin(err) && !is[*hintedError](err) && provider.Flow(s.profile.Flow) == provider.FlowClientCredentials {
		return s.noClientToken(err)
	}
	if s.kind.BeginsThere == "" || !errors.Is(err, flow.ErrLoginEnded) && !errors.Is(err, tokenstore.ErrEnded) {
		return err
	}
	return &hintedError{Code: exitLogin, Err: err, Text: "the login has ended: " + s.kind.Title + " no longer takes its refresh token", Hints: s.beginAgain(s.lifetimeHint())}
}

// lifetimeHint says how long a refresh token lives, where the profile knows.
func (s *session) lifetimeHint() string {
	lives, err := config.Minutes(s.profile.RefreshLifetime)
	if err != nil {
		return ""
	}
	return "its refresh tokens live for " + render.Duration(lives) + ", by refresh_lifetime of the profile"
}

// lacksLogout are the steps of a logout at a provider that has neither revocation nor an address to sign out at.
func (s *session) lacksLogout(revoke provider.Lack) []render.Step {
	steps := []render.Step{{What: "refresh token revoked", Detail: revoke.Reason + ": it is only forgotten here"}}
	if end, ok := s.kind.Lack(provider.CallEndSession); ok {
		steps = append(steps, render.Step{What: "browser session ended", Detail: end.Reason + ": " + end.Instead})
	}
	return steps
}

// refreshGoesOn says what becomes of a refresh token that is forgotten here.
func (s *session) refreshGoesOn() string {
	if _, lacking := s.kind.Lack(provider.CallRevoke); lacking {
		return "the refresh token goes on being taken, wherever there is a copy, until it ends by itself"
	}
	return "the provider was not asked: it takes the refresh token, wherever there is a copy, until it is revoked or ends by itself"
}
