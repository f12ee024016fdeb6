package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/simsid/simsid/internal/token"
)

func TestTokenErrors(t *testing.T) {
	const badVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX"
	rows := []struct {
		rule  string
		alter []string
		want  string
	}{
		{"unknown client", []string{"client_id", "nobody"}, "invalid_client"},
		{"bad secret", []string{"client_secret", "wrong"}, "invalid_client"},
		{"missing secret, though there is a proof key", []string{"client_secret", "-"}, "invalid_client"},
		{"secret over 100", []string{"client_secret", strings.Repeat("a", 101)}, "invalid_client"},
		{"grant_type missing", []string{"grant_type", "-"}, "unsupported_grant_type"},
		{"grant_type unknown", []string{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"},
		{"grant_type implicit", []string{"grant_type", "implicit"}, "unsupported_grant_type"},
		{"client credentials aren't this client's flow", []string{"grant_type", "client_credentials"}, "unauthorized_client"},
		{"password isn't this client's flow", []string{"grant_type", "password"}, "unauthorized_client"},
		{"code missing", []string{"code", "-"}, "invalid_grant"},
		{"code unknown", []string{"code", strings.Repeat("0", 32)}, "invalid_grant"},
		{"code too long", []string{"code", strings.Repeat("0", 101)}, "invalid_grant"},
		{"code_verifier missing", []string{"code_verifier", "-"}, "invalid_grant"},
		{"code_verifier wrong", []string{"code_verifier", badVerifier}, "invalid_grant"},
		{"code_verifier too short", []string{"code_verifier", verifier[:42]}, "invalid_grant"},
		{"code_verifier too long", []string{"code_verifier", strings.Repeat("a", 129)}, "invalid_grant"},
		{"code_verifier is the challenge", []string{"code_verifier", challenge}, "invalid_grant"},
		{"redirect_uri missing", []string{"redirect_uri", "-"}, "unauthorized_client"},
		{"redirect_uri different", []string{"redirect_uri", "http://127.0.0.1:1/callback"}, "unauthorized_client"},
		{"redirect_uri in another case", []string{"redirect_uri", "http://127.0.0.1:43210/Callback"}, "unauthorized_client"},
		{"refresh_token missing", []string{"grant_type", "refresh_token"}, "invalid_request"},
		{"refresh token unknown", []string{"grant_type", "refresh_token", "refresh_token", strings.Repeat("0", 32)}, "invalid_grant"},
		{"refresh token too long", []string{"grant_type", "refresh_token", "refresh_token", strings.Repeat("0", 101)}, "invalid_grant"},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			b := newBench(t, Options{As: "head"})
			got := b.post("connect/token", altered(tokenForm("code", b.code("head")), row.alter))
			if got.status != http.StatusBadRequest || got.body != `{"error":"`+row.want+`"}` {
				t.Errorf("status %d, %s", got.status, got.body)
			}
			if cc := got.header.Get("Cache-Control"); !strings.Contains(cc, "no-store") {
				t.Errorf("Cache-Control %q", cc)
			}
		})
	}
}

