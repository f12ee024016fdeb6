package render

import (
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/sims"
)

// findings writes what is worth knowing about a token: how bad it is and what was seen, why it matters, what to do.
func (p *printer) findings(list []sims.Finding) {
	if len(list) == 0 {
		return
	}
	p.section(0, "Findings")
	for i, f := range list {
		if i > 0 {
			p.gap()
		}
		st := asHeading
		switch f.Severity {
		case sims.Error:
			st = asError
		case sims.Warning:
			st = asWarning
		case sims.Note:
		}
		severity := Safe(string(f.Severity)) + ":"
		at := 2 + width(severity) + 1
		p.rows(block{2, []string{severity}, st}, block{at, wrap(Safe(f.Seen), p.width-at), nil})
		for _, part := range []struct{ label, text string }{{"why:", f.Why}, {"do:", f.Do}, {"see:", f.Source}} {
			if part.text != "" {
				const why = 4 + len("why: ")
				p.rows(block{4, []string{part.label}, asNote}, block{why, wrap(Safe(part.text), p.width-why), nil})
			}
		}
	}
}

// briefFindings is findings without the reasons.
func (p *printer) briefFindings(list []sims.Finding) {
	short := slices.Clone(list)
	for i := range short {
		short[i].Why, short[i].Source = "", ""
	}
	p.findings(short)
}

// next writes what to type next. Commands are never wrapped, since they are to be copied; their comments stand in a column
// of their own where there is room for all, and else above.
func (p *printer) next(list []string) {
	if len(list) == 0 {
		return
	}
	p.section(0, "Next")
	p.commands(list)
}

func (p *printer) commands(list []string) {
	const indent = 2
	at, fits := 0, true
	for _, l := range list {
		c, _ := splitComment(l)
		at = max(at, indent+width(c)+gutter)
	}
	for _, l := range list {
		_, comment := splitComment(l)
		fits = fits && at+width(comment) <= p.width
	}
	for _, l := range list {
		c, comment := splitComment(l)
		if fits {
			p.row(cell{indent, c, asCommand}, cell{at, comment, asNote})
			continue
		}
		if comment != "" {
			p.para(indent, asNote, comment)
		}
		p.row(cell{indent, c, asCommand})
	}
}

// splitComment takes a safe command line and its comment apart, which stand two spaces and a # apart.
func splitComment(s string) (line, comment string) {
	line, comment, found := strings.Cut(Safe(s), "  #")
	if !found {
		return line, ""
	}
	return line, "#" + comment
}

// findingDoc is a sims.Finding for programs.
type findingDoc struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Seen     string `json:"seen"`
	Why      string `json:"why,omitempty"`
	Do       string `json:"do,omitempty"`
	Source   string `json:"source,omitempty"`
}

func findingDocs(list []sims.Finding) []findingDoc {
	var docs []findingDoc
	for _, f := range list {
		docs = append(docs, findingDoc{f.ID, string(f.Severity), f.Seen, f.Why, f.Do, f.Source})
	}
	return docs
}
