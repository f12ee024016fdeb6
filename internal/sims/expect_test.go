package sims_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

func TestParseExpectation(t *testing.T) {
	for _, c := range []struct {
		text string
		want sims.Expectation
	}{
		{"site=8412345", sims.Expectation{Path: []string{"site"}, Operator: "=", Value: "8412345"}},
		{" site  = 8412345 ", sims.Expectation{Path: []string{"site"}, Operator: "=", Value: "8412345"}},
		{"org.type has S", sims.Expectation{Path: []string{"org", "type"}, Operator: "has", Value: "S"}},
		{"scope lacks partner", sims.Expectation{Path: []string{"scope"}, Operator: "lacks", Value: "partner"}},
		{"exp > 5m", sims.Expectation{Path: []string{"exp"}, Operator: ">", Value: "5m"}},
		{"exp>=2d", sims.Expectation{Path: []string{"exp"}, Operator: ">=", Value: "2d"}},
		{"auth_time>-1h", sims.Expectation{Path: []string{"auth_time"}, Operator: ">", Value: "-1h"}},
		{"exp < 2026-12-01T00:00:00Z", sims.Expectation{Path: []string{"exp"}, Operator: "<", Value: "2026-12-01T00:00:00Z"}},
		{"n <= 1e3", sims.Expectation{Path: []string{"n"}, Operator: "<=", Value: "1e3"}},
		{"name != Helen Head", sims.Expectation{Path: []string{"name"}, Operator: "!=", Value: "Helen Head"}},
		{`name = " a\"b\\ "`, sims.Expectation{Path: []string{"name"}, Operator: "=", Value: ` a"b\ `}},
		{`"a b"."c.d"=1`, sims.Expectation{Path: []string{"a b", "c.d"}, Operator: "=", Value: "1"}},
		{"SIMSCX/Role has x", sims.Expectation{Path: []string{"SIMSCX/Role"}, Operator: "has", Value: "x"}},
		{"http://example.com/is_root=true", sims.Expectation{Path: []string{"http://example", "com/is_root"}, Operator: "=", Value: "true"}},
		{"nonce exists", sims.Expectation{Path: []string{"nonce"}, Operator: "exists"}},
		{"access.jti missing ", sims.Expectation{Path: []string{"access", "jti"}, Operator: "missing"}},
		{"a = = b", sims.Expectation{Path: []string{"a"}, Operator: "=", Value: "= b"}},
	} {
		c.want.Text = c.text
		got, err := sims.ParseExpectation(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, %v, want %+v", c.text, got, err, c.want)
		}
	}
}

// A fault is pointed at.
func TestParseExpectationRefuses(t *testing.T) {
	const operator = "an operator is missing: =, !=, >, >=, <, <=, has, lacks, exists or missing"
	for _, c := range []struct {
		text    string
		at      int
		problem string
	}{
		{"", 0, "the name of a claim is missing"},
		{"  ", 2, "the name of a claim is missing"},
		{"= 1", 0, "the name of a claim is missing"},
		{"a. = 1", 2, "the name of a claim is missing"},
		{`"" = 1`, 0, "the name of a claim is missing"},
		{"site", 4, operator},
		{"site 8412345", 5, operator},
		{"site =", 6, "a value is missing"},
		{"site has ", 9, "a value is missing"},
		{`a = "b`, 4, "the quotes don't end"},
		{`"a = b`, 0, "the quotes don't end"},
		{`a = "b" c`, 8, "something follows the value"},
		{"a exists b", 9, `"exists" takes no value`},
		{"exp > soon", 6, "the value is no number, no span such as 5m or 2d, and no time such as 2026-01-31T12:00:00Z"},
		{"exp > 0x10", 6, "the value is no number, no span such as 5m or 2d, and no time such as 2026-01-31T12:00:00Z"},
		{"exp > 99999999d", 6, "the value is no number, no span such as 5m or 2d, and no time such as 2026-01-31T12:00:00Z"},
		{strings.Repeat("a", 5000), 4096, "the expectation is too long"},
	} {
		_, err := sims.ParseExpectation(c.text)
		got, _ := errors.AsType[*sims.ExpectError](err)
		if want := (&sims.ExpectError{Text: c.text, At: c.at, Problem: c.problem}); !reflect.DeepEqual(got, want) {
			t.Errorf("%.40q: %+v, want %+v", c.text, got, want)
		}
	}
	_, err := sims.ParseExpectation("é x")
	if want := operator + " at character 3"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}

