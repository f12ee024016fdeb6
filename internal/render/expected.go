package render

import "github.com/simsid/simsid/internal/sims"

// expected writes how expectations came out.
func (p *printer) expected(list []sims.Met) {
	if len(list) == 0 {
		return
	}
	p.section(0, "Expected")
	const outcome, text = 2, 2 + len("yes") + gutter
	for _, m := range list {
		word, st := "yes", style(nil)
		if !m.Holds {
			word, st = "NO", asError
		}
		seen := m.Seen
		if m.Where != "" {
			seen += ", in the " + m.Where
		}
		p.rows(block{outcome, []string{word}, st}, block{text, wrap(Safe(m.Expectation.Text), p.width-text), nil})
		p.rows(block{text + 2, wrap(Safe(seen), p.width-text-2), asNote})
		if hint := m.Hint(); hint != "" {
			p.rows(block{text + 2, wrap(hint, p.width-text-2), asNote})
		}
	}
}

// expectedDoc is a sims.Met for programs.
type expectedDoc struct {
	Expectation string `json:"expectation"`
	Holds       bool   `json:"holds"`
	Token       string `json:"token,omitempty"`
	Seen        string `json:"seen"`
}

func expectedDocs(list []sims.Met) []expectedDoc {
	var docs []expectedDoc
	for _, m := range list {
		docs = append(docs, expectedDoc{m.Expectation.Text, m.Holds, m.Where, m.Seen})
	}
	return docs
}
