package scan

import "bytes"

// pem looks for a private key behind its line "-----BEGIN … PRIVATE KEY-----" (RFC 7468), or of age, at b[i].
func (f *finder) pem(b []byte, i int) (match, bool) {
	const begin, dashes, ageStart = "BEGIN ", "-----", "AGE-SECRET-KEY-1"
	rest := b[i:]
	if bytes.HasPrefix(rest, []byte(ageStart)) {
		end := tokenEnd(b[:min(len(b), i+256)], i)
		return match{at: i, value: value{kind: RedactedSecret, form: asFixed, left: end - i}}, end > i+len(ageStart)
	}
	if !bytes.HasPrefix(rest, []byte(begin)) || !bytes.HasSuffix(b[:i], []byte(dashes)) {
		return match{}, false
	}
	label := bytes.Index(rest[:min(len(rest), maxName)], []byte(dashes))
	if label < 0 || !bytes.Contains(rest[:label], []byte("PRIVATE KEY")) {
		return match{}, false
	}
	at := i + label + len(dashes)
	switch n := newline(b[at:]); {
	case n > 0:
		at += n
	default:
		at += escapedLine(b[at:])
	}
	if at >= len(b) || bytes.HasPrefix(b[at:], []byte(oursStart+string(RedactedSecret)+"-")) {
		return match{}, false
	}
	v := value{kind: RedactedSecret, form: asPEM, lines: true}
	if _, ends := v.step(b, at); ends {
		return match{}, false
	}
	return match{at: at, value: v}, true
}

// endsPEM reports whether a key in PEM ends at b[i]: at its last line, or at what can't be in one.
func endsPEM(b []byte, i int) bool {
	const dashes = "----"
	switch c := b[i]; {
	case c == '-':
		return bytes.HasPrefix(b[i:], []byte(dashes))
	case c == '\n' || c == '\r' || c == '\\':
		n := max(newline(b[i:]), escapedLine(b[i:]))
		return n > 0 && bytes.HasPrefix(b[i+n:], []byte(dashes))
	case isToken(c), isWhite(c):
		return false
	default:
		return bytes.IndexByte([]byte("+/=:,>"), c) < 0
	}
}

// leastMember is the shortest member in characters that is taken for a key's where nothing around it says that there is a key: 32 bytes.
const leastMember = 43

// member looks for a private member of a JWK (RFC 7518 section 6) whose name's quotation mark stands at b[i].
func (f *finder) member(b []byte, i int) (match, bool) {
	q, n := quoteBefore(b, i+1)
	from := i + 1
	if n == 0 || q.kind != '"' {
		return match{}, false
	}
	to := from
	for to < len(b) && to-from < 3 && isLetter(b[to]) {
		to++
	}
	switch string(b[from:to]) {
	case "d", "p", "q", "dp", "dq", "qi", "k", "t", "r":
	default:
		return match{}, false
	}
	shut, n := quoteAt(b[to:])
	i = to + n
	if i += whiteSpace(b[i:]); n == 0 || shut != q || i >= len(b) || b[i] != ':' {
		return match{}, false
	}
	i++
	i += whiteSpace(b[i:])
	open, n := quoteAt(b[min(i, len(b)):])
	if n == 0 || open != q {
		return match{}, false
	}
	at := i + n
	end := tokenEnd(b[:min(len(b), at+2<<10)], at)
	if end == at {
		return match{}, false
	}
	around := b[max(0, from-behind/2):min(len(b), end+reach)]
	if !bytes.Contains(around, []byte("kty")) && end-at < leastMember {
		return match{}, false
	}
	return f.found(b, at, value{kind: RedactedSecret, quote: open})
}

// option looks for the credentials of curl's option -u or --user at b[i].
func (f *finder) option(b []byte, i int) (match, bool) {
	if i+2 >= len(b) || b[i] != ' ' && b[i] != '-' {
		return match{}, false
	}
	const line = 512
	before := b[max(0, i-line):i]
	before = before[bytes.LastIndexByte(before, '\n')+1:]
	if !bytes.Contains(before, []byte("curl")) {
		return match{}, false
	}
	if b[i] == ' ' {
		i++
	}
	switch {
	case bytes.HasPrefix(b[i:], []byte("--user")):
		i += len("--user")
	case bytes.HasPrefix(b[i:], []byte("-u")):
		i += len("-u")
	default:
		return match{}, false
	}
	if i < len(b) && b[i] == '=' {
		i++
	}
	i += spaces(b[i:])
	q, n := quoteAt(b[min(i, len(b)):])
	i += n
	for start := i; i < len(b) && i-start < 4*maxName; i++ {
		switch c := b[i]; {
		case c == ':':
			return f.found(b, i+1, value{kind: RedactedSecret, quote: q})
		case isHard(c) && (n == 0 || c != ' ') || c == '\\':
			return match{}, false
		}
	}
	return match{}, false
}
