package config

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestLoadMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "config.toml")
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, f.Path(), path)
	equal(t, f.Default(), "")
	equal(t, f.Names(), []string(nil))
	equal(t, f.Has("school"), false)
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Error("reading made the folder")
	}
}

// The zero File is an empty one.
func TestZeroFile(t *testing.T) {
	var f File
	equal(t, f.Default(), "")
	equal(t, f.Names(), []string(nil))
	equal(t, f.Has(""), false)
	if _, _, ok := f.Value("", "kind"); ok {
		t.Error("it has a value")
	}
}

func TestLoadFaultsOfThePath(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.toml")
	if err := os.WriteFile(big, []byte("# "+strings.Repeat("x", maxFile-1)), 0o600); err != nil {
		t.Fatal(err)
	}
	fits := filepath.Join(dir, "fits.toml")
	if err := os.WriteFile(fits, []byte("# "+strings.Repeat("x", maxFile-2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(fits); err != nil {
		t.Errorf("a file of exactly the limit: %v", err)
	}
	socket := filepath.Join(dir, "s")
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct{ path, problem string }{
		{dir, "isn't a file"},
		{socket, "isn't a file"},
		{filepath.Join(big, "config.toml"), "can't be read"},
		{big, "is larger than 1048576 bytes"},
	} {
		_, err := Load(c.path)
		got, ok := errors.AsType[*FileError](err)
		if !ok {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		equal(t, FileError{Path: got.Path, Problem: got.Problem}, FileError{Path: c.path, Problem: c.problem})
	}
}

func TestLoadReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	for _, body := range []string{school, strings.ReplaceAll(school, "\n", "\r\n"), "\xef\xbb\xbf" + school, strings.TrimRight(school, "\n")} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, f.Default(), "school")
		equal(t, f.Names(), []string{"school", "other"})
		equal(t, []bool{f.Has("school"), f.Has("other"), f.Has("School"), f.Has("")}, []bool{true, true, false, false})
		type value struct {
			values []string
			line   int
			ok     bool
		}
		read := func(profile, key string) value {
			v, line, ok := f.Value(profile, key)
			return value{v, line, ok}
		}
		equal(t, read("school", "issuer"), value{[]string{"https://sandbox.example/"}, 8, true})
		equal(t, read("school", "scopes"), value{[]string{"openid", "profile"}, 10, true})
		equal(t, read("other", "issuer"), value{[]string{"https://op.example"}, 18, true})
		equal(t, read("other", "scopes"), value{})
		equal(t, read("nobody", "kind"), value{})
	}
}

// Every way of writing that means the same.
func TestLoadForms(t *testing.T) {
	for _, body := range []string{
		"[profile.a]\nclient_id = \"x\"",
		"  [ profile . \"a\" ] # c\n\tclient_id\t=\t'x' # c",
		"['profile'.a]\n\"client_id\"='''x'''",
		"[profile.a]\nclient_id = \"\\u0078\"",
		"[profile.a]\nclient_id = \"\"\"\nx\"\"\"",
		"[profile]\n[profile.a]\nclient_id = \"x\"",
		"[profile.a]\nclient_id = \"x\"\n[profile]\n",
	} {
		want := meaning{profiles: []profileMeaning{{"a", map[string][]string{"client_id": {"x"}}}}}
		equal(t, mustParse(t, body).doc.meaning(), want)
	}
}

func TestLoadRefuses(t *testing.T) {
	const asTables = "profiles are tables: write [profile.NAME] and its keys below"
	for _, c := range []struct {
		name, body string
		want       FileError
	}{
		{"unknown key", "[profile.a]\nclient-id = \"x\"", FileError{Line: 2, Problem: `unknown key "client-id"`, Suggest: "client_id"}},
		{"unknown key, nothing near", "[profile.a]\n\ncolour = 1", FileError{Line: 3, Problem: `unknown key "colour"`}},
		{"unknown key with an escape", "[profile.a]\n\"\\u001b[2J\" = 1", FileError{Line: 2, Problem: `unknown key "…"`}},
		{"dotted key", "[profile.a]\nissuer.url = \"x\"", FileError{Line: 2, Problem: `unknown key "issuer.url"`, Suggest: "issuer"}},
		{"unknown key outside", "defualt = \"a\"", FileError{Line: 1, Problem: `unknown key "defualt"`, Suggest: "default"}},
		{"profile's key outside", "issuer = \"https://a\"", FileError{Line: 1, Problem: `unknown key "issuer": a profile's keys stand below its [profile.NAME]`}},
		{"other key outside", "colour = 1", FileError{Line: 1, Problem: `unknown key "colour"`}},
		{"unknown table", "[settings]\n", FileError{Line: 1, Problem: `unknown table "settings": profiles are tables named [profile.NAME]`, Suggest: "profile.settings"}},
		{"misspelt table", "[profiles.a]\n", FileError{Line: 1, Problem: `unknown table "profiles.a": profiles are tables named [profile.NAME]`, Suggest: "profile"}},
		{"list of tables", "[[profile.a]]\n", FileError{Line: 1, Problem: `"profile.a" is a list of tables, which this file has none of`}},
		{"unquoted dot", "[profile.a.b]\n", FileError{Line: 1, Problem: `a profile's name that has a dot stands in quotes: [profile."a.b"]`}},
		{"bad name", "[profile.\"../a\"]\n", FileError{Line: 1, Problem: "a profile's name must begin with a letter or a digit"}},
		{"empty name", "[profile.\"\"]\n", FileError{Line: 1, Problem: "a profile's name is empty"}},
		{"reserved name", "[profile.env]\n", FileError{Line: 1, Problem: `the name "env" is kept for the profile that flags and variables make`}},
		{"inline profile", "profile = { a = { kind = \"x\" } }", FileError{Line: 1, Problem: asTables}},
		{"dotted profile", "profile.a.kind = \"x\"", FileError{Line: 1, Problem: asTables}},
		{"inline below profile", "[profile]\na = { kind = \"x\" }", FileError{Line: 2, Problem: asTables}},
		{"duplicate table", "[profile.a]\n[profile.b]\n[profile.a]\n", FileError{Line: 3, Problem: "the table stands on line 1 already"}},
		{"duplicate in quotes", "[profile.a]\n[profile.\"\\u0061\"]\n", FileError{Line: 2, Problem: "the table stands on line 1 already"}},
		{"duplicate but for case", "[profile.a]\n[profile.A]\n", FileError{Line: 2, Problem: `profile "A" differs only in case from "a" on line 1`}},
		{"duplicate bare table", "[profile]\n[profile]\n", FileError{Line: 2, Problem: "the table stands on line 1 already"}},
		{"duplicate key", "[profile.a]\nkind = \"x\"\n\"kind\" = \"y\"", FileError{Line: 3, Problem: "kind is set on line 2 already"}},
		{"duplicate default", "default = \"a\"\ndefault = \"b\"", FileError{Line: 2, Problem: "default is set on line 1 already"}},
		{"default of no name", "default = \"a b\"", FileError{Line: 1, Problem: "a profile's name may have only letters, digits, '.', '_' and '-'"}},
		{"default isn't text", "default = 3", FileError{Line: 1, Problem: "default takes text in quotes, not a number"}},
		{"number", "[profile.a]\nclient_id = 12", FileError{Line: 2, Problem: "client_id takes text in quotes, not a number"}},
		{"truth", "[profile.a]\nclient_id = true", FileError{Line: 2, Problem: "client_id takes text in quotes, not true or false"}},
		{"date", "[profile.a]\nclient_id = 2026-11-21", FileError{Line: 2, Problem: "client_id takes text in quotes, not a date or time"}},
		{"list for text", "[profile.a]\nissuer = [\"x\"]", FileError{Line: 2, Problem: "issuer takes text in quotes, not a list"}},
		{"table for text", "[profile.a]\nissuer = {}", FileError{Line: 2, Problem: "issuer takes text in quotes, not a table"}},
		{"text for list", "[profile.a]\nscopes = \"openid\"", FileError{Line: 2, Problem: `scopes takes a list such as ["openid", "profile"], not text`}},
		{"mixed list", "[profile.a]\nscopes = [\"a\",\n 1]", FileError{Line: 2, Problem: "scopes takes a list of texts in quotes; a number is in it"}},
		{"long list", "[profile.a]\nscopes = [" + strings.Repeat("\"a\",", maxScopes+1) + "]", FileError{Line: 2, Problem: "scopes has more than 100 values"}},
		{"nested list", "[profile.a]\nscopes = [[\"a\"]]", FileError{Line: 2, Problem: "scopes takes a list of texts in quotes; a list is in it"}},
		{"built-in's kind", "[profile.emulator]\nkind = \"oidc\"", FileError{Line: 2, Problem: `the kind of the built-in profile "emulator" can't be changed; another name can have it`}},
		{"built-in's issuer", "[profile.emulator]\nissuer = \"https://a\"", FileError{Line: 2, Problem: `the issuer of the built-in profile "emulator" can't be changed; another name can have it`}},
		{"unquoted text", "[profile.a]\nissuer = https://a", FileError{Line: 2, Problem: "isn't TOML: text must stand in quotes"}},
		{"unquoted word", "[profile.a]\nstore = file", FileError{Line: 2, Problem: "isn't TOML: text must stand in quotes"}},
		{"open string", "[profile.a]\nissuer = \"https://a", FileError{Line: 2, Problem: "isn't TOML: unterminated basic string"}},
		{"no sign", "[profile.a]\nissuer\n", FileError{Line: 2, Problem: "isn't TOML: expected '=' after key"}},
		{"bad escape", "[profile.a]\nissuer = \"\\q\"\n", FileError{Line: 2, Problem: "isn't TOML: invalid escape character"}},
		{"two on a line", "[profile.a]\nkind = \"a\" store = \"file\"\n", FileError{Line: 2, Problem: "isn't TOML: expected newline"}},
		{"lone carriage return", "[profile.a]\nkind = \"a\"\rstore = \"file\"\n", FileError{Line: 2, Problem: "isn't TOML: expected newline"}},
		{"control character", "# \x00\n", FileError{Line: 1, Problem: "isn't TOML: control characters are not allowed in comments"}},
		{"invalid UTF-8", "[profile.a]\n# \xff\n", FileError{Line: 2, Problem: "invalid UTF-8"}},
		{"surrogate", "[profile.a]\n# \xed\xa0\x80\n", FileError{Line: 2, Problem: "invalid UTF-8"}},
		{"JSON", "{\"default\": \"a\"}", FileError{Line: 1, Problem: "isn't TOML: invalid character at start of key"}},
		{"depth", "default = " + strings.Repeat("[", 100_000), FileError{Line: 1, Problem: "isn't TOML: arrays and inline tables are nested more than the maximum of 10000 levels deep"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse("config.toml", []byte(c.body))
			c.want.Path = "config.toml"
			if !reflect.DeepEqual(err, &c.want) {
				t.Errorf("got  %#v\nwant %#v", err, &c.want)
			}
		})
	}
}

// A secret in the file is refused, wherever it stands and however broken the file is, and no part of it is repeated.
func TestLoadRefusesSecrets(t *testing.T) {
	const rest = " doesn't belong in this file: take the line out, and give a client secret by `simsid profile add NAME --client-secret-file FILE` or in SIMSID_CLIENT_SECRET"
	for _, c := range []struct {
		body string
		line int
		what string
	}{
		{"client_secret = \"hunter2\"", 1, "client_secret"},
		{"[profile.a]\nclient_secret = \"hunter2\"", 2, "client_secret"},
		{"[profile.a]\nclient-secret = \"hunter2\"", 2, "client_secret"},
		{"[profile.a]\nRefresh_Token = 'hunter2'", 2, "refresh_token"},
		{"[profile.a]\npassword = 7", 2, "password"},
		{"[profile.a]\nmy.secret.hunter2 = 1", 2, "secret"},
		{"[profile.a]\nsecret_hunter2 = 1", 2, "a secret"},
		{"[profile]\na.client_secret = \"hunter2\"", 2, "client_secret"},
		{"[secrets]\nx = \"hunter2\"", 1, "a secret"},
		{"[[token]]\nx = \"hunter2\"", 1, "token"},
		{"[profile.a]\nkind = \"x\"\nclient_secret = hunter2\n", 3, "client_secret"},
		{"[profile.a]\nkind = \"x\"\n\n# why\nclient_secret = \"hunter2\nstore = \"file\"", 5, "client_secret"},
		{"[profile.a]\nkind = \"x\"\n\"client_secret\" = hunter2\n", 3, "client_secret"},
		{"[profile.a]\nclient_secret: hunter2\n", 2, "a secret"},
		{"[profile.a]\nexport SIMSID_CLIENT_SECRET=hunter2\n", 2, "a secret"},
		{"[profile.a]\nclient_secret = \"\"\"\nhunter2", 2, "client_secret"},
		{"[profile.a]\nclient_secret = \"\\hunter2\"", 2, "client_secret"},
	} {
		_, err := parse("config.toml", []byte(c.body))
		want := &FileError{Path: "config.toml", Line: c.line, Problem: c.what + rest}
		if !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%q:\ngot  %v\nwant %v", c.body, err, want)
		}
	}
}

