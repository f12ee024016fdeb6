package tokenstore

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

// some seals to a few of the stanzas that a key makes.
type some struct {
	*key
	alter func([]*age.Stanza) []*age.Stanza
}

func (s some) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	all, err := s.key.Wrap(fileKey)
	return s.alter(all), err
}

func keyFor(t *testing.T, text string) *key {
	t.Helper()
	k, err := readKey(token.NewSecret(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Each of a sealed file's two stanzas opens it alone, without the identity or without the shortcut; nobody else's key and nothing that is damaged does.
func TestKey(t *testing.T) {
	plain := []byte("what is sealed")
	whole := func(all []*age.Stanza) []*age.Stanza { return all }
	only := func(kind string) func([]*age.Stanza) []*age.Stanza {
		return func(all []*age.Stanza) []*age.Stanza {
			return slices.DeleteFunc(all, func(s *age.Stanza) bool { return s.Type != kind })
		}
	}
	shortcut := func(change func(*age.Stanza)) func([]*age.Stanza) []*age.Stanza {
		return func(all []*age.Stanza) []*age.Stanza {
			all = only(shortcutType)(all)
			change(all[0])
			return all
		}
	}
	for name, test := range map[string]struct {
		alter func([]*age.Stanza) []*age.Stanza
		with  string
		err   error
		lazy  bool // it was opened without the curve
	}{
		"as it is":                           {whole, testIdentity, nil, true},
		"the shortcut alone":                 {only(shortcutType), testIdentity, nil, true},
		"without the shortcut":               {only("X25519"), testIdentity, nil, false},
		"another identity":                   {whole, otherIdentity, ErrSealKey, false},
		"another's shortcut":                 {only(shortcutType), otherIdentity, ErrSealKey, false},
		"no identity":                        {whole, "AGE-SECRET-KEY-1QQ", ErrBadKey, false},
		"another type":                       {shortcut(func(s *age.Stanza) { s.Type = "simsid2" }), testIdentity, ErrSealKey, false},
		"another salt":                       {shortcut(func(s *age.Stanza) { s.Args[0] = "AAAAAAAAAAAAAAAAAAAAAA" }), testIdentity, ErrSealKey, false},
		"a short salt":                       {shortcut(func(s *age.Stanza) { s.Args[0] = "AAAA" }), testIdentity, ErrSealKey, false},
		"a salt that is no base64":           {shortcut(func(s *age.Stanza) { s.Args[0] = "AAAAAAAAAAAAAAAAAAAAA=" }), testIdentity, ErrSealKey, false},
		"a salt too many":                    {shortcut(func(s *age.Stanza) { s.Args = append(s.Args, s.Args[0]) }), testIdentity, ErrSealKey, false},
		"a body that was changed":            {shortcut(func(s *age.Stanza) { s.Body[3] ^= 1 }), testIdentity, ErrSealKey, false},
		"a short body":                       {shortcut(func(s *age.Stanza) { s.Body = s.Body[:fileKeySize] }), testIdentity, ErrSealKey, false},
		"a damaged shortcut with the proper": {func(all []*age.Stanza) []*age.Stanza { all[1].Body[3] ^= 1; return all }, testIdentity, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			sealed, err := seal(plain, some{keyFor(t, testIdentity), test.alter})
			if err != nil {
				t.Fatal(err)
			}
			k := keyFor(t, test.with)
			got, err := unseal(sealed, k)
			if !errors.Is(err, test.err) || err == nil && !bytes.Equal(got, plain) {
				t.Errorf("got %q, %v, want %v", got, err, test.err)
			}
			if (k.id == nil) != (test.lazy || errors.Is(test.err, ErrBadKey)) {
				t.Errorf("was the identity parsed? %v", k.id != nil)
			}
		})
	}
	if _, err := keyFor(t, "AGE-SECRET-KEY-1QQ").Wrap(make([]byte, fileKeySize)); !errors.Is(err, ErrBadKey) {
		t.Errorf("sealed with no key: %v", err)
	}
}

// Two files of one key have nothing of their headers in common but the words: each has a salt of its own.
func TestKeyShortcutsDiffer(t *testing.T) {
	k := keyFor(t, testIdentity)
	fileKey := make([]byte, fileKeySize)
	first, err := k.Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	second, err := k.Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if first[i].Args[0] == second[i].Args[0] || bytes.Equal(first[i].Body, second[i].Body) {
			t.Errorf("%s: the same twice", first[i].Type)
		}
	}
}
