package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// accessTokenVariable is where a command that simsid starts, or a shell that asks for it, finds the access token, and idTokenVariable
// the ID token.
const (
	accessTokenVariable = "SIMSID_ACCESS_TOKEN"
	idTokenVariable     = "SIMSID_ID_TOKEN" //nolint:gosec // G101: the name of a variable, not its value
)

// withheldVariable names the variables that were kept from a command, for a simsid that misses them there.
const withheldVariable = "SIMSID_WITHHELD"

type execOptions struct {
	cmd      *cobra.Command
	env      []string
	minValid time.Duration
	keep     bool
	command  []string
}

func newExecCmd(a *app) *cobra.Command {
	o := &execOptions{}
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENT...]",
		Short: "Run a command with the token in its environment",
		Long: `Runs a command with a valid access token in SIMSID_ACCESS_TOKEN, or in the
variables that --env names. The token is refreshed before the start when
needed, and never again: a command that runs for longer than the token lives
asks simsid token for another, and may need --keep-secrets for that.

The token is in no argument, which everybody on the machine could read. The
command gets the token and no more: simsid's own secrets (the variables under
"Secrets" in simsid help environment, and SIMSID_CLIENT_KEY) are taken out of
its environment, and so are other tokens in SIMSID_ACCESS_TOKEN and
SIMSID_ID_TOKEN, unless --keep-secrets leaves them all, for a script that calls
simsid itself.

Standard input, output and error are the command's own; so is the exit code,
and so are signals. 127 says that there is no such command and 126 that it
can't be run; what else keeps it from being started has simsid's own codes.`,
		Example: `  simsid exec -p school -- ./sync.sh
  simsid exec -p school --env TOKEN -- make smoke
  simsid exec -p school --env TOKEN --env WHO=id -- node app.js
  simsid exec -p school -- sh -c 'printf %s "$SIMSID_ACCESS_TOKEN" | wc -c'
  simsid exec --keep-secrets -- ./nightly.sh  # which calls simsid token`,
		GroupID: groupTokens,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{Problem: "there is no command to run", Command: cmd.CommandPath(), Hint: "simsid exec -- COMMAND"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd, o.command = cmd, args
			return runExec(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false) // what follows the command is the command's, with -- and without
	f.StringArrayVar(&o.env, "env", nil, "variable for the token: `NAME`, or NAME=id for the ID token; may be repeated (default SIMSID_ACCESS_TOKEN)")
	f.DurationVar(&o.minValid, "min-valid", 2*time.Minute, "how long the token must still be valid at the start")
	f.BoolVar(&o.keep, "keep-secrets", false, "leave simsid's own secrets in the command's environment, for a simsid that it runs")
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runExec(ctx context.Context, a *app, o *execOptions) error {
	switch {
	case o.minValid < 0:
		return &usageError{Problem: "--min-valid must not be negative", Command: "simsid exec"}
	case a.global.jq != "":
		return &usageError{Problem: "--jq has no meaning here: the answer is the command's", Command: "simsid exec"}
	}
	variables, err := tokenVariables(o.env)
	if err != nil {
		return err
	}
	// Looked for before a token is asked for: nothing is refreshed for a slip of the pen.
	path, err := a.env.LookPath(o.command[0])
	if err != nil {
		return commandError(o.command[0], err)
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	set, err := s.usableSet(ctx, o.minValid, o.cmd.Flags().Changed("min-valid"))
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	env, fold := a.env.Environ(), strings.HasPrefix(a.env.Platform, "windows/")
	if !o.keep {
		env = withoutSecrets(env, fold)
	}
	for _, v := range variables {
		value, err := s.tokenOf(set, v.id)
		if err != nil {
			return err
		}
		env = withVariable(env, v.name, value.Reveal(), fold)
	}
	// Whoever is started takes this process's place, and nothing happens here afterwards.
	if err := errors.Join(ctx.Err(), a.endTrace()); err != nil {
		return err
	}
	code, err := a.env.Exec(path, o.command, env)
	if errors.Is(err, fs.ErrNotExist) {
		return a.interpreterError(o.command[0], path)
	}
	if err != nil {
		return commandError(o.command[0], err)
	}
	return childError(code)
}

// tokenOf is the access token of a login, or its ID token.
func (s *session) tokenOf(set token.Set, id bool) (token.Secret, error) {
	if !id {
		return set.Access, nil
	}
	if set.ID.IsZero() && provider.Flow(s.profile.Flow) == provider.FlowClientCredentials {
		return token.Secret{}, &hintedError{Code: exitFailed, Text: "a client's own token has no user, and so no ID token", Hints: []string{"the access token: simsid token -p " + s.profile.Name}}
	}
	if set.ID.IsZero() {
		return token.Secret{}, &hintedError{Code: exitFailed, Text: "the login has no ID token", Hints: []string{"ask for the scope openid: simsid login -p " + s.profile.Name}}
	}
	return set.ID, nil
}

// tokenVariable is a variable that a token is to be in.
type tokenVariable struct {
	name string
	id   bool // it is for the ID token
}

// tokenVariables reads what --env says.
func tokenVariables(list []string) ([]tokenVariable, error) {
	refuse := func(format string, args ...any) ([]tokenVariable, error) {
		return nil, &usageError{Problem: "--env " + fmt.Sprintf(format, args...), Command: "simsid exec"}
	}
	if len(list) == 0 {
		return []tokenVariable{{name: accessTokenVariable}}, nil
	}
	var variables []tokenVariable
	for _, text := range list {
		name, kind, given := strings.Cut(text, "=")
		switch {
		case !isVariableName(name):
			return refuse("%s: a variable's name has letters, digits and '_'", word.Quote(name))
		case given && kind != "access" && kind != "id":
			return refuse("%s: what it is for is access or id, not %s", name, word.Quote(kind, "access", "id"))
		case slices.ContainsFunc(variables, func(v tokenVariable) bool { return v.name == name }):
			return refuse("%s is given twice", name)
		}
		variables = append(variables, tokenVariable{name, kind == "id"})
	}
	return variables, nil
}

// isVariableName takes the names that every shell does (POSIX.1-2024, Base Definitions 8.1).
func isVariableName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// withVariable puts a value into an environment, in place of whatever is there. fold says that names which differ in case alone are one.
func withVariable(env []string, name, value string, fold bool) []string {
	env = slices.DeleteFunc(env, func(entry string) bool { return isEntryOf(entry, name, fold) })
	return append(env, name+"="+value)
}

func isEntryOf(entry, name string, fold bool) bool {
	was, _, _ := strings.Cut(entry, "=")
	return was == name || fold && strings.EqualFold(was, name)
}

// withheldVariables are those that a command doesn't get: simsid's secrets, and the name of the file with the client's key, which is as good
// as one.
func withheldVariables() []term { return append(secretVariables(), term{name: "SIMSID_CLIENT_KEY"}) }

// withoutSecrets takes simsid's own secrets out of an environment, with the names of files that hold one, and says in a variable which
// there were. A command is lent an access token; what gets more of them outlives it. Tokens that another simsid put there go too, which may be
// another user's, and are missed by no simsid.
func withoutSecrets(env []string, fold bool) []string {
	var withheld []string
	env = slices.DeleteFunc(env, func(entry string) bool {
		return isEntryOf(entry, accessTokenVariable, fold) || isEntryOf(entry, idTokenVariable, fold)
	})
	for _, secret := range withheldVariables() {
		if slices.ContainsFunc(env, func(entry string) bool { return isEntryOf(entry, secret.name, fold) && !strings.HasSuffix(entry, "=") }) {
			withheld = append(withheld, secret.name)
		}
		env = slices.DeleteFunc(env, func(entry string) bool { return isEntryOf(entry, secret.name, fold) })
	}
	if len(withheld) == 0 {
		return env
	}
	return withVariable(env, withheldVariable, strings.Join(withheld, " "), fold)
}

// lent adds to what a simsid within a command of exec misses that it was kept from it.
func (a *app) lent(err error, f failure) failure {
	withheld := strings.Fields(a.env.Getenv(withheldVariable))
	missing := errors.Is(err, errNoSecret) || errors.Is(err, tokenstore.ErrNoSealKey) || errors.Is(err, tokenstore.ErrNeedsIdentity) ||
		errors.Is(err, tokenstore.ErrSealKey) || isNoLogin(err)
	withheld = slices.DeleteFunc(withheld, func(name string) bool {
		return a.env.Getenv(name) != "" || !slices.ContainsFunc(withheldVariables(), func(t term) bool { return t.name == name })
	})
	if !missing || len(withheld) == 0 {
		return f
	}
	hint := "simsid exec kept " + strings.Join(withheld, ", ") + " from this command: run it by simsid exec --keep-secrets"
	f.Hints = append([]string{hint}, f.Hints[:min(len(f.Hints), 2)]...)
	return f
}

// childError is the exit code of a command that ran to its end, and has said itself whatever there was to say.
type childError int

func (c childError) Error() string { return fmt.Sprintf("the command ended with %d", int(c)) }
