package token

import (
	"encoding/json"
	"time"
)

// MaxJWT is the longest token in bytes that ParseJWT takes.
const MaxJWT = 1 << 20

// JWT is a JSON Web Token in compact form (RFC 7519, RFC 7515 section 7.1), taken apart. Nothing in it has been checked
// but its form.
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

// ParseJWT takes a compact JWT apart: three parts of unpadded base64url, of which the first two are JSON objects. It
// checks no signature. The error says which part is wrong and how, and holds none of the token's text.
func ParseJWT(raw string) (*JWT, error) { panic("unwritten") }

// Object is a JSON object whose members keep their order and their text.
type Object struct {
	members []Member
}

// Member is one member of an Object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// ParseObject reads one JSON object: valid UTF-8, nested at most 100 deep, no member named twice, nothing behind it.
func ParseObject(b []byte) (Object, error) { panic("unwritten") }

// Members returns the members in the order received.
func (o Object) Members() []Member { panic("unwritten") }

// Get returns a member's JSON text.
func (o Object) Get(name string) (json.RawMessage, bool) { panic("unwritten") }

// String returns a member that is a JSON string.
func (o Object) String(name string) (string, bool) { panic("unwritten") }

// Strings returns a member that is a string or an array of strings; anything else gives nil. IdentityServer3 writes a
// claim of one value as a bare string and of several as an array.
func (o Object) Strings(name string) []string { panic("unwritten") }

// Time returns a member that is a NumericDate (RFC 7519 section 2): seconds since 1970, maybe with a fraction. The bool is
// false when the member is missing, no number, or beyond the years 1 to 9999.
func (o Object) Time(name string) (time.Time, bool) { panic("unwritten") }

// MarshalJSON writes the members in the order received.
func (o Object) MarshalJSON() ([]byte, error) { panic("unwritten") }

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
