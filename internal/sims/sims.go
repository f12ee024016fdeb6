// Package sims is SIMS ID's vocabulary: scopes, claims, organisations and their types, the subject's parts, and what a
// look at a token's claims finds wrong. It is pure: values in, values out, no network and no clock but the one given.
package sims

import (
	"time"

	"github.com/simsid/simsid/internal/token"
)

// OrganisationType is one letter of a compound value's third part.
type OrganisationType struct {
	Letter string // one letter as received
	Name   string // "School"; "unknown type" for a letter outside the table
	Known  bool
}

// Membership is one value of userorganisationidentifier or userorganisationidentifiers: userid|organisationid|types.
type Membership struct {
	Raw            string // as received
	UserID         string // GUID as received: the user's SIMS external id at that organisation
	OrganisationID string // GUID as received
	Letters        string // type letters as received
	Types          []OrganisationType
	Fault          string // what is malformed, in words; "" when the value is well-formed. Raw is shown then
}

// TypeWords joins the types in words: "School", "Multi Academy Trust and School".
func (m Membership) TypeWords() string { panic("unwritten") }

// ParseMembership takes a compound value apart. It never fails: a malformed value keeps its text and says its fault.
func ParseMembership(raw string) Membership { panic("unwritten") }

// Memberships returns the organisations that claims name, under either claim, as string or array, in order.
func Memberships(claims token.Object) []Membership { panic("unwritten") }

// Grant says how a scope is obtained.
type Grant string

const (
	GrantUser              Grant = "user"
	GrantClientCredentials Grant = "client credentials"
)

// Scope is one scope that SIMS ID knows.
type Scope struct {
	Name    string
	Grant   Grant
	Meaning string   // what it gives, in one sentence without a final stop
	Claims  []string // claims that it brings
}

// Scopes returns all scopes, in the order of the documentation.
func Scopes() []Scope { panic("unwritten") }

// LookupScope finds one scope.
func LookupScope(name string) (Scope, bool) { panic("unwritten") }

// ExclusiveScopesError says that two scopes were asked for which SIMS ID never gives together.
type ExclusiveScopesError struct {
	A, B string
}

func (e *ExclusiveScopesError) Error() string { panic("unwritten") }

// CheckScopes refuses a set of scopes that SIMS ID would refuse: the exclusive pair gives an *ExclusiveScopesError.
func CheckScopes(scopes []string) error { panic("unwritten") }

// ClaimInfo says what a claim means.
type ClaimInfo struct {
	Name    string
	Meaning string // one sentence without a final stop
	Scope   string // the scope that brings it; "" for all
}

// LookupClaim finds a claim of SIMS ID or of OpenID Connect by its name, which is case-sensitive.
func LookupClaim(name string) (ClaimInfo, bool) { panic("unwritten") }

// Subject is the five-part sub of a user's token.
type Subject struct {
	NumericID string // equals the claim providerid
	GUID      string
	LoginName string // personal data
	Provider  string
	Session   string // the fifth part, which differs between two tokens of one user: not a stable key
}

// ParseSubject takes a sub of exactly five parts apart.
func ParseSubject(sub string) (Subject, bool) { panic("unwritten") }

// SameSubject reports whether two subs name one user: equal, or five-part ones that differ in the fifth part alone
// (then changed is true: to be reported, not fatal).
func SameSubject(a, b string) (same, changed bool) { panic("unwritten") }

// Severity of a finding.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is one thing worth knowing about a token.
type Finding struct {
	ID       string // "claim-missing", a stable name
	Severity Severity
	Seen     string // what was seen
	Why      string // why it matters
	Do       string // what to do
	Source   string // where the rule comes from
}

// Subject matter of Findings.
type Input struct {
	Access  token.Object // claims of the access token; empty when it is none or opaque
	ID      token.Object // claims of the ID token
	Wanted  []string     // scopes asked for; nil when unknown
	Granted []string     // scopes granted; nil when unknown
	Now     time.Time
}

// Findings looks at the tokens of one login. The order is fixed: errors first, then by the table of rules.
func Findings(in Input) []Finding { panic("unwritten") }

// GrantedScopes reads the scopes from an access token's claim "scope": an array, or a bare string of one or of several
// separated by spaces. nil when there is none.
func GrantedScopes(access token.Object) []string { panic("unwritten") }