func TestTokenTakesFormsOnly(t *testing.T) {
	b := newBench(t, Options{})
	for _, kind := range []string{"application/json", "", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded-not", "\x00"} {
		r := b.request(http.MethodPost, Issuer+"connect/token", url.Values{})
		r.Header.Set("Content-Type", kind)
		got := b.do(b.back, r)
		if got.status != http.StatusUnsupportedMediaType || got.body != `{"ErrorMessage":"Unsupported Media Type"}` {
			t.Errorf("%q: status %d, %s", kind, got.status, got.body)
		}
	}
	r := b.request(http.MethodPost, Issuer+"connect/token", tokenForm("code", b.code("head")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	if got := b.do(b.back, r); got.status != http.StatusOK {
		t.Errorf("with a charset: status %d, %s", got.status, got.body)
	}
}

// The code is deleted before the checks: a second try with everything right comes too late.
func TestCodeIsBurnedBeforeTheChecks(t *testing.T) {
	for _, wrong := range [][]string{
		{"redirect_uri", "http://127.0.0.1:1/callback"},
		{"code_verifier", "-"},
		{"client_id", "other", "client_secret", otherSecret},
		nil, // redeemed
	} {
		b := newBench(t, Options{})
		b.add(nil)
		code := b.code("head")
		first := b.post("connect/token", altered(tokenForm("code", code), wrong))
		if (first.status == http.StatusOK) != (wrong == nil) {
			t.Errorf("%v: status %d, %s", wrong, first.status, first.body)
		}
		second := b.post("connect/token", tokenForm("code", code))
		if second.status != http.StatusBadRequest || second.body != `{"error":"invalid_grant"}` {
			t.Errorf("%v: the second try gives %d, %s", wrong, second.status, second.body)
		}
	}
}

// A code is its client's alone, even where everything else fits.
func TestCodeOfAnotherClient(t *testing.T) {
	b := newBench(t, Options{})
	b.add(func(c *ClientConfig) {
		c.Flow, c.AnyPort, c.RedirectURIs = FlowCodeWithProofKey, true, []string{BuiltinRedirect}
	})
	got := b.post("connect/token", tokenForm("code", b.code("head"), "client_id", "other", "client_secret", otherSecret))
	if got.body != `{"error":"invalid_grant"}` {
		t.Errorf("status %d, %s", got.status, got.body)
	}
}

func TestVerifierOfWrongLengthNeverFits(t *testing.T) {
	for length, want := range map[int]int{42: 400, 43: 200, 128: 200, 129: 400} {
		b := newBench(t, Options{})
		long := strings.Repeat("v", length)
		sum := sha256.Sum256([]byte(long))
		code := b.code("head", "code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		if got := b.post("connect/token", tokenForm("code", code, "code_verifier", long)); got.status != want {
			t.Errorf("%d characters: status %d, %s", length, got.status, got.body)
		}
	}
}

// A request that isn't authenticated doesn't reach the code.
func TestWrongSecretDoesNotBurnTheCode(t *testing.T) {
	b := newBench(t, Options{})
	code := b.code("head")
	b.post("connect/token", tokenForm("code", code, "client_secret", "wrong"))
	b.tokens(b.post("connect/token", tokenForm("code", code)))
}

func TestCodeLivesFiveMinutes(t *testing.T) {
	for after, want := range map[time.Duration]int{299 * time.Second: 200, 300 * time.Second: 400} {
		b := newBench(t, Options{})
		code := b.code("head")
		b.clock.pass(after)
		if got := b.post("connect/token", tokenForm("code", code)); got.status != want {
			t.Errorf("after %s: status %d, %s", after, got.status, got.body)
		}
	}
}

func TestProofKeyPlain(t *testing.T) {
	for _, method := range []string{"plain", "-"} {
		b := newBench(t, Options{})
		code := b.code("head", "code_challenge", verifier, "code_challenge_method", method)
		b.tokens(b.post("connect/token", tokenForm("code", code)))
	}
	b := newBench(t, Options{})
	code := b.code("head", "code_challenge", verifier, "code_challenge_method", "S256")
	if got := b.post("connect/token", tokenForm("code", code)); got.status != http.StatusBadRequest {
		t.Errorf("a plain verifier passes for S256: status %d", got.status)
	}
}

func TestClientWithoutProofKey(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	b.add(nil)
	redeem := func(alter ...string) answer {
		code := b.landed(b.authorize(b.browser, otherQuery())).Get("code")
		return b.post("connect/token", otherForm(append([]string{"code", code}, alter...)...))
	}
	if got := redeem("code_verifier", verifier); got.body != `{"error":"invalid_grant"}` {
		t.Errorf("a verifier from a client whose flow has no proof key: %d, %s", got.status, got.body)
	}
	b.tokens(redeem())
}

// Basic is taken raw: where RFC 6749 percent-encodes, the secret doesn't fit.
func TestClientAuthentication(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	b.add(nil)
	rows := []struct {
		rule           string
		alter          []string
		user, password string
		want           int
	}{
		{"body", nil, "", "", 200},
		{"body before Basic", nil, "nobody", "wrong", 200},
		{"Basic, raw, split at the first colon", []string{"client_id", "-", "client_secret", "-"}, "other", otherSecret, 200},
		{"Basic with client_id beside it", []string{"client_secret", "-"}, "other", otherSecret, 200},
		{"Basic, percent-encoded", []string{"client_id", "-", "client_secret", "-"}, "other", url.QueryEscape(otherSecret), 400},
		{"Basic, wrong", []string{"client_id", "-", "client_secret", "-"}, "other", "wrong", 400},
		{"Basic, empty password", []string{"client_id", "-", "client_secret", "-"}, "other", "", 400},
	}
	for _, row := range rows {
		code := b.landed(b.authorize(b.browser, otherQuery())).Get("code")
		r := b.request(http.MethodPost, Issuer+"connect/token", otherForm(append(row.alter, "code", code)...))
		if row.user != "" {
			r.SetBasicAuth(row.user, row.password)
		}
		if got := b.do(b.back, r); got.status != row.want {
			t.Errorf("%s: status %d, %s", row.rule, got.status, got.body)
		}
	}
}

// IdentityServer3 reads no id and no secret of more than 100 characters, right as they may be.
func TestOverlongSecretNeverFits(t *testing.T) {
	for length, want := range map[int]int{100: 200, 101: 400} {
		b := newBench(t, Options{As: "head"})
		long := strings.Repeat("a", length)
		b.add(func(c *ClientConfig) { c.Secret = token.NewSecret(long) })
		code := b.landed(b.authorize(b.browser, otherQuery())).Get("code")
		if got := b.post("connect/token", otherForm("code", code, "client_secret", long)); got.status != want {
			t.Errorf("%d characters: status %d, %s", length, got.status, got.body)
		}
	}
}

// Headers as IdentityServer3 writes them, verified by another implementation from the published key.
func TestTokenHeaderAndKeys(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	keys := b.do(b.back, b.request(http.MethodGet, Issuer+".well-known/jwks", nil))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(keys.body), &set); err != nil {
		t.Fatal(err)
	}
	key := set.Keys[0]
	for name, raw := range map[string]string{"access": got.Access, "id": got.ID} {
		if want := `{"typ":"JWT","alg":"RS256","x5t":"` + key.KeyID + `","kid":"` + key.KeyID + `"}`; b.part(raw, 0) != want {
			t.Errorf("%s: header %s, expected %s", name, b.part(raw, 0), want)
		}
		parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Verify(key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	sum := key.CertificateThumbprintSHA1
	if base64.RawURLEncoding.EncodeToString(sum) != key.KeyID || len(key.Certificates) != 1 {
		t.Errorf("kid %q, x5t %x", key.KeyID, sum)
	}
	var members struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(keys.body), &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kty", "use", "kid", "x5t", "e", "n", "x5c"} {
		if members.Keys[0][name] == nil {
			t.Errorf("no %s", name)
		}
	}
	if len(members.Keys[0]) != 7 || members.Keys[0]["use"] != "sig" || members.Keys[0]["e"] != "AQAB" {
		t.Errorf("key %v", members.Keys[0])
	}
}

const (
	headSubject = "100201|c4980000-0000-4000-8000-000000000001|head|SIMSID|TAIL"
	headCommon  = `"name":"Margaret Ellis","provider":"SIMSID","providerid":"100201","providername":"SIMS ID",` +
		`"multipleorganisations":"false","site":"9994001","role":"admin@a87b0000-0000-4000-8000-000000000002",` +
		`"userorganisationidentifier":"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S",` +
		`"applicationid":"a9911ca0-0000-4000-8000-00000000a001","applicationname":"simsid",` +
		`"vendorid":"7e4d0000-0000-4000-8000-00000000a002"`
	headAccess = `{"iss":"https://emulator.simsid.invalid/","aud":"https://emulator.simsid.invalid/resources",` +
		`"exp":1795257000,"nbf":1795253400,"client_id":"pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00",` +
		`"scope":["openid","profile","roles","partner","partnermanagementapplication","offline_access"],` +
		`"sub":"` + headSubject + `","auth_time":1795253400,"idp":"idsrv",` + headCommon + `,"amr":["password"]}`
	headID = `{"iss":"https://emulator.simsid.invalid/","aud":"pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00",` +
		`"exp":1795253700,"nbf":1795253400,"nonce":"the nonce","iat":1795253400,"sid":"SID","sub":"` + headSubject + `",` +
		`"auth_time":1795253400,"idp":"idsrv",` + headCommon + `,"SiteRole":"Headteacher","launcher":"false",` +
		`"homeorganisationidentifier":"a87b0000-0000-4000-8000-000000000002","additionalrolespresent":"false",` +
		`"LastLoginTimestamp":"Nov 21, 2026 09:30:00","PasswordChangedTimestamp":"Sep 01, 2025 08:30:00","amr":["password"]}`
)

// constant puts names in the place of what is random in a token.
func (b *bench) constant(jwt string) string {
	b.Helper()
	text := b.payload(jwt)
	var claims struct {
		SID    string `json:"sid"`
		Sub    string `json:"sub"`
		AtHash string `json:"at_hash"`
	}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		b.Fatal(err)
	}
	parts := strings.Split(claims.Sub, "|")
	if len(parts) != 5 || len(parts[4]) != 36 {
		b.Fatalf("sub %q", claims.Sub)
	}
	text = strings.Replace(text, "|"+parts[4], "|TAIL", 1)
	if claims.SID != "" {
		text = strings.Replace(text, claims.SID, "SID", 1)
	}
	if claims.AtHash != "" {
		text = strings.Replace(text, claims.AtHash, "HASH", 1)
	}
	return text
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nexpected\n%s", what, got, want)
	}
}

