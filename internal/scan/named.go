package scan

import "bytes"

// separator is what stands between a name and its value.
type separator struct {
	length int
	level  int  // of percent-encoding
	colon  bool // ":", else "="
	tag    bool // the end of a tag
}

// separatorAt returns the separator at the start of b.
func separatorAt(b []byte) (separator, bool) {
	if len(b) == 0 {
		return separator{}, false
	}
	n, level, c := 1, 0, b[0]
	switch c {
	case '%':
		n, c = percentAt(b)
		level = (n - 1) / 2
	case '\\':
		n, c = unicodeAt(b)
	}
	switch {
	case c == '=' && n < len(b) && b[n] == '>': // as Ruby and PHP print it
		return separator{length: n + 1, level: level, colon: true}, true
	case c == '=':
		return separator{length: n, level: level}, true
	case c == ':':
		return separator{length: n, level: level, colon: true}, true
	}
	return separator{}, false
}

// looseSeparator is what stands between the name b[from:to] and its value where that is no sign of its own: the space behind a program's
// option, the end of an XML tag.
func looseSeparator(b []byte, from, to int) (separator, bool) {
	switch {
	case to+1 >= len(b):
	case b[to] == '>' && from > 0 && (b[from-1] == '<' || b[from-1] == ':'):
		return separator{length: 1, tag: true}, true
	case b[to] == ' ' && from > 0 && (b[from-1] == '<' || b[from-1] == ':') && opensTag(b, from):
		if at := tagEnd(b, to); at > 0 {
			return separator{length: at - to, tag: true}, true
		}
	case b[to] == ' ' && to-from > 2 && b[from] == '-' && b[from+1] == '-' && b[to+1] != '-':
		return separator{length: 1}, true
	}
	return separator{}, false
}

// name looks whether b[i] lies in a name that says what its value is.
func (f *finder) name(b []byte, i int) (match, bool) {
	if i >= f.nameFrom && i < f.nameTo {
		return match{}, false // it has been looked at
	}
	from, to, ok := nameAround(b, i)
	if !ok {
		return match{}, false
	}
	f.nameFrom, f.nameTo = from, to
	if at := from + escapedBefore(b, from, to); f.all && mayBeElement(b[at:to]) {
		if m, ok := f.element(b, at, to); ok {
			return m, true
		}
	}
	if m, ok := f.option(b, from); ok && b[from] == '-' {
		return m, true
	}
	return f.valueBy(b, from, to, senseOf(b, from, to))
}

// valueBy is valueOf for a sense that may be none, or one that isn't looked for.
func (f *finder) valueBy(b []byte, from, to int, s sense) (match, bool) {
	if s == none || (s == login || s == person) && !f.personal {
		return match{}, false
	}
	return f.valueOf(b, from, to, s)
}

// spelledName looks whether a name that says what its value is has the escape at b[i].
func (f *finder) spelledName(b []byte, i int) (match, bool) {
	if i >= f.nameFrom && i < f.nameTo {
		return match{}, false
	}
	from := i
	for from > 0 && i-from < maxName && isName(b[from-1]) {
		from--
	}
	var name [2 * maxName]byte
	to, n := from, 0
	for to < len(b) && n < len(name) {
		k, c := 1, b[to]
		if !isName(c) {
			if k, c = spelledAt(b[to:]); b[to] != '\\' || k == 0 || !isName(c) {
				break
			}
		}
		name[n], n, to = c, n+1, to+k
	}
	f.nameFrom, f.nameTo = from, to
	return f.valueBy(b, from, to, senseOf(name[:n], 0, n))
}

// valueOf finds the value that belongs to the name b[from:to].
func (f *finder) valueOf(b []byte, from, to int, s sense) (match, bool) {
	q, n := quoteAt(b[to:])
	i := to + n
	i += spaces(b[i:])
	sep, ok := separatorAt(b[min(i, len(b)):])
	if !ok && n == 0 {
		sep, ok = looseSeparator(b, from, to)
		i = to
	}
	if !ok {
		if n == 0 {
			return match{}, false
		}
		start := from + escapedBefore(b, from, to)
		if at, v := partValue(b, start, to+n, q); at >= 0 {
			return f.readAs(b, start, at, s, v, true)
		}
		at := pairValue(b, start, to+n, q)
		if at < 0 {
			return match{}, false
		}
		return f.readAs(b, start, at, s, value{quote: q}, true)
	}
	if s == person && !f.isPerson(b, from, to, i+sep.length, sep, n > 0) {
		return match{}, false
	}
	apart := i > to+n && !sep.colon // name = value, as settings files and connection strings have it
	i += sep.length
	if apart && i < len(b) && b[i] == '=' {
		return match{}, false // a comparison
	}
	if n > 0 || sep.colon || apart {
		// JSON may be laid out over lines; a header or a line of YAML may not.
		if n > 0 {
			i += whiteSpace(b[i:])
		} else {
			i += spaces(b[i:])
		}
	}
	v := value{level: sep.level}
	if s == harCookies {
		if n == 0 || i >= len(b) || b[i] != '[' {
			return match{}, false
		}
		return match{at: i + 1, list: harValues}, true
	}
	if open, k := quoteAt(b[min(i, len(b)):]); k > 0 {
		v.quote = open
		return f.readAs(b, from, i+k, s, v, true)
	}
	if sep.tag {
		v.form = asContent
	}
	return f.readAs(b, from, i, s, v, n > 0)
}

