package scan

import (
	"bytes"
	"encoding/base64"
)

// dotAt returns the length of the dot at the start of b: as it is, percent-encoded once or twice, or escaped as JSON allows; 0 where
// there is none. Nothing has to be encoded in a JWT, but some encoders do.
func dotAt(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case '.':
		return 1
	case '%':
		if n, c := percentAt(b); c == '.' {
			return n
		}
	case '\\':
		if n, c := unicodeAt(b); c == '.' {
			return n
		}
	}
	return 0
}

// percentAt returns the character that is percent-encoded at the start of b, once or several times over (%2E, %252E, %25252E), and
// the length of that; 0 where there is none.
func percentAt(b []byte) (n int, c byte) {
	if len(b) < 3 || b[0] != '%' {
		return 0, 0
	}
	i := 1
	for i <= 5 && len(b) >= i+4 && b[i] == '2' && b[i+1] == '5' && isHex(b[i+2]) && isHex(b[i+3]) {
		i += 2
	}
	if !isHex(b[i]) || !isHex(b[i+1]) {
		return 0, 0
	}
	return i + 2, unhex(b[i])<<4 | unhex(b[i+1])
}

// unicodeAt returns the ASCII character that is written as a JSON escape at the start of b, with any number of backslashes up to seven, as
// JSON within JSON has them; 0 where there is none.
func unicodeAt(b []byte) (n int, c byte) {
	k := backslashes(b)
	if k == 0 || len(b) < k+5 || b[k] != 'u' || b[k+1] != '0' || b[k+2] != '0' || !isHex(b[k+3]) || !isHex(b[k+4]) {
		return 0, 0
	}
	return k + 5, unhex(b[k+3])<<4 | unhex(b[k+4])
}

// backslashes counts those at the start of b, up to seven.
func backslashes(b []byte) int {
	k := 0
	for k < len(b) && k < 7 && b[k] == '\\' {
		k++
	}
	return k
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// jwtAt looks whether a JWT begins at b[c]: a header that is a JSON object with "alg" (RFC 7515 section 4.1.1), a dot, and at least one
// more character. parts is how many it has at most: three, or five if it is encrypted; 0 where there is none. next is where the second one
// begins, or, where there is none, where the characters of the first end.
func (f *finder) jwtAt(b []byte, c int) (parts, next int) {
	end := f.runEnd(b, c)
	if end-c > maxHeader {
		return 0, end
	}
	n := dotAt(b[end:])
	if n == 0 || end+n >= len(b) {
		return 0, end
	}
	// The key of an encrypted one may be empty (RFC 7518 section 4.5).
	direct := dotAt(b[end+n:]) > 0
	if !direct && !isToken(b[end+n]) && !mayBeLaid(b, end+n) || !f.readHeader(b[c:end]) {
		return 0, end
	}
	switch {
	case f.header.get("enc") != nil:
		return 5, end + n
	case direct:
		return 0, end
	}
	return 3, end + n
}

// tokenAt looks whether a JWT begins at b[at], as it is or laid out in some way.
func (f *finder) tokenAt(b []byte, at int) (value, bool) {
	parts, next := f.jwtAt(b, at)
	if parts == 0 {
		if next-at < maxHeader && mayBeLaid(b, next) {
			if n := f.laidJWT(b, at); n > 0 {
				return value{kind: RedactedJWT, form: asFixed, left: n, laid: true}, true
			}
		}
		return value{}, false
	}
	seen := next
	if parts == 3 {
		seen = tokenEnd(b[:min(len(b), next+maxHeader)], next)
		if mayBeLaid(b, seen) {
			if n := f.laidJWT(b, at); n > seen-at {
				return value{kind: RedactedJWT, form: asFixed, left: n, laid: true}, true
			}
		}
		if seen == next {
			return value{}, false
		}
	}
	return value{kind: RedactedJWT, form: asJWT, parts: parts - 2, seen: seen - at}, true
}

// runEnd returns where the characters of base64url end that begin at c, or some place too far from it for a header. It remembers what it saw, since
// in a long run every start would otherwise look at all of it.
func (f *finder) runEnd(b []byte, c int) int {
	end := c
	if c >= f.runFrom && c < f.runTo {
		end = f.runTo
	} else {
		f.runFrom = c
	}
	if most := min(len(b), c+maxHeader+1); end < most {
		end = tokenEnd(b[:most], end)
	}
	f.runTo = max(end, c)
	return end
}

// readHeader decodes a header and reads it into f.header. It begins with little, because most of what begins like a header isn't one.
func (f *finder) readHeader(encoded []byte) bool {
	if bytes.Equal(encoded, f.headerText) && len(encoded) > 0 {
		return true // the last one again: those of one key are all the same
	}
	f.headerText = f.headerText[:0]
	for size := 128; ; size *= 8 {
		part := encoded[:min(size, len(encoded))]
		if len(part) < len(encoded) {
			part = part[:len(part)&^3]
		}
		decoded, err := base64.RawURLEncoding.AppendDecode(f.headerJSON[:0], part)
		f.headerJSON = decoded
		if err != nil {
			return false
		}
		switch r := f.header.read(decoded); {
		case r == bad:
			return false
		case len(part) < len(encoded):
			continue
		case r == cut || f.header.get("alg") == nil:
			return false
		}
		f.headerText = append(f.headerText, encoded...)
		return true
	}
}
