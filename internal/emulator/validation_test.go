package emulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (b *bench) get(path string, header ...string) answer {
	b.Helper()
	r := b.request(http.MethodGet, Issuer+path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(b.back, r)
}

// forged returns tokens that this server hasn't signed as they stand.
func (b *bench) forged(access string) map[string]string {
	b.Helper()
	parts := strings.Split(access, ".")
	enc := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	header := b.part(access, 0)
	flipped := []byte(parts[2])
	flipped[10] ^= 1
	// The last letter holds four bits that mean nothing: another letter decodes to the same signature.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := letters[strings.IndexByte(letters, access[len(access)-1])|1]
	return map[string]string{
		"another last letter": access[:len(access)-1] + string(last),
		"empty":               "",
		"no JWT":              "abc",
		"a handle":            strings.Repeat("0", 32),
		"alg none":            enc(strings.Replace(header, "RS256", "none", 1)) + "." + parts[1] + ".",
		"alg HS256":           enc(strings.Replace(header, "RS256", "HS256", 1)) + "." + parts[1] + "." + parts[2],
		"another kid":         enc(strings.Replace(header, `"kid":"`, `"kid":"x`, 1)) + "." + parts[1] + "." + parts[2],
		"changed claims":      parts[0] + "." + enc(strings.Replace(b.payload(access), "head", "boss", 1)) + "." + parts[2],
		"changed signature":   parts[0] + "." + parts[1] + "." + string(flipped),
		"no signature":        parts[0] + "." + parts[1] + ".",
		"four parts":          access + ".",
		"padding":             access + "=",
		"too long":            strings.Repeat("a", maxJWT) + access,
	}
}

func TestUserinfo(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	want := `{"sub":` + claimOf(t, b.payload(got.Access), "sub") + `,` + headCommon + `}`
	for name, a := range map[string]answer{
		"GET":                 b.get("connect/userinfo", "Authorization", "Bearer "+got.Access),
		"scheme in any case":  b.get("connect/userinfo", "Authorization", "bearer "+got.Access),
		"POST with a form":    b.post("connect/userinfo", url.Values{"access_token": {got.Access}}),
		"path in another way": b.get("Connect/UserInfo", "Authorization", "Bearer "+got.Access),
	} {
		if a.status != http.StatusOK || a.body != want {
			t.Errorf("%s: status %d, %s, expected\n%s", name, a.status, a.body, want)
		}
	}
	for name, raw := range b.forged(got.Access) {
		a := b.get("connect/userinfo", "Authorization", "Bearer "+raw)
		if a.status != http.StatusUnauthorized || a.body != "" || a.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("%s: status %d, %q, %s", name, a.status, a.header.Get("WWW-Authenticate"), a.body)
		}
	}
	if a := b.get("connect/userinfo", "Authorization", "Bearer "+got.ID); a.status != http.StatusUnauthorized {
		t.Errorf("an ID token: status %d", a.status)
	}
	if a := b.get("connect/userinfo?access_token=" + got.Access); a.status != http.StatusUnauthorized {
		t.Errorf("a token in the query: status %d", a.status)
	}
	small := b.login("head", "scope", "partnermanagementapplication")
	a := b.get("connect/userinfo", "Authorization", "Bearer "+small.Access)
	if a.status != http.StatusForbidden || a.body != "" || a.header.Get("WWW-Authenticate") != `Bearer error="insufficient_scope"` {
		t.Errorf("without openid: status %d, %q, %s", a.status, a.header.Get("WWW-Authenticate"), a.body)
	}
}

// The chosen organisation is the token's, and not the user's first.
func TestUserinfoKnowsTheChosenOrganisation(t *testing.T) {
	b := newBench(t, Options{})
	page := b.authorize(b.browser, authorizeQuery())
	page = b.submit(page, "choose", "parent")
	second := b.lookupUser("parent").memberships[1]
	page = b.submit(page, "organisation", second.organisation.ID)
	got := b.tokens(b.post("connect/token", tokenForm("code", b.landed(page).Get("code"))))
	a := b.get("connect/userinfo", "Authorization", "Bearer "+got.Access)
	same(t, "organisation", claimOf(t, a.body, "userorganisationidentifier"), `"`+second.compound()+`"`)
	same(t, "site", claimOf(t, a.body, "site"), `"`+second.organisation.Code+`"`)
	same(t, "site in the token", claimOf(t, b.payload(got.Access), "site"), `"`+second.organisation.Code+`"`)
}

