package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/token"
)

// Names are found whether an object has few members or many, and a name that comes twice is refused in both, at any depth.
func TestParseObjectOfManyMembers(t *testing.T) {
	for _, n := range []int{1, 2, 31, 32, 33, 64, 500} {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"m%d":%d`, i, i))
		}
		text := "{" + strings.Join(members, ",") + "}"
		for _, whole := range []string{text, `{"deep":{"deeper":` + text + `}}`} {
			o := parse(t, whole)
			if whole == text {
				for i := range n {
					if got, ok := o.Get(fmt.Sprintf("m%d", i)); !ok || string(got) != fmt.Sprint(i) {
						t.Fatalf("member %d of %d is %s, %t", i, n, got, ok)
					}
				}
				if _, ok := o.Get("m"); ok || o.Len() != n {
					t.Fatalf("%d members, and one that isn't there: %t", o.Len(), ok)
				}
			}
			for i := range n {
				twice := strings.Replace(whole, fmt.Sprintf(`"m%d":%d`, n-1, n-1), fmt.Sprintf(`"m%d":%d,"\u006d%d":0`, n-1, n-1, i), 1)
				if _, err := token.ParseObject([]byte(twice)); err == nil || err.Error() != "the object names a member twice" {
					t.Fatalf("member %d of %d twice gives %v", i, n, err)
				}
			}
		}
	}
}

// TestManyNamesAreQuick: the work doesn't grow with the square of the number of names, which a megabyte has room for. encoding/json, which
// does more, is the measure: by the square it would be hundreds of times as long.
func TestManyNamesAreQuick(t *testing.T) {
	var members []string
	for i := range 30_000 {
		members = append(members, fmt.Sprintf(`"member%06d":0`, i))
	}
	names := "{" + strings.Join(members, ",") + "}"
	for where, text := range map[string]string{"outermost": names, "inner": `{"deep":` + names + "}"} {
		least := func(read func() error) (least time.Duration) {
			for i := range 3 {
				begun := time.Now()
				if err := read(); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begun); i == 0 || took < least {
					least = took
				}
			}
			return least
		}
		ours := least(func() error { _, err := token.ParseObject([]byte(text)); return err })
		theirs := least(func() error { var v any; return json.Unmarshal([]byte(text), &v) })
		if ours > 10*theirs {
			t.Errorf("%s: %s, and encoding/json takes %s", where, ours, theirs)
		}
	}
}

// FuzzParseObjectAgrees holds the reader against encoding/json, which knows what JSON is.
func FuzzParseObjectAgrees(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"a":1,"b":[true,false,null,-0.5e+10,"x\u00e9\n"],"c":{"d":{}}}`, `{"a":01}`, `{"a":1.}`, `{"a":.1}`, `{"a":1e}`, `{"a":-}`,
		`{"a":"\ud800"}`, `{"a":"\u12g4"}`, `{"a":"\x"}`, `{"a":tru}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1}x`, "{\"a\":\"\t\"}", `{"a":[1,]}`, " {\n} ",
		`{"a":1,"a":2}`, `{"x":{"a":1,"\u0061":2}}`, strings.Repeat("[", 200), strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := token.ParseObject(text)
		object := json.Valid(text) && bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
		switch {
		case err == nil && (!object || !utf8.Valid(text)):
			t.Fatalf("%q was taken", text)
		case err != nil && object && utf8.Valid(text) && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "deep"):
			t.Fatalf("%q was refused: %v", text, err)
		case err != nil:
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if len(want) != o.Len() {
			t.Fatalf("%q has %d members, and %d by encoding/json", text, o.Len(), len(want))
		}
		for name, value := range want {
			if got, ok := o.Get(name); !ok || !bytes.Equal(got, bytes.TrimSpace(value)) {
				t.Fatalf("member %q of %q is %q, and %q by encoding/json", name, text, got, value)
			}
		}
	})
}

// userToken is a token of the size and shape of SIMS ID's.
func userToken() string {
	const claims = `{"iss":"https://emulator.simsid.invalid/","aud":"https://emulator.simsid.invalid/resources","exp":1795296942,"nbf":1795293342,
"client_id":"pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00","scope":["openid","profile","roles","partner","partnermanagementapplication","offline_access"],
"sub":"1001|5F1C0000-0000-4000-8000-0000000000aa|head@school.example|SIMS|7a1e0000-0000-4000-8000-0000000000bb","auth_time":1795293302,"idp":"idsrv",
"name":"Helen Head","provider":"SIMSID","providerid":"1001","providername":"SIMS ID","multipleorganisations":"false","site":"8234001",
"role":["admin@a87b0000-0000-4000-8000-000000000002","teacher@a87b0000-0000-4000-8000-000000000002"],
"userorganisationidentifier":"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S",
"applicationid":"a9911ca0-0000-4000-8000-00000000a001","applicationname":"simsid","vendorid":"7e4d0000-0000-4000-8000-00000000a002","amr":["password"]}`
	return compact(`{"typ":"JWT","alg":"RS256","x5t":"a3rMUgMFv9tPclLa6yF3zAkfquE","kid":"a3rMUgMFv9tPclLa6yF3zAkfquE"}`, claims)
}

func BenchmarkParseJWT(b *testing.B) {
	raw := userToken()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := token.ParseJWT(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBase64 is the least that reading a token costs.
func BenchmarkBase64(b *testing.B) {
	parts := strings.Split(userToken(), ".")
	b.SetBytes(int64(len(userToken())))
	for b.Loop() {
		for _, p := range parts {
			if _, err := base64.RawURLEncoding.DecodeString(p); err != nil {
				b.Fatal(err)
			}
		}
	}
}
