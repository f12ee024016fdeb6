package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/word"
)

// newHelpCmd is cobra's help with topics; what is neither command nor topic is an error.
func newHelpCmd(a *app) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "How a command is used, or what there is to know of a topic",
		Example: `  simsid help login
  simsid help profile add
  simsid help exit-codes
  simsid help --all      # every command, topic and flag on one page`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return runHelpAll(a, cmd.Root(), args)
			}
			return runHelp(a, cmd.Root(), args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeHelp(cmd.Root(), args), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every command, topic and flag on one page, with examples")
	return cmd
}

func runHelpAll(a *app, root *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{Problem: "--all is about everything: it stands alone", Command: "simsid help"}
	}
	root.InitDefaultHelpFlag()
	if _, err := io.WriteString(a.env.Stdout, root.Long+"\n\n"); err != nil {
		return err
	}
	return wholeUsage(root)
}

func runHelp(a *app, root *cobra.Command, args []string) error {
	if len(args) == 1 {
		if t, ok := lookupTopic(args[0]); ok {
			_, err := io.WriteString(a.env.Stdout, topicText(t))
			return err
		}
	}
	found, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		u := &usageError{Problem: "there is neither a command nor a topic " + quoteArgs(root, args), Command: "simsid"}
		if near := nearCommand(found, strings.Join(rest, " ")); slices.Contains([]string{"topic", "topics", "commands"}, strings.ToLower(strings.Join(args, " "))) {
			u.Hint = "every command and topic: simsid help --all"
		} else if near != "" {
			u.Hint = "did you mean: simsid help" + strings.TrimPrefix(near, "simsid")
		}
		return u
	}
	found.InitDefaultHelpFlag()
	return found.Help()
}

// quoteArgs are words that name no command, as a message may have them.
func quoteArgs(root *cobra.Command, args []string) string {
	var known []string
	for _, sub := range root.Commands() {
		known = append(known, sub.Name())
	}
	for _, t := range topics() {
		known = append(known, t.name)
	}
	var shown []string
	for _, arg := range args {
		shown = append(shown, word.Repeated(arg, known...))
	}
	return fmt.Sprintf("%q", strings.Join(shown, " "))
}

func completeHelp(root *cobra.Command, args []string) []cobra.Completion {
	found, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil
	}
	var names []cobra.Completion
	for _, sub := range found.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	if len(args) == 0 {
		for _, t := range topics() {
			names = append(names, cobra.CompletionWithDesc(t.name, t.short))
		}
	}
	return names
}

// topicText lays a topic out for a terminal.
func topicText(t topic) string {
	var b strings.Builder
	b.WriteString(t.short + "\n")
	for _, p := range t.parts() {
		if p.heading != "" {
			b.WriteString("\n" + p.heading + ":\n")
		} else {
			b.WriteString("\n")
		}
		indent := ""
		if p.heading != "" {
			indent = "  "
		}
		if p.text != "" {
			b.WriteString(filled(p.text, indent))
		}
		writeTerms(&b, p.terms)
		if len(p.lines) > 0 && p.text != "" {
			b.WriteString("\n")
		}
		for _, line := range p.lines {
			b.WriteString("  " + line + "\n")
		}
	}
	return b.String()
}

// termColumn is the widest term that its meaning stands beside.
const termColumn = 30

func writeTerms(b *strings.Builder, terms []term) {
	column := 0
	for _, t := range terms {
		if n := len(t.name); n <= termColumn {
			column = max(column, n)
		}
	}
	indent := strings.Repeat(" ", column+4)
	for _, t := range terms {
		meaning := filled(t.meaning, indent)
		if len(t.name) > column {
			b.WriteString("  " + t.name + "\n" + meaning)
			continue
		}
		b.WriteString("  " + t.name + strings.Repeat(" ", column-len(t.name)+2) + strings.TrimPrefix(meaning, indent))
	}
}

// filled breaks a text into lines of helpWidth, each behind an indent.
func filled(text, indent string) string {
	var b strings.Builder
	line := ""
	for next := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(indent+line+" "+next)) > helpWidth {
			b.WriteString(indent + line + "\n")
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += next
	}
	b.WriteString(indent + line + "\n")
	return b.String()
}
