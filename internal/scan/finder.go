package scan

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// list says that values come in a row.
type list uint8

const (
	noList list = iota
	cookies
	firstCookie // of each Set-Cookie
	harValues   // the members "value" of an array
)

// match is one place where something to be replaced begins.
type match struct {
	at    int // where the value begins; of a list, where it is looked for
	value value
	list  list
}

// finder knows the rules. It belongs to one goroutine.
type finder struct {
	cursor
	all, personal bool // of a redaction; of personal data too

	header, claims object
	laid           laid
	laidTo         int // what begins before that is no token that is laid out

	nested            bool // within base64, where no other is looked for
	inner             *finder
	plain, decoded    []byte
	encodedTo, partTo int // as far as texts in base64 have been looked at
	headerJSON        []byte
	headerText        []byte
	runFrom, runTo    int // characters of base64url, as far as they have been looked at
	nameFrom, nameTo  int // the last name that was looked at
}

// begin forgets what belongs to the last chunk.
func (f *finder) begin() {
	f.cursor.reset()
	f.runFrom, f.runTo, f.nameFrom, f.nameTo = 0, 0, 0, 0
	f.laidTo, f.encodedTo, f.partTo = 0, 0, 0
}

// look tries the rules that a hit at b[i] stands for, and returns the first match whose value begins at or behind from.
func (f *finder) look(b []byte, i int, h hit, from int) (match, bool) {
	if h&hitName != 0 {
		if m, ok := f.name(b, i); ok && m.at >= from {
			return m, true
		}
	}
	if h&hitValue != 0 {
		if m, ok := f.valueFirst(b, i); ok && m.at >= from {
			return m, true
		}
	}
	if h&hitJWT != 0 {
		if m, ok := f.jwt(b, i, from); ok && m.at >= from {
			return m, true
		}
	}
	if h&(hitEscape|hitPEM|hitOption|hitMember) != 0 {
		if m, ok := f.rare(b, i, h); ok && m.at >= from {
			return m, true
		}
	}
	if h&hitEncoded != 0 {
		if m, ok := f.encoded(b, i, from); ok {
			return m, true
		}
	}
	if h&hitPart != 0 {
		if m, ok := f.part(b, i, from); ok {
			return m, true
		}
	}
	if h&hitWord != 0 {
		if m, ok := f.word(b, i); ok && m.at >= from {
			return m, true
		}
	}
	if h&hitURL != 0 {
		if m, ok := f.userinfo(b, i); ok && m.at >= from {
			return m, true
		}
	}
	if h&hitPipe != 0 {
		if m, ok := f.subject(b, i); ok && m.at >= from {
			return m, true
		}
	}
	if h&(hitEmail|hitEscape) != 0 && f.personal {
		if m, ok := f.email(b, i); ok && m.at >= from {
			return m, true
		}
	}
	return match{}, false
}

// rare tries the rules whose anchors are seldom met.
func (f *finder) rare(b []byte, i int, h hit) (match, bool) {
	if h&hitPEM != 0 {
		if m, ok := f.pem(b, i); ok {
			return m, true
		}
	}
	if h&hitOption != 0 {
		if m, ok := f.option(b, i); ok {
			return m, true
		}
	}
	if h&hitMember != 0 {
		if m, ok := f.member(b, i); ok {
			return m, true
		}
	}
	if h&hitEscape != 0 {
		return f.escape(b, i)
	}
	return match{}, false
}

// jwt looks for the start of a JWT at b[i], or of the claims of one whose header is missing.
func (f *finder) jwt(b []byte, i, from int) (match, bool) {
	if b[i] != 'e' {
		return match{}, false
	}
	if i >= from {
		if v, ok := f.tokenAt(b, i); ok {
			return match{at: i, value: v}, true
		}
	}
	if !f.all || f.nested {
		return match{}, false
	}
	return f.claimsAt(b, i, from)
}

// escape looks for what may begin with the escape at b[i]: a token, of which each character is one, or a name that has one.
func (f *finder) escape(b []byte, i int) (match, bool) {
	if b[i] == '\\' {
		for i > 0 && b[i-1] == '\\' {
			i--
		}
	}
	n, c := spelledAt(b[i:])
	if n == 0 {
		return match{}, false
	}
	if c == 'e' {
		if n := f.laidJWT(b, i); n > 0 {
			return match{at: i, value: value{kind: RedactedJWT, form: asFixed, left: n, laid: true}}, true
		}
	}
	if b[i] == '\\' && isName(c) {
		return f.spelledName(b, i)
	}
	return match{}, false
}

