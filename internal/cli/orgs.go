package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

type orgsOptions struct {
	cmd    *cobra.Command
	source string // a file or "-"; "" means standard input where something is there, or the profile's tokens
	types  []string
}

func newOrgsCmd(a *app) *cobra.Command {
	o := &orgsOptions{}
	cmd := &cobra.Command{
		Use:   "orgs [FILE|-]",
		Short: "The organisations of the signed-in user",
		Long: `Lists the organisations that the profile's tokens name, or a token from a file
or from standard input: the organisation's id, its types in words, the user's id
there, the user's roles there. It asks nobody, but for the keys where a token is
given together with a profile. Exits with 3 when there are none. A pipe on
standard input is read, and is an error when it is empty: where a CI system has
one there, add < /dev/null for the profile's tokens.

--type keeps those of one type: its letter, its name, or a word of it. --claim
prints one column, a line each: org.id, org.user or org.type (its letters).`,
		Example: `  simsid orgs -p school
  simsid orgs -p school --type school --claim org.id
  pbpaste | simsid orgs
  simsid orgs -p school --jq '.organisations[] | select(.signed_in_at)'`,
		GroupID:           groupTokens,
		Args:              optionalArgument("one file, or - for standard input"),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.source = args[0]
			}
			return runOrgs(cmd.Context(), a, o)
		},
	}
	cmd.Flags().StringSliceVar(&o.types, "type", nil, "only organisations of this `TYPE`, or of one of several: school, M, trust")
	_ = cmd.RegisterFlagCompletionFunc("type", completeTypes)
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, "ca_file", "store") // nobody is signed in by it, and no client speaks
	return cmd
}

