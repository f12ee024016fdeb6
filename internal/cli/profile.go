package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
)

func newProfileCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Profiles: a name for one client at one provider",
		Long: `A profile is a name for one client at one provider: its kind, issuer, client
id, scopes and redirect URI. Profiles lie in config.toml and hold no secret; a
client secret is kept in the store.`,
		Example: `  simsid profile add                # asks what it needs
  simsid profile list
  simsid profile show school --origin`,
		GroupID:     groupSetup,
		Annotations: map[string]string{namesProfile: ""},
		RunE:        parent,
	}
	cmd.AddCommand(newProfileAddCmd(a), newProfileEditCmd(a), newProfileListCmd(a), newProfileShowCmd(a), newProfileUseCmd(a), newProfileRemoveCmd(a))
	return cmd
}

func newProfileListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the profiles",
		Long: `Lists the profiles of config.toml, and of those inside simsid the ones that are
the default or that somebody is signed in with.`,
		Example: "  simsid profile list",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runProfileList(cmd.Context(), a)
		},
	}
}

func runProfileList(ctx context.Context, a *app) error {
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	v := render.Profiles{Path: file.Path()}
	names := file.Names()
	signedIn := a.builtInLogins()
	for _, name := range config.BuiltInProfiles() {
		if !file.Has(name) && (file.Default() == name || slices.Contains(signedIn, name)) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		row := render.ProfileRow{Name: name, Default: file.Default() == name}
		if p, err := config.Resolve(a.layers(file, name, nil, noEnvironment)); err != nil {
			row.Fault = err.Error()
		} else {
			row.Kind, row.Issuer, row.ClientID, row.Store = p.Kind, p.Issuer, p.ClientID, p.Store
		}
		v.Rows = append(v.Rows, row)
	}
	return a.answer(ctx, v)
}

func newProfileShowCmd(a *app) *cobra.Command {
	var origin, registration bool
	cmd := &cobra.Command{
		Use:   "show [NAME]",
		Short: "Show one profile as it is in force",
		Long: `Shows a profile after precedence: flag, environment, file, default of the
kind. With --origin each value says where it came from. Secrets are never
shown, only whether there is one.

With --registration it is the e-mail that asks for the client to be registered
with SIMS ID, in the words of its public documentation: what the profile says
is filled in, and the rest marked as to be chosen, with what the choice means.
Rules of SIMS ID that it breaks are told on standard error, and the exit code
is 3.`,
		Example: `  simsid profile show school
  simsid profile show school --registration
  simsid profile show school --registration --environment live \
      --redirect-uri https://app.example.com/signin
  SIMSID_ISSUER=https://other.example.com simsid profile show school --origin`,
		Args: optionalArgument("the name of a profile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := slices.Concat(args, []string{""})[0]
			switch {
			case origin && registration:
				return &usageError{Problem: "--origin and --registration are two different answers: choose one", Command: "simsid profile show"}
			case registration:
				return runRegistration(cmd.Context(), a, cmd, name)
			}
			return runProfileShow(cmd.Context(), a, cmd, name, origin)
		},
		ValidArgsFunction: a.completeProfiles,
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "say where each value came from")
	cmd.Flags().BoolVar(&registration, "registration", false, "write the request to register the client with SIMS ID, for an e-mail")
	addProfileFlags(cmd, profileKeys()...)
	return cmd
}

func runProfileShow(ctx context.Context, a *app, cmd *cobra.Command, name string, origin bool) error {
	s, err := a.resolveSession(selection{cmd: cmd, name: name})
	if err != nil {
		a.unsettled = true
		return err
	}
	if lack := s.complete(); lack != nil { // what there is, is shown all the same
		f := explain(lack)
		a.line("warning", "%s", f.Text)
		for _, h := range f.Hints {
			a.line("hint", "%s", h)
		}
	}
	v := render.ProfileShown{Name: s.profile.Name, Origins: origin}
	for _, setting := range config.Settings() {
		o, ok := s.profile.Origins[setting.Key]
		if !ok {
			continue
		}
		v.Settings = append(v.Settings, render.SettingRow{
			Key: setting.Key, Values: s.profile.Values(setting.Key), List: setting.List, Source: string(o.Source), Origin: o.Detail,
		})
	}
	if s.profile.ClientAuth == string(provider.AuthPrivateKey) {
		v.Secrets = append(v.Secrets, render.SecretRow{Name: "client key", State: s.keyState()})
	} else {
		v.Secrets = append(v.Secrets, render.SecretRow{Name: "client secret", State: s.secretState(clientSecretVariable, tokenstore.ClientSecret)})
	}
	if s.profile.IntrospectionID != "" {
		v.Secrets = append(v.Secrets, render.SecretRow{Name: "introspection secret", State: s.secretState(introspectionSecretVariable, tokenstore.IntrospectionSecret)})
	}
	if len(s.profile.APIBase) > 0 {
		v.Secrets = append(v.Secrets, render.SecretRow{Name: "API headers", State: s.secretState(apiHeadersVariable, tokenstore.APIHeaders)})
	}
	return a.answer(ctx, v)
}

