package config

import (
	"strings"
	"testing"
)

// testDefaults is a table of kinds like the real one.
func testDefaults(kind, environment string) map[string][]string {
	switch kind + "/" + environment {
	case "/":
		return map[string][]string{"kind": {"oidc"}}
	case "one/": // a kind that has one environment
		return map[string][]string{"environment": {"only"}}
	case "one/only":
		return map[string][]string{"issuer": {"https://only.example"}, "environment": {"ignored"}}
	case "simsid/", "simsid/sandbox":
		return map[string][]string{"client_auth": {"client_secret_post"}, "scopes": {"openid"}, "store": {"keyring"}}
	case "simsid/live":
		return map[string][]string{"client_auth": {"client_secret_post"}, "scopes": {"openid"}, "store": {"keyring"}, "issuer": {"https://live.example"}}
	case "oidc/":
		return map[string][]string{"scopes": {"openid", "profile"}, "store": {"keyring"}}
	case "emulator/":
		return map[string][]string{"issuer": {"https://emulator.example/"}, "scopes": {"openid"}, "store": {"auto"}, "client_id": {"sample"}}
	}
	return nil
}

func env(pairs ...string) func(string) string {
	return func(key string) string {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == key {
				return v
			}
		}
		return ""
	}
}

func TestResolve(t *testing.T) {
	const file = `[profile.school]
kind = "simsid"
environment = "sandbox"
issuer = "https://sandbox.example/"
pinned_issuer = "https://sandbox.example/"
client_id = "pm-sso-1"
scopes = ["openid", "profile", "openid"]
redirect_uri = "http://localhost:5454/"
post_logout_redirect_uri = "http://localhost:5454/out"
introspection_id = "api"
store = "file"

[profile.live]
kind = "simsid"
environment = "live"
client_id = "pm-sso-2"

[profile.plain]
issuer = "https://op.example"

[profile.only]
kind = "one"

[profile.emulator]
scopes = ["openid", "roles"]
`
	at := func(line string) Origin { return Origin{FromProfile, "config.toml:" + line} }
	flag := func(name string) Origin { return Origin{FromFlag, "--" + name} }
	variable := func(name string) Origin { return Origin{FromEnvironment, name} }
	kind := func(detail string) Origin { return Origin{FromKind, detail} }
	for _, c := range []struct {
		name   string
		layers Layers
		want   Profile
	}{
		{"everything from the file", Layers{Profile: "school"}, Profile{
			Name: "school", Kind: "simsid", Environment: "sandbox", Issuer: "https://sandbox.example/", PinnedIssuer: "https://sandbox.example/",
			ClientID: "pm-sso-1", ClientAuth: "client_secret_post", Scopes: []string{"openid", "profile"}, RedirectURI: "http://localhost:5454/",
			PostLogoutRedirectURI: "http://localhost:5454/out", IntrospectionID: "api", Store: "file",
			Origins: map[string]Origin{
				"kind": at("2"), "environment": at("3"), "issuer": at("4"), "pinned_issuer": at("5"), "client_id": at("6"), "client_auth": kind("kind simsid, environment sandbox"),
				"scopes": at("7"), "redirect_uri": at("8"), "post_logout_redirect_uri": at("9"), "introspection_id": at("10"), "store": at("11"),
			},
		}},
		{"every layer", Layers{
			Profile: "live",
			Flags:   map[string][]string{"scopes": {"openid,roles", "partner  openid"}},
			Getenv:  env("SIMSID_STORE=memory", "SIMSID_SCOPES=never", "SIMSID_CLIENT_ID="),
		}, Profile{
			Name: "live", Kind: "simsid", Environment: "live", Issuer: "https://live.example", ClientID: "pm-sso-2", ClientAuth: "client_secret_post",
			Scopes: []string{"openid", "roles", "partner"}, Store: "memory",
			Origins: map[string]Origin{
				"kind": at("14"), "environment": at("15"), "issuer": kind("kind simsid, environment live"), "client_id": at("16"),
				"client_auth": kind("kind simsid, environment live"), "scopes": flag("scope"), "store": variable("SIMSID_STORE"),
			},
		}},
		{"the general kind", Layers{Profile: "plain", Getenv: env("SIMSID_SCOPES=openid email,openid\n")}, Profile{
			Name: "plain", Kind: "oidc", Issuer: "https://op.example", Scopes: []string{"openid", "email"}, Store: "keyring",
			Origins: map[string]Origin{"kind": kind("kind"), "issuer": at("19"), "scopes": variable("SIMSID_SCOPES"), "store": kind("kind oidc")},
		}},
		{"a kind's only environment", Layers{Profile: "only"}, Profile{
			Name: "only", Kind: "one", Environment: "only", Issuer: "https://only.example",
			Origins: map[string]Origin{"kind": at("22"), "environment": kind("kind one"), "issuer": kind("kind one, environment only")},
		}},
		{"defaults follow an overridden kind", Layers{Profile: "plain", Flags: map[string][]string{"kind": {"simsid"}}}, Profile{
			Name: "plain", Kind: "simsid", Issuer: "https://op.example", ClientAuth: "client_secret_post", Scopes: []string{"openid"}, Store: "keyring",
			Origins: map[string]Origin{"kind": flag("kind"), "issuer": at("19"), "client_auth": kind("kind simsid"), "scopes": kind("kind simsid"), "store": kind("kind simsid")},
		}},
		{"built in, and changed by the file", Layers{Profile: "emulator", BuiltIn: map[string][]string{"kind": {"emulator"}, "scopes": {"openid"}, "client_id": {"built-in"}}}, Profile{
			Name: "emulator", Kind: "emulator", Issuer: "https://emulator.example/", ClientID: "built-in", Scopes: []string{"openid", "roles"}, Store: "auto",
			Origins: map[string]Origin{
				"kind": kind("built-in profile emulator"), "client_id": kind("built-in profile emulator"), "scopes": at("25"),
				"issuer": kind("kind emulator"), "store": kind("kind emulator"),
			},
		}},
		{"made of variables", Layers{Getenv: env("SIMSID_ISSUER=https://ci.example", "SIMSID_CLIENT_ID=ci")}, Profile{
			Name: "env", Kind: "oidc", Issuer: "https://ci.example", ClientID: "ci", Scopes: []string{"openid", "profile"}, Store: "keyring",
			Origins: map[string]Origin{
				"kind": kind("kind"), "issuer": variable("SIMSID_ISSUER"), "client_id": variable("SIMSID_CLIENT_ID"), "scopes": kind("kind oidc"), "store": kind("kind oidc"),
			},
		}},
		{"made of variables, by name", Layers{Profile: "env", Getenv: env("SIMSID_KIND=simsid", "SIMSID_ENVIRONMENT=live"), Flags: map[string][]string{"store": {"memory"}}}, Profile{
			Name: "env", Kind: "simsid", Environment: "live", Issuer: "https://live.example", ClientAuth: "client_secret_post", Scopes: []string{"openid"}, Store: "memory",
			Origins: map[string]Origin{
				"kind": variable("SIMSID_KIND"), "environment": variable("SIMSID_ENVIRONMENT"), "issuer": kind("kind simsid, environment live"),
				"client_auth": kind("kind simsid, environment live"), "scopes": kind("kind simsid, environment live"), "store": flag("store"),
			},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.layers.File, c.layers.Defaults = mustParse(t, file), testDefaults
			got, err := Resolve(c.layers)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range Settings() {
				if _, set := got.Origins[s.Key]; set != (got.Values(s.Key) != nil) {
					t.Errorf("%s has a value without an origin, or the reverse", s.Key)
				}
			}
			got.base = nil
			equal(t, got, c.want)
		})
	}
}

