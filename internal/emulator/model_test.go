package emulator

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

func TestBuiltinConfigurationHolds(t *testing.T) {
	if problems := Builtin().Validate(); problems != nil {
		t.Errorf("problems %v", problems)
	}
	if problems := (&Config{}).Validate(); problems != nil {
		t.Errorf("problems of nothing at all: %v", problems)
	}
}

// Every check of a configuration, by what it says.
func TestConfigurationProblems(t *testing.T) {
	user := func(alter func(*UserConfig)) func(*Config) { return func(c *Config) { alter(&c.Users[0]) } }
	client := func(alter func(*ClientConfig)) func(*Config) { return func(c *Config) { alter(&c.Clients[0]) } }
	organisation := func(alter func(*OrganisationConfig)) func(*Config) {
		return func(c *Config) { alter(&c.Organisations[6]) } // nobody's but one user's
	}
	fault := func(f Fault) func(*Config) { return client(func(c *ClientConfig) { c.Faults = []Fault{f} }) }
	rows := []struct {
		alter func(*Config)
		want  Problem
	}{
		{func(c *Config) { c.Rules = "strict" }, Problem{"rules", `is "strict", and can be local, sandbox or live`}},
		{func(c *Config) { c.Providers[0].Name = "" }, Problem{"providers[0].name", "is missing"}},
		{func(c *Config) { c.Providers[0].Name = "a b" }, Problem{"providers[0].name", "holds something besides visible ASCII characters"}},
		{func(c *Config) { c.Providers[0].Name = "IDSRV" }, Problem{"providers[0].name", "is there twice"}},

		{organisation(func(o *OrganisationConfig) { o.Name = "" }), Problem{"organisations[6].name", "is missing"}},
		{organisation(func(o *OrganisationConfig) { o.Name = strings.Repeat("a", 201) }), Problem{"organisations[6].name", "is longer than 200 bytes"}},
		{organisation(func(o *OrganisationConfig) { o.Name = "\xff" }), Problem{"organisations[6].name", "isn't UTF-8"}},
		{organisation(func(o *OrganisationConfig) { o.ID = "6d000000-0000-4000-8000-00000000000g" }), Problem{"organisations[6].id", `is "6d000000-0000-4000-8000-00000000000g", which isn't a GUID`}},
		{organisation(func(o *OrganisationConfig) { o.ID = "6d000000-0000-4000-8000" }), Problem{"organisations[6].id", `is "6d000000-0000-4000-8000", which isn't a GUID`}},
		{organisation(func(o *OrganisationConfig) { o.ID = "6d000000x0000-4000-8000-00000000000e" }), Problem{"organisations[6].id", `is "6d000000x0000-4000-8000-00000000000e", which isn't a GUID`}},
		{organisation(func(o *OrganisationConfig) { o.ID = "A87B0000-0000-4000-8000-000000000002" }), Problem{"organisations[6].id", "is there twice"}},
		{organisation(func(o *OrganisationConfig) { o.Types = "" }), Problem{"organisations[6].types", "is missing"}},
		{organisation(func(o *OrganisationConfig) { o.Types = "S|M" }), Problem{"organisations[6].types", `is "S|M", and can be capital letters`}},

		{func(c *Config) { c.Scopes[7].Name = "a b" }, Problem{"scopes[7].name", "holds something besides visible ASCII characters"}},
		{func(c *Config) { c.Scopes[7].Name = "OpenID" }, Problem{"scopes[7].name", "is there twice"}},
		{func(c *Config) { c.Scopes[7].Secret = token.NewSecret(strings.Repeat("a", 101)) }, Problem{"scopes[7].secret", "is longer than 100 bytes"}},
		{func(c *Config) { c.Scopes[7].Claims = []string{"x", "sub"} }, Problem{"scopes[7].claims[1]", `is "sub", which the server gives itself`}},

		{user(func(u *UserConfig) { u.Login = "" }), Problem{"users[0].login", "is missing"}},
		{user(func(u *UserConfig) { u.Login = "a|b" }), Problem{"users[0].login", "holds a |, which parts the subject"}},
		{func(c *Config) { c.Users[1].Login = "HEAD" }, Problem{"users[1].login", "is there twice"}},
		{user(func(u *UserConfig) { u.Name = "" }), Problem{"users[0].name", "is missing"}},
		{user(func(u *UserConfig) { u.Password = token.Secret{} }), Problem{"users[0].password", "is missing"}},
		{user(func(u *UserConfig) { u.Number = -1 }), Problem{"users[0].number", "is below 0"}},
		{user(func(u *UserConfig) { u.GUID = "x" }), Problem{"users[0].guid", `is "x", which isn't a GUID`}},
		{user(func(u *UserConfig) { u.Organisations = nil }), Problem{"users[0].organisations", "is empty: a user belongs to at least one"}},
		{user(func(u *UserConfig) { u.Organisations[0].Organisation = "nowhere" }), Problem{"users[0].organisations[0].organisation", `is "nowhere", which is no organisation's id or code`}},
		{user(func(u *UserConfig) { u.Organisations = append(u.Organisations, u.Organisations[0]) }), Problem{"users[0].organisations[1].organisation", "is there twice"}},
		{user(func(u *UserConfig) { u.Organisations[0].UserID = "x" }), Problem{"users[0].organisations[0].user_id", `is "x", which isn't a GUID`}},
		{user(func(u *UserConfig) { u.Claims = []ClaimConfig{{"iss", nil}} }), Problem{"users[0].claims[0]", `is "iss", which the server gives itself`}},
		{user(func(u *UserConfig) { u.Claims = []ClaimConfig{{`a"b`, nil}} }), Problem{"users[0].claims[0]", "holds a quote or a backslash"}},
		{user(func(u *UserConfig) { u.Claims = []ClaimConfig{{"a", nil}, {"A", nil}} }), Problem{"users[0].claims[1]", "is there twice"}},
		{user(func(u *UserConfig) { u.Factor.Kind = "sms" }), Problem{"users[0].factor.kind", `is "sms", and can be none, totp or passphrase`}},
		{user(func(u *UserConfig) { u.Factor = Factor{Kind: FactorTOTP, TOTP: token.NewSecret("GEZDGNBV")} }), Problem{"users[0].factor.secret", "isn't base32 of at least 80 bits"}},
		{user(func(u *UserConfig) { u.Factor = Factor{Kind: FactorPassphrase, Passphrase: token.NewSecret("short")} }), Problem{"users[0].factor.passphrase", "has 5 characters, and can have 8 to 100"}},

		{client(func(c *ClientConfig) { c.ID = "" }), Problem{"clients[0].id", "is missing"}},
		{client(func(c *ClientConfig) { c.ID = strings.Repeat("a", 101) }), Problem{"clients[0].id", "is longer than 100 bytes"}},
		{func(c *Config) { c.Clients = append(c.Clients, c.Clients[0]) }, Problem{"clients[2].id", "is there twice"}},
		{client(func(c *ClientConfig) { c.Secret = token.Secret{} }), Problem{"clients[0].secret", "is missing: every client of SIMS ID has one"}},
		{client(func(c *ClientConfig) { c.Secret = token.NewSecret(strings.Repeat("a", 101)) }), Problem{"clients[0].secret", "is longer than 100 bytes"}},
		{client(func(c *ClientConfig) { c.Flow = "Code" }), Problem{"clients[0].flow", `is "Code", and can be AuthorizationCode, AuthorizationCodeWithProofKey, Hybrid, HybridWithProofKey, Implicit, ClientCredentials, ResourceOwner`}},
		{client(func(c *ClientConfig) { c.TokenType = "opaque" }), Problem{"clients[0].token_type", `is "opaque", and can be jwt or reference`}},
		{client(func(c *ClientConfig) { c.RedirectURIs = nil }), Problem{"clients[0].redirect_uris", "is empty, and flow AuthorizationCodeWithProofKey needs one"}},
		{client(func(c *ClientConfig) { c.RedirectURIs = []string{"/callback"} }), Problem{"clients[0].redirect_uris[0]", `is "/callback", which isn't an absolute address`}},
		{client(func(c *ClientConfig) { c.RedirectURIs = []string{"https://a/ b"} }), Problem{"clients[0].redirect_uris[0]", `is "https://a/ b", which isn't an absolute address`}},
		{client(func(c *ClientConfig) { c.RedirectURIs = []string{"https://a/#b"} }), Problem{"clients[0].redirect_uris[0]", `is "https://a/#b", and mustn't have a fragment`}},
		{client(func(c *ClientConfig) { c.RedirectURIs = []string{"https://a/#"} }), Problem{"clients[0].redirect_uris[0]", `is "https://a/#", and mustn't have a fragment`}},
		{client(func(c *ClientConfig) { c.RedirectURIs = []string{"JavaScript:alert(1)"} }), Problem{"clients[0].redirect_uris[0]", `is "JavaScript:alert(1)", which is a script and no address`}},
		{client(func(c *ClientConfig) { c.RedirectURIs = []string{"https://a/" + strings.Repeat("a", 400)} }), Problem{"clients[0].redirect_uris[0]", "is longer than 400 bytes"}},
		{client(func(c *ClientConfig) { c.PostLogoutRedirectURIs = []string{"x"} }), Problem{"clients[0].post_logout_redirect_uris[0]", `is "x", which isn't an absolute address`}},
		{client(func(c *ClientConfig) { c.LogoutURI = "x" }), Problem{"clients[0].logout_uri", `is "x", which isn't an absolute address`}},
		{client(func(c *ClientConfig) { c.Scopes = []string{"openid", "nothing"} }), Problem{"clients[0].scopes[1]", `is "nothing", which is no scope`}},
		{client(func(c *ClientConfig) { c.Providers = []string{"idsrv", "nobody"} }), Problem{"clients[0].providers[1]", `is "nobody", which is no identity provider`}},
		{client(func(c *ClientConfig) { c.AccessLifetime = -time.Second }), Problem{"clients[0].access_lifetime", "is below 0"}},
		{client(func(c *ClientConfig) { c.IDLifetime = time.Millisecond }), Problem{"clients[0].id_lifetime", "isn't a whole number of seconds"}},
		{client(func(c *ClientConfig) { c.RefreshSliding = 100_000 * time.Hour }), Problem{"clients[0].refresh_sliding", "is longer than ten years"}},

		{fault(Fault{Kind: FaultDelay}), Problem{"clients[0].faults[0].duration", "is 0s, and can be up to 10m"}},
		{fault(Fault{Kind: FaultStatus, Status: 404}), Problem{"clients[0].faults[0].status", "is 404, and can be 500 or 503"}},
		{fault(Fault{Kind: FaultClockOffset}), Problem{"clients[0].faults[0].duration", "is missing"}},
		{fault(Fault{Kind: FaultHTML, Times: -1}), Problem{"clients[0].faults[0].times", "is below 0"}},
		{fault(Fault{Kind: FaultHTML, RetryAfter: -1}), Problem{"clients[0].faults[0].retry_after", "is below 0"}},
	}
	for _, row := range rows {
		t.Run(row.want.Path+" "+row.want.Problem, func(t *testing.T) {
			c := Builtin()
			row.alter(c)
			got := c.Validate()
			if !slices.Contains(got, row.want) {
				t.Fatalf("got %q", got)
			}
			if others := slices.DeleteFunc(got, func(p Problem) bool { return p == row.want }); len(others) > 0 && !strings.HasSuffix(row.want.Path, "].id") {
				t.Errorf("and %q", others)
			}
			_, err := New(Options{Config: c, Now: (&clock{}).now, Rand: &counted{}})
			if refused, ok := errors.AsType[*ConfigError](err); !ok || !slices.Contains(refused.Problems, row.want) ||
				!strings.Contains(err.Error(), row.want.Path+" "+row.want.Problem) {
				t.Errorf("New: %v", err)
			}
		})
	}
}

