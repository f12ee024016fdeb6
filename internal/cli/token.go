package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/word"
)

type tokenOptions struct {
	cmd      *cobra.Command
	id       bool
	header   bool
	env      string // a shell
	output   string // of a step of GitHub Actions
	minValid time.Duration
}

func newTokenCmd(a *app) *cobra.Command {
	o := &tokenOptions{}
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a valid access token",
		Long: `Prints an access token that is valid for at least --min-valid, refreshing it
when needed. It never opens a browser: when nobody is signed in, or the login
has ended, it says so and exits with 4. Where the provider can't be reached, a
token that is still valid is printed with a warning, unless --min-valid asks
for more: then, and when it has expired, it exits with 5. In flow
ClientCredentials with --store memory each call gets a token of its own.

--env prints the line that puts the token into SIMSID_ACCESS_TOKEN (with --id
into SIMSID_ID_TOKEN), for eval in sh, bash, dash, zsh and fish; --env=fish
and --env=powershell in words of their own. Without a token that line makes
eval fail. To run one command with the token, simsid exec is the better way.

--github-output NAME, in a step of GitHub Actions, has the runner mask the
token and makes it the step's output NAME, instead of printing it.`,
		Example: `  simsid token -p school
  eval "$(simsid token -p school --env)"
  simsid token -p school --env=powershell | Invoke-Expression
  simsid token -p school --header | curl -H @- https://api.example.com/
  simsid token -p school --id | simsid decode
  simsid token -p school -o json --jq .expires_at`,
		GroupID:     groupTokens,
		Annotations: map[string]string{quickCommand: ""},
		Args:        shellBehindEquals,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return runToken(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.id, "id", false, "print the ID token instead")
	f.BoolVar(&o.header, "header", false, "print the whole Authorization header")
	f.StringVar(&o.env, "env", "", "print what a shell evaluates to have the token in a variable: sh (also bash, dash, zsh), fish or powershell")
	f.Lookup("env").NoOptDefVal = "sh"
	if completing(a.env.Args) {
		_ = cmd.RegisterFlagCompletionFunc("env", cobra.FixedCompletions(evalShellNames(), cobra.ShellCompDirectiveNoFileComp))
	}
	f.StringVar(&o.output, "github-output", "", "mask the token and make it this output of a step of GitHub Actions")
	f.DurationVar(&o.minValid, "min-valid", 2*time.Minute, "how long the token must still be valid")
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

// shellBehindEquals refuses arguments; a shell's name is one where the equals sign was forgotten.
func shellBehindEquals(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && cmd.Flags().Changed("env") && slices.Contains(evalShellNames(), args[0]) {
		return &usageError{Problem: "the shell stands behind an equals sign: --env=" + args[0], Command: "simsid token"}
	}
	return noArguments(cmd, args)
}

func runToken(ctx context.Context, a *app, o *tokenOptions) error {
	if err := a.checkTokenOptions(o); err != nil {
		return err
	}
	return a.giveToken(ctx, o)
}

// checkTokenOptions refuses what can't be, or what could mean two things.
func (a *app) checkTokenOptions(o *tokenOptions) error {
	refuse := func(problem string) error { return &usageError{Problem: problem, Command: "simsid token"} }
	var ways []string
	for _, way := range []string{"header", "env", "github-output"} {
		if o.cmd.Flags().Changed(way) {
			ways = append(ways, "--"+way)
		}
	}
	switch {
	case o.minValid < 0:
		return refuse("--min-valid must not be negative")
	case o.id && o.header:
		return refuse("--id and --header exclude each other: an ID token goes to no API")
	case len(ways) > 1:
		return refuse(ways[0] + " and " + ways[1] + " exclude each other")
	case len(ways) == 1 && a.json():
		return refuse(ways[0] + " is text, and excludes --output json and --jq")
	case o.cmd.Flags().Changed("env") && !isShell(o.env):
		u := &usageError{Command: "simsid token", Problem: fmt.Sprintf("--env knows no shell %s: it is one of %s", word.Quote(o.env, evalShellNames()...), strings.Join(evalShellNames(), ", "))}
		if near := word.Nearest(o.env, evalShellNames()); near != "" {
			u.Hint = "did you mean: --env=" + near
		}
		return u
	}
	return nil
}

// variable is where --env puts the token.
func (o *tokenOptions) variable() string {
	if o.id {
		return idTokenVariable
	}
	return accessTokenVariable
}

func (a *app) giveToken(ctx context.Context, o *tokenOptions) error {
	var output *os.File
	if o.cmd.Flags().Changed("github-output") {
		var err error
		if output, err = a.openStepOutput(o.output); err != nil {
			return err
		}
		defer output.Close() // a second time where it was written
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	set, err := s.usableSet(ctx, o.minValid, o.cmd.Flags().Changed("min-valid"))
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	value, err := s.tokenOf(set, o.id)
	if err != nil {
		return err
	}
	if (o.env != "" || output != nil || o.header) && !printable(value) {
		return &hintedError{Code: exitFailed, Text: "the token has characters that no token may have (RFC 6749 appendix A.12), and isn't handed to anything that reads lines",
			Hints: []string{"see it: simsid decode -p " + s.profile.Name}}
	}
	if output != nil {
		return giveStepOutput(s.env.Stdout, output, o.output, value)
	}
	return s.printToken(ctx, set, value, o)
}

func (s *session) printToken(ctx context.Context, set token.Set, value token.Secret, o *tokenOptions) error {
	view := render.Token{Profile: s.profile.Name, Kind: "access_token", Value: value, TokenType: set.Type, Expiry: set.Expiry, Scopes: set.Scopes}
	if o.id {
		view = render.Token{Profile: s.profile.Name, Kind: "id_token", Value: value}
		if jwt, err := token.ParseJWT(value.Reveal()); err == nil {
			view.Expiry, _ = jwt.Claims.Time("exp")
		}
	}
	if s.json() {
		return s.answer(ctx, view)
	}
	text := value.Reveal()
	if o.env != "" {
		text = lineFor(o.env, o.variable(), text)
	}
	if o.header {
		text = "Authorization: Bearer " + text
	}
	_, err := io.WriteString(s.env.Stdout, text+"\n")
	return err
}

// usableSet is freshSet for who would rather have a token that ends soon than none: where the network or the provider fails
// (and for no other reason), one that is still valid is handed out with a warning. Who named minValid meant it.
func (s *session) usableSet(ctx context.Context, minValid time.Duration, named bool) (token.Set, error) {
	set, err := s.freshSet(ctx, minValid)
	if err == nil || named || !is[*provider.UnavailableError](err) {
		return set, err
	}
	if s.keep == nil {
		return set, err
	}
	kept, lerr := s.keep.LoadCached(ctx)
	if lerr != nil || kept.Expiry.IsZero() || !kept.ValidFor(s.env.Now(), 0) {
		return set, err
	}
	still := "is still valid until " + render.Moment(kept.Expiry, s.env.Now(), s.env.Location())
	if s.clockWentBack(kept) {
		still = "may have expired: the clock went back since it was got"
	}
	s.line("warning", "the token could not be refreshed (%v); this one %s", err, still)
	return kept, nil
}

// freshSet is the login with an access token that is valid for at least minValid: as kept, or refreshed.
func (s *session) freshSet(ctx context.Context, minValid time.Duration) (token.Set, error) {
	store, err := s.openStore(ctx)
	if isNoLogin(err) && s.forOneCommand() {
		return s.clientToken(ctx)
	}
	if err != nil {
		return token.Set{}, err
	}
	set, err := store.LoadCached(ctx)
	if err != nil {
		return token.Set{}, s.ended(err)
	}
	s.note("the login is kept in the %s", s.where(store))
	back := s.clockWentBack(set)
	if set.ValidFor(s.env.Now(), minValid) && !back {
		return set, nil
	}
	res, err := s.refresh(s.env.Interruptible(ctx), flow.RefreshRequest{MinValid: minValid, Seen: set.Access, Force: back})
	if res == nil {
		return token.Set{}, err
	}
	if !res.Set.ValidFor(s.env.Now(), minValid) {
		s.line("warning", "the provider gives tokens that are valid for less than %s", render.Duration(minValid))
	}
	return res.Set, err
}

// clockWentBack reports whether the tokens came at a time that is still to come: their expiry then says nothing. A minute is
// what two machines that share a folder may differ by.
func (s *session) clockWentBack(set token.Set) bool {
	came := set.SignedInAt
	if set.RefreshedAt.After(came) {
		came = set.RefreshedAt
	}
	return came.After(s.env.Now().Add(time.Minute))
}

// refresh renews the login under its lock.
func (s *session) refresh(ctx context.Context, r flow.RefreshRequest) (*flow.RefreshResult, error) {
	store, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	own := onRecord(store.Record())
	client, err := s.client(ctx)
	if own != nil && s.ownSecretMissing(client, err) {
		return nil, s.clientTokenEnded(flow.ErrNoRefreshToken, own)
	}
	if err != nil {
		return nil, err
	}
	s.note("refreshing the tokens of profile %s", s.profile.Name)
	r.Provider, r.Client, r.Keeper, r.Now = s.provider, client, store, s.env.Now
	if own != nil {
		s.renews(&r, own)
	}
	if s.kind.DatedTokens {
		r.User = store.Record().Subject
	}
	res, err := refreshSeeded(ctx, store, r)
	if res != nil && res.Refreshed {
		s.describeSeeded(ctx, store, res)
		s.warnLost(store, s.seed(), res.Set.Refresh)
		for _, f := range res.Findings {
			s.line("warning", "%s", f.Seen)
		}
	}
	if err != nil && res != nil {
		// The tokens are good and the refresh token is safe, only not where it belongs: say so and go on.
		f := explain(err)
		s.line("warning", "%s", f.Text)
		for _, h := range f.Hints {
			s.line("hint", "%s", h)
		}
		return res, nil
	}
	if is[*provider.VerificationError](err) {
		return nil, &hintedError{Code: exitNo, Err: fmt.Errorf("the refreshed tokens are not used: %w", err), Hints: []string{
			"the new refresh token is kept, and nothing else of this answer; see the exchange: add --trace",
			"if it happens again, sign in: simsid login -p " + s.profile.Name}}
	}
	if is[*flow.UserError](err) {
		return nil, &hintedError{Code: exitNo, Err: fmt.Errorf("the refreshed tokens are not used: %w", err), Hints: s.beginAgain("")}
	}
	if errors.Is(err, flow.ErrNoRefreshToken) && provider.Flow(s.profile.Flow) == provider.FlowClientCredentials {
		return nil, s.clientTokenEnded(err, nil)
	}
	return res, s.ended(err)
}
