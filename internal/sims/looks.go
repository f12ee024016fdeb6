package sims

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// organisationScopes pairs each of the two scopes with the claim that it brings.
func organisationScopes() [][2]string {
	return [][2]string{{scopeSingle, claimSingle}, {scopeSeveral, claimSeveral}}
}

func exclusiveScopes(l look) []string {
	wanted, granted := CheckScopes(l.wanted) != nil, CheckScopes(l.granted) != nil
	const both = scopeSingle + " and " + scopeSeveral + " were both "
	switch {
	case wanted && granted:
		return []string{both + "asked for and granted"}
	case wanted:
		return []string{both + "asked for"}
	case granted:
		return []string{both + "granted"}
	}
	return nil
}

func missingOrganisation(l look) []string {
	if l.access.Len() == 0 {
		return nil // unseenOrganisation speaks
	}
	return l.withoutOrganisation("no token has the claim ")
}

func unseenOrganisation(l look) []string {
	if l.access.Len() > 0 || l.id.Len() == 0 {
		return nil
	}
	return l.withoutOrganisation("the ID token doesn't have the claim ")
}

func (l look) withoutOrganisation(lead string) []string {
	var seen []string
	for _, p := range organisationScopes() {
		if l.has(p[0]) && len(l.access.organisations[p[1]])+len(l.id.organisations[p[1]]) == 0 {
			seen = append(seen, lead+p[1]+", which the scope "+p[0]+" brings")
		}
	}
	return seen
}

func malformedValues(l look) []string {
	return l.values(func(m Membership) string {
		if m.Letters != "" {
			return ""
		}
		return m.Fault
	})
}

func malformedGUIDs(l look) []string {
	return l.values(func(m Membership) string {
		if m.Letters == "" {
			return ""
		}
		return m.Fault
	})
}

func unknownTypes(l look) []string {
	return l.values(func(m Membership) string {
		var letters []string
		for _, t := range m.Types {
			if !t.Known {
				letters = append(letters, strconv.Quote(t.Letter))
			}
		}
		switch len(letters) {
		case 0:
			return ""
		case 1:
			return "has the unknown type letter " + letters[0]
		}
		return "has the unknown type letters " + join(letters)
	})
}

// values asks about each organisation value. The answers about one claim make one finding, which shows the first three.
func (l look) values(ask func(Membership) string) []string {
	return l.each(func(claims view) []string {
		var seen []string
		for _, p := range organisationScopes() {
			list := claims.organisations[p[1]]
			var clauses []string
			more := 0
			for i, m := range list {
				switch answer := ask(m); {
				case answer == "":
				case len(clauses) < 3:
					clauses = append(clauses, place(p[1], i, len(list))+", "+quote(m.Raw)+", "+answer)
				default:
					more++
				}
			}
			if more > 0 {
				clauses = append(clauses, "it is alike with "+strconv.Itoa(more)+" more")
			}
			if len(clauses) > 0 {
				seen = append(seen, strings.Join(clauses, "; "))
			}
		}
		return seen
	})
}

// place names a value of a claim: "site", or "value 2 of site" where there are several.
func place(claim string, i, n int) string {
	if n == 1 {
		return claim
	}
	return fmt.Sprintf("value %d of %s", i+1, claim)
}

func severalInSingle(l look) []string {
	return l.each(func(claims view) []string {
		if n := len(claims.organisations[claimSingle]); n > 1 {
			return []string{claimSingle + " has " + count(n, "value")}
		}
		return nil
	})
}

func tenOrganisations(l look) []string {
	return l.each(func(claims view) []string {
		if len(claims.organisations[claimSeveral]) == 10 {
			return []string{claimSeveral + " has exactly ten values"}
		}
		return nil
	})
}

// oddFlag compares with the plural claim: with the singular one, a user of several organisations has chosen one of them.
func oddFlag(l look) []string {
	return l.each(func(claims view) []string {
		value, ok := claims.Get(claimMultiple)
		if !ok {
			return nil
		}
		text := string(value)
		if s, ok := claims.String(claimMultiple); ok {
			text = strings.ToLower(s) // C# writes True
		}
		n := distinct(claims.organisations[claimSeveral])
		switch {
		case text != "true" && text != "false":
			return []string{claimMultiple + " is " + quote(string(value)) + ", neither true nor false"}
		case text == "true" && n == 1:
			return []string{claimMultiple + " is true, and " + claimSeveral + " names one organisation"}
		case text == "false" && n > 1:
			return []string{claimMultiple + " is false, and " + claimSeveral + " names " + count(n, "organisation")}
		}
		return nil
	})
}

// distinct counts the organisations in values that can be read.
func distinct(list []Membership) int {
	ids := make(map[string]struct{})
	for _, m := range list {
		if m.OrganisationID != "" {
			ids[strings.ToLower(m.OrganisationID)] = struct{}{}
		}
	}
	return len(ids)
}

func notGranted(l look) []string {
	if l.granted == nil {
		return nil
	}
	var seen []string
	for i, s := range l.wanted {
		if !slices.Contains(l.granted, s) && !slices.Contains(l.wanted[:i], s) {
			seen = append(seen, "the scope "+quote(s)+" was asked for and not granted")
		}
	}
	return seen
}

func missingApplication(l look) []string {
	if l.access.Len() == 0 {
		return nil
	}
	for _, p := range organisationScopes() {
		if !l.has(p[0]) {
			continue
		}
		var missing []string
		for _, name := range []string{"applicationid", "applicationname", "vendorid"} {
			if !l.claim(name) {
				missing = append(missing, name)
			}
		}
		switch len(missing) {
		case 0:
		case 1:
			return []string{"no token has the claim " + missing[0] + ", which the scope " + p[0] + " brings"}
		default:
			return []string{"no token has the claims " + join(missing) + ", which the scope " + p[0] + " brings"}
		}
	}
	return nil
}

func longSite(l look) []string {
	return l.each(func(claims view) []string {
		value, _ := claims.Get(claimSite)
		text, ok := claims.String(claimSite)
		if !ok {
			text = string(value)
		}
		if n := utf8.RuneCountInString(text); n > 8 {
			return []string{claimSite + " is " + quote(text) + ", which has " + count(n, "character")}
		}
		return nil
	})
}

func missingRole(l look) []string {
	if !l.has(scopeRoles) || l.claim(claimRole) || l.access.Len()+l.id.Len() == 0 {
		return nil
	}
	return []string{"no token has the claim " + claimRole + ", which the scope " + scopeRoles + " brings"}
}

// oddSubject speaks of users' tokens of SIMS ID only, which are told by providerid: tokens got by client credentials and those
// of SIMS Next Gen have other subjects. It never shows the sub, which holds the login name.
func oddSubject(l look) []string {
	return l.each(func(claims view) []string {
		provider, ok := claims.String(claimProvider)
		sub, present := claims.String("sub")
		if !ok || !present {
			return nil
		}
		parts := strings.Count(sub, "|") + 1
		first, _, _ := strings.Cut(sub, "|")
		switch {
		case parts != 5:
			return []string{"sub has " + count(parts, "part") + " where five are expected"}
		case first != provider:
			return []string{"sub begins with another number than " + claimProvider}
		}
		return nil
	})
}
