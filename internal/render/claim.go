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
	name       string // "access" or "id": a name that begins with it and a dot means this source; "" for none
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

// findClaim looks a claim up: by its whole name in each source, and then, where the name has dots, as a path: into objects, or from the
// name of a token.
func findClaim(v View, name string) (json.RawMessage, claimSource, error) {
	c, ok := v.(claimed)
	if !ok {
		return nil, claimSource{}, &ClaimError{Name: name}
	}
	sources := c.claimSources()
	for _, find := range []func(claimSource, string) (json.RawMessage, bool){
		func(s claimSource, name string) (json.RawMessage, bool) { return s.claims.Get(name) },
		func(s claimSource, name string) (json.RawMessage, bool) { return reach(s.claims, name) },
		claimSource.own,
	} {
		for _, s := range sources {
			value, ok := find(s, name)
			switch {
			case ok && len(s.failed) > 0:
				return nil, s, &RefutedError{Name: name, Failed: s.failed}
			case ok:
				return value, s, nil
			}
		}
	}
	var known []string
	for _, s := range sources {
		for _, m := range s.claims.Members() {
			known = append(known, names(m)...)
		}
	}
	return nil, claimSource{}, &ClaimError{Name: name, Known: known}
}

// own looks up a name that begins with the source's.
func (s claimSource) own(name string) (json.RawMessage, bool) {
	rest, mine := strings.CutPrefix(name, s.name+".")
	if s.name == "" || !mine {
		return nil, false
	}
	return reach(s.claims, rest)
}

// names are what a member can be asked for as: its name, or those of the parts that it is a holder of.
func names(m token.Member) []string {
	if m.Name != "org" && m.Name != "role" && m.Name != "header" {
		return []string{m.Name}
	}
	inner, err := token.ParseObject(m.Value)
	if err != nil {
		return []string{m.Name}
	}
	var list []string
	for _, part := range inner.Members() {
		list = append(list, m.Name+"."+part.Name)
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
	return []claimSource{{claims: v.Claims}, {claims: parts(v.Claims, sims.Memberships(v.Claims), nil)}}
}

func (v Introspected) claimSources() []claimSource {
	claims := v.Result.Claims
	return []claimSource{{claims: claims}, {claims: parts(claims, sims.Memberships(claims), nil)}}
}

// parts are what expectations know beside claims, by the same names: org.id, org.user and org.type with one value for each organisation
// that isn't malformed, role.name and role.org with one for each role, and the members of a header.
func parts(claims token.Object, list []sims.Membership, header *token.Header) token.Object {
	all := map[string]any{}
	if len(list) > 0 {
		id, user, letters := []string{}, []string{}, []string{}
		for _, m := range list {
			if m.OrganisationID != "" {
				id, user, letters = append(id, m.OrganisationID), append(user, m.UserID), append(letters, m.Letters)
			}
		}
		all["org"] = map[string][]string{"id": id, "user": user, "type": letters}
	}
	if roles := sims.Roles(claims); len(roles) > 0 {
		name, org := []string{}, []string{}
		for _, r := range roles {
			name, org = append(name, r.Name), append(org, r.OrganisationID)
		}
		all["role"] = map[string][]string{"name": name, "org": org}
	}
	if header != nil {
		all["header"] = header.Object
	}
	b, err := json.Marshal(all)
	if err != nil {
		return token.Object{} // lists of texts, and an object, always encode
	}
	o, err := token.ParseObject(b)
	if err != nil {
		return token.Object{} // nested as deeply as an object may be, its holder is too deep
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
		switch t.Kind {
		case token.KindAccess:
			s.name = "access"
		case token.KindID:
			s.name = "id"
		default:
		}
		if !t.verified() {
			s.unverified, s.failed = t.reason(), t.refuted()
		}
		more := s
		more.claims = parts(s.claims, sims.Memberships(s.claims), &t.JWT.Header)
		sources = append(sources, s, more)
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
