package scan

import "bytes"

// spelledAt returns the ASCII character that is spelled otherwise at the start of b, and the length of that; 0 where there is none. Known are
// percent-encoding, the escapes of JSON, of JavaScript and of quoted-printable, and the references of HTML.
func spelledAt(b []byte) (n int, c byte) {
	if len(b) < 3 {
		return 0, 0
	}
	switch b[0] {
	case '%':
		return percentAt(b)
	case '\\':
		if n, c = unicodeAt(b); n == 0 {
			n, c = hexAt(b)
		}
		return n, c
	case '&':
		return entityAt(b)
	case '=': // RFC 2045 section 6.7 has capitals
		if c = unhex(b[1])<<4 | unhex(b[2]); isHex(b[1]) && isHex(b[2]) && (c == '.' || c == '-' || c == '_') {
			return 3, c
		}
	}
	return 0, 0
}

// hexAt is unicodeAt for \x2e.
func hexAt(b []byte) (n int, c byte) {
	k := backslashes(b)
	if k == 0 || len(b) < k+3 || b[k] != 'x' || !isHex(b[k+1]) || !isHex(b[k+2]) {
		return 0, 0
	}
	return k + 3, unhex(b[k+1])<<4 | unhex(b[k+2])
}

// entityAt returns the character of the HTML reference at the start of b: by number, or one of the few names that matter here.
func entityAt(b []byte) (n int, c byte) {
	for _, e := range [...]struct {
		text string
		c    byte
	}{{"&quot;", '"'}, {"&period;", '.'}, {"&lowbar;", '_'}, {"&hyphen;", '-'}, {"&commat;", '@'}, {"&colon;", ':'}, {"&equals;", '='}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}} {
		if bytes.HasPrefix(b, []byte(e.text)) {
			return len(e.text), e.c
		}
	}
	if len(b) < 4 || b[1] != '#' {
		return 0, 0
	}
	i, code, base := 2, 0, 10
	if b[2]|0x20 == 'x' {
		i, base = 3, 16
	}
	start := i
	for ; i < len(b) && i < start+7 && isHex(b[i]) && (base == 16 || b[i] <= '9'); i++ {
		code = code*base + int(unhex(b[i]))
	}
	if i == start || i >= len(b) || b[i] != ';' || code >= 0x80 {
		return 0, 0
	}
	return i + 1, byte(code)
}

// joint is what stands between two pieces of a value that was laid out over lines, or put together of several texts.
type joint struct {
	length int
	free   bool // a line break alone, which says nothing of what it joins
	loose  bool // two texts side by side, which may be two values
}

// mostJoint bounds a joint: a line break and an indentation.
const mostJoint = 160

// jointAt returns the joint at the start of b; its length is 0 where there is none.
func jointAt(b []byte) joint {
	b = b[:min(len(b), mostJoint)]
	if len(b) < 2 {
		return joint{}
	}
	switch b[0] {
	case '=', '\\':
		if n := newline(b[1:]); n > 0 { // a soft line break (RFC 2045 section 6.7), or a shell's
			n++
			return joint{length: n + indent(b[n:])}
		}
	case '\n', '\r':
		if n := newline(b); n > 0 {
			return joint{length: n + indent(b[n:]), free: true}
		}
		return joint{}
	case '"', '\'', '`', '&':
	default:
		return joint{}
	}
	if n := escapedLine(b); n > 0 {
		return joint{length: n + indent(b[n:]), free: true}
	}
	return textJoint(b)
}

// textJoint is jointAt for the end of one text and the start of the next: "…" + "…".
func textJoint(b []byte) joint {
	shut, n := quoteAt(b)
	if n == 0 {
		return joint{}
	}
	i, signs := n, 0
	for i < len(b) {
		switch c := b[i]; {
		case isWhite(c):
		case (c == '+' || c == '.' || c == '&' || c == '_' || c == '\\') && signs < 2:
			if c == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\'') {
				return openText(b, i, shut, signs)
			}
			signs++
		default:
			return openText(b, i, shut, signs)
		}
		i++
	}
	return joint{}
}

func openText(b []byte, i int, shut quote, signs int) joint {
	open, n := quoteAt(b[i:])
	if n == 0 || open != shut {
		return joint{}
	}
	return joint{length: i + n, loose: signs == 0}
}

// newline returns the length of the line break at the start of b.
func newline(b []byte) int {
	switch {
	case len(b) >= 1 && b[0] == '\n':
		return 1
	case len(b) >= 2 && b[0] == '\r' && b[1] == '\n':
		return 2
	}
	return 0
}

// escapedLine returns the length of the line break at the start of b that is written as an escape of JSON, any number of times over.
func escapedLine(b []byte) int {
	n := 0
	for range 2 {
		k := backslashes(b[n:])
		if k == 0 || n+k >= len(b) {
			return 0
		}
		switch b[n+k] {
		case 'n':
			return n + k + 1
		case 'r':
			n += k + 1
		default:
			return 0
		}
	}
	return 0
}

// indent returns the length of the indentation at the start of b, or of the signs by which mail quotes a line.
func indent(b []byte) int {
	n := 0
	for n < len(b) && n < 64 && (b[n] == ' ' || b[n] == '\t' || b[n] == '>') {
		n++
	}
	return n
}
