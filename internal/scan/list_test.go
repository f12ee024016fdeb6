package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// seen is a Finding without what is only valid while it is told.
type seen struct {
	Line                      int64
	Kind                      token.Kind
	Problem                   string
	Issuer, Subject           string
	Expiry                    time.Time
	Expired, Checked, Genuine bool
	Why                       string
	Organisations             []sims.Membership
}

func seenIn(t testing.TB, text string, o ListOptions) (all []seen, sum Summary) {
	t.Helper()
	o.Options, o.Now = small, now
	o.Each = func(dst []byte, f *Finding) []byte {
		s := seen{
			Line: f.Line, Kind: f.Kind, Problem: f.Problem, Issuer: f.Issuer, Subject: f.Subject,
			Expiry: f.Expiry, Expired: f.Expired, Why: f.Why, Organisations: slices.Clone(f.Organisations),
		}
		if f.Signature != nil {
			s.Checked, s.Genuine = true, *f.Signature
		}
		all = append(all, s)
		return dst
	}
	sum, err := List(t.Context(), new(bytes.Buffer), strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return all, sum
}

func TestList(t *testing.T) {
	own := []sims.Membership{sims.ParseMembership("c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|MS")}
	access := seen{
		Line: 1, Kind: token.KindAccess, Issuer: "https://sts.example/", Expiry: time.Unix(1795296942, 0).UTC(), Organisations: own,
		Subject: "1001|5F1C0000-0000-4000-8000-0000000000aa|head|SIMS|7a1e0000-0000-4000-8000-0000000000bb",
	}
	at := func(line int64) seen { s := access; s.Line = line; return s }
	header := `{"alg":"HS256"}`
	one := func(claims string, want seen) []seen {
		want.Line = 1
		return []seen{want}
	}
	tests := []struct {
		name, text string
		want       []seen
	}{
		{"nothing", "a.b.c eyJ eyJhbGciOiJub25lIn0 x", nil},
		{"header", "\n\nAuthorization: Bearer " + sample + "\r\n", []seen{at(3)}},
		{"address", "https://x/#id_token=" + sample + "&x=" + sample + "#", []seen{access, access}},
		{"encoded address", "\nu=https%3A%2F%2Fx%2F%3Ft%3D" + strings.ReplaceAll(sample, ".", "%2E") + "%26x", []seen{at(2)}},
		{"JSON", `{"t":"` + sample + `",` + "\n" + `"m":"{\"t\":\"` + sample + `\"}"}`, []seen{access, at(2)}},
		{"escaped", `"\n` + strings.ReplaceAll(sample, ".", `\u002E`) + `\n"`, []seen{access}},
		{"HAR", `{"name":"Authorization","value":"Bearer ` + sample + `"}`, []seen{access}},
		{"expired", compact(header, `{"exp":1}`, ""), one("", seen{Kind: token.KindJWT, Expiry: time.Unix(1, 0).UTC(), Expired: true})},
		{"exp with a fraction", compact(header, `{"exp":1.5e0}`, ""), one("", seen{Kind: token.KindJWT, Expiry: time.Unix(1, 5e8).UTC(), Expired: true})},
		{"exp that is no time", compact(header, `{"exp":"1"}`, ""), one("", seen{Kind: token.KindJWT})},
		{"escapes in claims", compact(header, `{"iss":"\u0061\"","sub":"x\n"}`, ""), one("", seen{Kind: token.KindJWT, Issuer: `a"`, Subject: "x\n"})},
		{"claims named with escapes", compact(header, `{"\u0069ss":"a"}`, ""), one("", seen{Kind: token.KindJWT, Issuer: "a"})},
		{"not ASCII", compact(header, `{"iss":"é"}`, ""), one("", seen{Kind: token.KindJWT, Issuer: "é"})},
		{"objects within", compact(header, `{"iss":"a","cnf":{"jkt":"x"}}`, ""), one("", seen{Kind: token.KindJWT, Issuer: "a"})},
		{"laid out over lines", compact(header, "{\n \"iss\" : \"a\" }", ""), one("", seen{Kind: token.KindJWT, Issuer: "a"})},
		{"several organisations", compact(header, `{"userorganisationidentifiers":["x|y",5]}`, ""), one("", seen{Kind: token.KindJWT, Organisations: []sims.Membership{sims.ParseMembership("x|y"), {Raw: "5", Fault: "is no text"}}})},
		{"encrypted", b64(`{"alg":"dir","enc":"A256GCM"}`) + "..b.c.d", one("", seen{Kind: token.KindEncrypted})},
		{"named twice", compact(header, `{"iss":"a","iss":"b"}`, ""), one("", seen{Kind: Broken, Problem: "the payload names a member twice"})},
		{"cut", sample[:300], one("", seen{Kind: Broken, Problem: "the token has 2 parts where a JWT has three, joined by dots"})},
		{"cut in its claims", sample[:strings.Index(sample, ".")+161] + ".x", one("", seen{Kind: Broken, Problem: "the payload is no valid JSON"})},
		{"damaged", compact(header, `{"iss":`, ""), one("", seen{Kind: Broken, Problem: "the payload is no valid JSON"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := seenIn(t, tt.text, ListOptions{}); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("found\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

var errWrongKey = errors.New("another key")

// verifier knows one signature.
type verifier string

func (v verifier) Verify(algorithm, keyID string, input, signature []byte) error {
	if string(signature) == string(v) && algorithm == "RS256" && len(keyID) == 27 && sample == string(input)+"."+b64(string(signature)) {
		return nil
	}
	return errWrongKey
}

func TestListVerifies(t *testing.T) {
	changed := strings.Replace(sample, ".e", ".f", 1)
	text := sample + "\n" + changed + "\n" + compact(`{"alg":"RS256","crit":["x"],"x":1}`, "{}", "a signature")
	all, sum := seenIn(t, text, ListOptions{Verify: verifier("a signature")})
	if len(all) != 3 {
		t.Fatalf("found %+v", all)
	}
	for i, want := range []seen{{Checked: true, Genuine: true}, {}, {Checked: true, Why: "the header's crit demands extensions that aren't known here"}} {
		if got := (seen{Checked: all[i].Checked, Genuine: all[i].Genuine, Why: all[i].Why}); !reflect.DeepEqual(got, want) {
			t.Errorf("token %d: %+v, want %+v", i, got, want)
		}
	}
	want := Summary{Bytes: int64(len(text)), Lines: 3, Verified: 1, Failed: 1, Found: map[string]int64{"access_token": 1, "broken_token": 1, "jwt": 1}}
	if !equal(sum, want) {
		t.Errorf("summary %+v, want %+v", sum, want)
	}
	all, _ = seenIn(t, sample[:len(sample)-2]+"AA", ListOptions{Verify: verifier("a signature")})
	if len(all) != 1 || all[0].Genuine || all[0].Why != errWrongKey.Error() {
		t.Errorf("a changed signature: %+v", all)
	}
}

// slowly finds the JWTs of a text by trying every place, as plainly as can be. It gives up where one is encrypted, of which it knows
// nothing.
func slowly(text string) (found []string, ok bool) {
	start := regexp.MustCompile(`^(ey[AIJ]|ew[0ko])[A-Za-z0-9_-]*\.`)
	rest := regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`)
	for i := 0; i < len(text); i++ {
		head := start.FindString(text[i:])
		if head == "" {
			continue
		}
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(head, "."))
		var header map[string]json.RawMessage
		if err != nil || json.Unmarshal(b, &header) != nil || header["alg"] == nil {
			continue
		}
		if header["enc"] != nil {
			return nil, false
		}
		tail := rest.FindString(text[i+len(head):])
		if tail == "" {
			continue
		}
		end := i + len(head) + len(tail)
		if strings.HasSuffix(tail, ".") && strings.HasPrefix(text[end:], ".") {
			end--
		}
		found = append(found, text[i:end])
		i = end - 1
	}
	return found, true
}

// plain says that a text has nothing that the slow way doesn't know: encoded dots, encryption, headers that only one of the two takes.
func plain(text string) bool {
	for i := 1; i < len(text); i++ {
		if isToken(text[i-1]) && mayBeLaid([]byte(text), i) {
			return false // it may go on in the next line
		}
	}
	return !strings.ContainsAny(text, `%\&`)
}

// What a list says of each token is what the careful reader says of it.
func FuzzListAgainstReference(f *testing.F) {
	for _, tt := range redactions() {
		f.Add(tt.text)
	}
	for _, claims := range []string{`{"a":1}`, `{"nonce":"x"}`, `{"events":{}}`, `{"a":"\u00e9"}`, `{"x":[1,[2]]}`, "{\"a\" : -0.5e+3}", `{"a":1,"a":2}`, `[1]`, `{"a":01}`, `{"sid":"x"} `} {
		f.Add("x " + compact(`{"alg":"HS256","typ":"at+jwt"}`, claims, "abc") + " y")
		f.Add("x " + compact(`{"alg":"HS256"}`, claims, "") + " y")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !plain(text) {
			return
		}
		var want []string
		line, from := int64(1), 0
		tokens, ok := slowly(text)
		if !ok {
			return
		}
		for i, raw := range tokens {
			skip := min(i, 1) // the last one may be the same
			at := from + skip + strings.Index(text[from+skip:], raw)
			line += int64(strings.Count(text[from:at], "\n"))
			from = at
			jwt, err := token.ParseJWT(raw)
			if err != nil {
				want = append(want, fmt.Sprintf("%d %s %s", line, Broken, err))
				continue
			}
			kind, _ := token.JWTKind(jwt)
			exp, _ := jwt.Claims.Time("exp")
			want = append(want, fmt.Sprintf("%d %s  %s %v %v", line, kind, exp, jwt.Claims.Members(), sims.Memberships(jwt.Claims.Object)))
		}
		var got []string
		inOneGoroutine(text, small, &lister{options: &ListOptions{Now: now, Each: func(dst []byte, f *Finding) []byte {
			if f.Problem != "" {
				got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Kind, f.Problem))
				return dst
			}
			claims, err := token.ParseObject(f.Claims)
			if err != nil {
				t.Fatalf("claims %q: %v", f.Claims, err)
			}
			if f.Plain && bytes.ContainsFunc(append(f.Claims, f.Header...), func(r rune) bool { return r < ' ' || r >= 0x7f }) {
				t.Fatalf("not plain: %q %q", f.Header, f.Claims)
			}
			got = append(got, fmt.Sprintf("%d %s  %s %v %v", f.Line, f.Kind, f.Expiry, claims.Members(), f.Organisations))
			return dst
		}}})
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: found\n%q, want\n%q", text, got, want)
		}
	})
}

// The quick reader takes what encoding/json takes, never calls a text bad that may go on to be an object, and finds what the careful
// one finds where it calls a text usual.
func FuzzObject(f *testing.F) {
	for _, text := range []string{`{}`, ` { "a" : [ 1 , -2.5e-3 , "x\\\"\u0041" , true , null , false ] } `, `{"a":{"b":{}}}`, `{"a":tru`, `{"a":1e}`, `{"a":01}`, `{"a" 1}`, `{"a":1,}`, `[]`, `{"a":"` + "\x01" + `"}`, `{"a":"é"}`, `{"a":1,"a":2}`, `{"a":"\ud83d"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var o object
		got := o.read(text)
		if !json.Valid(text) && got == whole || json.Valid(text) && bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) && got != whole && !deep(text) {
			t.Fatalf("%q was read as %d", text, got)
		}
		for i := range text {
			var part object
			if r := part.read(text[:i]); got == whole && r == bad {
				t.Fatalf("%q goes on, and was called bad", text[:i])
			}
		}
		if got != whole || !o.usual {
			return
		}
		want, err := token.ParseObject(text)
		if err != nil {
			t.Fatalf("%q is usual, but: %v", text, err)
		}
		var again object
		again.take(want)
		if !reflect.DeepEqual(again.members, o.members) && len(o.members) > 0 {
			t.Fatalf("members %q, want %q", o.members, again.members)
		}
	})
}

// deep reports whether a text may be nested deeper than this reader goes.
func deep(text []byte) bool {
	return bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) > maxNesting
}
