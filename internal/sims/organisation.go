package sims

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/token"
)

// OrganisationType is one letter of a compound value's third part.
type OrganisationType struct {
	Letter string // one letter as received
	Name   string // "School"; "unknown type" for a letter outside the table
	Known  bool
}

// OrganisationTypes returns the types that SIMS ID documents, by letter.
func OrganisationTypes() []OrganisationType {
	return []OrganisationType{
		{"C", "ESS Ltd Company", true},
		{"G", "School Group", true},
		{"L", "Local Authority", true},
		{"M", "Multi Academy Trust", true},
		{"O", "Support Organisation", true},
		{"S", "School", true},
	}
}

// Membership is one value of userorganisationidentifier or userorganisationidentifiers: userid|organisationid|types. A
// value without all of its three parts has its text and its fault, and nothing else.
type Membership struct {
	Raw            string // as received; for a value that is no JSON string, its JSON text
	UserID         string // GUID as received: the user's SIMS external id at that organisation
	OrganisationID string // GUID as received
	Letters        string // type letters as received
	Types          []OrganisationType
	Fault          string // what is malformed, in words; "" when the value is well-formed. Raw is shown then
}

// maxLetters bounds the types of one value: an organisation cannot have more than the alphabet has letters.
const maxLetters = 26

// TypeWords joins the types in words: "School", "Multi Academy Trust and School". An unknown letter is named: "School and unknown
// type "X"".
func (m Membership) TypeWords() string {
	words := make([]string, 0, len(m.Types))
	for _, t := range m.Types {
		if t.Known {
			words = append(words, t.Name)
		} else {
			words = append(words, t.Name+" "+strconv.Quote(t.Letter))
		}
	}
	return join(words)
}

// SameOrganisation reports whether two values name one organisation: SIMS ID writes GUIDs in either case.
func (m Membership) SameOrganisation(o Membership) bool {
	return m.OrganisationID != "" && strings.EqualFold(m.OrganisationID, o.OrganisationID)
}

// ParseMembership takes a compound value apart. It never fails: a malformed value keeps its text and says its fault.
func ParseMembership(raw string) Membership {
	if fault := partsFault(raw); fault != "" {
		return Membership{Raw: raw, Fault: fault}
	}
	parts := strings.Split(raw, "|")
	return Membership{
		Raw:            raw,
		UserID:         parts[0],
		OrganisationID: parts[1],
		Letters:        parts[2],
		Types:          parseTypes(parts[2]),
		Fault:          guidFault(parts[0], parts[1]),
	}
}

// partsFault says why a value cannot be taken apart.
func partsFault(raw string) string {
	if raw == "" {
		return "is empty"
	}
	if n := strings.Count(raw, "|") + 1; n != 3 {
		return "has " + count(n, "part") + " where userid|organisationid|organisationtype has three"
	}
	userID, rest, _ := strings.Cut(raw, "|")
	organisationID, letters, _ := strings.Cut(rest, "|")
	var missing []string
	for _, part := range []struct{ text, name string }{
		{userID, "user id"}, {organisationID, "organisation id"}, {letters, "organisation type"},
	} {
		if part.text == "" {
			missing = append(missing, "no "+part.name)
		}
	}
	if len(missing) > 0 {
		return "has " + join(missing)
	}
	if n := utf8.RuneCountInString(letters); n > maxLetters {
		return "has " + count(n, "type letter") + ", more than there are letters"
	}
	return ""
}

func guidFault(userID, organisationID string) string {
	switch user, organisation := isGUID(userID), isGUID(organisationID); {
	case user && organisation:
		return ""
	case organisation:
		return "has a user id that is no GUID"
	case user:
		return "has an organisation id that is no GUID"
	default:
		return "has a user id and an organisation id that are no GUIDs"
	}
}

// isGUID reports whether s is a GUID as SIMS ID writes it: 8-4-4-4-12 hexadecimal digits of either case, no braces.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// parseTypes reads the letters as the set that they are: each type once, in the order received.
func parseTypes(letters string) []OrganisationType {
	var types []OrganisationType
	for _, r := range letters {
		t := lookupType(string(r))
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types
}

func lookupType(letter string) OrganisationType {
	for _, t := range OrganisationTypes() {
		if t.Letter == letter {
			return t
		}
	}
	return OrganisationType{Letter: letter, Name: "unknown type"}
}

// Memberships returns the organisations that claims name, under either claim, as string or array, in order. A value that is no
// string is there with its fault, and what lies beyond a thousand values is one such value.
func Memberships(claims token.Object) []Membership {
	single, several := MembershipsByClaim(claims)
	return append(single, several...)
}

// MembershipsByClaim is Memberships, apart by claim: the organisation signed in at, and those that the user belongs to.
func MembershipsByClaim(claims token.Object) (single, several []Membership) {
	return membershipsOf(claims, claimSingle), membershipsOf(claims, claimSeveral)
}

func membershipsOf(claims token.Object, name string) []Membership {
	value, ok := claims.Get(name)
	if !ok || string(value) == "null" {
		return nil
	}
	if s, ok := claims.String(name); ok {
		return []Membership{ParseMembership(s)}
	}
	if value[0] != '[' {
		return []Membership{noText(value)}
	}
	var values []json.RawMessage
	if json.Unmarshal(value, &values) != nil {
		return nil // cannot be: an Object's values are valid JSON
	}
	more := len(values) - maxValues
	if more > 0 {
		values = values[:maxValues]
	}
	list := make([]Membership, 0, len(values)+1)
	for _, v := range values {
		var s string
		if v[0] == '"' && json.Unmarshal(v, &s) == nil {
			list = append(list, ParseMembership(s))
		} else {
			list = append(list, noText(v))
		}
	}
	if more > 0 {
		list = append(list, Membership{Raw: "…", Fault: "stands for " + count(more, "more value") + ", which aren't read"})
	}
	return list
}

// maxValues bounds the values of one claim that are read: SIMS ID puts at most ten into a token.
const maxValues = 1000

func noText(value json.RawMessage) Membership {
	return Membership{Raw: string(value), Fault: "is no text"}
}