func scopeForm(alter ...string) url.Values {
	return altered(url.Values{"client_id": {builtinScope}, "client_secret": {builtinScopeSecret}}, alter)
}

func TestIntrospect(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	a := b.post("connect/introspect", scopeForm("token", got.Access))
	want := strings.Replace(b.payload(got.Access),
		`"scope":["openid","profile","roles","partner","partnermanagementapplication","offline_access"],`, "", 1)
	want = strings.Replace(want, `"amr":["password"]}`, `"amr":"password","active":true,"scope":"partner"}`, 1)
	if a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
	same(t, "answer", a.body, want)

	r := b.request(http.MethodPost, Issuer+"connect/introspect", url.Values{"token": {got.Access}})
	r.SetBasicAuth(builtinScope, builtinScopeSecret)
	same(t, "with Basic", b.do(b.back, r).body, want)

	for rule, form := range map[string]url.Values{
		"the client's credentials":       scopeForm("client_id", BuiltinClientID, "client_secret", builtinSecret, "token", got.Access),
		"wrong secret":                   scopeForm("client_secret", "wrong", "token", got.Access),
		"a scope without a secret":       scopeForm("client_id", "profile", "client_secret", builtinScopeSecret, "token", got.Access),
		"a scope that isn't":             scopeForm("client_id", "nothing", "token", got.Access),
		"nobody":                         {"token": {got.Access}},
		"a scope with an empty secret":   scopeForm("client_id", "openid", "client_secret", "", "token", got.Access),
		"authenticated before the token": {},
	} {
		if a := b.post("connect/introspect", form); a.status != http.StatusUnauthorized || a.body != "" {
			t.Errorf("%s: status %d, %s", rule, a.status, a.body)
		}
	}
	if a := b.post("connect/introspect", scopeForm()); a.status != http.StatusBadRequest || a.body != `{"Message":"missing_token"}` {
		t.Errorf("missing token: status %d, %s", a.status, a.body)
	}
	inactive := b.forged(got.Access)
	delete(inactive, "empty")
	inactive["ID token"], inactive["refresh token"] = got.ID, got.Refresh
	inactive["lacking the scope"] = b.login("head", "scope", "openid").Access
	for rule, raw := range inactive {
		if a := b.post("connect/introspect", scopeForm("token", raw)); a.status != http.StatusOK || a.body != `{"active":false}` {
			t.Errorf("%s: status %d, %s", rule, a.status, a.body)
		}
	}
}

func TestValidationEndpoints(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	flat := func(raw string) string {
		return strings.Replace(b.payload(raw), `"amr":["password"]`, `"amr":"password"`, 1)
	}
	query := func(path string, pairs ...string) answer {
		return b.get(path + "?" + altered(url.Values{}, pairs).Encode())
	}
	const access, identity = "connect/accesstokenvalidation", "connect/identitytokenvalidation"
	rows := []struct {
		rule   string
		answer answer
		status int
		body   string
	}{
		{"access token by GET", query(access, "token", got.Access), 200, flat(got.Access)},
		{"access token by POST", b.post(access, url.Values{"token": {got.Access}}), 200, flat(got.Access)},
		{"expected scope", query(access, "token", got.Access, "expectedScope", "roles"), 200, flat(got.Access)},
		{"a scope that it lacks", query(access, "token", got.Access, "expectedScope", "rapapi"), 400, `{"Message":"insufficient_scope"}`},
		{"no token", query(access), 400, `{"Message":"Token is missing"}`},
		{"ID token as access token", query(access, "token", got.ID), 400, `{"Message":"invalid_token"}`},
		{"refresh token", query(access, "token", got.Refresh), 400, `{"Message":"invalid_token"}`},
		{"ID token by GET", query(identity, "token", got.ID, "client_id", BuiltinClientID), 200, flat(got.ID)},
		{"ID token by POST", b.post(identity, url.Values{"token": {got.ID}, "client_id": {BuiltinClientID}}), 200, flat(got.ID)},
		{"no ID token", query(identity, "client_id", BuiltinClientID), 400, `{"Message":"Token is missing"}`},
		{"no client_id", query(identity, "token", got.ID), 400, `{"Message":"client_id is missing"}`},
		{"another client_id", query(identity, "token", got.ID, "client_id", "other"), 400, `{"Message":"invalid_token"}`},
		{"access token as ID token", query(identity, "token", got.Access, "client_id", BuiltinClientID), 400, `{"Message":"invalid_token"}`},
		{"access token for its audience", query(identity, "token", got.Access, "client_id", Issuer+"resources"), 400, `{"Message":"invalid_token"}`},
	}
	for _, row := range rows {
		if row.answer.status != row.status || row.answer.body != row.body {
			t.Errorf("%s: status %d, %s, expected %d, %s", row.rule, row.answer.status, row.answer.body, row.status, row.body)
		}
	}
	for rule, raw := range b.forged(got.Access) {
		if rule == "empty" {
			continue
		}
		if a := b.post(access, url.Values{"token": {raw}}); a.status != http.StatusBadRequest || a.body != `{"Message":"invalid_token"}` {
			t.Errorf("%s: status %d, %s", rule, a.status, a.body)
		}
	}
}

