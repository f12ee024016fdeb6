package render

import "strings"

// field is one labelled value.
type field struct {
	label string
	lines []string // each begins on a line of its own
	st    style    // of the value
	note  string   // what the value means
	whole bool     // paths and addresses in it aren't broken inside: somebody is to copy them
}

// one makes a field of a single line.
func one(label, value string) field { return field{label: label, lines: []string{value}} }

// place makes a field that says where something is.
func place(label, value string) field {
	return field{label: label, lines: []string{value}, whole: true}
}

// columns of a list of fields: where values begin, and notes; note 0 means underneath the value.
type columns struct{ value, note int }

const (
	widestValue = 46 // a time with its relative part, a role at a GUID; wider values don't push the notes to the right
	leastNote   = 30 // columns that notes need beside the values
)

// fields writes labels and values in two columns. Notes get a third where there is room, and else stand underneath
// their value.
func (p *printer) fields(indent int, list []field) {
	list = safeFields(list)
	c := p.columns(indent, list)
	for _, f := range list {
		p.field(indent, c, f)
	}
}

func safeFields(list []field) []field {
	out := make([]field, len(list))
	for i, f := range list {
		out[i] = field{label: Safe(f.label), st: f.st, note: Safe(f.note), whole: f.whole}
		for _, l := range f.lines {
			out[i].lines = append(out[i].lines, Safe(l))
		}
	}
	return out
}

// columns measures a list of safe fields.
func (p *printer) columns(indent int, list []field) columns {
	labels, values, notes := 0, 0, false
	for _, f := range list {
		if w := width(f.label); w <= p.width*3/8 {
			labels = max(labels, w)
		}
		for _, l := range f.lines {
			if w := width(l); f.note != "" && w <= widestValue {
				values = max(values, w)
			}
		}
		notes = notes || f.note != ""
	}
	c := columns{value: indent + labels + gutter}
	if at := c.value + values + gutter; notes && p.width-at >= leastNote {
		c.note = at
	}
	return c
}

func (p *printer) field(indent int, c columns, f field) {
	var values []string
	for _, l := range f.lines {
		if f.whole {
			values = append(values, wrapPaths(l, p.width-c.value)...)
		} else {
			values = append(values, wrap(l, p.width-c.value)...)
		}
	}
	names := wrap(f.label, p.width-indent)
	if width(names[0]) > c.value-indent-2 {
		p.rows(block{indent, names, asLabel})
		names = nil
	}
	left := block{indent, names, asLabel}
	right := block{c.value, values, f.st}
	if f.note == "" {
		p.rows(left, right)
		return
	}
	if c.note > 0 && widest(values) <= c.note-c.value-2 {
		p.rows(left, right, block{c.note, wrap(f.note, p.width-c.note), asNote})
		return
	}
	p.rows(left, right)
	p.rows(block{c.value + 2, wrap(f.note, p.width-c.value-2), asNote})
}

func widest(lines []string) int {
	w := 0
	for _, l := range lines {
		w = max(w, width(l))
	}
	return w
}

// table writes rows under a header. Columns that don't fit, from the right, go underneath their row with their name. Each
// cell is a text of one line.
func (p *printer) table(indent int, header []string, body [][]string) {
	safe := make([][]string, len(body))
	for i, r := range body {
		for _, c := range r {
			safe[i] = append(safe[i], Safe(c))
		}
	}
	at, beside := p.tableColumns(indent, header, safe)
	var head []cell
	for i := range beside {
		head = append(head, cell{at[i], header[i], asHeader})
	}
	p.row(head...)
	for n, r := range safe {
		if n > 0 && len(header)-beside > 1 {
			p.gap()
		}
		var cells []block
		for i := range beside {
			room := p.width - at[i]
			if i+1 < beside {
				room = at[i+1] - at[i] - 2
			}
			cells = append(cells, block{at[i], wrap(r[i], room), nil})
		}
		p.rows(cells...)
		var under []field
		for i := beside; i < len(r); i++ {
			if r[i] != "" {
				under = append(under, one(strings.ToLower(header[i]), r[i]))
			}
		}
		p.fields(indent+2, under)
	}
}

// tableColumns says where columns begin, and how many of them stand beside each other.
func (p *printer) tableColumns(indent int, header []string, body [][]string) (at []int, beside int) {
	end := indent
	for i := range header {
		w := width(header[i])
		for _, r := range body {
			w = max(w, width(r[i]))
		}
		if i > 0 && end+w > p.width {
			break
		}
		at = append(at, end)
		end += w + gutter
		beside++
	}
	return at, beside
}