// completeTypes offers the organisation types by their names.
func completeTypes(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, t := range sims.OrganisationTypes() {
		names = append(names, cobra.CompletionWithDesc(t.Word(), t.Letter+": "+t.Name))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func runOrgs(ctx context.Context, a *app, o *orgsOptions) error {
	types, err := o.wanted()
	if err != nil {
		return err
	}
	given, err := a.givenToken(ctx, "simsid orgs", o.source, false, "id_token", "access_token")
	if err != nil {
		return err
	}
	var view render.Organisations
	if given.Value.IsZero() {
		view, err = a.ownOrganisations(ctx, o)
	} else {
		view, err = a.givenOrganisations(ctx, o, given)
	}
	if err != nil {
		return err
	}
	keepTypes(&view, types)
	if err := a.answer(ctx, view); err != nil {
		return err
	}
	if len(view.Rows) == 0 {
		return noError{}
	}
	return nil
}

// wanted are the types that --type names.
func (o *orgsOptions) wanted() ([]sims.OrganisationType, error) {
	var types []sims.OrganisationType
	for _, text := range o.types {
		t, err := sims.FindOrganisationType(text)
		if e, ok := errors.AsType[*sims.TypeError](err); ok {
			hint := "known: " + strings.Join(e.Known, ", ") + "; or one letter"
			if near := word.Nearest(text, e.Known); near != "" {
				hint = "did you mean: --type " + near
			}
			return nil, &usageError{Problem: e.Error(), Command: "simsid orgs", Hint: hint}
		}
		types = append(types, t)
	}
	return types, nil
}

// ownOrganisations are those that the profile's tokens name, as they are kept: the ID token was verified when it came.
func (a *app) ownOrganisations(ctx context.Context, o *orgsOptions) (render.Organisations, error) {
	var view render.Organisations
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return view, err
	}
	store, err := s.openStore(ctx)
	if err != nil {
		return view, &profileError{Profile: s.profile.Name, Err: err}
	}
	set, err := store.LoadCached(ctx)
	if err == nil && set.ID.IsZero() && set.Access.IsZero() {
		err = tokenstore.ErrNoLogin
	}
	if err != nil {
		return view, &profileError{Profile: s.profile.Name, Err: err}
	}
	id, access := claimsOf(set.ID), claimsOf(set.Access)
	view = organisationsOf(id)
	view.From = nameID
	if len(view.Rows) == 0 {
		view = organisationsOf(access)
		view.From = nameAccess
	}
	view.Profile = s.profile.Name
	switch {
	case len(view.Rows) > 0:
	case !s.kind.SIMS:
		view.Missing = fmt.Sprintf("A provider of kind %s names none: organisations are SIMS ID's.", s.kind.Name)
	case token.Classify(set.Access.Reveal()) != token.FormJWT:
		view.Missing = "The access token can't be read here. Ask the provider: simsid userinfo -p " + s.profile.Name
	default:
		view.Missing = "The login's tokens name none. They come with the scope partnermanagementapplication (one) or simsmultiorgapplication (several)."
	}
	return view, nil
}

// givenOrganisations are those of a token from elsewhere, which is verified where a profile says whose it should be.
func (a *app) givenOrganisations(ctx context.Context, o *orgsOptions, given token.Found) (render.Organisations, error) {
	jwt, err := token.ParseJWT(given.Value.Reveal())
	if err != nil {
		return render.Organisations{}, &hintedError{Code: exitNo, Err: err, Hints: []string{"what can't be read here, the provider can: simsid introspect"}}
	}
	view := organisationsOf(jwt.Claims.Object)
	view.From, view.Missing = "token", "The token names none."
	if a.global.profile == "" && a.env.Getenv("SIMSID_PROFILE") == "" {
		view.Unverified = "there are no keys to check the token with; name a profile with -p"
		return view, nil
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return view, err
	}
	view.Profile = s.profile.Name
	view.Unverified, err = s.verifyGiven(ctx, given)
	if err != nil {
		return view, &profileError{Profile: s.profile.Name, Err: err}
	}
	return view, nil
}

// verifyGiven holds a token against the profile's provider. One that is shown to be another than it says is an error; where the keys can't
// be had, or the token has ended, unverified says so.
func (s *session) verifyGiven(ctx context.Context, t token.Found) (unverified string, err error) {
	use := provider.AsAccess
	if isIDToken(t) {
		use = provider.Stored
	}
	p, err := s.provider(ctx)
	if err != nil {
		return "the provider can't be asked for its keys: " + err.Error(), ctx.Err()
	}
	v, err := p.Verify(ctx, t.Value, provider.VerifyRequest{Use: use, ClientID: s.profile.ClientID, MaxAge: -1})
	if err != nil {
		return "the provider's keys can't be had: " + err.Error(), ctx.Err()
	}
	refused, ok := errors.AsType[*provider.VerificationError](v.Err())
	switch {
	case !ok:
		return "", nil
	case slices.ContainsFunc(refused.Failed, func(c provider.Check) bool { return c.Outcome != provider.Failed || c.Name != "expiry" }):
		return "", &hintedError{Code: exitNo, Err: refused, Hints: []string{"see each check: simsid decode -p " + s.profile.Name}}
	}
	return "it has expired, so that it may have been true once", nil
}

// organisationsOf reads the organisations of claims, with the roles of each.
func organisationsOf(claims token.Object) render.Organisations {
	single, several := sims.MembershipsByClaim(claims)
	view := render.Organisations{Cut: len(several) == sims.MostOrganisations}
	for i, m := range append(single, several...) {
		if slices.ContainsFunc(view.Rows, func(r render.OrganisationRow) bool { return sameValue(r.Membership, m) }) {
			view.Repeated++
			continue
		}
		if m.Fault == "" {
			view.Total++
		}
		view.Rows = append(view.Rows, render.OrganisationRow{Membership: m, SignedInAt: i < len(single), Roles: rolesAt(claims, m)})
	}
	return view
}

// sameValue reports whether two values say the same of the same organisation: the one signed in at stands among all of them too, as a rule.
func sameValue(a, b sims.Membership) bool {
	if a.Fault != "" || b.Fault != "" {
		return a.Fault == b.Fault && a.Raw == b.Raw
	}
	return strings.EqualFold(a.OrganisationID, b.OrganisationID) && strings.EqualFold(a.UserID, b.UserID) && a.Letters == b.Letters
}

// rolesAt are the names of the user's roles at an organisation.
func rolesAt(claims token.Object, m sims.Membership) []string {
	var names []string
	for _, r := range sims.Roles(claims) {
		if r.At(m) {
			names = append(names, r.Name)
		}
	}
	return names
}

// keepTypes leaves the organisations that are of one of the types.
func keepTypes(view *render.Organisations, types []sims.OrganisationType) {
	if len(types) == 0 {
		return
	}
	view.Types = types
	view.Rows = slices.DeleteFunc(view.Rows, func(r render.OrganisationRow) bool {
		if r.Fault != "" && len(r.Membership.Types) == 0 {
			view.Malformed++
			return true
		}
		return !slices.ContainsFunc(types, r.Has)
	})
	view.Missing = ""
}
