package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/render"
)

func newProfileEditCmd(a *app) *cobra.Command {
	o := &profileAddOptions{}
	cmd := &cobra.Command{
		Use:   "edit NAME",
		Short: "Change a profile, or its secrets",
		Long: `Changes the keys that are given as flags and leaves everything else of
config.toml as it is; an empty value takes the key out. A secret goes into the
store, bound to the profile's issuer and client id.`,
		Example: `  simsid profile edit school --scope "openid profile roles partner"
  simsid profile edit school --client-secret-file secret.txt
  simsid profile edit school --api-base https://api.example.com/
  simsid profile edit school --api-header-file Ocp-Apim-Subscription-Key=-
  simsid profile edit school --store ""   # back to the default`,
		Args: oneArgument("the name of a profile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd, o.name = cmd, args[0]
			return runProfileEdit(cmd.Context(), a, o)
		},
		ValidArgsFunction: a.completeProfiles,
	}
	o.flags(cmd)
	return cmd
}

func runProfileEdit(ctx context.Context, a *app, o *profileAddOptions) error {
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	if !file.Has(o.name) && !config.BuiltIn(o.name) { // of which the file has a table once something is changed
		return a.unknownProfile(o.name)
	}
	changed := a.wholePaths(profileFlagValues(o.cmd))
	d := draft{name: o.name, values: currentValues(file, o.name)}
	for key, v := range changed {
		if slices.Equal(v, []string{""}) || len(v) == 0 {
			delete(d.values, key)
			changed[key] = nil
			continue
		}
		d.values[key] = v
	}
	if err := a.draftSecrets(ctx, o, &d); err != nil {
		return err
	}
	if len(changed) == 0 && d.secret.IsZero() && d.introspection.IsZero() && d.key.IsZero() && len(d.headers) == 0 {
		return &usageError{Problem: "nothing to change: give a flag", Command: o.cmd.CommandPath()}
	}
	// A new issuer makes the pinned spelling of the old one void.
	if _, ok := changed["issuer"]; ok && d.values["pinned_issuer"] != nil {
		delete(d.values, "pinned_issuer")
		changed["pinned_issuer"] = nil
	}
	s, err := a.draftSession(d, o.force)
	if err != nil {
		return err
	}
	if err := s.keepSecrets(ctx, d); err != nil {
		return &profileError{Profile: o.name, Err: err}
	}
	if err := config.SetAll(ctx, file.Path(), o.name, changed); err != nil {
		return err
	}
	if movesBinding(changed) {
		s.warnWithheld(d)
	}
	return a.answer(ctx, render.Done{
		Action: "profile changed", Profile: o.name, Text: "Profile " + o.name + " is changed.",
		Next: []string{"simsid profile show " + o.name + "  # see it"},
	})
}

// currentValues is what the file says of a profile.
func currentValues(file *config.File, name string) map[string][]string {
	values := map[string][]string{}
	for _, s := range config.Settings() {
		if v, _, ok := file.Value(name, s.Key); ok {
			values[s.Key] = v
		}
	}
	return values
}
