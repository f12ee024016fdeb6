package token

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// MaxObject is the longest JSON text in bytes that ParseObject takes.
const MaxObject = 1 << 20

// maxDepth is how deep objects and arrays may lie in each other. Claims are two or three deep.
const maxDepth = 100

// Object is a JSON object whose members keep their order and their text. The zero value is an object without members.
type Object struct {
	members []Member
	index   map[string]int // a member's place by its name; nil while there are few
}

// Member is one member of an Object.
type Member struct {
	Name  string          // with its escapes resolved
	Value json.RawMessage // as received, for instance a number with all its digits
}

// ParseObject reads one JSON object: valid UTF-8, at most MaxObject bytes long and nested at most 100 deep, no member of it or of an
// object in it named twice (escapes resolved), nothing behind it. The error is a *FormError, which holds none of
// the text.
func ParseObject(b []byte) (Object, error) {
	o, problem := parseObject(b)
	if problem != "" {
		return Object{}, &FormError{"object", problem}
	}
	return o, nil
}

// ParseLongObject is ParseObject for up to limit bytes: what simsid writes for itself holds several tokens.
func ParseLongObject(b []byte, limit int) (Object, error) {
	if len(b) > limit {
		return Object{}, &FormError{"object", "is too long"}
	}
	if utf8.Valid(b) {
		if o, ok := readObject(bytes.Clone(b)); ok {
			return o, nil
		}
	}
	return Object{}, &FormError{"object", objectProblem(b)}
}

// parseObject is ParseObject with the FormError's problem in place of the error. Reading and checking are one pass, since whole logs of
// tokens are read by it; what is wrong is looked for when that is known.
func parseObject(b []byte) (o Object, problem string) {
	if len(b) > MaxObject {
		return Object{}, "is longer than 1 MiB"
	}
	if utf8.Valid(b) {
		if o, ok := readObject(bytes.Clone(b)); ok {
			return o, ""
		}
	}
	return Object{}, objectProblem(b)
}

// objectProblem says why a text is no object that is taken.
func objectProblem(b []byte) string {
	switch {
	case !utf8.Valid(b):
		return "is not valid UTF-8"
	case tooDeep(b):
		return "is nested more than 100 deep"
	case !json.Valid(b):
		return "is no valid JSON"
	case bytes.TrimLeft(b, jsonSpace)[0] != '{':
		return "is JSON, but no object"
	default:
		return "names a member twice"
	}
}

// jsonSpace is the white space of RFC 8259 section 2.
const jsonSpace = " \t\r\n"

// tooDeep reports whether brackets outside strings open more than maxDepth levels. It makes no other demand of the text, and
// comes first: encoding/json has a limit too, but doesn't tell it from broken JSON.
func tooDeep(b []byte) bool {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = stringEnd(b, i) - 1
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// stringEnd returns the place behind the JSON string that starts at b[i], or len(b) for one without an end.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// unquote resolves a valid JSON string. Half a surrogate pair becomes U+FFFD, as encoding/json has it.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // cannot fail: the text was found valid as a whole
	return s
}

// Members returns the members in the order received. They are the caller's own: changing them changes no object.
func (o Object) Members() []Member {
	members := slices.Clone(o.members)
	for i := range members {
		members[i].Value = bytes.Clone(members[i].Value)
	}
	return members
}

// Len returns the number of members.
func (o Object) Len() int { return len(o.members) }

// Get returns a member's JSON text. It is the caller's own: decoding into a json.RawMessage writes over what that held, and
// verified claims must not change by it.
func (o Object) Get(name string) (json.RawMessage, bool) {
	i := o.place(name)
	if i < 0 {
		return nil, false
	}
	return bytes.Clone(o.members[i].Value), true
}

// raw is Get without the copy; nil for a missing member.
func (o Object) raw(name string) json.RawMessage {
	if i := o.place(name); i >= 0 {
		return o.members[i].Value
	}
	return nil
}

// place returns a member's place, -1 when there is none.
func (o Object) place(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Name == name {
			return i
		}
	}
	return -1
}

// String returns a member that is a JSON string.
func (o Object) String(name string) (string, bool) {
	value := o.raw(name)
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return unquote(value), true
}

// Strings returns a member that is a string or an array of strings; anything else gives nil. IdentityServer3 writes a
// claim of one value as a bare string and of several as an array.
func (o Object) Strings(name string) []string {
	if s, ok := o.String(name); ok {
		return []string{s}
	}
	value := o.raw(name)
	if len(value) == 0 || value[0] != '[' {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(value, &items) != nil {
		return nil
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		if item[0] != '"' { // null would otherwise pass for ""
			return nil
		}
		list = append(list, unquote(item))
	}
	return list
}

// The years that a time.Time can be written in: 1 to 9999.
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

// Time returns a member that is a NumericDate (RFC 7519 section 2): seconds since 1970, maybe with a fraction, as a time
// in UTC. The bool is false when the member is missing, no number, or beyond the years 1 to 9999.
func (o Object) Time(name string) (time.Time, bool) {
	// A float64 holds every second of the range exactly, and a fraction to the microsecond or so. It also bounds the work:
	// 1e999999999 as a big number would fill the memory. Of JSON's values it takes numbers alone.
	f, err := strconv.ParseFloat(string(o.raw(name)), 64)
	if err != nil || f < minSeconds || f >= maxSeconds+1 {
		return time.Time{}, false
	}
	seconds := math.Floor(f)
	return time.Unix(int64(seconds), int64((f-seconds)*1e9)).UTC(), true
}

// MarshalJSON writes the members in the order received, values with their text as received.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	names := json.NewEncoder(&b)
	names.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o.members {
		if i > 0 {
			b.WriteByte(',')
		}
		_ = names.Encode(m.Name) //nolint:errchkjson // a string in memory can't fail
		b.Truncate(b.Len() - 1)  // the line break that Encode adds
		b.WriteByte(':')
		b.Write(m.Value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
