package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

type decodeOptions struct {
	cmd    *cobra.Command
	source string // file, "-", or a token; "" means standard input or the profile
	access bool
	id     bool
	verify bool
}

func newDecodeCmd(a *app) *cobra.Command {
	o := &decodeOptions{}
	cmd := &cobra.Command{
		Use:   "decode [FILE|-]",
		Short: "Explain what is inside a token",
		Long: `Explains a token: header, claims with their meaning, times, organisations with
their types in words, scopes, and what a look at all of it finds. The token
comes from a file, from standard input, or from the profile: both of its
tokens by default.

With a profile, the token is verified with its provider's keys, and every
check is shown with its outcome. Without, nothing can be verified, and the
claims are called unverified. Exits with 3 when a check fails; a token that
has merely expired counts only with --verify.`,
		Example: `  simsid decode -p emulator
  simsid decode -p school --access
  pbpaste | simsid decode
  simsid decode token.txt -p school --verify
  simsid decode -p school -o json --jq '.tokens[0].claims.site'`,
		GroupID: groupTokens,
		Args:    optionalArgument("one file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.source = args[0]
			}
			return runDecode(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.access, "access", false, "only the profile's access token")
	f.BoolVar(&o.id, "id", false, "only the profile's ID token")
	f.BoolVar(&o.verify, "verify", false, "exit with 3 unless the token could be verified")
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

// decodable is a token to explain, and what is known of it.
type decodable struct {
	label   string
	value   token.Secret
	use     provider.Use
	session *session // nil: there are no keys to verify with
}

func runDecode(ctx context.Context, a *app, o *decodeOptions) error {
	tokens, s, err := a.decodables(ctx, o)
	if err != nil {
		return err
	}
	var view render.Decoded
	var unavailable error
	failed := false
	in := sims.Input{Now: a.env.Now()}
	for _, d := range tokens {
		t, bad, err := a.decodeOne(ctx, d, o.verify)
		if is[*provider.UnavailableError](err) {
			unavailable, err = err, nil
		}
		if err != nil {
			return err
		}
		failed = failed || bad
		if t.JWT != nil && d.use == provider.AsAccess {
			in.Access, in.Granted = t.JWT.Claims.Object, sims.GrantedScopes(t.JWT.Claims.Object)
		} else if t.JWT != nil {
			in.ID = t.JWT.Claims.Object
		}
		view.Tokens = append(view.Tokens, t)
	}
	if s != nil && s.kind.SIMS || s == nil && slices.ContainsFunc(view.Tokens, func(t render.DecodedToken) bool { return t.SIMS }) {
		view.Findings = sims.Findings(in)
	}
	if err := a.answer(ctx, view); err != nil {
		return err
	}
	switch {
	case unavailable != nil && o.verify && s != nil:
		return &profileError{Profile: s.profile.Name, Err: unavailable}
	case failed:
		return noError{}
	}
	return nil
}

// decodables gathers the tokens to explain, and the session if a profile takes part.
func (a *app) decodables(ctx context.Context, o *decodeOptions) ([]decodable, *session, error) {
	chosen := a.global.profile != "" || a.env.Getenv("SIMSID_PROFILE") != "" || o.cmd.Flags().Changed("issuer")
	if o.source != "" && (o.access || o.id) {
		return nil, nil, &usageError{Problem: "--access and --id choose one of the profile's tokens, and a file is none", Command: "simsid decode"}
	}
	if o.access && o.id {
		return nil, nil, &usageError{Problem: "--access and --id exclude each other; both tokens are shown without them", Command: "simsid decode"}
	}
	foreign, err := a.foreignToken(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	if !foreign.IsZero() && !chosen {
		return []decodable{{label: "token", value: foreign, use: guessUse(foreign)}}, nil, nil
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return nil, nil, err
	}
	if !foreign.IsZero() {
		return []decodable{{label: "token", value: foreign, use: guessUse(foreign), session: s}}, s, nil
	}
	tokens, err := s.ownTokens(ctx, o)
	if err != nil {
		return nil, nil, &profileError{Profile: s.profile.Name, Err: err}
	}
	return tokens, s, nil
}

// foreignToken reads the token that isn't the profile's; the zero Secret when the profile's are meant. Standard input is read when
// it is named, or when somebody has put something there: to vouch for the profile's token in its place would be worse than
// to wait for a pipe that nobody closes.
func (a *app) foreignToken(ctx context.Context, o *decodeOptions) (token.Secret, error) {
	var b []byte
	var err error
	switch {
	case o.source == "-", o.source == "" && a.env.StdinPiped && !o.access && !o.id:
		b, err = readBounded(ctx, a.env.Stdin)
	case o.source == "":
		return token.Secret{}, nil
	default:
		b, err = a.readFile(ctx, o.source)
		if errors.Is(err, fs.ErrNotExist) || isNameTooLong(err) {
			return a.argumentToken(o.source)
		}
	}
	if err != nil {
		return token.Secret{}, fmt.Errorf("read the token: %w", err)
	}
	text := bareToken(string(b))
	if text == "" && o.source != "" {
		return token.Secret{}, &usageError{Problem: fmt.Sprintf("there is no token in %q", o.source), Command: "simsid decode"}
	}
	return token.NewSecret(text), nil
}

// argumentToken takes an argument that is no file for a token, if it looks like one. Its text isn't repeated: it may be a secret all
// the same.
func (a *app) argumentToken(argument string) (token.Secret, error) {
	text := bareToken(argument)
	if token.Classify(text) == token.FormJWT || strings.Count(text, ".") == 2 && strings.HasPrefix(text, "eyJ") {
		a.line("note", "a token in an argument stays in the shell's history: pipe it instead")
		return token.NewSecret(text), nil
	}
	return token.Secret{}, &usageError{Problem: "there is no such file, and the argument is no JWT", Command: "simsid decode"}
}

// bareToken takes off what tokens are wrapped in where people copy them from: a header's name, the scheme, quotes, line breaks.
func bareToken(text string) string {
	text = strings.TrimSpace(text)
	if name, value, ok := strings.Cut(text, ":"); ok && strings.EqualFold(strings.Trim(name, `"' `), "authorization") {
		text = value
	}
	text = strings.Trim(text, "\"'`, \t\r\n")
	if scheme, value, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "bearer") {
		text = value
	}
	return strings.Join(strings.Fields(text), "")
}

// ownTokens are the profile's, as they are kept.
func (s *session) ownTokens(ctx context.Context, o *decodeOptions) ([]decodable, error) {
	store, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	set, err := store.LoadCached(ctx)
	if err != nil {
		return nil, err
	}
	var tokens []decodable
	if !o.id && !set.Access.IsZero() {
		tokens = append(tokens, decodable{label: "access token", value: set.Access, use: provider.AsAccess, session: s})
	}
	if !o.access && !set.ID.IsZero() {
		tokens = append(tokens, decodable{label: "ID token", value: set.ID, use: provider.Stored, session: s})
	}
	if len(tokens) == 0 {
		return nil, tokenstore.ErrNoLogin
	}
	return tokens, nil
}

// guessUse tells an access token from an ID token by what only one of them has.
func guessUse(t token.Secret) provider.Use {
	jwt, err := token.ParseJWT(t.Reveal())
	if err != nil {
		return provider.AsAccess
	}
	for _, name := range []string{"nonce", "at_hash", "c_hash"} {
		if _, ok := jwt.Claims.Get(name); ok {
			return provider.Stored
		}
	}
	for _, name := range []string{"scope", "scp", "client_id"} {
		if _, ok := jwt.Claims.Get(name); ok {
			return provider.AsAccess
		}
	}
	return provider.Stored
}

// decodeOne explains one token. bad says that a check failed that counts.
func (a *app) decodeOne(ctx context.Context, d decodable, strict bool) (t render.DecodedToken, bad bool, err error) {
	t = render.DecodedToken{Label: d.label}
	if d.value.Len() > token.MaxJWT {
		return t, false, &hintedError{Code: exitNo, Text: fmt.Sprintf("%s: longer than %d bytes, which no token is", d.label, token.MaxJWT)}
	}
	form := token.Classify(d.value.Reveal())
	// Three parts are meant to be a JWT: it is told what is wrong with it rather than called opaque.
	if form == token.FormOpaque && strings.Count(d.value.Reveal(), ".") == 2 {
		form = token.FormJWT
	}
	if form != token.FormJWT {
		t.Opaque, t.Unverified = form.Describe(), "only the provider can say what it stands for: simsid introspect"
		return t, strict, nil
	}
	if t.JWT, err = token.ParseJWT(d.value.Reveal()); err != nil {
		return t, false, &hintedError{Code: exitNo, Err: fmt.Errorf("%s: %w", d.label, err)}
	}
	t.Memberships = sims.Memberships(t.JWT.Claims.Object)
	t.SIMS = len(t.Memberships) > 0 || d.session != nil && d.session.kind.SIMS
	if d.session == nil {
		t.Unverified = "there are no keys to check it with; name a profile with -p"
		return t, strict, nil
	}
	p, err := d.session.provider(ctx)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return t, false, err
		}
		t.Unverified = "the provider's keys can't be had: " + err.Error()
		return t, strict, unavailableOnly(err)
	}
	t.Verification, err = p.Verify(ctx, d.value, provider.VerifyRequest{Use: d.use, ClientID: d.session.profile.ClientID, MaxAge: -1})
	if err != nil {
		t.Unverified = "the provider's keys can't be had: " + err.Error()
		return t, strict, unavailableOnly(err)
	}
	if verr, ok := errors.AsType[*provider.VerificationError](t.Verification.Err()); ok {
		t.Unverified = failedChecks(verr)
	}
	return t, t.Unverified != "" && (strict || failsWithoutExpiry(t.Verification)), nil
}

// failedChecks names the checks that failed; their rows say why.
func failedChecks(err *provider.VerificationError) string {
	var names []string
	for _, c := range err.Failed {
		names = append(names, c.Name)
	}
	what := "this check doesn't hold: "
	if len(names) > 1 {
		what = "these checks don't hold: "
	}
	return what + strings.Join(names, ", ")
}

// failsWithoutExpiry reports whether a check failed other than that the token has ended, as every stored ID token does within minutes.
func failsWithoutExpiry(v *provider.Verification) bool {
	return v != nil && slices.ContainsFunc(v.Checks, func(c provider.Check) bool {
		return c.Outcome == provider.Failed && c.Name != "expiry"
	})
}

// unavailableOnly passes on that the provider couldn't be asked, which is no answer; whatever else went wrong is told with the token.
func unavailableOnly(err error) error {
	if e, ok := errors.AsType[*provider.UnavailableError](err); ok {
		return e
	}
	return nil
}
