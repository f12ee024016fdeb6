package scan

import (
	"bytes"
	"encoding/base64"
)

const (
	// leastEncoded is the shortest text in base64 that is looked into.
	leastEncoded = 24
	// mostEncoded bounds how far it is looked at, in both directions together less than what a chunk sees.
	mostEncoded = 12 << 10
	// leastLine is the least width of lines in base64; RFC 2045 and RFC 7468 have 76 and 64.
	leastLine = 60
)

// encodedParts are what three bytes become in base64, depending on where they stand: three characters that no other bytes change.
func encodedParts(three string) [3]string {
	var parts [3]string
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:before] + three + "\x00\x00\x00"))
		from := (before*8 + 5) / 6
		parts[before] = text[from : from+3]
	}
	return parts
}

func isBase64(c byte) bool { return isToken(c) || c == '+' || c == '/' }

// encoded looks whether b[i] lies in a text in base64 that holds a token or another credential. Such a text is replaced as a whole: what is in it
// can't be taken out of it without changing the rest.
func (f *finder) encoded(b []byte, i, from int) (match, bool) {
	if f.nested || i < f.encodedTo {
		return match{}, false
	}
	start := i
	for start > 0 && i-start < reach/2 && isBase64(b[start-1]) {
		start--
	}
	start += escapedBefore(b, start, i)
	end := encodedEnd(b, start, i)
	f.encodedTo = end
	if end <= from || end-start < leastEncoded {
		return match{}, false
	}
	kind := f.insideOf(b[start:end])
	if kind == "" {
		return match{}, false
	}
	start = max(start, from)
	return match{at: start, value: value{kind: kind, form: asFixed, left: end - start, base64: true, lines: true}}, end > start
}

// encodedEnd returns where a text in base64 ends that goes from start over i.
func encodedEnd(b []byte, start, i int) int {
	most := min(len(b), i+mostEncoded)
	line := start
	for {
		for i < most && isBase64(b[i]) {
			i++
		}
		if i-line < leastLine {
			break
		}
		n := newline(b[i:])
		if n == 0 {
			n = escapedLine(b[i:])
		}
		if n == 0 || i+n >= most || !isBase64(b[i+n]) {
			break
		}
		line = i + n
		for i = line; i < most && isBase64(b[i]); i++ {
		}
		if i-line < leastLine && i < most && b[i] != '=' && b[i] != '"' && b[i] != '\n' && b[i] != '\r' && b[i] != '\\' {
			return line - n // a word, not the last line
		}
	}
	for k := 0; k < 2 && i < most && b[i] == '='; k++ {
		i++
	}
	return i
}

// insideOf returns what is inside of a text in base64; "" where there is no credential. Where it begins may not have been seen.
func (f *finder) insideOf(text []byte) Kind {
	if f.inner == nil {
		f.inner = &finder{cursor: cursor{anchors: f.anchors}, all: true, personal: f.personal, nested: true}
	}
	f.plain = bareBase64(f.plain[:0], text)
	for skip := range min(4, len(f.plain)) {
		f.decoded = decodeBase64(f.decoded[:0], f.plain[skip:])
		switch m, ok := f.inner.first(f.decoded); {
		case !ok:
		case skip == 0 && m.value.kind == RedactedJWT && isWholeJWT(m, f.decoded):
			return RedactedJWT
		default:
			return RedactedEncoded
		}
	}
	return ""
}

// first returns the first match in a text.
func (f *finder) first(b []byte) (match, bool) {
	f.begin()
	for i := 0; ; i++ {
		var h hit
		if i, h = f.next(b, i, len(b)); h == 0 {
			return match{}, false
		}
		if m, ok := f.look(b, i, h, 0); ok {
			return m, true
		}
	}
}

// isWholeJWT reports whether a text is nothing but the token that was found in it.
func isWholeJWT(m match, b []byte) bool {
	v := m.value
	end, _ := v.end(b, m.at, len(b), true)
	return m.at == 0 && len(bytes.TrimRight(b[end:], "\r\n")) == 0
}

