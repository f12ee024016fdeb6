package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/word"
)

// ErrProfileExists says that a profile can't be added because there is one of that name, upper and lower case being the
// same.
var ErrProfileExists = errors.New("the profile exists already")

// Add writes a new profile at the end of the file, leaving every other byte of it; values by key in Settings' order. The file is
// replaced atomically (0600 in a 0700 folder). The first profile becomes the default. Errors are ErrProfileExists, *ValueError
// and *FileError.
func Add(ctx context.Context, path, name string, values map[string][]string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if name == EnvProfile {
		return &ValueError{Key: "profile", Value: name, Problem: "is kept for the profile that flags and variables make"}
	}
	values = maps.Clone(values)
	maps.DeleteFunc(values, func(_ string, v []string) bool { return v == nil })
	if err := checkAll(name, values); err != nil {
		return err
	}
	return edit(ctx, path, func(d *document) (*document, error) {
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
func Set(ctx context.Context, path, name, key string, values []string) error {
	return SetAll(ctx, path, name, map[string][]string{key: values})
}

// SetAll is Set for several keys at once: all are changed or none, so that keys that belong together, such as the issuer and
// the pinned one, are never seen apart.
func SetAll(ctx context.Context, path, name string, changes map[string][]string) error {
	if err := checkAll(name, changes); err != nil {
		return err
	}
	return edit(ctx, path, func(d *document) (*document, error) {
		if d.table(name) == nil {
			if !BuiltIn(name) {
				return nil, unknownProfile(&File{doc: d}, name)
			}
			given := maps.Clone(changes)
			maps.DeleteFunc(given, func(_ string, values []string) bool { return values == nil })
			if len(given) == 0 {
				return d, nil
			}
			return d.add(name, given)
		}
		for _, s := range settings {
			values, ok := changes[s.Key]
			if !ok {
				continue
			}
			var err error
			if d, err = d.set(name, s, values); err != nil {
				return nil, err
			}
		}
		return d, nil
	})
}

// Remove takes a profile out of the file, and the default if it was that. A comment directly above the profile's header
// goes with it. Errors are *UnknownProfileError and *FileError.
func Remove(ctx context.Context, path, name string) error {
	return edit(ctx, path, func(d *document) (*document, error) {
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

// Use makes a profile the default: one of the file, or a built-in one. Errors are *UnknownProfileError and *FileError.
func Use(ctx context.Context, path, name string) error {
	return edit(ctx, path, func(d *document) (*document, error) {
		if d.table(name) == nil && !BuiltIn(name) {
			return nil, unknownProfile(&File{doc: d}, name)
		}
		return d.setDefault(name)
	})
}

// checkAll checks values that are to be written; nil ones stand for a key's removal.
func checkAll(name string, values map[string][]string) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		s, ok := lookupSetting(key)
		switch {
		case !ok:
			return unknownKey(key)
		case values[key] == nil:
			continue
		case BuiltIn(name) && fixedInBuiltIn(key):
			return &ValueError{Key: key, Value: showValue(key, strings.Join(values[key], " ")), Problem: "can't be set: " + builtInProblem(name, key)}
		}
		if err := checkValues(s, values[key]); err != nil {
			return err
		}
	}
	return nil
}

func unknownKey(key string) error {
	problem := "is no key of a profile"
	if near := word.Nearest(key, settingKeys()); near != "" {
		problem += fmt.Sprintf("; %q is", near)
	}
	return &ValueError{Key: "key", Value: word.Repeated(key, settingKeys()...), Problem: problem}
}
