package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Safe returns foreign text fit for a screen. Control characters, escapes, line breaks, bidirectional marks and whatever
// else has no look of its own become visible: \n, \x1b, \u202e; a byte that isn't UTF-8 becomes \xNN. A backslash of
// the text itself stays as it is, so paths stay readable; Safe of its own result changes nothing.
func Safe(s string) string { return escape(s, "") }

// safeLines is Safe for results that may be made of lines and columns by the user's own wish.
func safeLines(s string) string { return escape(s, "\n\t") }

// escape makes visible what can't be shown, apart from the characters in keep.
func escape(s, keep string) string {
	var b strings.Builder
	done := 0 // s[:done] is in b
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		broken := r == utf8.RuneError && n == 1
		if !broken && (shown(r) || strings.ContainsRune(keep, r)) {
			i += n
			continue
		}
		b.WriteString(s[done:i])
		if broken {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(visible(r))
		}
		i += n
		done = i
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// shown reports whether a character may reach a screen as it is. The joiners are invisible but part of the spelling of
// Persian and Indic names; the Arabic number signs are format characters that have a look.
func shown(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.IsGraphic(r) || r == nonJoiner || r == joiner || unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// visible writes a character as Go would in a literal. Above 0x7f it never uses \x, which is for bytes that aren't UTF-8.
func visible(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// safeJSON returns the same JSON text with every character that can't be shown as a \u escape (RFC 8259 section 7). In
// valid JSON such characters stand within strings only, apart from the line breaks of its layout.
func safeJSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for len(doc) > 0 {
		r, n := utf8.DecodeRune(doc)
		switch {
		case r == utf8.RuneError && n == 1: // not UTF-8, which JSON has to be
			out = append(out, `\ufffd`...)
		case r == '\n' || shown(r):
			out = append(out, doc[:n]...)
		case r <= 0xffff:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
		doc = doc[n:]
	}
	return out
}
