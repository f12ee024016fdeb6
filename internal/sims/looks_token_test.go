package sims_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

var clock = time.Unix(1795293342, 0)

func parsed(t testing.TB, header, claims string) *token.JWT {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	jwt, err := token.ParseJWT(b64([]byte(header)) + "." + b64([]byte(claims)) + ".c2ln")
	if err != nil {
		t.Fatal(err)
	}
	return jwt
}

// The rules about any provider's tokens.
func TestTokenFindings(t *testing.T) {
	const rs256 = `{"alg":"RS256"}`
	const times = `"nbf":1795293342,"exp":1795296942`
	const inAccess = "in the access token, "
	tests := []struct {
		name           string
		header, access string
		id             string // claims of an ID token with the same header; "" for none
		change         func(*sims.Input)
		want           []string
	}{
		{"all is well", rs256, `{` + times + `,"client_id":"me","aud":["a","b"],"scope":"x","n":9007199254740992,"f":1.5e300}`, `{"iat":1795293342,"exp":1795293642,"aud":"me"}`,
			func(in *sims.Input) { in.ClientID = "me" }, nil},
		{"exp as text", rs256, `{"exp":"1795296942"}`, "", nil, []string{`claim-type: ` + inAccess + `exp is the text "1795296942", which is no time: a number of seconds, up to the year 9999`}},
		{"exp 1e400", rs256, `{"exp":1e400}`, "", nil, []string{"claim-type: " + inAccess + "exp is the number 1e400, which is no time: a number of seconds, up to the year 9999"}},
		{"exp null", rs256, `{"exp":null}`, "", nil, []string{"claim-type: " + inAccess + "exp is null, which is no time: a number of seconds, up to the year 9999"}},
		{"aud an object", rs256, `{` + times + `,"aud":{"a":1}}`, "", nil, []string{`claim-type: ` + inAccess + `aud is an object, which is neither a text nor a list of texts`}},
		{"sub a number", rs256, `{` + times + `,"sub":1}`, "", nil, []string{"claim-type: " + inAccess + "sub is the number 1, which is no text"}},
		{"__proto__", rs256, `{` + times + `,"__proto__":{"admin":true}}`, "", nil, []string{`claim-name: ` + inAccess + `there is a claim with the name "__proto__"`}},
		{"__proto__ by escapes", rs256, `{` + times + `,"\u005f_proto__":1}`, "", nil, []string{`claim-name: ` + inAccess + `there is a claim with the name "__proto__"`}},
		{"EXP", rs256, `{` + times + `,"EXP":1}`, "", nil, []string{`claim-name: ` + inAccess + `the claims "exp" and "EXP" differ by case or spaces alone`}},
		{"Iss alone", rs256, `{` + times + `,"Iss":"x"}`, "", nil, []string{`claim-name: ` + inAccess + `there is a claim with the name "Iss", which isn't iss`}},
		{"2^53 + 1", rs256, `{` + times + `,"id":9007199254740993}`, "", nil, []string{`claim-number: ` + inAccess + `"id" holds the number 9007199254740993`}},
		{"deep and huge", rs256, `{` + times + `,"id":["12345678901234567890",{"x":-12345678901234567890}]}`, "", nil, []string{`claim-number: ` + inAccess + `"id" holds the number -12345678901234567890`}},
		{"digits in a text", rs256, `{` + times + `,"id":"\"12345678901234567890"}`, "", nil, nil},
		{"none", `{"alg":"none"}`, `{` + times + `}`, "", nil, []string{`alg-none: ` + inAccess + `alg is "none"`}},
		{"no alg", `{"typ":"JWT"}`, `{` + times + `}`, "", nil, []string{`alg-none: ` + inAccess + `alg is ""`}},
		{"HS256", `{"alg":"HS256"}`, `{` + times + `}`, "", nil, []string{`alg-weak: ` + inAccess + `alg is "HS256"`}},
		{"unknown alg", `{"alg":"RS1"}`, `{` + times + `}`, "", nil, []string{`alg-weak: ` + inAccess + `alg is "RS1"`}},
		{"keys in the header", `{"alg":"RS256","jku":"https://evil.example/","jwk":{}}`, `{` + times + `}`, "", nil, []string{"header-key: " + inAccess + "the header has jwk and jku"}},
		{"no exp", rs256, `{"sub":"x"}`, "", nil, []string{"expiry-missing: " + inAccess + "exp is missing"}},
		{"ends first", rs256, `{"nbf":1795293342,"exp":1795293342}`, "", nil, []string{"lifetime-odd: the access token ends before it begins"}},
		{"short", rs256, `{"nbf":1795293342,"exp":1795293372}`, "", nil, []string{"lifetime-odd: the access token lives for 30 seconds"}},
		{"long", rs256, `{"nbf":1795293342,"exp":1797885342}`, `{"iat":1795293342,"exp":1795300543}`, nil,
			[]string{"lifetime-odd: the access token lives for 30 days", "lifetime-odd: the ID token lives for 2 hours"}},
		{"from the future", rs256, `{"nbf":1795293542,"exp":1795296942}`, `{"iat":1795293345,"exp":1795293645}`, nil, []string{
			"clock-ahead: " + inAccess + "nbf is 3m20s ahead of this machine's clock", "clock-ahead: in the ID token, iat is 3s ahead of this machine's clock",
		}},
		{"in an address", rs256, `{` + times + `}`, "", func(in *sims.Input) { in.InURL = true }, []string{"token-in-url: the token stood in an address"}},
		{"another client's", rs256, `{` + times + `,"client_id":"you"}`, `{"iat":1795293342,"exp":1795293642,"aud":["you","them"]}`, func(in *sims.Input) { in.ClientID = "me" }, []string{
			`audience-other: the access token was issued to "you", and this client is "me"`, `audience-other: the ID token is for "you, them", and this client is "me"`,
		}},
		{"of no known kind", `{"alg":"none"}`, `{"nbf":1795293342,"exp":1795293342}`, "", func(in *sims.Input) { in.UnknownKind = true },
			[]string{`alg-none: alg is "none"`, "lifetime-odd: the token ends before it begins"}},
		{"refreshed", rs256, `{` + times + `}`, "", func(in *sims.Input) { in.RefreshedAt = clock }, []string{"claims-old: the access token was refreshed since the user signed in"}},
		{"refreshed, another vocabulary", rs256, `{` + times + `,"site":"123456789"}`, "", func(in *sims.Input) { in.RefreshedAt, in.OtherVocabulary = clock, true }, nil},
		{"claims without their header", ``, `{"exp":"x","__proto__":1}`, "", nil, nil},
	}
	rules := make(map[string]sims.Rule)
	for _, r := range sims.Rules() {
		rules[r.ID] = r
	}
	spoke := make(map[string]bool)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := sims.Input{Now: clock, Access: claims(t, tt.access)}
			if tt.header != "" {
				in.AccessHeader = parsed(t, tt.header, tt.access).Header
			}
			if tt.id != "" {
				in.ID, in.IDHeader = claims(t, tt.id), parsed(t, tt.header, tt.id).Header
			}
			if tt.change != nil {
				tt.change(&in)
			}
			var got []string
			for _, f := range sims.Findings(in) {
				got = append(got, f.ID+": "+f.Seen)
				if r := rules[f.ID]; (f != sims.Finding{ID: r.ID, Severity: r.Severity, Seen: f.Seen, Why: r.Why, Do: r.Do, Source: r.Source, Refuse: r.Refuse}) {
					t.Errorf("%+v isn't its rule's", f)
				}
				spoke[f.ID] = true
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
	for id, r := range rules {
		if r.General && !spoke[id] {
			t.Errorf("no test in which the rule %s speaks", id)
		}
	}
}
