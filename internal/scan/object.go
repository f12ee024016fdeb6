package scan

import "bytes"

// reading is how far a text is JSON.
type reading int

const (
	bad   reading = iota // no text that goes on can be an object
	cut                  // an object so far
	whole                // an object
)

// maxNesting is how deep the values of an object may be nested for this reader. A header with keys in it has three levels; deeper claims
// are read by internal/token.
const maxNesting = 8

// member is one member of an object: its name between the quotes, with escapes as they were received, and its value's text.
type member struct {
	name, value []byte
}

// object reads a JSON object in one pass. It finds the same members as token.ParseObject where usual is true after read gave whole,
// and leaves everything else to that: it is there because millions of tokens are to be read, and nearly all of them are usual.
type object struct {
	members []member
	// usual says that there is nothing but printable ASCII, no escape in a name, no name twice, and no object within.
	usual bool

	b []byte
	i int
}

func (o *object) read(b []byte) reading {
	o.b, o.i, o.members, o.usual = b, 0, o.members[:0], true
	o.space()
	if o.i == len(b) {
		return cut
	}
	if b[o.i] != '{' {
		return bad
	}
	if r := o.object(1); r != whole {
		return r
	}
	o.space()
	if o.i < len(b) {
		return bad
	}
	o.usual = o.usual && !o.twice()
	return whole
}

// twice reports whether two members have the same name.
func (o *object) twice() bool {
	var seen uint64 // what names are like that have come
	for i := range o.members {
		n := o.members[i].name
		like := uint64(1)
		if len(n) > 0 {
			like = 1 << ((len(n) + 5*int(n[0]) + 11*int(n[len(n)-1])) & 63)
		}
		if seen&like == 0 {
			seen |= like
			continue
		}
		for _, m := range o.members[:i] {
			if len(m.name) == len(n) && bytes.Equal(m.name, n) {
				return true
			}
		}
	}
	return len(o.members) > 200 // which would take too long to look at in this way
}

// get returns a member's value; nil when there is none of that name.
func (o *object) get(name string) []byte {
	for _, m := range o.members {
		if string(m.name) == name {
			return m.value
		}
	}
	return nil
}

func (o *object) space() {
	if o.i < len(o.b) && o.b[o.i] <= ' ' {
		o.skip()
	}
}

// skip takes white space.
func (o *object) skip() {
	for o.i < len(o.b) {
		switch o.b[o.i] {
		case '\t', '\r', '\n':
			o.usual = false
		case ' ':
		default:
			return
		}
		o.i++
	}
}

// at skips white space and takes c.
func (o *object) at(c byte) bool {
	o.space()
	if o.i < len(o.b) && o.b[o.i] == c {
		o.i++
		return true
	}
	return false
}

// ended is the reading where something else was expected.
func (o *object) ended() reading {
	if o.i >= len(o.b) {
		return cut
	}
	return bad
}

func (o *object) object(depth int) reading {
	if depth > maxNesting {
		return bad
	}
	o.i++
	if o.at('}') {
		return whole
	}
	for {
		o.space()
		start := o.i
		if r := o.text(depth == 1); r != whole {
			return r
		}
		name := o.b[start+1 : o.i-1]
		if !o.at(':') {
			return o.ended()
		}
		o.space()
		start = o.i
		if r := o.value(depth); r != whole {
			return r
		}
		if depth == 1 {
			o.members = append(o.members, member{name, o.b[start:o.i]})
		}
		if o.at('}') {
			return whole
		}
		if !o.at(',') {
			return o.ended()
		}
	}
}

func (o *object) value(depth int) reading {
	if o.i >= len(o.b) {
		return cut
	}
	switch c := o.b[o.i]; {
	case c == '"':
		return o.text(false)
	case c == '{':
		o.usual = false // names within may come twice too
		return o.object(depth + 1)
	case c == '[':
		return o.array(depth + 1)
	case c == 't':
		return o.literal("true")
	case c == 'f':
		return o.literal("false")
	case c == 'n':
		return o.literal("null")
	case c == '-' || c >= '0' && c <= '9':
		return o.number()
	}
	return bad
}

func (o *object) array(depth int) reading {
	if depth > maxNesting {
		return bad
	}
	o.i++
	if o.at(']') {
		return whole
	}
	for {
		o.space()
		if r := o.value(depth); r != whole {
			return r
		}
		if o.at(']') {
			return whole
		}
		if !o.at(',') {
			return o.ended()
		}
	}
}

func (o *object) literal(word string) reading {
	rest := o.b[o.i:]
	if len(rest) < len(word) {
		if string(rest) == word[:len(rest)] {
			return cut
		}
		return bad
	}
	if string(rest[:len(word)]) != word {
		return bad
	}
	o.i += len(word)
	return whole
}

// number takes a number of RFC 8259 section 6.
func (o *object) number() reading {
	if o.b[o.i] == '-' {
		o.i++
	}
	if o.i < len(o.b) && o.b[o.i] == '0' {
		o.i++
	} else if !o.digits() {
		return o.ended()
	}
	if o.i < len(o.b) && o.b[o.i] == '.' {
		o.i++
		if !o.digits() {
			return o.ended()
		}
	}
	if o.i < len(o.b) && o.b[o.i]|0x20 == 'e' {
		o.i++
		if o.i < len(o.b) && (o.b[o.i] == '+' || o.b[o.i] == '-') {
			o.i++
		}
		if !o.digits() {
			return o.ended()
		}
	}
	return whole
}

func (o *object) digits() bool {
	start := o.i
	for o.i < len(o.b) && o.b[o.i] >= '0' && o.b[o.i] <= '9' {
		o.i++
	}
	return o.i > start
}

// text takes a string of RFC 8259 section 7; its bytes are not checked to be UTF-8, but then it isn't usual.
func (o *object) text(name bool) reading {
	if o.i >= len(o.b) {
		return cut
	}
	if o.b[o.i] != '"' {
		return bad
	}
	b := o.b
	for i := o.i + 1; i < len(b); i++ {
		for i+4 <= len(b) && textChars[b[i]]&textChars[b[i+1]]&textChars[b[i+2]]&textChars[b[i+3]] != 0 {
			i += 4
		}
		if i == len(b) {
			break
		}
		if textChars[b[i]] != 0 {
			continue
		}
		switch c := b[i]; {
		case c == '"':
			o.i = i + 1
			return whole
		case c < ' ':
			return bad
		case c >= 0x7f:
			o.usual = false
		case c == '\\':
			o.usual = o.usual && !name
			n, r := escape(b[i:])
			if r != whole {
				return r
			}
			i += n - 1
		}
	}
	o.i = len(b)
	return cut
}

// textChars has a 1 for each printable character of ASCII that stands for itself in a string.
const textChars = zeros +
	"\x01\x01\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" + // not the quotation mark
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x01\x01\x01" + // nor the backslash
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" +
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00" +
	zeros + zeros + zeros + zeros

// escape returns the length of the escape at the start of b.
func escape(b []byte) (int, reading) {
	if len(b) < 2 {
		return 0, cut
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, whole
	case 'u':
		for i := 2; i < 6; i++ {
			if i >= len(b) {
				return 0, cut
			}
			if !isHex(b[i]) {
				return 0, bad
			}
		}
		return 6, whole
	}
	return 0, bad
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
