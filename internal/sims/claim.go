package sims

import (
	"slices"
	"strings"
)

// ClaimInfo says what a claim means.
type ClaimInfo struct {
	Name    string
	Meaning string // one sentence without a final stop
	Scope   string // the scope that brings it, or "a or b"; "" for all, or where it isn't known
}

// LookupClaim finds a claim of SIMS ID or of OpenID Connect by its name, which is case-sensitive. SIMS ID's meaning comes first where
// both know a name. A name of SIMS Next Gen (SIMSCX/…) is always known, if only as that.
func LookupClaim(name string) (ClaimInfo, bool) {
	if c, ok := findClaim(simsClaims[:], name); ok {
		return c, true
	}
	if c, ok := findClaim(standardClaims[:], name); ok {
		return c, true
	}
	if strings.HasPrefix(name, nextGen) && name != nextGen {
		return ClaimInfo{Name: name, Meaning: "a claim of SIMS Next Gen, without public documentation"}, true
	}
	return ClaimInfo{}, false
}

// LookupStandardClaim finds a claim that means the same at every provider.
func LookupStandardClaim(name string) (ClaimInfo, bool) { return findClaim(standardClaims[:], name) }

func findClaim(table []ClaimInfo, name string) (ClaimInfo, bool) {
	for _, c := range table {
		if c.Name == name {
			return c, true
		}
	}
	return ClaimInfo{}, false
}

// nextGen begins the claim names of SIMS Next Gen, the younger family of SIMS sign-in.
const nextGen = "SIMSCX/"

// Claims returns the claims of SIMS ID, organisations first. Sources are SIMS ID's public documentation and, for the claims that it
// doesn't list, issued tokens.
func Claims() []ClaimInfo { return slices.Clone(simsClaims[:]) }

// StandardClaims returns the names that mean the same at every provider: tokens (RFC 7519 section 4.1, RFC 7800, RFC 8693, RFC
// 9068), introspection (RFC 7662 section 2.2), logins (OpenID Connect Core 2 and 3.3.2.11, Front-Channel Logout 3) and people
// (OpenID Connect Core 5.1).
func StandardClaims() []ClaimInfo { return slices.Clone(standardClaims[:]) }

// eitherScope are the two scopes for organisations.
const eitherScope = scopeSingle + " or " + scopeSeveral

// simsClaims is laid out by the linker: every claim of a token is looked up in it.
//
//nolint:gochecknoglobals // a constant table
var simsClaims = [...]ClaimInfo{
	{claimSingle, "the one organisation signed in at: userid|organisationid|organisationtype", scopeSingle},
	{claimSeveral, "the user's organisations, up to ten: userid|organisationid|organisationtype each", scopeSeveral},
	{claimMultiple, `whether the user belongs to several organisations: "true" or "false", as text`, ""},
	{claimSite, "the organisation's code: a school's DfE number, else a code of at most 8 characters", ""},
	{claimRole, "the user's roles, as role@organisation", scopeRoles},
	{"sub", "the user, in five parts: number|GUID|login name|provider|GUID; the last may differ from token to token", ""},
	{"name", "the user's name", ""},
	{"idp", "the identity provider; idsrv is a SIMS ID login", ""},
	{"provider", "the identity provider that the user signed in with", ""},
	{claimProvider, "the user's id at the identity provider", ""},
	{"providername", "the identity provider's name", ""},
	{"applicationid", "the application that the token was issued to", eitherScope},
	{"applicationname", "the name of that application", eitherScope},
	{"vendorid", "the vendor of that application", eitherScope},
	{"homeorganisationidentifier", "the user's home organisation; not documented, seen in ID tokens", ""},
	{"SiteRole", "the user's role at the site; not documented, seen in ID tokens", ""},
	{"additionalrolespresent", "whether there are more roles than listed; not documented, seen in ID tokens", ""},
	{"launcher", "not documented, seen in ID tokens", ""},
	{"LastLoginTimestamp", `when the user last signed in, as in "Nov 21, 2026 20:35:00", without a time zone`, ""},
	{"PasswordChangedTimestamp", `when the password was last changed, as in "Nov 21, 2026 20:35:00", without a time zone`, ""},
	{nextGen + "OrganisationID", "the organisation (SIMS Next Gen)", ""},
	{nextGen + "ExternalID", "the user's SIMS external id (SIMS Next Gen)", ""},
	{nextGen + "Role", "the user's role (SIMS Next Gen)", ""},
	{nextGen + "TenantID", "the tenant (SIMS Next Gen)", ""},
	{nextGen + "UserType", "the kind of user (SIMS Next Gen)", ""},
}

// standardClaims is laid out by the linker.
//
//nolint:gochecknoglobals // a constant table
var standardClaims = [...]ClaimInfo{
	{"iss", "who issued it", ""},
	{"sub", "the subject: whom it is about", ""},
	{"aud", "whom it is meant for", ""},
	{"exp", "when it ends", ""},
	{"nbf", "when it begins", ""},
	{"iat", "when it was issued", ""},
	{"jti", "its own identifier", ""},
	{"client_id", "the client it was issued to", ""},
	{"azp", "the client it was issued to", ""},
	{"scope", "what it gives access to", ""},
	{"act", "who acts for the subject", ""},
	{"cnf", "the key that its holder must prove to have", ""},
	{"active", "whether the provider accepts the token", ""},
	{"token_type", "how the token is used", ""},
	{"username", "the user, for people", ""},
	{"nonce", "ties it to the request of the login", "openid"},
	{"auth_time", "when the user signed in", "openid"},
	{"acr", "how strongly the user was authenticated", "openid"},
	{"amr", "by which means the user was authenticated", "openid"},
	{"at_hash", "ties it to the access token", "openid"},
	{"c_hash", "ties it to the authorisation code", "openid"},
	{"sid", "the user's session at the provider", "openid"},
	{"name", "the user's full name", "profile"},
	{"given_name", "the user's first names", "profile"},
	{"family_name", "the user's last names", "profile"},
	{"middle_name", "the user's middle names", "profile"},
	{"nickname", "the user's casual name", "profile"},
	{"preferred_username", "what the user wants to be called; not unique", "profile"},
	{"profile", "the user's profile page", "profile"},
	{"picture", "the user's picture", "profile"},
	{"website", "the user's own page", "profile"},
	{"gender", "the user's gender", "profile"},
	{"birthdate", "the user's birthday", "profile"},
	{"zoneinfo", "the user's time zone", "profile"},
	{"locale", "the user's language", "profile"},
	{"updated_at", "when the user's data last changed", "profile"},
	{"email", "the user's e-mail address", "email"},
	{"email_verified", "whether the e-mail address was checked", "email"},
	{"phone_number", "the user's telephone number", "phone"},
	{"phone_number_verified", "whether the telephone number was checked", "phone"},
	{"address", "the user's postal address", "address"},
}