// bareBase64 appends what a text in base64 says in the one alphabet, without line breaks and padding.
func bareBase64(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '+':
			dst = append(dst, '-')
		case '/':
			dst = append(dst, '_')
		case '\\':
			i += max(escapedLine(text[i:]), 1)
			continue
		default:
			if isToken(c) {
				dst = append(dst, c)
			}
		}
		i++
	}
	return dst
}

// decodeBase64 appends what bare characters stand for, but for some at the end that stand for nothing whole.
func decodeBase64(dst, bare []byte) []byte {
	if len(bare)%4 == 1 {
		bare = bare[:len(bare)-1]
	}
	dst, _ = base64.RawURLEncoding.AppendDecode(dst, bare) // cannot fail: all are of the alphabet
	return dst
}

// claimsAt looks for the claims of a token without its header at b[i], and the signature behind them.
func (f *finder) claimsAt(b []byte, i, from int) (match, bool) {
	end := f.runEnd(b, i)
	if end <= from || end-i > maxHeader || end-i < leastEncoded {
		return match{}, false
	}
	f.decoded = decodeBase64(f.decoded[:0], b[i:end])
	if f.claims.read(f.decoded) != whole {
		return match{}, false
	}
	known := false
	for _, name := range []string{"iss", "sub", "exp", "aud", "iat"} {
		known = known || f.claims.get(name) != nil
	}
	if !known {
		return match{}, false
	}
	if signed(b, end) {
		at, dots := tail(b, i, from)
		return match{at: at, value: value{kind: RedactedJWT, form: asJWT, parts: dots}}, true
	}
	return match{at: i, value: value{kind: RedactedEncoded, form: asFixed, left: end - i}}, f.personal
}

// tail returns where the run begins that ends with a dot before b[i], which is the end of a header, and how many dots the token that begins there has.
func tail(b []byte, i, from int) (start, dots int) {
	if i-1 <= from || b[i-1] != '.' || !isToken(b[i-2]) {
		return i, 1
	}
	start = i - 1
	for start > from && i-start < reach/2 && isToken(b[start-1]) {
		start--
	}
	return start, 2
}

// signed reports whether a dot and a signature stand at b[i].
func signed(b []byte, i int) bool {
	n := dotAt(b[min(i, len(b)):])
	if n == 0 {
		return false
	}
	const least = 43
	return tokenEnd(b[:min(len(b), i+n+least)], i+n) == i+n+least
}

// part looks for a token of which the start is missing, around what its claims have at b[i].
func (f *finder) part(b []byte, i, from int) (match, bool) {
	if f.nested || i < f.partTo {
		return match{}, false
	}
	start := i
	for start > 0 && i-start < reach/2 && isToken(b[start-1]) {
		start--
	}
	start += escapedBefore(b, start, i)
	end := tokenEnd(b[:min(len(b), i+maxHeader/2)], i)
	f.partTo = end
	if end <= from || end-start < leastEncoded || !signed(b, end) || !isText(f, b[start:end]) {
		return match{}, false
	}
	at, dots := tail(b, max(start, from), from)
	if dots == 1 { // it may be the header of which the start is missing
		behind := end + dotAt(b[end:])
		behind = tokenEnd(b[:min(len(b), behind+maxHeader/2)], behind)
		if n := dotAt(b[behind:]); n > 0 && behind+n < len(b) && isToken(b[behind+n]) {
			dots = 2
		}
	}
	return match{at: at, value: value{kind: RedactedJWT, form: asJWT, parts: dots}}, at < end
}

// isText reports whether characters stand for text, wherever their groups of four begin.
func isText(f *finder, encoded []byte) bool {
	for skip := range min(4, len(encoded)) {
		f.decoded = decodeBase64(f.decoded[:0], encoded[skip:])
		if bytes.IndexFunc(f.decoded, func(r rune) bool { return r < ' ' || r == '�' }) < 0 {
			return true
		}
	}
	return false
}
