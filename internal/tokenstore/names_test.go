package tokenstore

import (
	"errors"
	"strings"
	"testing"
)

func TestFileStem(t *testing.T) {
	for name, want := range map[string]string{
		"school": "school", "a-b_c9": "a-b_c9", "School": "=53chool", "a.b": "a=2eb", "con": "=63on", "COM1": "=43=4f=4d1",
		"com1": "=63om1", "com10": "com10", "console": "console", "nul.txt": "nul=2etxt", "lpt9": "=6cpt9",
	} {
		if got := fileStem(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if back, ok := fromStem(fileStem(name)); !ok || back != name {
			t.Errorf("%s came back as %s, %t", name, back, ok)
		}
	}
}

func TestNamesThatNoProfileHas(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	for _, name := range []string{
		"", ".", "..", "../x", "a/b", `a\b`, "a b", "-a", ".a", "_a", "a\x00", "ä", "a=2e", "a:b", strings.Repeat("a", 65),
	} {
		b := school
		b.Profile = name
		if _, err := Choose(t.Context(), o, b, File, ""); !errors.Is(err, ErrName) {
			t.Errorf("choose %q: %v", name, err)
		}
		if _, err := Open(t.Context(), o, b, ""); !errors.Is(err, ErrName) {
			t.Errorf("open %q: %v", name, err)
		}
		if _, _, err := ReadRecord(o, name); !errors.Is(err, ErrName) {
			t.Errorf("read record %q: %v", name, err)
		}
	}
	if err := checkName(strings.Repeat("a", 64)); err != nil {
		t.Error(err)
	}
}

// TestProfilesDontMeet where file systems and keyrings ignore case.
func TestProfilesDontMeet(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	names := []string{"a", "A", "a.keyring", "a.emergency", "a.record"}
	for _, b := range []Backend{Keyring, File} {
		for i, n := range names {
			bind := school
			bind.Profile = n
			save(t, choose(t, o, bind, b), i)
		}
		for i, n := range names {
			bind := school
			bind.Profile = n
			wantLoad(t, open(t, o, bind), setNo(i))
		}
	}
	seen := map[string]string{}
	for _, n := range append(files(t, o), kr.names()...) {
		if other, ok := seen[strings.ToLower(n)]; ok {
			t.Errorf("%q and %q differ by case alone", n, other)
		}
		seen[strings.ToLower(n)] = n
	}
}

func TestKeyringLimits(t *testing.T) {
	for goos, want := range map[string]int{"linux": 0, "darwin": 2800, "windows": 2560} {
		if got := keyringLimit(goos); got != want {
			t.Errorf("%s: %d, want %d", goos, got, want)
		}
	}
}

func TestErrorsInWords(t *testing.T) {
	a, b := Binding{"p", "https://a/", "x"}, Binding{"p", "https://b/", "y"}
	for want, err := range map[string]error{
		"read /s/school.age: the key doesn't open the sealed file": &Error{Operation: "read", Path: "/s/school.age", Err: ErrSealKey},
		"probe keyring: the keyring is locked":                     &Error{Operation: "probe", Backend: Keyring, Err: ErrLocked},
		"draw: no login is kept":                                   &Error{Operation: "draw", Err: ErrNoLogin},
		`profile "p" is kept in backend "file", not "keyring"`:     &ConflictError{"p", Keyring, File},
		`what is kept for profile "p" belongs to issuer "https://a/", not "https://b/"`: &BindingError{
			"p", a, Binding{"p", "https://b/", "x"}},
		`what is kept for profile "p" belongs to client "x", not "y"`:                                           &BindingError{"p", a, Binding{"p", "https://a", "y"}},
		`what is kept for profile "p" belongs to client "x" at "https://a/", not to client "y" at "https://b/"`: &BindingError{"p", a, b},
		"the new tokens are kept in /s/e.age, because their own place failed: the keyring is locked":            &EmergencyError{"/s/e.age", ErrLocked},
		"damaged, or not simsid's; set aside as /s/g: cut":                                                      &DamagedError{"/s/f", "/s/g", errors.New("cut")},
		"its mode 0644 lets others in; mend it with: chmod 600 /s/f":                                            &PermissionError{"/s/f", modeProblem(0o644), "chmod 600 /s/f"},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
}
