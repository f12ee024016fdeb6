package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/simsid/simsid/internal/word"
)

// helpWidth fits every terminal.
const helpWidth = 80

// usage writes how a command is called. It is code and no template: cobra's template would link a package that keeps the linker from
// leaving out what isn't used, and so make every start of the program slower.
func usage(cmd *cobra.Command) error {
	if !cmd.HasParent() {
		return overview(cmd.OutOrStdout(), cmd)
	}
	return wholeUsage(cmd)
}

// wholeUsage is usage, of the root too with every command and flag.
func wholeUsage(cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if cmd.Runnable() && cmd.HasParent() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND [flags]\n", cmd.CommandPath())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	for _, g := range cmd.Groups() {
		writeCommands(&b, cmd, g.Title+":", g.ID)
	}
	if len(cmd.Groups()) == 0 && cmd.HasAvailableSubCommands() {
		writeCommands(&b, cmd, "Commands:", "")
	}
	if !cmd.HasParent() {
		b.WriteString("\nTopics (simsid help TOPIC):\n")
		for _, t := range topics() {
			fmt.Fprintf(&b, "  %-*s  %s\n", cmd.NamePadding(), t.name, t.short)
		}
	}
	if cmd.HasAvailableLocalFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", cmd.LocalFlags().FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableInheritedFlags() {
		fmt.Fprintf(&b, "\nFlags of every command:\n%s", cmd.InheritedFlags().FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore about a command: %s COMMAND --help\n", cmd.CommandPath())
	}
	_, err := io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// writeCommands lists the subcommands of one group.
func writeCommands(b *strings.Builder, cmd *cobra.Command, title, group string) {
	fmt.Fprintf(b, "\n%s\n", title)
	for _, sub := range cmd.Commands() {
		if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
			fmt.Fprintf(b, "  %-*s  %s\n", cmd.NamePadding(), sub.Name(), sub.Short)
		}
	}
}

// outputBehind looks for -o json behind a flag that nobody knows, where parsing has ended: a program reads that error too.
func (a *app) outputBehind() {
	for i, arg := range a.env.Args {
		value, joined := strings.CutPrefix(arg, "--output=")
		switch {
		case arg == "--":
			return
		case joined:
		case (arg == "-o" || arg == "--output") && i+1 < len(a.env.Args):
			value = a.env.Args[i+1]
		case strings.HasPrefix(arg, "-o") && !strings.HasPrefix(arg, "--"):
			value = strings.TrimPrefix(arg[len("-o"):], "=")
		}
		if value == "json" {
			a.global.output = value
		}
	}
}

// flagProblem is what pflag says of a flag, without values that could be secrets.
func flagProblem(cmd *cobra.Command, err error) string {
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f := bad.GetFlag()
		wanted := "a value of another kind"
		switch f.Value.Type() {
		case "bool":
			wanted = "true or false"
		case "duration":
			wanted = "a span of time such as 30s or 5m"
		case "int":
			wanted = "a whole number"
		case "stringSlice":
			wanted = "a list, separated by commas or spaces"
		}
		return "--" + f.Name + " must be " + wanted + ", not " + strconv.Quote(word.Number(bad.GetValue()))
	}
	if bad, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if bad.GetSpecifiedShortnames() != "" {
			return "unknown flag: -" + word.Name(bad.GetSpecifiedName())
		}
		return "unknown flag: --" + word.Repeated(bad.GetSpecifiedName(), flagNames(cmd)...)
	}
	if bad, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return "--" + bad.GetFlag().Name + " needs a value"
	}
	if is[*pflag.InvalidSyntaxError](err) {
		return "a flag's name is missing behind --"
	}
	return err.Error()
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.InheritedFlags()} {
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	}
	return names
}
