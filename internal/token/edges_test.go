package token_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/token"
)

// TestEveryByte changes a text that has a bit of everything in one place, in every way there is, and holds the reader against
// encoding/json.
func TestEveryByte(t *testing.T) {
	const sample = `{"a":1,"b":[true,false,null,-0.5e+10,20E-3,"x\u00e9\n"],"c":{"d":{}},"e":[[],{}],"f":"\u0aFf\u9AaA"}`
	for i := range len(sample) + 1 {
		checkAgreement(t, []byte(sample[:i]))
		if i < len(sample) {
			checkAgreement(t, []byte(sample[:i]+sample[i+1:]))
		}
		for c := range 256 {
			checkAgreement(t, bytes.Join([][]byte{[]byte(sample[:i]), {byte(c)}, []byte(sample[i:])}, nil))
			if i < len(sample) {
				checkAgreement(t, bytes.Join([][]byte{[]byte(sample[:i]), {byte(c)}, []byte(sample[i+1:])}, nil))
			}
		}
	}
}

// checkAgreement compares what is taken with what encoding/json takes, but for names that come twice.
func checkAgreement(t *testing.T, text []byte) {
	t.Helper()
	_, err := token.ParseObject(text)
	want := json.Valid(text) && utf8.Valid(text) && bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) &&
		!twice(json.NewDecoder(bytes.NewReader(text)))
	if (err == nil) != want {
		t.Errorf("%q: %v, and encoding/json says %t", text, err, want)
	}
	if _, long := token.ParseLongObject(text, len(text)); (long == nil) != want {
		t.Errorf("%q: %v, and encoding/json says %t", text, long, want)
	}
}

// twice reports whether the next value of valid JSON has an object in it that names a member twice.
func twice(d *json.Decoder) bool {
	open, _ := d.Token()
	delimiter, _ := open.(json.Delim)
	found := false
	names := map[any]bool{}
	for delimiter != 0 && d.More() {
		if delimiter == '{' {
			name, _ := d.Token()
			found = found || names[name]
			names[name] = true
		}
		found = twice(d) || found
	}
	if delimiter != 0 {
		_, _ = d.Token()
	}
	return found
}

// TestDepth tells what is too deep from what is broken, at the border and behind strings.
func TestDepth(t *testing.T) {
	const deep, broken = "the object is nested more than 100 deep", "the object is no valid JSON"
	nest := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	for text, want := range map[string]string{
		nest(100):                    "<nil>",
		nest(101):                    deep,
		strings.Repeat(`{"a":`, 100): broken,
		strings.Repeat(`{"a":`, 101): deep,
		`{"a":[` + strings.Repeat("[],", 200) + "]": broken,
		`{"a":"` + strings.Repeat("[", 200) + `"`:   broken,
		`{"a":"\"` + strings.Repeat("[", 200):       broken,
		`{"a":"\\",` + strings.Repeat("[", 101):     deep,
	} {
		if _, err := token.ParseObject([]byte(text)); fmt.Sprint(err) != want {
			t.Errorf("%.40s…: %v, expected %s", text, err, want)
		}
	}
}

// TestNamesOfSiblings: a name may come again in another object, and not in its own.
func TestNamesOfSiblings(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"x":{"b":{"a":1},"a":2}}`: true, `{"x":{"a":1},"y":{"a":1}}`: true, `{"a":{"a":{"a":1}}}`: true, `{"x":[{"a":1},{"a":1}],"a":1}`: true,
		`{"x":{"a":1,"b":{"c":1},"a":2}}`: false, `{"x":[{"a":1,"a":1}]}`: false,
	} {
		if _, err := token.ParseObject([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestLongest: what is as long as is allowed is taken, and what is a byte longer isn't.
func TestLongest(t *testing.T) {
	for more, ok := range []bool{true, false} {
		text := `{"a":"` + strings.Repeat("x", token.MaxObject-8+more) + `"}`
		if _, err := token.ParseObject([]byte(text)); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(text), err)
		}
		header := b64(`{"alg":"RS256"}`)
		raw := header + "." + strings.Repeat("x", token.MaxJWT-len(header)-2+more) + "."
		want := token.FormJWT
		if !ok {
			want = token.FormOpaque
		}
		if got := token.Classify(raw); got != want {
			t.Errorf("%d bytes: %s", len(raw), got)
		}
	}
}

// TestHandleDigits: what stands beside the hexadecimal digits in ASCII is none.
func TestHandleDigits(t *testing.T) {
	for c, want := range map[string]token.Form{
		"0": token.FormHandle, "9": token.FormHandle, "a": token.FormHandle, "f": token.FormHandle,
		"/": token.FormOpaque, ":": token.FormOpaque, "`": token.FormOpaque, "g": token.FormOpaque, "!": token.FormOpaque, "~": token.FormOpaque,
	} {
		if got := token.Classify(strings.Repeat("0", 31) + c); got != want {
			t.Errorf("%s: %s", c, got)
		}
	}
}

// TestOneSpelling: of each part there is one spelling, and what is foreign in it is named though all of the alphabet comes before.
func TestOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	header := b64(`{"alg":"RS256"}`)
	for payload, want := range map[string]string{
		"e30":             "<nil>", // {}
		"e31":             "the payload is not the canonical base64url of anything: its last character carries stray bits",
		alphabet + "=":    "the payload is padded with =, which a JWT never is",
		alphabet + "+":    "the payload is written in the standard base64 alphabet, not in base64url",
		alphabet + "@":    "the payload holds a character outside base64url",
		"\ne30":           "the payload holds white space: the token may have been wrapped when it was copied",
		"\re30":           "the payload holds white space: the token may have been wrapped when it was copied",
		"e3\n0":           "the payload holds white space: the token may have been wrapped when it was copied",
		b64(`{"a":"?>"}`): "<nil>",
	} {
		if _, err := token.ParseJWT(header + "." + payload + "."); fmt.Sprint(err) != want {
			t.Errorf("%q: %v, expected %s", payload, err, want)
		}
	}
	if _, err := token.ParseJWT(compact(`{"alg":"RS256","enc":"A256GCM"}`, `{}`)); err != nil {
		t.Errorf("three parts with enc: %v", err)
	}
}

// TestFirstMoment is the earliest time that there is, and a list that is none.
func TestFirstMoment(t *testing.T) {
	o := parse(t, `{"exp":-62135596800,"nine":9,"list":null}`)
	if got, ok := o.Time("exp"); !ok || !got.Equal(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %v, %t", got, ok)
	}
	if got, ok := o.Time("nine"); !ok || !got.Equal(time.Unix(9, 0)) {
		t.Errorf("got %v, %t", got, ok)
	}
	if got := o.Strings("list"); got != nil {
		t.Errorf("null is the list %#v", got)
	}
}
