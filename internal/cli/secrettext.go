package cli

import (
	"strings"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/token"
)

// maxSecret bounds a secret in bytes: no provider's is longer, and a whole file that was given by mistake is.
const maxSecret = 16 << 10

// refreshTokenOf is the refresh token that a text holds: one line of printable ASCII (RFC 6749 appendix A.17), without the byte order mark and
// the white space that editors and shells put around it. What is anything else isn't sent, since it may be a secret that the provider has no
// business with; the error says what it looks like and repeats nothing of it.
func refreshTokenOf(source, text string) (token.Secret, error) {
	text = strings.TrimSpace(withoutMark(text))
	problem := oddText(text)
	switch {
	case problem != "":
	case strings.Contains(text, "-----BEGIN"):
		problem = "is a key or a certificate in PEM"
	case strings.ContainsAny(text, "\r\n"):
		problem = "has more than one line: a refresh token is one"
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		problem = "is a JSON document: give the refresh token alone, as jq -r .refresh_token prints it"
	case len(text) > 1 && text[0] == text[len(text)-1] && strings.ContainsAny(text[:1], `"'`):
		problem = "stands in quotes: give it without them"
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		problem = "has characters that no refresh token may have (RFC 6749 appendix A.17)"
	}
	if problem != "" {
		return token.Secret{}, &usageError{Problem: "what " + source + " holds " + problem + "; it was not sent", Command: "simsid login"}
	}
	return token.NewSecret(text), nil
}

// secretOf is the secret that a text holds: one line, without the byte order mark before it and the line end behind it. Spaces stay, since a
// secret may begin and end with them (RFC 6749 appendix A.2).
func secretOf(source, text string) (token.Secret, error) {
	text = strings.TrimRight(withoutMark(text), "\r\n")
	problem := oddText(text)
	switch {
	case problem != "":
	case text == "":
		problem = "holds no secret: it is empty"
	case strings.ContainsAny(text, "\r\n"):
		problem = "holds more than one line: a secret is one"
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		problem = "has control characters, which no secret has"
	}
	if problem != "" {
		return token.Secret{}, &usageError{Problem: source + " " + problem}
	}
	return token.NewSecret(text), nil
}

// withoutMark takes a byte order mark away, which Windows' editors and shells write before UTF-8.
func withoutMark(text string) string { return strings.TrimPrefix(text, "\ufeff") }

// oddText says what makes a text no secret at all; "" where nothing does.
func oddText(text string) string {
	switch {
	case len(text) > maxSecret:
		return "is longer than 16 KiB, as no secret is"
	case strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff"):
		return "is UTF-16, as PowerShell's > writes it: write it as UTF-8, by Set-Content -Encoding utf8"
	case strings.Contains(text, "\x00"):
		return "has NUL bytes, as a binary file or UTF-16 has"
	case !utf8.ValidString(text):
		return "is no text in UTF-8"
	}
	return ""
}
