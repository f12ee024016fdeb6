package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

// Main runs the command line and returns the exit code.
func Main(ctx context.Context, env Env) int {
	env.ReadFile, env.Open = namedAsRepeated(env.ReadFile), namedAsRepeated(env.Open)
	a := &app{env: env}
	root := newRootCmd(a)
	root.SetArgs(env.Args)
	cmd, err := root.ExecuteContextC(ctx)
	if a.trace != nil {
		err = a.traced(err)
	}
	if err = errors.Join(err, a.mistyped); err == nil {
		return exitDone
	}
	if line := evalFailure(cmd.CommandPath(), env.Args); line != "" {
		err = errors.Join(err, writeLine(env.Stdout, line))
	}
	return a.fail(ctx, err)
}

// app is one run of the program: its environment and the options that every command has.
type app struct {
	env    Env
	global globalOptions
	trace  *provider.Trace // nil: none is wanted
	// unsettled says that no profile could be had: a variable that is misspelt may be why.
	unsettled bool
	looks     bool       // what is found damaged stays where it is
	files     *fileCache // nil: each file is read when it is asked for, and waited for as long as it takes
	signs     bool       // the client authenticates by a signature with a time in it
	clock     *provider.ServerClock
	argued    bool   // the command takes its profile as an argument
	mistyped  error  // help was asked for of a command that there isn't
	waits     string // the redirect URI of a login that waits, and whose likely troubles haven't been told yet
}

// globalOptions are the flags of every command.
type globalOptions struct {
	profile string
	output  string
	jq      string
	version bool   // of the root alone
	claim   string // of the commands that answer with claims
	verbose bool
	trace   bool
	noInput bool

	traceFile string
	timeout   time.Duration
}

const rootLong = `simsid signs in to SIMS ID, the single sign-on of UK schools' software, from a
terminal; keeps the login safely; hands tokens to scripts; and explains what
is inside them. Any other OpenID provider works by the same commands.`

const rootExample = `  # try it now: no account, no network, nothing to configure
  simsid login --emulator
  simsid decode -p emulator

  # your own client at SIMS ID's partner sandbox
  simsid profile add school --kind simsid --environment sandbox \
      --issuer https://YOUR-SANDBOX/ --client-id pm-sso-YOUR-ID \
      --redirect-uri https://localhost:5454/
  simsid login -p school

  # in a script
  simsid token -p school --header | curl -H @- https://api.example.com/`

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "simsid",
		Short:         "Sign in to SIMS ID from a terminal, and see what is inside its tokens",
		Long:          rootLong,
		Example:       rootExample,
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if _, quick := cmd.Annotations[quickCommand]; !quick {
				cmd.SetContext(a.env.Interruptible(cmd.Context()))
			} else if a.env.GiveBack != nil {
				a.env.GiveBack()
			}
			if given(cmd, "profile") && a.global.profile == "" {
				return &usageError{Problem: "--profile is empty: name a profile, or leave it away for the default", Command: cmd.CommandPath()}
			}
			if given(cmd, "trace-file") && a.global.traceFile == "" {
				return &usageError{Problem: "--trace-file is empty: name a file", Command: cmd.CommandPath()}
			}
			a.argued = namesProfileItself(cmd)
			if a.global.profile != "" && a.argued {
				return &usageError{Problem: "--profile has no meaning here: the profile is the command's argument", Command: cmd.CommandPath()}
			}
			if a.global.claim != "" || given(cmd, "claim") {
				if err := a.checkClaim(cmd); err != nil {
					return err
				}
			}
			if err := a.checkGlobals(); err != nil {
				return err
			}
			if a.global.trace || a.global.traceFile != "" {
				return a.startTrace()
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.global.version {
				return runVersion(cmd.Context(), a)
			}
			return runWelcome(cmd.Context(), a)
		},
	}
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		a.outputBehind()
		return &usageError{Problem: flagProblem(cmd, err), Command: cmd.CommandPath(), Hint: nearFlag(cmd, err)}
	})
	root.Flags().BoolVarP(&a.global.version, "version", "V", false, "say which simsid this is, as simsid version does")
	f := root.PersistentFlags()
	f.StringVarP(&a.global.profile, "profile", "p", "", "the profile to use (SIMSID_PROFILE)")
	f.StringVarP(&a.global.output, "output", "o", "text", "how to answer: text or json")
	f.StringVar(&a.global.jq, "jq", "", "filter the JSON answer by a jq expression")
	f.BoolVarP(&a.global.verbose, "verbose", "v", false, "say more of what happens, on standard error")
	f.BoolVar(&a.global.trace, "trace", false, "show each HTTP exchange on standard error, with secrets masked")
	f.StringVar(&a.global.traceFile, "trace-file", "", "write each exchange to a HAR file, with secrets masked; browsers' tools open it")
	f.BoolVar(&a.global.noInput, "no-input", false, "never ask and never open a browser")
	f.DurationVar(&a.global.timeout, "timeout", 0, "how long to wait: for a login or an API 5m, for another HTTP exchange 30s")
	root.AddGroup(
		&cobra.Group{ID: groupLogin, Title: "Sign in and out"},
		&cobra.Group{ID: groupTokens, Title: "Use and read tokens"},
		&cobra.Group{ID: groupSetup, Title: "Set up"},
	)
	a.addCommands(root)
	root.SetUsageFunc(usage)
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if a.mistyped = mistyped(cmd); a.mistyped == nil {
			help(cmd, args)
		}
	})
	root.CompletionOptions.DisableDefaultCmd = true
	_ = root.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	if completing(a.env.Args) {
		a.addCompletions(root)
	}
	return root
}

