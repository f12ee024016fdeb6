package flow

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

func TestParseAnswer(t *testing.T) {
	type result struct {
		answer answer
		why    refusal
	}
	for query, want := range map[string]result{
		"code=c&state=s":                    {answer: answer{code: token.NewSecret("c")}},
		"state=s&code=a%2Bb&iss=i&x=1&x=2":  {answer: answer{code: token.NewSecret("a+b"), issuer: "i"}},
		"code=c&state=s&error=":             {answer: answer{code: token.NewSecret("c")}},
		"error=e&state=s":                   {answer: answer{failure: &provider.OAuthError{Operation: "sign in", Code: "e"}}},
		"error=e&state=s&code=&error_uri=u": {answer: answer{failure: &provider.OAuthError{Operation: "sign in", Code: "e", URI: "u"}}},
		"":                                  {why: refusedNoState},
		"code=c":                            {why: refusedNoState},
		"code=c&state=":                     {why: refusedNoState},
		"code=c&state=S":                    {why: refusedState},
		"code=c&state=s+":                   {why: refusedState},
		"code=c&state=s&state=s":            {why: refusedRepeated},
		"code=c&code=c&state=s":             {why: refusedRepeated},
		"code=c&iss=i&iss=i&state=s":        {why: refusedRepeated},
		"error=e&error=&state=s":            {why: refusedRepeated},
		"state=s":                           {why: refusedNothing},
		"code=c&error=e&state=s":            {why: refusedBoth},
		"code=c;state=s":                    {why: refusedNoState},
		"&&=x&code=c&state=s&":              {answer: answer{code: token.NewSecret("c")}},
		// As a browser reads them, and as net/url doesn't.
		"code=%&state=s":     {answer: answer{code: token.NewSecret("%"), raw: token.NewSecret("code=%25&state=s")}},
		"code=%zz%4&state=s": {answer: answer{code: token.NewSecret("%zz%4"), raw: token.NewSecret("code=%25zz%254&state=s")}},
		"error=e&error_description=Sorry;%20100%+x%C3%A4%ff&state=s": {answer: answer{
			failure: &provider.OAuthError{Operation: "sign in", Code: "e", Description: "Sorry; 100% xä\uFFFD"},
			raw:     token.NewSecret("error=e&error_description=Sorry%3B+100%25+x%C3%A4%EF%BF%BD&state=s"),
		}},
		"state=s&code=" + strings.Repeat("c", maxAnswer): {why: refusedLong},
	} {
		if want.why == "" && want.answer.raw.IsZero() {
			want.answer.raw = token.NewSecret(query)
		}
		a, why := expected{state: token.NewSecret("s"), parts: parts{code: true}}.parse(query)
		if got := (result{a, why}); !reflect.DeepEqual(got, want) {
			t.Errorf("%.80q: expected %+v, got %+v", query, want, got)
		}
	}
}

// TestParseBy: a success comes as it was asked for, a failure by any way.
func TestParseBy(t *testing.T) {
	modes := []string{ModeQuery, ModeFragment, ModeFormPost}
	for _, asked := range modes {
		e := expected{state: token.NewSecret("s"), mode: asked, parts: parts{code: true}}
		for _, came := range modes {
			want := refusedWay
			if came == asked {
				want = ""
			}
			if a, why := e.parseBy(came, "code=c&state=s"); why != want || (why == "") != (a.via == viaBrowser) {
				t.Errorf("asked for %s, came by %s: expected %q, got %q and %+v", asked, came, want, why, a)
			}
			if a, why := e.parseBy(came, "error=e&state=s"); why != "" || a.failure == nil {
				t.Errorf("asked for %s, an error by %s: got %q and %+v", asked, came, why, a)
			}
			long := "state=s&error=" + strings.Repeat("e", maxQuery)
			want = ""
			if came == ModeQuery {
				want = refusedLong
			}
			if _, why := e.parseBy(came, long); why != want {
				t.Errorf("a long answer by %s: expected %q, got %q", came, want, why)
			}
		}
	}
}

func TestHoldsAnswer(t *testing.T) {
	for query, want := range map[string]bool{
		"": false, "x=y": false, "tenant=one&x": false, "code=c": true, "x=y&state=s": true, "error": true, "id_token=": true,
		"%zz": false, "a;b": false, "%63ode=c": true, "%zz&code=c": true, "a;code=c": false,
	} {
		if got := holdsAnswer(query); got != want {
			t.Errorf("%q: expected %t", query, want)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	for _, seed := range []string{
		"code=c&state=STATE", "error=access_denied&error_description=no+more&state=STATE", "state=STATE&state=x&code=c",
		"code=c;state=STATE", "code=%zz", "state=STATE", "iss=https%3A%2F%2Fsts.example&code=c&state=STATE", "&&==&", "state=foreign&code=c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		a, why := expected{state: token.NewSecret("STATE"), parts: parts{code: true}}.parse(query)
		if why != "" {
			if !reflect.DeepEqual(a, answer{}) {
				t.Fatalf("refused (%s), but with an answer: %+v", why, a)
			}
			return
		}
		if a.code.IsZero() == (a.failure == nil) {
			t.Fatalf("not exactly one of code and failure: %+v", a)
		}
		values, err := url.ParseQuery(a.raw.Reveal())
		if err != nil || len(values["state"]) != 1 || values["state"][0] != "STATE" || len(query) > maxAnswer {
			t.Fatalf("taken without this login's state: %v", err)
		}
		for _, name := range answerParams() {
			if len(values[name]) > 1 {
				t.Fatalf("taken with %s twice", name)
			}
		}
	})
}
