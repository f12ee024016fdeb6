// Package provider is an OpenID provider as its client sees it: the kinds of provider with their quirks as data,
// discovery, keys, the calls, the verification of ID tokens as a list of named checks, and the redacted trace. It keeps
// nothing and prints nothing.
package provider

// AuthMethod is how a client authenticates at the token endpoint (OpenID Connect Core 9).
type AuthMethod string

const (
	AuthPost     AuthMethod = "client_secret_post"
	AuthBasic    AuthMethod = "client_secret_basic"     // id and secret percent-encoded (RFC 6749 section 2.3.1)
	AuthBasicRaw AuthMethod = "client_secret_basic_raw" // not encoded, as IdentityServer3 reads them
	AuthNone     AuthMethod = "none"
)

// Environment is one installation of a kind that has several.
type Environment struct {
	Name   string // "sandbox", "live"
	Issuer string // the known base; "" when only the user knows it
}

// Kind is what is known of a kind of provider before anything is asked of it. It is data: flows and commands read its
// fields and never its name.
type Kind struct {
	Name            string // "simsid", "oidc", "emulator"
	Title           string // "SIMS ID", for people
	Embedded        bool   // answered by the STS inside the binary
	Environments    []Environment
	Issuer          string // the constant issuer of an embedded kind
	IssuerSlash     bool   // at first sight, discovery's issuer may differ from the base by a trailing slash
	SIMS            bool   // speaks SIMS ID's vocabulary: exclusive scopes, organisations, findings
	ValidationCalls bool   // has IdentityServer3's two validation endpoints, which discovery doesn't list
	RevokeCascade   bool   // revoking one refresh token ends all of that user and client
	SubjectTail     bool   // the fifth part of sub may change within one login
	SecretRequired  bool   // every client has a secret
	DefaultAuth     AuthMethod
	DefaultScopes   []string
	DefaultRedirect string // "" when the user must give the registered one
	DefaultStore    string // "keyring", or "auto"
}

// Kinds returns the table, in the order in which help lists it.
func Kinds() []Kind { panic("unwritten") }

// LookupKind finds a kind by its name.
func LookupKind(name string) (Kind, bool) { panic("unwritten") }

// EnvironmentIssuer returns the known base of an environment; ok is false when the kind has no such environment.
func (k Kind) EnvironmentIssuer(environment string) (issuer string, ok bool) { panic("unwritten") }