func TestFiveMinutesOfSkew(t *testing.T) {
	for after, want := range map[time.Duration]string{
		time.Hour:                    "",
		65*time.Minute - time.Second: "",
		65 * time.Minute:             "expired_token",
	} {
		b := newBench(t, Options{})
		got := b.login("head")
		b.clock.pass(after)
		valid := b.post("connect/accesstokenvalidation", url.Values{"token": {got.Access}})
		if (valid.status == http.StatusOK) != (want == "") || want != "" && valid.body != `{"Message":"`+want+`"}` {
			t.Errorf("after %s: validation %d, %s", after, valid.status, valid.body)
		}
		active := b.post("connect/introspect", scopeForm("token", got.Access))
		if strings.Contains(active.body, `"active":true`) != (want == "") {
			t.Errorf("after %s: introspection %s", after, active.body)
		}
		info := b.get("connect/userinfo", "Authorization", "Bearer "+got.Access)
		if (info.status == http.StatusOK) != (want == "") {
			t.Errorf("after %s: userinfo %d, %s", after, info.status, info.body)
		}
	}
	b := newBench(t, Options{})
	got := b.login("head")
	b.clock.pass(10 * time.Minute)
	a := b.post("connect/identitytokenvalidation", url.Values{"token": {got.ID}, "client_id": {BuiltinClientID}})
	if a.body != `{"Message":"expired_token"}` {
		t.Errorf("an ID token of ten minutes: %d, %s", a.status, a.body)
	}
	early := newBench(t, Options{})
	late := early.login("head")
	early.clock.pass(-6 * time.Minute)
	if a := early.post("connect/accesstokenvalidation", url.Values{"token": {late.Access}}); a.body != `{"Message":"invalid_token"}` {
		t.Errorf("a token from the future: %d, %s", a.status, a.body)
	}
}

// Two servers with one key: the issuer alone tells their tokens apart.
func TestTokensOfAnotherIssuer(t *testing.T) {
	dir := t.TempDir()
	one, two := newBench(t, Options{Dir: dir}), newBench(t, Options{Dir: dir, Issuer: "https://second.simsid.invalid/"})
	foreign := one.login("head").ID
	two.submit(two.authorize(two.browser, authorizeQuery()), "choose", "head")
	form := url.Values{"token": {foreign}, "client_id": {BuiltinClientID}}
	a := two.do(two.back, two.request(http.MethodPost, "https://second.simsid.invalid/connect/identitytokenvalidation", form))
	if a.body != `{"Message":"invalid_token"}` {
		t.Errorf("validation: %d, %s", a.status, a.body)
	}
	a = two.do(two.browser, two.request(http.MethodGet, two.base+"/connect/endsession?id_token_hint="+foreign, nil))
	if !strings.Contains(a.body, "Sign out?") {
		t.Errorf("end of session: %d, %s", a.status, a.body)
	}
}

