package render_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

const claimsOfEveryKind = `{"site":"9994001","role":["admin@1","head@2"],"exp":1795296942,"big":9007199254740993,"flag":true,"none":null,"empty":[],"blank":"",
"mixed":["a",1,{"b": [2]},"c\nd"],"address":{"country":"UK","a.b":{"c":"deep"},"list":["x"]},"address.country":"flat","dotted.name":{"x":"y"},
"wild":"\u001b[31mred\u202e","https://example.com/role":"teacher","":"unnamed"}`

func TestClaim(t *testing.T) {
	view := render.Userinfo{Claims: object(t, claimsOfEveryKind)}
	for _, tc := range []struct {
		name, terminal, piped, json string
	}{
		{"site", "9994001\n", "9994001\n", "\"9994001\"\n"},
		{"role", "admin@1\nhead@2\n", "admin@1\nhead@2\n", "[\"admin@1\",\"head@2\"]\n"},
		{"exp", "1795296942\n", "1795296942\n", "1795296942\n"},
		{"big", "9007199254740993\n", "9007199254740993\n", "9007199254740993\n"},
		{"flag", "true\n", "true\n", "true\n"},
		{"none", "null\n", "null\n", "null\n"},
		{"empty", "", "", "[]\n"},
		{"blank", "\n", "\n", "\"\"\n"},
		{"mixed", "a\n1\n{\"b\":[2]}\nc\\nd\n", "a\n1\n{\"b\":[2]}\nc\nd\n", "[\"a\",1,{\"b\":[2]},\"c\\nd\"]\n"},
		{"wild", `\x1b[31mred\u202e` + "\n", "\x1b[31mred\u202e\n", `"\u001b[31mred\u202e"` + "\n"},
		{"https://example.com/role", "teacher\n", "teacher\n", "\"teacher\"\n"},
		// A claim's whole name comes before a path into an object, and longer names before shorter ones.
		{"address.country", "flat\n", "flat\n", "\"flat\"\n"},
		{"address.a.b.c", "deep\n", "deep\n", "\"deep\"\n"},
		{"address.list", "x\n", "x\n", "[\"x\"]\n"},
		{"dotted.name.x", "y\n", "y\n", "\"y\"\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for form, c := range map[string]struct {
				options render.Options
				want    string
			}{
				"terminal": {render.Options{}, tc.terminal},
				"piped":    {render.Options{Exact: true}, tc.piped},
				"json":     {render.Options{JSON: true, Exact: true}, tc.json},
			} {
				c.options.Claim = tc.name
				if got := write(t, view, c.options); got != c.want {
					t.Errorf("%s: %q, want %q", form, got, c.want)
				}
			}
		})
	}
}

// What expectations know has the same names here; a claim of that very name comes first.
func TestClaimByThePartsThatExpectationsKnow(t *testing.T) {
	access, id := verifiedToken(t), verifiedToken(t)
	access.Kind, id.Kind = token.KindAccess, token.KindID
	id.JWT = jwt(t, `{"alg":"ES256"}`, `{"aud":"cli","exp":1795293642,"userorganisationidentifiers":["`+school+`","`+both+`","one|two"]}`)
	claims := id.JWT.Claims.InsecureMarkVerified()
	id.Verification = &provider.Verification{Claims: &claims}
	own := verifiedToken(t)
	own.JWT = jwt(t, `{"alg":"RS256"}`, `{"org":{"id":"mine"},"role":["admin"],"header.alg":"claimed"}`)
	others := own.JWT.Claims.InsecureMarkVerified()
	own.Verification = &provider.Verification{Claims: &others}
	login, other := render.Decoded{Tokens: []render.DecodedToken{access, id}}, render.Decoded{Tokens: []render.DecodedToken{own}}
	for _, tc := range []struct {
		view       render.View
		name, want string
	}{
		{login, "org.id", "a87b0000-0000-4000-8000-000000000002\n"},
		{login, "id.org.id", "a87b0000-0000-4000-8000-000000000002\n22220000-0000-4000-8000-000000000006\n"},
		{login, "role.name", "admin\nteacher\n"},
		{login, "role.org", "a87b0000-0000-4000-8000-000000000002\na87b0000-0000-4000-8000-000000000002\n"},
		{login, "header.alg", "RS256\n"},
		{login, "exp", "1795296942\n"},
		{login, "access.exp", "1795296942\n"},
		{login, "id.exp", "1795293642\n"},
		{login, "id.site", ""},
		{render.Decoded{Tokens: []render.DecodedToken{id}}, "org.type", "S\nMS\n"},
		{render.Decoded{Tokens: []render.DecodedToken{id}}, "org.user", "c4980000-0000-4000-8000-000000000001\n11110000-0000-4000-8000-000000000005\n"},
		{other, "org.id", "mine\n"},
		{other, "role", "admin\n"},
		{other, "header.alg", "claimed\n"},
		{render.Userinfo{Claims: object(t, headClaims)}, "role.name", "admin\nteacher\n"},
	} {
		var b bytes.Buffer
		err := render.Write(t.Context(), &b, tc.view, render.Options{Claim: tc.name})
		if b.String() != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s: %q, %v, want %q", tc.name, b.String(), err, tc.want)
		}
	}
}

