package render_test

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// now is the clock of every golden file.
var now = time.Date(2026, 11, 21, 20, 35, 42, 0, time.UTC)

// in returns the time d after now.
func in(d time.Duration) time.Time { return now.Add(d) }

func object(t testing.TB, text string) token.Object {
	t.Helper()
	o, err := token.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// jwt builds a token with a signature that nobody looks at.
func jwt(t testing.TB, header, claims string) *token.JWT {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	j, err := token.ParseJWT(b64([]byte(header)) + "." + b64([]byte(claims)) + "." + b64([]byte("signature")))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

const (
	school = "c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S"
	trust  = "A9AB0000-0000-4000-8000-000000000003|99AF0000-0000-4000-8000-000000000004|M"
	both   = "11110000-0000-4000-8000-000000000005|22220000-0000-4000-8000-000000000006|MS"
)

func memberships(raw ...string) []sims.Membership {
	var list []sims.Membership
	for _, r := range raw {
		list = append(list, sims.ParseMembership(r))
	}
	return list
}

const headClaims = `{"iss":"https://emulator.simsid.invalid/","aud":"https://emulator.simsid.invalid/resources",
"exp":1795296942,"nbf":1795293342,"client_id":"simsid-cli",
"scope":["openid","profile","roles","partner","partnermanagementapplication","offline_access"],
"sub":"1001|5F1C0000-0000-4000-8000-0000000000aa|head@school.example|SIMS|7a1e0000-0000-4000-8000-0000000000bb",
"auth_time":1795293302,"idp":"idsrv","name":"Helen Head","multipleorganisations":"false","site":"8234001",
"role":["admin@a87b0000-0000-4000-8000-000000000002","teacher@a87b0000-0000-4000-8000-000000000002"],
"userorganisationidentifier":"` + school + `",
"LastLoginTimestamp":"Nov 20, 2026 08:12:00","nested":{"b":[1,2],"a":null},"empty":"","amr":["password"]}`

const rs256 = `{"typ":"JWT","alg":"RS256","x5t":"a3rMUgMFv9tPclLa6yF3zAkfquE","kid":"a3rMUgMFv9tPclLa6yF3zAkfquE"}`

var findings = []sims.Finding{
	{
		ID: "scope-refused", Severity: sims.Error,
		Seen:   "the scope roles was asked for and not granted",
		Why:    "the token says nothing of what the user may do at the organisation, so an application that needs it will refuse the user",
		Do:     "ask SIMS ID to allow the scope roles to the client",
		Source: "SIMS ID's public documentation, Scopes",
	},
	{ID: "ten", Severity: sims.Warning, Seen: "exactly ten organisations", Why: "the list may have been cut"},
	{ID: "aside", Severity: sims.Note, Seen: "the claim multipleorganisations is a text", Do: "compare it with \"true\""},
}

func verifiedToken(t testing.TB) render.DecodedToken {
	j := jwt(t, rs256, headClaims)
	claims := j.Claims.InsecureMarkVerified()
	return render.DecodedToken{
		Label: "access token", JWT: j, SIMS: true, Memberships: memberships(school),
		Verification: &provider.Verification{JWT: j, Claims: &claims, Checks: []provider.Check{
			{Name: "form", Outcome: provider.Passed},
			{Name: "algorithm", Outcome: provider.Passed, Expected: "RS256", Got: "RS256"},
			{Name: "signature", Outcome: provider.Passed},
			{Name: "nonce", Outcome: provider.NotMade, Detail: "an access token has none"},
		}},
	}
}

// laterClaims are headClaims at a later time, when the user has become another.
const laterClaims = `{"iss":"https://emulator.simsid.invalid/","aud":"https://emulator.simsid.invalid/resources",
"exp":1795300542,"nbf":1795296942,"client_id":"simsid-cli",
"scope":["offline_access","partnermanagementapplication","partner","roles","profile","openid"],
"sub":"1001|5F1C0000-0000-4000-8000-0000000000aa|head@school.example|SIMS|7a1e0000-0000-4000-8000-0000000000cc",
"auth_time":1795293302,"idp":"idsrv","name":"Helen Head-Teacher","site":"8234001",
"role":["admin@a87b0000-0000-4000-8000-000000000002","governor@a87b0000-0000-4000-8000-000000000002"],
"userorganisationidentifier":"` + school + `","providername":"SIMS ID",
"LastLoginTimestamp":"Nov 21, 2026 08:12:00","nested":{"b":[1,2],"a":null},"empty":"","amr":["password"]}`

// parentTokens are the two tokens of a user of three organisations.
func parentTokens(t testing.TB) render.Decoded {
	const subject = `"sub":"100206|5c000000-0000-4000-8000-00000000000b|parent|SIMSID|36e96506-8904-4253-ace9-8fd514ef4ea4","name":"Amira Khan",`
	orgs := `"userorganisationidentifiers":["` + school + `","` + trust + `","` + both + `"],`
	const roles = `"role":["admin@a87b0000-0000-4000-8000-000000000002","parent@a87b0000-0000-4000-8000-000000000002","parent@22220000-0000-4000-8000-000000000006","guest@6d000000-0000-4000-8000-00000000000e"]`
	access := jwt(t, rs256, `{"iss":"https://sts.example.com/","aud":"https://sts.example.com/resources","exp":1795296942,"nbf":1795293342,
"client_id":"pm-sso-1","scope":["openid","profile","roles","simsmultiorgapplication"],`+subject+orgs+`"idp":"idsrv","multipleorganisations":"true",`+roles+`}`)
	id := jwt(t, rs256, `{"iss":"https://sts.example.com/","aud":"pm-sso-1","exp":1795293642,"iat":1795293342,"nonce":"n-0S6_WzA2Mj",`+subject+orgs+`"idp":"idsrv","launcher":"false"}`)
	checks := func(j *token.JWT, how string, kind token.Kind) render.DecodedToken {
		claims := j.Claims.InsecureMarkVerified()
		return render.DecodedToken{
			Label: kind.Words(), Kind: kind, How: how, JWT: j, SIMS: true, Memberships: sims.Memberships(j.Claims.Object), Keys: "the provider",
			Verification: &provider.Verification{JWT: j, Claims: &claims, Checks: []provider.Check{
				{Name: "signature", Outcome: provider.Passed}, {Name: "expiry", Outcome: provider.Passed}, {Name: "nonce", Outcome: provider.NotMade},
			}},
		}
	}
	ended := checks(id, "it has nonce, which only ID tokens have", token.KindID)
	ended.Verification.Claims, ended.Verification.Checks[1].Outcome, ended.Unverified = nil, provider.Failed, "this check doesn't hold: expiry"
	return render.Decoded{
		Tokens:   []render.DecodedToken{checks(access, "it has scope and client_id, and no nonce", token.KindAccess), ended},
		Findings: findings[1:2],
		More:     "simsid decode -p school --all  # header, what each claim means, every check",
	}
}

func brokenToken(t testing.TB) render.DecodedToken {
	j := jwt(t, rs256, `{"iss":"https://id.example.com","sub":"248289761001","aud":["reports","billing"],"exp":1795286142,"email_verified":true}`)
	return render.DecodedToken{
		Label: "ID token", JWT: j, Unverified: "two checks failed",
		Verification: &provider.Verification{JWT: j, Checks: []provider.Check{
			{Name: "signature", Outcome: provider.Passed},
			{
				Name: "issuer", Outcome: provider.Failed, Expected: "https://id.example.com/", Got: "https://id.example.com",
				Detail: "they differ by a trailing slash alone", Source: "OpenID Connect Core 3.1.3.7 (2)",
			},
			{Name: "authorized party", Outcome: provider.Failed, Expected: "reports", Got: "", Detail: "with several audiences the claim azp must name the client"},
		}},
	}
}

func signedAnswer() []provider.Check {
	return []provider.Check{
		{Name: "form", Outcome: provider.Passed}, {Name: "signature", Outcome: provider.Passed},
		{Name: "audience", Outcome: provider.Passed, Expected: "cli", Got: "cli"},
		{Name: "expiry", Outcome: provider.NotMade, Detail: "the answer has none"},
	}
}

// samples are the views of the golden files.
func samples(t testing.TB) map[string]render.View {
	oidcUser := object(t, `{"sub":"248289761001","name":"山田 花子","email":"hanako@example.jp","preferred_username":"hanako"}`)
	return map[string]render.View{
		"doctor": doctorBroken(), "doctor-healthy": doctorHealthy(), "doctor-nobody": doctorNobody(), "doctor-warned": doctorWarned(),
		"registration": registrationNew(), "registration-old": registrationOld(), "registration-bare": registrationBare(),
		"login": render.SignedIn{
			Profile: "emulator", Title: "the embedded STS", Issuer: "https://emulator.simsid.invalid/", ClientID: "simsid-cli",
			Claims: object(t, headClaims), Memberships: memberships(school), SIMS: true,
			Scopes: []string{"openid", "profile", "roles", "partner", "partnermanagementapplication", "offline_access"},
			Wanted: []string{"openid", "profile", "roles", "partner", "partnermanagementapplication", "offline_access"},
			Expiry: in(59*time.Minute + 18*time.Second), Refreshable: true, Where: "keyring (Secret Service)",
			Next: []string{
				"simsid token -p emulator  # print the access token",
				"simsid decode -p emulator  # explain what is inside",
				"simsid status  # see who is signed in",
			},
		},
		"login-organisations": render.SignedIn{
			Profile: "sandbox", Title: "SIMS ID (sandbox)", Issuer: "https://sts.example.com/", ClientID: "pm-sso-1",
			Claims: object(t, `{"sub":"7","name":"Zoë Nuñez-O’Hara"}`), Memberships: memberships(school, trust, both, "one|two", "a|b|SX"), SIMS: true,
			Scopes: []string{"openid", "simsmultiorgapplication"}, Wanted: []string{"openid", "roles", "simsmultiorgapplication"},
			Expiry: in(time.Hour), Refreshable: true, Where: "sealed file /home/helen/.local/state/simsid/sandbox.age",
			Findings: findings, ChangedFrom: in(-50 * time.Hour), Changes: []sims.Difference{
				{Claim: "multipleorganisations", Before: []byte(`"false"`), Now: []byte(`"true"`)}, {Claim: "role", Before: []byte(`"a"`), Now: []byte(`["b"]`), List: true, Added: []string{"b"}, Removed: []string{"a"}},
			},
			Next: []string{"simsid token -p sandbox  # print the access token"},
		},
		"login-sign-on": render.SignedIn{
			Profile: "work", Title: "the Curity Identity Server", Issuer: "https://id.example/oauth/v2/oauth-anonymous", ClientID: "app",
			Claims: object(t, `{"sub":"ada","acr":"urn:se:curity:authentication:html-form:html1","auth_time":1795287342}`), Scopes: []string{"openid"},
			Wanted: []string{"openid"}, Expiry: in(time.Hour), Refreshable: true, Where: "keyring (Secret Service)",
			SignOn: &render.SignOn{Told: true, ACR: "urn:se:curity:authentication:html-form:html1", MaxAge: -1},
		},
		"login-posted": render.SignedIn{
			User: "JSMITH", NoUser: true, Profile: "members", Title: "iMIS", Issuer: "https://imis.example.org", ClientID: "app",
			Expiry: now.Add(20 * time.Minute), Refreshable: true, Where: "the system's keyring", Next: []string{"simsid token -p members  # print the access token"},
		},
		"login-openid": render.SignedIn{
			Profile: "work", Issuer: "https://id.example.com", ClientID: "cli", Claims: oidcUser,
			Scopes: []string{"openid"}, Wanted: []string{"openid", "offline_access"},
			Expiry: in(5 * time.Minute), Unkept: true, Where: "memory: gone when this command ends",
			Next: []string{
				"simsid userinfo -p a-profile-with-quite-a-long-name  # ask the provider who is signed in with it",
				"simsid decode -p a-profile-with-quite-a-long-name  # explain",
			},
		},
		"api": render.APIAnswer{
			Profile: "school", Method: "GET", URL: "https://api.example.com/v1/students", Status: 200, Head: true,
			Header: http.Header{"Content-Type": {"application/json"}, "Link": {`<?page=2>; rel="next"`}},
			Body:   []byte(`[{"surname":"\u001b[31m"}]`),
		},
		"api-text":      render.APIAnswer{Profile: "school", Method: "GET", URL: "https://api.example.com/motd", Status: 404, Header: http.Header{}, Body: []byte("not here\x1b[2J\n")},
		"api-binary":    render.APIAnswer{Method: "POST", URL: "https://api.example.com/b", Status: 201, Header: http.Header{}, Body: []byte{0, 255, 27}},
		"decode":        render.Decoded{Tokens: []render.DecodedToken{verifiedToken(t), brokenToken(t)}, Findings: findings[1:]},
		"decode-all":    render.Decoded{Tokens: []render.DecodedToken{verifiedToken(t), brokenToken(t)}, Findings: findings[1:], All: true},
		"decode-parent": parentTokens(t),
		"decode-expected": render.Decoded{Tokens: []render.DecodedToken{
			{Label: "access token", Kind: token.KindAccess, How: "it has scope, and no nonce", JWT: jwt(t, rs256, `{"scope":"openid","site":"8234001"}`), Unverified: "there are no keys to check it with"},
		}, Expected: []sims.Met{
			{Expectation: sims.Expectation{Text: "site=8234001"}, Holds: true, Where: "access token", Seen: "8234001"},
			{Expectation: sims.Expectation{Text: "org.type has S"}, Seen: "no token has it"},
		}, More: "simsid decode --all  # header, what each claim means, every check"},
		"diff": render.Compared{
			A: render.ComparedToken{Source: "yesterday.txt", Kind: "access token"}, B: render.ComparedToken{Source: "school:access", Kind: "access token"},
			Changes: sims.Compare(object(t, headClaims), object(t, laterClaims)),
		},
		"diff-none": render.Compared{A: render.ComparedToken{Source: "a", Kind: "JWT"}, B: render.ComparedToken{Source: "b", Kind: "JWT"}},
		"decode-opaque": render.Decoded{Tokens: []render.DecodedToken{
			{Label: "token", Opaque: token.FormHandle.Describe(), Ask: "simsid introspect -p work  # ask the provider what it stands for", Unverified: "it cannot be read"},
		}},
		"decode-unverified": render.Decoded{Tokens: []render.DecodedToken{
			{Label: "token", JWT: jwt(t, `{"alg":"none"}`, `{"sub":"x","scope":"openid email reports"}`), Unverified: "without a provider there are no keys"},
		}},
		"userinfo": render.Userinfo{
			Profile: "emulator", Claims: object(t, headClaims), SIMS: true, Memberships: memberships(school), Compared: true, Agrees: 7,
			Only: []string{"scope", "nested"},
			Differs: []render.Difference{
				{Claim: "name", IDToken: `"Helen Heads"`, Userinfo: `"Helen Head"`},
				{Claim: "role", IDToken: `"admin@a87b0000-0000-4000-8000-000000000002"`, Userinfo: `["admin@a87b0000-0000-4000-8000-000000000002","teacher@a87b0000-0000-4000-8000-000000000002"]`},
			},
		},
		"userinfo-openid": render.Userinfo{Profile: "work", Claims: oidcUser},
		"userinfo-signed": render.Userinfo{Profile: "work", Claims: oidcUser, Compared: true, Agrees: 1, Signed: signedAnswer()},
		"sso": render.SharedSignOn{
			First: "portal", Second: "reports", Issuer: "https://id.example/oauth/v2/oauth-anonymous", Outcome: "shared",
			Conditions:  []render.SignOnCondition{{Name: "session", Says: "the browser has a session at the provider", Holds: "yes", Seen: "both ID tokens are of one session (sid)"}},
			FirstToken:  render.SignOnToken{Subject: "ada", Level: "urn:example:html", AuthTime: "2026-11-21T20:00:00Z", Session: "s1"},
			SecondToken: &render.SignOnToken{Subject: "ada", Level: "urn:example:html", AuthTime: "2026-11-21T20:00:00Z", Session: "s1"},
		},
		"sso-not": render.SharedSignOn{
			First: "portal", Second: "reports", Issuer: "https://id.example", Outcome: "not shared", Refusal: "login_required",
			Conditions: []render.SignOnCondition{
				{Name: "level", Says: "both requests allow a common level (acr)", Holds: "no", Seen: `the first signed in by "urn:example:html"; the second takes only "urn:example:strong"`},
				{Name: "session", Says: "the browser has a session at the provider", Holds: "unknown", Seen: "another condition fails, so that nothing tells"},
			},
			FirstToken: render.SignOnToken{Subject: "ada"}, SecondToken: &render.SignOnToken{Subject: "ada"}, Interactive: true, Anew: true,
		},
		"sso-consent": render.SharedSignOn{
			First: "portal", Second: "reports", Issuer: "https://id.example", Outcome: "interaction required", Refusal: "interaction_required",
			Conditions: []render.SignOnCondition{}, FirstToken: render.SignOnToken{Subject: "ada"},
		},
		"sso-consent-level": render.SharedSignOn{
			First: "portal", Second: "reports", Issuer: "https://id.example", Outcome: "interaction required", Refusal: "consent_required",
			Conditions: []render.SignOnCondition{{Name: "level", Says: "both requests allow a common level (acr)", Holds: "no", Seen: `the first signed in by "gold"; the second takes only "silver"`}},
			FirstToken: render.SignOnToken{Subject: "ada"},
		},
		"sso-other-user": render.SharedSignOn{
			First: "portal", Second: "reports", Issuer: "https://id.example", Outcome: "not shared",
			Conditions: []render.SignOnCondition{{Name: "session", Says: "the browser has a session at the provider", Holds: "no", Seen: "the second was answered for another user (sub)"}},
			FirstToken: render.SignOnToken{Subject: "ada"}, SecondToken: &render.SignOnToken{Subject: "bea"},
		},
		"discover": render.Discovered{
			Title: "the Curity Identity Server", Kind: "curity", Guessed: true, Issuer: "https://id.example/oauth/v2/oauth-anonymous",
			Address: "https://id.example/oauth/v2/oauth-anonymous/.well-known/openid-configuration", Place: "OpenID Connect Discovery 4",
			Tried:     []render.TriedAddress{{Address: "https://id.example/.well-known/openid-configuration", Problem: "no discovery document (HTTP 404)"}},
			Addresses: []render.Named{{Name: "Sign-in", Address: "https://id.example/oauth/v2/oauth-authorize"}, {Name: "Tokens", Address: "https://id.example/oauth/v2/oauth-token"}},
			Supports:  []render.Supported{{What: "Scopes", Values: []string{"openid", "profile"}}, {What: "Response types", Values: []string{"code"}}},
			Commands: []render.Capability{
				{Command: "login", Works: true, Why: "the proof key goes by S256"},
				{Command: "login --flow DeviceCode", Why: "metadata has no device_authorization_endpoint"},
			},
			Facts: 2, Differences: []provider.Difference{
				{Fact: provider.Fact{Member: "revocation_endpoint", Says: "it revokes tokens", Source: "Curity Identity Server's documentation"}},
				{Fact: provider.Fact{Member: "issuer", Says: "the issuer has a path", Source: "Curity Identity Server's documentation"}, Got: `"https://id.example"`},
			},
			Keys:     []provider.KeyInfo{{ID: "k1", Kind: "RSA of 2048 bits", Algorithm: "RS256", Use: "sig"}, {Kind: "RSA of 1024 bits", Unfit: "the key is RSA of 1024 bits; 2048 to 8192 are allowed"}, {ID: "e", Kind: "EC on P-256", Use: "enc", Unfit: "the key isn't for signatures"}},
			Ignored:  1,
			Document: object(t, `{"issuer":"https://id.example/oauth/v2/oauth-anonymous"}`),
			Next:     []string{"simsid discover https://id.example/oauth/v2/oauth-anonymous --kind curity --save NAME  # make it a profile"},
		},
		"discover-saved": render.Discovered{
			Kind: "oidc", Issuer: "https://id.example", Address: "https://id.example/.well-known/openid-configuration", Place: "OpenID Connect Discovery 4", Facts: 3,
			Addresses: []render.Named{}, Commands: []render.Capability{}, KeysProblem: "read the keys: id.example: HTTP 503", Document: object(t, `{}`), Saved: "work",
			Next: []string{"simsid login -p work  # sign in"},
		},
		"introspect": render.Introspected{Profile: "emulator", SIMS: true, What: "access token", Note: "which needs no credentials", Result: provider.Introspection{Active: true, Via: "access token validation", Claims: object(t, `{"iss":"https://emulator.simsid.invalid/","exp":1795296942,"client_id":"simsid-cli"}`)}},
		"introspect-signed": render.Introspected{Profile: "work", What: "access token", Note: "with the client's credentials", Result: provider.Introspection{
			Active: true, Via: "introspection", Claims: object(t, `{"active":true,"scope":"openid profile"}`), Signed: &provider.Verification{Checks: signedAnswer()},
		}},
		"introspect-behind": render.Introspected{Profile: "work", What: "access token", Note: "with the client's credentials", Result: provider.Introspection{
			Active: true, Via: "introspection", Behind: true, Claims: object(t, `{"iss":"https://id.example/oauth/v2/oauth-anonymous","aud":["api"],"scope":"openid profile","purpose":"access_token"}`),
			Signed: &provider.Verification{Checks: signedAnswer()},
		}},
		"introspect-ended": render.Introspected{
			Profile: "work", What: "access token", Why: []string{"it has ended: 21 Nov 2026 17:35:42 UTC (3 hours ago)"},
			Result: provider.Introspection{Via: "access token validation", Reason: "expired_token", Claims: object(t, `{"Message":"expired_token"}`)},
		},
		"introspect-inactive": render.Introspected{
			Profile: "work", What: "refresh token", Note: "with the credentials of the scope partner", Result: provider.Introspection{Via: "introspection", Claims: object(t, `{"active":false}`)},
			Why: []string{
				"it has ended or was revoked; a logout elsewhere, or a refresh, can do that too",
				"it is another provider's, or was changed or cut on its way",
				"whoever asks may not see it: some providers answer so for the tokens of other clients",
			},
		},
		"orgs": render.Organisations{
			Profile: "school", From: "ID token", Total: 3, Repeated: 2, Rows: []render.OrganisationRow{
				{Membership: sims.ParseMembership(school), Roles: []string{"admin", "teacher"}},
				{Membership: sims.ParseMembership(trust)}, {Membership: sims.ParseMembership(both)}, {Membership: sims.ParseMembership("one|two")},
			},
		},
		"orgs-one":  render.Organisations{Profile: "emulator", From: "ID token", Total: 1, Rows: []render.OrganisationRow{{Membership: sims.ParseMembership(school), SignedInAt: true, Roles: []string{"admin"}}}},
		"orgs-none": render.Organisations{Profile: "work", From: "access token", Missing: "A provider of kind oidc names none: organisations are SIMS ID's."},
		"orgs-type": render.Organisations{
			Profile: "school", From: "ID token", Total: 10, Cut: true, Malformed: 1, Types: sims.OrganisationTypes()[5:],
			Rows: []render.OrganisationRow{{Membership: sims.ParseMembership(school)}, {Membership: sims.ParseMembership(both), SignedInAt: true}},
		},
		"orgs-unverified": render.Organisations{
			From: "token", Total: 1, Types: sims.OrganisationTypes()[2:3], Unverified: "there are no keys to check the token with; name a profile with -p",
		},
		"refresh": render.Refreshed{
			Profile: "emulator", Refreshed: true, Rotated: true, Expiry: in(time.Hour), Where: "keyring (Secret Service)",
			Changes: []sims.Difference{
				{Claim: "providerid", Before: []byte(`"1001"`), Now: []byte(`"1002"`)},
				{
					Claim: "role", Before: []byte(`["admin@a87b0000-0000-4000-8000-000000000002","teacher@a87b0000-0000-4000-8000-000000000002"]`),
					Now: []byte(`"admin@a87b0000-0000-4000-8000-000000000002"`), List: true, Removed: []string{"teacher@a87b0000-0000-4000-8000-000000000002"},
				},
				{Claim: "idp", Before: []byte(`"idsrv"`)},
				{Claim: "site", Now: []byte(`"8234001"`)},
			},
		},
		"refresh-by-another": render.Refreshed{Profile: "emulator", Expiry: in(time.Hour), Where: "keyring"},
		"refresh-unchanged":  render.Refreshed{Profile: "work", Refreshed: true, Where: "keyring"},
		"revoke": render.Revoked{Profile: "emulator", What: "refresh token", Notes: []string{
			"SIMS ID ends every refresh token of this user and client with it, on every machine.",
			"The access token is a JWT and stays valid until 21 Nov 2026 21:35:00 UTC: it can't be revoked.",
		}},
		"revoke-in-vain": render.Revoked{Given: true, What: "access token", Stays: true, Until: in(time.Hour), Notes: []string{
			"the provider answered yes, as it does for every token; but this one is a JWT, which it can't revoke: it is taken until 21 Nov 2026 21:35:00 UTC",
		}},
		"logout": render.LoggedOut{Profile: "emulator", Steps: []render.Step{
			{What: "refresh token revoked", Done: true},
			{What: "provider's session ended in the browser", Detail: "no browser could be opened: visit https://emulator.simsid.invalid/connect/endsession"},
			{What: "stored tokens removed", Done: true, Detail: "keyring (Secret Service)"},
		}},
		"status": render.Status{Rows: []render.StatusRow{
			{
				Profile: "emulator", Default: true, Kind: "emulator", Issuer: "https://emulator.simsid.invalid/", State: "signed in",
				Subject: "1001|…", Name: "Helen Head", Organisation: "a87b0000-0000-4000-8000-000000000002 (School)",
				Memberships: memberships(school),
				Expiry:      in(59 * time.Minute), SignedInAt: in(-time.Minute), Store: "keyring",
			},
			{
				Profile: "curity", Kind: "curity", State: "expired, can refresh", Subject: "248289761001",
				Issuer: "https://login.a-rather-long-host-name.example.com/oauth/v2/oauth-anonymous/tenants/northern-schools",
				Expiry: in(-3 * time.Hour), SignedInAt: in(-26 * time.Hour), Store: "file",
			},
			{Profile: "live", Kind: "simsid", Issuer: "https://sts.sims.co.uk/", State: "signed out", Store: "keyring"},
		}},
		"status-posted": render.Status{Rows: []render.StatusRow{{
			Profile: "members", Kind: "imis", Issuer: "https://imis.example.org", State: "signed in", Subject: "JSMITH",
			Expiry: in(20 * time.Minute), SignedInAt: in(-time.Minute), RefreshEnds: in(47 * time.Hour), Store: "keyring",
		}}},
		"status-withheld": render.Status{Rows: []render.StatusRow{
			{
				Profile: "school", Kind: "oidc", Issuer: "https://new.example.com", State: "withheld", Store: "keyring",
				Why:  `what is kept for profile "school" belongs to issuer "https://old.example.com", not "https://new.example.com"`,
				Next: []string{"put it back: simsid profile edit school --issuer https://old.example.com", "or sign in anew in its place: simsid login -p school"},
			},
			{
				Profile: "env", Kind: "oidc", Issuer: "https://id.example.com", State: "not used yet", Store: "file",
				Why: "the refresh token that it begins with is not used yet", Next: []string{"use it: simsid token -p env"},
			},
		}},
		"status-empty": render.Status{},
		"profiles": render.Profiles{Path: "/home/helen/.config/simsid/config.toml", Rows: []render.ProfileRow{
			{Name: "emulator", Default: true, Kind: "emulator", Issuer: "https://emulator.simsid.invalid/", ClientID: "simsid-cli", Store: "auto"},
			{Name: "live", Kind: "simsid", Issuer: "https://sts.sims.co.uk/", ClientID: "pm-sso-c4980000-0000-4000-8000-000000000001", Store: "keyring"},
			{
				Name: "curity", Kind: "curity", ClientID: "cli", Store: "file",
				Issuer: "https://login.a-rather-long-host-name.example.com/oauth/v2/oauth-anonymous/tenants/northern-schools",
			},
		}},
		"profiles-fault": render.Profiles{Path: "/home/helen/.config/simsid/config.toml", Rows: []render.ProfileRow{
			{Name: "work", Kind: "oidc", Issuer: "https://id.example.com", ClientID: "cli", Store: "keyring"},
			{Name: "old", Fault: `issuer "nope" must be an https address, or http on loopback`},
		}},
		"failed":         render.Failed{Code: 4, Text: "nobody is signed in with profile work", Hints: []string{"simsid login -p work"}},
		"profiles-empty": render.Profiles{Path: "/home/helen/.config/simsid/config.toml"},
		"profile": render.ProfileShown{
			Name: "work", Origins: true,
			Settings: []render.SettingRow{
				{Key: "kind", Values: []string{"oidc"}, Source: "profile", Origin: "/home/helen/.config/simsid/config.toml:3"},
				{Key: "issuer", Values: []string{"https://id.example.com"}, Source: "environment", Origin: "SIMSID_ISSUER"},
				{Key: "scopes", Values: []string{"openid", "profile"}, List: true, Source: "flag", Origin: "--scopes"},
				{Key: "store", Values: []string{"keyring"}, Source: "default", Origin: "kind oidc"},
			},
			Secrets: []render.SecretRow{{Name: "client secret", State: "kept in the keyring"}, {Name: "introspection secret", State: "none"}},
		},
		"profile-plain": render.ProfileShown{Name: "work", Settings: []render.SettingRow{
			{Key: "kind", Values: []string{"oidc"}}, {Key: "scopes", List: true},
		}},
		"logout-all": render.LoggedOutAll{Profiles: []render.LoggedOut{
			{Profile: "school", Steps: []render.Step{{What: "refresh token revoked", Done: true}}, Notes: []string{"every login has ended"}},
			{Profile: "work", Steps: []render.Step{{What: "refresh token revoked", Detail: "there is none any more"}}},
		}},
		"logout-all-empty": render.LoggedOutAll{},
		"stores": render.Stores{Folder: "~/.local/state/simsid/store", Rows: []render.StoreRow{
			{
				Profile: "school", Default: true, Backend: "keyring", Since: in(-26 * time.Hour),
				Where: "keyring (Secret Service), the refresh token in the sealed file ~/.local/state/simsid/store/school.keyring.age",
				Files: []render.StoreFile{
					{Path: "~/.local/state/simsid/store/school.keyring.age", Holds: "tokens, sealed"},
					{Path: "~/.local/state/simsid/store/school.keyring.emergency.age", Holds: "nothing: room for a refreshed login whose own place fails"},
				},
				Items: []string{"school/key", "school/client-secret"}, Secrets: []string{"client secret"},
				Notes: []string{"the refresh token is in the sealed file, not in the keyring: it is longer than this system's keyring takes"},
			},
			{Profile: "curity"},
			{Profile: "later", Problem: "read ~/.local/state/simsid/store/later.record.json: written by a later version of simsid"},
		}},
		"stores-empty": render.Stores{Folder: "/x"},
		"certificate": render.CertificateShown{
			Path:        "~/.local/state/simsid/certificate/localhost.pem",
			Fingerprint: "3A:0F:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE",
			Names:       []string{"localhost", "127.0.0.1", "::1"}, NotBefore: in(-time.Hour), NotAfter: in(819 * 24 * time.Hour),
			RenewedFrom: in(789 * 24 * time.Hour),
		},
		"keygen": render.Keygen{
			Path: "/home/helen/simsid.key", PublicKey: "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
			Next: []string{"simsid login --store file  # sign in"},
		},
		"done": render.Done{Action: "profile added", Profile: "work", Text: "Added profile work, and made it the default one", Next: []string{"simsid login -p work  # sign in"}},
		"emulator": render.Emulator{
			Issuer: "http://localhost:8454/", Port: 8454, PID: 4711, FaultsToken: "0123456789abcdef0123456789abcdef",
			Users:   []string{"head", "manager", "principal", "officer", "engineer", "parent", "consultant", "hostile"},
			Clients: []string{"pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00"}, Rules: "local", State: "in memory, gone at the end",
			Next: []string{"simsid profile add dev --kind emulator --issuer http://localhost:8454/", "simsid login -p dev"},
		},
		"emulator-imis": render.Emulator{
			IMIS: true, Issuer: "http://localhost:8455/", Port: 8455, PID: 4711, FaultsToken: "0123456789abcdef0123456789abcdef",
			Users: []string{"member", "fellow", "staff", "lapsed"}, Clients: []string{"simsid"}, State: "in memory, gone at the end",
			Next: []string{"simsid profile add dev-imis --kind emulator-imis --issuer http://localhost:8455/", "simsid login -p dev-imis"},
		},
		"emulator-https": render.Emulator{
			Issuer: "https://localhost:8454/", Port: 8454, PID: 4711, FaultsToken: "0123456789abcdef0123456789abcdef",
			CA: "/home/helen/.local/state/simsid/emulator/ca.pem", As: "head",
			Clients: []string{"lunch-orders", "nightly-sync"}, Rules: "live", State: "/var/lib/sts", Faults: 1,
		},
		"version": render.Version{Version: "0.1.0", Commit: "1d07327", Date: "2026-11-21", Go: "go1.26.8", Platform: "linux/amd64"},
		"scan":    scannedToken(t), "scan-verified": verifiedScan(t), "scan-forged": forgedScan(t),
		"scan-broken": render.Scanned{Line: 7, Kind: "broken_token", Problem: "the payload has a length that base64url cannot have: it may have been cut"},
		"address": render.SignInAddress{
			Profile: "work", URL: "https://id.example.com/authorize?client_id=app&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A6esc", Expires: in(time.Minute),
		},
		"token": render.Token{
			Profile: "emulator", Kind: "access_token", Value: token.NewSecret("eyJ0eXAi.eyJpc3Mi.c2ln"), TokenType: "Bearer",
			Expiry: in(time.Hour), Scopes: []string{"openid"},
		},
	}
}
