package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newManCmd(a *app) *cobra.Command {
	dir := ""
	cmd := &cobra.Command{
		Use:   "man [COMMAND|TOPIC]",
		Short: "Print the manual page of a command, or write all of them",
		Long: `Prints a manual page for man to show; with --dir it writes the pages of every
command and topic into the folders man1 and man7 of a folder of manuals.`,
		Example: `  simsid man login | man -l -
  simsid man --dir ~/.local/share/man`,
		GroupID:     groupSetup,
		Annotations: map[string]string{quickCommand: "", namesProfile: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir != "" && len(args) > 0 {
				return &usageError{Problem: "--dir writes every page: name none", Command: cmd.CommandPath()}
			}
			return runMan(a, dir, args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeHelp(cmd.Root(), args), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write the pages of all commands and topics into this folder of manuals")
	_ = cmd.MarkFlagDirname("dir")
	return cmd
}

func runMan(a *app, dir string, args []string) error {
	root := wholeTree(a)
	if dir != "" {
		return writePages(root, dir, day(a.env.Build().Date))
	}
	page, err := pageOf(root, args, day(a.env.Build().Date))
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.env.Stdout, page)
	return err
}

// wholeTree is the tree of all commands, of which a run has made only its own.
func wholeTree(a *app) *cobra.Command {
	env := a.env
	env.Args = nil
	root := newRootCmd(&app{env: env})
	root.InitDefaultHelpCmd()
	return root
}

// day is the date of a build without its time, which no manual page has.
func day(date string) string {
	if len(date) < len("2006-01-02") {
		return ""
	}
	return date[:len("2006-01-02")]
}

func pageOf(root *cobra.Command, args []string, date string) (string, error) {
	if len(args) == 1 {
		if t, ok := lookupTopic(args[0]); ok {
			return topicPage(t, date), nil
		}
	}
	if len(args) > 0 && args[0] == root.Name() { // its page is called so
		args = args[1:]
	}
	found, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		u := &usageError{Problem: "there is neither a command nor a topic " + quoteArgs(root, args), Command: "simsid man"}
		if near := nearCommand(found, strings.Join(rest, " ")); near != "" {
			u.Hint = "did you mean: simsid man" + strings.TrimPrefix(near, "simsid")
		}
		return "", u
	}
	return commandPage(found, date), nil
}

// writePages writes man1/simsid.1, man1/simsid-login.1 and so on, and the topics as man7/simsid-scopes.7: man looks for a page in the folder of
// its section.
func writePages(root *cobra.Command, dir, date string) error {
	var faults []error
	for _, section := range []string{"1", "7"} {
		faults = append(faults, os.MkdirAll(filepath.Join(dir, "man"+section), 0o755)) //nolint:gosec // G301: manual pages are for everybody
	}
	write := func(name, section, page string) {
		faults = append(faults, os.WriteFile(filepath.Join(dir, "man"+section, name+"."+section), []byte(page), 0o644)) //nolint:gosec // G306: likewise
	}
	eachCommand(root, func(cmd *cobra.Command) { write(pageName(cmd), "1", commandPage(cmd, date)) })
	for _, t := range topics() {
		write("simsid-"+t.name, "7", topicPage(t, date))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("write manual pages: %w", err)
	}
	return nil
}

// eachCommand visits a command and those below it, as help lists them.
func eachCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			eachCommand(sub, visit)
		}
	}
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// roff writes a manual page by the macros of man(7).
type roff struct{ strings.Builder }

func newRoff(name, section, date, short string) *roff {
	r := &roff{}
	fmt.Fprintf(r, ".TH %q %s %q \"simsid\" \"simsid\"\n.nh\n.ad l\n", strings.ToUpper(name), section, date)
	r.heading("name")
	fmt.Fprintf(r, "%s \\- %s\n", escapeRoff(name), escapeRoff(short))
	return r
}

func (r *roff) heading(s string) { fmt.Fprintf(r, ".SH %s\n", escapeRoff(strings.ToUpper(s))) }

// text writes paragraphs, which blank lines part.
func (r *roff) text(s string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		if i > 0 {
			r.WriteString(".PP\n")
		}
		for line := range strings.Lines(paragraph) {
			r.WriteString(escapeRoff(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
}

func (r *roff) term(name, meaning string) {
	fmt.Fprintf(r, ".TP\n\\fB%s\\fR\n%s\n", escapeRoff(name), escapeRoff(meaning))
}

// lines are shown as they stand.
func (r *roff) lines(s string) {
	r.WriteString(".PP\n.RS 4\n.nf\n")
	for line := range strings.Lines(strings.Trim(s, "\n")) {
		r.WriteString(escapeRoff(strings.TrimSuffix(line, "\n")) + "\n")
	}
	r.WriteString(".fi\n.RE\n")
}

// escapeRoff makes a line plain text: no escape, no request at its beginning, and characters that every roff reads.
func escapeRoff(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '.' && i == 0:
			b.WriteString(`\&.`)
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func commandPage(cmd *cobra.Command, date string) string {
	cmd.InitDefaultHelpFlag()
	r := newRoff(pageName(cmd), "1", date, cmd.Short)
	r.heading("synopsis")
	if cmd.Runnable() && cmd.HasParent() {
		fmt.Fprintf(r, "\\fB%s\\fR\n", escapeRoff(cmd.UseLine()))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(r, ".br\n\\fB%s\\fR COMMAND [flags]\n", escapeRoff(cmd.CommandPath()))
	}
	r.heading("description")
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	r.text(long)
	if cmd.HasAvailableSubCommands() {
		r.heading("commands")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				r.term(pageName(sub)+"(1)", sub.Short)
			}
		}
	}
	r.flags("options", cmd.NonInheritedFlags())
	r.flags("options of every command", cmd.InheritedFlags())
	if cmd.HasExample() {
		r.heading("examples")
		r.lines(cmd.Example)
	}
	r.heading("see also")
	var others []string
	if cmd.HasParent() {
		others = append(others, pageName(cmd.Parent())+"(1)")
	}
	for _, t := range topics() {
		others = append(others, "simsid-"+t.name+"(7)")
	}
	r.text(strings.Join(others, ", "))
	return r.String()
}

func (r *roff) flags(heading string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	r.heading(heading)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := flagWords(f)
		r.term(name, usage)
	})
}

// flagWords are a flag as it is typed, and what it is for.
func flagWords(f *pflag.Flag) (name, usage string) {
	kind, usage := pflag.UnquoteUsage(f)
	name = "--" + f.Name
	switch {
	case kind != "" && f.NoOptDefVal != "":
		name += "[=" + kind + "]"
	case kind != "":
		name += " " + kind
	}
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
		usage += " (default " + d + ")"
	}
	return name, usage
}

func topicPage(t topic, date string) string {
	r := newRoff("simsid-"+t.name, "7", date, t.short)
	for i, p := range t.parts() {
		heading := p.heading
		if heading == "" && i == 0 {
			heading = "description"
		}
		if heading != "" {
			r.heading(heading)
		}
		if p.text != "" {
			r.text(p.text)
		}
		for _, w := range p.terms {
			r.term(w.name, w.meaning)
		}
		if len(p.lines) > 0 {
			r.lines(strings.Join(p.lines, "\n"))
		}
	}
	r.heading("see also")
	r.text("simsid(1)")
	return r.String()
}
