package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

// addProfileFlags gives cmd the flags that override keys of the profile.
func addProfileFlags(cmd *cobra.Command, keys ...string) {
	for _, s := range config.Settings() {
		for _, k := range keys {
			if s.Key != k || s.Flag == "" {
				continue
			}
			usage := nameValue(s, flagUsage(s))
			switch {
			case s.Whole():
				cmd.Flags().StringArray(s.Flag, nil, usage)
			case s.List:
				cmd.Flags().StringSlice(s.Flag, nil, usage)
			default:
				cmd.Flags().String(s.Flag, "", usage)
			}
			if s.Key == "id_hint" || s.Key == "par" { // the flag alone means yes
				cmd.Flags().Lookup(s.Flag).NoOptDefVal = "true"
			}
		}
	}
}

// flagUsage is a setting's sentence with the variable that does the same.
func flagUsage(s config.Setting) string {
	usage := s.Meaning
	if s.Env != "" {
		usage += " (" + s.Env + ")"
	}
	return usage
}

// nameValue marks the word of a list's sentence that help calls its value by: pflag has none but those of Go's types.
func nameValue(s config.Setting, usage string) string {
	for _, name := range []string{"name=value", "scopes", "addresses", "names"} {
		if (s.List || s.Whole()) && strings.Contains(usage, name) {
			return strings.Replace(usage, name, "`"+name+"`", 1)
		}
	}
	return usage
}

// profileFlagValues collects the profile's keys that were given as flags.
func profileFlagValues(cmd *cobra.Command) map[string][]string {
	values := map[string][]string{}
	for _, s := range config.Settings() {
		f := cmd.Flags().Lookup(s.Flag)
		if s.Flag == "" || f == nil || !f.Changed {
			continue
		}
		switch {
		case s.Whole():
			values[s.Key], _ = cmd.Flags().GetStringArray(s.Flag)
		case s.List:
			list, _ := cmd.Flags().GetStringSlice(s.Flag)
			values[s.Key] = fields(list)
		default:
			values[s.Key] = []string{f.Value.String()}
		}
	}
	return values
}

// fields splits list values at spaces too: --scope "openid profile".
func fields(list []string) []string {
	var out []string
	for _, v := range list {
		out = append(out, strings.Fields(v)...)
	}
	return out
}

// fileKeys are the keys of a profile that name a file.
func fileKeys() []string { return []string{"ca_file", "client_key", "tls_cert", "tls_key"} }

// wholePaths makes the files that are to be named in a profile ones that every folder finds, and says which aren't there.
func (a *app) wholePaths(values map[string][]string) map[string][]string {
	for _, key := range fileKeys() {
		if len(values[key]) != 1 || values[key][0] == "" || word.File(values[key][0]) == word.Hidden {
			continue
		}
		name := values[key][0]
		if whole, err := filepath.Abs(name); err == nil {
			name = whole
			values[key] = []string{whole}
		}
		if _, err := os.Stat(name); err != nil {
			a.line("warning", "%s: %s can't be read: %s", key, render.Safe(name), reason(err))
		}
	}
	return values
}