func TestTokensAreWhole(t *testing.T) {
	b := newBench(t, Options{})
	answer := b.post("connect/token", tokenForm("code", b.code("head")))
	got := b.tokens(answer)
	same(t, "access token", b.constant(got.Access), headAccess)
	same(t, "ID token", b.constant(got.ID), headID)
	same(t, "answer", answer.body, `{"id_token":"`+got.ID+`","access_token":"`+got.Access+
		`","expires_in":3600,"token_type":"Bearer","refresh_token":"`+got.Refresh+`"}`)

	b.clock.pass(10 * time.Minute)
	later := func(text string) string {
		for _, pair := range [][2]string{
			{`"exp":1795257000,"nbf":1795253400`, `"exp":1795257600,"nbf":1795254000`},
			{`"exp":1795253700,"nbf":1795253400`, `"exp":1795254300,"nbf":1795254000`},
			{`"nonce":"the nonce","iat":1795253400`, `"iat":1795254000,"at_hash":"HASH"`},
		} {
			text = strings.Replace(text, pair[0], pair[1], 1)
		}
		return text
	}
	next := b.tokens(b.post("connect/token", refreshForm(got.Refresh)))
	same(t, "refreshed access token", b.constant(next.Access), later(headAccess))
	same(t, "refreshed ID token", b.constant(next.ID), later(headID))
	sum := sha256.Sum256([]byte(next.Access))
	if want := base64.RawURLEncoding.EncodeToString(sum[:16]); !strings.Contains(b.payload(next.ID), `"at_hash":"`+want+`"`) {
		t.Errorf("at_hash isn't %s: %s", want, b.payload(next.ID))
	}
	if old, now := b.payload(got.ID), b.payload(next.ID); claimOf(t, old, "sub") != claimOf(t, now, "sub") || claimOf(t, old, "sid") != claimOf(t, now, "sid") {
		t.Error("a refresh changed sub or sid")
	}
}