// keyState says where the client's private key would come from.
func (s *session) keyState() string {
	if s.profile.ClientKey != "" {
		return "read from its file at each use"
	}
	return s.secretState("", tokenstore.ClientKey)
}

// secretState says where a secret would come from, without opening the store.
func (s *session) secretState(variable string, kind tokenstore.SecretKind) string {
	if s.secretVariable(variable) != "" {
		return "from " + variable
	}
	if kind == tokenstore.ClientSecret && !s.builtInSecret().IsZero() {
		return "built in: it opens nothing but the emulator"
	}
	o, err := s.storeOptions()
	if err != nil {
		return "unknown: " + err.Error()
	}
	r, ok, err := tokenstore.ReadRecord(o, s.profile.Name)
	switch {
	case err != nil:
		return "unknown: " + err.Error()
	case !ok || !slices.Contains(r.Secrets, kind):
		return "none"
	case tokenstore.SecretGone(o, s.profile.Name, r, kind):
		return "missing: it is on record, and not in the store (" + string(r.Backend) + ") any more"
	case !r.SignedInAt.IsZero() && !s.binding().Same(r.Binding(s.profile.Name)): // the record says whose the login is, and not whose the secret
		return "kept in the store (" + string(r.Backend) + "); withheld if it belongs to another issuer or client id, as the login there does"
	case !s.binding().Same(r.Binding(s.profile.Name)):
		return "withheld: the one in the store belongs to another issuer or client id"
	}
	return "kept in the store (" + string(r.Backend) + ")"
}

func newProfileUseCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "use NAME",
		Short:   "Make a profile the default",
		Example: "  simsid profile use school",
		Args:    oneArgument("the name of a profile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runProfileUse(cmd.Context(), a, args[0])
		},
		ValidArgsFunction: a.completeProfiles,
	}
}

func runProfileUse(ctx context.Context, a *app, name string) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	if err := config.Use(ctx, path, name); err != nil {
		return err
	}
	return a.answer(ctx, render.Done{Action: "default profile set", Profile: name, Text: "Profile " + name + " is now the default."})
}

func newProfileRemoveCmd(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a profile, its login and its secrets",
		Long: `Removes a profile from config.toml, and its login and secrets from the store.
A login that could still be refreshed isn't thrown away: sign out first, or
forget it with --force, which leaves it valid at the provider.`,
		Example: `  simsid logout -p school && simsid profile remove school`,
		Args:    oneArgument("the name of a profile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runProfileRemove(cmd.Context(), a, args[0], force)
		},
		ValidArgsFunction: a.completeProfiles,
	}
	cmd.Flags().BoolVar(&force, "force", false, "forget a login that lives, without revoking it")
	return cmd
}

// runProfileRemove clears the store first: a profile that is gone from the file could not be named any more to do it.
func runProfileRemove(ctx context.Context, a *app, name string, force bool) error {
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	if err := config.CheckName(name); err != nil {
		return err
	}
	o, err := a.storeOptions()
	if err != nil {
		return err
	}
	rec, kept, err := tokenstore.ReadRecord(o, name)
	if err != nil {
		return err
	}
	if !file.Has(name) && !kept {
		return a.unknownProfile(name)
	}
	if kept && rec.Refreshable && !rec.Ended && !force && !config.BuiltIn(name) { // what is built in opens nothing real
		return &hintedError{Code: exitUsage, Text: "profile " + name + " is signed in: removed now, its login would stay valid at " + rec.Issuer + ", and nobody could end it",
			Hints: []string{"sign out first: simsid logout -p " + name, "or forget the login without ending it: simsid profile remove " + name + " --force"}}
	}
	if kept {
		st, err := tokenstore.OpenRecorded(ctx, o, name)
		if err != nil {
			return &profileError{Profile: name, Err: err}
		}
		if err := st.Remove(ctx); err != nil {
			return &profileError{Profile: name, Err: err}
		}
	}
	if file.Has(name) {
		if err := config.Remove(ctx, file.Path(), name); err != nil {
			return err
		}
	}
	if kept && rec.Refreshable && !rec.Ended {
		a.line("warning", "its login wasn't revoked: the refresh token that was kept here stays valid at %s until it expires there", render.Safe(rec.Issuer))
	}
	gone := "Profile " + name + " is gone, with its login and its secrets."
	if config.BuiltIn(name) {
		gone = "Login and secrets of profile " + name + " are gone; the profile is built in, and stays."
	}
	return a.answer(ctx, render.Done{Action: "profile removed", Profile: name, Text: gone})
}
