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
		return "export " + strings.Join(parts, " ")
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

// astray names the variables and flags by which a profile is for another issuer or client than what is kept of it.
func (s *session) astray(kept tokenstore.Binding) (variables, flags []string) {
	now := s.binding()
	if s.profile.Name == config.EnvProfile { // which is nothing but variables
		return nil, nil
	}
	for _, key := range []string{"client_id", "issuer", "environment", "kind"} {
		same := kept.Same(tokenstore.Binding{Issuer: now.Issuer, ClientID: kept.ClientID})
		if key == "client_id" {
			same = kept.ClientID == now.ClientID
		}
		switch o := s.profile.Origins[key]; {
		case same || !s.profile.Overridden(key):
		case o.Source == config.FromEnvironment:
			variables = append(variables, o.Detail)
		case o.Source == config.FromFlag:
			flags = append(flags, o.Detail)
		}
	}
	return variables, flags
}

// waysBack are the ways on from a login that is withheld, where the session may be another issuer's or client's by a variable or a flag alone.
func (s *session) waysBack(kept tokenstore.Binding) []string {
	variables, flags := s.astray(kept)
	var ways []string
	if len(variables) > 0 {
		ways = append(ways, "to use what is kept: unset "+strings.Join(variables, " "))
	}
	if len(flags) > 0 {
		ways = append(ways, "to use what is kept, leave "+strings.Join(flags, " and ")+" away")
	}
	if len(ways) == 0 {
		return waysBack(s.profile.Name, kept, s.binding())
	}
	return append(ways, "or sign in for "+whose(s.binding(), kept)+", with a profile of its own: simsid profile add NAME --from "+s.profile.Name)
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

// sayWithheld adds to the error of a secret that wasn't found that one is kept, whose it is, and how to have it back: whoever reads on would
// otherwise give that secret to an address which isn't meant.
func (s *session) sayWithheld(e *hintedError) {
	if s.withheld == nil {
		return
	}
	kept := *s.withheld
	e.Text += "; the one that is kept is for " + whose(kept, s.binding()) + ", and is withheld"
	back := "is that the one you mean? " + putBack(s.profile.Name, kept, s.binding())
	for _, key := range []string{"client_id", "issuer"} {
		if s.profile.Overridden(key) {
			back = "leave " + s.profile.Origins[key].Detail + " away to use the one that is kept"
		}
	}
	for i, h := range e.Hints {
		e.Hints[i] = strings.Replace(h, "keep it in the store", "or keep that of "+whose(s.binding(), kept)+" in the store", 1)
	}
	e.Hints = append([]string{back}, e.Hints...)
}

// warnWithheld says of a profile that was changed what of it is withheld from now on: not the secrets that came with the change.
func (s *session) warnWithheld(d draft) {
	o, err := s.storeOptions()
	if err != nil {
		return
	}
	r, ok, err := tokenstore.ReadRecord(o, s.profile.Name)
	kept := r.Binding(s.profile.Name)
	if err != nil || !ok || kept.Same(s.binding()) {
		return
	}
	var what []string
	if !r.SignedInAt.IsZero() && !r.Ended {
		what = append(what, "login")
	}
	fresh := map[tokenstore.SecretKind]bool{
		tokenstore.ClientSecret: !d.secret.IsZero(), tokenstore.ClientKey: !d.key.IsZero(),
		tokenstore.IntrospectionSecret: !d.introspection.IsZero(), tokenstore.APIHeaders: len(d.headers) > 0,
	}
	if slices.ContainsFunc(r.Secrets, func(k tokenstore.SecretKind) bool { return !fresh[k] }) {
		what = append(what, "secrets")
	}
	if len(what) == 0 {
		return
	}
	s.line("warning", "what is kept of this profile (%s) is for %s, and is withheld from now on", strings.Join(what, ", "), whose(kept, s.binding()))
	s.line("hint", "put it back: %s", putBack(s.profile.Name, kept, s.binding()))
}

// movesBinding reports whether an edit may have made a profile another issuer's or client's.
func movesBinding(changed map[string][]string) bool {
	for _, key := range []string{"issuer", "client_id", "environment", "kind"} {
		if _, ok := changed[key]; ok {
			return true
		}
	}
	return false
}