func claimOf(t *testing.T, payload, name string) string {
	t.Helper()
	claims, err := parseClaims([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return string(claims.get(name))
}

// What each scope brings, and where one value is bare and several are a list.
func TestClaimsOfScopes(t *testing.T) {
	rows := []struct {
		rule, login, scope, claim, want string
	}{
		{"one scope is bare", "head", "partnermanagementapplication", "scope", `"partnermanagementapplication"`},
		{"repeated scopes count once", "head", "openid openid profile", "scope", `["openid","profile"]`},
		{"no role without roles", "head", "openid profile", "role", ``},
		{"no organisation without its scope", "head", "openid profile roles", "userorganisationidentifier", ``},
		{"no application without an organisation's scope", "head", "openid", "applicationid", ``},
		{"a trust, in upper case", "manager", "openid partnermanagementapplication", "userorganisationidentifier",
			`"A9AB0000-0000-4000-8000-000000000003|99AF0000-0000-4000-8000-000000000004|M"`},
		{"both school and trust", "principal", "openid partnermanagementapplication", "userorganisationidentifier",
			`"11110000-0000-4000-8000-000000000005|22220000-0000-4000-8000-000000000006|MS"`},
		{"local authority", "officer", "openid partnermanagementapplication", "userorganisationidentifier",
			`"3a000000-0000-4000-8000-000000000007|3a000000-0000-4000-8000-000000000008|L"`},
		{"support organisation", "engineer", "openid partnermanagementapplication", "userorganisationidentifier",
			`"4b000000-0000-4000-8000-000000000009|4b000000-0000-4000-8000-00000000000a|O"`},
		{"code of an organisation that is no school", "engineer", "openid", "site", `"FSS00417"`},
		{"one of several organisations is bare", "head", "openid simsmultiorgapplication", "userorganisationidentifiers",
			`"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S"`},
		{"several organisations are a list", "parent", "openid simsmultiorgapplication", "userorganisationidentifiers",
			`["5c000000-0000-4000-8000-00000000000b|5c000000-0000-4000-8000-00000000000c|S",` +
				`"5c000000-0000-4000-8000-0000000000b2|a87b0000-0000-4000-8000-000000000002|S",` +
				`"5c000000-0000-4000-8000-0000000000b3|6d000000-0000-4000-8000-00000000000e|S"]`},
		{"only the claim that belongs to the scope", "parent", "openid simsmultiorgapplication", "userorganisationidentifier", ``},
		{"string booleans", "parent", "openid", "multipleorganisations", `"true"`},
		{"several roles are a list", "parent", "openid roles", "role",
			`["admin@5c000000-0000-4000-8000-00000000000c","admin@a87b0000-0000-4000-8000-000000000002",` +
				`"admin@6d000000-0000-4000-8000-00000000000e"]`},
		{"a name with everything in it", "hostile", "openid", "name",
			`"\u001b[31mRobin\u001b[0m <script>alert(1)</script> ` + "\u202etset\u202c" + ` & \"Co\""`},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			b := newBench(t, Options{As: row.login})
			got := b.login(row.login, "scope", row.scope)
			same(t, row.claim, claimOf(t, b.payload(got.Access), row.claim), row.want)
			if (got.ID != "") != strings.Contains(row.scope, "openid") || got.Refresh != "" {
				t.Errorf("ID token %q, refresh token %q", got.ID, got.Refresh)
			}
			if row.claim != "scope" && got.ID != "" {
				same(t, "in the ID token, "+row.claim, claimOf(t, b.payload(got.ID), row.claim), row.want)
			}
			if claimOf(t, b.payload(got.Access), "iat")+claimOf(t, b.payload(got.Access), "jti") != "" {
				t.Error("an access token with iat or jti")
			}
		})
	}
}

func TestTenOfTwelveOrganisations(t *testing.T) {
	b := newBench(t, Options{As: "consultant"})
	got := b.login("consultant", "scope", "openid simsmultiorgapplication")
	var list []string
	if err := json.Unmarshal([]byte(claimOf(t, b.payload(got.Access), "userorganisationidentifiers")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 10 || list[9] != b.lookupUser("consultant").memberships[9].compound() {
		t.Errorf("%d organisations: %v", len(list), list)
	}
}

func TestFifthPartOfSubjectDiffersBetweenSessions(t *testing.T) {
	b := newBench(t, Options{})
	first := claimOf(t, b.payload(b.login("head").ID), "sub")
	second := claimOf(t, b.payload(b.login("head", "prompt", "login").ID), "sub")
	if first == second || !samePerson(first, second) {
		t.Errorf("%s and %s", first, second)
	}
}
