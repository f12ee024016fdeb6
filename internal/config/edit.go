package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrProfileExists says that a profile can't be added because there is one of that name, upper and lower case being the
// same.
var ErrProfileExists = errors.New("the profile exists already")

// Add writes a new profile at the end of the file, leaving every other byte of it; values by key in Settings' order. The file is
// replaced atomically (0600 in a 0700 folder). The first profile becomes the default. Errors are ErrProfileExists, *ValueError
// and *FileError.
func Add(path, name string, values map[string][]string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if name == EnvProfile {
		return &ValueError{Key: "profile", Value: name, Problem: "is kept for the profile that flags and variables make"}
	}
	for key := range values {
		if _, ok := lookupSetting(key); !ok {
			return unknownKey(key)
		}
	}
	for _, s := range Settings() {
		if v, ok := values[s.Key]; ok {
			if err := checkNew(name, s, v); err != nil {
				return err
			}
		}
	}
	return edit(path, func(d *document) (*document, error) {
		for _, t := range d.tables {
			if strings.EqualFold(t.name, name) {
				return nil, fmt.Errorf("add profile %q: %w", name, ErrProfileExists)
			}
		}
		first := d.def == nil && len(d.meaning().profiles) == 0
		d, err := d.add(name, values)
		if err != nil || !first {
			return d, err
		}
		return d.setDefault(name)
	})
}

// Set changes one key of one profile in place, keeping comments and every other byte; nil values remove the key. For the built-in
// profile a table is made when there is none. Errors are *UnknownProfileError, *ValueError and *FileError.
func Set(path, name, key string, values []string) error {
	s, ok := lookupSetting(key)
	if !ok {
		return unknownKey(key)
	}
	if values != nil {
		if err := checkNew(name, s, values); err != nil {
			return err
		}
	}
	return edit(path, func(d *document) (*document, error) {
		switch {
		case d.table(name) != nil:
			return d.set(name, s, values)
		case name != BuiltInProfile:
			return nil, unknownProfile(&File{doc: d}, name)
		case values == nil:
			return d, nil
		}
		return d.add(name, map[string][]string{key: values})
	})
}

// Remove takes a profile out of the file, and the default if it was that. A comment directly above the profile's header
// goes with it. Errors are *UnknownProfileError and *FileError.
func Remove(path, name string) error {
	return edit(path, func(d *document) (*document, error) {
		if d.table(name) == nil {
			return nil, unknownProfile(&File{doc: d}, name)
		}
		d, err := d.remove(name)
		if err != nil || d.def == nil || d.def.values[0] != name {
			return d, err
		}
		return d.setDefault("")
	})
}

// Use makes a profile the default: one of the file, or the built-in one. Errors are *UnknownProfileError and *FileError.
func Use(path, name string) error {
	return edit(path, func(d *document) (*document, error) {
		if d.table(name) == nil && name != BuiltInProfile {
			return nil, unknownProfile(&File{doc: d}, name)
		}
		return d.setDefault(name)
	})
}

// checkNew checks a value that is to be written.
func checkNew(name string, s Setting, values []string) error {
	if name == BuiltInProfile && fixedInBuiltIn(s.Key) {
		return &ValueError{Key: s.Key, Value: showValue(s.Key, strings.Join(values, " ")), Problem: "can't be set: " + builtInProblem(s.Key)}
	}
	return checkValues(s, slices.Clone(values))
}

func unknownKey(key string) error {
	problem := "is no key of a profile"
	if near := nearest(key, settingKeys()); near != "" {
		problem += fmt.Sprintf("; %q is", near)
	}
	return &ValueError{Key: "key", Value: clip(key), Problem: problem}
}
