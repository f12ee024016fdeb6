package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/word"
)

type introspectOptions struct {
	cmd     *cobra.Command
	source  string // a file or "-"; "" means standard input where something is there, or the profile's token
	via     string
	access  bool
	refresh bool
	id      bool
}

// The ways of asking.
const (
	viaAuto       = "auto"
	viaScope      = "scope"
	viaClient     = "client"
	viaValidation = "validation"
)

func introspectionWays() []string { return []string{viaAuto, viaScope, viaClient, viaValidation} }

func newIntrospectCmd(a *app) *cobra.Command {
	o := &introspectOptions{}
	cmd := &cobra.Command{
		Use:   "introspect [FILE|-]",
		Short: "Ask the provider whether a token is active",
		Long: `Asks the provider what it knows of a token: the profile's access token, or one
of its others, or one from a file or from standard input. Exits with 3 when the
token isn't active, and says why that may be. Nothing is refreshed first. A pipe
on standard input is read, and is an error when it is empty; with --access,
--refresh or --id only where - names it.

By --via one says how to ask:
  scope       introspection (RFC 7662) with the name and secret of a scope, as
              IdentityServer3 wants it: introspection_id in the profile
  client      introspection with the client's own credentials
  validation  IdentityServer3's two validation endpoints, which need none
Without it, the first of these that profile and provider allow is taken: scope
where the profile names one, validation for kinds simsid and emulator, else
client. A signed answer (RFC 9701) is verified.`,
		Example: `  simsid introspect -p school
  simsid introspect -p school --refresh --via scope
  pbpaste | simsid introspect -p school
  simsid introspect -p school --claim scope`,
		GroupID:           groupTokens,
		Args:              optionalArgument("one file, or - for standard input"),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.source = args[0]
			}
			return runIntrospect(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.access, "access", false, "ask about the profile's access token (the default); of a token that is given: it is one")
	f.BoolVar(&o.refresh, "refresh", false, "ask about the profile's refresh token; of a token that is given: it is one")
	f.BoolVar(&o.id, "id", false, "ask about the profile's ID token; of a token that is given: it is one")
	f.StringVar(&o.via, "via", viaAuto, "how to ask: "+strings.Join(introspectionWays(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("via", cobra.FixedCompletions([]cobra.Completion{
		cobra.CompletionWithDesc(viaScope, "introspection with a scope's name and secret"),
		cobra.CompletionWithDesc(viaClient, "introspection with the client's credentials"),
		cobra.CompletionWithDesc(viaValidation, "IdentityServer3's validation endpoints"),
	}, cobra.ShellCompDirectiveNoFileComp))
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, append([]string{"introspection_id"}, baseProfileFlags...)...)
	return cmd
}

func runIntrospect(ctx context.Context, a *app, o *introspectOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	given, err := a.givenToken(ctx, "simsid introspect", o.source, o.source == "" && (o.access || o.refresh || o.id), o.wanted())
	if err != nil {
		return err
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	if err := s.kind.Lacking(provider.CallIntrospect, s.profile.Issuer); err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	view, err := s.introspect(ctx, o, given)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	err = a.answer(ctx, view)
	switch {
	case is[*render.ClaimError](err) && !view.Result.Active:
		return &hintedError{Code: exitNo, Text: "the provider does not accept the token, and tells no claim " + a.global.claim + " of it"}
	case err != nil:
		return err
	case !view.Result.Active:
		return noError{}
	}
	return nil
}

// check refuses to be asked about two tokens at once, and in a way that there isn't.
func (o *introspectOptions) check() error {
	chosen := 0
	for _, set := range []bool{o.access, o.refresh, o.id} {
		if set {
			chosen++
		}
	}
	if chosen > 1 {
		return &usageError{Problem: "one token at a time: --access, --refresh or --id", Command: "simsid introspect"}
	}
	if !slices.Contains(introspectionWays(), o.via) {
		return &usageError{Problem: fmt.Sprintf("--via must be one of %s, not %s", strings.Join(introspectionWays(), ", "), word.Quote(o.via, introspectionWays()...)), Command: "simsid introspect"}
	}
	return nil
}

// wanted is the name of the token to take where several are given.
func (o *introspectOptions) wanted() string {
	switch {
	case o.refresh:
		return "refresh_token"
	case o.id:
		return "id_token"
	}
	return "access_token"
}

// asked is a token that the provider is asked about.
type asked struct {
	token token.Secret
	jwt   *token.JWT // nil where it can't be read
	what  string     // "access token", "refresh token", "ID token"
}

// hint tells the provider what it is about (RFC 7662 section 2.1); there is no word for an ID token.
func (q asked) hint() string {
	switch q.what {
	case nameAccess:
		return "access_token"
	case nameRefresh:
		return "refresh_token"
	}
	return ""
}

// What the tokens of a login are called.
const (
	nameAccess  = "access token"
	nameRefresh = "refresh token"
	nameID      = "ID token"
)

func (s *session) introspect(ctx context.Context, o *introspectOptions, given token.Found) (*render.Introspected, error) {
	q, err := s.tokenToAskAbout(ctx, o, given)
	if err != nil {
		return nil, err
	}
	scope, named, err := s.askingScope(ctx, o.via)
	if err != nil {
		return nil, err
	}
	via, err := s.wayToAsk(o, q, named)
	if err != nil {
		return nil, err
	}
	p, err := s.provider(ctx)
	if err != nil {
		return nil, err
	}
	view := &render.Introspected{Profile: s.profile.Name, What: q.what, SIMS: s.kind.SIMS}
	switch via {
	case viaScope:
		view.Note = "with the credentials of the scope " + scope.ID
		view.Result, err = p.Introspect(ctx, scope, q.token, q.hint())
		err = refusedAsker(err, "the provider refused the name or the secret of the scope "+scope.ID+": check introspection_id and its secret")
	case viaClient:
		var c provider.Client
		if c, err = s.client(ctx); err != nil {
			return nil, err
		}
		view.Note = "with the client's credentials"
		view.Result, err = p.Introspect(ctx, c, q.token, q.hint())
		if s.kind.IntrospectionByScope {
			err = refusedAsker(err, s.kind.Title+" is asked with a scope's name and secret, not with a client's: leave --via away, or --via scope")
		} else {
			err = refusedAsker(err, "the provider refused the client's credentials, or lets this client ask about no token: simsid profile show "+s.profile.Name)
		}
	case viaValidation:
		view.Note = "which needs no credentials"
		if q.what == nameID {
			view.Result, err = p.ValidateID(ctx, q.token, s.profile.ClientID)
		} else {
			view.Result, err = p.ValidateAccess(ctx, q.token)
		}
	}
	if err != nil {
		return nil, err
	}
	if !view.Result.Active {
		view.Why = s.whyInactive(q, via, scope.ID, view.Result.Reason)
	}
	return view, nil
}

// askingScope is the scope to ask with, where one is wanted and known: the profile's, or of the STS inside the binary its own, whose
// secret is no secret.
func (s *session) askingScope(ctx context.Context, via string) (c provider.Client, named bool, err error) {
	if via != viaAuto && via != viaScope {
		return c, false, nil
	}
	if c, named, err = s.introspectionClient(ctx); err != nil || named {
		return c, named, err
	}
	if own := emulator.BuiltinClient(); via == viaScope && s.embedded() {
		return provider.Client{ID: own.IntrospectionScope, Secret: own.IntrospectionSecret, Auth: provider.AuthPost}, true, nil
	}
	return c, false, nil
}

// wayToAsk settles by which call the provider is asked, before anything is sent.
func (s *session) wayToAsk(o *introspectOptions, q asked, scopeNamed bool) (string, error) {
	via := o.via
	if via == viaAuto {
		switch {
		case scopeNamed:
			via = viaScope
		case s.kind.ValidationCalls:
			via = viaValidation
		default:
			via = viaClient
		}
	}
	switch {
	case via == viaScope && !scopeNamed:
		return "", &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s names no scope to ask with", s.profile.Name),
			Hints: []string{"name it, and keep its secret: " + s.introspectionLine()}}
	case via == viaValidation && !s.kind.ValidationCalls:
		return "", &hintedError{Code: exitUsage, Text: fmt.Sprintf("a provider of kind %s has no validation endpoints: they are IdentityServer3's", s.kind.Name),
			Hints: []string{"ask it by introspection: --via client"}}
	case via == viaValidation && q.what == nameRefresh:
		return "", &hintedError{Code: exitUsage, Text: "the validation endpoints know no refresh tokens",
			Hints: []string{"see whether it still works: simsid refresh -p " + s.profile.Name}}
	}
	return via, nil
}

// refusedAsker gives a refusal of the credentials that were asked with its reason: it says nothing of the login.
func refusedAsker(err error, hint string) error {
	if e, ok := errors.AsType[*provider.OAuthError](err); ok && e.Status == http.StatusUnauthorized {
		return &hintedError{Code: exitUsage, Err: err, Hints: []string{hint}}
	}
	return err
}

// tokenToAskAbout is the token that was given, or one of the login's; without any refresh, since the question is how it is now.
func (s *session) tokenToAskAbout(ctx context.Context, o *introspectOptions, given token.Found) (asked, error) {
	q := asked{token: given.Value, what: nameAccess}
	switch {
	case o.refresh, !o.access && given.Name == "refresh_token":
		q.what = nameRefresh
	case o.id, !o.access && isIDToken(given):
		q.what = nameID
	}
	if given.Value.IsZero() {
		store, err := s.openStore(ctx)
		if err != nil {
			return q, err
		}
		set, err := store.Load(ctx)
		if err != nil {
			return q, err
		}
		q.token = map[string]token.Secret{nameAccess: set.Access, nameRefresh: set.Refresh, nameID: set.ID}[q.what]
		if q.token.IsZero() {
			return q, &hintedError{Code: exitFailed, Text: "the login has no " + q.what}
		}
	}
	q.jwt, _ = token.ParseJWT(q.token.Reveal()) // what can't be read is only less to say
	return q, nil
}

// isIDToken tells an ID token by its name where it was found, or by its looks.
func isIDToken(f token.Found) bool {
	if f.Name != "" {
		return f.Name == "id_token" || f.Name == "id_token_hint"
	}
	jwt, err := token.ParseJWT(f.Value.Reveal())
	if err != nil {
		return false
	}
	kind, _ := token.JWTKind(jwt)
	return kind == token.KindID
}
