package provider

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	type p = map[string]string
	for _, c := range []struct {
		name  string
		lines []string
		want  []challenge
	}{
		{"none", nil, nil},
		{"empty", []string{"", " , ,"}, nil},
		{"scheme alone", []string{"Bearer"}, []challenge{{"bearer", p{}}}},
		{"IdentityServer3's", []string{`Bearer error="invalid_token"`}, []challenge{{"bearer", p{"error": "invalid_token"}}}},
		{"several parameters", []string{`Bearer realm="a, b" ,error = invalid_token,	Error_Description="say \"no\""`},
			[]challenge{{"bearer", p{"realm": "a, b", "error": "invalid_token", "error_description": `say "no"`}}}},
		{"several challenges", []string{`Negotiate YII==, Basic realm="x", Bearer error=e`},
			[]challenge{{"negotiate", p{}}, {"basic", p{"realm": "x"}}, {"bearer", p{"error": "e"}}}},
		{"one behind a scheme alone", []string{`Negotiate, Bearer error=e`}, []challenge{{"negotiate", p{}}, {"bearer", p{"error": "e"}}}},
		{"several lines", []string{`Basic realm=x`, `Bearer error=e`}, []challenge{{"basic", p{"realm": "x"}}, {"bearer", p{"error": "e"}}}},
		{"a parameter twice", []string{`Bearer error=first, error=second`}, []challenge{{"bearer", p{"error": "first"}}}},
		{"a quote that doesn't end", []string{`Bearer realm=x, error="inv`, `Basic`}, []challenge{{"bearer", p{"realm": "x"}}, {"basic", p{}}}},
		{"base64 that looks like a name", []string{`Bearer error=, x=y`}, []challenge{{"bearer", p{"x": "y"}}}},
		{"no value", []string{`Bearer x=y, error=, z=y`}, []challenge{{"bearer", p{"x": "y"}}}},
		{"no scheme", []string{`error="x"`, `="x"`}, []challenge{}},
		{"not of the grammar", []string{"B\x00earer error=e"}, []challenge{}},
	} {
		got := parseChallenges(c.lines)
		if len(got) == 0 && len(c.want) == 0 {
			continue
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestParseChallengesBounds(t *testing.T) {
	line := "Bearer x=y"
	for i := range 50 {
		line += fmt.Sprintf(", p%d=v", i)
	}
	if got := parseChallenges([]string{line}); len(got) != 1 || len(got[0].params) != maxChallenges {
		t.Errorf("%v", got)
	}
	if got := parseChallenges([]string{strings.Repeat("a, ", 50)}); len(got) != maxChallenges {
		t.Errorf("%d challenges", len(got))
	}
}

func FuzzParseChallenges(f *testing.F) {
	for _, seed := range []string{
		`Bearer error="invalid_token"`, `Negotiate YII=, Basic realm="a, b"`, `Bearer realm="\"`, `a=b`, `Bearer error=, ,`, `Digest a=1, b="2",c`,
		strings.Repeat("a,", 50), "Bearer " + strings.Repeat("a=b,", 50),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		all := parseChallenges([]string{line, line})
		if len(all) > maxChallenges {
			t.Errorf("%d challenges", len(all))
		}
		for _, c := range all {
			if c.scheme == "" || len(c.params) > maxChallenges {
				t.Errorf("challenge %v", c)
			}
		}
	})
}
