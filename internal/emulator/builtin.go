package emulator

import (
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// What the built-in client is, so that documentation can print it. A profile of the emulator has it as its own at every command; a command that only looks
// at the profile has no need of the emulator.
const (
	BuiltinClientID   = "pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00"
	BuiltinRedirect   = "http://127.0.0.1:0/callback"
	BuiltinPostLogout = "http://127.0.0.1:0/signed-out"
	builtinScope      = "partner"
	reportsClientID   = "pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f02"

	// They are printed in the documentation on purpose: they open nothing but the emulator, whose users are made up.
	builtinSecret      = "simsid-emulator-client-secret"  //nolint:gosec // a public value, see above
	reportsSecret      = "simsid-emulator-reports-secret" //nolint:gosec // a public value, see above
	builtinScopeSecret = "simsid-emulator-scope-secret"   //nolint:gosec // a public value, see above
)

// Builtin returns the configuration of an emulator that is given none: sample users, SIMS ID's scopes, and the client that
// simsid itself is.
func Builtin() *Config {
	return &Config{
		Rules:         RulesLocal,
		Providers:     []ProviderConfig{{Name: "external", Title: "Another identity provider"}},
		Organisations: sampleOrganisations(),
		Users:         sampleUsers(),
		Scopes:        simsScopes(),
		Clients:       []ClientConfig{builtinClient(), reportsClient()},
	}
}

func builtinClient() ClientConfig {
	return ClientConfig{
		ID:                     BuiltinClientID,
		Name:                   "simsid",
		Secret:                 token.NewSecret(builtinSecret),
		Flow:                   FlowCodeWithProofKey,
		RedirectURIs:           []string{BuiltinRedirect},
		PostLogoutRedirectURIs: []string{BuiltinPostLogout},
		AnyPort:                true,
		Scopes:                 builtinScopes(),
		ApplicationID:          "a9911ca0-0000-4000-8000-00000000a001",
		ApplicationName:        "simsid",
		VendorID:               "7e4d0000-0000-4000-8000-00000000a002",
	}
}

// reportsClient is a second application, so that there are two to share a sign-on.
func reportsClient() ClientConfig {
	c := builtinClient()
	c.ID, c.Name, c.Secret = reportsClientID, "Reports", token.NewSecret(reportsSecret)
	c.RedirectURIs, c.PostLogoutRedirectURIs = []string{"http://127.0.0.1:0/reports/callback"}, []string{"http://127.0.0.1:0/reports/signed-out"}
	c.ApplicationID, c.ApplicationName, c.VendorID = "a9911ca0-0000-4000-8000-00000000b001", "Reports", "7e4d0000-0000-4000-8000-00000000b002"
	return c
}

func builtinScopes() []string {
	return []string{"openid", "profile", "roles", "partner", singleOrganisation, severalOrganisations, offlineAccess}
}

func simsScopes() []ScopeConfig {
	return []ScopeConfig{
		{Name: openID, About: "Know who you are", Identity: true},
		{Name: "profile", About: "Your name", Identity: true},
		{Name: "roles", About: "Your roles at your organisation", Identity: true},
		{Name: builtinScope, About: "Your identity at the provider that you sign in with", Identity: true,
			Secret: token.NewSecret(builtinScopeSecret)},
		{Name: singleOrganisation, About: "The one organisation that you work for in this application"},
		{Name: severalOrganisations, About: "The organisations that you belong to, up to ten"},
		{Name: offlineAccess, About: "Go on working for you while you are away"},
		{Name: "partner-read", ClientsOnly: true},
		{Name: "partner-write", ClientsOnly: true},
		{Name: "partnerserverapplication", ClientsOnly: true},
		{Name: "simsserverapplication", ClientsOnly: true},
		{Name: "rapapi", ClientsOnly: true},
	}
}

// Local authority 999 and its schools don't exist; neither do the people.
func sampleOrganisations() []OrganisationConfig {
	out := []OrganisationConfig{
		{"a87b0000-0000-4000-8000-000000000002", "Greenfield Academy", "S", "9994001"},
		{"99AF0000-0000-4000-8000-000000000004", "Riverside Learning Trust", "M", "RLT00001"},
		{"22220000-0000-4000-8000-000000000006", "Oakfield Community Academy Trust", "MS", "9994002"},
		{"3a000000-0000-4000-8000-000000000008", "Northmoor Council", "L", "LA999"},
		{"4b000000-0000-4000-8000-00000000000a", "Fellside School Support", "O", "FSS00417"},
		{"5c000000-0000-4000-8000-00000000000c", "St Anne's Church of England Primary School", "S", "9993101"},
		{"6d000000-0000-4000-8000-00000000000e", "Hillcrest Sixth Form College", "S", "9998003"},
	}
	for i, name := range []string{
		"Ashdown", "Birchwood", "Cedar Lane", "Dovecote", "Elmbridge", "Foxhollow", "Grangewood", "Hawthorn", "Ivybridge Road",
		"Juniper Hill", "Kingsmead", "Larkrise",
	} {
		n := twoDigits(i + 1)
		out = append(out, OrganisationConfig{
			ID: "7e000000-0000-4000-8000-0000000002" + n, Name: name + " Primary School", Types: "S", Code: "99920" + n,
		})
	}
	return out
}

func twoDigits(n int) string {
	text := strconv.Itoa(n)
	return strings.Repeat("0", 2-len(text)) + text
}

func sampleUsers() []UserConfig {
	set := time.Date(2025, time.September, 1, 8, 30, 0, 0, time.UTC)
	sample := func(number int, login, name, about, role, guid string, at ...MembershipConfig) UserConfig {
		return UserConfig{
			Login: login, Name: name, Password: token.NewSecret("sample-" + login), About: about,
			Number: number, GUID: guid, SiteRole: role, PasswordSet: set, Organisations: at,
		}
	}
	at := func(code, userID string) MembershipConfig {
		return MembershipConfig{Organisation: code, UserID: userID}
	}
	var twelve []MembershipConfig
	for n := range 12 {
		twelve = append(twelve, at("99920"+twoDigits(n+1), "7e000000-0000-4000-8000-0000000001"+twoDigits(n+1)))
	}
	const (
		head      = "c4980000-0000-4000-8000-000000000001"
		manager   = "A9AB0000-0000-4000-8000-000000000003"
		principal = "11110000-0000-4000-8000-000000000005"
		officer   = "3a000000-0000-4000-8000-000000000007"
		engineer  = "4b000000-0000-4000-8000-000000000009"
		parent    = "5c000000-0000-4000-8000-00000000000b"
		hostile   = "8f000000-0000-4000-8000-000000000010"
		bursar    = "9a000000-0000-4000-8000-000000000011"
		governor  = "ab000000-0000-4000-8000-000000000012"
	)
	coded := sample(100209, "bursar", "Carys Morgan", "Bursar who needs a code from an app, too", "Bursar", bursar,
		at("9998003", bursar))
	coded.Factor = Factor{Kind: FactorTOTP, TOTP: token.NewSecret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")}
	spelled := sample(100210, "governor", "Wyn Parry", "Governor who needs a passphrase, too", "Governor", governor,
		at("9993101", governor))
	spelled.Factor = Factor{Kind: FactorPassphrase, Passphrase: token.NewSecret("three bells at noon")}
	return []UserConfig{
		sample(100201, "head", "Margaret Ellis", "Headteacher at a School", "Headteacher", head, at("9994001", head)),
		sample(100202, "manager", "David Okafor", "Business manager at a Multi Academy Trust", "Business Manager", manager,
			at("RLT00001", manager)),
		sample(100203, "principal", "Priya Sharma", "Principal at a School that is also a Multi Academy Trust", "Headteacher",
			principal, at("9994002", principal)),
		sample(100204, "officer", "Gareth Hughes", "Officer at a Local Authority", "Officer", officer, at("LA999", officer)),
		sample(100205, "engineer", "Sophie Turner", "Engineer at a Support Organisation", "Engineer", engineer,
			at("FSS00417", engineer)),
		sample(100206, "parent", "Amira Khan", "Parent with children at three Schools", "Parent", parent,
			at("9993101", parent), at("9994001", "5c000000-0000-4000-8000-0000000000b2"),
			at("9998003", "5c000000-0000-4000-8000-0000000000b3")),
		sample(100207, "consultant", "Thomas Whitfield", "Consultant at twelve Schools, of which a token names ten", "Consultant",
			"7e000000-0000-4000-8000-00000000000f", twelve...),
		coded, spelled,
		sample(100208, "hostile", "\x1b[31mRobin\x1b[0m <script>alert(1)</script> \u202etset\u202c & \"Co\"",
			"A name with terminal escapes, HTML and right-to-left marks", "Teacher", hostile, at("9994001", hostile)),
	}
}

// BuiltinClient returns the client that the embedded STS knows for simsid itself.
func BuiltinClient() Client { return clientOf(builtinClient()) }

// ReportsClient returns the second client that the embedded STS knows.
func ReportsClient() Client { return clientOf(reportsClient()) }

func clientOf(c ClientConfig) Client {
	return Client{
		ID: c.ID, Secret: c.Secret, RedirectURI: c.RedirectURIs[0], PostLogoutRedirectURI: c.PostLogoutRedirectURIs[0], Scopes: c.Scopes,
		IntrospectionScope: builtinScope, IntrospectionSecret: token.NewSecret(builtinScopeSecret),
	}
}

// Clients returns the clients that a site inside the binary knows, the one for simsid itself first.
func Clients(site Site) []Client {
	if site == SiteIMIS {
		return []Client{IMISClient()}
	}
	return []Client{BuiltinClient(), ReportsClient()}
}

// BuiltinOf returns the configuration of a site that is given none.
func BuiltinOf(site Site) *Config {
	if site == SiteIMIS {
		return BuiltinIMIS()
	}
	return Builtin()
}

// Users returns a site's sample users.
func Users(site Site) []User {
	var out []User
	for _, u := range BuiltinOf(site).Users {
		out = append(out, u.shown())
	}
	return out
}

func (u UserConfig) shown() User { return User{u.Login, u.Name, u.Password.Reveal(), u.About} }
