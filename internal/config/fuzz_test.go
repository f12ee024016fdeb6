package config

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// seeds are files that have something of everything.
func seeds() []string {
	return []string{
		"", school, strings.ReplaceAll(school, "\n", "\r\n"), "\xef\xbb\xbf" + school,
		"[profile]\n[profile.a]\nclient_id = '''\n[profile.b]\n# x'''\n# y\n[profile.\"b.c\"]",
		"# top\ndefault = \"emulator\" # c\n# a's\n[profile.a]\n#\n\n\n  kind='x'",
		"[profile.a]\nclient_secret = \"x\"",
		"[profile.a]\nclient_secret = x",
		"profile = { a = { kind = \"x\" } }",
		"[profile.a]\nscopes = [ 'a', # c\n \"\\u0041\", ]\n[[profile.b]]",
		"[profile.emulator]\nissuer='x'", "x = 2026-11-21T20:35:00Z", "\r", "[profile.a]\n[profile.A]", "a = \"\xff\"",
	}
}

// FuzzLoad: what Load takes, the library takes too, and both read the same; a fault has a place within the file.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		kept := bytes.Clone(data)
		d, err := parse("config.toml", data)
		if !bytes.Equal(kept, data) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			checkFault(t, data, err)
			return
		}
		if !bytes.Equal(slices.Concat(d.bom, d.body), data) {
			t.Fatal("the bytes aren't all there")
		}
		want := oracle(t, d.body)
		got := d.meaning()
		gotProfiles := map[string]map[string][]string{}
		for _, p := range got.profiles {
			gotProfiles[p.name] = p.values
		}
		if got.def != want.Default || !reflect.DeepEqual(gotProfiles, want.profiles) {
			t.Fatalf("got %#v, the library %#v", got, want)
		}
		for _, name := range (&File{doc: d}).Names() {
			// Resolving may refuse a value, but only with a *ValueError.
			_, err := Resolve(Layers{File: &File{path: "config.toml", doc: d}, Profile: name, Defaults: testDefaults})
			if _, ok := errors.AsType[*ValueError](err); err != nil && !ok {
				t.Fatal(err)
			}
		}
	})
}

func checkFault(t *testing.T, data []byte, err error) {
	t.Helper()
	fault, ok := errors.AsType[*FileError](err)
	if !ok || fault.Path != "config.toml" || fault.Problem == "" {
		t.Fatalf("%#v", err)
	}
	if lines := bytes.Count(data, []byte("\n")) + 1; fault.Line < 1 || fault.Line > lines {
		t.Fatalf("line %d of %d: %v", fault.Line, lines, err)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("a character that can't be seen: %q", err)
	}
}

type oracleFile struct {
	Default  string
	profiles map[string]map[string][]string
}

// oracle reads a file by the library alone.
func oracle(t *testing.T, body []byte) oracleFile {
	t.Helper()
	var all struct {
		Default string
		Profile map[string]map[string]any
	}
	if err := toml.NewDecoder(bytes.NewReader(body)).DisallowUnknownFields().Decode(&all); err != nil {
		t.Fatalf("the library refuses it: %v", err)
	}
	o := oracleFile{all.Default, map[string]map[string][]string{}}
	for name, table := range all.Profile {
		o.profiles[name] = map[string][]string{}
		for key, v := range table {
			switch v := v.(type) {
			case string:
				o.profiles[name][key] = []string{v}
			case []any:
				list := []string{}
				for _, e := range v {
					text, ok := e.(string)
					if !ok {
						t.Fatalf("%s has %T in its list", key, e)
					}
					list = append(list, text)
				}
				o.profiles[name][key] = list
			default:
				t.Fatalf("%s has %T", key, v)
			}
		}
	}
	return o
}

// FuzzEdit: no edit of a valid file fails, changes what another profile says, or loses a comment that isn't the edited
// part's own.
func FuzzEdit(f *testing.F) {
	for i, s := range seeds() {
		f.Add([]byte(s), uint8(i), uint8(i*7), "new.one", "pm-sso-1")
	}
	f.Fuzz(func(t *testing.T, data []byte, operation, which uint8, name, value string) {
		d, err := parse("config.toml", data)
		if err != nil || len(data)+len(value) > maxFile-1024 {
			return
		}
		before := d.meaning()
		target := name
		if len(before.profiles) > 0 {
			target = before.profiles[int(which)%len(before.profiles)].name
		}
		after, err := fuzzEdit(d, operation, target, name, value)
		if after == nil && err == nil {
			return // an edit that the exported functions don't make
		}
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		checkOthers(t, before, after.meaning(), target, name)
		if operation%5 < 2 && !keeps(d.body, after.body) {
			t.Fatalf("bytes were lost:\n%q\n%q", d.body, after.body)
		}
	})
}

// fuzzEdit makes one edit as the exported functions do after their checks.
func fuzzEdit(d *document, operation uint8, target, name, value string) (*document, error) {
	clientID, _ := lookupSetting("client_id")
	switch operation % 5 {
	case 0: // add
		taken := slices.ContainsFunc(d.tables, func(t *table) bool { return strings.EqualFold(t.name, name) })
		if taken || !isName(name) || name == EnvProfile || checkValue("client_id", value) != "" {
			return nil, nil
		}
		return d.add(name, map[string][]string{"client_id": {value}})
	case 1: // use
		if !isName(target) || d.def != nil { // what replaces bytes is case 3
			return nil, nil
		}
		return d.setDefault(target)
	case 2: // set
		if d.table(target) == nil || checkValue("client_id", value) != "" {
			return nil, nil
		}
		return d.set(target, clientID, []string{value})
	case 3: // take away
		if d.table(target) == nil {
			return nil, nil
		}
		d, err := d.set(target, clientID, nil)
		if err != nil {
			return nil, err
		}
		return d.setDefault(target)
	}
	if d.table(target) == nil {
		return nil, nil
	}
	d, err := d.remove(target)
	if err != nil {
		return nil, err
	}
	return d.setDefault("")
}

func isName(name string) bool { return CheckName(name) == nil }

func checkOthers(t *testing.T, before, after meaning, names ...string) {
	t.Helper()
	others := func(m meaning) map[string]map[string][]string {
		all := map[string]map[string][]string{}
		for _, p := range m.profiles {
			all[p.name] = p.values
		}
		maps.DeleteFunc(all, func(name string, _ map[string][]string) bool { return slices.Contains(names, name) })
		return all
	}
	if !reflect.DeepEqual(others(before), others(after)) {
		t.Fatalf("another profile was changed:\n%#v\n%#v", before, after)
	}
}

// keeps reports whether an insertion left what was there: after is before with something put in at one place.
func keeps(before, after []byte) bool {
	if len(after) < len(before) {
		return false
	}
	head := 0
	for head < len(before) && before[head] == after[head] {
		head++
	}
	return bytes.HasSuffix(after, before[head:])
}
