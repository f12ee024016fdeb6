package emulator

import (
	"slices"
	"strings"
)

// scope is one scope of the STS.
type scope struct {
	name     string
	about    string // as the consent page says it
	identity bool   // an identity scope, which needs openid beside it
	userOnly bool   // never by client credentials
	secret   string // with which an API introspects; "" when it can't
	hidden   bool   // not for people: by client credentials only
}

func allScopes() []scope {
	return []scope{
		{name: "openid", about: "Know who you are", identity: true, userOnly: true},
		{name: "profile", about: "Your name", identity: true},
		{name: "roles", about: "Your roles at your organisation", identity: true},
		{name: "partner", about: "Your identity at the provider that you sign in with", identity: true, secret: builtinScopeSecret},
		{name: singleOrganisation, about: "The one organisation that you work for in this application"},
		{name: severalOrganisations, about: "The organisations that you belong to, up to ten"},
		{name: offlineAccess, about: "Go on working for you while you are away", userOnly: true},
		{name: "partner-read", hidden: true},
		{name: "partner-write", hidden: true},
		{name: "partnerserverapplication", hidden: true},
		{name: "simsserverapplication", hidden: true},
		{name: "rapapi", hidden: true},
	}
}

const (
	singleOrganisation   = "partnermanagementapplication"
	severalOrganisations = "simsmultiorgapplication"
	offlineAccess        = "offline_access"
)

func lookupScope(name string) (scope, bool) {
	all := allScopes()
	i := slices.IndexFunc(all, func(s scope) bool { return s.name == name })
	if i < 0 {
		return scope{}, false
	}
	return all[i], true
}

// splitScopes splits a scope parameter at spaces and drops repetitions, keeping the order.
func splitScopes(text string) []string {
	var out []string
	for name := range strings.FieldsSeq(text) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
