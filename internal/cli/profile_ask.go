package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// findPlace looks whether there is a keyring before anything is asked: answers that can't be kept would be lost. Where there is
// none, the sealed file is chosen, and said.
func (a *app) findPlace(ctx context.Context, d *draft) error {
	if d.values["store"] != nil || a.env.Getenv("SIMSID_STORE") != "" {
		return nil
	}
	o, err := a.storeOptions()
	if err != nil {
		return err
	}
	nobody := tokenstore.Binding{Profile: "simsid-probe", Issuer: "https://probe.invalid", ClientID: "probe"}
	_, err = tokenstore.Choose(ctx, o, nobody, tokenstore.Keyring, tokenstore.Keyring)
	if errors.Is(err, tokenstore.ErrAbsent) {
		a.say("There is no keyring here: the client secret and the tokens go into a sealed file.\n")
		d.values["store"] = []string{string(tokenstore.File)}
		return nil
	}
	return err
}

// interview asks for what the flags don't say of a profile. Each answer is looked at before the next question: nobody gives six good ones to
// hear that the first was of no use.
type interview struct {
	*app
	in    *bufio.Reader
	draft *draft
	force bool
}

func (a *app) askProfile(ctx context.Context, file *config.File, o *profileAddOptions, d *draft) error {
	i := interview{app: a, in: bufio.NewReaderSize(a.env.Stdin, maxLine), draft: d, force: o.force}
	secret := o.secretFile == "" && o.keyFile == "" && !slices.Equal(d.values["client_auth"], []string{string(provider.AuthPrivateKey)})
	i.announce(secret)
	if d.name == "" {
		def := "work"
		if file.Has(def) {
			def = ""
		}
		name, err := i.until(ctx, "", "Name of the profile", def, func(v string) error { return checkNewName(file, v) })
		if err != nil {
			return err
		}
		d.name = name
	}
	if err := i.value(ctx, "kind", "Provider: "+kindChoice(), "simsid", nil); err != nil {
		return err
	}
	kind, ok := provider.LookupKind(slices.Concat(d.values["kind"], []string{""})[0])
	if !ok {
		return nil // a flag's, which is refused with the rest
	}
	for _, q := range i.questions(kind) {
		if q.needless != nil && q.needless() {
			continue
		}
		if q.note != "" && d.values[q.key] == nil {
			i.say("%s", q.note)
		}
		if err := i.value(ctx, q.key, q.text, q.def, q.check); err != nil {
			return err
		}
	}
	if !secret {
		return nil
	}
	return i.secret(ctx, kind)
}

// secret asks for the client secret. Where every client has one, an empty answer is asked once more: it can come later, but not unnoticed.
func (i interview) secret(ctx context.Context, kind provider.Kind) (err error) {
	d := i.draft
	if !kind.SecretRequired() {
		d.secret, err = i.askSecret(ctx, "Client secret (not shown; empty for none)")
		return err
	}
	const text = "Client secret (not shown)"
	if d.secret, err = i.askSecret(ctx, text); err != nil || !d.secret.IsZero() || i.env.Getenv(clientSecretVariable) != "" {
		return err
	}
	i.line("hint", "every client of %s has a secret; to give it later, press Enter once more", kind.Title)
	d.secret, err = i.askSecret(ctx, text)
	d.secretLater = d.secret.IsZero()
	return err
}

// question is one of the interview.
type question struct {
	key, text, def string
	note           string       // said before it
	needless       func() bool  // nil: it is always asked
	check          func() error // looks at the draft with the answer in it; nil: the answer for itself is enough
}

