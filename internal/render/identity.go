package render

import (
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// organisations writes the section about the organisations of a user: one as labelled values, several as a table.
func (p *printer) organisations(indent int, list []sims.Membership) {
	switch len(list) {
	case 0:
		return
	case 1:
		p.section(indent, "Organisation")
		p.fields(indent+2, organisationFields(list[0]))
		return
	}
	p.section(indent, "Organisations")
	var rows [][]string
	var faulty []field
	shown, more := few(list, "organisation")
	for _, m := range shown {
		if m.Fault != "" {
			faulty = append(faulty, organisationFields(m)...)
			continue
		}
		rows = append(rows, []string{m.OrganisationID, m.TypeWords(), m.UserID})
	}
	if len(rows) > 0 {
		p.table(indent+2, []string{"Organisation id", "Type", "User id"}, rows)
	}
	if len(faulty) > 0 {
		p.gap()
		p.fields(indent+2, faulty)
	}
	p.more(indent+2, more)
}

// organisationFields returns the rows about a user at one organisation. A malformed value is shown as received.
func organisationFields(m sims.Membership) []field {
	if m.Fault != "" {
		return []field{{label: "Malformed", lines: []string{quoted(m.Raw), m.Fault}, st: asWarning}}
	}
	return []field{
		one("User id", m.UserID),
		one("Organisation id", m.OrganisationID),
		one("Organisation type", m.TypeWords()),
	}
}

// subject writes the parts of a sub that has five.
func (p *printer) subject(indent int, sub string) {
	s, ok := sims.ParseSubject(sub)
	if !ok {
		return
	}
	p.section(indent, "Subject, in its five parts")
	p.fields(indent+2, []field{
		{label: "Number", lines: []string{s.NumericID}, note: "the same as the claim providerid"},
		{label: "GUID", lines: []string{s.GUID}},
		{label: "Login name", lines: []string{s.LoginName}, note: "personal data"},
		{label: "Provider", lines: []string{s.Provider}},
		{label: "Last part", lines: []string{s.Session}, note: "differs between tokens of one user: not a key"},
	})
}

// scopes writes scopes with what each gives.
func (p *printer) scopes(indent int, list []string, simsID bool) {
	if len(list) == 0 {
		return
	}
	p.section(indent, "Scopes")
	var rows []field
	shown, more := few(list, "scope")
	for _, s := range shown {
		meaning := scopeMeaning(s, simsID)
		if meaning == "" {
			meaning = "known to the provider alone"
		}
		rows = append(rows, one(s, meaning))
	}
	p.fields(indent+2, rows)
	p.more(indent+2, more)
}

// mostShown is how many of a list people are shown: no user has as many organisations, roles or scopes.
const mostShown = 100

// few cuts a list to what people are shown, and says how much is left away.
func few[T any](list []T, what string) (shown []T, more string) {
	if len(list) <= mostShown {
		return list, ""
	}
	return list[:mostShown], "and " + count(len(list)-mostShown, "more "+what) + ", which -o json shows"
}

func (p *printer) more(indent int, more string) {
	if more != "" {
		p.para(indent, asNote, more)
	}
}

// organisationDoc is a sims.Membership for programs.
type organisationDoc struct {
	OrganisationID string    `json:"organisation_id,omitempty"`
	UserID         string    `json:"user_id,omitempty"`
	Type           string    `json:"type,omitempty"` // in words
	Types          []typeDoc `json:"types,omitempty"`
	Raw            string    `json:"raw"`
	Fault          string    `json:"fault,omitempty"`
}

type typeDoc struct {
	Letter string `json:"letter"`
	Name   string `json:"name"`
	Known  bool   `json:"known"`
}

func organisationDocs(list []sims.Membership) []organisationDoc {
	var docs []organisationDoc
	for _, m := range list {
		d := organisationDoc{Raw: m.Raw, Fault: m.Fault}
		if m.Fault == "" {
			d.OrganisationID, d.UserID, d.Type = m.OrganisationID, m.UserID, m.TypeWords()
			for _, t := range m.Types {
				d.Types = append(d.Types, typeDoc(t))
			}
		}
		docs = append(docs, d)
	}
	return docs
}

// subjectDoc is a five-part sub for programs.
type subjectDoc struct {
	NumericID string `json:"numeric_id"`
	GUID      string `json:"guid"`
	LoginName string `json:"login_name"`
	Provider  string `json:"provider"`
	Session   string `json:"session"`
}

func subjectParts(c token.Object, simsID bool) *subjectDoc {
	if !simsID {
		return nil
	}
	s, ok := sims.ParseSubject(text(c, "sub"))
	if !ok {
		return nil
	}
	d := subjectDoc(s)
	return &d
}
