package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// school is a file that several tests read.
const school = `# Jane's configuration
default = "school"

# the sandbox that we were assigned
[profile.school]
kind = "simsid"
environment = "sandbox"
issuer = "https://sandbox.example/"   # from the welcome letter
client_id = "pm-sso-1"
scopes = [
  "openid",
  "profile", # the name
]
redirect_uri = "http://localhost:5454/"

[profile.other]
kind = "oidc"
issuer = "https://op.example"
`

func mustParse(t *testing.T, body string) *File {
	t.Helper()
	d, err := parse("config.toml", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return &File{path: "config.toml", doc: d}
}

// equal compares whole values.
func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestSettingsNames(t *testing.T) {
	type names struct {
		key, env, flag string
		list           bool
	}
	var got []names
	for _, s := range Settings() {
		got = append(got, names{s.Key, s.Env, s.Flag, s.List})
		// A flag's help takes what stands in backquotes for the name of its value.
		if s.Meaning == "" || strings.HasSuffix(s.Meaning, ".") || strings.ContainsAny(s.Meaning, "|`\n") {
			t.Errorf("the meaning of %s must be one sentence that fits into a table and a flag's help", s.Key)
		}
	}
	equal(t, got, []names{
		{"kind", "SIMSID_KIND", "kind", false},
		{"environment", "SIMSID_ENVIRONMENT", "environment", false},
		{"issuer", "SIMSID_ISSUER", "issuer", false},
		{"pinned_issuer", "", "", false},
		{"client_id", "SIMSID_CLIENT_ID", "client-id", false},
		{"client_auth", "SIMSID_CLIENT_AUTH", "client-auth", false},
		{"client_key", "SIMSID_CLIENT_KEY", "client-key", false},
		{"client_key_id", "SIMSID_CLIENT_KEY_ID", "client-key-id", false},
		{"client_key_alg", "SIMSID_CLIENT_KEY_ALG", "client-key-alg", false},
		{"assertion_audience", "SIMSID_ASSERTION_AUDIENCE", "assertion-audience", false},
		{"flow", "SIMSID_FLOW", "flow", false},
		{"scopes", "SIMSID_SCOPES", "scope", true},
		{"redirect_uri", "SIMSID_REDIRECT_URI", "redirect-uri", false},
		{"listen", "SIMSID_LISTEN", "listen", false},
		{"tls_cert", "SIMSID_TLS_CERT", "tls-cert", false},
		{"tls_key", "SIMSID_TLS_KEY", "tls-key", false},
		{"ca_file", "SIMSID_CA_FILE", "ca-file", false},
		{"post_logout_redirect_uri", "SIMSID_POST_LOGOUT_REDIRECT_URI", "post-logout-redirect-uri", false},
		{"introspection_id", "SIMSID_INTROSPECTION_ID", "introspection-id", false},
		{"response_type", "SIMSID_RESPONSE_TYPE", "response-type", false},
		{"response_mode", "SIMSID_RESPONSE_MODE", "response-mode", false},
		{"par", "SIMSID_PAR", "par", false},
		{"prompt", "SIMSID_PROMPT", "prompt", false},
		{"login_hint", "SIMSID_LOGIN_HINT", "login-hint", false},
		{"ui_locales", "SIMSID_UI_LOCALES", "ui-locales", false},
		{"max_age", "SIMSID_MAX_AGE", "max-age", false},
		{"acr_values", "SIMSID_ACR_VALUES", "acr-values", true},
		{"id_hint", "SIMSID_ID_TOKEN_HINT", "id-token-hint", false},
		{"params", "SIMSID_PARAMS", "param", true},
		{"refresh_usage", "SIMSID_REFRESH_USAGE", "refresh-usage", false},
		{"refresh_lifetime", "SIMSID_REFRESH_LIFETIME", "refresh-lifetime", false},
		{"api_base", "SIMSID_API_BASE", "api-base", true},
		{"store", "SIMSID_STORE", "store", false},
	})
}

// Every key that isn't a list has its field, and no other name has.
func TestFields(t *testing.T) {
	var p Profile
	for _, s := range Settings() {
		if (p.field(s.Key) == nil) != s.List || (p.list(s.Key) == nil) == s.List {
			t.Errorf("field of %s", s.Key)
		}
	}
	if p.field("client_secret") != nil {
		t.Error("there is a field for a secret")
	}
}

func TestCheckName(t *testing.T) {
	fault := func(name, problem string) error {
		return &ValueError{Key: "profile", Value: name, Problem: problem}
	}
	const chars = "may have only letters, digits, '.', '_' and '-'"
	const first = "must begin with a letter or a digit"
	for _, c := range []struct {
		name string
		want error
	}{
		{"school", nil},
		{"7.A_b-c", nil},
		{strings.Repeat("x", 64), nil},
		{strings.Repeat("x", 65), fault("…", "is longer than 64 bytes")},
		{"", fault("", "is empty")},
		{".", fault(".", first)},
		{"-p", fault("-p", first)},
		{"../x", fault("…", first)},
		{"a/b", fault("…", chars)},
		{`a\b`, fault("…", chars)},
		{"a b", fault("a b", chars)},
		{"a\n", fault("…", chars)},
		{"a\x00", fault("…", chars)},
		{"école", fault("…", first)},
		{"écol"[2:] + "é", fault("…", chars)},
		{"a\u0130", fault("…", chars)}, // its low byte alone would be a letter's
		{"a\u0161", fault("…", chars)},
	} {
		if got := CheckName(c.name); !reflect.DeepEqual(got, c.want) && (got != nil || c.want != nil) {
			t.Errorf("CheckName(%q) = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&FileError{Path: "/c/config.toml", Line: 3, Problem: "unknown key \"x\"", Suggest: "y"}, `/c/config.toml:3: unknown key "x"`},
		{&FileError{Path: "/c/config.toml", Problem: "can't be read", Err: errors.New("permission denied")}, "/c/config.toml: can't be read: permission denied"},
		{&UnknownProfileError{}, "no profile is chosen"},
		{&UnknownProfileError{Name: "a\x1b"}, `there is no profile "…"`},
		{&UnknownProfileError{Name: "Passw0rd"}, `there is no profile "…"`},
		{&UnknownProfileError{Name: "Schol1", Known: []string{"School1"}}, `there is no profile "Schol1"`},
		{&ValueError{Key: "store", Value: "disk", Problem: "must be x"}, `store "disk" must be x`},
		{&ValueError{Key: "store", Value: "disk", Problem: "must be x", Origin: Origin{FromEnvironment, "SIMSID_STORE"}}, `store "disk" must be x (from SIMSID_STORE)`},
	} {
		equal(t, c.err.Error(), c.want)
	}
}
