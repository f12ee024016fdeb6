package render

import (
	"bytes"
	"strings"
	"time"
)

// Bounds of the width that is laid out for: below, the terminal does the wrapping; above, lines get too long to read.
const (
	minWidth = 40
	maxWidth = 120
	gutter   = 3 // spaces between columns
)

// printer lays text out for people. Views hand foreign text to para, bare, fields, table and their like, which pass it through
// Safe before they measure it; the cells and blocks beneath them hold safe text alone.
type printer struct {
	buf   bytes.Buffer
	theme *Theme // nil: no styling at all
	width int
	now   time.Time
	loc   *time.Location
}

// newPrinter returns an empty page.
func newPrinter(o Options) *printer {
	p := &printer{width: o.Width, now: o.Now, loc: o.Location}
	if p.width == 0 {
		p.width = 80
	}
	p.width = min(max(p.width, minWidth), maxWidth)
	if o.Color {
		p.theme = newTheme()
	}
	return p
}

// style picks a style of the theme; nil leaves text as it is.
type style func(*Theme) Style

func asTitle(t *Theme) Style   { return t.Title }
func asHeading(t *Theme) Style { return t.Heading }
func asHeader(t *Theme) Style  { return t.Header }
func asLabel(t *Theme) Style   { return t.Label }
func asNote(t *Theme) Style    { return t.Note }
func asCommand(t *Theme) Style { return t.Command }
func asWarning(t *Theme) Style { return t.Warning }
func asError(t *Theme) Style   { return t.Error }

// paint styles safe text, where there is colour at all.
func (p *printer) paint(st style, s string) string {
	if p.theme == nil || st == nil {
		return s
	}
	return st(p.theme).paint(s)
}

// gap puts one blank line before what comes next; at the top none.
func (p *printer) gap() {
	b := p.buf.Bytes()
	if len(b) > 0 && !bytes.HasSuffix(b, []byte("\n\n")) {
		p.buf.WriteByte('\n')
	}
}

// para writes a text at an indent, wrapped.
func (p *printer) para(indent int, st style, s string) {
	for _, l := range wrap(Safe(s), p.width-indent) {
		p.row(cell{indent, l, st})
	}
}

// bare writes a line that is to be copied, never wrapped.
func (p *printer) bare(indent int, st style, s string) { p.row(cell{indent, Safe(s), st}) }

// cell is safe text at a column.
type cell struct {
	col  int
	text string
	st   style
}

// row writes one line of cells, from left to right. A cell whose column is already taken follows behind one space.
func (p *printer) row(cells ...cell) {
	at := 0
	for _, c := range cells {
		if c.text == "" {
			continue
		}
		pad := c.col - at
		if at > 0 && pad < 1 {
			pad = 1
		}
		p.buf.WriteString(strings.Repeat(" ", max(pad, 0)))
		p.buf.WriteString(p.paint(c.st, c.text))
		at += max(pad, 0) + width(c.text)
	}
	p.buf.WriteByte('\n')
}

// rows writes columns of lines side by side: the first lines of all in one row, then the second ones.
func (p *printer) rows(columns ...block) {
	n := 1
	for _, b := range columns {
		n = max(n, len(b.lines))
	}
	for i := range n {
		var cells []cell
		for _, b := range columns {
			if i < len(b.lines) {
				cells = append(cells, cell{b.col, b.lines[i], b.st})
			}
		}
		p.row(cells...)
	}
}

// block is lines of safe text that begin at a column.
type block struct {
	col   int
	lines []string
	st    style
}

// section writes the heading of a part of the answer.
func (p *printer) section(indent int, s string) {
	p.gap()
	p.para(indent, asHeading, s)
}

// moment writes a time absolute and relative to now.
func (p *printer) moment(t time.Time) string { return Moment(t, p.now, p.loc) }

// expires says when something ends, or ended.
func (p *printer) expires(t time.Time) string {
	switch {
	case t.IsZero():
		return "the provider didn't say when it ends"
	case !p.now.IsZero() && t.Before(p.now):
		return "expired " + p.moment(t)
	default:
		return "expires " + p.moment(t)
	}
}
