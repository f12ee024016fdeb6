package scan

import "bytes"

// separator is what stands between a name and its value.
type separator struct {
	length int
	level  int  // of percent-encoding
	colon  bool // ":", else "="
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
		return separator{length: 1}, true
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
	s := senseOf(b, from, to)
	if s == none || s == login && !f.personal {
		return match{}, false
	}
	return f.valueOf(b, from, to, s)
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
		at := formValue(b, from+escapedBefore(b, from, to), to+n, q)
		if at < 0 && q.kind == '"' {
			at = harValue(b, from, i, q)
		}
		if at < 0 {
			return match{}, false
		}
		return f.readAs(b, from, at, s, value{quote: q}, true)
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
	return f.readAs(b, from, i, s, v, n > 0)
}

// harValue returns where the value begins of {"name": "client_secret", "value": "…"}, as HTTP archives have headers, parameters and cookies;
// b[from:] is the name's own value and b[i] stands behind its quotation mark. -1 where it is something else.
func harValue(b []byte, from, i int, q quote) int {
	mark, n := quoteBefore(b, from)
	if n == 0 || mark != q || !isMember(b, from-n, "name", q) {
		return -1
	}
	if i += whiteSpace(b[i:]); i >= len(b) || b[i] != ',' {
		return -1
	}
	i++
	i += whiteSpace(b[i:])
	for _, word := range []string{"value", ""} {
		open, n := quoteAt(b[i:])
		if i += n; n == 0 || open != q {
			return -1
		}
		if word == "" {
			return i
		}
		if !bytes.HasPrefix(b[i:], []byte(word)) {
			return -1
		}
		i += len(word)
		shut, n := quoteAt(b[i:])
		if i += n; n == 0 || shut != q {
			return -1
		}
		if i += whiteSpace(b[i:]); i >= len(b) || b[i] != ':' {
			return -1
		}
		i++
		i += whiteSpace(b[i:])
	}
	return -1
}

// formValue returns where the value begins of <input name="code" value="…">, as the page of response mode form_post has it; b[from:] is the
// name's own value and b[i] stands behind its quotation mark. -1 where it is something else.
func formValue(b []byte, from, i int, q quote) int {
	mark, n := quoteBefore(b, from)
	if n == 0 || mark != q || !bytes.HasSuffix(b[:from-n], []byte("name=")) {
		return -1
	}
	if k := whiteSpace(b[i:]); k > 0 && bytes.HasPrefix(b[i+k:], []byte("value=")) {
		i += k + len("value=")
		if open, n := quoteAt(b[i:]); n > 0 && open == q {
			return i + n
		}
	}
	return -1
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
	case login:
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
