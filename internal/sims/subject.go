package sims

import "strings"

// Subject is the five-part sub of a user's token.
type Subject struct {
	NumericID string // equals the claim providerid
	GUID      string
	LoginName string // personal data
	Provider  string
	Session   string // the fifth part, which differs between two tokens of one user: not a stable key
}

// ParseSubject takes a sub of exactly five parts apart. The first two, which say who it is, must not be empty.
func ParseSubject(sub string) (Subject, bool) {
	if strings.Count(sub, "|") != 4 {
		return Subject{}, false
	}
	p := strings.Split(sub, "|")
	if p[0] == "" || p[1] == "" {
		return Subject{}, false
	}
	return Subject{NumericID: p[0], GUID: p[1], LoginName: p[2], Provider: p[3], Session: p[4]}, true
}

// SameSubject reports whether two subs name one user: equal and not empty, or five-part ones that differ in the fifth part alone
// (then changed is true: to be reported, not fatal).
func SameSubject(a, b string) (same, changed bool) {
	if a == b {
		return a != "", false
	}
	x, ok := ParseSubject(a)
	if !ok {
		return false, false
	}
	y, ok := ParseSubject(b)
	if !ok {
		return false, false
	}
	x.Session, y.Session = "", ""
	same = x == y
	return same, same
}
