package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// malformed is one token that no reader should take, and words that the answer must have.
type malformed struct{ name, text, want string }

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func compactOf(header, payload string) string { return b64(header) + "." + b64(payload) + ".c2ln" }

const (
	goodHead   = `{"alg":"RS256","typ":"JWT"}`
	goodClaims = `{"iss":"https://sts.example/","sub":"x","exp":1795296942,"nbf":1795293342}`
)

// malformedTokens makes more than 300 of them.
func malformedTokens() []malformed {
	var all []malformed
	add := func(name, text, want string) { all = append(all, malformed{name, text, want}) }
	good := compactOf(goodHead, goodClaims)
	parts := strings.Split(good, ".")
	join := func(p ...string) string { return strings.Join(p, ".") }

	// Cut at any place that leaves less than a whole token.
	for n := 3; n < len(good)-5; n += 3 {
		add(fmt.Sprintf("cut to %d characters", n), good[:n], "error: ")
	}
	for i, part := range []string{"header", "payload", "signature"} {
		for _, c := range []struct{ name, text, want string }{
			{"padded", parts[i] + "=", "is padded with ="},
			{"padded twice", parts[i] + "==", "is padded with ="},
			{"standard alphabet +", "+" + parts[i], "standard base64 alphabet"},
			{"standard alphabet /", parts[i] + "/", "standard base64 alphabet"},
			{"a semicolon", parts[i] + ";", "outside base64url"},
			{"a percent sign", parts[i][:2] + "%2E" + parts[i][2:], "outside base64url"},
			{"a NUL", parts[i] + "\x00", "no token may hold"},
			{"an escape", "\x1b[31m" + parts[i], "no token may hold"},
			{"a byte that is no UTF-8", parts[i] + "\xff", "no token may hold"},
			{"a bidirectional mark", parts[i] + "\u202e", "no token may hold"},
			{"a letter outside ASCII", "é" + parts[i], "no token may hold"},
			{"stray bits", parts[i][:len(parts[i])/4*4] + "AB", "stray bits"},
		} {
			p := []string{parts[0], parts[1], parts[2]}
			p[i] = c.text
			add(part+": "+c.name, join(p...), c.want)
		}
	}
	for n := range 12 {
		add(fmt.Sprintf("%d dots", n+3), strings.Repeat(".", n+3), "error: ")
		add(fmt.Sprintf("a token and %d parts more", n+3), good+strings.Repeat(".YQ", n+3), "parts where a JWT has three")
	}
	bad := malformedObjects()
	for _, o := range bad {
		add("header is "+o.name, join(b64(o.text), parts[1], parts[2]), o.want)
		add("payload is "+o.name, join(parts[0], b64(o.text), parts[2]), o.want)
	}
	for _, c := range malformedClaims() {
		add(c.name, compactOf(goodHead, c.text), c.want)
	}
	for _, c := range malformedClaims() {
		if c.want == "names a member twice" {
			add("header: "+c.name, compactOf(c.text, goodClaims), c.want)
		}
	}
	add("50 MB", strings.Repeat("a", 50<<20), "longer than 4 MiB")
	add("50 MB of dots", strings.Repeat(".", 50<<20), "longer than 4 MiB")
	add("2 MB", compactOf(goodHead, `{"a":"`+strings.Repeat("x", 2<<20)+`"}`), "longer than 1 MiB")
	return all
}

