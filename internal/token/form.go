package token

import "strings"

// Form is what a token looks like from outside, before anything in it is read.
type Form string

const (
	// FormJWT is a text of three parts with a JWT's header. ParseJWT tells whether the rest holds.
	FormJWT Form = "jwt"
	// FormEncryptedJWT is a text of five parts with a JWE's header (RFC 7516).
	FormEncryptedJWT Form = "encrypted-jwt"
	// FormHandle is 32 lower-case hexadecimal digits, which is how IdentityServer3 writes codes, refresh tokens and
	// reference access tokens.
	FormHandle Form = "handle"
	// FormOpaque is any other text: it means something to the server alone.
	FormOpaque Form = "opaque"
)

// Classify tells the form of a token by its looks. It never fails, and says nothing about validity.
func Classify(raw string) Form {
	switch {
	case len(raw) > MaxJWT:
		return FormOpaque
	case isHandle(raw):
		return FormHandle
	}
	switch strings.Count(raw, ".") {
	case 2:
		header64, _, _ := strings.Cut(raw, ".")
		if _, _, err := decodeObject("header", header64); err == nil {
			return FormJWT
		}
	case 4:
		if isEncrypted(raw) {
			return FormEncryptedJWT
		}
	}
	return FormOpaque
}

func isHandle(raw string) bool {
	if len(raw) != 32 {
		return false
	}
	for _, c := range []byte(raw) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Describe says the form in words for people: "a signed token (JWT)".
func (f Form) Describe() string {
	switch f {
	case FormJWT:
		return "a token that can be read (JWT)"
	case FormEncryptedJWT:
		return "an encrypted token (JWE), which only its recipient can read"
	case FormHandle:
		return "a handle of 32 hexadecimal digits, as IdentityServer3 gives out: only the server knows what it stands for"
	default:
		return "an opaque token: only the server knows what it stands for"
	}
}
