package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

type introspectOptions struct {
	cmd     *cobra.Command
	stdin   bool
	refresh bool
	id      bool
}

func newIntrospectCmd(a *app) *cobra.Command {
	o := &introspectOptions{}
	cmd := &cobra.Command{
		Use:   "introspect [-]",
		Short: "Ask the provider whether a token is active",
		Long: `Asks the provider what it knows of a token (RFC 7662): the profile's access
token, or one from standard input with "-". Exits with 3 when it isn't active.

IdentityServer3 introspects with the name and secret of a scope:
introspection_id in the profile. Where the profile has none, kinds simsid and
emulator ask the access token validation endpoint, which needs no credentials,
and say so.`,
		Example: `  simsid introspect -p school
  simsid token -p school | simsid introspect -p school -
  simsid introspect -p school --id`,
		GroupID: groupTokens,
		Args:    optionalArgument(`"-" for a token on standard input`),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				if args[0] != "-" {
					return &usageError{Problem: `a token comes on standard input, never as an argument: other users can see those`, Command: "simsid introspect"}
				}
				o.stdin = true
			}
			return runIntrospect(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.refresh, "refresh-token", false, "ask about the profile's refresh token")
	f.BoolVar(&o.id, "id", false, "ask about the profile's ID token")
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, append([]string{"introspection_id"}, baseProfileFlags...)...)
	return cmd
}

func runIntrospect(ctx context.Context, a *app, o *introspectOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	view, err := s.introspect(ctx, o)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	if err := a.answer(ctx, view); err != nil {
		return err
	}
	if !view.Result.Active {
		return noError{}
	}
	return nil
}

// check refuses to be asked about two tokens at once.
func (o *introspectOptions) check() error {
	if o.refresh && o.id || o.stdin && (o.refresh || o.id) {
		return &usageError{Problem: "one token at a time: --refresh-token, --id or - for standard input", Command: "simsid introspect"}
	}
	return nil
}

func (s *session) introspect(ctx context.Context, o *introspectOptions) (*render.Introspected, error) {
	t, hint, err := s.tokenToAskAbout(ctx, o)
	if err != nil {
		return nil, err
	}
	p, err := s.provider(ctx)
	if err != nil {
		return nil, err
	}
	view := &render.Introspected{Profile: s.profile.Name, SIMS: s.kind.SIMS}
	scope, named, err := s.introspectionClient(ctx)
	switch {
	case err != nil:
		return nil, err
	case named:
		view.Note = "asked with the credentials of the scope " + scope.ID
		view.Result, err = p.Introspect(ctx, scope, t, hint)
		if e, ok := errors.AsType[*provider.OAuthError](err); ok && e.Status == http.StatusUnauthorized {
			err = &hintedError{Code: exitUsage, Err: err, Hints: []string{"the provider refused the name or the secret of the scope " + scope.ID + ": check introspection_id and its secret"}}
		}
	case s.kind.ValidationCalls && o.refresh:
		return nil, &hintedError{Code: exitUsage, Text: "the validation endpoints know no refresh tokens",
			Hints: []string{"see whether it still works: simsid refresh -p " + s.profile.Name}}
	case s.kind.ValidationCalls && o.id:
		view.Note = "asked the identity token validation endpoint: the profile names no scope's credentials (introspection_id)"
		view.Result, err = p.ValidateID(ctx, t, s.profile.ClientID)
	case s.kind.ValidationCalls:
		view.Note = "asked the access token validation endpoint: the profile names no scope's credentials (introspection_id)"
		view.Result, err = p.ValidateAccess(ctx, t)
	default:
		var c provider.Client
		if c, err = s.client(ctx); err != nil {
			return nil, err
		}
		view.Note = "asked with the client's credentials"
		view.Result, err = p.Introspect(ctx, c, t, hint)
	}
	return view, err
}

// tokenToAskAbout is the token from standard input, or one of the login's; without any refresh, since the question is how it is now.
func (s *session) tokenToAskAbout(ctx context.Context, o *introspectOptions) (t token.Secret, hint string, err error) {
	hint = "access_token"
	if o.refresh {
		hint = "refresh_token"
	}
	if o.stdin {
		b, err := readBounded(ctx, s.env.Stdin)
		if err != nil {
			return t, "", err
		}
		v := strings.TrimSpace(string(b))
		if v == "" {
			return t, "", &usageError{Problem: "there is no token on standard input", Command: "simsid introspect"}
		}
		return token.NewSecret(v), hint, nil
	}
	store, err := s.openStore(ctx)
	if err != nil {
		return t, "", err
	}
	set, err := store.Load(ctx)
	if err != nil {
		return t, "", err
	}
	switch {
	case o.refresh:
		t = set.Refresh
	case o.id:
		t, hint = set.ID, ""
	default:
		t = set.Access
	}
	if t.IsZero() {
		return t, "", &hintedError{Code: exitFailed, Text: "the login has no such token"}
	}
	return t, hint, nil
}
