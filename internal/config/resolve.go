package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/word"
)

// Layers are the inputs of Resolve.
type Layers struct {
	File     *File
	Profile  string                                             // name, already chosen
	Flags    map[string][]string                                // by key; only those given
	Getenv   func(string) string                                // the environment
	Defaults func(kind, environment string) map[string][]string // the kind's defaults, by key
	BuiltIn  map[string][]string                                // values of a profile that exists without a file (emulator); nil for others
}

// UnknownProfileError says that there is no such profile.
type UnknownProfileError struct {
	Name    string // "" when none was named and there is no default
	Known   []string
	Suggest string // a known name near to it; "" if none
}

// Error names the profile.
func (e *UnknownProfileError) Error() string {
	if e.Name == "" {
		return "no profile is chosen"
	}
	return fmt.Sprintf("there is no profile %q", word.Name(e.Name, e.Known...))
}

// sourced is a value and where it came from.
type sourced struct {
	values []string
	origin Origin
}

// Resolve applies precedence: flag, environment, profile, values of a built-in profile, default of the kind. A variable
// that is empty counts as unset.
//
// The kind is settled first, then the environment, then everything else, since defaults hang on these two; a caller whose
// kinds have a general one gives it as Defaults("", "")["kind"], and a kind's only environment as
// Defaults(kind, "")["environment"]. Whether a kind exists is the caller's to check.
//
// Without a file a profile can be made of flags and variables alone: where l.Profile is "" or "env", and they give a kind
// or an issuer, the result is a profile named "env". An unknown profile is otherwise an *UnknownProfileError, and a value
// that can't be is a *ValueError. The pinned issuer holds only for the issuer that the file and the defaults give: where that is
// overridden, there is none.
func Resolve(l Layers) (Profile, error) {
	r, err := newResolver(l)
	if err != nil {
		return Profile{}, err
	}
	effective, err := r.pass(r.overriding)
	if err != nil {
		return Profile{}, err
	}
	base := effective
	if r.name != EnvProfile {
		// A fault of a value that is overridden stops nothing: what follows from it is then missing below.
		base, _ = r.pass(r.lasting)
	}
	if !sameValues(keyIssuer, effective[keyIssuer].values, base[keyIssuer].values) {
		delete(effective, keyPinnedIssuer)
	}
	return r.profile(effective, base)
}

// resolver is the work of one Resolve.
type resolver struct {
	Layers
	name  string
	table *table
}

func newResolver(l Layers) (*resolver, error) {
	r := &resolver{Layers: l, name: l.Profile}
	if r.File == nil {
		r.File = &File{}
	}
	if r.Getenv == nil {
		r.Getenv = func(string) string { return "" }
	}
	if r.Defaults == nil {
		r.Defaults = func(_, _ string) map[string][]string { return nil }
	}
	r.Defaults = remember(r.Defaults)
	if r.name != "" {
		if err := CheckName(r.name); err != nil {
			return nil, err
		}
	}
	r.table = r.File.doc.table(r.name)
	if r.table != nil || r.BuiltIn != nil {
		return r, nil
	}
	if (r.name == "" || r.name == EnvProfile) && (r.given(keyKind) || r.given(keyIssuer)) {
		r.name = EnvProfile
		return r, nil
	}
	return nil, unknownProfile(r.File, r.name)
}

// remember asks for the defaults of each kind and environment once: two passes and a check want them.
func remember(defaults func(kind, environment string) map[string][]string) func(kind, environment string) map[string][]string {
	known := map[string]map[string][]string{}
	return func(kind, environment string) map[string][]string {
		of := kind + "\x00" + environment
		d, ok := known[of]
		if !ok {
			d = defaults(kind, environment)
			known[of] = d
		}
		return d
	}
}

func unknownProfile(f *File, name string) error {
	names := f.Names()
	return &UnknownProfileError{Name: name, Known: names, Suggest: word.Nearest(name, names)}
}

// given reports whether a flag or a variable gives a key.
func (r *resolver) given(key string) bool {
	s, _ := lookupSetting(key)
	return r.Flags[key] != nil || s.Env != "" && r.Getenv(s.Env) != ""
}

// lookup finds a key's value in some of the layers.
type lookup func(s Setting) (sourced, bool)

// overriding looks through all layers above the kind's defaults.
func (r *resolver) overriding(s Setting) (sourced, bool) {
	if values, ok := r.Flags[s.Key]; ok && s.Flag != "" {
		return sourced{split(s, values), Origin{FromFlag, "--" + s.Flag}}, true
	}
	if s.Env != "" {
		if v := r.Getenv(s.Env); v != "" {
			return sourced{split(s, []string{v}), Origin{FromEnvironment, s.Env}}, true
		}
	}
	return r.lasting(s)
}