func TestClaimThatIsNotThere(t *testing.T) {
	view := render.Userinfo{Claims: object(t, `{"site":"9994001","address":{"country":"UK"},"role":["a"]}`)}
	known := []string{"site", "address", "role", "role.name", "role.org"}
	for _, name := range []string{"Site", "site.x", "address.", ".country", "address.country.x", "role.0", ".", "constructor", "__proto__"} {
		var b bytes.Buffer
		err := render.Write(t.Context(), &b, view, render.Options{Claim: name})
		if want := (&render.ClaimError{Name: name, Known: known}); !reflect.DeepEqual(err, want) || b.Len() > 0 {
			t.Errorf("%s: %q, %v, want %v", name, b.String(), err, want)
		}
	}
	err := render.Write(t.Context(), &bytes.Buffer{}, render.Done{}, render.Options{Claim: "site"})
	if want := (&render.ClaimError{Name: "site"}); !reflect.DeepEqual(err, want) {
		t.Errorf("a view without claims: %v, want %v", err, want)
	}
}

// A claim of a token that is shown to be forged is never printed; one that nobody could check is, and is called unverified.
func TestClaimOfATokenThatDoesNotHold(t *testing.T) {
	verified, forged := verifiedToken(t), brokenToken(t)
	unchecked := brokenToken(t)
	unchecked.Verification, unchecked.Unverified = nil, "there are no keys"
	expired := brokenToken(t)
	expired.Unverified = "this check doesn't hold: expiry"
	expired.Verification = &provider.Verification{Checks: []provider.Check{
		{Name: "signature", Outcome: provider.Passed}, {Name: "expiry", Outcome: provider.Failed},
	}}
	opaque := render.DecodedToken{Label: "access token", Opaque: token.FormHandle.Describe()}
	for name, tc := range map[string]struct {
		tokens     []render.DecodedToken
		claim      string
		want       string
		unverified string
		err        error
	}{
		"verified":              {[]render.DecodedToken{verified}, "site", "8234001\n", "", nil},
		"the first that has it": {[]render.DecodedToken{opaque, verified, unchecked}, "iss", "https://emulator.simsid.invalid/\n", "", nil},
		"only the second":       {[]render.DecodedToken{verified, unchecked}, "email_verified", "true\n", "there are no keys", nil},
		"unchecked":             {[]render.DecodedToken{unchecked}, "sub", "248289761001\n", "there are no keys", nil},
		"expired":               {[]render.DecodedToken{expired}, "sub", "248289761001\n", "this check doesn't hold: expiry", nil},
		"forged":                {[]render.DecodedToken{forged}, "sub", "", "", &render.RefutedError{Name: "sub", Failed: []string{"issuer", "authorized party"}}},
		"forged comes first":    {[]render.DecodedToken{forged, verified}, "sub", "", "", &render.RefutedError{Name: "sub", Failed: []string{"issuer", "authorized party"}}},
	} {
		t.Run(name, func(t *testing.T) {
			view, o := render.Decoded{Tokens: tc.tokens}, render.Options{Claim: tc.claim}
			var b bytes.Buffer
			err := render.Write(t.Context(), &b, view, o)
			if b.String() != tc.want || !reflect.DeepEqual(err, tc.err) {
				t.Errorf("%q, %v, want %q, %v", b.String(), err, tc.want, tc.err)
			}
			if got := render.Unverified(view, o); got != tc.unverified {
				t.Errorf("unverified %q, want %q", got, tc.unverified)
			}
		})
	}
}

// FuzzClaim asks for anything in anything: a terminal never gets what it would obey, and a name that isn't there is no panic.
func FuzzClaim(f *testing.F) {
	f.Add(claimsOfEveryKind, "address.a.b.c")
	f.Add(`{"a":{"b":{"c":[[1]]}}}`, "a.b.c")
	f.Add(`{".":{"":1}}`, "...")
	f.Fuzz(func(t *testing.T, claims, name string) {
		o, err := token.ParseObject([]byte(claims))
		if err != nil || name == "" {
			return
		}
		var b bytes.Buffer
		err = render.Write(t.Context(), &b, render.Userinfo{Claims: o}, render.Options{Claim: name})
		if _, missing := errors.AsType[*render.ClaimError](err); err != nil && !missing {
			t.Fatalf("%v", err)
		}
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 }); i >= 0 {
			t.Errorf("%q", b.String())
		}
	})
}
