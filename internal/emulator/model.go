package emulator

import (
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Config is what an emulator knows: who can sign in, where they work, and which clients and scopes there are. New checks it
// and fills in defaults in a copy of its own, which shares the lists in it: nobody alters these afterwards. Without users there
// are the sample users, with their organisations; without scopes SIMS ID's; without clients the built-in one.
type Config struct {
	Site          Site // whom it plays; "": SIMS ID's STS. iMIS has neither providers, organisations nor scopes
	Rules         Rules
	Providers     []ProviderConfig // external identity providers that the sign-in page stands in for
	Organisations []OrganisationConfig
	Users         []UserConfig
	Scopes        []ScopeConfig // nil: SIMS ID's
	Clients       []ClientConfig
}

// Rules are those of one of SIMS ID's environments.
type Rules string

// The three sets of rules. Local has none of its own; a sandbox refuses redirect URIs that aren't HTTPS; live refuses those
// of this machine too, and asks for consent unless a client is set not to.
const (
	RulesLocal   Rules = "local"
	RulesSandbox Rules = "sandbox"
	RulesLive    Rules = "live"
)

// ProviderConfig is an external identity provider. The emulator stands in for it with a page of its own: whoever is chosen
// there has signed in with it.
type ProviderConfig struct {
	Name  string // as in acr_values=idp:NAME, the claim idp, and a client's restrictions
	Title string // as the sign-in page says it; "" means Name
}

// OrganisationConfig is an organisation that users belong to.
type OrganisationConfig struct {
	ID    string // GUID; its case is kept, as real ones come in either
	Name  string
	Types string // letters run together, as in a compound value: "S", "MS"
	Code  string // the claim site: the DfE number of a school, else a code; at most 8 characters
}

// UserConfig is somebody who can sign in.
type UserConfig struct {
	Login    string // signs in with it, ignoring case; third part of the subject
	Name     string
	Password token.Secret
	About    string // "Headteacher at a School", for the sign-in page

	Number      int       // first part of the subject and the claim providerid; 0: made from the login name
	GUID        string    // second part of the subject; "": the user's id at the first organisation
	SiteRole    string    // the claim SiteRole of ID tokens
	PasswordSet time.Time // the claim PasswordChangedTimestamp of ID tokens; zero: 1 September 2025

	Factor        Factor
	Organisations []MembershipConfig // the first is the home organisation
	Claims        []ClaimConfig
}

// MembershipConfig is a user at an organisation.
type MembershipConfig struct {
	Organisation string // its ID, or its Code
	UserID       string // GUID: the user's SIMS External ID there; "": made from the login name and the organisation
}

// Factor is what a user is asked for besides the password.
type Factor struct {
	Kind       FactorKind
	TOTP       token.Secret // base32, as authenticator apps take it
	Passphrase token.Secret // three characters of it are asked for
}

// FactorKind names a second factor.
type FactorKind string

// The second factors that SIMS ID has.
const (
	FactorNone       FactorKind = "" // written "none" as well
	FactorTOTP       FactorKind = "totp"
	FactorPassphrase FactorKind = "passphrase"
)

// ClaimConfig gives a user's claim its values, in place of those that the emulator would give it. One value is written as a
// bare string and several as an array; no value leaves the claim out. A claim that some scope lists comes with that scope
// alone, and any other with every token.
type ClaimConfig struct {
	Name   string
	Values []string
}

// ScopeConfig is a scope.
type ScopeConfig struct {
	Name        string
	About       string       // as the consent page says it; "" means Name
	Identity    bool         // about the user, so openid must be beside it; else it is for an API
	Secret      token.Secret // with which an API introspects; zero: it can't
	ClientsOnly bool         // for client credentials; not listed to users
	Claims      []string     // further claims of users that come with it
}

// Flow is a client's one way of getting tokens, named as IdentityServer3 names it.
type Flow string

// The flows.
const (
	FlowCode              Flow = "AuthorizationCode"
	FlowCodeWithProofKey  Flow = "AuthorizationCodeWithProofKey"
	FlowHybrid            Flow = "Hybrid"
	FlowHybridWithProof   Flow = "HybridWithProofKey"
	FlowImplicit          Flow = "Implicit"
	FlowClientCredentials Flow = "ClientCredentials" //nolint:gosec // the name of a flow
	FlowResourceOwner     Flow = "ResourceOwner"
)

// TokenType says what an access token is.
type TokenType string

// The types of access token: a JWT, or a handle whose claims only the server knows and which it can revoke.
const (
	TokenJWT       TokenType = "jwt" // "" as well
	TokenReference TokenType = "reference"
)

// ClientConfig is a client with the settings that IdentityServer3 has for one. A lifetime of 0 means its default.
type ClientConfig struct {
	ID       string
	Name     string // as pages show it; "" means ID
	Secret   token.Secret
	Disabled bool // an unknown client to everybody

	Flow         Flow
	RedirectURIs []string
	Scopes       []string // scopes that it may ask for
	// AnyPort lets a registered loopback address with port 0 stand for every port (RFC 8252 section 7.3). The real STS
	// compares whole strings: this is for the built-in client, which otherwise couldn't use a free port.
	AnyPort bool

	TokenType      TokenType
	CodeLifetime   time.Duration // 300 s
	IDLifetime     time.Duration // 300 s
	AccessLifetime time.Duration // 3600 s

	RefreshAbsolute time.Duration // 30 days since the first issue
	RefreshSliding  time.Duration // since the last use, up to RefreshAbsolute in all; 0: only RefreshAbsolute counts
	RefreshReusable bool          // the same handle comes back; else each serves once
	UpdateClaims    bool          // a refresh takes the user's claims afresh

	RequireConsent  *bool // nil: as the rules have it, which is on in live alone
	RememberConsent bool
	Providers       []string // names of the identity providers that its users may sign in with, "idsrv" for a password; none: all

	PostLogoutRedirectURIs []string
	LogoutURI              string // loaded in a hidden frame when the user signs out (Front-Channel Logout 1.0)
	LogoutSessionRequired  bool   // with sid
	RequireSignOutPrompt   bool   // the user is asked even where an ID token vouches for the request

	ApplicationID, ApplicationName, VendorID string // claims of these names; "": made from ID, Name, and ID

	Faults []Fault
}

// Fault is something that goes wrong on purpose.
type Fault struct {
	Kind       FaultKind
	Client     string        // its ID; "": every client, and requests that name none
	Endpoint   string        // "discovery", "jwks", "authorize", "token", "userinfo", ...; "": each that the kind has a meaning for
	Duration   time.Duration // of a delay; how far a clock is off, before or after
	Status     int           // of kind status: 500 or 503
	RetryAfter time.Duration // sent with kind status; 0: not sent
	Times      int           // how often it happens; 0: every time
}

// FaultKind names what goes wrong.
type FaultKind string

// The kinds of fault. The first five are of an answer, whatever is in it; the others are of tokens.
const (
	FaultDelay     FaultKind = "delay"     // the answer waits for Duration
	FaultStatus    FaultKind = "status"    // Status instead of an answer
	FaultHTML      FaultKind = "html"      // a page instead of JSON
	FaultCutJSON   FaultKind = "cut-json"  // the connection ends in the middle of the JSON, which seems complete
	FaultOversized FaultKind = "oversized" // JSON far longer than anybody should read

	FaultWrongNonce     FaultKind = "wrong-nonce"
	FaultWrongAudience  FaultKind = "wrong-audience"
	FaultWrongIssuer    FaultKind = "wrong-issuer"
	FaultWrongSignature FaultKind = "wrong-signature"
	FaultUnknownKey     FaultKind = "unknown-key"   // signed by a key that the JWK set doesn't have
	FaultExpiredToken   FaultKind = "expired-token" // over before it was issued
	FaultClockOffset    FaultKind = "clock-offset"  // the times of tokens are off by Duration

	FaultRefreshRefused    FaultKind = "refresh-refused"     // invalid_grant, the refresh token gone
	FaultDropAfterRotation FaultKind = "drop-after-rotation" // the connection breaks when the old refresh token is gone already
)

// FaultKinds lists every kind.
func FaultKinds() []FaultKind {
	return []FaultKind{
		FaultDelay, FaultStatus, FaultHTML, FaultCutJSON, FaultOversized, FaultWrongNonce, FaultWrongAudience, FaultWrongIssuer,
		FaultWrongSignature, FaultUnknownKey, FaultExpiredToken, FaultClockOffset, FaultRefreshRefused, FaultDropAfterRotation,
	}
}

// Flows lists every flow.
func Flows() []Flow {
	return []Flow{
		FlowCode, FlowCodeWithProofKey, FlowHybrid, FlowHybridWithProof, FlowImplicit, FlowClientCredentials, FlowResourceOwner,
	}
}

// PasswordProvider is the name of signing in with a password here, in the claim idp and in a client's restrictions.
const PasswordProvider = "idsrv"
