package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxJWT is the longest token in bytes that ParseJWT takes.
const MaxJWT = 1 << 20

// ErrEncrypted says that a token is an encrypted JWT (RFC 7516): nobody but its recipient can read it.
var ErrEncrypted = errors.New("the token is an encrypted JWT (JWE), which only its recipient can read")

// FormError says which part of a token, or of a JSON object, has the wrong form, and how. It holds none of its text, and
// may be shown and logged.
type FormError struct {
	Part    string // "token", "header", "payload" or "signature"; "object" from ParseObject
	Problem string // a predicate: "is no valid JSON"
}

// Error puts part and problem into one sentence: "the header is no valid JSON".
func (e *FormError) Error() string { return "the " + e.Part + " " + e.Problem }

// JWT is a JSON Web Token in compact form (RFC 7519, RFC 7515 section 7.1), taken apart. Nothing in it has been checked
// but its form. Its fields together are the token, so it prints and encodes as a placeholder.
type JWT struct {
	// Raw is the token as received.
	Raw Secret
	// Header is the protected header.
	Header Header
	// Claims are the payload's members.
	Claims Unverified
	// Payload is the decoded payload as received.
	Payload []byte
	// SigningInput is what the signature covers: the first two parts with their dot.
	SigningInput []byte
	// Signature is the decoded third part; empty for an unsecured token.
	Signature []byte
}

// Format implements fmt.Formatter with a placeholder, for every verb alike: signing input and signature would
// otherwise print the whole token.
func (j JWT) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[JWT]") }

// MarshalText implements encoding.TextMarshaler with the same placeholder.
func (j JWT) MarshalText() ([]byte, error) { return []byte("[JWT]"), nil }

// Header is a JWT's protected header.
type Header struct {
	Object
}

// Algorithm returns the member "alg", "" when it is missing or no string.
func (h Header) Algorithm() string { v, _ := h.String("alg"); return v }

// KeyID returns the member "kid", "" when it is missing or no string.
func (h Header) KeyID() string { v, _ := h.String("kid"); return v }

// Type returns the member "typ", "" when it is missing or no string.
func (h Header) Type() string { v, _ := h.String("typ"); return v }

// Unverified are claims that nobody has checked: whoever wrote the token may have written anything.
type Unverified struct {
	Object
}

// InsecureMarkVerified turns claims into verified ones without any check. Only provider.Verify may call it, after every
// check has passed.
func (u Unverified) InsecureMarkVerified() Verified { return Verified{u.Object} }

// Verified are claims of a token whose signature and validity were checked (OpenID Connect Core 3.1.3.7).
type Verified struct {
	Object
}

// ParseJWT takes a compact JWT apart: three parts of unpadded base64url, of which the first two are JSON objects. It
// checks no signature, and an unsecured token (RFC 7519 section 6), whose signature is empty, is taken apart too. An
// encrypted token gives ErrEncrypted, any other text a *FormError, which says which part is wrong and how, and holds
// none of the token's text.
func ParseJWT(raw string) (*JWT, error) {
	if err := checkToken(raw); err != nil {
		return nil, err
	}
	header64, rest, _ := strings.Cut(raw, ".")
	payload64, signature64, _ := strings.Cut(rest, ".")

	header, _, err := decodeObject("header", header64)
	if err != nil {
		return nil, err
	}
	claims, payload, err := decodeObject("payload", payload64)
	if err != nil {
		return nil, err
	}
	signature, err := decodePart("signature", signature64)
	if err != nil {
		return nil, err
	}
	return &JWT{
		Raw:          NewSecret(raw),
		Header:       Header{header},
		Claims:       Unverified{claims},
		Payload:      payload,
		SigningInput: []byte(raw[:len(header64)+1+len(payload64)]),
		Signature:    signature,
	}, nil
}

// checkToken refuses what can be refused before anything is decoded.
func checkToken(raw string) error {
	switch parts := strings.Count(raw, ".") + 1; {
	case raw == "":
		return &FormError{"token", "is empty"}
	case len(raw) > MaxJWT:
		return &FormError{"token", "is longer than 1 MiB"}
	case parts == 5 && isEncrypted(raw):
		return ErrEncrypted
	case parts != 3:
		return &FormError{"token", fmt.Sprintf("has %s where a JWT has three, joined by dots", countParts(parts))}
	}
	return nil
}

func countParts(n int) string {
	if n == 1 {
		return "one part"
	}
	return fmt.Sprintf("%d parts", n)
}

// isEncrypted reports whether a text of five parts has a JWE's header: by RFC 7516 section 9, it has a member "enc".
func isEncrypted(raw string) bool {
	header64, _, _ := strings.Cut(raw, ".")
	header, _, _ := decodeObject("header", header64) // without members where it is broken
	_, ok := header.Get("enc")
	return ok
}

func decodeObject(part, text string) (Object, []byte, error) {
	b, err := decodePart(part, text)
	if err != nil {
		return Object{}, nil, err
	}
	o, problem := parseObject(b)
	if problem != "" {
		return Object{}, nil, &FormError{part, problem}
	}
	return o, b, nil
}

// decodePart decodes unpadded base64url (RFC 7515 section 2) of which there is exactly one spelling. encoding/base64 skips line breaks
// and takes stray bits at the end, and a token must not have several forms.
func decodePart(part, text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, '\r') < 0 && !strayBits(text) {
		return b, nil
	}
	if at := strings.IndexFunc(text, notBase64URL); at >= 0 {
		return nil, &FormError{part, describeForeign(text[at])}
	}
	if len(text)%4 == 1 {
		return nil, &FormError{part, "has a length that base64url cannot have: it may have been cut"}
	}
	return nil, &FormError{part, "is not the canonical base64url of anything: its last character carries stray bits"}
}

// strayBits reports whether the last character of valid base64url has bits that decoding drops.
func strayBits(text string) bool {
	unused := 0
	switch len(text) % 4 {
	case 2:
		unused = 4
	case 3:
		unused = 2
	default:
		return false
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return strings.IndexByte(alphabet, text[len(text)-1])&(1<<unused-1) != 0
}

func notBase64URL(r rune) bool {
	switch {
	case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// describeForeign says what is wrong with the first byte outside the alphabet without showing it.
func describeForeign(c byte) string {
	switch c {
	case '=':
		return "is padded with =, which a JWT never is"
	case '+', '/':
		return "is written in the standard base64 alphabet, not in base64url"
	case ' ', '\t', '\r', '\n':
		return "holds white space: the token may have been wrapped when it was copied"
	}
	return "holds a character outside base64url"
}
