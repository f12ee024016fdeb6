package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// setLine is what gives one key of a profile a value that is ready for a shell: the command that edits the profile, or, for the one that
// variables make and no command can edit, the variable. profile is "" where nobody knows it.
func setLine(profile, key, value string) string {
	for _, setting := range config.Settings() {
		switch {
		case setting.Key != key:
		case profile == config.EnvProfile:
			return "export " + setting.Env + "=" + value
		default:
			return "simsid profile edit " + cmp.Or(profile, "NAME") + " --" + setting.Flag + " " + value
		}
	}
	return ""
}

// set is what to type or to change for keys to have other values, where the first of them was said: a key, its value, the next key. An empty
// value takes a key away.
func (s *session) set(keysAndValues ...string) string {
	p, settings := s.profile, config.Settings()
	var parts, unset []string
	from := p.Origins[keysAndValues[0]].Source
	byVariable := from == config.FromEnvironment || from != config.FromFlag && !s.inFile() && !config.BuiltIn(p.Name) // whose own keys no variable changes
	for i := 0; i+1 < len(keysAndValues); i += 2 {
		at := slices.IndexFunc(settings, func(setting config.Setting) bool { return setting.Key == keysAndValues[i] })
		if at < 0 {
			continue
		}
		name, value := "--"+settings[at].Flag+" ", keysAndValues[i+1]
		if byVariable {
			name = settings[at].Env + "="
		}
		switch {
		case value == "" && byVariable:
			unset = append(unset, "unset "+settings[at].Env)
		case value == "" && from == config.FromFlag:
			parts = append(parts, "leave --"+settings[at].Flag+" away")
		case value == "":
			parts = append(parts, name+`""`)
		default:
			parts = append(parts, name+shellWord(value))
		}
	}
	if byVariable {
		if len(parts) > 0 {
			unset = append([]string{"export " + strings.Join(parts, " ")}, unset...)
		}
		return strings.Join(unset, "; ")
	}
	if from == config.FromFlag {
		return strings.Join(parts, " ")
	}
	return "simsid profile edit " + p.Name + " " + strings.Join(parts, " ")
}

// inFile reports whether the profile is one of the configuration file, and can be edited there.
func (s *session) inFile() bool { return s.file != nil && s.file.Has(s.profile.Name) }

// secretHints say where a secret that is missing goes: into the store, by a flag of profile edit, or into the environment, which is all there
// is for a profile that variables make.
func (s *session) secretHints(flag, variable string) []string {
	if s.profile.Name == config.EnvProfile {
		return []string{"give it in " + variable}
	}
	if s.profile.Store == string(tokenstore.Memory) { // which keeps it no longer than a command runs
		return []string{"give it in " + variable, "or choose a store that keeps it: " + s.set("store", string(tokenstore.File))}
	}
	return []string{
		"keep it in the store, with - for standard input: simsid profile edit " + s.profile.Name + " --" + flag + " FILE",
		"or give it for this once: " + variable,
	}
}

// introspectionLine names a scope to ask with, and gives its secret.
func (s *session) introspectionLine() string {
	if s.profile.Name == config.EnvProfile {
		return "export SIMSID_INTROSPECTION_ID=NAME, with the secret in " + introspectionSecretVariable
	}
	return "simsid profile edit " + s.profile.Name + " --introspection-id NAME --introspection-secret-file FILE"
}

// profileOf is the name in the " -p NAME" that hints end with, "" where there is none.
func profileOf(p string) string { return strings.TrimPrefix(p, " -p ") }
