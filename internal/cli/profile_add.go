package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

type profileAddOptions struct {
	cmd                 *cobra.Command
	name                string
	secretFile          string
	keyFile             string
	introspectionSecret string
	apiHeaders          []string
	force               bool
	use                 bool
	from                string
}

// profileKeys are the keys that profile add and edit take as flags.
func profileKeys() []string {
	return append(loginKeys(), "post_logout_redirect_uri", "introspection_id", "refresh_usage", "refresh_lifetime", "api_base")
}

func (o *profileAddOptions) flags(cmd *cobra.Command) {
	addProfileFlags(cmd, profileKeys()...)
	f := cmd.Flags()
	f.StringVar(&o.secretFile, "client-secret-file", "", "keep the client secret that this file holds in the store; - reads standard input")
	f.StringVar(&o.keyFile, "client-key-file", "", "likewise the private key of private_key_jwt, PEM or JWK")
	f.StringVar(&o.introspectionSecret, "introspection-secret-file", "", "likewise the secret of the introspection scope")
	f.StringArrayVar(&o.apiHeaders, "api-header-file", nil, "`HEADER=FILE`: keep a header that the API is to be sent, such as a subscription key; - reads standard input, and HEADER= takes it away")
	addForceFlag(cmd, &o.force)
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kindNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("environment", cobra.FixedCompletions([]string{"sandbox", "live"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("store", cobra.FixedCompletions([]string{"keyring", "file", "memory"}, cobra.ShellCompDirectiveNoFileComp))
}

func newProfileAddCmd(a *app) *cobra.Command {
	o := &profileAddOptions{}
	cmd := &cobra.Command{
		Use:   "add [NAME]",
		Short: "Add a profile",
		Long: `Adds a profile to config.toml. In a terminal it asks for what the flags don't
say. The client secret is never a flag: it comes from a prompt, a file or
standard input, and goes into the store, bound to this issuer and client id.

With --from the new profile begins as a copy of another one, for a second
account or client beside it: its keys, and its client secret where issuer and
client id stay the same. The login isn't copied.`,
		Example: `  simsid profile add
  simsid profile add work --kind oidc --issuer https://id.example.com \
      --client-id my-cli
  simsid profile add second-account --from work
  simsid profile add school --kind simsid --environment sandbox \
      --issuer https://YOUR-SANDBOX/ --client-id pm-sso-YOUR-ID \
      --client-secret-file secret.txt \
      --redirect-uri https://localhost:5454/ \
      --scope 'openid profile roles partner partnermanagementapplication'`,
		Args: optionalArgument("the name of the new profile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.name = args[0]
			}
			return runProfileAdd(cmd.Context(), a, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.use, "use", false, "make it the default")
	cmd.Flags().StringVar(&o.from, "from", "", "the profile to begin as a copy of")
	_ = cmd.RegisterFlagCompletionFunc("from", a.completeProfiles)
	return cmd
}

// draft is a profile in the making: values by key, and its secrets.
type draft struct {
	name                  string
	values                map[string][]string
	secret, introspection token.Secret
	secretLater           bool // its client has one, which wasn't given
	key                   token.Secret
	headers               map[string]token.Secret // for APIs; an empty one is to be taken away
	backend               tokenstore.Backend      // for the secrets, where the values name none
}

func runProfileAdd(ctx context.Context, a *app, o *profileAddOptions) error {
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	d := draft{name: o.name, values: a.wholePaths(profileFlagValues(o.cmd))}
	if err := a.draftFrom(file, o.from, &d); err != nil {
		return err
	}
	if err := a.draftSecrets(ctx, o, &d); err != nil {
		return err
	}
	if a.canAsk() && missingFromDraft(d) {
		if err := a.findPlace(ctx, &d); err != nil {
			return err
		}
		if err := a.askProfile(ctx, file, o, &d); err != nil {
			return err
		}
	}
	if err := a.checkDraft(file, &d); err != nil {
		return err
	}
	s, err := a.draftSession(d, o.force)
	if err != nil {
		return err
	}
	s.giveOwnPath(file, &d)
	if o.from != "" {
		if err := s.copySecrets(ctx, file, o.from, &d); err != nil {
			return &profileError{Profile: o.from, Err: err}
		}
	}
	if err := s.keepSecrets(ctx, d); err != nil {
		return &profileError{Profile: d.name, Err: err}
	}
	if err := config.Add(ctx, file.Path(), d.name, d.values); err != nil {
		return err
	}
	if o.use {
		if err := config.Use(ctx, file.Path(), d.name); err != nil {
			return err
		}
	}
	if file, err = a.loadConfig(); err != nil { // what is the default by now decides
		return err
	}
	p := ""
	if a.chosenProfile(file) != d.name {
		p = " -p " + d.name
	}
	next := []string{"simsid login" + p + "  # sign in", "simsid profile show " + d.name + "  # see it"}
	if d.secretLater {
		next = slices.Insert(next, 0, "simsid profile edit "+d.name+" --client-secret-file FILE  # or SIMSID_CLIENT_SECRET")
	}
	return a.answer(ctx, render.Done{
		Action: "profile added", Profile: d.name, Text: fmt.Sprintf("Profile %s is in %s.", d.name, file.Path()), Next: next,
	})
}

// draftSecrets reads the secrets that come from files.
func (a *app) draftSecrets(ctx context.Context, o *profileAddOptions, d *draft) (err error) {
	fromStdin := 0
	files := []string{o.secretFile, o.keyFile, o.introspectionSecret}
	for _, header := range o.apiHeaders {
		_, file, _ := strings.Cut(header, "=")
		files = append(files, file)
	}
	for _, name := range files {
		if name == "-" {
			fromStdin++
		}
	}
	if fromStdin > 1 {
		return &usageError{Problem: "standard input can hold only one secret", Command: o.cmd.CommandPath()}
	}
	if o.keyFile != "" {
		if d.key, err = a.keyFile(ctx, o.keyFile); err != nil {
			return err
		}
	}
	if o.secretFile != "" {
		if d.secret, err = a.secretFile(ctx, o.secretFile); err != nil {
			return err
		}
	}
	if o.introspectionSecret != "" {
		if d.introspection, err = a.secretFile(ctx, o.introspectionSecret); err != nil {
			return err
		}
	}
	d.headers, err = a.draftHeaders(ctx, o.apiHeaders, o.cmd.CommandPath())
	return err
}

// missingFromDraft reports whether there is something to ask: with all that a login needs, nobody is bothered.
func missingFromDraft(d draft) bool {
	if kind, ok := provider.LookupKind(slices.Concat(d.values["kind"], []string{""})[0]); ok && kind.Embedded != "" && d.name != "" {
		return false // an emulator knows its client
	}
	return d.name == "" || d.values["client_id"] == nil || d.values["issuer"] == nil && d.values["environment"] == nil
}

// checkDraft completes a draft with what goes without saying, and refuses one that no login could use.
func (a *app) checkDraft(file *config.File, d *draft) error {
	if err := checkNewName(file, d.name); err != nil {
		return err
	}
	if d.values["kind"] == nil {
		d.values["kind"] = []string{"oidc"}
		if d.values["environment"] != nil {
			d.values["kind"] = []string{"simsid"}
		}
	}
	return nil
}

func checkNewName(file *config.File, name string) error {
	if name == "" {
		return &usageError{Problem: "a profile needs a name", Command: "simsid profile add"}
	}
	if err := config.CheckName(name); err != nil {
		return err
	}
	if file.Has(name) {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("there is a profile %s already", name),
			Hints: []string{"change it: simsid profile edit " + name, "or take it away first: simsid profile remove " + name}}
	}
	return nil
}

// draftSession resolves the draft as if it were in the file, so that what is wrong with it is known before anything is written.
func (a *app) draftSession(d draft, force bool) (*session, error) {
	given := map[string][]string{"kind": d.values["kind"]}
	if config.BuiltIn(d.name) {
		given = builtIn(d.name)
	}
	p, err := config.Resolve(config.Layers{
		File: &config.File{}, Profile: d.name, Getenv: noEnvironment, Defaults: kindDefaults, Flags: d.values, BuiltIn: given,
	})
	if err != nil {
		return nil, err
	}
	kind, ok := provider.LookupKind(p.Kind)
	if !ok {
		return nil, &hintedError{Code: exitUsage, Text: "there is no provider kind " + word.Quote(p.Kind, kindNames()...), Hints: knownKinds(p.Kind)}
	}
	s := &session{app: a, profile: p, kind: kind, forced: force, forcible: true}
	switch {
	case len(kind.Environments) > 0 && p.Environment == "":
		var names []string
		for _, e := range kind.Environments {
			names = append(names, e.Name)
		}
		return nil, &hintedError{Code: exitUsage, Text: fmt.Sprintf("kind %s needs an environment", kind.Name), Hints: []string{"--environment " + strings.Join(names, ", or --environment ")}}
	case p.Issuer == "":
		return nil, &hintedError{Code: exitUsage, Text: "the issuer is missing", Hints: []string{"--issuer https://…: the address that you were given; its discovery document lies below it"}}
	case p.ClientID == "":
		return nil, &hintedError{Code: exitUsage, Text: "the client id is missing", Hints: []string{"--client-id …: the id that the provider gave you"}}
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	if !d.key.IsZero() {
		if _, err := parseKey(d.key, p); err != nil {
			return nil, err
		}
	}
	info, ok := provider.LookupFlow(provider.Flow(p.Flow))
	if err := s.checkRules(info); err != nil {
		return s, err
	}
	if ok && len(info.ResponseTypes) == 0 { // it visits no page that would lead anywhere
		return s, nil
	}
	if p.RedirectURI == "" {
		return nil, &hintedError{Code: exitUsage, Text: "the redirect URI is missing",
			Hints: []string{"--redirect-uri …: exactly as it is registered with the provider, such as https://localhost:5454/"}}
	}
	_, err = checkReach(p)
	return s, err
}

// keepSecrets puts the draft's secrets into the store, before the profile is written: a profile without its secret would
// only fail later.
func (s *session) keepSecrets(ctx context.Context, d draft) error {
	if d.secret.IsZero() && d.introspection.IsZero() && d.key.IsZero() && len(d.headers) == 0 {
		return nil
	}
	if err := s.checkHeaders(d.headers); err != nil {
		return err
	}
	o, err := s.storeOptions()
	if err != nil {
		return err
	}
	want := d.backend
	switch {
	case d.values["store"] != nil:
		want = tokenstore.Backend(s.profile.Store)
	case s.env.Getenv("SIMSID_STORE") != "":
		want = tokenstore.Backend(s.env.Getenv("SIMSID_STORE"))
	}
	if want == tokenstore.Memory {
		return &hintedError{Code: exitUsage, Text: "the memory store keeps nothing, and so no client secret either",
			Hints: []string{"give the secret by SIMSID_CLIENT_SECRET, or choose --store keyring or --store file"}}
	}
	st, err := tokenstore.Choose(ctx, o, s.binding(), want, tokenstore.Backend(s.profile.Store))
	if setAside, ok := errors.AsType[*tokenstore.DamagedError](err); ok && setAside.Secrets() && setAside.MovedTo != "" {
		s.line("warning", "%v", err) // what it held is what is being given again
		st, err = tokenstore.Choose(ctx, o, s.binding(), want, tokenstore.Backend(s.profile.Store))
	}
	if errors.Is(err, tokenstore.ErrAbsent) {
		return s.noKeyring(d)
	}
	if err != nil {
		return err
	}
	for _, secret := range []struct {
		kind  tokenstore.SecretKind
		value token.Secret
	}{{tokenstore.ClientSecret, d.secret}, {tokenstore.ClientKey, d.key}, {tokenstore.IntrospectionSecret, d.introspection}} {
		if secret.value.IsZero() {
			continue
		}
		if err := st.SetSecret(ctx, secret.kind, secret.value); err != nil {
			return err
		}
	}
	return s.keepHeaders(ctx, st, d.headers)
}
