package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

type decodeOptions struct {
	cmd    *cobra.Command
	source string // file, "-", or what holds a token; "" means standard input or the profile
	access bool
	id     bool
	verify bool
	all    bool
	raw    bool
	at     string
	expect []string
	keys   keyOptions
}

func newDecodeCmd(a *app) *cobra.Command {
	o := &decodeOptions{}
	cmd := &cobra.Command{
		Use:   "decode [FILE|TOKEN|-]",
		Short: "Explain what is inside a token",
		Long: `Explains a token: what kind it is, whom it is about and for, its times, the
organisations with their types in words, roles, scopes, and what a look at all
of it finds. --all adds the header, what each claim means, and every check.

The token comes from a file, from standard input, or from the profile: both of
its tokens by default. It may be bare, a whole Authorization header, an address
with tokens in its query or fragment, or a token response in JSON.

It is verified whenever there are keys: those of a profile (-p) or of --issuer,
which are kept for an hour in the state folder, or those that you give with
--jwks, --key or --hmac-secret-file; never those that the token names. Without
keys the claims are called unverified. Exits with 3 when a check fails that was
asked for, or when two programs could read the token in two ways. That a token
has ended counts with --verify, or with keys given.

Without an argument a pipe or file on standard input is read to its end, and is
an error when it is empty; not a terminal or /dev/null, nor with --access or
--id, which choose among the profile's own: name it then, simsid decode -
--access. Some CI systems give each step an empty pipe, or one that never ends:
add --access there, or < /dev/null.

--expect holds a claim against a value: NAME=VALUE, !=, >, >=, <, <=, has,
lacks, exists, missing. Times may be spans from now. org.type, org.id, org.user,
role.name, role.org and header.alg are known; access. or id. in front chooses a
token, and else the first that has the claim decides. An organisation's type is
a letter or a word, as for simsid orgs --type; of a list = wants the only value,
and has wants one of several.`,
		Example: `  simsid decode -p emulator
  pbpaste | simsid decode
  simsid decode token.txt -p school --verify
  simsid decode token.txt --jwks https://id.example.com/jwks
  simsid decode -p school --expect 'org.type has S' --expect 'exp > 5m'
  simsid decode -p school --raw --access | jq .site
  simsid decode -p school --claim site
  simsid decode -p school -o json --jq '.tokens[0].claims.site'`,
		GroupID:     groupTokens,
		Annotations: map[string]string{quickCommand: ""},
		Args:        optionalArgument("one file or token, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.source = args[0]
			}
			return runDecode(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.access, "access", false, "only the access token")
	f.BoolVar(&o.id, "id", false, "only the ID token")
	f.BoolVarP(&o.all, "all", "a", false, "header, every claim with its meaning, and every check")
	f.BoolVar(&o.raw, "raw", false, "print the claims' JSON as received, and nothing else")
	f.BoolVar(&o.verify, "verify", false, "exit with 3 unless the token could be verified")
	f.StringArrayVar(&o.expect, "expect", nil, "exit with 3 unless this `CONDITION` holds: 'site=8412345', 'exp > 5m'")
	f.StringVar(&o.at, "at", "", "judge times as of then, not as of now: 2026-01-31T12:00:00Z")
	o.keys.addFlags(f)
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

// decodable is a token to explain, and what is known of it.
type decodable struct {
	token.Found
	kind token.Kind
	how  string
	form token.Form
	jwt  *token.JWT
}

// decoding is one run of decode.
type decoding struct {
	*app
	o       *decodeOptions
	session *session // nil: no profile takes part
	own     bool     // the tokens are the profile's
	set     token.Set
	tokens  []decodable
	now     time.Time
	strict  bool

	view        render.Decoded
	refused     bool
	unavailable error
}

func runDecode(ctx context.Context, a *app, o *decodeOptions) error {
	expectations, err := parseExpectations(o.expect)
	if err != nil {
		return err
	}
	d := &decoding{app: a, o: o, now: a.env.Now()}
	if err := d.check(); err != nil {
		return err
	}
	if ctx, err = d.gather(ctx); err != nil {
		return err
	}
	if o.raw {
		return d.writeRaw()
	}
	v, err := d.verifier(ctx)
	if err != nil {
		return err
	}
	for _, t := range d.tokens {
		if err := d.explain(ctx, v, t); err != nil {
			return err
		}
	}
	d.find()
	met := d.expected().all(expectations)
	d.view.Expected, d.view.All, d.view.More = met, o.all || a.global.verbose, d.more()
	if err := a.answer(ctx, d.view); err != nil {
		return err
	}
	failed := slices.ContainsFunc(met, func(m sims.Met) bool { return !m.Holds })
	switch {
	case d.unavailable != nil && d.strict && d.session != nil:
		return &profileError{Profile: d.session.profile.Name, Err: d.unavailable}
	case d.unavailable != nil && d.strict:
		return d.unavailable
	case d.refused || failed:
		if d.global.claim != "" {
			return d.unsaid(met)
		}
		return noError{}
	}
	return nil
}

// unsaid is what is left to say where the answer was one claim alone: why it is a no all the same. That the claim is unverified has been told.
func (d *decoding) unsaid(met []sims.Met) error {
	var why []string
	for _, m := range met {
		if !m.Holds {
			text := fmt.Sprintf("not as expected: %q doesn't hold", m.Expectation.Text)
			if hint := m.Hint(); hint != "" {
				text += " (" + hint + ")"
			}
			why = append(why, text)
		}
	}
	for _, f := range d.view.Findings {
		if f.Refuse {
			why = append(why, f.Seen)
		}
	}
	if len(why) == 0 {
		return noError{}
	}
	return &hintedError{Code: exitNo, Text: strings.Join(why, "; "), Hints: []string{"see all of it: leave --claim away"}}
}

// check refuses options that contradict each other.
func (d *decoding) check() error {
	o := d.o
	problem := ""
	switch {
	case o.access && o.id:
		problem = "--access and --id exclude each other; both tokens are shown without them"
	case o.raw && (d.json() || d.global.claim != ""):
		problem = "--raw prints the JSON as received, and leaves no room for --output, --jq or --claim"
	case o.raw && (o.verify || len(o.expect) > 0 || o.keys.given()):
		problem = "--raw checks nothing: leave --verify, --expect and the keys away"
	}
	if problem != "" {
		return &usageError{Problem: problem, Command: "simsid decode"}
	}
	if o.at != "" {
		at, err := time.Parse(time.RFC3339, o.at)
		if err != nil {
			return &usageError{Problem: "--at must be a time such as 2026-01-31T12:00:00Z", Command: "simsid decode"}
		}
		d.now = at
	}
	d.strict = o.verify || o.keys.given() || o.cmd.Flags().Changed("issuer")
	return o.keys.check()
}

// explain adds one token to the answer.
func (d *decoding) explain(ctx context.Context, v verifier, t decodable) error {
	shown := render.DecodedToken{Label: t.kind.Words(), Kind: t.kind, How: t.how, JWT: t.jwt}
	if t.kind == token.KindJWT {
		shown.Label = "token"
	}
	if t.jwt == nil {
		shown.Opaque, shown.Unverified = t.form.Describe(), d.whoKnows()
		if lack, ok := d.lack(); ok {
			shown.Opaque += "; " + lack.Reason
		} else if t.form != token.FormEncryptedJWT && d.session != nil && t.kind != token.KindRefresh {
			shown.Ask = "simsid introspect -p " + d.session.profile.Name + "  # ask the provider what it stands for"
		}
		if t.form == token.FormEncryptedJWT {
			shown.Unverified = "only its recipient can read it"
		}
		d.refused = d.refused || d.strict && (t.kind == token.KindAccess || t.Place == token.PlaceBare)
		d.view.Tokens = append(d.view.Tokens, shown)
		return nil
	}
	shown.Memberships = sims.Memberships(t.jwt.Claims.Object)
	shown.SIMS = len(shown.Memberships) > 0 || d.session != nil && d.session.kind.SIMS
	err := d.verify(ctx, v, t, &shown)
	if is[*provider.UnavailableError](err) {
		d.unavailable, err = err, nil
	}
	d.refused = d.refused || shown.Unverified != "" && (d.strict || failsWithoutExpiry(shown.Verification))
	d.view.Tokens = append(d.view.Tokens, shown)
	return err
}

// verify holds a token against the keys that are to be had, and says why where there are none.
func (d *decoding) verify(ctx context.Context, v verifier, t decodable, shown *render.DecodedToken) error {
	if v == nil {
		shown.Unverified = "there are no keys to check it with; name a profile with -p, or keys with --jwks or --key"
		return nil
	}
	r := provider.VerifyRequest{Use: provider.Stored, ClientID: d.clientID(), AnyClient: true, MaxAge: -1}
	if t.kind != token.KindID {
		r.Use = provider.AsAccess
	} else if !d.own {
		// What came in one answer belongs together. In the store a refreshed access token lies beside the login's ID token.
		r.Access, r.Code = d.beside(token.KindAccess, "access_token"), d.beside(token.KindCode, "code")
	}
	verification, keys, err := v(ctx, t.Value, r)
	if errors.Is(err, context.Canceled) {
		return err
	}
	shown.Verification, shown.Keys = d.asOf(verification), keys
	if err != nil {
		shown.Unverified = "the provider's keys can't be had: " + err.Error()
		return unavailableOnly(err)
	}
	if verr, ok := errors.AsType[*provider.VerificationError](verification.Err()); ok {
		shown.Unverified = failedChecks(verr)
	}
	return nil
}

// asOf says of checks of time which moment they were made for, where it isn't now: this machine's clock has no part in them.
func (d *decoding) asOf(v *provider.Verification) *provider.Verification {
	if v == nil || d.o.at == "" {
		return v
	}
	for i, c := range v.Checks {
		if what, _, ok := strings.Cut(c.Detail, ", by this machine's clock"); ok {
			v.Checks[i].Detail = what + ", as of " + d.o.at
		}
	}
	return v
}

// beside finds the value of another token in the same text.
func (d *decoding) beside(k token.Kind, name string) token.Secret {
	for _, t := range d.tokens {
		if t.kind == k || t.Name == name {
			return t.Value
		}
	}
	return token.Secret{}
}

func (d *decoding) clientID() string {
	if f := d.o.cmd.Flags().Lookup("client-id"); f != nil && f.Changed {
		return f.Value.String()
	}
	if d.session != nil {
		return d.session.profile.ClientID
	}
	return ""
}

// find looks at the tokens for what is worth knowing.
func (d *decoding) find() {
	in := sims.Input{Now: d.now, At: d.o.at != "", ClientID: d.clientID(), OtherVocabulary: true}
	if d.own {
		in.RefreshedAt = d.set.RefreshedAt
	}
	for i, t := range d.tokens {
		in.InURL = in.InURL || t.Place == token.PlaceURL && t.kind != token.KindCode
		if t.jwt == nil {
			continue
		}
		if t.kind == token.KindID && in.ID.Len() == 0 {
			in.ID, in.IDHeader = t.jwt.Claims.Object, t.jwt.Header
		} else if in.Access.Len() == 0 {
			in.Access, in.AccessHeader, in.Granted = t.jwt.Claims.Object, t.jwt.Header, sims.GrantedScopes(t.jwt.Claims.Object)
			in.UnknownKind = t.kind != token.KindAccess
		}
		in.OtherVocabulary = in.OtherVocabulary && !d.view.Tokens[i].SIMS
	}
	d.view.Findings = sims.Findings(in)
	d.refused = d.refused || slices.ContainsFunc(d.view.Findings, func(f sims.Finding) bool { return f.Refuse })
}

// more is the command that shows all of it.
func (d *decoding) more() string {
	if !slices.ContainsFunc(d.view.Tokens, func(t render.DecodedToken) bool { return t.JWT != nil }) {
		return ""
	}
	line := "simsid decode"
	if d.session != nil {
		line += " -p " + d.session.profile.Name
	}
	return line + " --all  # header, what each claim means, every check"
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

// whoKnows says whom to ask about a token that can't be read here.
func (d *decoding) whoKnows() string {
	if lack, ok := d.lack(); ok {
		return lack.Instead
	}
	return "only the provider can say what it stands for: simsid introspect"
}

// lack is why the provider can't be asked about a token, where the profile's kind can't.
func (d *decoding) lack() (provider.Lack, bool) {
	if d.session == nil {
		return provider.Lack{}, false
	}
	return d.session.kind.Lack(provider.CallIntrospect)
}
