package scan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// place is where a credential stands; %s in it is the value.
type place struct{ text, kind string }

func contexts() []place {
	return []place{
		{"?code=%s&state=1", "code"}, {"&access_token=%s ", "token"}, {"client_secret=%s&", "secret"}, {"password=%s\n", "secret"},
		{"u%%3Fcode%%3D%s%%26state", "code"}, {`{"refresh_token":"%s"}`, "token"}, {`"{\"refresh_token\":\"%s\"}"`, "token"},
		{"Authorization: Bearer %s\r\n", "token"}, {`{"name":"client_secret", "value":"%s"}`, "secret"}, {"Cookie: sid=%s; ", "cookie"},
		{`"cookies":[{"name":"a","value":"%s"}]`, "cookie"}, {"Set-Cookie: sid=%s; path=/\n", "cookie"}, {"https://joe:%s@host/", "secret"},
		{`"client_secret" : "%s",`, "secret"}, {"\\u0026code=%s\\u0026", "code"}, {`'client_secret': '%s'`, "secret"},
	}
}

// build makes a text of which it knows what becomes of it: words that mean nothing, with credentials and tokens between them.
func build(r *rand.Rand) (text, want string) {
	const meaningless = "0123456789xyzbjq/?#!~*+-_ \t\n\n.,;|XYZ"
	const secretLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var in, out strings.Builder
	both := func(s string) { in.WriteString(s); out.WriteString(s) }
	letters := func(from string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	}
	for range 1 + r.IntN(30) {
		both(letters(meaningless, r.IntN(200)))
		both(" ")
		switch r.IntN(4) {
		case 0:
			claims := fmt.Sprintf(`{"iss":"https://%s/","n":%d}`, letters(secretLetters, r.IntN(100)), r.Int())
			jwt := compact(`{"alg":"RS256","kid":"`+letters(secretLetters, r.IntN(40))+`"}`, claims, letters(secretLetters, r.IntN(300)))
			in.WriteString(jwt)
			out.WriteString(placeholder("jwt", jwt))
		case 1:
			// A number that isn't a code, and names that aren't parameters.
			both([]string{"code=404", "code: 500 ", "error_code=x", `"code":"ERR_CONNECTION_REFUSED"`, "state=" + letters(secretLetters, 30)}[r.IntN(5)])
		default:
			c := contexts()[r.IntN(len(contexts()))]
			value := "0a" + letters(secretLetters, 14+r.IntN(40))
			fmt.Fprintf(&in, c.text, value)
			fmt.Fprintf(&out, c.text, placeholder(c.kind, value))
		}
		both("\n")
	}
	return in.String(), out.String()
}

// Whatever stands between them, credentials go and everything else stays, however the text is cut.
func FuzzRedactBuilt(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i, uint8(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, cut uint8) {
		text, want := build(rand.New(rand.NewPCG(seed, 1)))
		o := append(cuts(), atOnce)[int(cut)%(len(cuts())+1)]
		if got := redacted(t, text, RedactOptions{Options: o}); got != want {
			t.Fatalf("%+v: %s", o, difference(got, want))
		}
		if again := redacted(t, want, RedactOptions{Options: atOnce}); again != want {
			t.Fatalf("%+v, once more: %s", o, difference(again, want))
		}
		if left, _ := slowly(want); len(left) > 0 {
			t.Fatalf("tokens are left: %q", left)
		}
	})
}

// Of any text at all, no token is left, and none of its lines.
func FuzzRedactAny(f *testing.F) {
	for _, tt := range redactions() {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := inOneGoroutine(text, small, &redactor{mask: newMask(key)})
		if left, _ := slowly(got); len(left) > 0 && plain(text) {
			t.Fatalf("%q became %q, where tokens are left: %q", text, got, left)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Fatalf("%q became %q, which has other lines", text, got)
		}
	})
}
