package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// shell is how a kind of shell sets a variable for the commands that it starts.
type shell struct {
	names []string
	set   func(name, value string) string
	// none is what makes eval fail where there is no token: it is silent about a command that printed nothing, and an old token would
	// stay in the variable.
	none func(name string) string
}

// evalShells are those that token --env writes for. The first is every POSIX shell's, and fish's as well: its quotes mean the same to both.
func evalShells() []shell {
	return []shell{
		{[]string{"sh", "bash", "dash", "zsh"}, exportLine, func(name string) string { return "export " + name + "=''; false" }},
		{[]string{"fish"}, fishLine, func(name string) string { return "set -e " + name + "; false" }},
		{[]string{"powershell", "pwsh"}, powershellLine, func(name string) string {
			return "Remove-Item -ErrorAction Ignore Env:" + name + "; throw 'simsid has no token'"
		}},
	}
}

// lookupShell finds a shell by one of its names.
func lookupShell(name string) (shell, bool) {
	for _, s := range evalShells() {
		if slices.Contains(s.names, name) {
			return s, true
		}
	}
	return shell{}, false
}

func isShell(name string) bool {
	_, ok := lookupShell(name)
	return ok
}

// lineFor sets a variable in the shell of that name.
func lineFor(shell, variable, value string) string {
	sh, _ := lookupShell(shell)
	return sh.set(variable, value)
}

// evalShellNames are the names of all shells that token --env takes.
func evalShellNames() []string {
	var names []string
	for _, s := range evalShells() {
		names = append(names, s.names...)
	}
	return names
}

// evalFailure is what a failing command prints for eval, "" where nobody evaluates it. A shell sees neither the exit code of what eval reads nor
// that it is empty: a script would go on with the token that was in the variable before. It looks at the arguments themselves, since what
// went wrong may be among them.
func evalFailure(command string, args []string) string {
	if command != "simsid token" {
		return ""
	}
	name, asked, variable := "", false, accessTokenVariable
	for _, arg := range args {
		switch value, given := strings.CutPrefix(arg, "--env="); {
		case given:
			name, asked = value, true
		case arg == "--env":
			name, asked = "sh", true
		case arg == "--id":
			variable = idTokenVariable
		}
	}
	if !asked {
		return ""
	}
	if sh, ok := lookupShell(name); ok {
		return sh.none(variable)
	}
	return "false" // fails in every shell, PowerShell included, which knows no such command
}

func writeLine(w io.Writer, line string) error {
	_, err := io.WriteString(w, line+"\n")
	return err
}

// exportLine writes a quote and a backslash outside of the quotes, where POSIX.1-2024 (Shell Command Language 2.2) and fish agree on what
// they mean; within, fish would take a backslash for an escape.
func exportLine(name, value string) string {
	return "export " + name + "='" + strings.NewReplacer(`'`, `'\''`, `\`, `'\\'`).Replace(value) + "'"
}

// fishLine knows the two characters that fish reads as escapes within single quotes.
func fishLine(name, value string) string {
	return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// powershellLine doubles the one character that ends a verbatim string. (PowerShell takes typographic quotes for it as well: see printable.)
func powershellLine(name, value string) string {
	return "$env:" + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"
}

// printable reports whether a token has the characters alone that RFC 6749 appendix A.12 lets it have: what else a provider may send would
// be a line of its own to a shell, or to whatever reads the output of a step.
func printable(t token.Secret) bool {
	return !strings.ContainsFunc(t.Reveal(), func(r rune) bool { return r < ' ' || r > '~' })
}