// A word that no token can meet is refused: lacks, != and missing would hold of every token.
func TestParseExpectationRefusesWords(t *testing.T) {
	types := []string{"ess-ltd-company", "school-group", "local-authority", "multi-academy-trust", "support-organisation", "school"}
	algorithms := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "HS256", "HS384", "HS512", "none"}
	orgParts, roleParts, answers := []string{"id", "user", "type"}, []string{"name", "org"}, []string{"true", "false"}
	const (
		operator = "an operator is missing: =, !=, >, >=, <, <=, has, lacks, exists or missing"
		orgHas   = "org has the parts id, user and type (a claim of that name stands in quotes)"
		roleHas  = "role has the parts name and org (a claim of that name stands in quotes)"
		noGUID   = "the value is no GUID, as ids of organisations and users are"
		yesNo    = "the claim is true or false"
	)
	for _, c := range []sims.ExpectError{
		{"org.type lacks schol", 15, `there is no organisation type "schol"`, "school", types},
		{"org.type has schol", 13, `there is no organisation type "schol"`, "school", types},
		{"org.type = schol", 11, `there is no organisation type "schol"`, "school", types},
		{"org.type!=schol", 10, `there is no organisation type "schol"`, "school", types},
		{"access.org.type lacks shcool", 22, `there is no organisation type "shcool"`, "school", types},
		{`id.org.type lacks "hunter2"`, 18, `there is no organisation type "…"`, "", types},
		{"org.typ lacks school", 4, orgHas, "type", orgParts},
		{"org.typ missing", 4, orgHas, "type", orgParts},
		{"access.org.name exists", 11, orgHas, "", orgParts},
		{"role.nmae lacks head", 5, roleHas, "name", roleParts},
		{"role.id = x", 5, roleHas, "", roleParts},
		{"org.id lacks 8412345", 13, noGUID, "", nil},
		{"org.user != x", 12, noGUID, "", nil},
		{"role.org has x", 13, noGUID, "", nil},
		{"header.alg != RS265", 14, `there is no algorithm "RS265"`, "RS256", algorithms},
		{"header.alg != rs256", 14, `there is no algorithm "rs256"`, "RS256", algorithms},
		{"email_verified != ture", 18, yesNo, "true", answers},
		{"site hasn't x", 5, operator, "lacks", nil},
		{"site lack x", 5, operator, "lacks", nil},
		{"org.type is school", 9, operator, "=", nil},
		{"nonce exist", 6, operator, "exists", nil},
	} {
		_, err := sims.ParseExpectation(c.Text)
		got, _ := errors.AsType[*sims.ExpectError](err)
		if !reflect.DeepEqual(got, &c) {
			t.Errorf("%s: %+v, want %+v", c.Text, got, c)
		}
	}
	for _, text := range []string{
		"org.type lacks X", "org.type lacks trust", `"org.typ" lacks school`, "role.name lacks anything", "role lacks anything", "header.alg = RSA-OAEP", "header.alg != none", "header.typ = at+jwt",
		"org.id lacks " + strings.ToUpper(orgA), "org.type exists", "org.a.b lacks c", "email_verified = true", "id.sub = x", "other.typ lacks schol",
	} {
		if _, err := sims.ParseExpectation(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What was likely meant is said of = alone, where it met several values and doesn't hold.
func TestMetHint(t *testing.T) {
	const use = "= asks for the only value; to ask for one of several, use has"
	x := sims.Expected{Now: clock, Tokens: []sims.ExpectedToken{{Claims: claims(t, `{"scope":["openid","roles"],"site":"1","empty":[]}`)}}}
	for text, want := range map[string]string{"scope=roles": use, "scope=x": use, "scope has x": "", "scope != roles": "", "site=2": "", "site=1": "", "empty=1": "", "none=1": ""} {
		e, err := sims.ParseExpectation(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Hold(e).Hint(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestHold(t *testing.T) {
	access := `{"exp":1795296942,"nbf":1795293342,"scope":["openid","partner"],"site":"8412345","role":["admin@` + orgA + `","head teacher"],
		"userorganisationidentifier":"` + userA + "|" + orgA + `|SM","address":{"post code":"N1","n":7},"a.b":"dotted","empty":[],"flag":true,"when":"2026-11-21"}`
	id := `{"exp":1795293642,"nonce":"x","scope":"only here","site":"other","big":12345678901234567890}`
	x := sims.Expected{Now: clock, Tokens: []sims.ExpectedToken{
		{Name: "access", Label: "access token", Header: parsed(t, `{"alg":"RS256"}`, access).Header, Claims: claims(t, access)},
		{Name: "id", Label: "ID token", Header: parsed(t, `{"alg":"ES256"}`, id).Header, Claims: claims(t, id)},
	}}
	const inAccess, inID = "access token", "ID token"
	for _, c := range []struct {
		text  string
		holds bool
		where string
		seen  string
	}{
		{"site=8412345", true, inAccess, "8412345"},
		{"site=other", false, inAccess, "8412345"},
		{"id.site=other", true, inID, "other"},
		{"site!=other", true, inAccess, "8412345"},
		{"site has 8412345", true, inAccess, "8412345"},
		{"org.type has S", true, inAccess, "S, M"},
		{"org.type has School", true, inAccess, "S, M"},
		{"org.type has school", true, inAccess, "S, M"},
		{"org.type has s", true, inAccess, "S, M"},
		{"org.type has multi-academy-trust", true, inAccess, "S, M"},
		{"org.type has trust", true, inAccess, "S, M"},
		{"org.type lacks school", false, inAccess, "S, M"},
		{"org.type = S", false, inAccess, "S, M"},
		{"org.type lacks L", true, inAccess, "S, M"},
		{"org.id = " + strings.ToUpper(orgA), true, inAccess, orgA},
		{"org.user = " + userA, true, inAccess, userA},
		{"scope has partner", true, inAccess, "openid, partner"},
		{"scope has part", false, inAccess, "openid, partner"},
		{"id.scope has here", true, inID, "only, here"},
		{"role has admin", true, inAccess, "admin@" + orgA + ", head teacher"},
		{"role has admin@" + orgA, true, inAccess, "admin@" + orgA + ", head teacher"},
		{"role.name has head teacher", true, inAccess, "admin, head teacher"},
		{"role.org has " + orgA, true, inAccess, orgA + ", "},
		{"exp > 5m", true, inAccess, "2026-11-21T21:35:42Z"},
		{"exp > 1h", false, inAccess, "2026-11-21T21:35:42Z"},
		{"exp >= 1h", true, inAccess, "2026-11-21T21:35:42Z"},
		{"id.exp > 5m", false, inID, "2026-11-21T20:40:42Z"},
		{"nbf <= 0s", true, inAccess, "2026-11-21T20:35:42Z"},
		{"nbf > -1h", true, inAccess, "2026-11-21T20:35:42Z"},
		{"nbf < -1h", false, inAccess, "2026-11-21T20:35:42Z"},
		{"exp < 1d", true, inAccess, "2026-11-21T21:35:42Z"},
		{"exp > 2026-11-21T00:00:00Z", true, inAccess, "2026-11-21T21:35:42Z"},
		{"exp < 1795296943", true, inAccess, "1795296942"},
		{"when > 2026-11-20", true, inAccess, "2026-11-21"},
		{"site > 5m", false, inAccess, "1970-04-08T08:45:45Z"},
		{"scope > 1", false, inAccess, "openid, partner"},
		{"flag = true", true, inAccess, "true"},
		{`address."post code" = N1`, true, inAccess, "N1"},
		{"address.n = 7.0", true, inAccess, "7"},
		{"site = 8412345.0", false, inAccess, "8412345"},
		{"address.street exists", false, "", "no token has it"},
		{"site.x exists", false, "", "no token has it"},
		{"a.b = dotted", true, inAccess, "dotted"},
		{"empty has x", false, inAccess, "an empty list"},
		{"empty exists", true, inAccess, "an empty list"},
		{"nonce exists", true, inID, "x"},
		{"access.nonce exists", false, "", "no token has it"},
		{"access.nonce missing", true, "", "no token has it"},
		{"nonce missing", false, inID, "x"},
		{"jti != x", true, "", "no token has it"},
		{"jti lacks x", true, "", "no token has it"},
		{"jti has x", false, "", "no token has it"},
		{"header.alg = RS256", true, inAccess, "RS256"},
		{"id.header.alg = ES256", true, inID, "ES256"},
		{"big = 12345678901234567890", true, inID, "12345678901234567890"},
	} {
		e, err := sims.ParseExpectation(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := x.Hold(e), (sims.Met{Expectation: e, Holds: c.holds, Where: c.where, Seen: c.seen, Several: strings.Contains(c.seen, ", ")}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", c.text, got, want)
		}
	}
}

func FuzzExpectation(f *testing.F) {
	for _, seed := range []string{"site=8412345", "org.type has S", `"a\"b".c != "d\\"`, "exp > 5m", "x exists", "a >= 1e999", `a="`, "é..=", "role.name lacks x"} {
		f.Add(seed)
	}
	o, err := token.ParseObject([]byte(`{"exp":1795296942,"role":"a@` + orgA + `","a":{"b":[1,"x",null]},"userorganisationidentifiers":[7,"x|y|S"]}`))
	if err != nil {
		f.Fatal(err)
	}
	x := sims.Expected{Now: clock, Tokens: []sims.ExpectedToken{{Name: "access", Label: "access token", Claims: o}}}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := sims.ParseExpectation(text)
		if err != nil {
			bad, ok := errors.AsType[*sims.ExpectError](err)
			if !ok || bad.At < 0 || bad.At > len(text) || bad.Error() == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if len(e.Path) == 0 || e.Operator == "" {
			t.Fatalf("%q gives %+v", text, e)
		}
		first := x.Hold(e)
		if !reflect.DeepEqual(first, x.Hold(e)) {
			t.Fatal("evaluated twice, two answers")
		}
	})
}
