package render

import (
	"encoding/json"
	"strings"

	"github.com/simsid/simsid/internal/sims"
)

// changed writes differences: what a list has gained and lost, and of everything else what it was and what it is.
func (p *printer) changed(indent int, list []sims.Difference) {
	var rows []field
	for _, d := range list {
		f := field{label: valueOr(d.Claim, `""`), note: d.Note}
		switch {
		case d.List && len(d.Added)+len(d.Removed) > 0:
			for _, v := range d.Removed {
				f.lines = append(f.lines, "- "+v)
			}
			for _, v := range d.Added {
				f.lines = append(f.lines, "+ "+v)
			}
		case d.List:
			f.lines, f.note = []string{d.Note}, ""
		default:
			f.lines = append(p.changeLines("was ", d.Claim, d.Before), p.changeLines("now ", d.Claim, d.Now)...)
		}
		rows = append(rows, f)
	}
	p.fields(indent, rows)
}

// changeLines writes one side of a change, the lines of an array underneath each other.
func (p *printer) changeLines(word, claim string, raw json.RawMessage) []string {
	if raw == nil {
		return []string{word + "absent"}
	}
	lines := p.claimLines(claim, raw)
	for i := range lines {
		lines[i] = word + lines[i]
		word = strings.Repeat(" ", len(word))
	}
	return lines
}

// changeDoc is a sims.Difference for programs.
type changeDoc struct {
	Claim   string          `json:"claim"`
	Before  json.RawMessage `json:"before,omitempty"` // missing: absent
	Now     json.RawMessage `json:"now,omitempty"`
	Added   []string        `json:"added,omitempty"`
	Removed []string        `json:"removed,omitempty"`
	Note    string          `json:"note,omitempty"`
}

func changeDocs(list []sims.Difference) []changeDoc {
	docs := []changeDoc{}
	for _, d := range list {
		docs = append(docs, changeDoc{d.Claim, jsonText(string(d.Before)), jsonText(string(d.Now)), d.Added, d.Removed, d.Note})
	}
	return docs
}

// AboutUser leaves out what differs between any two tokens.
func AboutUser(list []sims.Difference) []sims.Difference {
	var about []sims.Difference
	for _, d := range list {
		if !d.OfIssue {
			about = append(about, d)
		}
	}
	return about
}