func (i interview) questions(kind provider.Kind) []question {
	scopes := ""
	if kind.SIMS {
		scopes = "If your client is registered for them: partnermanagementapplication gives the one organisation, or simsmultiorgapplication " +
			"several (never ask for both); offline_access gives a login that lasts."
	}
	return []question{
		{key: "environment", text: "Environment: sandbox or live", def: "sandbox", needless: func() bool { return len(kind.Environments) == 0 }, check: func() error {
			if _, ok := kind.EnvironmentIssuer(i.first("environment")); !ok {
				return badAnswer("kind %s has no environment %s", kind.Name, word.Quote(i.first("environment"), "sandbox", "live"))
			}
			return nil
		}},
		{
			key: "issuer", text: "Issuer, the address of the provider",
			needless: func() bool { return knownIssuer(kind, i.first("environment")) },
			check:    func() error { return i.given("issuer", "the address that you were given: https://…") },
		},
		{key: "client_id", text: "Client id", check: func() error { return i.given("client_id", "the id that the provider gave you") }},
		{key: "redirect_uri", text: "Redirect URI, exactly as registered", def: kind.DefaultRedirect, check: func() error {
			if err := i.given("redirect_uri", "exactly what is registered with the provider, such as https://localhost:5454/"); err != nil {
				return err
			}
			if _, err := flow.CheckRedirect(i.first("redirect_uri"), i.first("listen")); err != nil {
				return err
			}
			return i.rules()
		}},
		{key: "scopes", note: scopes, text: "Scopes", def: strings.Join(kind.DefaultScopes, " "), check: i.rules},
	}
}

// badAnswer is an answer that is of no use.
func badAnswer(format string, args ...any) error {
	return &hintedError{Code: exitUsage, Text: fmt.Sprintf(format, args...)}
}

// given refuses an empty answer.
func (i interview) given(key, what string) error {
	if i.first(key) == "" {
		return badAnswer("an answer is needed here: %s", what)
	}
	return nil
}

// first is the draft's value of a key.
func (i interview) first(key string) string {
	return slices.Concat(i.draft.values[key], []string{""})[0]
}

// rules looks at the whole of the draft, with what goes without saying for what hasn't been asked yet.
func (i interview) rules() error {
	_, err := i.draftSession(*i.draft, i.force)
	return err
}

// value asks for a key that the draft doesn't have.
func (i interview) value(ctx context.Context, key, text, def string, check func() error) error {
	values := i.draft.values
	if values[key] != nil {
		return nil
	}
	_, err := i.until(ctx, key, text, def, func(v string) error {
		values[key] = []string{v}
		if key == "scopes" {
			values[key] = strings.Fields(v)
		}
		if v == "" {
			delete(values, key)
		}
		err := i.alone(key)
		if err == nil && check != nil {
			err = check()
		}
		if err != nil {
			delete(values, key)
		}
		return err
	})
	return err
}

// alone reads a value as the configuration would.
func (i interview) alone(key string) error {
	v := i.draft.values[key]
	if key == "kind" {
		if _, ok := provider.LookupKind(i.first(key)); !ok {
			return badAnswer("there is no provider kind %s: it is %s", word.Quote(i.first(key), kindNames()...), kindChoice())
		}
	}
	if v == nil {
		return nil
	}
	_, err := config.Resolve(config.Layers{
		File: &config.File{}, Profile: i.draft.name, Getenv: noEnvironment, Defaults: kindDefaults,
		Flags: map[string][]string{key: v}, BuiltIn: map[string][]string{"kind": i.draft.values["kind"]},
	})
	if bad, ok := errors.AsType[*config.ValueError](err); ok {
		bad.Origin = config.Origin{} // there was no flag: whoever answers knows where it comes from
	}
	return err
}

// attempts is how often a question is asked: who gives no fitting answer by then needs the help text.
const attempts = 3

// until asks until the answer is good, or says how to go on without questions.
func (i interview) until(ctx context.Context, key, text, def string, good func(string) error) (string, error) {
	for n := 1; ; n++ {
		v, err := i.ask(ctx, i.in, text, def)
		if err != nil {
			return "", err
		}
		if err = good(v); err == nil {
			return v, nil
		}
		f := explain(err)
		if n == attempts {
			on := []string{"nothing was saved; go on with flags: " + i.goOn(key)}
			return "", &hintedError{Code: f.Code, Text: f.Text, Hints: slices.Concat(f.Hints[:min(2, len(f.Hints))], on), Err: err}
		}
		i.line("error", "%s", f.Text)
		for _, h := range f.Hints {
			i.line("hint", "%s", h)
		}
	}
}

func knownIssuer(kind provider.Kind, environment string) bool {
	issuer, ok := kind.EnvironmentIssuer(environment)
	return ok && issuer != ""
}

// kindChoice lists the kinds that a profile can be made for.
func kindChoice() string {
	var names []string
	for _, k := range provider.Kinds() {
		if k.Embedded == "" {
			names = append(names, k.Name)
		}
	}
	return strings.Join(names, " or ")
}
