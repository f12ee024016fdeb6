package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

type loginOptions struct {
	cmd       *cobra.Command
	emulator  string
	as        string
	noBrowser bool
	paste     bool
	printURL  bool
	idp       string
	tenant    string
	org       string

	force            bool
	insecureNoState  bool
	withRefreshToken bool
	expectUser       string
}

func newLoginCmd(a *app) *cobra.Command {
	o := &loginOptions{}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in, and keep the tokens",
		Long: `Signs in by the authorisation code flow with proof key (PKCE): opens the
provider's page in the browser, receives the answer on the profile's redirect
URI, checks the ID token, keeps the tokens, and says who signed in and where.

The address is printed too. In a terminal the address that the browser ends at
may be pasted instead; where the redirect URI doesn't lead to this machine, as
it must be with SIMS ID's live environment, that is the only way. For an https
redirect URI on localhost see simsid cert.

A client that is registered for another flow has it in its profile, or names it
with --flow: hybrid and implicit, client credentials, and a code that is typed
on another device. --with-refresh-token takes over a login from elsewhere: the
refresh token comes from SIMSID_REFRESH_TOKEN or on standard input.

With iMIS the user begins there: login says what to click, waits for the
refresh token that iMIS posts, and asks whether to keep the login that it is.`,
		Example: `  simsid login --emulator               # no account needed
  simsid login --emulator --as parent   # a sample user, without a page
  simsid login --emulator=imis          # as with iMIS: the login begins there
  simsid login -p school
  simsid login -p school --store file   # where there is no keyring
  simsid login -p live --paste          # the address comes on standard input
  simsid login -p school --prompt login # don't reuse the browser's session
  simsid login -p school --idp adfs     # acr_values=idp:adfs
  simsid login -p school --print-url    # the address, and nothing else
  simsid login -p api --flow ClientCredentials --scope partner-read --org ID
  simsid login -p tv --flow DeviceCode  # the code is typed elsewhere
  simsid login -p members --expect-user JSMITH  # iMIS, in a script`,
		GroupID: groupLogin,
		Args: func(cmd *cobra.Command, args []string) error {
			if name, ok := embeddedProfile(strings.Join(args, " ")); ok && name != "" && o.emulator != "" {
				return &usageError{Problem: "the value of --emulator stands behind an equals sign: --emulator=" + args[0], Command: "simsid login"}
			}
			return noArguments(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return runLogin(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.emulator, "emulator", "", "sign in to the STS inside simsid: short for --profile emulator; =imis: to the iMIS inside it")
	f.Lookup("emulator").NoOptDefVal = string(emulator.SiteSTS)
	f.StringVar(&o.as, "as", "", "the emulator's sample user to sign in without a page")
	f.BoolVar(&o.noBrowser, "no-browser", false, "only print the address, don't open it")
	f.BoolVar(&o.paste, "paste", false, "don't listen: read the address that the browser ends at from standard input")
	f.BoolVar(&o.insecureNoState, "insecure-no-state", false, "take a bare code where it is pasted, though nobody can tell that it belongs to this login")
	f.BoolVar(&o.printURL, "print-url", false, "print the address of a sign-in on standard output, and do nothing else; its answer can't be used here")
	f.StringVar(&o.idp, "idp", "", "the identity provider to sign in with: acr_values=idp:NAME")
	f.StringVar(&o.tenant, "tenant", "", "the tenant to sign in at: acr_values=tenant:NAME")
	f.StringVar(&o.org, "org", "", "with --flow ClientCredentials: the organisation whose data the token is for")
	f.BoolVar(&o.withRefreshToken, "with-refresh-token", false, "take over a login: its refresh token is in SIMSID_REFRESH_TOKEN or on standard input")
	f.StringVar(&o.expectUser, "expect-user", "", "where the provider begins the login: keep it only if it is this user's, and ask nobody")
	addForceFlag(cmd, &o.force)
	addProfileFlags(cmd, loginKeys()...)
	_ = cmd.RegisterFlagCompletionFunc("as", completeUsers)
	_ = cmd.RegisterFlagCompletionFunc("emulator", cobra.FixedCompletions([]string{"sts", "imis"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("prompt", cobra.FixedCompletions([]string{"none", "login", "consent"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("flow", cobra.FixedCompletions(flowNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runLogin(ctx context.Context, a *app, o *loginOptions) error {
	if o.printURL && o.paste {
		return &usageError{Problem: "--print-url does nothing but print: there is no answer that --paste could take", Command: "simsid login"}
	}
	s, err := loginSession(a, o)
	if err != nil {
		return err
	}
	if o.printURL {
		err = s.printURL(ctx, o)
	} else {
		err = s.login(ctx, o)
	}
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return nil
}

// loginSession resolves the profile and refuses what can't be done before anything has happened.
func loginSession(a *app, o *loginOptions) (*session, error) {
	sel := selection{cmd: o.cmd}
	name, ok := embeddedProfile(o.emulator)
	switch {
	case !ok:
		return nil, &usageError{Problem: fmt.Sprintf("--emulator is the STS inside simsid, or with =imis the iMIS; there is no %q", o.emulator), Command: "simsid login"}
	case name != "" && a.global.profile != "" && a.global.profile != name:
		return nil, &usageError{Problem: fmt.Sprintf("--emulator is profile %s, but -p says %q", name, a.global.profile), Command: "simsid login"}
	case name != "":
		sel.name = name
	}
	s, err := a.newSession(sel)
	if err != nil {
		return nil, err
	}
	if o.as != "" && !s.embedded() {
		return nil, &usageError{Problem: "--as chooses a sample user of the emulator inside simsid; profile " + s.profile.Name + " is at " + s.profile.Issuer, Command: "simsid login"}
	}
	if o.as != "" {
		if err := s.signInAs(o.as); err != nil {
			return nil, err
		}
	}
	s.forced, s.forcible = o.force, true
	if err := s.chooseMember(o); err != nil {
		return nil, err
	}
	if err := s.checkFlow(o); err != nil {
		return nil, err
	}
	if o.withRefreshToken {
		return s, nil
	}
	if err := s.checkRules(s.flow); err != nil {
		return nil, err
	}
	return s, nil
}

// signInAs makes the embedded STS sign a sample user in without a page.
func (s *session) signInAs(user string) error {
	if err := s.prepareHTTP(); err != nil {
		return err
	}
	return s.sts.SignInAs(user)
}

func (s *session) login(ctx context.Context, o *loginOptions) error {
	store, err := s.chooseStore(ctx)
	if err != nil {
		return err
	}
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	if err := s.prepareHTTP(); err != nil {
		return err
	}
	way := s.loginInBrowser
	switch {
	case o.withRefreshToken:
		way = s.loginWithRefreshToken
	case s.flow.Flow == provider.FlowClientCredentials:
		way = s.loginAsClient
	case s.flow.Flow == provider.FlowDevice:
		way = s.loginOnDevice
	case s.flow.Flow == provider.FlowPostedToken:
		way = s.loginPosted
	}
	last := s.lastLogin(ctx, store)
	res, err := way(ctx, o, client, func(ctx context.Context, res *flow.LoginResult) error {
		return s.keepLogin(ctx, store, client, res)
	})
	if err != nil {
		return err
	}
	return s.sayLogin(ctx, store, res, last)
}

// keeper keeps the result of a login before anybody is told of success.
type keeper func(context.Context, *flow.LoginResult) error

// loginInBrowser signs in by the authorisation endpoint.
func (s *session) loginInBrowser(ctx context.Context, o *loginOptions, client provider.Client, keep keeper) (*flow.LoginResult, error) {
	who, open, err := s.opener(o)
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
	if err := s.listenOrPaste(o, &r); err != nil {
		return nil, err
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
func (s *session) opener(o *loginOptions) (visitor, func(context.Context, string) error, error) {
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
		if err := s.signInDefault(); err != nil {
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
func (s *session) signInDefault() error {
	s.say("No browser can be opened here: the sample user %q is signed in instead.\nChoose another with --as NAME.\n", s.defaultUser())
	return s.signInAs(s.defaultUser())
}

// keepLogin keeps what was got. Where that fails the new refresh token is revoked, as far as it can be: nobody holds it any more.
func (s *session) keepLogin(ctx context.Context, store *tokenstore.Store, client provider.Client, res *flow.LoginResult) error {
	if res.Set.Scopes == nil {
		res.Set.Scopes = sims.GrantedScopes(s.accessClaims(res.Set.Access))
	}
	ctx = context.WithoutCancel(ctx)
	sum := summarise(s.kind, verified(res), s.accessClaims(res.Set.Access))
	if s.flow.Flow == provider.FlowClientCredentials && sum.Subject == "" {
		sum.Subject = "client " + s.profile.ClientID
	}
	if res.User != "" {
		sum.Subject = res.User
	}
	err := store.SaveFrom(ctx, s.adopted, res.Set, sum)
	if err == nil || is[*tokenstore.EmergencyError](err) {
		return err
	}
	if !res.Set.Refresh.IsZero() && s.prov.Revoke(ctx, client, res.Set.Refresh, "refresh_token") == nil {
		return fmt.Errorf("the login could not be kept, and was revoked: %w", err)
	}
	return fmt.Errorf("the login could not be kept: %w", err)
}

// verified are the claims of the ID token, none where there was no ID token.
func verified(res *flow.LoginResult) token.Object {
	if res.Verification == nil {
		return token.Object{}
	}
	return res.Verification.Claims.Object
}

// sayLogin says who signed in.
func (s *session) sayLogin(ctx context.Context, store *tokenstore.Store, res *flow.LoginResult, last token.Set) error {
	claims, access, set := verified(res), s.accessClaims(res.Set.Access), res.Set
	view := render.SignedIn{
		User: res.User, NoUser: res.Verification == nil, Profile: s.profile.Name, Title: s.title(), Issuer: s.prov.Metadata.Issuer, ClientID: s.profile.ClientID,
		Claims: claims, SIMS: s.kind.SIMS, Scopes: set.Scopes, Wanted: s.profile.Scopes,
		Expiry: set.Expiry, Refreshable: !set.Refresh.IsZero(), Where: s.where(store), Next: s.nextCommands(store.Backend()),
	}
	view.Findings = res.Findings
	if !view.NoUser {
		view.SignOn = s.signOn
	}
	if s.kind.SIMS && !view.NoUser {
		view.Memberships = memberships(claims, access)
		view.Findings = append(view.Findings, sims.Findings(sims.Input{Access: access, ID: claims, Wanted: s.profile.Scopes, Granted: set.Scopes, Now: s.env.Now()})...)
	}
	view.Changes, view.ChangedFrom = changesSince(last, claims)
	return s.answer(ctx, view)
}

// title names the provider for people.
func (s *session) title() string {
	if s.kind.Title != "" {
		return s.kind.Title
	}
	return s.profile.Issuer
}

func (s *session) nextCommands(kept tokenstore.Backend) []string {
	p := " -p " + s.profile.Name
	if kept == tokenstore.Memory {
		return []string{"simsid login" + p + " --store file  # sign in and keep the tokens, in a sealed file"}
	}
	if s.file.Default() == s.profile.Name {
		p = ""
	}
	if s.kind.OpaqueTokens {
		return []string{"simsid token" + p + "  # print the access token", "simsid status" + "  # who is signed in, and until when"}
	}
	return []string{
		"simsid token" + p + "  # print the access token",
		"simsid decode" + p + "  # see what is inside",
		"simsid status" + "  # who is signed in, and until when",
	}
}

// accessClaims are the unverified claims of an access token, none of a kind whose tokens are never looked into.
func (s *session) accessClaims(t token.Secret) token.Object {
	if s.kind.OpaqueTokens {
		return token.Object{}
	}
	return accessClaims(t)
}

// accessClaims are the unverified claims of an access token, none when it is opaque.
func accessClaims(t token.Secret) token.Object {
	jwt, err := token.ParseJWT(t.Reveal())
	if err != nil {
		return token.Object{}
	}
	return jwt.Claims.Object
}

// memberships are the organisations that the ID token names, or else the access token.
func memberships(id, access token.Object) []sims.Membership {
	if m := sims.Memberships(id); len(m) > 0 {
		return m
	}
	return sims.Memberships(access)
}

// mostOnRecord bounds the organisations on record: SIMS ID puts ten into a token, and whatever else does may put in a million.
const mostOnRecord = 20

// summarise says what status will show of a login without opening the store.
func summarise(kind provider.Kind, id, access token.Object) tokenstore.Summary {
	var sum tokenstore.Summary
	sum.Subject, _ = id.String("sub")
	sum.Name, _ = id.String("name")
	if !kind.SIMS {
		return sum
	}
	if subject, ok := sims.ParseSubject(sum.Subject); ok {
		sum.Subject = subject.NumericID
	}
	m := memberships(id, access)
	for _, one := range m[:min(len(m), mostOnRecord)] {
		sum.Organisations = append(sum.Organisations, one.Raw)
	}
	switch {
	case len(m) == 1:
		sum.Organisation = m[0].OrganisationID + " (" + m[0].TypeWords() + ")"
	case len(m) > 1:
		sum.Organisation = fmt.Sprintf("%d organisations", len(m))
	}
	return sum
}
