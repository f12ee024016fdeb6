package render

import (
	"fmt"
	"slices"
	"strings"
)

// Examined is the answer of doctor: each check with its outcome and what mends it.
type Examined struct {
	Profile     string // "" where none could be chosen
	Kind        string
	Title       string // of the kind, for people
	Environment string
	Issuer      string
	ClientID    string
	Flow        string
	Version     string // of simsid
	Platform    string
	Offline     bool
	Checks      []Examination
}

// Examination is one check.
type Examination struct {
	ID      string // for programs: "tls"
	Name    string
	Outcome ExamOutcome
	Says    string
	More    []string // what else is worth knowing
	Mend    []string // each something to paste or to change
}

// ExamOutcome is how a check ended.
type ExamOutcome string

// The outcomes.
const (
	ExamPassed  ExamOutcome = "passed"
	ExamWarning ExamOutcome = "warning"
	ExamFailed  ExamOutcome = "failed"
	ExamNotMade ExamOutcome = "not made"
)

// Count says how many checks ended in one way.
func (v Examined) Count(o ExamOutcome) int {
	n := 0
	for _, c := range v.Checks {
		if c.Outcome == o {
			n++
		}
	}
	return n
}

// Healthy reports whether nothing failed.
func (v Examined) Healthy() bool { return v.Count(ExamFailed) == 0 }

func (v Examined) text(p *printer) {
	failed, warnings := v.Count(ExamFailed), v.Count(ExamWarning)
	switch {
	case failed > 0:
		p.para(0, asError, fmt.Sprintf("Something is wrong: %d of %s failed", failed, count(len(v.Checks), "check")))
	case warnings > 0:
		p.para(0, asWarning, "Nothing wrong was found, and "+count(warnings, "warning")+" to look at")
	default:
		p.para(0, asTitle, "Nothing wrong was found")
	}
	p.gap()
	p.fields(2, v.who())
	p.gap()
	names := 0
	for _, c := range v.Checks {
		names = max(names, width(Safe(c.Name)))
	}
	for _, c := range v.Checks {
		if c.Outcome != ExamNotMade {
			c.text(p, 11, 11+names+2)
		}
	}
	v.notMade(p)
	p.gap()
	p.para(0, nil, v.sum())
	if failed+warnings > 0 {
		p.para(0, asNote, "For a ticket: simsid doctor -o json names neither you nor your folders, and holds no secret.")
	}
}

// notMade lists the checks that weren't made by their reasons: one failure stands in the way of many.
func (v Examined) notMade(p *printer) {
	var reasons []field
	for _, c := range v.Checks {
		if c.Outcome != ExamNotMade {
			continue
		}
		i := slices.IndexFunc(reasons, func(f field) bool { return f.lines[0] == c.Says })
		if i < 0 {
			reasons = append(reasons, field{label: c.Name, lines: []string{c.Says}})
			continue
		}
		reasons[i].label += ", " + c.Name
	}
	if len(reasons) == 0 {
		return
	}
	p.section(0, "Not made")
	for _, f := range reasons {
		p.para(2, nil, f.label+": "+f.lines[0])
	}
}

// who are the fields of whom it is about.
func (v Examined) who() []field {
	list := []field{one("Profile", valueOr(v.Profile, "(none)"))}
	if v.Issuer != "" {
		at := v.Issuer
		if v.Title != "" {
			at = upperFirst(v.Title) + " at " + at
		}
		if v.Environment != "" {
			at += " (" + v.Environment + ")"
		}
		list = append(list, place("Provider", at))
	}
	if v.ClientID != "" {
		list = append(list, one("Client", v.ClientID))
	}
	return list
}

// sum counts the outcomes.
func (v Examined) sum() string {
	parts := []string{}
	for _, n := range []struct {
		n    int
		unit string
	}{{v.Count(ExamFailed), "failed"}, {v.Count(ExamWarning), "warning"}, {v.Count(ExamPassed), "passed"}, {v.Count(ExamNotMade), "not made"}} {
		switch {
		case n.n == 0:
		case n.unit == "warning":
			parts = append(parts, count(n.n, n.unit))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.unit))
		}
	}
	return strings.Join(parts, ", ")
}

// text writes a check: outcome, name and words in columns, and beneath them what mends it, commands unbroken.
func (c Examination) text(p *printer, name, says int) {
	st, word := style(nil), Safe(string(c.Outcome))
	switch c.Outcome {
	case ExamFailed:
		st, word = asError, strings.ToUpper(word)
	case ExamWarning:
		st = asWarning
	case ExamPassed, ExamNotMade:
	}
	lead := []cell{{2, word, st}, {name, Safe(c.Name), asLabel}}
	for _, line := range wrapPaths(Safe(c.Says), p.width-says) {
		col := says
		if says+width(line) > p.width { // a path: further to the left there may be room for all of it
			col = max(min(says, p.width-width(line)), 4)
			if lead != nil {
				p.row(lead...)
			}
			lead = nil
		}
		p.row(append(lead, cell{col, line, nil})...)
		lead = nil
	}
	for _, m := range c.More {
		p.para(says, asNote, m)
	}
	for _, m := range c.Mend {
		p.mend(says, m)
	}
}

// mend writes a way out as hints are written: behind its label, and a command in it on a line of its own, which somebody is to copy and
// which is never broken. One that has no room there begins further to the left; one that nothing has room for at the margin, where a
// terminal's own break takes no part of the indent into the copy.
func (p *printer) mend(indent int, text string) {
	at := indent + 2
	dash := cell{indent, "-", asHeading}
	for _, line := range paragraphs(Safe(text), p.width-at, true) {
		lead := dash
		dash = cell{}
		command := strings.TrimLeft(line, " ")
		switch room := p.width - width(command); {
		case command == line:
			p.row(lead, cell{at, line, nil})
		case room >= at:
			p.row(lead, cell{at, command, asCommand})
		default:
			p.row(cell{leftmost(room), command, asCommand}) // without a dash, which would push it out of the line
		}
	}
}

// leftmost is the column of what has that much room before it.
func leftmost(room int) int {
	const margin = 2
	if room < margin {
		return 0
	}
	return room
}

type examinationDoc struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Outcome string   `json:"outcome"`
	Says    string   `json:"says"`
	More    []string `json:"more,omitempty"`
	Mend    []string `json:"mend,omitempty"`
}

func (v Examined) document() any {
	checks := make([]examinationDoc, 0, len(v.Checks))
	for _, c := range v.Checks {
		checks = append(checks, examinationDoc{c.ID, c.Name, string(c.Outcome), c.Says, c.More, c.Mend})
	}
	return struct {
		Schema      string           `json:"schema"`
		Healthy     bool             `json:"healthy"`
		Profile     string           `json:"profile,omitempty"`
		Kind        string           `json:"kind,omitempty"`
		Environment string           `json:"environment,omitempty"`
		Issuer      string           `json:"issuer,omitempty"`
		ClientID    string           `json:"client_id,omitempty"`
		Flow        string           `json:"flow,omitempty"`
		Version     string           `json:"version"`
		Platform    string           `json:"platform"`
		Offline     bool             `json:"offline"`
		Checks      []examinationDoc `json:"checks"`
	}{
		schema("doctor"), v.Healthy(), v.Profile, v.Kind, v.Environment, v.Issuer, v.ClientID, v.Flow, v.Version, v.Platform, v.Offline, checks,
	}
}
