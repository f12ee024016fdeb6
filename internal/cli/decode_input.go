package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// ErrTooLong is what Env.ReadFile gives for a file beyond its bound.
var ErrTooLong = errors.New("longer than 4 MiB")

// errNoSource says of an argument that it is nothing that tokens could be read from.
var errNoSource = errors.New("there is no such file, and the argument holds no JWT")

// gather finds the tokens to explain, and the session if a profile takes part. The context that it returns ends with Ctrl-C where there
// is something to wait for.
func (d *decoding) gather(ctx context.Context) (context.Context, error) {
	foreign, err := d.foreign(ctx)
	if err != nil {
		return ctx, err
	}
	profile := d.global.profile != "" || d.env.Getenv("SIMSID_PROFILE") != ""
	if foreign == nil || profile || d.o.keys.onNetwork() || d.o.cmd.Flags().Changed("issuer") {
		ctx = d.env.Interruptible(ctx)
	}
	if foreign == nil || profile {
		if d.session, err = d.newSession(selection{cmd: d.o.cmd}); err != nil {
			return ctx, err
		}
	}
	if foreign == nil {
		d.own = true
		if foreign, err = d.ownTokens(ctx); err != nil {
			return ctx, &profileError{Profile: d.session.profile.Name, Err: err}
		}
	}
	for _, f := range foreign {
		t, err := tell(f)
		if err != nil {
			return ctx, &hintedError{Code: exitNo, Err: err, Hints: garbled(err)}
		}
		if d.own && d.session.kind.OpaqueTokens && t.Name == "access_token" {
			t.jwt, t.form, t.kind = nil, token.FormOpaque, token.KindOpaque
		}
		d.tokens = append(d.tokens, t)
	}
	return ctx, d.choose()
}

// tell finds out what a token is. One that is meant to be a JWT and is none is an error.
func tell(f token.Found) (t decodable, err error) {
	t.Found = f
	raw := f.Value.Reveal()
	if err := token.CheckForm(raw); err != nil {
		return t, err
	}
	t.form = token.Classify(raw)
	if t.form != token.FormJWT {
		t.kind, t.how = token.FormKind(t.form, f.Name)
		return t, nil
	}
	if t.jwt, err = token.ParseJWT(raw); err != nil {
		return t, err
	}
	t.kind, t.how = token.JWTKind(t.jwt)
	var named token.Kind
	switch f.Name {
	case "access_token":
		named = token.KindAccess
	case "id_token", "id_token_hint":
		named = token.KindID
	default:
		return t, nil
	}
	if t.kind != named {
		t.kind, t.how = named, "it came as "+f.Name
	}
	return t, nil
}

func garbled(err error) []string {
	e, ok := errors.AsType[*token.FormError](err)
	if !ok || e.Part == "input" || e.Part == "address" {
		return nil
	}
	// Of what was copied as it is, only whoever made it can make something else.
	for _, own := range []string{"twice", "nested", "longer than", "not valid UTF-8", "no object", "characters that no token"} {
		if strings.Contains(e.Problem, own) {
			return nil
		}
	}
	return []string{"copy the token whole: three parts of letters, digits, - and _, joined by dots"}
}