func TestResolveUnknownProfile(t *testing.T) {
	f := mustParse(t, school)
	for _, c := range []struct {
		layers Layers
		want   UnknownProfileError
	}{
		{Layers{}, UnknownProfileError{}},
		{Layers{Profile: "env"}, UnknownProfileError{Name: "env"}},
		{Layers{Getenv: env("SIMSID_CLIENT_ID=x", "SIMSID_ISSUER=")}, UnknownProfileError{}},
		{Layers{Profile: "shcool", File: f}, UnknownProfileError{Name: "shcool", Known: []string{"school", "other"}, Suggest: "school"}},
		{Layers{Profile: "School", File: f}, UnknownProfileError{Name: "School", Known: []string{"school", "other"}, Suggest: "school"}},
		{Layers{Profile: "", File: f}, UnknownProfileError{Known: []string{"school", "other"}}},
		// A name that was given isn't replaced by what the variables happen to say.
		{Layers{Profile: "gone", File: f, Getenv: env("SIMSID_ISSUER=https://ci.example")}, UnknownProfileError{Name: "gone", Known: []string{"school", "other"}}},
	} {
		_, err := Resolve(c.layers)
		equal(t, err, error(&c.want))
	}
}

func TestResolveRefusesValues(t *testing.T) {
	f := mustParse(t, "[profile.a]\nkind = \"oidc\"\nissuer = \"https://a.example\"\nstore = \"auto\"\n[profile.b]\nkind = \"Bad\"\n")
	for _, c := range []struct {
		name   string
		layers Layers
		want   ValueError
	}{
		{"name", Layers{Profile: "../a"}, ValueError{Key: "profile", Value: "…", Problem: "must begin with a letter or a digit"}},
		{"flag", Layers{Profile: "a", Flags: map[string][]string{"issuer": {"http://evil.example"}}}, ValueError{
			"issuer", "http://evil.example", Origin{FromFlag, "--issuer"}, "must be an https address, or http on loopback"}},
		{"empty flag", Layers{Profile: "a", Flags: map[string][]string{"issuer": {""}}}, ValueError{"issuer", "", Origin{FromFlag, "--issuer"}, "is empty"}},
		{"flag without values", Layers{Profile: "a", Flags: map[string][]string{"scopes": {}}}, ValueError{"scopes", "", Origin{FromFlag, "--scope"}, "is empty"}},
		{"flag without a kind", Layers{Profile: "a", Flags: map[string][]string{"kind": {}}}, ValueError{"kind", "", Origin{FromFlag, "--kind"}, "is empty"}},
		{"flag of commas", Layers{Profile: "a", Flags: map[string][]string{"scopes": {" , "}}}, ValueError{"scopes", "", Origin{FromFlag, "--scope"}, "is empty"}},
		{"flag twice", Layers{Profile: "a", Flags: map[string][]string{"client_id": {"x", "y"}}}, ValueError{"client_id", "x y", Origin{FromFlag, "--client-id"}, "must be one value"}},
		{"variable", Layers{Profile: "a", Getenv: env("SIMSID_ISSUER=https://jane:hunter2@a.example")}, ValueError{
			"issuer", "https://…@a.example", Origin{FromEnvironment, "SIMSID_ISSUER"}, "must hold no user name or password"}},
		{"kind of the file", Layers{Profile: "b"}, ValueError{"kind", "Bad", Origin{FromProfile, "config.toml:6"}, "must be a word of lower-case letters, digits and '-'"}},
		{"environment", Layers{Profile: "a", Getenv: env("SIMSID_ENVIRONMENT=a b")}, ValueError{
			"environment", "…", Origin{FromEnvironment, "SIMSID_ENVIRONMENT"}, "must be a word of lower-case letters, digits and '-'"}},
		{"default", Layers{Profile: "a", Defaults: func(kind, _ string) map[string][]string {
			if kind == "oidc" {
				return map[string][]string{"client_auth": {"magic"}}
			}
			return nil
		}}, ValueError{"client_auth", "magic", Origin{FromKind, "kind oidc"}, "must be client_secret_post, client_secret_basic, client_secret_basic_raw, private_key_jwt or none"}},
		{"auto for a real provider", Layers{Profile: "a", Defaults: testDefaults}, ValueError{
			"store", "auto", Origin{FromProfile, "config.toml:4"}, "is only for the emulator: for other kinds it must be keyring, file or memory"}},
		{"auto kept from an overridden kind", Layers{Profile: "e", Defaults: testDefaults, BuiltIn: map[string][]string{"kind": {"emulator"}, "store": {"auto"}},
			Flags: map[string][]string{"kind": {"oidc"}}}, ValueError{
			"store", "auto", Origin{FromKind, "built-in profile e"}, "is only for the emulator: for other kinds it must be keyring, file or memory"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.layers.File = f
			_, err := Resolve(c.layers)
			equal(t, err, error(&c.want))
		})
	}
}

