package sims

import (
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// Grant says how a scope is obtained.
type Grant string

const (
	// GrantUser is a scope that a user grants by signing in.
	GrantUser Grant = "user"
	// GrantClientCredentials is a scope that an application gets for itself (RFC 6749 section 4.4).
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
func Scopes() []Scope {
	return []Scope{
		{"openid", GrantUser, "an ID token, which says who signed in", []string{"sub"}},
		{"profile", GrantUser, "the user's name and the like", []string{"name"}},
		{scopeRoles, GrantUser, "the user's roles, each at one organisation", []string{claimRole}},
		{"partner", GrantUser, "what the base set gives to partners' applications", nil},
		{
			scopeSingle, GrantUser, "one organisation: a user of several chooses one while signing in",
			[]string{claimSingle, "applicationid", "applicationname", "vendorid"},
		},
		{
			scopeSeveral, GrantUser, "all organisations of the user, up to ten",
			[]string{claimSeveral, "applicationid", "applicationname", "vendorid"},
		},
		{"offline_access", GrantUser, "a refresh token, which keeps the login without the user", nil},
		{"partner-read", GrantClientCredentials, "reading in vendor management", nil},
		{"partner-write", GrantClientCredentials, "writing in vendor management", nil},
		{"partnerserverapplication", GrantClientCredentials, "an organisation's data in DeX and SIMS Primary", nil},
		{"simsserverapplication", GrantClientCredentials, "an organisation's data in SIMS 8", nil},
		{"rapapi", GrantClientCredentials, "an organisation's data by OneRoster", nil},
	}
}

// LookupScope finds one scope.
func LookupScope(name string) (Scope, bool) {
	for _, s := range Scopes() {
		if s.Name == name {
			return s, true
		}
	}
	return Scope{}, false
}

// ExclusiveScopesError says that two scopes were asked for which SIMS ID never gives together.
type ExclusiveScopesError struct {
	A, B string
}

// Error names both scopes.
func (e *ExclusiveScopesError) Error() string {
	return "the scopes " + e.A + " and " + e.B + " exclude each other"
}

// CheckScopes refuses a set of scopes that SIMS ID would refuse: the exclusive pair gives an *ExclusiveScopesError.
func CheckScopes(scopes []string) error {
	if slices.Contains(scopes, scopeSingle) && slices.Contains(scopes, scopeSeveral) {
		return &ExclusiveScopesError{A: scopeSingle, B: scopeSeveral}
	}
	return nil
}

// GrantedScopes reads the scopes from an access token's claim "scope": an array, or a bare string of one or of several
// separated by spaces. nil when there is none.
func GrantedScopes(access token.Object) []string {
	scopes := strings.Fields(strings.Join(access.Strings("scope"), " "))
	if len(scopes) == 0 {
		return nil
	}
	return scopes
}
