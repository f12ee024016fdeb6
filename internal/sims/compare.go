package sims

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/simsid/simsid/internal/token"
)

// Difference is one claim that differs between two tokens.
type Difference struct {
	Claim       string
	Before, Now json.RawMessage // nil: the token doesn't have it
	// Added and Removed are the values that only one of two lists has, where both are texts or lists of texts. Both are empty where the
	// values are the same in another order or spelling.
	Added, Removed []string
	List           bool   // Added and Removed say it all
	Note           string // what is known of such a difference; "" for nothing
	// OfIssue says that the claim differs between any two tokens, and says nothing about the user: a time, a nonce, an identifier.
	OfIssue bool
}

// Compare returns how b differs from a: claims of both in a's order, then those that only b has.
func Compare(a, b token.Object) []Difference {
	var list []Difference
	for _, m := range a.Members() {
		now, there := b.Get(m.Name)
		if there && bytes.Equal(m.Value, now) {
			continue
		}
		d := Difference{Claim: m.Name, Before: m.Value, Now: now, OfIssue: ofIssue(m.Name)}
		if there {
			d.compareLists(a.Strings(m.Name), b.Strings(m.Name))
		}
		list = append(list, d)
	}
	for _, m := range b.Members() {
		if _, there := a.Get(m.Name); !there {
			list = append(list, Difference{Claim: m.Name, Now: m.Value, OfIssue: ofIssue(m.Name)})
		}
	}
	return list
}

// ofIssue names claims that differ in any two tokens.
func ofIssue(name string) bool {
	return slices.Contains([]string{"iat", "nbf", "exp", "auth_time", "jti", "at_hash", "c_hash", "nonce", "sid"}, name)
}

func (d *Difference) compareLists(before, now []string) {
	if before == nil || now == nil {
		return
	}
	if len(before) == 1 && len(now) == 1 {
		if same, tail := SameSubject(before[0], now[0]); d.Claim == "sub" && same && tail {
			d.Note, d.OfIssue = "the last part alone, which differs from token to token", true
		}
		if before[0] != now[0] {
			return
		}
	}
	d.List = true
	for _, v := range now {
		if !slices.Contains(before, v) {
			d.Added = append(d.Added, v)
		}
	}
	for _, v := range before {
		if !slices.Contains(now, v) {
			d.Removed = append(d.Removed, v)
		}
	}
	if len(d.Added)+len(d.Removed) == 0 {
		d.Note = "the same values in another order or spelling"
	}
}