// isMember reports whether a member of the name given, its colon and white space end before b[i].
func isMember(b []byte, i int, name string, q quote) bool {
	back := func() {
		for most := 64; most > 0 && i > 0 && isWhite(b[i-1]); most-- {
			i--
		}
	}
	if back(); i == 0 || b[i-1] != ':' {
		return false
	}
	i--
	back()
	mark, n := quoteBefore(b, i)
	if n == 0 || mark != q {
		return false
	}
	i -= n
	return i >= len(name) && string(b[i-len(name):i]) == name
}

func isWhite(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// whiteSpace returns the length of the white space at the start of b, up to 64.
func whiteSpace(b []byte) int {
	n := 0
	for n < 64 && n < len(b) && isWhite(b[n]) {
		n++
	}
	return n
}

// spaces is whiteSpace within a line, up to 4.
func spaces(b []byte) int {
	n := 0
	for n < 4 && n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n
}

// readAs makes a match of the value at b[at] by what its name means. quoted says that name or value stand in quotation marks, so that the
// value isn't running text.
func (f *finder) readAs(b []byte, from, at int, s sense, v value, quoted bool) (match, bool) {
	if at >= len(b) {
		return match{}, false
	}
	if around, n := quoteBefore(b, from); v.quote.kind == 0 && !quoted && n > 0 && (s == credentials || s == cookie || s == setCookie) {
		v.quote = around // curl -H 'Authorization: …'
	}
	switch s {
	case aToken:
		v.kind = RedactedToken
	case weakToken:
		if v.kind = RedactedToken; !f.looksSecret(b, at, v, false) {
			return match{}, false
		}
	case code:
		v.kind = RedactedCode
	case weakCode:
		if v.kind = RedactedCode; !f.looksSecret(b, at, v, oauthAround(b, from, at, v)) {
			return match{}, false
		}
	case secret:
		v.kind = RedactedSecret
	case login, person:
		v.kind = RedactedName
	case credentials:
		return f.credentials(b, at, v)
	case cookie, setCookie:
		v.kind, v.form = RedactedCookie, asCookie
		l := cookies
		if s == setCookie {
			l = firstCookie
		}
		return match{at: at, value: v, list: l}, true
	default:
		return match{}, false
	}
	return f.found(b, at, v)
}

// credentials reads the value of an Authorization header (RFC 9110 section 11.6.2): its scheme stays, what belongs to it goes.
func (f *finder) credentials(b []byte, at int, v value) (match, bool) {
	end := at
	for end < len(b) && end-at <= maxName && (isToken(b[end])) {
		end++
	}
	scheme := string(bytes.ToLower(b[at:end]))
	n := blanks(b[end:])
	v.kind = RedactedToken
	if n == 0 {
		return match{}, false
	}
	at = end + n
	switch scheme {
	case "bearer", "dpop", "token", "apikey", "jwt":
	case "basic", "negotiate", "ntlm":
		v.kind = RedactedSecret
	case "digest", "oauth", "hawk", "aws4-hmac-sha256":
		v.kind, v.form = RedactedSecret, asLine
	default:
		if !f.looksSecret(b, at, v, false) {
			return match{}, false
		}
	}
	return f.found(b, at, v)
}

// oauthAround reports whether the parameters beside a code are those of OAuth (RFC 6749 section 4.1), so that even a short one is one.
func oauthAround(b []byte, from, at int, v value) bool {
	if bytes.HasSuffix(b[:from], []byte("grant_type=authorization_code&")) {
		return true
	}
	end, done := v.end(b, at, min(len(b), at+peek), true)
	if !done || end >= len(b) {
		return false
	}
	n := 0
	switch b[end] {
	case '&':
		n = 1
	case '%':
		if k, c := percentAt(b[end:]); c == '&' {
			n = k
		}
	case '\\':
		if k, c := unicodeAt(b[end:]); c == '&' {
			n = k
		}
	}
	if n == 0 {
		return false
	}
	rest := b[end+n:]
	for _, name := range []string{"state", "session_state", "scope", "iss", "grant_type", "redirect_uri", "client_id", "client_secret", "code_verifier", "id_token"} {
		if bytes.HasPrefix(rest, []byte(name)) {
			if _, ok := separatorAt(rest[len(name):]); ok {
				return true
			}
		}
	}
	return false
}
