package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/word"
)

// noArguments refuses arguments; at the root an argument is a mistyped command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasParent() {
		u := &usageError{Problem: "there is no command " + quoteArgs(cmd, args[:1]), Command: cmd.CommandPath()}
		if _, ok := lookupTopic(args[0]); ok {
			u.Hint = "it is a topic: simsid help " + args[0]
		} else if near := nearCommand(cmd, args[0]); near != "" {
			u.Hint = "did you mean: " + near
			name := strings.TrimPrefix(near, "simsid ")
			if _, ok := lookupTopic(name); ok {
				u.Hint = "did you mean the topic: simsid help " + name
			}
		}
		return u
	}
	u := &usageError{Problem: fmt.Sprintf("%s takes no argument, but got %s", cmd.CommandPath(), word.Quote(args[0])), Command: cmd.CommandPath()}
	if args[0] == "true" || args[0] == "false" { // the flag before it means yes by itself
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if f.NoOptDefVal == "true" {
				u.Hint = "yes or no stands behind a sign: --" + f.Name + "=" + args[0]
			}
		})
		return u
	}
	if _, ok := commands()[args[0]]; ok {
		u.Hint = "it is a command of its own: simsid " + args[0]
		return u
	}
	if len(args) == 1 && !namesProfileItself(cmd) && config.CheckName(args[0]) == nil {
		name := "NAME"
		if word.Harmless(args[0]) {
			name = args[0]
		}
		u.Hint = "a profile is named with -p: " + cmd.CommandPath() + " -p " + name
	}
	return u
}

// oneArgument refuses none and more than one; what names it for people.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{Problem: fmt.Sprintf("%s needs %s", cmd.CommandPath(), what), Command: cmd.CommandPath()}
		}
		return optionalArgument(what)(cmd, args)
	}
}

// optionalArgument refuses more than one, and an empty one.
func optionalArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{Problem: fmt.Sprintf("%s takes only %s, but got %s too", cmd.CommandPath(), what, word.Quote(args[1])), Command: cmd.CommandPath()}
		}
		return noEmptyArgument(cmd, args)
	}
}

// noEmptyArgument refuses an argument without text. It comes from a variable that isn't set, and to go on as if there were no argument would
// answer for the profile's token, or revoke it, in place of the one that was meant.
func noEmptyArgument(cmd *cobra.Command, args []string) error {
	if slices.Contains(args, "") {
		return &usageError{Problem: fmt.Sprintf("%s got an empty argument: is a variable not set?", cmd.CommandPath()), Command: cmd.CommandPath()}
	}
	return nil
}

// parent makes a command that only has subcommands say so when it is called bare or with an unknown one.
func parent(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	u := &usageError{Problem: fmt.Sprintf("there is no command %q", cmd.CommandPath()+" "+word.Repeated(args[0])), Command: cmd.CommandPath()}
	if near := nearCommand(cmd, args[0]); near != "" {
		u.Hint = "did you mean: " + near
	}
	return u
}
