// Package provider is an OpenID provider as its client sees it: the kinds of provider with their quirks as data,
// discovery, keys, the calls, the verification of ID tokens as a list of named checks, and the redacted trace. It keeps
// nothing and prints nothing.
package provider

// AuthMethod is how a client authenticates at the token endpoint (OpenID Connect Core 9).
type AuthMethod string

// The methods.
const (
	AuthPost     AuthMethod = "client_secret_post"
	AuthBasic    AuthMethod = "client_secret_basic"     // id and secret percent-encoded (RFC 6749 section 2.3.1)
	AuthBasicRaw AuthMethod = "client_secret_basic_raw" // not encoded, as IdentityServer3 reads them
	// AuthPrivateKey is a statement that the client signs, for the one request (RFC 7523). No secret goes over the line.
	AuthPrivateKey AuthMethod = "private_key_jwt"
	AuthNone       AuthMethod = "none"
)

// Environment is one installation of a kind that has several.
type Environment struct {
	Name   string // "sandbox", "live"
	Issuer string // the known base; "" when only the user knows it
}

// Kind is what is known of a kind of provider before anything is asked of it. It is data: flows and commands read its
// fields and never its name.
type Kind struct {
	Name            string // "simsid", "oidc", "curity", "imis", "emulator", "emulator-imis"
	Title           string // "SIMS ID", for people
	Embedded        string // what inside the binary answers where a profile has the kind's own issuer: "sts", "imis"; "": nothing does
	OwnCA           bool   // served on this machine alone, by a certificate of the emulator's CA
	Environments    []Environment
	Issuer          string   // of the STS inside the binary
	IssuerPaths     []string // where on its host an issuer usually lies, for who knows no more than the host
	IssuerSlash     bool     // at first sight, discovery's issuer may differ from the base by a trailing slash
	SIMS            bool     // speaks SIMS ID's vocabulary: exclusive scopes, organisations, findings
	ValidationCalls bool     // has IdentityServer3's two validation endpoints, which discovery doesn't list
	// IntrospectionByScope says that introspection is asked with the name and secret of a scope, and knows access tokens alone, of them
	// those that have this scope.
	IntrospectionByScope bool
	// SignedIntrospection says that introspection is asked for a signed answer first (RFC 9701), where metadata names algorithms for it.
	SignedIntrospection bool
	// PhantomTokens says that introspection gives the JWT behind an opaque token to whoever asks for application/jwt, and answers with nothing
	// (204) for a token that isn't active.
	PhantomTokens bool
	OAuthMetadata bool // metadata may lie at RFC 8414's place alone
	// TellsSignOn says that login tells how the user was signed in, whether or not it was asked for a way.
	TellsSignOn   bool
	RevokeCascade bool   // revoking one refresh token ends all of that user and client
	RevokesNoJWT  bool   // to revoke an access token that is a JWT is answered with yes, and ends nothing
	Lacks         []Lack // calls that it doesn't have, with what to do instead
	// TokenPath is where the token endpoint lies below the issuer, of a kind that publishes no metadata; "": it is read from there.
	TokenPath string
	// BeginsThere says where the user has to begin, of a kind whose page posts a refresh token to the client (FlowPostedToken); "" for others.
	BeginsThere string
	// DatedTokens says that the token endpoint tells who signed in (userName), and the token's times by date (.issued, .expires).
	DatedTokens     bool
	OpaqueTokens    bool // access tokens are the server's own business, and are never looked into
	SubjectOptional bool // userinfo may leave sub out
	SubjectTail     bool // the fifth part of sub may change within one login
	VerifierByFlow  bool // refuses a code_verifier from clients whose flow isn't named for it, and burns the code
	// SelectOrganisation is what goes before an organisation's id in acr_values of a client-credentials request; "" where there is no
	// such thing.
	SelectOrganisation string
	// Facts are what is known of the metadata beforehand.
	Facts           []Fact
	DefaultFlow     Flow
	Rules           []Rule      // that a sign-in has to keep
	ACRPrefixes     []ACRPrefix // words of acr_values that mean something else than a level
	Limits          []Limit     // on what is asked of the authorisation endpoint
	BrokenPrompts   []string    // values of prompt that end on an error page
	OnePrompt       bool        // a list of prompts is ignored
	MaxAgeZeroLoops bool        // max_age=0 leads back to the sign-in page for ever
	DefaultAuth     AuthMethod
	DefaultScopes   []string
	DefaultRedirect string // "" when the user must give the registered one
	DefaultStore    string // "keyring", or "auto"
}

// ACRPrefix is the beginning of a word of acr_values that isn't about the level of a sign-in (OpenID Connect Core 2, acr).
type ACRPrefix struct {
	Prefix string
	Claim  string // of the ID token, that says what became of it; "" where none does
}

// identityServer3ACR are the words that IdentityServer3 understands.
func identityServer3ACR() []ACRPrefix { return []ACRPrefix{{"idp:", "idp"}, {"tenant:", ""}} }

// Limit is the greatest length of a parameter, in units of UTF-16: IdentityServer3 is a .NET program, and counts its characters so.
type Limit struct {
	Param string
	Max   int
}

// identityServer3Limits are those of IdentityServer3's InputLengthRestrictions.
func identityServer3Limits() []Limit {
	return []Limit{
		{"client_id", 100}, {"redirect_uri", 400}, {"scope", 300}, {"nonce", 300}, {"acr_values", 300}, {"login_hint", 100},
		{"ui_locales", 100},
	}
}

// EmbeddedAt reports whether a profile of this kind is answered inside the binary. With another issuer it is one that is served.
func (k Kind) EmbeddedAt(issuer string) bool { return k.Embedded != "" && issuer == k.Issuer }

// EnvironmentIssuer returns the known base of an environment, "" when only the user knows it; ok is false when the kind
// has no such environment.
func (k Kind) EnvironmentIssuer(environment string) (issuer string, ok bool) {
	for _, e := range k.Environments {
		if e.Name == environment {
			return e.Issuer, true
		}
	}
	return "", false
}
