package emulator

import (
	"slices"
	"strings"
)

// Scopes that mean something to the server itself.
const (
	openID               = "openid"
	offlineAccess        = "offline_access"
	singleOrganisation   = "partnermanagementapplication"
	severalOrganisations = "simsmultiorgapplication"
)

func (s *Server) lookupScope(name string) (ScopeConfig, bool) {
	i := slices.IndexFunc(s.scopes, func(sc ScopeConfig) bool { return sc.Name == name })
	if i < 0 {
		return ScopeConfig{}, false
	}
	return s.scopes[i], true
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
