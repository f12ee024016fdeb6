package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/word"
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
	return cmd
}

func runLogin(ctx context.Context, a *app, o *loginOptions) error {
	if o.printURL && o.paste {
		return &usageError{Problem: "--print-url does nothing but print: there is no answer that --paste could take", Command: "simsid login"}
	}
	s, err := loginSession(ctx, a, o)
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
func loginSession(ctx context.Context, a *app, o *loginOptions) (*session, error) {
	sel := selection{cmd: o.cmd}
	name, ok := embeddedProfile(o.emulator)
	switch {
	case !ok:
		return nil, &usageError{Problem: "--emulator is the STS inside simsid, or with =imis the iMIS; there is no " + word.Quote(o.emulator, "sts", "imis"), Command: "simsid login"}
	case name != "" && a.global.profile != "" && a.global.profile != name:
		return nil, &usageError{Problem: fmt.Sprintf("--emulator is profile %s, but -p says %q", name, word.Name(a.global.profile)), Command: "simsid login"}
	case name != "":
		sel.name = name
	}
	s, err := a.newSession(sel)
	if err != nil {
		return nil, err
	}
	if s.embedded() {
		if err := s.prepareHTTP(ctx); err != nil {
			return nil, err
		}
		s.sts.Preload()
	}
	if o.as != "" && !s.embedded() {
		wrong := &usageError{Problem: "--as chooses a sample user of the emulator inside simsid; profile " + s.profile.Name + " is at " + s.profile.Issuer, Command: "simsid login"}
		if s.kind.Embedded != "" { // one that simsid serves on a port, where the server decides
			wrong.Command, wrong.Hint = "", "start the server with --as "+shellWord(o.as)+": simsid emulator --as "+shellWord(o.as)
		}
		return nil, wrong
	}
	if o.as != "" {
		if err := s.signInAs(ctx, o.as); err != nil {
			return nil, err
		}
	}
	s.forced, s.forcible = o.force, true
	if err := s.chooseMember(ctx, o); err != nil {
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
func (s *session) signInAs(ctx context.Context, user string) error {
	if err := s.prepareHTTP(ctx); err != nil {
		return err
	}
	return s.sts.SignInAs(user)
}

func (s *session) login(ctx context.Context, o *loginOptions) error {
	store, err := s.chooseStore(ctx)
	if o.withRefreshToken {
		err = s.placeForSeed(s.refreshTokenSource(), store, err)
	}
	if err != nil {
		return err
	}
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	if err := s.prepareHTTP(ctx); err != nil {
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
