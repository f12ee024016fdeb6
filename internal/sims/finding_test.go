package sims_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

const (
	single  = "partnermanagementapplication"
	several = "simsmultiorgapplication"
	app     = `"applicationid":"a","applicationname":"b","vendorid":"c"`
)

// value makes a well-formed organisation value with the given number in its ids.
func value(n int) string {
	return fmt.Sprintf("c4980000-0000-4000-8000-%012d|a87b0000-0000-4000-8000-%012d|S", n, n)
}

func values(n int) string {
	var list []string
	for i := range n {
		list = append(list, strconv.Quote(value(i)))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestFindings(t *testing.T) {
	good := `"userorganisationidentifier":"` + value(1) + `",` + app
	tests := []struct {
		name       string
		access, id string
		wanted     []string
		granted    []string
		want       []string // "id: seen"
	}{
		{"nothing at all", `{}`, `{}`, nil, nil, nil},
		{"nothing but a wish", `{}`, `{}`, []string{single, "roles"}, nil, nil},
		{"all is well", `{"scope":["openid","` + single + `"],` + good + `}`, `{"sub":"` + sub + `","providerid":"1001"}`, []string{"openid", single}, nil, nil},
		{"client credentials", `{"scope":"partner-read","client_id":"vmc-1"}`, `{}`, []string{"partner-read"}, []string{"partner-read"}, nil},

		{"both scopes wanted", `{}`, `{}`, []string{single, several}, nil, []string{"scopes-exclusive: " + single + " and " + several + " were both asked for"}},
		{"both scopes granted", `{"scope":["` + single + `","` + several + `"],` + good + `,"userorganisationidentifiers":"` + value(1) + `"}`, `{}`, nil, nil,
			[]string{"scopes-exclusive: " + single + " and " + several + " were both granted"}},
		{"both scopes wanted and granted", `{}`, `{}`, []string{several, single}, []string{single, several},
			[]string{"scopes-exclusive: " + single + " and " + several + " were both asked for and granted"}},

		{"claim missing, granted", `{"scope":"` + single + `",` + app + `}`, `{}`, nil, nil,
			[]string{"claim-missing: no token has the claim userorganisationidentifier, which the scope " + single + " brings"}},
		{"claim missing, wanted and nothing known of the grant", `{` + app + `}`, `{}`, []string{several}, nil,
			[]string{"claim-missing: no token has the claim userorganisationidentifiers, which the scope " + several + " brings"}},
		{"claim empty", `{"userorganisationidentifier":[],` + app + `}`, `{}`, nil, []string{single},
			[]string{"claim-missing: no token has the claim userorganisationidentifier, which the scope " + single + " brings"}},
		{"claim in the ID token", `{"scope":"` + single + `"}`, `{` + good + `}`, nil, nil, nil},
		{"claim missing in the ID token, access token unreadable", `{}`, `{"sub":"x"}`, []string{single}, nil,
			[]string{"claim-unseen: the ID token doesn't have the claim userorganisationidentifier, which the scope " + single + " brings"}},
		{"claim not to be had", `{"aud":"x"}`, `{}`, []string{single, "openid"}, []string{"openid"},
			[]string{`scope-not-granted: the scope "` + single + `" was asked for and not granted`}},

		{"malformed value", `{"userorganisationidentifier":"\u001b[31m|b"}`, `{}`, nil, nil,
			[]string{`value-malformed: in the access token, userorganisationidentifier, "\x1b[31m|b", has 2 parts where userid|organisationid|organisationtype has three`}},
		{"empty value", `{"scope":"` + single + `","userorganisationidentifier":"",` + app + `}`, `{}`, nil, nil,
			[]string{`value-malformed: in the access token, userorganisationidentifier, "", is empty`}},
		{"value that is no text", `{}`, `{"userorganisationidentifiers":["` + value(1) + `",{"a":1}]}`, nil, nil,
			[]string{`value-malformed: in the ID token, value 2 of userorganisationidentifiers, "{\"a\":1}", is no text`}},
		{"many malformed values, in both tokens", `{"userorganisationidentifiers":["a","b","c","d","e"]}`, `{"userorganisationidentifiers":["a","b","c","d","e"]}`, nil, nil,
			[]string{`value-malformed: in the access token and the ID token, ` +
				`value 1 of userorganisationidentifiers, "a", has one part where userid|organisationid|organisationtype has three; ` +
				`value 2 of userorganisationidentifiers, "b", has one part where userid|organisationid|organisationtype has three; ` +
				`value 3 of userorganisationidentifiers, "c", has one part where userid|organisationid|organisationtype has three; it is alike with 2 more`}},
		{"long malformed value", `{"userorganisationidentifier":"` + strings.Repeat("é", 100) + `"}`, `{}`, nil, nil,
			[]string{`value-malformed: in the access token, userorganisationidentifier, "` + strings.Repeat("é", 60) + `" (cut), has one part where userid|organisationid|organisationtype has three`}},
		{"malformed GUID", `{"userorganisationidentifier":"1|` + orgA + `|S"}`, `{}`, nil, nil,
			[]string{`guid-malformed: in the access token, userorganisationidentifier, "1|` + orgA + `|S", has a user id that is no GUID`}},

		{"unknown letter", `{"userorganisationidentifier":"` + userA + "|" + orgA + `|SX"}`, `{}`, nil, nil,
			[]string{`type-unknown: in the access token, userorganisationidentifier, "` + userA + "|" + orgA + `|SX", has the unknown type letter "X"`}},
		{"unknown letters", `{"userorganisationidentifier":"` + userA + "|" + orgA + `|XsY"}`, `{}`, nil, nil,
			[]string{`type-unknown: in the access token, userorganisationidentifier, "` + userA + "|" + orgA + `|XsY", has the unknown type letters "X", "s" and "Y"`}},
		{"two values in the singular claim", `{"userorganisationidentifier":` + values(2) + `}`, `{}`, nil, nil,
			[]string{"organisations-several: in the access token, userorganisationidentifier has 2 values"}},
		{"nine values", `{"userorganisationidentifiers":` + values(9) + `}`, `{}`, nil, nil, nil},
		{"ten values", `{"userorganisationidentifiers":` + values(10) + `}`, `{"userorganisationidentifiers":` + values(10) + `}`, nil, nil,
			[]string{"organisations-ten: in the access token and the ID token, userorganisationidentifiers has exactly ten values"}},
		{"eleven values", `{"userorganisationidentifiers":` + values(11) + `}`, `{}`, nil, nil, nil},

		{"flag true, several", `{"multipleorganisations":"true","userorganisationidentifiers":` + values(2) + `}`, `{}`, nil, nil, nil},
		{"flag True as C# writes it", `{"multipleorganisations":"True","userorganisationidentifiers":` + values(2) + `}`, `{}`, nil, nil, nil},
		{"flag a Boolean", `{"multipleorganisations":true,"userorganisationidentifiers":` + values(2) + `}`, `{}`, nil, nil, nil},
		{"flag true, one chosen of several", `{"multipleorganisations":"true","userorganisationidentifier":"` + value(1) + `"}`, `{}`, nil, nil, nil},
		{"flag false, one", `{"multipleorganisations":"false","userorganisationidentifiers":"` + value(1) + `"}`, `{}`, nil, nil, nil},
		{"flag without organisations", `{"multipleorganisations":"true"}`, `{}`, nil, nil, nil},
		{"flag false, several", `{"multipleorganisations":"false","userorganisationidentifiers":` + values(3) + `}`, `{}`, nil, nil,
			[]string{"organisations-flag: in the access token, multipleorganisations is false, and userorganisationidentifiers names 3 organisations"}},
		{"flag true, one", `{"multipleorganisations":true,"userorganisationidentifiers":"` + value(1) + `"}`, `{}`, nil, nil,
			[]string{"organisations-flag: in the access token, multipleorganisations is true, and userorganisationidentifiers names one organisation"}},
		{"flag true, one in two spellings", `{"multipleorganisations":"true","userorganisationidentifiers":["` + userA + "|" + orgA + `|S","` + userA + "|" + strings.ToUpper(orgA) + `|S"]}`, `{}`, nil, nil,
			[]string{"organisations-flag: in the access token, multipleorganisations is true, and userorganisationidentifiers names one organisation"}},
		{"flag something else", `{"multipleorganisations":"yes"}`, `{"multipleorganisations":1}`, nil, nil, []string{
			`organisations-flag: in the access token, multipleorganisations is "\"yes\"", neither true nor false`,
			`organisations-flag: in the ID token, multipleorganisations is "1", neither true nor false`,
			"claims-apart: multipleorganisations differs between the access token and the ID token",
		}},

		{"scopes not granted, each once", `{"scope":["openid"]}`, `{}`, []string{"openid", "offline_access", "offline_access", "a\x1b"}, nil, []string{
			`scope-not-granted: the scope "offline_access" was asked for and not granted`,
			`scope-not-granted: the scope "a\x1b" was asked for and not granted`,
		}},
		{"grant unknown", `{"aud":"x"}`, `{}`, []string{"openid"}, nil, nil},
		{"application missing", `{"scope":"` + several + `","userorganisationidentifiers":"` + value(1) + `","applicationid":"","vendorid":null}`, `{"applicationname":"b"}`, nil, nil,
			[]string{"application-missing: no token has the claims applicationid and vendorid, which the scope " + several + " brings"}},
		{"vendor missing", `{"scope":"` + single + `","userorganisationidentifier":"` + value(1) + `","applicationid":"a"}`, `{"applicationname":"b"}`, nil, nil,
			[]string{"application-missing: no token has the claim vendorid, which the scope " + single + " brings"}},
		{"site of 8", `{"site":"RLT00001"}`, `{}`, nil, nil, nil},
		{"site of 8 letters outside ASCII", `{"site":"éééééééé"}`, `{}`, nil, nil, nil},
		{"site too long", `{"site":"RLT000012"}`, `{}`, nil, nil, []string{`site-long: in the access token, site is "RLT000012", which has 9 characters`}},
		{"site too long, a number", `{}`, `{"site":123456789}`, nil, nil, []string{`site-long: in the ID token, site is "123456789", which has 9 characters`}},

		{"school without a DfE number", `{"site":"RLT00001","userorganisationidentifier":"` + value(1) + `"}`, `{}`, nil, nil,
			[]string{`site-no-dfe: in the access token, site is "RLT00001", and the organisation is a school`}},
		{"school with one", `{"site":"8412345","userorganisationidentifier":"` + value(1) + `"}`, `{"site":"841/2345","userorganisationidentifier":"` + value(1) + `"}`, nil, nil,
			[]string{"claims-apart: site differs between the access token and the ID token"}},
		{"another kind of organisation", `{"site":"RLT00001","userorganisationidentifier":"` + userA + "|" + orgA + `|M"}`, `{}`, nil, nil, nil},
		{"claims in another order and spelling", `{"role":["a@x","b@x"],"name":"n"}`, `{"role":["b@x","a@x"],"name":["n"]}`, nil, nil, nil},

		{"role missing", `{"scope":"roles"}`, `{}`, nil, nil, []string{"role-missing: no token has the claim role, which the scope roles brings"}},
		{"role in the ID token", `{"scope":"roles"}`, `{"role":"admin@` + orgA + `"}`, nil, nil, nil},
		{"sub of two parts", `{"sub":"secretname|b","providerid":"1"}`, `{}`, nil, nil, []string{"subject-parts: in the access token, sub has 2 parts where five are expected"}},
		{"sub of another number", `{"sub":"` + sub + `","providerid":"1002"}`, `{}`, nil, nil, []string{"subject-parts: in the access token, sub begins with another number than providerid"}},
		{"sub of Next Gen", `{"sub":"x","SIMSCX/Role":"a"}`, `{}`, nil, nil, nil},

		{"errors first", `{"site":"123456789","scope":["roles","` + single + `"],"userorganisationidentifier":"` + userA + "|" + orgA + `|X",` + app + `}`,
			`{"userorganisationidentifier":"x"}`, []string{"openid"}, nil, []string{
				`value-malformed: in the ID token, userorganisationidentifier, "x", has one part where userid|organisationid|organisationtype has three`,
				`type-unknown: in the access token, userorganisationidentifier, "` + userA + "|" + orgA + `|X", has the unknown type letter "X"`,
				`scope-not-granted: the scope "openid" was asked for and not granted`,
				`site-long: in the access token, site is "123456789", which has 9 characters`,
				"claims-apart: userorganisationidentifier differs between the access token and the ID token",
				"role-missing: no token has the claim role, which the scope roles brings",
			}},
	}
	rules := make(map[string]sims.Rule)
	for _, r := range sims.Rules() {
		rules[r.ID] = r
	}
	spoke := make(map[string]bool)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sims.Findings(sims.Input{Access: claims(t, tt.access), ID: claims(t, tt.id), Wanted: tt.wanted, Granted: tt.granted})
			var want []sims.Finding
			for _, w := range tt.want {
				id, seen, _ := strings.Cut(w, ": ")
				r := rules[id]
				spoke[id] = true
				want = append(want, sims.Finding{ID: id, Severity: r.Severity, Seen: seen, Why: r.Why, Do: r.Do, Source: r.Source})
			}
			if !reflect.DeepEqual(got, want) {
				for _, f := range got {
					t.Logf("got  %s: %s", f.ID, f.Seen)
				}
				t.Errorf("want %s", strings.Join(tt.want, "\nwant "))
			}
		})
	}
	for id, r := range rules {
		if !spoke[id] && !r.General && id != "claims-old" { // those are TestTokenFindings'
			t.Errorf("no test in which the rule %s speaks", id)
		}
	}
}