// malformedObjects are texts that are no JSON object that is taken.
func malformedObjects() []malformed {
	all := []malformed{
		{"empty", "", "is no valid JSON"}, {"white space", "  ", "is no valid JSON"}, {"null", "null", "no object"}, {"true", "true", "no object"},
		{"a number", "7", "no object"}, {"a text", `"x"`, "no object"}, {"an array", "[]", "no object"}, {"an array of objects", "[{}]", "no object"},
		{"two objects", "{}{}", "is no valid JSON"}, {"cut", `{"a":`, "is no valid JSON"}, {"cut in a text", `{"a":"b`, "is no valid JSON"},
		{"a trailing comma", `{"a":1,}`, "is no valid JSON"}, {"a leading comma", `{,"a":1}`, "is no valid JSON"}, {"single quotes", `{'a':1}`, "is no valid JSON"},
		{"a bare name", `{a:1}`, "is no valid JSON"}, {"a comment", `{/**/}`, "is no valid JSON"}, {"NaN", `{"exp":NaN}`, "is no valid JSON"},
		{"Infinity", `{"exp":Infinity}`, "is no valid JSON"}, {"a leading zero", `{"exp":01}`, "is no valid JSON"}, {"a plus sign", `{"exp":+1}`, "is no valid JSON"},
		{"hexadecimal", `{"exp":0x10}`, "is no valid JSON"}, {"a bare point", `{"exp":1.}`, "is no valid JSON"}, {"a line break in a text", "{\"a\":\"\n\"}", "is no valid JSON"},
		{"a NUL behind", "{}\x00", "is no valid JSON"}, {"a byte order mark", "\ufeff{}", "is no valid JSON"}, {"a bad escape", `{"a":"\x41"}`, "is no valid JSON"},
		{"half an escape", `{"a":"\u12"}`, "is no valid JSON"}, {"Latin-1", "{\"a\":\"\xe9\"}", "not valid UTF-8"}, {"an overlong slash", "{\"a\":\"\xc0\xaf\"}", "not valid UTF-8"},
		{"a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"}, {"UTF-16", "{\x00}\x00", "is no valid JSON"}, {"HTML", "<html>", "is no valid JSON"},
		{"an escape sequence", "\x1b[2J{}", "is no valid JSON"}, {"CBOR", "\xa1\x01\x02", "not valid UTF-8"},
	}
	for _, n := range []int{101, 150, 1000, 10000, 100000} {
		all = append(all,
			malformed{fmt.Sprintf("arrays %d deep", n), `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}", "100 deep"},
			malformed{fmt.Sprintf("objects %d deep", n), strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n), "100 deep"},
			malformed{fmt.Sprintf("%d open brackets", n), `{"a":` + strings.Repeat("[", n), "100 deep"},
		)
	}
	return all
}

// malformedClaims are objects that are well-formed, and no claims that two readers agree on.
func malformedClaims() []malformed {
	with := func(member string) string { return goodClaims[:len(goodClaims)-1] + "," + member + "}" }
	all := []malformed{
		{"a member twice", with(`"sub":"y"`), "names a member twice"},
		{"a member twice by an escape", with(`"\u0073ub":"y"`), "names a member twice"},
		{"a member twice by a long escape", with(`"\u0065\u0078\u0070":1`), "names a member twice"},
		{"twice within an object", with(`"a":{"b":1,"b":2}`), "names a member twice"},
		{"twice within an array", with(`"a":[{"b":1,"\u0062":2}]`), "names a member twice"},
		{"an empty name twice", with(`"":1,"":2`), "names a member twice"},
	}
	for _, name := range []string{"__proto__", `\u005f_proto__`, "constructor", "prototype", "toString", "hasOwnProperty", "EXP", "Exp", "ISS", " exp", "exp ", `\u0041UD`, "Sub", "NBF"} {
		all = append(all, malformed{"a claim named " + name, with(`"` + name + `":{"admin":true}`), "claim"})
	}
	for _, value := range []string{`"1795296942"`, `"never"`, `null`, `true`, `[]`, `{}`, `[1795296942]`, `1e400`, `-1e400`, `1e12`, `253402300800`, `99999999999999999999`, `-99999999999999`} {
		for _, name := range []string{"exp", "nbf", "iat", "auth_time"} {
			all = append(all, malformed{name + " is " + value, `{"sub":"x","` + name + `":` + value + `}`, "which is no time"})
		}
	}
	for _, value := range []string{`null`, `1`, `true`, `[]`, `["x"]`, `{}`} {
		for _, name := range []string{"iss", "sub", "jti", "client_id"} {
			all = append(all, malformed{name + " is " + value, `{"exp":1795296942,"` + name + `":` + value + `}`, "which is no text"})
		}
	}
	for _, value := range []string{`null`, `1`, `{}`, `[1]`, `["x",null]`, `[["x"]]`} {
		for _, name := range []string{"aud", "scope"} {
			all = append(all, malformed{name + " is " + value, `{"exp":1795296942,"` + name + `":` + value + `}`, "neither a text nor a list"})
		}
	}
	for _, value := range []string{"9007199254740993", "-9007199254740993", "18446744073709551616", "1e309", "-1e999999999", `[1,{"x":12345678901234567890}]`, strings.Repeat("9", 5000)} {
		all = append(all, malformed{"a number " + value[:min(len(value), 20)], with(`"id":` + value), "holds the number"})
	}
	return all
}

// decodeText runs decode with a text on standard input.
func decodeText(t *testing.T, text string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Main(t.Context(), Env{
		Args: append([]string{"decode"}, args...), Stdin: strings.NewReader(text), Stdout: &stdout, Stderr: &stderr, StdinPiped: true,
		Width: func() int { return 0 }, Getenv: func(string) string { return "" },
		ConfigDir: func() (string, error) { return "", fs.ErrNotExist }, StateDir: func() (string, error) { return "", fs.ErrNotExist },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		Now:      func() time.Time { return time.Unix(1795293342, 0) }, Location: func() *time.Location { return time.UTC },
		Interruptible: func(ctx context.Context) context.Context { return ctx },
	})
	return code, stdout.String(), stderr.String()
}

// Each malformed token is answered by exit code 3 and words that say what is wrong with it, and none of its escapes reaches the screen.
func TestMalformedTokens(t *testing.T) {
	table := malformedTokens()
	if len(table) < 300 {
		t.Errorf("%d malformed tokens", len(table))
	}
	names := map[string]bool{}
	for _, m := range table {
		if names[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		names[m.name] = true
		code, out, errs := decodeText(t, m.text)
		all := out + errs
		if code != exitNo || !strings.Contains(strings.Join(strings.Fields(all), " "), strings.TrimSpace(m.want)) {
			t.Errorf("%s: exit %d, want %q in:\n%.600s", m.name, code, m.want, all)
		}
		if len(all) > 20000 {
			t.Errorf("%s: %d bytes of answer", m.name, len(all))
		}
		if i := strings.IndexFunc(all, func(r rune) bool { return r != '\n' && r < ' ' || r == 0x7f || r == '\u202e' || r == utf8.RuneError }); i >= 0 {
			t.Errorf("%s: a control character in %q", m.name, all[i:min(len(all), i+20)])
		}
	}
}

// A good one of the same make is taken.
func TestWellFormedToken(t *testing.T) {
	code, out, errs := decodeText(t, compactOf(goodHead, goodClaims))
	if code != exitDone || !strings.HasPrefix(out, "Token: UNVERIFIED\n") || errs != "" {
		t.Errorf("exit %d:\n%s%s", code, out, errs)
	}
}

// FuzzDecode gives decode whatever may stand on standard input: it ends with an answer or a refusal, and sends no escape.
func FuzzDecode(f *testing.F) {
	for _, m := range malformedTokens() {
		if len(m.text) < 2000 {
			f.Add(m.text)
		}
	}
	f.Add(`{"access_token":"` + compactOf(goodHead, goodClaims) + `"}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, args := range [][]string{nil, {"--all"}, {"-o", "json"}, {"--expect", "exp > 5m"}} {
			code, out, errs := decodeText(t, text, args...)
			// Nothing to read is an error of usage.
			if code != exitDone && code != exitNo && code != exitUsage && code != exitFailed {
				t.Fatalf("exit %d: %s", code, errs)
			}
			if strings.ContainsFunc(out+errs, func(r rune) bool { return r != '\n' && r < ' ' || r == 0x7f }) {
				t.Fatalf("control characters in %q", out+errs)
			}
		}
	})
}
