package token

import "strings"

// Kind is what a token is for.
type Kind string

// The kinds.
const (
	KindAccess    Kind = "access_token"
	KindID        Kind = "id_token"
	KindRefresh   Kind = "refresh_token"
	KindReference Kind = "reference_token" // an access token that only the server can look up
	KindCode      Kind = "code"
	KindLogout    Kind = "logout_token"
	KindHandle    Kind = "handle" // of IdentityServer3's, and nothing says what for
	KindJWT       Kind = "jwt"    // of some other use
	KindEncrypted Kind = "encrypted_token"
	KindOpaque    Kind = "opaque_token"
)

// Words names the kind for people: "access token".
func (k Kind) Words() string {
	switch k {
	case KindID:
		return "ID token"
	case KindJWT:
		return "JWT"
	case KindCode:
		return "authorisation code"
	default:
		return strings.ReplaceAll(string(k), "_", " ")
	}
}

// JWTKind tells what a JWT is for by what only one kind has, and says how it was told: "it has scope and client_id, and no nonce".
func JWTKind(jwt *JWT) (k Kind, how string) {
	switch typ := strings.TrimPrefix(strings.ToLower(jwt.Header.Type()), "application/"); {
	case typ == "at+jwt":
		return KindAccess, "its header says at+jwt (RFC 9068)"
	case typ == "logout+jwt":
		return KindLogout, "its header says logout+jwt"
	case strings.HasSuffix(typ, "+jwt"):
		return KindJWT, "its header says that it is for something else"
	}
	if has(jwt.Claims.Object, "events") != "" {
		return KindLogout, "it has the claim events (OpenID Connect Back-Channel Logout 2.4)"
	}
	access := has(jwt.Claims.Object, "scope", "scp", "client_id")
	if id := has(jwt.Claims.Object, "nonce", "at_hash", "c_hash"); id != "" {
		return KindID, "it has " + id + ", which only ID tokens have"
	}
	if access != "" {
		return KindAccess, "it has " + access + ", and no nonce"
	}
	if id := has(jwt.Claims.Object, "sid", "auth_time", "acr", "amr", "azp"); id != "" {
		return KindID, "it has " + id + ", and no scope"
	}
	return KindJWT, "it has none of the claims that tell an access token from an ID token"
}

// has joins those of names that are there.
func has(o Object, names ...string) string {
	var there []string
	for _, n := range names {
		if o.place(n) >= 0 {
			there = append(there, n)
		}
	}
	if len(there) < 2 {
		return strings.Join(there, "")
	}
	return strings.Join(there[:len(there)-1], ", ") + " and " + there[len(there)-1]
}

// FormKind tells what a token that isn't a JWT is for, by its form and by the name that it had where it was found ("" for none).
func FormKind(f Form, name string) (k Kind, how string) {
	switch {
	case f == FormEncryptedJWT:
		return KindEncrypted, "five parts, and a header with enc (RFC 7516)"
	case name == "refresh_token":
		return KindRefresh, "it came as refresh_token"
	case name == "code":
		return KindCode, "it came as code"
	case name == "access_token" && f == FormHandle:
		return KindReference, "it came as access_token, and is a handle of 32 hexadecimal digits"
	case name == "access_token":
		return KindOpaque, "it came as access_token, and is no JWT"
	case f == FormHandle:
		return KindHandle, "32 hexadecimal digits: a refresh token, a reference token or a code, which look alike"
	default:
		return KindOpaque, "it is neither a JWT nor a handle of IdentityServer3"
	}
}