func TestRules(t *testing.T) {
	seen := make(map[string]bool)
	rank := map[sims.Severity]int{sims.Error: 1, sims.Warning: 2, sims.Note: 3}
	last := 1
	for _, r := range sims.Rules() {
		if seen[r.ID] || rank[r.Severity] < last {
			t.Errorf("%s is there twice, or out of order", r.ID)
		}
		seen[r.ID], last = true, rank[r.Severity]
		for _, text := range []string{r.ID, r.When, r.Why, r.Do, r.Source} {
			checkWords(t, r.ID, text)
		}
	}
}

func TestFindingsShowNoLoginName(t *testing.T) {
	o := claims(t, `{"sub":"1|g|m.ellis|p","providerid":"2"}`)
	for _, f := range sims.Findings(sims.Input{Access: o, ID: o}) {
		if strings.Contains(f.Seen, "ellis") {
			t.Errorf("finding %s shows the login name: %s", f.ID, f.Seen)
		}
	}
}

func FuzzFindings(f *testing.F) {
	f.Add([]byte(`{"scope":["`+single+`"],"userorganisationidentifier":"a|b|c"}`), []byte(`{"multipleorganisations":"true","sub":"1|2","providerid":"1"}`))
	f.Add([]byte(`{"userorganisationidentifiers":`+values(10)+`,"site":"123456789"}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, access, id []byte) {
		a, err := token.ParseObject(access)
		if err != nil {
			return
		}
		b, err := token.ParseObject(id)
		if err != nil {
			return
		}
		for _, found := range sims.Findings(sims.Input{Access: a, ID: b, Wanted: []string{"openid"}}) {
			if strings.ContainsFunc(found.Seen, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
				t.Fatalf("control characters in %q", found.Seen)
			}
		}
	})
}
