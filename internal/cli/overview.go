package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// overview writes what fits one screen of 24 lines, below what simsid is: of each group the commands that most days need, in the order in
// which they are met, the others by their names, and where the rest is.
func overview(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "%s:\n", g.Title)
		var also []string
		for _, sub := range root.Commands() {
			if sub.GroupID == g.ID && sub.IsAvailableCommand() && !slices.Contains(everyday(g.ID), sub.Name()) {
				also = append(also, sub.Name())
			}
		}
		for _, name := range everyday(g.ID) {
			if sub, _, err := root.Find([]string{name}); err == nil {
				fmt.Fprintf(&b, "  %-*s  %s\n", root.NamePadding(), name, sub.Short)
			}
		}
		if len(also) > 0 {
			fmt.Fprintf(&b, "  %-*s  %s\n", root.NamePadding(), "also", strings.Join(also, ", "))
		}
	}
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	fmt.Fprintf(&b, "Topics: %s (simsid help TOPIC)\n\n", strings.Join(names, ", "))
	b.WriteString("Try it:  simsid login --emulator   # no account, nothing to set up\n" +
		"More:    simsid COMMAND --help; of everything: simsid help --all\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// everyday are the commands of a group that overview describes.
func everyday(group string) []string {
	switch group {
	case groupLogin:
		return []string{"login", "status", "logout"}
	case groupTokens:
		return []string{"token", "decode", "exec", "api"}
	case groupSetup:
		return []string{"profile", "doctor"}
	}
	return nil
}