// What is left out is filled in, and the caller's configuration stays as it is.
func TestConfigurationDefaults(t *testing.T) {
	c := &Config{
		Organisations: []OrganisationConfig{{"0a000000-0000-4000-8000-000000000001", "A School", "S", "1"}},
		Users:         []UserConfig{{Login: "One", Name: "One", Password: token.NewSecret("x"), Organisations: []MembershipConfig{{Organisation: "0A000000-0000-4000-8000-000000000001"}}}},
		Clients:       []ClientConfig{{ID: "app", Secret: token.NewSecret("x"), Flow: FlowCode, RedirectURIs: []string{specRedirect}, Scopes: []string{"openid"}}},
	}
	s, err := New(Options{Config: c, Now: (&clock{}).now, Rand: &counted{}})
	if err != nil {
		t.Fatal(err)
	}
	got, want := *s.lookupClient("app"), c.Clients[0]
	want.Name, want.TokenType, want.ApplicationName = "app", TokenJWT, "app"
	want.CodeLifetime, want.IDLifetime, want.AccessLifetime, want.RefreshAbsolute = 300*time.Second, 300*time.Second, time.Hour, 720*time.Hour
	want.ApplicationID, want.VendorID = got.ApplicationID, got.VendorID
	if !reflect.DeepEqual(got, want) || !isGUID(got.ApplicationID) || !isGUID(got.VendorID) || got.ApplicationID == got.VendorID {
		t.Errorf("client %+v, expected %+v", got, want)
	}
	if c.Clients[0].Name != "" {
		t.Error("New altered the caller's configuration")
	}
	u := s.lookupUser("ONE")
	if u == nil || !isGUID(u.guid) || u.guid != u.memberships[0].userID || u.number < 200_000 || u.number > 999_999 || u.passwordSet.IsZero() {
		t.Errorf("user %+v", u)
	}
	again, err := New(Options{Config: c, Now: (&clock{}).now, Rand: &counted{}})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.lookupUser("one"), u) {
		t.Error("another process makes other ids")
	}
	if s.lookupUser("head") != nil || s.lookupClient(BuiltinClientID) != nil {
		t.Error("the sample users and the built-in client are there too")
	}
	if problems := (&Config{Clients: c.Clients}).Validate(); problems != nil {
		t.Errorf("clients alone: %v", problems)
	}
}
