package sims_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

const (
	userA = "c4980000-0000-4000-8000-000000000001"
	orgA  = "a87b0000-0000-4000-8000-000000000002"
	userB = "A9AB0000-0000-4000-8000-000000000003"
	orgB  = "99AF0000-0000-4000-8000-000000000004"
)

func types(letters string) []sims.OrganisationType {
	var list []sims.OrganisationType
	for _, l := range letters {
		for _, t := range sims.OrganisationTypes() {
			if t.Letter == string(l) {
				list = append(list, t)
			}
		}
	}
	return list
}

func claims(t testing.TB, text string) token.Object {
	t.Helper()
	o, err := token.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

func TestParseMembership(t *testing.T) {
	unknown := func(letter string) sims.OrganisationType {
		return sims.OrganisationType{Letter: letter, Name: "unknown type"}
	}
	tests := []struct {
		raw   string
		want  sims.Membership // without Raw
		words string
	}{
		{userA + "|" + orgA + "|S", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "S", Types: types("S")}, "School"},
		{userB + "|" + orgB + "|M", sims.Membership{UserID: userB, OrganisationID: orgB, Letters: "M", Types: types("M")}, "Multi Academy Trust"},
		{userA + "|" + orgA + "|MS", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "MS", Types: types("MS")}, "Multi Academy Trust and School"},
		{userA + "|" + orgA + "|SM", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "SM", Types: types("SM")}, "School and Multi Academy Trust"},
		{
			userA + "|" + orgA + "|CGLMOS", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "CGLMOS", Types: types("CGLMOS")},
			"ESS Ltd Company, School Group, Local Authority, Multi Academy Trust, Support Organisation and School",
		},
		{userA + "|" + orgA + "|SS", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "SS", Types: types("S")}, "School"},
		{userA + "|" + orgA + "|SX", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "SX", Types: append(types("S"), unknown("X"))}, `School and unknown type "X"`},
		{userA + "|" + orgA + "|s", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "s", Types: []sims.OrganisationType{unknown("s")}}, `unknown type "s"`},
		{userA + "|" + orgA + "|\u202e", sims.Membership{UserID: userA, OrganisationID: orgA, Letters: "\u202e", Types: []sims.OrganisationType{unknown("\u202e")}}, `unknown type "\u202e"`},
		{
			"1|" + orgA + "|S", sims.Membership{UserID: "1", OrganisationID: orgA, Letters: "S", Types: types("S"), Fault: "has a user id that is no GUID"}, "School",
		},
		{
			userA + "|{" + orgA + "}|S",
			sims.Membership{UserID: userA, OrganisationID: "{" + orgA + "}", Letters: "S", Types: types("S"), Fault: "has an organisation id that is no GUID"}, "School",
		},
		{
			" " + userA + "|" + orgA[:35] + "g|S",
			sims.Membership{UserID: " " + userA, OrganisationID: orgA[:35] + "g", Letters: "S", Types: types("S"), Fault: "has a user id and an organisation id that are no GUIDs"}, "School",
		},
		{
			strings.ReplaceAll(userA, "-", "0") + "|" + orgA + "|S",
			sims.Membership{UserID: strings.ReplaceAll(userA, "-", "0"), OrganisationID: orgA, Letters: "S", Types: types("S"), Fault: "has a user id that is no GUID"}, "School",
		},
		{"", sims.Membership{Fault: "is empty"}, ""},
		{userA, sims.Membership{Fault: "has one part where userid|organisationid|organisationtype has three"}, ""},
		{userA + "|" + orgA, sims.Membership{Fault: "has 2 parts where userid|organisationid|organisationtype has three"}, ""},
		{userA + "|" + orgA + "|S|", sims.Membership{Fault: "has 4 parts where userid|organisationid|organisationtype has three"}, ""},
		{userA + "|" + orgA + "|", sims.Membership{Fault: "has no organisation type"}, ""},
		{"||", sims.Membership{Fault: "has no user id, no organisation id and no organisation type"}, ""},
		{"||S", sims.Membership{Fault: "has no user id and no organisation id"}, ""},
		{userA + "|" + orgA + "|" + strings.Repeat("S", 27), sims.Membership{Fault: "has 27 type letters, more than there are letters"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.raw, func(t *testing.T) {
			tt.want.Raw = tt.raw
			got := sims.ParseMembership(tt.raw)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if words := got.TypeWords(); words != tt.words {
				t.Errorf("TypeWords %q, want %q", words, tt.words)
			}
		})
	}
}

