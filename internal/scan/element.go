package scan

import "bytes"

// mostElement bounds the content of an element that is replaced as a whole, mostTag its start tag.
const (
	mostElement = 16 << 10
	mostTag     = near - maxName
)

// mayBeElement reports whether a name is that of such an element.
func mayBeElement(name []byte) bool {
	switch string(name) {
	case "Assertion", "EncryptedAssertion", "RequestSecurityTokenResponse", "RequestSecurityTokenResponseCollection",
		"RequestedSecurityToken", "BinarySecurityToken":
		return true
	}
	return false
}

// element looks whether the name b[from:to] is that of an XML element whose content is a token: an assertion of SAML, or what WS-Federation and
// WS-Security put around one. The tags may be escaped, as they are within JSON and forms.
func (f *finder) element(b []byte, from, to int) (match, bool) {
	name := b[from:to]
	if !opensTag(b, from) {
		return match{}, false
	}
	at := tagEnd(b, to)
	if at < 0 || ours(b[at:]) {
		return match{}, false
	}
	end := min(len(b), at+mostElement)
	for i := at; i < end; {
		n := bytes.Index(b[i:end], name)
		if n < 0 {
			break
		}
		if start, ok := closesTag(b, i+n); ok && start >= at {
			end = start
			break
		}
		i += n + len(name)
	}
	if end == at {
		return match{}, false
	}
	return match{at: at, value: value{kind: RedactedToken, form: asFixed, left: end - at, lines: true}}, true
}

// prefixBefore returns where the name at b[i] begins with its prefix, and i where it has none. What it returns may begin within an escape.
func prefixBefore(b []byte, i int) int {
	switch {
	case i > 0 && b[i-1] == ':':
		i--
	case i > 2 && b[i-3] == '%' && b[i-2] == '3' && b[i-1]|0x20 == 'a':
		i -= 3
	default:
		return i
	}
	for i > 0 && isToken(b[i-1]) {
		i--
	}
	return i
}

// spelledBefore returns where the sign begins that stands before b[i], in one of its spellings; -1 where there is none. The spelling may go on behind
// b[i], as far as a name seemed to go.
func spelledBefore(b []byte, i int, spellings ...string) int {
	for _, s := range spellings {
		if bytes.HasSuffix(b[:i], []byte(s)) {
			return i - len(s)
		}
		if i > 0 && (s[0] == '%' || s[0] == '\\') && b[i-1] == s[0] && bytes.HasPrefix(b[i:], []byte(s[1:])) {
			return i - 1
		}
	}
	return -1
}

// lessBefore returns where "<" begins before b[i]; -1 where there is none.
func lessBefore(b []byte, i int) int {
	return spelledBefore(b, i, "<", "&lt;", "%3C", "%3c", `\u003c`, `\u003C`)
}

// opensTag reports whether the name at b[i], with a prefix or not, stands behind "<".
func opensTag(b []byte, i int) bool { return lessBefore(b, prefixBefore(b, i)) >= 0 }

// closesTag returns where the "<" begins of the end tag whose name stands at b[i].
func closesTag(b []byte, i int) (int, bool) {
	i = spelledBefore(b, prefixBefore(b, i), "/", "%2F", "%2f")
	if i < 0 {
		return 0, false
	}
	if i > 0 && b[i-1] == '\\' { // JSON may escape the slash
		i--
	}
	at := lessBefore(b, i)
	return at, at >= 0
}

// tagEnd returns where the content begins of an element whose name ends at b[i]; -1 where its start tag doesn't end.
func tagEnd(b []byte, i int) int {
	for end := min(len(b), i+mostTag); i < end; i++ {
		switch b[i] {
		case '<':
			return -1
		case '>':
			if b[i-1] == '/' {
				return -1
			}
			return i + 1
		case '&', '%', '\\':
			if n, c := spelledAt(b[i:]); c == '>' {
				return i + n
			}
		}
	}
	return -1
}
