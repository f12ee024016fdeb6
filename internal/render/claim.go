package render

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// ClaimError says that an answer doesn't have the claim that was asked for. It holds names alone, no values.
type ClaimError struct {
	Name  string
	Known []string // the claims that are there, in order
}

func (e *ClaimError) Error() string { return "there is no claim " + quoted(e.Name) }

// RefutedError says that a claim is kept back, since a check of its token failed: a script that overlooks the exit code must not take
// it for true.
type RefutedError struct {
	Name   string
	Failed []string // the checks' names
}

func (e *RefutedError) Error() string {
	return "the claim " + quoted(e.Name) + " is kept back, since the token doesn't hold: " + strings.Join(e.Failed, ", ")
}

// claimSource is what claims of an answer come from.
type claimSource struct {
	claims     token.Object
	unverified string   // why nobody has verified them; "" where somebody has
	failed     []string // checks that failed: nothing is given out then
}

// claimed is a view of which one claim can be asked for. The first source that has it counts.
type claimed interface {
	View
	claimSources() []claimSource
}

// Unverified says why the claim that o asks for was verified by nobody; "" where it was, or where there is none.
func Unverified(v View, o Options) string {
	_, source, err := findClaim(v, o.Claim)
	if err != nil {
		return ""
	}
	return source.unverified
}

// findClaim looks a claim up: by its whole name in each source, and then, where the name has dots, as a path into objects.
func findClaim(v View, name string) (json.RawMessage, claimSource, error) {
	c, ok := v.(claimed)
	if !ok {
		return nil, claimSource{}, &ClaimError{Name: name}
	}
	var known []string
	sources := c.claimSources()
	for _, find := range []func(token.Object, string) (json.RawMessage, bool){token.Object.Get, reach} {
		for _, s := range sources {
			value, ok := find(s.claims, name)
			switch {
			case ok && len(s.failed) > 0:
				return nil, s, &RefutedError{Name: name, Failed: s.failed}
			case ok:
				return value, s, nil
			}
		}
	}
	for _, s := range sources {
		for _, m := range s.claims.Members() {
			known = append(known, names(m)...)
		}
	}
	return nil, claimSource{}, &ClaimError{Name: name, Known: known}
}

// names are what a member can be asked for as: its name, or those of the organisations' columns.
func names(m token.Member) []string {
	if m.Name != "org" {
		return []string{m.Name}
	}
	inner, err := token.ParseObject(m.Value)
	if err != nil {
		return []string{m.Name}
	}
	var list []string
	for _, part := range inner.Members() {
		list = append(list, "org."+part.Name)
	}
	return list
}

// reach follows a path of names that are joined by dots. Names have dots too, so that the longest that is there is taken first.
func reach(o token.Object, path string) (json.RawMessage, bool) {
	for at := len(path); at > 0; at = strings.LastIndexByte(path[:at], '.') {
		value, ok := o.Get(path[:at])
		if !ok {
			continue
		}
		if at == len(path) {
			return value, true
		}
		inner, err := token.ParseObject(value)
		if err != nil {
			continue
		}
		if found, ok := reach(inner, path[at+1:]); ok {
			return found, true
		}
	}
	return nil, false
}

// claimValue writes one claim: a text bare, a list one element a line, whatever else as it stands in the token. To a terminal control
// characters are escaped; what a program reads is exact.
func claimValue(v View, o Options) ([]byte, error) {
	raw, _, err := findClaim(v, o.Claim)
	if err != nil {
		return nil, err
	}
	if o.JSON {
		return append(safeJSON([]byte(compact(raw))), '\n'), nil
	}
	values := []json.RawMessage{raw}
	if bytes.HasPrefix(raw, []byte("[")) && json.Unmarshal(raw, &values) != nil {
		values = []json.RawMessage{raw} // cannot be: an Object's values are valid JSON
	}
	var out bytes.Buffer
	for _, value := range values {
		text := compact(value)
		if bytes.HasPrefix(value, []byte(`"`)) {
			_ = json.Unmarshal(value, &text) // a string of an Object always decodes
		}
		if !o.Exact {
			text = Safe(text)
		}
		out.WriteString(text)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

func (v Userinfo) claimSources() []claimSource {
	return []claimSource{{claims: v.Claims}, {claims: orgColumns(v.Memberships)}}
}

func (v Introspected) claimSources() []claimSource {
	return []claimSource{{claims: v.Result.Claims}, {claims: orgColumns(sims.Memberships(v.Result.Claims))}}
}

// orgColumns are organisations by the names that expectations have for their parts, org.id, org.user and org.type, one value for each
// organisation; malformed values are in none.
func orgColumns(list []sims.Membership) token.Object {
	if len(list) == 0 {
		return token.Object{}
	}
	org := map[string][]string{"id": {}, "user": {}, "type": {}}
	for _, m := range list {
		if m.OrganisationID != "" {
			org["id"] = append(org["id"], m.OrganisationID)
			org["user"] = append(org["user"], m.UserID)
			org["type"] = append(org["type"], m.Letters)
		}
	}
	b, err := json.Marshal(map[string]any{"org": org})
	if err != nil {
		return token.Object{} // lists of texts always encode
	}
	o, err := token.ParseObject(b)
	if err != nil {
		return token.Object{}
	}
	return o
}

func (v Decoded) claimSources() []claimSource {
	var sources []claimSource
	for _, t := range v.Tokens {
		if t.JWT == nil {
			continue
		}
		s := claimSource{claims: t.claims()}
		orgs := claimSource{claims: orgColumns(sims.Memberships(s.claims))}
		if !t.verified() {
			s.unverified, s.failed = t.reason(), t.refuted()
			orgs.unverified, orgs.failed = s.unverified, s.failed
		}
		sources = append(sources, s, orgs)
	}
	return sources
}

// refuted names the checks that show a token to be another than it says. That it has ended doesn't: what it said was true.
func (t DecodedToken) refuted() []string {
	var names []string
	if t.Verification != nil {
		for _, c := range t.Verification.Checks {
			if c.Outcome == provider.Failed && c.Name != "expiry" {
				names = append(names, c.Name)
			}
		}
	}
	return names
}