// quickCommand marks a command that only prints, or says by itself from where on it waits.
const quickCommand = "quick"

// namesProfile marks a command, and those below it, whose profile is an argument; quick ones that need none are alike.
const namesProfile = "names-profile"

func namesProfileItself(cmd *cobra.Command) bool {
	for c := cmd; c != nil; c = c.Parent() {
		if _, ok := c.Annotations[namesProfile]; ok {
			return true
		}
	}
	return false
}

// commands are the constructors of all commands by name, in groups.
func commands() map[string]func(*app) *cobra.Command {
	return map[string]func(*app) *cobra.Command{
		"login": newLoginCmd, "logout": newLogoutCmd, "status": newStatusCmd,
		"token": newTokenCmd, "exec": newExecCmd, "api": newAPICmd, "decode": newDecodeCmd, "diff": newDiffCmd, "scan": newScanCmd, "orgs": newOrgsCmd, "userinfo": newUserinfoCmd, "introspect": newIntrospectCmd,
		"refresh": newRefreshCmd, "revoke": newRevokeCmd,
		"discover": newDiscoverCmd, "doctor": newDoctorCmd, "sso": newSSOCmd, "profile": newProfileCmd, "store": newStoreCmd, "cert": newCertCmd, "emulator": newEmulatorCmd, "version": newVersionCmd, "completion": newCompletionCmd, "man": newManCmd,
	}
}

// addCommands adds the one command that the first argument names, since making the others costs a start-up more than
// printing a token does; or, for help, completion and whatever else, all of them.
func (a *app) addCommands(root *cobra.Command) {
	all := commands()
	if len(a.env.Args) > 0 {
		if newCmd, ok := all[a.env.Args[0]]; ok {
			root.AddCommand(newCmd(a))
			return
		}
	}
	for _, newCmd := range all {
		root.AddCommand(newCmd(a))
	}
	root.SetHelpCommandGroupID(groupSetup)
	root.SetHelpCommand(newHelpCmd(a))
}

// given reports whether a command has a flag and was called with it.
func given(cmd *cobra.Command, flag string) bool {
	f := cmd.Flags().Lookup(flag)
	return f != nil && f.Changed
}

const (
	groupLogin  = "login"
	groupTokens = "tokens"
	groupSetup  = "setup"
)

