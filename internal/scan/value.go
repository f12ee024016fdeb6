package scan

import "bytes"

// quote says how a value is quoted.
type quote struct {
	kind  byte // '"', '\'', '%' for a percent-encoded ", 'u' for \u0022, '&' for &quot;; 0: not at all
	depth int  // backslashes before it, or how often it is percent-encoded
}

// quoteAt returns the quotation mark at the start of b and its length; 0 where there is none.
func quoteAt(b []byte) (quote, int) {
	k := backslashes(b)
	if k < len(b) && (b[k] == '"' || b[k] == '\'') {
		return quote{b[k], k}, k + 1
	}
	if n, c := unicodeAt(b); c == '"' {
		return quote{'u', k}, n
	}
	if n, c := percentAt(b); c == '"' {
		return quote{'%', (n - 1) / 2}, n
	}
	if len(b) > 0 && b[0] == '&' {
		if n, c := entityAt(b); c == '"' {
			return quote{kind: '&'}, n
		}
	}
	return quote{}, 0
}

// quoteBefore returns the quotation mark that ends before b[i], and its length; 0 where there is none.
func quoteBefore(b []byte, i int) (quote, int) {
	slashes := func(i int) int {
		k := 0
		for k < 7 && k < i && b[i-1-k] == '\\' {
			k++
		}
		return k
	}
	switch {
	case i >= 1 && (b[i-1] == '"' || b[i-1] == '\''):
		k := slashes(i - 1)
		return quote{b[i-1], k}, k + 1
	case i >= 6 && string(b[i-5:i]) == "u0022":
		if k := slashes(i - 5); k > 0 {
			return quote{'u', k}, k + 5
		}
	case i >= 6 && b[i-1] == ';':
		for _, s := range []string{"&quot;", "&#34;", "&#x22;"} {
			if bytes.HasSuffix(b[:i], []byte(s)) {
				return quote{kind: '&'}, len(s)
			}
		}
	case i >= 3 && string(b[i-2:i]) == "22":
		for n := 3; n <= 7 && n <= i; n += 2 {
			if b[i-n] == '%' {
				return quote{'%', (n - 1) / 2}, n
			}
			if n+2 > i || string(b[i-n-1:i-n+1]) != "25" {
				break
			}
		}
	}
	return quote{}, 0
}

// form says how a value ends.
type form uint8

const (
	asText    form = iota // at its quotation mark; without one, at what can't be in a parameter
	asLine                // at the end of the line, or at the quotation mark around it
	asCookie              // the same, or at a semicolon
	asJWT                 // with its last part
	asFixed               // after so many bytes
	asContent             // at the tag behind it
	asPEM                 // at "-----END", or at what can't be in a key
)

// value is one that is being read.
type value struct {
	kind  Kind
	form  form
	quote quote
	level int  // of percent-encoding that its surroundings have: 1 behind %3D
	parts int  // of a JWT, that may still come
	seen  int  // bytes of a JWT that have been looked at
	left  int  // bytes of one whose length is known
	laid  bool // it was laid out in some way, which stays
	lines bool // its line breaks stay, and don't count
	// base64 says that the value is within a text in base64.
	base64 bool
}

// isSoft reports whether a value without quotation marks ends at c if something else ends it behind that.
func isSoft(c byte) bool {
	switch c {
	case ',', ';', ')', '}', ']', '\'', '`', '|':
		return true
	}
	return false
}

// isHard reports whether a value without quotation marks ends at c.
func isHard(c byte) bool {
	return c <= ' ' || c == '"' || c == '<' || c == '>' || c == '&'
}

// end goes on with a value at b[i] and returns where it ends. done is false when it doesn't before hi; then it goes on at the place
// returned, which may lie a little behind hi. last says that there is no text behind hi.
func (v *value) end(b []byte, i, hi int, last bool) (at int, done bool) {
	switch v.form {
	case asJWT:
		return v.endJWT(b, i, hi, last)
	case asFixed:
		n := min(v.left, max(hi-i, 0))
		v.left -= n
		return i + n, v.left == 0
	default:
	}
	for i < hi {
		n, ends := v.step(b, i)
		if ends {
			return i, true
		}
		i += n
	}
	return i, last
}

