// Package sims is SIMS ID's vocabulary: scopes, claims, organisations and their types, the subject's parts, and what a
// look at a token's claims finds wrong. It is pure: values in, values out, no network and no clock but the one given.
package sims

import (
	"strconv"
	"strings"
)

// Names that rules and tables share.
const (
	scopeSingle  = "partnermanagementapplication"
	scopeSeveral = "simsmultiorgapplication"
	scopeRoles   = "roles"

	claimSingle   = "userorganisationidentifier"
	claimSeveral  = "userorganisationidentifiers"
	claimMultiple = "multipleorganisations"
	claimProvider = "providerid"
	claimSite     = "site"
	claimRole     = "role"
)

// join puts words into a list for people: "a", "a and b", "a, b and c".
func join(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// quote writes foreign text between quotes, with all that doesn't print escaped, and cuts what is long.
func quote(s string) string {
	const most = 120 // a compound value with every type letter has 101
	if len(s) > most {
		return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + " (cut)"
	}
	return strconv.Quote(s)
}

// count writes a number of things: "one value", "2 values".
func count(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
