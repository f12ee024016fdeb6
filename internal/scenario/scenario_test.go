package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/token"
)

func mustParse(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("sts.toml", []byte(text), *emulator.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// An empty file is the embedded STS.
func TestEmpty(t *testing.T) {
	want := &Scenario{Port: -1, Config: *emulator.Builtin()}
	if got := mustParse(t, "# nothing\n"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Every key of a file reaches the field that it is for.
func TestEveryKey(t *testing.T) {
	got := mustParse(t, `
port = 0
https = true
issuer = "https://localhost:8454/"
rules = "sandbox"
as = "HEAD"

[[provider]]
name = "azure"
title = "Azure"

[[organisation]]
id = "a87b0000-0000-4000-8000-000000000002"
name = "Greenfield"
types = "S"
code = "9994001"

[[user]]
login = "head"
name = "Margaret"
password = "pw"
about = "Headteacher"
number = 7
guid = "c4980000-0000-4000-8000-000000000001"
site_role = "Head"
password_set = 2025-09-01
organisations = [ {organisation = "9994001", user_id = "c4980000-0000-4000-8000-000000000009"} ]
totp = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
claims.department = "Finance"
claims.role = ["a", "b"]
claims.site = []

[[user]]
login = "deputy"
name = "Dan"
password = "pw2"
password_set = 2025-09-01T08:30:00Z
organisations = ["a87b0000-0000-4000-8000-000000000002"]
passphrase = "correct horse"

[[scope]]
name = "lunch"
about = "Lunch"
identity = true
secret = "s"
clients_only = true
claims = ["department"]

[[client]]
id = "app"
name = "App"
secret = "secret"
disabled = true
flow = "Hybrid"
redirect_uris = ["https://localhost:5454/"]
any_port = true
scopes = ["openid", "lunch"]
token_type = "reference"
code_lifetime = 90
id_lifetime = "2m"
access_lifetime = "1h"
refresh_absolute = "30 days"
refresh_sliding = "1 day"
refresh_reusable = true
update_claims = true
consent = false
remember_consent = true
providers = ["idsrv", "azure"]
post_logout_redirect_uris = ["https://localhost:5454/out"]
logout_uri = "https://localhost:5454/front"
logout_session_required = true
sign_out_prompt = true
application_id = "a"
application_name = "b"
vendor_id = "c"

[[client.fault]]
kind = "refresh-refused"
times = 1

[[fault]]
kind = "status"
status = 503
retry_after = "30s"
endpoint = "token"
client = "app"

[[fault]]
kind = "clock-offset"
duration = "-5m"
`)
	off := false
	scopes := emulator.Builtin().Scopes
	scopes = append(scopes, emulator.ScopeConfig{
		Name: "lunch", About: "Lunch", Identity: true, Secret: token.NewSecret("s"), ClientsOnly: true, Claims: []string{"department"},
	})
	day := 24 * time.Hour
	want := &Scenario{
		Issuer: "https://localhost:8454/", Port: 0, HTTPS: true, As: "HEAD",
		Config: emulator.Config{
			Rules:     emulator.RulesSandbox,
			Providers: []emulator.ProviderConfig{{Name: "azure", Title: "Azure"}},
			Organisations: []emulator.OrganisationConfig{
				{ID: "a87b0000-0000-4000-8000-000000000002", Name: "Greenfield", Types: "S", Code: "9994001"},
			},
			Users: []emulator.UserConfig{
				{
					Login: "head", Name: "Margaret", Password: token.NewSecret("pw"), About: "Headteacher", Number: 7,
					GUID: "c4980000-0000-4000-8000-000000000001", SiteRole: "Head", PasswordSet: time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC),
					Factor:        emulator.Factor{Kind: emulator.FactorTOTP, TOTP: token.NewSecret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")},
					Organisations: []emulator.MembershipConfig{{Organisation: "9994001", UserID: "c4980000-0000-4000-8000-000000000009"}},
					Claims: []emulator.ClaimConfig{
						{Name: "department", Values: []string{"Finance"}}, {Name: "role", Values: []string{"a", "b"}},
						{Name: "site", Values: []string{}},
					},
				},
				{
					Login: "deputy", Name: "Dan", Password: token.NewSecret("pw2"),
					PasswordSet:   time.Date(2025, 9, 1, 8, 30, 0, 0, time.UTC),
					Factor:        emulator.Factor{Kind: emulator.FactorPassphrase, Passphrase: token.NewSecret("correct horse")},
					Organisations: []emulator.MembershipConfig{{Organisation: "a87b0000-0000-4000-8000-000000000002"}},
				},
			},
			Scopes: scopes,
			Clients: []emulator.ClientConfig{{
				ID: "app", Name: "App", Secret: token.NewSecret("secret"), Disabled: true, Flow: emulator.FlowHybrid,
				RedirectURIs: []string{"https://localhost:5454/"}, AnyPort: true, Scopes: []string{"openid", "lunch"},
				TokenType: emulator.TokenReference, CodeLifetime: 90 * time.Second, IDLifetime: 2 * time.Minute,
				AccessLifetime: time.Hour, RefreshAbsolute: 30 * day, RefreshSliding: day, RefreshReusable: true, UpdateClaims: true,
				RequireConsent: &off, RememberConsent: true, Providers: []string{"idsrv", "azure"},
				PostLogoutRedirectURIs: []string{"https://localhost:5454/out"}, LogoutURI: "https://localhost:5454/front",
				LogoutSessionRequired: true, RequireSignOutPrompt: true, ApplicationID: "a", ApplicationName: "b", VendorID: "c",
				Faults: []emulator.Fault{{Kind: emulator.FaultRefreshRefused, Client: "app", Times: 1}},
			}},
		},
		Faults: []emulator.Fault{
			{Kind: emulator.FaultStatus, Client: "app", Endpoint: "token", Status: 503, RetryAfter: 30 * time.Second},
			{Kind: emulator.FaultClockOffset, Duration: -5 * time.Minute},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// user and client are what an entry needs besides the key under test.
const (
	someUser = "[[user]]\nlogin = \"x\"\nname = \"X\"\npassword = \"p\"\norganisations = [\"9994001\"]\n"
	someApp  = "[[client]]\nid = \"app\"\nsecret = \"s\"\nflow = \"Hybrid\"\nredirect_uris = [\"https://a.example/\"]\nscopes = [\"openid\"]\n"
)

// Whatever is wrong is told with its line, and without a secret.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Error
	}{
		{"unknown key", "port = 1\nprot = 2\n", Error{Line: 2, Problem: `a scenario has no key "prot"`, Word: "prot"}},
		{"unknown table", "[[clients]]\n", Error{Line: 1, Problem: `a scenario has no key "clients"`, Word: "clients"}},
		{"unknown key of a user", someUser + "pasword = \"hunter2\"\n", Error{Line: 6, Problem: `a user has no key "pasword"`, Word: "pasword"}},
		{"twice", "port = 1\nport = 2\n", Error{Line: 2, Problem: `"port" is set on line 1 already`}},
		{"table twice", someUser + "[user.claims]\n[user.claims]\n", Error{Line: 7, Problem: `"claims" stands on line 6 already`}},
		{"not TOML", "port = 1\nissuer = hunter2\n", Error{Line: 2, Problem: "isn't TOML: text must stand in quotes"}},
		{"not UTF-8", "port = 1\n# \xff\n", Error{Line: 2, Problem: "invalid UTF-8"}},
		{"port", "port = 65536\n", Error{Line: 1, Problem: "port must be a whole number from 0 to 65535"}},
		{"port as text", "port = \"80\"\n", Error{Line: 1, Problem: "port must be a whole number from 0 to 65535"}},
		{"flag", "https = 1\n", Error{Line: 1, Problem: "https must be true or false"}},
		{"rules", "rules = \"lvie\"\n", Error{
			Line: 1, Problem: `rules "lvie" isn't one of local, sandbox, live`, Word: "lvie", Known: []string{"local", "sandbox", "live"},
		}},
		{"rules of another type", "rules = 1\n", Error{Line: 1, Problem: "rules must be local, sandbox, live", Known: []string{"local", "sandbox", "live"}}},
		{"as", "\nas = \"haed\"\n", Error{Line: 2, Problem: `there is no user "haed"`, Word: "haed"}},
		{"list as table", "[user]\n", Error{Line: 1, Problem: "user is a list of tables: write [[user]] and its keys below"}},
		{"list of numbers", "user = [1]\n", Error{Line: 1, Problem: "user is a list of tables: write [[user]] and its keys below"}},
		{"missing", "\n[[provider]]\ntitle = \"x\"\n", Error{Line: 2, Problem: "a provider needs name"}},
		{"empty secret", someUser + "totp = \"\"\n", Error{Line: 6, Problem: "totp must be text in quotes, and not empty"}},
		{"two factors", someUser + "totp = \"a\"\npassphrase = \"b\"\n", Error{Line: 1, Problem: "a user has one second factor: totp or passphrase"}},
		{"bad base32", someUser + "totp = \"hunter2!\"\n", Error{Line: 6, Problem: "totp isn't base32 of at least 80 bits"}},
		{"short passphrase", someUser + "passphrase = \"hunter\"\n", Error{Line: 6, Problem: "passphrase has 6 characters, and can have 8 to 100"}},
		{"organisation", strings.Replace(someUser, "9994001", "999401", 1), Error{Line: 5, Problem: `there is no organisation "999401"`, Word: "999401"}},
		{"no organisations", "[[user]]\nlogin=\"x\"\nname=\"X\"\npassword=\"p\"\norganisations=[]\n", Error{
			Line: 5, Problem: `organisations must be a list of organisations by their id or code: ["9994001", {organisation = "LA999", user_id = "…"}]`,
		}},
		{"second organisation", someUser + "[[organisation]]\nid=\"a\"\nname=\"b\"\ntypes=\"S\"\ncode=\"9994001\"\n", Error{
			Line: 7, Problem: `id is "a", which isn't a GUID`,
		}},
		{"claim of the server", someUser + "[user.claims]\n\niss = \"x\"\n", Error{Line: 8, Problem: `claims is "iss", which the server gives itself`}},
		{"claim of another type", someUser + "claims.age = 4\n", Error{Line: 6, Problem: `the claim "age" must be text in quotes, or a list of texts`}},
		{"flow", strings.Replace(someApp, "Hybrid", "Hybird", 1), Error{
			Line: 4, Word: "Hybird",
			Problem: `flow "Hybird" isn't one of AuthorizationCode, AuthorizationCodeWithProofKey, Hybrid, HybridWithProofKey, Implicit, ClientCredentials, ResourceOwner`,
		}},
		{"redirect URI", strings.Replace(someApp, "https://a.example/", "nowhere", 1), Error{Line: 5, Problem: `redirect_uris is "nowhere", which isn't an absolute address`}},
		{"second redirect URI", strings.Replace(someApp, `"https://a.example/"`, "\"https://a.example/\",\n\n\"https://a.example/#f\"", 1), Error{
			Line: 7, Problem: `redirect_uris is "https://a.example/#f", and mustn't have a fragment`,
		}},
		{"scope of a client", strings.Replace(someApp, "openid", "opendi", 1), Error{Line: 6, Problem: `scopes is "opendi", which is no scope`}},
		{"lifetime", someApp + "access_lifetime = \"an hour\"\n", Error{
			Line: 7, Problem: `access_lifetime must be a length of time: "2s", "5m", "1h", "30 days", or a number of seconds`,
		}},
		{"negative lifetime", someApp + "access_lifetime = -1\n", Error{
			Line: 7, Problem: `access_lifetime must be a length of time: "2s", "5m", "1h", "30 days", or a number of seconds`,
		}},
		{"scope twice", "[[scope]]\nname=\"a\"\n[[scope]]\nname=\"a\"\n", Error{Line: 3, Problem: `the scope "a" stands on line 1 already`}},
		{"scope's claim", "[[scope]]\nname=\"a\"\nclaims=[\"iss\"]\n", Error{Line: 3, Problem: `claims is "iss", which the server gives itself`}},
		{"fault's status", "[[fault]]\nkind=\"status\"\nstatus=404\n", Error{Line: 3, Problem: "status is 404, and can be 500 or 503"}},
		{"fault's client", "[[fault]]\nkind=\"html\"\nclient=\"x\"\n", Error{Line: 3, Problem: `there is no client "x"`, Word: "x"}},
		{"fault without its length", "[[fault]]\nkind=\"clock-offset\"\n", Error{Line: 1, Problem: "duration is missing"}},
		{"client fault with a client", someApp + "[[client.fault]]\nkind=\"html\"\nclient=\"x\"\n", Error{Line: 9, Problem: `a fault has no key "client"`, Word: "client"}},
		{"deep", "x = " + strings.Repeat("[", 1001), Error{Line: 1, Problem: "brackets lie too deep within one another"}},
		{"long", strings.Repeat("#", maxFile+1), Error{Problem: "is larger than 1048576 bytes"}},
		{"long text", "issuer = \"" + strings.Repeat("x", 1001) + "\"", Error{Line: 1, Problem: "issuer must be text in quotes, of at most 1000 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.File = "sts.toml"
			_, err := Parse("sts.toml", []byte(c.text), *emulator.Builtin())
			got, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("%q tells a secret", err)
			}
			if c.want.Known == nil {
				if c.want.Word != "" && len(got.Known) == 0 {
					t.Error("nothing to suggest")
				}
				got.Known = nil
			}
			if !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
		})
	}
}

// The annotated file is a scenario, and has every key that there is.
func TestExample(t *testing.T) {
	got := mustParse(t, string(Example(emulator.SiteSTS)))
	if got.Port != 8454 || len(got.Config.Users) != 2 || len(got.Config.Clients) != 2 {
		t.Errorf("got %+v", got)
	}
	if !reflect.DeepEqual(got.Config.Clients[0].Secret.Reveal(), emulator.BuiltinClient().Secret.Reveal()) {
		t.Error("the client of simsid itself is another one")
	}
	// With what stands behind a # in force the file is a scenario too.
	full := regexp.MustCompile(`(?m)^# ((\[\[|[a-z_]+ = ).*)$`).ReplaceAllString(string(Example(emulator.SiteSTS)), "$1")
	full = strings.Replace(full, "totp = ", "# totp = ", 1)
	text := mustParse(t, strings.Replace(full, "disabled = true", "disabled = false", 1))
	if len(text.Faults) != 2 || text.As != "head" {
		t.Errorf("got %+v", text)
	}
	used := keysOf(t, full+"\ntotp = 1")
	for _, key := range allKeys() {
		if !slices.Contains(used, key) {
			t.Errorf("the key %s isn't in the annotated file", key)
		}
	}
}

func keysOf(t *testing.T, text string) []string {
	t.Helper()
	var keys []string
	for _, m := range regexp.MustCompile(`(?m)(?:^\[\[(?:client\.)?|^|[{,] )([a-z_]+)(?:\]\]| =)`).FindAllStringSubmatch(text, -1) {
		keys = append(keys, m[1])
	}
	return keys
}

// allKeys asks each reader for its keys, by giving it one that it can't have.
func allKeys() []string {
	strange := &table{entries: []*entry{{key: "no such key"}}}
	r := &reader{}
	var keys []string
	for _, fault := range []*Error{
		r.scenario(strange, &Scenario{}), r.provider(strange, &emulator.ProviderConfig{}),
		r.organisation(strange, &emulator.OrganisationConfig{}), r.user(strange, &emulator.UserConfig{}),
		r.scope(strange, &emulator.ScopeConfig{}), r.client(strange, &emulator.ClientConfig{}), r.fault(strange, &emulator.Fault{}),
	} {
		keys = append(keys, fault.Known...)
	}
	return append(keys, "user_id")
}

// The guide shows the annotated file as it is written.
func TestGuideShowsExample(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "emulator.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```toml\n")
	shown, _, ok := strings.Cut(rest, "```\n")
	if !ok || shown != string(Example(emulator.SiteSTS)) {
		t.Error("docs/emulator.md doesn't show what simsid emulator init writes")
	}
}
