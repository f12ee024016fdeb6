package cli

import (
	"slices"
	"strings"
)

// typed has the lines of hints that set or unset a variable as the user's shell takes them, with what the variable holds kept where it is a
// list. Those who give hints write them for sh: they don't know the machine.
func (a *app) typed(hints []string) []string {
	var list []string
	for _, hint := range hints {
		list = append(list, a.typedHint(hint))
	}
	return list
}

func (a *app) typedHint(hint string) string {
	at := max(strings.LastIndex(" "+hint, " export "), strings.LastIndex(" "+hint, " unset "))
	if at < 0 {
		return hint
	}
	words, line := hint[:at], hint[at:]
	if names, ok := strings.CutPrefix(line, "unset "); ok {
		if a.onWindows() && isVariable(strings.ReplaceAll(names, " ", "_")) {
			return words + "Remove-Item Env:" + strings.ReplaceAll(names, " ", ", Env:")
		}
		return hint
	}
	given := strings.Fields(strings.TrimPrefix(line, "export "))
	if strings.HasSuffix(line, "'") && strings.Count(line, "'") == 2 { // one value, with spaces in it
		given = []string{strings.TrimPrefix(line, "export ")}
	}
	var typed []string
	for _, assignment := range given {
		name, value, ok := strings.Cut(assignment, "=")
		word := strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'")
		switch {
		case !ok || !isVariable(name) || strings.ContainsAny(word, "'\"$;`"):
			return hint
		case a.onWindows():
			typed = append(typed, a.inPowerShell(name, word))
			continue
		}
		name = a.proxyVariable(name)
		switch {
		case !a.keepsValue(name):
		case word == value:
			value = `"$` + name + "," + value + `"`
		default:
			value = `"$` + name + `",` + value
		}
		typed = append(typed, name+"="+value)
	}
	if a.onWindows() {
		return words + strings.Join(typed, "; ")
	}
	return words + "export " + strings.Join(typed, " ")
}

// inPowerShell is an assignment as PowerShell has it.
func (a *app) inPowerShell(name, value string) string {
	if a.keepsValue(name) {
		return "$env:" + name + " += '," + value + "'"
	}
	return "$env:" + name + " = '" + value + "'"
}

// keepsValue reports whether a variable holds a list that a hint would add to.
func (a *app) keepsValue(name string) bool {
	return strings.EqualFold(name, "NO_PROXY") && a.env.Getenv(name) != ""
}

// proxyVariable is the spelling of a proxy's variable that is in use: the other would come before it or behind it, and one of the two be of no
// effect.
func (a *app) proxyVariable(name string) string {
	lower := strings.ToLower(name)
	if slices.Contains([]string{"https_proxy", "no_proxy"}, lower) && a.env.Getenv(name) == "" && a.env.Getenv(lower) != "" {
		return lower
	}
	return name
}

// onWindows reports whether the user's shell is rather PowerShell than one like sh.
func (a *app) onWindows() bool { return strings.HasPrefix(a.env.Platform, "windows/") }

// isVariable reports whether a text is the name of a variable, and nothing else.
func isVariable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
