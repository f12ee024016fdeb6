package cli

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func inUTF16(text string, mark ...byte) string {
	b := mark
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

// TestRefreshTokenOf: nothing but one line of printable ASCII is ever sent as a refresh token, and what is refused isn't repeated.
func TestRefreshTokenOf(t *testing.T) {
	const pem = "-----BEGIN PRIVATE KEY-----"
	for text, want := range map[string]string{
		"refresh-1":                          "refresh-1",
		" \trefresh-1 \r\n\n":                "refresh-1",
		"\ufeffrefresh-1\r\n":                "refresh-1",
		"two words":                          "two words",
		"a":                                  "a",
		"":                                   "",
		" \n":                                "",
		strings.Repeat("r", 16<<10):          strings.Repeat("r", 16<<10),
		strings.Repeat("r", 16<<10+1):        "!is longer than 16 KiB, as no secret is",
		"refresh-1\nrefresh-2\n":             "!has more than one line: a refresh token is one",
		"refresh-1\rrefresh-2":               "!has more than one line: a refresh token is one",
		inUTF16("refresh-1\r\n", 0xff, 0xfe): "!is UTF-16, as PowerShell's > writes it: write it as UTF-8, by Set-Content -Encoding utf8",
		"\xfe\xff\x00r":                      "!is UTF-16, as PowerShell's > writes it: write it as UTF-8, by Set-Content -Encoding utf8",
		inUTF16("refresh-1"):                 "!has NUL bytes, as a binary file or UTF-16 has",
		"refresh-\xff":                       "!is no text in UTF-8",
		"refresh-ä":                          "!has characters that no refresh token may have (RFC 6749 appendix A.17)",
		"refresh\x1b":                        "!has characters that no refresh token may have (RFC 6749 appendix A.17)",
		"refresh\x7f":                        "!has characters that no refresh token may have (RFC 6749 appendix A.17)",
		`{"refresh_token":"refresh-1"}`:      "!is a JSON document: give the refresh token alone, as jq -r .refresh_token prints it",
		`["refresh-1"]`:                      "!is a JSON document: give the refresh token alone, as jq -r .refresh_token prints it",
		`"refresh-1"`:                        "!stands in quotes: give it without them",
		"'refresh-1'":                        "!stands in quotes: give it without them",
		pem + "\nrefresh-1":                  "!is a key or a certificate in PEM",
		"a " + pem + " refresh-1 " + pem:     "!is a key or a certificate in PEM",
	} {
		got, err := refreshTokenOf("SOURCE", text)
		problem, refused := strings.CutPrefix(want, "!")
		switch {
		case !refused && (err != nil || got.Reveal() != want):
			t.Errorf("%.40q: got %v", text, err)
		case refused && (err == nil || !got.IsZero() || explain(err).Text != "what SOURCE holds "+problem+"; it was not sent" || explain(err).Code != exitUsage):
			t.Errorf("%.40q: got %v", text, err)
		}
	}
}

// TestSecretOf reads any other secret, which may have letters of any language and spaces.
func TestSecretOf(t *testing.T) {
	const spaced = " sécret "
	for text, want := range map[string]string{
		"secret\r\n": "secret", "\ufeffsecret\n": "secret", spaced: spaced, "one\ntwo": "!holds more than one line: a secret is one",
		"\n": "!holds no secret: it is empty", "\ufeff": "!holds no secret: it is empty", "a\x00b": "!has NUL bytes, as a binary file or UTF-16 has",
		"a\x01b": "!has control characters, which no secret has", "a\x7fb": "!has control characters, which no secret has", "a\tb": "!has control characters, which no secret has",
		"\xff": "!is no text in UTF-8", strings.Repeat("s", 16<<10+1): "!is longer than 16 KiB, as no secret is",
	} {
		got, err := secretOf("SOURCE", text)
		problem, refused := strings.CutPrefix(want, "!")
		switch {
		case !refused && (err != nil || got.Reveal() != want):
			t.Errorf("%.40q: got %v", text, err)
		case refused && (err == nil || !got.IsZero() || explain(err).Text != "SOURCE "+problem):
			t.Errorf("%.40q: got %v", text, err)
		}
	}
}