// The header is only compared with what this server writes, however well the signature fits.
func TestHeaderIsFixed(t *testing.T) {
	b := newBench(t, Options{})
	key, err := b.key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for header, ok := range map[string]bool{
		`{"alg":"RS256","kid":"` + key.id + `"}`: true,
		`{"alg":"RS384","kid":"` + key.id + `"}`: false,
		`{"alg":"none","kid":"` + key.id + `"}`:  false,
		`{"kid":"` + key.id + `"}`:               false,
		`{"alg":"RS256","kid":"another"}`:        false,
		`{"alg":"RS256"}`:                        false,
		`[]`:                                     false,
	} {
		enc := base64.RawURLEncoding
		input := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(`{"sub":"x"}`))
		sum := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(nil, key.private, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.verify(input + "." + enc.EncodeToString(signature)); (err == nil) != ok {
			t.Errorf("%s: %v", header, err)
		}
	}
}

func TestOverlongTokenIsNotRead(t *testing.T) {
	b := newBench(t, Options{})
	key, err := b.key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for length, ok := range map[int]bool{30 << 10: true, maxJWT: false} {
		raw, err := key.sign(claimSet{}.with("filling", strings.Repeat("a", length)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.verify(raw); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(raw), err)
		}
	}
}

func revokeForm(alter ...string) url.Values {
	return altered(url.Values{"client_id": {BuiltinClientID}, "client_secret": {builtinSecret}}, alter)
}

func TestRevocationErrors(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	for rule, row := range map[string]struct {
		form   url.Values
		status int
		body   string
	}{
		"bad secret":    {revokeForm("client_secret", "x", "token", got.Refresh), 400, `{"error":"invalid_client"}`},
		"nobody":        {url.Values{"token": {got.Refresh}}, 400, `{"error":"invalid_client"}`},
		"a scope":       {scopeForm("token", got.Refresh), 400, `{"error":"invalid_client"}`},
		"no token":      {revokeForm(), 400, `{"error":"invalid_request"}`},
		"unknown hint":  {revokeForm("token", got.Refresh, "token_type_hint", "id_token"), 400, `{"error":"unsupported_token_type"}`},
		"unknown token": {revokeForm("token", "nothing"), 200, ""},
		"a JWT":         {revokeForm("token", got.Access, "token_type_hint", "access_token"), 200, ""},
		"an ID token":   {revokeForm("token", got.ID), 200, ""},
	} {
		if a := b.post("connect/revocation", row.form); a.status != row.status || a.body != row.body {
			t.Errorf("%s: status %d, %s", rule, a.status, a.body)
		}
	}
	if a := b.get("connect/userinfo", "Authorization", "Bearer "+got.Access); a.status != http.StatusOK {
		t.Errorf("revoking a JWT ended it: %d", a.status)
	}
	b.tokens(b.post("connect/token", refreshForm(got.Refresh)))
}

// One refresh token takes every other of that user and client with it, and nobody else's.
func TestRevocationCascades(t *testing.T) {
	for _, hint := range []string{"refresh_token", "access_token", "-"} {
		b := newBench(t, Options{})
		b.add(nil)
		first := b.login("head")
		again := b.login("head", "prompt", "login")
		someone := b.login("officer", "prompt", "login")
		otherPage := b.authorize(b.browser, otherQuery("prompt", "login"))
		otherPage = b.submit(otherPage, "choose", "head")
		other := b.tokens(b.post("connect/token", otherForm("code", b.landed(otherPage).Get("code"))))

		foreign := otherForm("token", first.Refresh)
		if a := b.post("connect/revocation", foreign); a.status != http.StatusOK || a.body != "" {
			t.Errorf("another client's token: status %d, %s", a.status, a.body)
		}
		if a := b.post("connect/revocation", revokeForm("token", first.Refresh, "token_type_hint", hint)); a.status != http.StatusOK || a.body != "" {
			t.Errorf("status %d, %s", a.status, a.body)
		}
		for name, row := range map[string]struct {
			form url.Values
			want int
		}{
			"the revoked one":       {refreshForm(first.Refresh), 400},
			"another of the user":   {refreshForm(again.Refresh), 400},
			"another user's":        {refreshForm(someone.Refresh), 200},
			"another client's":      {otherForm("grant_type", "refresh_token", "refresh_token", other.Refresh), 200},
			"the revoked one again": {refreshForm(first.Refresh), 400},
		} {
			if a := b.post("connect/token", row.form); a.status != row.want {
				t.Errorf("hint %s, %s: status %d, %s", hint, name, a.status, a.body)
			}
		}
	}
}
