package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// claims writes the members of a JSON object with what they mean.
func (p *printer) claims(indent int, o token.Object, simsID bool) {
	var list []field
	for _, m := range o.Members() {
		name := m.Name
		if name == "" {
			name = `""`
		}
		list = append(list, field{label: name, lines: p.claimLines(m.Name, m.Value), note: claimMeaning(m.Name, simsID)})
	}
	if len(list) == 0 {
		p.para(indent, nil, "none")
		return
	}
	p.fields(indent, list)
}

// claimLines writes a claim's value for people: a time as a time, an array's elements one per line.
func (p *printer) claimLines(name string, raw json.RawMessage) []string {
	switch name {
	case "exp", "iat", "nbf", "auth_time", "updated_at":
		if t, ok := numericDate(raw); ok {
			return []string{p.moment(t)}
		}
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil || elements == nil {
		return []string{valueText(raw)}
	}
	if len(elements) == 0 {
		return []string{"[] (an empty list)"}
	}
	var lines []string
	for _, e := range elements {
		lines = append(lines, valueText(e))
	}
	return lines
}

// numericDate reads one claim as token.Object reads its members.
func numericDate(raw json.RawMessage) (time.Time, bool) {
	o, err := token.ParseObject(slices.Concat([]byte(`{"t":`), raw, []byte("}")))
	if err != nil {
		return time.Time{}, false
	}
	return o.Time("t")
}

// valueText writes one JSON value: a string bare, everything else as JSON. A string that could be taken for
// something else is put in quotes, because servers write "true" where they document true.
func valueText(raw json.RawMessage) string {
	var s string
	if !bytes.HasPrefix(raw, []byte(`"`)) || json.Unmarshal(raw, &s) != nil {
		return compact(raw)
	}
	switch s {
	case "":
		return `"" (an empty string)`
	case "true", "false", "null":
		return `"` + s + `" (a string)`
	}
	if strings.TrimSpace(s) != s {
		return quoted(s)
	}
	return s
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// quoted puts a text in quotes without changing it otherwise.
func quoted(s string) string { return `"` + s + `"` }

// person says who a set of claims is about, by the first of the usual names: the login is told by a name where there is
// one.
func person(c token.Object) string {
	for _, name := range []string{"name", "preferred_username", "username", "email", "sub"} {
		if s, ok := c.String(name); ok && strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// text returns a member that is a string, else "".
func text(c token.Object, name string) string {
	s, _ := c.String(name)
	return s
}