// checkGlobals refuses option values that no command takes.
func (a *app) checkGlobals() error {
	if !slices.Contains([]string{"text", "json"}, a.global.output) {
		u := &usageError{Problem: "--output must be text or json, not " + word.Quote(a.global.output, "text", "json")}
		if near := word.Nearest(a.global.output, []string{"text", "json"}); near != "" {
			u.Hint = "did you mean: -o " + near
		}
		return u
	}
	if a.global.timeout < 0 {
		return &usageError{Problem: fmt.Sprintf("--timeout must not be negative, not %s", a.global.timeout)}
	}
	if a.global.jq != "" {
		if err := render.CheckJQ(a.global.jq); err != nil {
			u := &usageError{Problem: "--jq: " + err.Error()}
			if strings.Contains(u.Problem, "function not defined") && render.CheckJQ("."+a.global.jq) == nil {
				u.Hint = "did you mean: ." + a.global.jq
			}
			return u
		}
	}
	return nil
}

// answer renders v on standard output.
func (a *app) answer(ctx context.Context, v render.View) error {
	o := a.renderOptions(a.env.StdoutTTY)
	if o.Claim != "" {
		a.warnUnverified(v, o)
	}
	return render.Write(ctx, a.env.Stdout, v, o)
}

// json reports whether the answer is for programs.
func (a *app) json() bool { return a.global.output == "json" || a.global.jq != "" }

// alone reports whether it was said that nobody is there: by --no-input, or by CI, which every CI service sets and some give a terminal
// to.
func (a *app) alone() bool {
	ci := a.env.Getenv("CI")
	return a.global.noInput || ci != "" && ci != "false" && ci != "0"
}

func (a *app) renderOptions(tty bool) render.Options {
	o := render.Options{
		JSON:     a.global.output == "json",
		JQ:       a.global.jq,
		Claim:    a.global.claim,
		Exact:    !tty,
		Color:    tty && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb",
		Now:      a.env.Now(),
		Location: a.env.Location(),
	}
	if tty {
		o.Width = a.env.Width()
	}
	return o
}

// note writes a line that only --verbose shows.
func (a *app) note(format string, args ...any) {
	if a.global.verbose {
		a.line("note", format, args...)
	}
}

// say writes a line of plain words to standard error.
func (a *app) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	o := a.renderOptions(a.env.StderrTTY)
	for line := range strings.SplitSeq(text, "\n") {
		if o.Width == 0 || strings.HasPrefix(line, " ") { // what is indented is to be copied
			fmt.Fprintln(a.env.Stderr, line)
			continue
		}
		render.Line(a.env.Stderr, o, "", line)
	}
}

// line writes a labelled line to standard error: "warning: …".
func (a *app) line(label, format string, args ...any) {
	render.Line(a.env.Stderr, a.renderOptions(a.env.StderrTTY), label, fmt.Sprintf(format, args...))
}

// fail reports err and returns the exit code it stands for.
func (a *app) fail(ctx context.Context, err error) int {
	f := a.positioned(a.lent(err, a.timed(err, a.seeded(err, a.situated(err, explain(err))))))
	f.Hints = a.typed(f.Hints)
	// Nothing but an interruption cancels: what takes too long ends with another error.
	if errors.Is(err, context.Canceled) {
		a.interrupted(err)
		return exitInterrupted
	}
	if f.Silent {
		return f.Code
	}
	if a.unsettled && f.Code == exitUsage {
		if hint := a.misspelt(); hint != "" {
			f.Hints = append([]string{hint}, f.Hints[:min(len(f.Hints), 2)]...)
		}
	}
	if a.json() {
		// The answer stays empty; a program reads what went wrong where a person would.
		failed := render.Failed{Code: f.Code, Text: f.Text, Hints: f.Hints}
		if render.Write(context.WithoutCancel(ctx), a.env.Stderr, failed, render.Options{JSON: true}) == nil {
			return f.Code
		}
	}
	a.line("error", "%s", f.Text)
	for _, h := range f.Hints {
		a.line("hint", "%s", h)
	}
	return f.Code
}