// choose puts the access token first and the ID token second, and leaves away what wasn't asked for.
func (d *decoding) choose() error {
	rank := func(t decodable) int {
		switch t.kind {
		case token.KindAccess:
			return 0
		case token.KindReference:
			return 0
		case token.KindID:
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(d.tokens, func(a, b decodable) int { return rank(a) - rank(b) })
	wanted := 2
	switch {
	case d.o.access:
		wanted = 0
	case d.o.id:
		wanted = 1
	default:
		return nil
	}
	d.tokens = slices.DeleteFunc(d.tokens, func(t decodable) bool {
		bare := !d.own && t.Name == "" && t.kind != token.KindAccess && t.kind != token.KindID
		return rank(t) != wanted && !bare && !(d.own && wanted == 0 && t.Name == "access_token")
	})
	if len(d.tokens) == 0 {
		return &usageError{Problem: "what was given holds no such token: leave --access and --id away", Command: "simsid decode"}
	}
	return nil
}

// foreign finds tokens that aren't the profile's; nil when the profile's are meant. Standard input is read when it is named, or when
// somebody has put something there: to vouch for the profile's token in its place would be worse than to wait for a pipe that nobody
// closes.
func (d *decoding) foreign(ctx context.Context) ([]token.Found, error) {
	o := d.o
	switch {
	case o.source == "" && (!d.env.StdinPiped || o.access || o.id || d.global.profile != "" && o.keys.fromStdin()), o.source == "" && o.keys.fromStdin():
		return nil, nil
	case o.source == "" || o.source == "-":
		if o.keys.fromStdin() {
			return nil, &usageError{Problem: "standard input can't be both the token and a key", Command: "simsid decode"}
		}
	}
	return d.foreignTokens(ctx, "simsid decode", o.source)
}

// foreignTokens reads a source for a command: "-" or "" for standard input, a file, or what holds a token itself.
func (a *app) foreignTokens(ctx context.Context, command, source string) ([]token.Found, error) {
	var b []byte
	var err error
	if source == "-" || source == "" {
		b, err = a.readText(ctx)
	} else if b, err = a.readFile(ctx, source); errors.Is(err, fs.ErrNotExist) || isNameTooLong(err) || errors.Is(err, fs.ErrInvalid) {
		return a.argumentTokens(command, source)
	}
	switch {
	case errors.Is(err, ErrTooLong):
		return nil, &hintedError{Code: exitNo, Text: "the input is longer than 4 MiB, which no token is"}
	case err != nil:
		return nil, fmt.Errorf("read the token: %w", err)
	}
	found, err := token.Find(string(b))
	if e, ok := errors.AsType[*token.FormError](err); ok && e.Problem == "is empty" {
		return nil, noTokenIn(source, command)
	}
	if err != nil {
		return nil, &hintedError{Code: exitNo, Err: err, Hints: garbled(err)}
	}
	return found, nil
}

// readText reads standard input up to what a text with tokens may be long.
func (a *app) readText(ctx context.Context) ([]byte, error) {
	b, err := readBounded(ctx, a.env.Stdin)
	if is[*usageError](err) {
		return nil, ErrTooLong
	}
	return b, err
}

// argumentTokens takes an argument that is no file for something that holds a token, if it looks like it. Its text isn't repeated: it may
// be a secret all the same.
func (a *app) argumentTokens(command, argument string) ([]token.Found, error) {
	found, err := token.Find(argument)
	if err == nil && found[0].Place == token.PlaceBare {
		raw := found[0].Value.Reveal()
		switch token.Classify(raw) {
		case token.FormJWT, token.FormEncryptedJWT:
		default:
			if len(raw) < 20 || raw[:2] != "ey" || token.CheckForm(raw) == nil {
				err = errors.New("no token")
			}
		}
	}
	if err != nil {
		return nil, &hintedError{Code: exitUsage, Err: errNoSource, Hints: []string{"see " + command + " --help"}}
	}
	a.warnOfHistory(found)
	return found, nil
}

// warnOfHistory says where an argument stays, while somebody could still use what is in it.
func (a *app) warnOfHistory(found []token.Found) {
	for _, f := range found {
		jwt, err := token.ParseJWT(f.Value.Reveal())
		if err == nil {
			if exp, ok := jwt.Claims.Time("exp"); ok && exp.Before(a.env.Now()) {
				continue
			}
		}
		a.line("warning", "the token may still be valid, and an argument stays in the shell's history: pipe it instead")
		return
	}
}

// ownTokens are the profile's, as they are kept.
func (d *decoding) ownTokens(ctx context.Context) ([]token.Found, error) {
	store, err := d.session.openStore(ctx)
	if err != nil {
		return nil, err
	}
	if d.set, err = store.LoadCached(ctx); err != nil {
		return nil, err
	}
	var found []token.Found
	if !d.o.id && !d.set.Access.IsZero() {
		found = append(found, token.Found{Name: "access_token", Value: d.set.Access})
	}
	if !d.o.access && !d.set.ID.IsZero() {
		found = append(found, token.Found{Name: "id_token", Value: d.set.ID})
	}
	if len(found) == 0 && store.Record().Unproven {
		return nil, d.session.unproven(store.Record())
	}
	if len(found) == 0 {
		return nil, tokenstore.ErrNoLogin
	}
	return found, nil
}

// writeRaw prints the claims of each token as received, one after the other.
func (d *decoding) writeRaw() error {
	for _, t := range d.tokens {
		if t.jwt == nil {
			return &hintedError{Code: exitNo, Text: "the " + t.kind.Words() + " holds no JSON: " + t.how}
		}
		if err := render.WriteRaw(d.env.Stdout, t.jwt.Payload, !d.env.StdoutTTY); err != nil {
			return err
		}
	}
	return nil
}
