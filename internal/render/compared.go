package render

import (
	"github.com/simsid/simsid/internal/sims"
)

// Compared is the answer of diff: two tokens, of which nobody has verified either.
type Compared struct {
	A, B    ComparedToken
	Changes []sims.Difference
}

// ComparedToken is one of the two.
type ComparedToken struct {
	Source string // as it was named
	Kind   string // in words
}

func (v Compared) text(p *printer) {
	about := AboutUser(v.Changes)
	title := count(len(about), "claim") + " differ"
	switch len(about) {
	case 0:
		title = "No difference"
		if len(v.Changes) > 0 {
			title += " but for times and identifiers"
		}
	case 1:
		title = "One claim differs"
	}
	p.para(0, asTitle, title)
	p.para(2, asNote, "Neither token was verified.")
	p.gap()
	p.fields(2, []field{{label: "A", lines: []string{v.A.words()}}, {label: "B", lines: []string{v.B.words()}}})
	parts := []struct {
		heading string
		is      func(sims.Difference) bool
	}{
		{"Changed", func(d sims.Difference) bool { return !d.OfIssue && d.Before != nil && d.Now != nil }},
		{"Only in A", func(d sims.Difference) bool { return !d.OfIssue && d.Now == nil }},
		{"Only in B", func(d sims.Difference) bool { return !d.OfIssue && d.Before == nil }},
		{"Times and identifiers, which differ in any two tokens", func(d sims.Difference) bool { return d.OfIssue }},
	}
	for i, part := range parts {
		var list []sims.Difference
		for _, d := range v.Changes {
			if part.is(d) {
				list = append(list, d)
			}
		}
		if len(list) == 0 {
			continue
		}
		p.section(0, part.heading)
		if i == 1 || i == 2 {
			p.single(list)
			continue
		}
		p.changed(2, list)
	}
}

// single writes claims that only one of the two tokens has.
func (p *printer) single(list []sims.Difference) {
	var rows []field
	for _, d := range list {
		raw := d.Now
		if raw == nil {
			raw = d.Before
		}
		rows = append(rows, field{label: valueOr(d.Claim, `""`), lines: p.claimLines(d.Claim, raw)})
	}
	p.fields(2, rows)
}

func (t ComparedToken) words() string { return t.Source + " (" + t.Kind + ")" }

type comparedDoc struct {
	Schema  string           `json:"schema"`
	A       comparedTokenDoc `json:"a"`
	B       comparedTokenDoc `json:"b"`
	Differ  bool             `json:"differ"`
	Changes []changeDoc      `json:"changes"`
	Issue   []changeDoc      `json:"times_and_identifiers"`
}

type comparedTokenDoc struct {
	Source string `json:"source"`
	Kind   string `json:"kind"`
}

func (v Compared) document() any {
	about := AboutUser(v.Changes)
	var issue []sims.Difference
	for _, d := range v.Changes {
		if d.OfIssue {
			issue = append(issue, d)
		}
	}
	return comparedDoc{schema("diff"), comparedTokenDoc(v.A), comparedTokenDoc(v.B), len(about) > 0, changeDocs(about), changeDocs(issue)}
}
