package sims

import (
	"slices"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Severity of a finding.
type Severity string

const (
	// Error is something that an application cannot work with.
	Error Severity = "error"
	// Warning is something that will go wrong for some user, or that isn't as documented.
	Warning Severity = "warning"
	// Note is something worth knowing.
	Note Severity = "note"
)

// Finding is one thing worth knowing about a token. Its texts are sentences without a final stop, foreign text in them is
// quoted and escaped.
type Finding struct {
	ID       string // "claim-missing", a stable name
	Severity Severity
	Seen     string // what was seen
	Why      string // why it matters
	Do       string // what to do
	Source   string // where the rule comes from
	Refuse   bool   // two readers may read the token in two ways: it should be refused
}

// Input is the subject matter of Findings.
type Input struct {
	Access  token.Object // claims of the access token; empty when it is none or opaque
	ID      token.Object // claims of the ID token
	Wanted  []string     // scopes asked for; nil when unknown
	Granted []string     // scopes granted; nil when unknown
	Now     time.Time
	At      bool // Now is another moment than now: nothing can be said of this machine's clock

	// The headers make the rules about any token speak; empty where only claims are there.
	AccessHeader, IDHeader token.Header
	// OtherVocabulary says that the tokens aren't SIMS ID's: then only the rules about any token speak.
	OtherVocabulary bool
	ClientID        string    // of the profile; "" when unknown
	RefreshedAt     time.Time // when the tokens were last refreshed; zero: never, or unknown
	InURL           bool      // they were found in an address
	UnknownKind     bool      // nobody knows that Access is an access token: it is called the token
}

// Findings looks at the tokens of one login. The order is fixed: errors first, then by the table of rules.
func Findings(in Input) []Finding {
	l := newLook(in)
	var found []Finding
	for _, r := range rules() {
		if in.OtherVocabulary && !r.General {
			continue
		}
		for _, seen := range r.look(l) {
			found = append(found, Finding{r.ID, r.Severity, seen, r.Why, r.Do, r.Source, r.Refuse})
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.Severity.rank() - b.Severity.rank() })
	return found
}

func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// look is what the rules look at.
type look struct {
	access, id      view
	wanted, granted []string
	scopes          []string // those granted, or, where that isn't known, those asked for
	now, refreshed  time.Time
	at              bool // now is another moment than now
	client          string
	inURL, nameless bool
}

// view is one token's claims, with its organisation values taken apart.
type view struct {
	token.Object
	header        token.Header
	organisations map[string][]Membership // by claim
}

func newView(claims token.Object, header token.Header) view {
	v := view{claims, header, make(map[string][]Membership)}
	for _, p := range organisationScopes() {
		v.organisations[p[1]] = membershipsOf(claims, p[1])
	}
	return v
}

func newLook(in Input) look {
	if in.Granted == nil {
		in.Granted = GrantedScopes(in.Access)
	}
	l := look{
		access: newView(in.Access, in.AccessHeader), id: newView(in.ID, in.IDHeader), wanted: in.Wanted, granted: in.Granted, scopes: in.Granted,
		now: in.Now, at: in.At, refreshed: in.RefreshedAt, client: in.ClientID, inURL: in.InURL, nameless: in.UnknownKind,
	}
	if l.scopes == nil {
		l.scopes = in.Wanted
	}
	return l
}

func (l look) has(scope string) bool { return slices.Contains(l.scopes, scope) }

// claim reports whether either token has a claim that isn't empty.
func (l look) claim(name string) bool {
	for _, v := range []view{l.access, l.id} {
		switch value, _ := v.Get(name); string(value) {
		case "", "null", "[]", `""`:
		default:
			return true
		}
	}
	return false
}

// each asks a question of both tokens, whose answers are clauses like "site has 9 characters", and says of each answer where
// it was seen.
func (l look) each(ask func(view) []string) []string {
	access, id := ask(l.access), ask(l.id)
	var seen []string
	for _, clause := range access {
		switch {
		case l.nameless:
			seen = append(seen, clause)
		case slices.Contains(id, clause):
			seen = append(seen, "in the access token and the ID token, "+clause)
		default:
			seen = append(seen, "in the access token, "+clause)
		}
	}
	for _, clause := range id {
		if !slices.Contains(access, clause) {
			seen = append(seen, "in the ID token, "+clause)
		}
	}
	return seen
}
