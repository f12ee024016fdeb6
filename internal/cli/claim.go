package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

// addClaimFlag lets a command answer with one claim alone.
func (a *app) addClaimFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.global.claim, "claim", "", "print one claim alone, a list one value a line; 3 if it isn't there")
	_ = cmd.RegisterFlagCompletionFunc("claim", a.completeClaims)
}

// checkClaim refuses a claim without a name, and two ways of picking at once.
func (a *app) checkClaim(cmd *cobra.Command) error {
	switch {
	case a.global.claim == "":
		return &usageError{Problem: "--claim is empty: name the claim", Command: cmd.CommandPath()}
	case cmd.Flags().Lookup("raw") != nil && cmd.Flags().Changed("raw"):
		return &usageError{Problem: "--claim and --raw exclude each other: each picks what is printed", Command: cmd.CommandPath()}
	case a.global.jq != "":
		return &usageError{Problem: "--claim and --jq exclude each other: each picks what is printed", Command: cmd.CommandPath()}
	}
	return nil
}

// warnUnverified says that the claim which is about to be printed was verified by nobody.
func (a *app) warnUnverified(v render.View, o render.Options) {
	if why := render.Unverified(v, o); why != "" {
		a.line("warning", "the claim %s is unverified: %s", o.Claim, why)
	}
}

// explainClaim is the part of explain about --claim.
func explainClaim(err error, _ string, f *failure) bool {
	if e, ok := errors.AsType[*render.ClaimError](err); ok {
		f.Code = exitNo
		switch near := word.Nearest(e.Name, e.Known); {
		case near != "":
			f.Hints = []string{"did you mean: --claim " + shellWord(near)}
		case len(e.Known) > 0:
			f.Hints = []string{"there are: " + strings.Join(distinct(e.Known), ", ")}
		}
		return true
	}
	if is[*render.RefutedError](err) {
		f.Code = exitNo
		f.Hints = []string{"see each check: leave --claim away"}
		return true
	}
	return false
}

// distinct returns names once each, in order, and of very many the first.
func distinct(names []string) []string {
	const most = 40
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
		if len(out) == most {
			return append(out, "…")
		}
	}
	return out
}