// Nothing of a value that may be a secret is in the message, though its key gives no hint.
func TestLoadShowsNoValue(t *testing.T) {
	for _, body := range []string{
		"[profile.a]\ncolour = \"Zunter2\"",
		"[profile.a]\nissuer = Zunter2",
		"[profile.a]\nissuer = \"x\" Zunter2",
		"[profile.a]\nissuer = \"\\Zunter2\"",
		"[profile.a]\nissuer = 7Zunter2",
		"[profile.a]\nissuer = \"Zunter2",
		"[profile.a]\nscopes = [Zunter2]",
		"[profile.a]\nissuer = +Zunter2",
		"x = { Z = Z }",
	} {
		_, err := parse("config.toml", []byte(body))
		if err == nil || strings.Contains(err.Error(), "Z") {
			t.Errorf("%q: %v", body, err)
		}
	}
}

// A profile may have a name that as a key would look like a secret.
func TestLoadProfileNamedToken(t *testing.T) {
	equal(t, mustParse(t, "[profile.token-test]\n").Names(), []string{"token-test"})
}

// What is wrong with a value is said when its profile is resolved: another profile works on.
func TestLoadLeavesValuesAlone(t *testing.T) {
	f := mustParse(t, "[profile.a]\nissuer = \"nonsense\"\n[profile.b]\nissuer = \"https://b.example\"\n")
	if _, err := Resolve(Layers{File: f, Profile: "b"}); err != nil {
		t.Error(err)
	}
	_, err := Resolve(Layers{File: f, Profile: "a"})
	want := &ValueError{Key: "issuer", Value: "nonsense", Origin: Origin{FromProfile, "config.toml:2"}, Problem: "must be an absolute address, beginning with https://"}
	equal(t, err, error(want))
}

// endless gives bytes without end, as a device does, and breaks when too many are taken.
type endless struct{ given int }

func (e *endless) Read(p []byte) (int, error) {
	e.given += len(p)
	if e.given > 4*maxFile {
		return 0, errors.New("too much was read")
	}
	return len(p), nil
}

func TestReadBounded(t *testing.T) {
	data, err := readBounded(&endless{})
	if err != nil || len(data) != maxFile+1 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}