// lasting looks through the layers that are the same in each run.
func (r *resolver) lasting(s Setting) (sourced, bool) {
	if e := r.table.entry(s.Key); e != nil {
		return sourced{dedupe(e.values), Origin{FromProfile, fmt.Sprintf("%s:%d", r.File.path, e.line)}}, true
	}
	if values, ok := r.BuiltIn[s.Key]; ok && len(values) > 0 {
		return sourced{slices.Clone(values), Origin{FromKind, "built-in profile " + r.name}}, true
	}
	return sourced{}, false
}

// pass settles every key by one set of layers and the defaults that follow from it. Of what it settled before a fault it
// gives what it can.
func (r *resolver) pass(look lookup) (map[string]sourced, error) {
	settled := map[string]sourced{}
	kind, err := r.settleWord(settled, look, keyKind, r.Defaults("", ""), "kind")
	if err != nil {
		return settled, err
	}
	detail := "kind " + kind
	environment, err := r.settleWord(settled, look, keyEnvironment, r.Defaults(kind, ""), detail)
	if err != nil {
		return settled, err
	}
	if environment != "" {
		detail += ", environment " + environment
	}
	defaults := r.Defaults(kind, environment)
	for _, s := range settings {
		if s.Key != keyKind && s.Key != keyEnvironment {
			settle(settled, look, s, defaults, detail)
		}
	}
	return settled, nil
}

// settle finds one key's value in the layers or, beneath them, in the defaults.
func settle(settled map[string]sourced, look lookup, s Setting, defaults map[string][]string, detail string) {
	v, ok := look(s)
	if !ok && len(defaults[s.Key]) > 0 {
		v, ok = sourced{slices.Clone(defaults[s.Key]), Origin{FromKind, detail}}, true
	}
	if ok {
		settled[s.Key] = v
	}
}

// settleWord settles a key that defaults are looked up by, and checks it before that; "" when it isn't set.
func (r *resolver) settleWord(settled map[string]sourced, look lookup, key string, defaults map[string][]string, detail string) (string, error) {
	s, _ := lookupSetting(key)
	settle(settled, look, s, defaults, detail)
	v, ok := settled[key]
	if !ok {
		return "", nil
	}
	if err := check(key, v); err != nil {
		return "", err
	}
	return v.values[0], nil
}

// check gives a *ValueError with its origin for a value that can't be.
func check(key string, v sourced) error {
	s, _ := lookupSetting(key)
	err := checkValues(s, v.values)
	if fault, ok := errors.AsType[*ValueError](err); ok {
		fault.Origin = v.origin
	}
	return err
}

// profile checks the effective values and lays them out.
func (r *resolver) profile(effective, base map[string]sourced) (Profile, error) {
	p := Profile{Name: r.name, Origins: map[string]Origin{}, base: map[string][]string{}}
	for _, s := range settings {
		if v, ok := base[s.Key]; ok {
			p.base[s.Key] = v.values
		}
		v, ok := effective[s.Key]
		if !ok {
			continue
		}
		if err := check(s.Key, v); err != nil {
			return Profile{}, err
		}
		p.Origins[s.Key] = v.origin
		if s.List {
			*p.list(s.Key) = v.values
		} else {
			*p.field(s.Key) = v.values[0]
		}
	}
	return p, r.checkStore(p)
}

// checkStore lets a profile have "auto" only where that is the kind's own default: it may keep the key beside the sealed
// file, which is fit only for tokens that open nothing real.
func (r *resolver) checkStore(p Profile) error {
	if p.Store != "auto" || slices.Equal(r.Defaults(p.Kind, p.Environment)[keyStore], []string{"auto"}) {
		return nil
	}
	return &ValueError{Key: keyStore, Value: p.Store, Origin: p.Origins[keyStore],
		Problem: "is only for the emulator: for other kinds it must be keyring, file or memory"}
}

// split takes lists in flags and variables apart, at spaces, line ends and commas.
func split(s Setting, values []string) []string {
	if !s.List {
		return slices.Clone(values)
	}
	var parts []string
	for _, v := range values {
		if s.Whole() { // a variable holds one a line
			parts = append(parts, strings.FieldsFunc(v, func(r rune) bool { return r == '\n' || r == '\r' })...)
			continue
		}
		parts = append(parts, strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })...)
	}
	return dedupe(parts)
}

// dedupe drops repetitions: a list of scopes is a set.
func dedupe(values []string) []string {
	var once []string
	seen := map[string]bool{}
	for _, v := range values {
		if !seen[v] {
			once = append(once, v)
		}
		seen[v] = true
	}
	return once
}