func TestMemberships(t *testing.T) {
	a, b := userA+"|"+orgA+"|S", userB+"|"+orgB+"|MS"
	fault := func(raw string) sims.Membership { return sims.Membership{Raw: raw, Fault: "is no text"} }
	one, two := sims.ParseMembership(a), sims.ParseMembership(b)
	tests := []struct {
		name, text string
		want       []sims.Membership
	}{
		{"none", `{}`, nil},
		{"null", `{"userorganisationidentifier":null}`, nil},
		{"empty array", `{"userorganisationidentifiers":[]}`, nil},
		{"singular, text", `{"userorganisationidentifier":"` + a + `"}`, []sims.Membership{one}},
		{"singular, array", `{"userorganisationidentifier":["` + a + `"]}`, []sims.Membership{one}},
		{"plural, text", `{"userorganisationidentifiers":"` + b + `"}`, []sims.Membership{two}},
		{"plural, array in its order", `{"userorganisationidentifiers":["` + b + `","` + a + `"]}`, []sims.Membership{two, one}},
		{"both", `{"userorganisationidentifiers":["` + b + `"],"userorganisationidentifier":"` + a + `"}`, []sims.Membership{one, two}},
		{"empty text", `{"userorganisationidentifier":""}`, []sims.Membership{{Fault: "is empty"}}},
		{"no text", `{"userorganisationidentifier":12.50}`, []sims.Membership{fault("12.50")}},
		{"an object", `{"userorganisationidentifier":{"a":1}}`, []sims.Membership{fault(`{"a":1}`)}},
		{"some no text", `{"userorganisationidentifiers":["` + a + `",null,[1]]}`, []sims.Membership{one, fault("null"), fault("[1]")}},
		{"names by case", `{"UserOrganisationIdentifier":"` + a + `"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sims.Memberships(claims(t, tt.text))
			if len(got)+len(tt.want) > 0 && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestSameOrganisation(t *testing.T) {
	at := func(id string) sims.Membership { return sims.ParseMembership(userA + "|" + id + "|S") }
	got := []bool{
		at(orgA).SameOrganisation(at(strings.ToUpper(orgA))),
		at(orgA).SameOrganisation(at(orgB)),
		sims.Membership{}.SameOrganisation(sims.Membership{}),
	}
	if want := []bool{true, false, false}; !reflect.DeepEqual(got, want) {
		t.Errorf("SameOrganisation gives %v, want %v", got, want)
	}
}

func FuzzParseMembership(f *testing.F) {
	for _, s := range []string{
		userA + "|" + orgA + "|S", userB + "|" + orgB + "|MS", userA + "|" + orgA + "|X", "", "||", "a|b|c", "a|b", "a|b|c|d", userA + "|" + orgA + "|\xff",
		userA + "|" + orgA + "|\x1b[31m", strings.Repeat("|", 40),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		m := sims.ParseMembership(raw)
		if m.Raw != raw {
			t.Fatalf("raw %q became %q", raw, m.Raw)
		}
		whole := m.UserID + "|" + m.OrganisationID + "|" + m.Letters
		switch {
		case m.Fault == "" && (whole != raw || len(m.UserID) != 36 || len(m.OrganisationID) != 36 || len(m.Types) == 0):
			t.Fatalf("taken for well-formed: %+v", m)
		case m.Letters == "" && (m.Fault == "" || m.UserID != "" || m.OrganisationID != "" || m.Types != nil):
			t.Fatalf("half taken apart: %+v", m)
		case m.Letters != "" && whole != raw:
			t.Fatalf("%q taken apart into %+v", raw, m)
		}
		words := m.TypeWords()
		if !utf8.ValidString(words) || strings.ContainsFunc(words, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("words for people with control characters: %q", words)
		}
		if (words == "") != (len(m.Types) == 0) || len(m.Types) > 26 {
			t.Fatalf("%d types in words: %q", len(m.Types), words)
		}
	})
}

// A token of whatever size is read in bounds.
func TestMembershipsAreBounded(t *testing.T) {
	got := sims.Memberships(claims(t, `{"userorganisationidentifiers":`+values(1500)+`}`))
	if len(got) != 1001 || got[999].Fault != "" || got[1000].Fault != "stands for 500 more values, which aren't read" {
		t.Errorf("%d values, the last %+v", len(got), got[len(got)-1])
	}
}
