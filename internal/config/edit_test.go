package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// edited runs an edit on a file that holds before, and returns what it holds then.
func edited(t *testing.T, before string, do func(path string) error) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	err := do(path)
	if fileError, ok := errors.AsType[*FileError](err); ok {
		fileError.Path = "config.toml"
	}
	after, readErr := os.ReadFile(path)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(after), err
}

func TestEdits(t *testing.T) {
	add := func(name string, values map[string][]string) func(string) error {
		return func(path string) error { return Add(t.Context(), path, name, values) }
	}
	set := func(name, key string, values ...string) func(string) error {
		return func(path string) error { return Set(t.Context(), path, name, key, values) }
	}
	remove := func(name string) func(string) error {
		return func(path string) error { return Remove(t.Context(), path, name) }
	}
	use := func(name string) func(string) error {
		return func(path string) error { return Use(t.Context(), path, name) }
	}
	oidc := map[string][]string{"kind": {"oidc"}}

	for _, c := range []struct {
		name          string
		do            func(string) error
		before, after string
	}{
		{"add the first", add("a", map[string][]string{"store": {"file"}, "scopes": {"openid", "x"}, "kind": {"oidc"}, "client_id": {`q"\`}, "issuer": nil}),
			"", "default = \"a\"\n\n[profile.a]\nkind = \"oidc\"\nclient_id = \"q\\\"\\\\\"\nscopes = [\"openid\", \"x\"]\nstore = \"file\"\n"},
		{"add to comments", add("a", oidc), "# mine", "# mine\n\ndefault = \"a\"\n\n[profile.a]\nkind = \"oidc\"\n"},
		{"add another", add("b.c", oidc), "default = \"a\"\n[profile.a]\n", "default = \"a\"\n[profile.a]\n\n[profile.\"b.c\"]\nkind = \"oidc\"\n"},
		{"add where none is default", add("b", oidc), "[profile.a]\n", "[profile.a]\n\n[profile.b]\nkind = \"oidc\"\n"},
		{"add where the built-in one is default", add("b", oidc), "default = \"emulator\"\n", "default = \"emulator\"\n\n[profile.b]\nkind = \"oidc\"\n"},
		{"add behind a last line without end", add("b", oidc), "default='a'\r\n[profile.a] # x", "default='a'\r\n[profile.a] # x\r\n\r\n[profile.b]\r\nkind = \"oidc\"\r\n"},
		{"add behind a byte order mark", add("a", oidc), "\xef\xbb\xbf", "\xef\xbb\xbfdefault = \"a\"\n\n[profile.a]\nkind = \"oidc\"\n"},
		{"add nothing but the name", add("a", nil), "", "default = \"a\"\n\n[profile.a]\n"},

		{"set a value in place", set("a", "issuer", "https://new"), "[profile.a]\n\tissuer   =  'https://old'\t# why\nkind=\"x\"\n", "[profile.a]\n\tissuer   =  \"https://new\"\t# why\nkind=\"x\"\n"},
		{"set a list in place", set("a", "scopes", "x"), "[profile.a]\nscopes = [ 'a', # c\n  'b',\n] # end\n", "[profile.a]\nscopes = [\"x\"] # end\n"},
		{"set what it is already", set("a", "scopes", "a", "b"), "[profile.a]\nscopes = [ 'a', # c\n  'b' ]", "[profile.a]\nscopes = [ 'a', # c\n  'b' ]"},
		{"set a multi-line text", set("a", "client_id", "y"), "[profile.a]\nclient_id = '''\n[profile.b]\n# x'''\n[profile.c]\n", "[profile.a]\nclient_id = \"y\"\n[profile.c]\n"},
		{"set a quoted key", set("a", "client_id", "y"), "[profile.a]\n'client_id' = 'x'", "[profile.a]\n'client_id' = \"y\""},
		{"set a new key", set("a", "store", "file"), "[profile.a]\n  kind = 'x' # c\n# d\n\n[profile.b]\n", "[profile.a]\n  kind = 'x' # c\n  store = \"file\"\n# d\n\n[profile.b]\n"},
		{"set the only key", set("a", "store", "file"), "[profile.a] # c\n[profile.b]\n", "[profile.a] # c\nstore = \"file\"\n[profile.b]\n"},
		{"set behind a last line without end", set("a", "store", "file"), "[profile.a]\r\nkind='x'", "[profile.a]\r\nkind='x'\r\nstore = \"file\"\r\n"},
		{"set behind a header without end", set("a", "store", "file"), "[profile.a]", "[profile.a]\nstore = \"file\"\n"},
		{"set behind a list", set("a", "store", "file"), "[profile.a]\nscopes = [\n'a'\n]\n#x", "[profile.a]\nscopes = [\n'a'\n]\nstore = \"file\"\n#x"},
		{"set on the built-in one", set("emulator", "store", "file"), "default = \"a\"\n[profile.a]\n", "default = \"a\"\n[profile.a]\n\n[profile.emulator]\nstore = \"file\"\n"},
		{"set on the built-in one in an empty file", set("emulator", "store", "file"), "", "[profile.emulator]\nstore = \"file\"\n"},
		{"take away from the built-in one", set("emulator", "store"), "", ""},
		{"take a key away", set("a", "kind"), "[profile.a]\n# above\nkind = 'x' # c\nstore = 'file'\n", "[profile.a]\n# above\nstore = 'file'\n"},
		{"take a list away", set("a", "scopes"), "[profile.a]\r\nscopes = [\r\n'x', # c\r\n]\r\nkind='x'", "[profile.a]\r\nkind='x'"},
		{"take the last line away", set("a", "kind"), "[profile.a]\nkind = 'x'", "[profile.a]\n"},
		{"take away what isn't there", set("a", "store"), "[profile.a]\nkind = 'x'", "[profile.a]\nkind = 'x'"},

		{"remove the only one", remove("a"), "default = \"a\"\n\n[profile.a]\nkind = 'x'\n", ""},
		{"remove the first", remove("a"), "# top\n\n# a's\n# own\n[profile.a]\nkind = 'x'\n# old\n\n# b's\n[profile.b]\n", "# top\n\n# b's\n[profile.b]\n"},
		{"remove one in the middle", remove("b"), "[profile.a]\n\n[profile.b]\nkind = 'x'\n\n# stays\n\n[profile.c]\n", "[profile.a]\n\n# stays\n\n[profile.c]\n"},
		{"remove the last", remove("b"), "default = \"a\"\n[profile.a]\n\n[profile.b]\n", "default = \"a\"\n[profile.a]\n"},
		{"remove without gaps", remove("b"), "[profile.a]\n[profile.b]\n# c's\n[profile.c]\n", "[profile.a]\n# c's\n[profile.c]\n"},
		{"remove the last without an end", remove("b"), "[profile.a]\r\n\r\n[profile.b]\r\nkind='x'", "[profile.a]\r\n"},
		{"remove the default and keep what is around it", remove("a"), "# top\n\ndefault = 'a' # c\n\n# a's\n[profile.a]\n\n[profile.b]\n", "# top\n\n[profile.b]\n"},
		{"remove another than the default", remove("a"), "default = 'b'\n[profile.a]\n[profile.b]\n", "default = 'b'\n[profile.b]\n"},
		{"remove one whose text looks like a table", remove("a"), "[profile.a]\nclient_id = '''\n\n# x\n[profile.b]\n'''\n\n[profile.b]\n", "[profile.b]\n"},
		{"remove one behind such a text", remove("b"), "[profile.a]\nclient_id = '''\n# x'''\n[profile.b]\n", "[profile.a]\nclient_id = '''\n# x'''\n"},

		{"use another", use("b"), "default   = 'a' # c\n[profile.a]\n[profile.b]\n", "default   = \"b\" # c\n[profile.a]\n[profile.b]\n"},
		{"use the same", use("a"), "default = 'a'\n[profile.a]", "default = 'a'\n[profile.a]"},
		{"use where none is default", use("b"), "# top\n\n# a's\n[profile.a]\r\n[profile.b]", "# top\n\ndefault = \"b\"\n\n# a's\n[profile.a]\r\n[profile.b]"},
		{"use with line ends of another system", use("a"), "[profile.a]\r\n", "default = \"a\"\r\n\r\n[profile.a]\r\n"},
		{"use the built-in one", use("emulator"), "# top", "# top\ndefault = \"emulator\"\n"},
		{"use above a bare header", use("a"), "[profile]\n[profile.a]\n", "default = \"a\"\n\n[profile]\n[profile.a]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := edited(t, c.before, c.do)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, c.after)
		})
	}
}

func TestSetAll(t *testing.T) {
	const before = "[profile.a]\nissuer = 'https://old'\npinned_issuer = 'https://old/' # p\nkind = 'oidc'\n"
	got, err := edited(t, before, func(path string) error {
		return SetAll(t.Context(), path, "a", map[string][]string{"issuer": {"https://new"}, "pinned_issuer": nil, "store": {"file"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, "[profile.a]\nissuer = \"https://new\"\nkind = 'oidc'\nstore = \"file\"\n")

	got, err = edited(t, before, func(path string) error {
		return SetAll(t.Context(), path, "a", map[string][]string{"issuer": {"https://new"}, "store": {"disk"}})
	})
	equal(t, err, error(&ValueError{Key: "store", Value: "disk", Problem: "must be keyring, file, memory or auto"}))
	equal(t, got, before)
}

func TestEditsRefused(t *testing.T) {
	const valid = "default = 'a'\n[profile.a]\n"
	unknown := func(name, suggest string) error {
		return &UnknownProfileError{Name: name, Known: []string{"a"}, Suggest: suggest}
	}
	const broken = "default = 'a'\n[profile.a]\ncolour = 1\n"
	brokenError := &FileError{Path: "config.toml", Line: 3, Problem: `unknown key "colour"`}
	for _, c := range []struct {
		name   string
		before string
		do     func(path string) error
		want   error
	}{
		{"add a bad name", valid, func(p string) error { return Add(t.Context(), p, "a b", nil) }, CheckName("a b")},
		{"add the reserved name", valid, func(p string) error { return Add(t.Context(), p, "env", nil) }, &ValueError{Key: "profile", Value: "env", Problem: "is kept for the profile that flags and variables make"}},
		{"add an unknown key", valid, func(p string) error { return Add(t.Context(), p, "b", map[string][]string{"client-id": {"x"}}) }, &ValueError{Key: "key", Value: "client-id", Problem: `is no key of a profile; "client_id" is`}},
		{"add a secret", valid, func(p string) error {
			return Add(t.Context(), p, "b", map[string][]string{"client_secret": {"hunter2"}})
		}, &ValueError{Key: "key", Value: "client_secret", Problem: "is no key of a profile"}},
		{"add a bad value", valid, func(p string) error { return Add(t.Context(), p, "b", map[string][]string{"kind": {"B"}}) }, &ValueError{Key: "kind", Value: "B", Problem: "must be a word of lower-case letters, digits and '-'"}},
		{"add an empty value", valid, func(p string) error { return Add(t.Context(), p, "b", map[string][]string{"scopes": {}}) }, &ValueError{Key: "scopes", Problem: "is empty"}},
		{"add the built-in one's issuer", valid, func(p string) error {
			return Add(t.Context(), p, "emulator", map[string][]string{"issuer": {"https://x"}})
		},
			&ValueError{Key: "issuer", Value: "https://x", Problem: `can't be set: the issuer of the built-in profile "emulator" can't be changed; another name can have it`}},
		{"add to a broken file", broken, func(p string) error { return Add(t.Context(), p, "b", nil) }, brokenError},
		{"set on an unknown profile", valid, func(p string) error { return Set(t.Context(), p, "aa", "store", []string{"file"}) }, unknown("aa", "")},
		{"set an unknown key", valid, func(p string) error { return Set(t.Context(), p, "a", "colour", []string{"x"}) }, &ValueError{Key: "key", Value: "colour", Problem: "is no key of a profile"}},
		{"set a bad value", valid, func(p string) error { return Set(t.Context(), p, "a", "store", []string{"disk"}) }, &ValueError{Key: "store", Value: "disk", Problem: "must be keyring, file, memory or auto"}},
		{"set two values", valid, func(p string) error { return Set(t.Context(), p, "a", "store", []string{"file", "file"}) }, &ValueError{Key: "store", Value: "file file", Problem: "must be one value"}},
		{"set in a broken file", broken, func(p string) error { return Set(t.Context(), p, "a", "store", nil) }, brokenError},
		{"remove an unknown profile", valid, func(p string) error { return Remove(t.Context(), p, "other") }, unknown("other", "")},
		{"remove the built-in one", valid, func(p string) error { return Remove(t.Context(), p, "emulator") }, unknown("emulator", "")},
		{"remove nothing", valid, func(p string) error { return Remove(t.Context(), p, "") }, unknown("", "")},
		{"remove from a broken file", broken, func(p string) error { return Remove(t.Context(), p, "a") }, brokenError},
		{"use an unknown profile", valid, func(p string) error { return Use(t.Context(), p, "b") }, unknown("b", "")},
		{"use in a broken file", broken, func(p string) error { return Use(t.Context(), p, "a") }, brokenError},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := edited(t, c.before, c.do)
			equal(t, err, c.want)
			equal(t, got, c.before)
		})
	}
	for _, name := range []string{"a", "A"} {
		got, err := edited(t, valid, func(p string) error { return Add(t.Context(), p, name, nil) })
		if !errors.Is(err, ErrProfileExists) {
			t.Errorf("add %s: %v", name, err)
		}
		equal(t, got, valid)
	}
}

// An edit that would mean something else than it should writes nothing.
func TestReplaceChecksMeaning(t *testing.T) {
	d := mustParse(t, "[profile.a]\nkind = 'x'\n").doc
	want := d.meaning()
	_, err := d.replace(len(d.body), len(d.body), "store = 'file'\n", want)
	equal(t, err, error(&FileError{Path: "config.toml", Problem: "can't be edited: the result would not say what it should"}))
	_, err = d.replace(len(d.body), len(d.body), "x", want)
	equal(t, err, error(&FileError{Path: "config.toml", Line: 3, Problem: "isn't TOML: expected '=' after key"}))
	if next, err := d.replace(len(d.body), len(d.body), "# fine\n", want); err != nil || !strings.HasSuffix(string(next.body), "# fine\n") {
		t.Error(err)
	}
}

// Add and Remove together leave every byte as it was.
func TestAddRemoveIsNothing(t *testing.T) {
	for _, before := range []string{"", school, school + "\n\n", school + "# end\n", "# only\n", strings.ReplaceAll(school, "\n", "\r\n")} {
		got, err := edited(t, before, func(path string) error {
			return errors.Join(Add(t.Context(), path, "new.one", map[string][]string{"kind": {"oidc"}, "scopes": {"a"}}), Remove(t.Context(), path, "new.one"))
		})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, before)
	}
}

// An edit that makes the file too large to be read again writes nothing.
func TestEditKeepsTheLimit(t *testing.T) {
	before := "[profile.a]\n# " + strings.Repeat("x", maxFile-20)
	got, err := edited(t, before, func(path string) error { return Set(t.Context(), path, "a", "client_id", []string{"0123456789"}) })
	equal(t, err, error(&FileError{Path: "config.toml", Problem: "is larger than 1048576 bytes"}))
	if got != before {
		t.Error("the file was changed")
	}
}
