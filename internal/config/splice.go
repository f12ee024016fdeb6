package config

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// meaning is what a file says, without how it says it.
type meaning struct {
	def      string
	profiles []profileMeaning
}

type profileMeaning struct {
	name   string
	values map[string][]string
}

func (d *document) meaning() meaning {
	var m meaning
	if d.def != nil {
		m.def = d.def.values[0]
	}
	for _, t := range d.tables {
		if t.bare {
			continue
		}
		p := profileMeaning{t.name, map[string][]string{}}
		for _, e := range t.entries {
			p.values[e.key] = e.values
		}
		m.profiles = append(m.profiles, p)
	}
	return m
}

// replace gives the document with body[start:end] replaced by text. The result is parsed again and has to mean what was
// wanted: an edit that goes wrong in any way changes nothing.
func (d *document) replace(start, end int, text string, want meaning) (*document, error) {
	data := slices.Concat(d.bom, d.body[:start], []byte(text), d.body[end:])
	next, err := parse(d.path, data)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(next.meaning(), want) {
		return nil, &FileError{Path: d.path, Problem: "can't be edited: the result would not say what it should"}
	}
	return next, nil
}

// add appends a table at the end, behind an empty line.
func (d *document) add(name string, values map[string][]string) (*document, error) {
	want := d.meaning()
	said := map[string][]string{}
	maps.Copy(said, values)
	want.profiles = append(want.profiles, profileMeaning{name, said})
	eol := d.eol()
	text := ""
	if len(d.body) > 0 {
		text = d.missingEnd() + eol
	}
	header := name
	if strings.Contains(name, ".") {
		header = quote(name)
	}
	text += "[profile." + header + "]" + eol
	for _, s := range settings {
		if v, ok := values[s.Key]; ok {
			text += s.Key + " = " + encode(s, v) + eol
		}
	}
	return d.replace(len(d.body), len(d.body), text, want)
}

// remove cuts a table: its header with the comment that stands directly above it, what is under it, and the comment that
// stands directly below its last line. A comment between two tables that touches both belongs to the lower one.
func (d *document) remove(name string) (*document, error) {
	want := d.meaning()
	want.profiles = slices.DeleteFunc(want.profiles, func(p profileMeaning) bool { return p.name == name })
	if len(want.profiles) == 0 {
		want.profiles = nil
	}
	i := slices.IndexFunc(d.tables, func(t *table) bool { return !t.bare && t.name == name })
	limit := len(d.body)
	if i+1 < len(d.tables) {
		limit = d.above(i + 1)
	}
	end := lineEnd(d.body, d.tables[i].last())
	for end < limit && d.isComment(end) {
		end = lineEnd(d.body, end)
	}
	start, end := d.gap(d.above(i), end)
	return d.replace(start, end, "", want)
}

// set replaces a key's value where it stands, or puts the key below the table's last one; nil cuts its lines. A comment
// inside a list that is replaced goes with it.
func (d *document) set(name string, s Setting, values []string) (*document, error) {
	t := d.table(name)
	e := t.entry(s.Key)
	if e == nil && values == nil || e != nil && values != nil && slices.Equal(e.values, values) {
		return d, nil
	}
	want := d.meaning()
	i := slices.IndexFunc(want.profiles, func(p profileMeaning) bool { return p.name == name })
	if values == nil {
		delete(want.profiles[i].values, s.Key)
		return d.replace(lineStart(d.body, e.start), lineEnd(d.body, e.end), "", want)
	}
	want.profiles[i].values[s.Key] = values
	if e != nil {
		return d.replace(e.value, e.end, encode(s, values), want)
	}
	at := lineEnd(d.body, t.last())
	text := t.indent(d.body) + s.Key + " = " + encode(s, values) + d.eol()
	if at == len(d.body) {
		text = d.missingEnd() + text
	}
	return d.replace(at, at, text, want)
}

// setDefault replaces the default profile's name where it stands, or puts the statement above the first table and the
// comment that belongs to that; "" cuts it.
func (d *document) setDefault(name string) (*document, error) {
	want := d.meaning()
	want.def = name
	switch {
	case name == "" && d.def == nil || d.def != nil && d.def.values[0] == name:
		return d, nil
	case name == "":
		start, end := d.gap(lineStart(d.body, d.def.start), lineEnd(d.body, d.def.end))
		return d.replace(start, end, "", want)
	case d.def != nil:
		return d.replace(d.def.value, d.def.end, quote(name), want)
	}
	text := "default = " + quote(name) + d.eol()
	if len(d.tables) == 0 {
		return d.replace(len(d.body), len(d.body), d.missingEnd()+text, want)
	}
	at := d.above(0)
	return d.replace(at, at, text+d.eol(), want)
}

// above returns where the block of a table begins: at its header, or at the comment lines directly above that.
func (d *document) above(i int) int {
	floor := 0
	switch {
	case i > 0:
		floor = lineEnd(d.body, d.tables[i-1].last())
	case d.def != nil:
		floor = lineEnd(d.body, d.def.end)
	}
	start := d.tables[i].header
	for start > floor {
		line := lineStart(d.body, start-1)
		if line < floor || !d.isComment(line) {
			break
		}
		start = line
	}
	return start
}

// gap widens a cut by one empty line, so that what is around it doesn't drift apart: the one after, where there is one
// before as well, or the one before at the end of the file.
func (d *document) gap(start, end int) (int, int) {
	before := start == 0 || d.isEmpty(lineStart(d.body, start-1))
	switch {
	case before && end < len(d.body) && d.isEmpty(end):
		return start, lineEnd(d.body, end)
	case before && end == len(d.body) && start > 0:
		return lineStart(d.body, start-1), end
	}
	return start, end
}

// last returns an offset on the last line of a table's header and statements.
func (t *table) last() int {
	if len(t.entries) == 0 {
		return t.header
	}
	return t.entries[len(t.entries)-1].end
}

// indent returns the white space that the table's last statement begins with.
func (t *table) indent(body []byte) string {
	if len(t.entries) == 0 {
		return ""
	}
	start := t.entries[len(t.entries)-1].start
	return string(body[lineStart(body, start):start])
}

// lineStart returns the offset of the beginning of the line that holds an offset.
func lineStart(b []byte, at int) int { return bytes.LastIndexByte(b[:at], '\n') + 1 }

// lineEnd returns the offset after the end of the line that holds an offset.
func lineEnd(b []byte, at int) int {
	if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(b)
}

// lineText returns the line that begins at an offset, without white space around it.
func (d *document) lineText(at int) []byte { return bytes.TrimSpace(d.body[at:lineEnd(d.body, at)]) }

func (d *document) isComment(at int) bool { return bytes.HasPrefix(d.lineText(at), []byte("#")) }

func (d *document) isEmpty(at int) bool { return len(d.lineText(at)) == 0 }

// eol returns the line end that the file uses.
func (d *document) eol() string {
	if i := bytes.IndexByte(d.body, '\n'); i > 0 && d.body[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// missingEnd returns the line end that the last line lacks.
func (d *document) missingEnd() string {
	if len(d.body) == 0 || d.body[len(d.body)-1] == '\n' {
		return ""
	}
	return d.eol()
}

// encode writes a value in TOML.
func encode(s Setting, values []string) string {
	if !s.List {
		return quote(values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes a TOML basic string.
func quote(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range v {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