// step looks at the character or escape at b[i], returns its length, and whether the value ends before it.
func (v *value) step(b []byte, i int) (n int, ends bool) {
	c := b[i]
	switch {
	case v.form == asPEM:
		return 1, endsPEM(b, i)
	case c == '\n' || c == '\r':
		return 1, true
	case v.form == asContent && c != '%':
		n, d := spelledAt(b[i:])
		return max(n, 1), c == '<' || d == '<'
	case c == '&' && v.quote.kind == '&':
		n, d := entityAt(b[i:])
		return max(n, 1), d == '"'
	case c == '\\':
		return v.backslash(b, i)
	case c == '%':
		n, d := percentAt(b[i:])
		if n == 0 {
			return 1, false
		}
		switch depth := (n - 1) / 2; {
		case v.quote.kind == '%':
			return n, d == '"' && depth <= v.quote.depth
		case depth <= v.level && v.form == asText && v.quote.kind == 0:
			return n, isHard(d) || d == '#'
		}
		return n, false
	case c == '"' || c == '\'':
		switch {
		case c == v.quote.kind, c == '"' && (v.quote.depth > 0 || v.quote.kind == 'u'):
			return 1, true
		case v.quote.kind != 0:
			return 1, false
		}
	}
	switch {
	case v.form == asCookie:
		return 1, c == ';'
	case v.form == asLine || v.quote.kind != 0 && v.quote.kind != '%':
		return 1, false
	case isHard(c) || c == '#' && v.kind != RedactedSecret:
		return 1, true
	case isSoft(c):
		return 1, v.endsBehind(b, i+1)
	}
	return 1, false
}

// endsBehind reports whether b[i] ends a value that a soft character before it ends then too.
func (v *value) endsBehind(b []byte, i int) bool {
	for ; i < len(b) && isSoft(b[i]); i++ {
	}
	if i >= len(b) || isHard(b[i]) {
		return true
	}
	if b[i] != '\\' {
		return false
	}
	_, ends := v.backslash(b, i)
	return ends
}

// backslash is step for an escape of JSON, or a backslash of the value's own.
func (v *value) backslash(b []byte, i int) (n int, ends bool) {
	k := backslashes(b[i:])
	if i+k >= len(b) {
		return k, false
	}
	line := v.form == asLine || v.form == asCookie
	switch c := b[i+k]; c {
	case '"', '\'':
		switch v.quote.kind {
		case c:
			return k + 1, k <= v.quote.depth
		case 0:
			return k + 1, c == '"' || !line
		}
		return k + 1, false
	case 'n', 'r', 't':
		return k + 1, line && c != 't' || v.quote.kind == 0
	case 'u':
		n, d := unicodeAt(b[i:])
		if n == 0 {
			return k + 1, false
		}
		switch {
		case v.quote.kind == 'u':
			return n, d == '"' && k <= v.quote.depth
		case line && (d == '\n' || d == '\r'):
			return n, true
		case v.quote.kind == 0 && v.form == asText:
			return n, isHard(d)
		}
		return n, false
	}
	return k + k&1, false
}

// endJWT is end for a JWT.
func (v *value) endJWT(b []byte, i, hi int, last bool) (at int, done bool) {
	if n := min(v.seen, max(hi-i, 0)); n > 0 {
		v.seen, i = v.seen-n, i+n
	}
	for i < hi {
		if i = tokenEnd(b[:hi], i); i == hi {
			break
		}
		n := 0
		if v.parts > 0 {
			n = dotAt(b[i:])
		}
		// Behind three dots in a row something was left out.
		if n > 0 && (v.parts > 1 || dotAt(b[i+n:]) == 0) {
			v.parts--
			i += n
			continue
		}
		// "-" and "_" need no encoding either.
		if n, c := percentAt(b[i:]); c == '-' || c == '_' {
			i += n
			continue
		}
		return i, true
	}
	return i, last
}