// A value that is overridden may be wrong.
func TestResolveOverriddenFault(t *testing.T) {
	f := mustParse(t, "[profile.a]\nkind = \"Bad\"\nissuer = \"bad\"\n")
	p, err := Resolve(Layers{File: f, Profile: "a", Defaults: testDefaults, Flags: map[string][]string{"kind": {"simsid"}, "issuer": {"https://a.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, []bool{p.Overridden("kind"), p.Overridden("issuer"), p.Overridden("store")}, []bool{true, true, true})
}

func TestOverridden(t *testing.T) {
	f := mustParse(t, `[profile.a]
kind = "simsid"
environment = "live"
client_id = "x"
scopes = ["openid", "roles"]
pinned_issuer = "https://live.example/"

[profile.b]
kind = "simsid"
issuer = "https://b.example/"
pinned_issuer = "https://b.example/"
`)
	for _, c := range []struct {
		name   string
		layers Layers
		want   []string
		pinned string
	}{
		{"nothing", Layers{Profile: "a"}, nil, "https://live.example/"},
		{"another client", Layers{Profile: "a", Getenv: env("SIMSID_CLIENT_ID=y")}, []string{"client_id"}, "https://live.example/"},
		{"the same client", Layers{Profile: "a", Getenv: env("SIMSID_CLIENT_ID=x")}, nil, "https://live.example/"},
		{"the default's issuer, given", Layers{Profile: "a", Flags: map[string][]string{"issuer": {"https://live.example"}}}, nil, "https://live.example/"},
		{"with a slash", Layers{Profile: "a", Flags: map[string][]string{"issuer": {"https://live.example/"}}}, nil, "https://live.example/"},
		{"with two slashes", Layers{Profile: "a", Flags: map[string][]string{"issuer": {"https://live.example//"}}}, []string{"issuer", "pinned_issuer"}, ""},
		{"without its slash", Layers{Profile: "b", Getenv: env("SIMSID_ISSUER=https://b.example")}, nil, "https://b.example/"},
		{"another issuer", Layers{Profile: "b", Getenv: env("SIMSID_ISSUER=https://evil.example/")}, []string{"issuer", "pinned_issuer"}, ""},
		{"another issuer by a flag", Layers{Profile: "a", Flags: map[string][]string{"issuer": {"https://evil.example"}}}, []string{"issuer", "pinned_issuer"}, ""},
		{"another issuer by the environment's default", Layers{Profile: "a", Flags: map[string][]string{"environment": {"sandbox"}}}, []string{"environment", "issuer", "pinned_issuer"}, ""},
		{"other scopes", Layers{Profile: "a", Flags: map[string][]string{"scopes": {"roles openid"}}}, []string{"scopes"}, "https://live.example/"},
		{"the pinned issuer has no flag", Layers{Profile: "b", Flags: map[string][]string{"pinned_issuer": {"https://evil.example"}}}, nil, "https://b.example/"},
		{"made of variables", Layers{Getenv: env("SIMSID_ISSUER=https://ci.example", "SIMSID_CLIENT_ID=ci")}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.layers.File, c.layers.Defaults = f, testDefaults
			p, err := Resolve(c.layers)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range Settings() {
				if p.Overridden(s.Key) {
					got = append(got, s.Key)
				}
			}
			equal(t, got, c.want)
			equal(t, p.PinnedIssuer, c.pinned)
			if _, ok := p.Origins["pinned_issuer"]; ok != (c.pinned != "") {
				t.Error("the pinned issuer's origin doesn't go with it")
			}
		})
	}
	if p := (Profile{Issuer: "https://a.example"}); !p.Overridden("issuer") {
		t.Error("a profile that Resolve didn't make must count as overridden, so that nothing stored is used for it")
	}
}

// Defaults are asked for in order: the general kind, the kind's environment, then the rest.
func TestResolveOrder(t *testing.T) {
	var asked [][2]string
	f := mustParse(t, "[profile.a]\nenvironment = \"live\"\n")
	_, err := Resolve(Layers{File: f, Profile: "a", Defaults: func(kind, environment string) map[string][]string {
		asked = append(asked, [2]string{kind, environment})
		return testDefaults(kind, environment)
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]string{{"", ""}, {"oidc", ""}, {"oidc", "live"}}
	equal(t, asked[:3], want)
}

// What Resolve gives is its own: changing it changes neither the file nor the defaults.
func TestResolveCopies(t *testing.T) {
	f := mustParse(t, "[profile.a]\nscopes = [\"a\", \"b\"]\n[profile.b]\n")
	builtIn := map[string][]string{"scopes": {"c"}}
	for _, l := range []Layers{{File: f, Profile: "a"}, {File: f, Profile: "b", BuiltIn: builtIn}} {
		p, err := Resolve(l)
		if err != nil {
			t.Fatal(err)
		}
		p.Scopes[0] = "changed"
	}
	v, _, _ := f.Value("a", "scopes")
	equal(t, v, []string{"a", "b"})
	equal(t, builtIn, map[string][]string{"scopes": {"c"}})
	v[0] = "changed"
	v, _, _ = f.Value("a", "scopes")
	equal(t, v, []string{"a", "b"})
}

// A variable holds one parameter a line, since a parameter may hold spaces and commas.
func TestResolveParams(t *testing.T) {
	p, err := Resolve(Layers{Profile: EnvProfile, Getenv: func(name string) string {
		return map[string]string{"SIMSID_KIND": "oidc", "SIMSID_PARAMS": "a=b, c\r\nd=e f\n"}[name]
	}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, p.Params, []string{"a=b, c", "d=e f"})
}
