package cli

import (
	"cmp"
	"strings"

	"github.com/simsid/simsid/internal/config"
)

// setLine is what gives one key of a profile a value that is ready for a shell: the command that edits the profile, or, for the one that
// variables make and no command can edit, the variable. profile is "" where nobody knows it.
func setLine(profile, key, value string) string {
	for _, setting := range config.Settings() {
		switch {
		case setting.Key != key:
		case profile == config.EnvProfile:
			return variableLine(setting.Env, value)
		default:
			return "simsid profile edit " + cmp.Or(profile, "NAME") + " --" + setting.Flag + " " + value
		}
	}
	return ""
}

// variableLine is a variable with its value; without one it is taken away.
func variableLine(name, value string) string {
	if value == `""` {
		return "unset " + name
	}
	return name + "=" + value
}

// setLine gives the value where the one in force was said: a flag and a variable come before the profile.
func (s *session) setLine(key, value string) string {
	for _, setting := range config.Settings() {
		if setting.Key != key {
			continue
		}
		switch s.profile.Origins[key].Source {
		case config.FromFlag:
			return "--" + setting.Flag + " " + value
		case config.FromEnvironment:
			return variableLine(setting.Env, value)
		case config.FromProfile, config.FromKind:
		}
	}
	return setLine(s.profile.Name, key, value)
}

// secretHints say where a secret that is missing goes: into the store, by a flag of profile edit, or into the environment, which is all there
// is for a profile that variables make.
func (s *session) secretHints(flag, variable string) []string {
	if s.profile.Name == config.EnvProfile {
		return []string{"give it in " + variable}
	}
	return []string{
		"keep it in the store: simsid profile edit " + s.profile.Name + " --" + flag + " FILE  # - reads standard input",
		"or give it for this once: " + variable,
	}
}

// introspectionLine names a scope to ask with, and gives its secret.
func (s *session) introspectionLine() string {
	if s.profile.Name == config.EnvProfile {
		return "SIMSID_INTROSPECTION_ID=NAME, with the secret in " + introspectionSecretVariable
	}
	return "simsid profile edit " + s.profile.Name + " --introspection-id NAME --introspection-secret-file FILE"
}

// profileOf is the name in the " -p NAME" that hints end with, "" where there is none.
func profileOf(p string) string { return strings.TrimPrefix(p, " -p ") }
