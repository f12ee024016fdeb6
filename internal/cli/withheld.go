package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// withheldFrom is whom a profile is for: what is kept for another issuer or client isn't given out to it.
func withheldFrom(p config.Profile) tokenstore.Binding {
	return tokenstore.Binding{Profile: p.Name, Issuer: p.Issuer, ClientID: p.ClientID}
}

// putBack is what makes a profile again that of the issuer and client which what is kept belongs to.
func putBack(name string, kept, now tokenstore.Binding) string {
	var keys, values []string
	if !kept.Same(tokenstore.Binding{Issuer: now.Issuer, ClientID: kept.ClientID}) {
		keys, values = append(keys, "issuer"), append(values, kept.Issuer)
	}
	if kept.ClientID != now.ClientID {
		keys, values = append(keys, "client_id"), append(values, kept.ClientID)
	}
	var parts []string
	for _, setting := range config.Settings() {
		i := slices.Index(keys, setting.Key)
		switch {
		case i < 0:
		case name == config.EnvProfile:
			parts = append(parts, setting.Env+"="+shellWord(values[i]))
		default:
			parts = append(parts, "--"+setting.Flag+" "+shellWord(values[i]))
		}
	}
	if name == config.EnvProfile {
		return strings.Join(parts, " ")
	}
	return "simsid profile edit " + name + " " + strings.Join(parts, " ")
}

// waysBack are the ways on from a login that is withheld since its profile is another issuer's or client's now.
func waysBack(name string, kept, now tokenstore.Binding) []string {
	return []string{
		"put it back: " + putBack(name, kept, now),
		"or sign in anew in its place: simsid login -p " + name,
	}
}

// whose says whose something is that is kept for a binding, as far as that differs from who is meant.
func whose(kept, now tokenstore.Binding) string {
	switch {
	case kept.ClientID == now.ClientID:
		return kept.Issuer
	case kept.Same(tokenstore.Binding{Issuer: now.Issuer, ClientID: kept.ClientID}):
		return "client " + kept.ClientID
	}
	return fmt.Sprintf("client %s at %s", kept.ClientID, kept.Issuer)
}
