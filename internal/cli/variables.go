package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/word"
)

const variablePrefix = "SIMSID_"

// strangeVariable is one of the environment that looks like simsid's and means nothing to it.
type strangeVariable struct{ name, near string } // near: what was likely meant; "" where nothing is near

// strangeVariables are all of them, in order. Their values are nobody's business.
func (a *app) strangeVariables() []strangeVariable {
	known := knownVariables()
	windows := strings.HasPrefix(a.env.Platform, "windows/") // where case doesn't count
	var list []strangeVariable
	for _, v := range slices.Sorted(slices.Values(a.env.Environ())) {
		name, _, _ := strings.Cut(v, "=")
		own, ours := strings.CutPrefix(strings.ToUpper(name), variablePrefix)
		if !ours || slices.Contains(known, name) || windows && slices.Contains(known, strings.ToUpper(name)) {
			continue
		}
		list = append(list, strangeVariable{name, nearVariable(own, known)})
	}
	return list
}

func knownVariables() []string {
	var names []string
	for _, p := range environmentTopic() {
		for _, t := range p.terms {
			names = append(names, t.name)
		}
	}
	return names
}

// nearVariable is the variable that a mistyped one was likely meant to be, by what stands behind the prefix: every name is near to every
// other by that.
func nearVariable(own string, known []string) string {
	var words []string
	for _, k := range known {
		if w, ok := strings.CutPrefix(k, variablePrefix); ok {
			words = append(words, w)
		}
	}
	if near := word.Nearest(own, words); near != "" {
		return variablePrefix + near
	}
	return ""
}

// misspelt is a hint for whoever is told that a profile isn't there or lacks something: the variables that may have been meant to say it. ""
// where there is none.
func (a *app) misspelt() string {
	var meant []string
	for _, v := range a.strangeVariables() {
		if v.near != "" {
			meant = append(meant, fmt.Sprintf("%s (did you mean %s?)", v.name, v.near))
		}
	}
	if len(meant) == 0 {
		return ""
	}
	const shown = 6
	return "what means nothing to simsid: " + strings.Join(meant[:min(len(meant), shown)], ", ")
}
