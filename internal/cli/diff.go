package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/word"
)

type diffOptions struct {
	cmd      *cobra.Command
	a, b     string
	exitCode bool
}

func newDiffCmd(a *app) *cobra.Command {
	o := &diffOptions{}
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what differs between two tokens",
		Long: `Shows which claims two tokens don't share: changed, only in the one, only in
the other. Lists are compared by their values. Times and identifiers, which
differ in any two tokens, stand apart. Nothing is verified: simsid decode does
that.

A and B are each a file, - for standard input, PROFILE:access or PROFILE:id.
Of a file with several tokens the first counts: the access token, if one is
there.`,
		Example: `  simsid diff yesterday.txt school:access
  simsid diff school:access school:id
  pbpaste | simsid diff - school:id --exit-code`,
		GroupID:           groupTokens,
		Annotations:       map[string]string{namesProfile: ""},
		Args:              twoArguments("two tokens: each a file, -, PROFILE:access or PROFILE:id"),
		ValidArgsFunction: a.completeTokens,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd, o.a, o.b = cmd, args[0], args[1]
			return runDiff(cmd.Context(), a, o)
		},
	}
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit with 3 when a claim differs, times and identifiers apart")
	addProfileFlags(cmd, "store")
	return cmd
}

// twoArguments refuses any other number.
func twoArguments(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return &usageError{Problem: fmt.Sprintf("%s takes %s, not %d", cmd.CommandPath(), what, len(args)), Command: cmd.CommandPath()}
		}
		return noEmptyArgument(cmd, args)
	}
}

// completeTokens offers the profiles' tokens; files come by themselves.
func (a *app) completeTokens(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names, _ := a.completeProfiles(cmd, args, typed)
	var list []cobra.Completion
	for _, name := range names {
		list = append(list, name+":access", name+":id")
	}
	return list, cobra.ShellCompDirectiveDefault
}

func runDiff(ctx context.Context, a *app, o *diffOptions) error {
	if o.a == "-" && o.b == "-" {
		return &usageError{Problem: "standard input can only be one of the two", Command: "simsid diff"}
	}
	before, err := a.oneToken(ctx, o, o.a)
	if err != nil {
		return err
	}
	now, err := a.oneToken(ctx, o, o.b)
	if err != nil {
		return err
	}
	view := render.Compared{
		A: render.ComparedToken{Source: shownSource(o.a), Kind: before.kind.Words()}, B: render.ComparedToken{Source: shownSource(o.b), Kind: now.kind.Words()},
		Changes: sims.Compare(before.jwt.Claims.Object, now.jwt.Claims.Object),
	}
	if err := a.answer(ctx, view); err != nil {
		return err
	}
	if o.exitCode && len(render.AboutUser(view.Changes)) > 0 {
		return noError{}
	}
	return nil
}

// oneToken finds the JWT that an argument names.
func (a *app) oneToken(ctx context.Context, o *diffOptions, source string) (decodable, error) {
	found, err := a.namedTokens(ctx, o, source)
	if err != nil {
		return decodable{}, err
	}
	var best decodable
	for _, f := range found {
		t, err := tell(f)
		if err != nil {
			return t, &hintedError{Code: exitNo, Err: fmt.Errorf("%s: %w", shownSource(source), err), Hints: garbled(err)}
		}
		if t.jwt != nil && (best.jwt == nil || t.kind == token.KindAccess && best.kind != token.KindAccess) {
			best = t
		}
	}
	if best.jwt == nil {
		return best, &hintedError{Code: exitNo, Text: shownSource(source) + " holds no JWT, and nothing else can be compared"}
	}
	return best, nil
}

// shownSource names a source, but for one that may be a token itself.
func shownSource(source string) string {
	const longest = 200
	switch {
	case source == "-":
		return "standard input"
	case len(source) > longest, token.Classify(source) != token.FormOpaque:
		return "the argument"
	}
	return source
}

func (a *app) namedTokens(ctx context.Context, o *diffOptions, source string) ([]token.Found, error) {
	for _, which := range []string{"access", "id"} {
		name, ok := strings.CutSuffix(source, ":"+which)
		if !ok || name == "" {
			continue
		}
		s, err := a.newSession(selection{cmd: o.cmd, name: name})
		if err != nil {
			return nil, err
		}
		d := &decoding{app: a, session: s, o: &decodeOptions{access: which == "access", id: which == "id"}}
		found, err := d.ownTokens(ctx)
		if err != nil {
			return nil, &profileError{Profile: name, Err: err}
		}
		return found, nil
	}
	if name, ok := strings.CutSuffix(source, ":refresh"); ok && name != "" {
		return nil, &usageError{Problem: "a refresh token says nothing that could be compared", Command: "simsid diff",
			Hint: "name another of the login: " + name + ":access or " + name + ":id"}
	}
	found, err := a.foreignTokens(ctx, "simsid diff", source)
	if errors.Is(err, errNoSource) {
		return nil, a.noToCompare(o, source)
	}
	return found, err
}

// noToCompare says which argument names no token, and what may have been meant. It isn't repeated where it may be a token that is opaque.
func (a *app) noToCompare(o *diffOptions, source string) error {
	which := "A"
	if source != o.a {
		which = "B"
	}
	near := a.nearSource(source)
	if near != "" || word.Harmless(source) {
		which += fmt.Sprintf(", %q,", source)
	}
	u := &usageError{Problem: which + " is neither a file nor PROFILE:access or PROFILE:id, and holds no JWT", Command: "simsid diff"}
	if near != "" {
		u.Hint = "did you mean: " + near
	}
	return u
}

// nearSource is the token of a profile that an argument was meant to name; "" where none is near.
func (a *app) nearSource(source string) string {
	status, err := a.status()
	if err != nil {
		return ""
	}
	chosen, known := a.env.Getenv("SIMSID_PROFILE"), []string{}
	for _, r := range status.Rows {
		known = append(known, r.Profile+":access", r.Profile+":id")
		if r.Profile == source {
			return source + ":access or " + source + ":id"
		}
		if chosen == "" && (r.Default || len(status.Rows) == 1) {
			chosen = r.Profile
		}
	}
	switch kind := strings.ReplaceAll(strings.ToLower(source), "-", "_"); {
	case strings.Contains(source, ":"):
		return word.Nearest(source, known)
	case kind == "access" || kind == "access_token":
		return cmp.Or(chosen, "PROFILE") + ":access"
	case kind == "id" || kind == "id_token":
		return cmp.Or(chosen, "PROFILE") + ":id"
	}
	return ""
}
