package sims

import (
	"encoding/json"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// Role is one value of the claim role: name@organisationid.
type Role struct {
	Raw            string // as received; for a value that is no JSON string, its JSON text
	Name           string
	OrganisationID string // "" where the value names none
}

// Roles returns the roles that claims name, in order. Nothing is left out.
func Roles(claims token.Object) []Role {
	var list []Role
	for _, raw := range claims.Strings(claimRole) {
		list = append(list, ParseRole(raw))
	}
	if list != nil {
		return list
	}
	value, ok := claims.Get(claimRole)
	if !ok || string(value) == "null" {
		return nil
	}
	var values []json.RawMessage
	if json.Unmarshal(value, &values) != nil {
		values = []json.RawMessage{value}
	}
	for _, v := range values {
		list = append(list, Role{Raw: string(v)})
	}
	return list
}

// ParseRole takes a value of the claim role apart at its last @, since a role's name is free text.
func ParseRole(raw string) Role {
	if at := strings.LastIndexByte(raw, '@'); at > 0 && isGUID(raw[at+1:]) {
		return Role{Raw: raw, Name: raw[:at], OrganisationID: raw[at+1:]}
	}
	return Role{Raw: raw, Name: raw}
}

// At reports whether a role is one at an organisation: SIMS ID writes GUIDs in either case.
func (r Role) At(m Membership) bool {
	return r.OrganisationID != "" && strings.EqualFold(r.OrganisationID, m.OrganisationID)
}
