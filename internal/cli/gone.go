package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// againLines are what gives secrets again that are on record and lost: in one line, which can be pasted.
func againLines(profile string, kinds []tokenstore.SecretKind) []string {
	var flags []string
	for _, secret := range []struct {
		kind tokenstore.SecretKind
		flag string
	}{
		{tokenstore.ClientSecret, "--client-secret-file FILE"}, {tokenstore.ClientKey, "--client-key-file FILE"},
		{tokenstore.IntrospectionSecret, "--introspection-secret-file FILE"}, {tokenstore.APIHeaders, "--api-header-file HEADER=FILE"},
	} {
		if slices.Contains(kinds, secret.kind) {
			flags = append(flags, secret.flag)
		}
	}
	if len(flags) == 0 || profile == config.EnvProfile {
		return []string{"give it by its variable: simsid help environment"}
	}
	lines := []string{"give again what was kept: simsid profile edit " + profile + " " + strings.Join(flags, " ")}
	if slices.Contains(kinds, tokenstore.APIHeaders) {
		lines = append(lines, "or do without a header: simsid profile edit "+profile+" --api-header-file HEADER=")
	}
	return lines
}

// secretNames says which secrets are meant, as the subject of a sentence.
func secretNames(kinds []tokenstore.SecretKind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, strings.Replace(strings.ReplaceAll(string(k), "-", " "), "api", "API", 1))
	}
	if len(names) == 1 && kinds[0] != tokenstore.APIHeaders {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// secretsAgain are the ways out where the file of secrets is damaged, by what is on record of it.
func (a *app) secretsAgain(err error) []string {
	profile := "NAME"
	kinds := []tokenstore.SecretKind{tokenstore.ClientSecret}
	if pe, ok := errors.AsType[*profileError](err); ok && pe.Profile != "" {
		profile = pe.Profile
		o, oerr := a.storeOptions()
		if r, recorded, rerr := tokenstore.ReadRecord(o, profile); oerr == nil && rerr == nil && recorded && len(r.Secrets) > 0 {
			kinds = r.Secrets
		}
	}
	return againLines(profile, kinds)
}

// goneHeaders refuses a call whose header is on record and nowhere to be found: without it the API would answer another caller than is meant, or
// none.
func (s *session) goneHeaders() error {
	return &hintedError{Code: exitStore, Text: "the API headers that are on record of profile " + s.profile.Name + " are not in the store any more; nothing was sent",
		Hints: againLines(s.profile.Name, []tokenstore.SecretKind{tokenstore.APIHeaders})}
}