// word looks for "Bearer" and "Basic" where no header's name stands before them.
func (f *finder) word(b []byte, i int) (match, bool) {
	if i > 0 && isLetter(b[i-1]) && escapedLetter(b, i) == 0 {
		return match{}, false
	}
	basic := bytes.HasPrefix(b[i:], []byte("Basic"))
	if !basic && !bytes.HasPrefix(b[i:], []byte("Bearer")) {
		return match{}, false
	}
	at := i + len("Basic")
	if !basic {
		at = i + len("Bearer")
	}
	n := blanks(b[at:])
	at += n
	if n == 0 || at >= len(b) {
		return match{}, false
	}
	v := value{kind: RedactedToken}
	if basic {
		v.kind = RedactedSecret
		if !isBasic(b[at:]) {
			return match{}, false
		}
	} else if !f.looksSecret(b, at, v, false) {
		return match{}, false
	}
	return f.found(b, at, v)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// escapedLetter is 1 where b[i-1] is the letter of \n, \r or \t, or the last digit of an escape.
func escapedLetter(b []byte, i int) int {
	switch {
	case i >= 2 && b[i-2] == '\\' && (b[i-1] == 'n' || b[i-1] == 'r' || b[i-1] == 't'),
		i >= 3 && b[i-3] == '%' && isHex(b[i-2]) && isHex(b[i-1]),
		i >= 6 && b[i-6] == '\\' && b[i-5] == 'u':
		return 1
	}
	return 0
}

// blanks returns the length of the spaces at the start of b, of which one may be encoded, up to four.
func blanks(b []byte) int {
	n := 0
	for n < 4 && n < len(b) && (b[n] == ' ' || b[n] == '\t' || b[n] == '+') {
		n++
	}
	if n == 0 {
		if k, c := percentAt(b); c == ' ' {
			return k
		}
	}
	return n
}

// isBasic reports whether credentials of RFC 7617 begin b: a name and a password with a colon between them.
func isBasic(b []byte) bool {
	n := 0
	for n < len(b) && n < maxHeader && (isToken(b[n]) || b[n] == '+' || b[n] == '/') {
		n++
	}
	text, err := base64.RawStdEncoding.DecodeString(string(b[:n]))
	return err == nil && bytes.IndexByte(text, ':') >= 0 && utf8.Valid(text) && bytes.IndexFunc(text, func(r rune) bool { return r < ' ' }) < 0
}

// userinfo looks for the password of https://name:password@host (RFC 3986 section 3.2.1).
func (f *finder) userinfo(b []byte, i int) (match, bool) {
	if i+3 > len(b) || string(b[i:i+3]) != "://" {
		return match{}, false
	}
	const most = 256
	at := 0
	for j := i + 3; j < len(b) && j < i+most; j++ {
		switch c := b[j]; {
		case c == ':' && at == 0:
			at = j + 1
		case c == '@':
			if at == 0 || at == j || ours(b[at:]) {
				return match{}, false
			}
			return match{at: at, value: value{kind: RedactedSecret, form: asFixed, left: j - at}}, true
		case isHard(c) || c == '/' || c == '?' || c == '#' || c == '\\' || c == '\'' || c == ',' || c == ')':
			return match{}, false
		}
	}
	return match{}, false
}

// found is the match of a value at b[at], unless there is none, or nothing in it to be hidden.
func (f *finder) found(b []byte, at int, v value) (match, bool) {
	if at >= len(b) || ours(b[at:]) {
		return match{}, false
	}
	if _, ends := v.step(b, at); ends {
		return match{}, false
	}
	if n := printable(b[at-1:]); n > 0 && ours(b[at-1+n:]) {
		return match{}, false
	}
	if v.form == asText || v.form == asContent {
		if m, ok := f.better(b, at); ok {
			return m, true
		}
	}
	return match{at: at, value: v}, !masked(b, at, v)
}

// better is what is known more of a value at b[at] than that its name is that of one: that it is a JWT, in base64 maybe, or behind an equals sign of
// quoted-printable.
func (f *finder) better(b []byte, at int) (match, bool) {
	if n := printable(b[at-1:]); n > 0 && at-1+n < len(b) {
		at += n - 1
	}
	switch b[at] {
	case 'e':
		if v, ok := f.tokenAt(b, at); ok {
			return match{at: at, value: v}, true
		}
	case 'Z':
		if bytes.HasPrefix(b[at:], []byte("ZXl")) {
			m, ok := f.encoded(b, at, at)
			return m, ok && m.value.kind == RedactedJWT && m.at == at
		}
	}
	return match{}, false
}

// printable is 3 where b begins with the equals sign of quoted-printable (RFC 2045 section 6.7), else 0.
func printable(b []byte) int {
	if bytes.HasPrefix(b, []byte("=3D")) {
		return 3
	}
	return 0
}

// peek is how much of a value is looked at to tell what it is.
const peek = 64

// masked reports whether a value hides itself already, or is none in JSON: ***, null, true.
func masked(b []byte, at int, v value) bool {
	end, _ := v.end(b, at, min(len(b), at+peek), true)
	text := b[at:end]
	switch string(text) {
	case "null", "true", "false", "None", "undefined":
		return v.quote.kind == 0
	}
	if v.quote.kind == 0 && (b[at] == '{' || b[at] == '[') {
		return true
	}
	return len(bytes.Trim(text, "*")) == 0
}

// looksSecret reports whether a value looks like one that a machine made: long, with digits, no constant in capitals. short lets shorter
// ones pass, where their surroundings leave no doubt.
func (f *finder) looksSecret(b []byte, at int, v value, short bool) bool {
	end, _ := v.end(b, at, min(len(b), at+peek), true)
	text := b[at:end]
	if short {
		return len(text) > 0
	}
	var digits, lower, underscores, spaces int
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z':
			lower++
		case c == '_':
			underscores++
		case c == ' ':
			spaces++
		}
	}
	return len(text) >= 16 && digits > 0 && spaces == 0 && (lower > 0 || underscores == 0)
}
