package sims_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

func TestCompare(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	const other = "100206|5c000000-0000-4000-8000-00000000000b|parent|SIMSID|"
	for _, c := range []struct {
		name, a, b string
		want       []sims.Difference
	}{
		{"nothing", `{"a":1}`, `{ "a" : 1 }`, nil},
		{"changed, gone, new", `{"a":1,"b":2,"c":3}`, `{"d":4,"c":3,"a":"1"}`, []sims.Difference{
			{Claim: "a", Before: raw("1"), Now: raw(`"1"`)}, {Claim: "b", Before: raw("2")}, {Claim: "d", Now: raw("4")},
		}},
		{"times of issue", `{"exp":1,"jti":"x"}`, `{"exp":2,"nonce":"y"}`, []sims.Difference{
			{Claim: "exp", Before: raw("1"), Now: raw("2"), OfIssue: true}, {Claim: "jti", Before: raw(`"x"`), OfIssue: true}, {Claim: "nonce", Now: raw(`"y"`), OfIssue: true},
		}},
		{"a list", `{"role":["a","b"]}`, `{"role":["c","b"]}`, []sims.Difference{
			{Claim: "role", Before: raw(`["a","b"]`), Now: raw(`["c","b"]`), List: true, Added: []string{"c"}, Removed: []string{"a"}},
		}},
		{"one and several", `{"role":"a"}`, `{"role":["a","b"]}`, []sims.Difference{
			{Claim: "role", Before: raw(`"a"`), Now: raw(`["a","b"]`), List: true, Added: []string{"b"}},
		}},
		{"another order", `{"role":["a","b"],"amr":"x"}`, `{"role":["b","a"],"amr":["x"]}`, []sims.Difference{
			{Claim: "role", Before: raw(`["a","b"]`), Now: raw(`["b","a"]`), List: true, Note: "the same values in another order or spelling"},
			{Claim: "amr", Before: raw(`"x"`), Now: raw(`["x"]`), List: true, Note: "the same values in another order or spelling"},
		}},
		{"one text for another", `{"site":"1"}`, `{"site":"2"}`, []sims.Difference{{Claim: "site", Before: raw(`"1"`), Now: raw(`"2"`)}}},
		{"the tail of sub", `{"sub":"` + other + `x"}`, `{"sub":"` + other + `y"}`, []sims.Difference{
			{Claim: "sub", Before: raw(`"` + other + `x"`), Now: raw(`"` + other + `y"`), OfIssue: true, Note: "the last part alone, which differs from token to token"},
		}},
		{"another sub", `{"sub":"` + other + `x"}`, `{"sub":"1` + other + `x"}`, []sims.Difference{
			{Claim: "sub", Before: raw(`"` + other + `x"`), Now: raw(`"1` + other + `x"`)},
		}},
	} {
		if got := sims.Compare(claims(t, c.a), claims(t, c.b)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// What is compared one way and the other differs in the same claims.
func FuzzCompare(f *testing.F) {
	f.Add([]byte(`{"a":1,"role":["x","y"]}`), []byte(`{"role":"x","sub":"1|2|3|4|5"}`))
	f.Fuzz(func(t *testing.T, x, y []byte) {
		a, err := token.ParseObject(x)
		if err != nil {
			return
		}
		b, err := token.ParseObject(y)
		if err != nil {
			return
		}
		there, back := sims.Compare(a, b), sims.Compare(b, a)
		if len(there) != len(back) || len(sims.Compare(a, a)) != 0 {
			t.Fatalf("%d and %d differences", len(there), len(back))
		}
		for _, d := range there {
			if d.List && d.Note == "" && len(d.Added)+len(d.Removed) == 0 {
				t.Fatalf("%+v differs in nothing", d)
			}
		}
	})
}
