package token_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

func parse(t *testing.T, text string) token.Object {
	t.Helper()
	o, err := token.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("ParseObject(%s): %v", text, err)
	}
	return o
}

func TestParseObjectMembers(t *testing.T) {
	tests := []struct {
		name, text string
		want       []token.Member
	}{
		{"none", " { } ", nil},
		{"order and text are kept", `{"z":1.50,"a": [1, 2] ,"m":{"x" : null}}`, []token.Member{
			{Name: "z", Value: []byte("1.50")}, {Name: "a", Value: []byte("[1, 2]")}, {Name: "m", Value: []byte(`{"x" : null}`)},
		}},
		{"huge number", `{"n":123456789012345678901234567890.5e400}`, []token.Member{{Name: "n", Value: []byte("123456789012345678901234567890.5e400")}}},
		{"structure within strings", `{"a,\"b":"}{][,:\"","c":["]","{"]}`, []token.Member{
			{Name: `a,"b`, Value: []byte(`"}{][,:\""`)}, {Name: "c", Value: []byte(`["]","{"]`)},
		}},
		{"escaped name", `{"\u0065xp":1}`, []token.Member{{Name: "exp", Value: []byte("1")}}},
		{"slash in a name", `{"SIMSCX/Role":"a"}`, []token.Member{{Name: "SIMSCX/Role", Value: []byte(`"a"`)}}},
		{"names differ by case", `{"exp":1,"EXP":2}`, []token.Member{{Name: "exp", Value: []byte("1")}, {Name: "EXP", Value: []byte("2")}}},
		{"empty name", `{"":1}`, []token.Member{{Name: "", Value: []byte("1")}}},
		{"one name at several places", `{"a":{"a":1},"b":[{"a":1},{"a":1}]}`, []token.Member{
			{Name: "a", Value: []byte(`{"a":1}`)}, {Name: "b", Value: []byte(`[{"a":1},{"a":1}]`)},
		}},
		{"all white space", "\t{\r\n\"a\"\t:\r\ntrue\n}\n", []token.Member{{Name: "a", Value: []byte("true")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.text)
			if got := o.Members(); !reflect.DeepEqual(got, tt.want) || o.Len() != len(tt.want) {
				t.Errorf("members %q, want %q", got, tt.want)
			}
			for _, m := range tt.want {
				if got, ok := o.Get(m.Name); !ok || string(got) != string(m.Value) {
					t.Errorf("Get(%q) = %s, %t", m.Name, got, ok)
				}
			}
		})
	}
}

func TestParseObjectRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", "is no valid JSON"},
		{"white space", " ", "is no valid JSON"},
		{"null", "null", "is JSON, but no object"},
		{"string", `"{}"`, "is JSON, but no object"},
		{"byte order mark", "\ufeff{}", "is no valid JSON"},
		{"cut", `{"a":`, "is no valid JSON"},
		{"cut in a string", `{"a`, "is no valid JSON"},
		{"cut in an escape", `{"a\`, "is no valid JSON"},
		{"closing first", `}{`, "is no valid JSON"},
		{"trailing comma", `{"a":1,}`, "is no valid JSON"},
		{"second object", `{}{}`, "is no valid JSON"},
		{"text behind", `{} x`, "is no valid JSON"},
		{"NUL behind", "{}\x00", "is no valid JSON"},
		{"NaN", `{"exp":NaN}`, "is no valid JSON"},
		{"line break in a string", "{\"a\":\"\n\"}", "is no valid JSON"},
		{"invalid UTF-8 in a value", "{\"a\":\"\xc3\"}", "is not valid UTF-8"},
		{"invalid UTF-8 in a name", "{\"\xed\xa0\x80\":1}", "is not valid UTF-8"},
		{"twice", `{"a":1,"b":2,"a":3}`, "names a member twice"},
		{"twice by an escape", `{"exp":1,"\u0065x\u0070":2}`, "names a member twice"},
		{"twice by half pairs that read alike", `{"\ud800":1,"\ud801":2}`, "names a member twice"},
		{"twice below", `{"a":{"b":1,"b":2}}`, "names a member twice"},
		{"twice below an array", `{"a":[[{"b":1,"b":2}]]}`, "names a member twice"},
		{"empty name twice", `{"":1,"":2}`, "names a member twice"},
		{"101 deep", strings.Repeat(`{"a":`, 100) + "{}" + strings.Repeat("}", 100), "is nested more than 100 deep"},
		{"a million deep", `{"a":` + strings.Repeat("[", 1<<20-10), "is nested more than 100 deep"},
		{"too long", `{"a":"` + strings.Repeat("x", token.MaxObject) + `"}`, "is longer than 1 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := token.ParseObject([]byte(tt.text))
			got, ok := errors.AsType[*token.FormError](err)
			if want := (token.FormError{Part: "object", Problem: tt.want}); !ok || *got != want {
				t.Errorf("got %v, want %v", err, &want)
			}
		})
	}
}

func TestParseObjectAtTheLimits(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 99) + "{}" + strings.Repeat("}", 99)
	if o := parse(t, deep); o.Len() != 1 {
		t.Errorf("100 deep: %d members", o.Len())
	}
	brackets := parse(t, `{"a":"`+strings.Repeat("[", 500)+`"}`)
	if s, ok := brackets.String("a"); !ok || len(s) != 500 {
		t.Errorf("brackets in a string count as depth: %d, %t", len(s), ok)
	}
	var b strings.Builder
	b.WriteString(`{"first":0`)
	for i := 0; b.Len() < token.MaxObject-20; i++ {
		b.WriteString(`,"` + strconv.Itoa(i) + `":0`)
	}
	b.WriteString("}")
	if o := parse(t, b.String()); o.Len() < 80000 {
		t.Errorf("only %d members", o.Len())
	}
}

func TestParseObjectKeepsItsOwnText(t *testing.T) {
	text := []byte(`{"a":"b"}`)
	o, err := token.ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	copy(text, `{"x":"y"}`)
	o.Members()[0].Name = "z"
	o.Members()[0].Value[1] = 'z'
	value, _ := o.Get("a")
	if err := json.Unmarshal([]byte(`"z"`), &value); err != nil {
		t.Fatal(err)
	}
	if s, _ := o.String("a"); s != "b" || o.Members()[0].Name != "a" {
		t.Errorf("the object changed from outside: %q", o.Members())
	}
}

func TestObjectString(t *testing.T) {
	o := parse(t, `{"s":"a\u00e9\"<","e":"","n":1,"z":null,"a":["x"],"half":"\ud83d"}`)
	type result struct {
		S  string
		OK bool
	}
	want := map[string]result{"s": {`aé"<`, true}, "e": {"", true}, "n": {}, "z": {}, "a": {}, "half": {"\ufffd", true}, "missing": {}}
	for name, w := range want {
		if s, ok := o.String(name); s != w.S || ok != w.OK {
			t.Errorf("String(%q) = %q, %t, want %+v", name, s, ok, w)
		}
	}
}

func TestObjectStrings(t *testing.T) {
	o := parse(t, `{"one":"a","empty":"","none":[],"two":["a","\u0062"],"mixed":["a",1],"null":[null],"n":1,"o":{},"deep":[["a"]]}`)
	want := map[string][]string{
		"one": {"a"}, "empty": {""}, "none": {}, "two": {"a", "b"}, "mixed": nil, "null": nil, "n": nil, "o": nil, "deep": nil, "missing": nil,
	}
	for name, w := range want {
		if got := o.Strings(name); !reflect.DeepEqual(got, w) {
			t.Errorf("Strings(%q) = %#v, want %#v", name, got, w)
		}
	}
}

func TestObjectTime(t *testing.T) {
	tests := []struct {
		value string
		want  time.Time // zero: refused
	}{
		{"1300819380", time.Unix(1300819380, 0)},
		{"1300819380.000", time.Unix(1300819380, 0)},
		{"1.30081938e9", time.Unix(1300819380, 0)},
		{"1300819380.5", time.Unix(1300819380, 500_000_000)},
		{"0", time.Unix(0, 0)},
		{"-0.5", time.Unix(-1, 500_000_000)},
		{"1e-400", time.Unix(0, 0)},
		{"253402300799", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		{"-62135596799", time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)},
		{"253402300800", time.Time{}},
		{"-62135596801", time.Time{}},
		{"1300819380000000", time.Time{}},
		{"1e400", time.Time{}},
		{"-1e400", time.Time{}},
		{"1e999999999", time.Time{}},
		{"9223372036854775808", time.Time{}},
		{"1" + strings.Repeat("0", 100_000), time.Time{}},
		{`"1300819380"`, time.Time{}},
		{`"NaN"`, time.Time{}},
		{`"Inf"`, time.Time{}},
		{"null", time.Time{}},
		{"true", time.Time{}},
		{"[1]", time.Time{}},
		{"{}", time.Time{}},
	}
	for _, tt := range tests {
		got, ok := parse(t, `{"exp":`+tt.value+`}`).Time("exp")
		if !got.Equal(tt.want) || ok == tt.want.IsZero() || got.Location() != time.UTC {
			t.Errorf("Time of %.40s = %v, %t, want %v", tt.value, got, ok, tt.want)
		}
	}
	if got, ok := parse(t, "{}").Time("exp"); ok || !got.IsZero() {
		t.Errorf("Time of a missing member = %v, %t", got, ok)
	}
}

func TestObjectMarshalJSON(t *testing.T) {
	tests := []struct{ text, want string }{
		{"{}", "{}"},
		{` { "z" : 1.50 , "\u0061" : [ 1, 2 ], "<&>":"\u00e9", "q\"":1E5 } `, `{"z":1.50,"a":[ 1, 2 ],"<&>":"\u00e9","q\"":1E5}`},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.text).MarshalJSON()
		if err != nil || string(got) != tt.want {
			t.Errorf("MarshalJSON of %s = %s, %v, want %s", tt.text, got, err, tt.want)
		}
	}
	got, err := json.Marshal(struct{ O token.Object }{})
	if err != nil || string(got) != `{"O":{}}` {
		t.Errorf("the zero object encodes as %s, %v", got, err)
	}
}

func TestZeroObject(t *testing.T) {
	var o token.Object
	if v, ok := o.Get("a"); ok || v != nil || o.Members() != nil || o.Len() != 0 || o.Strings("a") != nil {
		t.Errorf("the zero object has members")
	}
}

func FuzzParseObject(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, `{"a":{"b":[1,2,{"c":null}]},"d":"\u0065\"\\"}`, `{"a":1,"\u0061":2}`, ` {"exp":1e400 , "iat":-0.5}`,
		`{"a":["x","y"],"b":"\ud800"}`, `[]`, `{"a":"]}"}`, "{\"a\":\"\xff\"}", `{"userorganisationidentifier":"u|o|MS"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := token.ParseObject(text)
		if err != nil {
			if _, ok := errors.AsType[*token.FormError](err); !ok {
				t.Fatalf("error of another type: %v", err)
			}
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("taken, but encoding/json says %v", err)
		}
		got := make(map[string]json.RawMessage)
		for _, m := range o.Members() {
			got[m.Name] = m.Value
			o.String(m.Name)
			o.Strings(m.Name)
			o.Time(m.Name)
		}
		if len(want) != o.Len() || !reflect.DeepEqual(got, want) {
			t.Fatalf("members %q, encoding/json has %q", got, want)
		}
		written, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := token.ParseObject(written)
		if err != nil && len(written) <= token.MaxObject {
			t.Fatalf("what was written is refused: %v: %s", err, written)
		}
		if err == nil && !reflect.DeepEqual(again.Members(), o.Members()) {
			t.Fatalf("written as %s", written)
		}
		if bytes.Contains(written, []byte("\n")) && !bytes.Contains(text, []byte("\n")) {
			t.Fatalf("a line break came in: %q", written)
		}
	})
}

func TestParseLongObject(t *testing.T) {
	long := []byte(`{"a":"` + strings.Repeat("x", token.MaxObject) + `"}`)
	if _, err := token.ParseObject(long); err == nil {
		t.Error("ParseObject took an object of more than MaxObject")
	}
	o, err := token.ParseLongObject(long, len(long))
	if v, ok := o.String("a"); err != nil || !ok || len(v) != token.MaxObject {
		t.Errorf("%d bytes, %t, %v", len(v), ok, err)
	}
	for text, want := range map[string]string{
		`{"a":1}  `: "the object is too long", `{"a"}`: "the object is no valid JSON", "\xff": "the object is not valid UTF-8",
		`{"":1,"":2}`: "the object is too long", `[1]`: "the object is JSON, but no object",
	} {
		if _, err := token.ParseLongObject([]byte(text), 8); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
