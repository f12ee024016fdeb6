package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// table is a table of the file: what stands under one header, or between braces.
type table struct {
	line    int
	entries []*entry
	header  bool // it had a header of its own: a second one would say it twice
}

// entry is a key with what it is set to: a value, a table, or a list of tables.
type entry struct {
	key    string
	line   int
	value  *value
	table  *table
	tables []*table
}

// value is what stands behind the sign.
type value struct {
	line  int
	kind  unstable.Kind
	text  string   // of a scalar: a string without its quotes, everything else as it stands there
	items []*value // of an array
	table *table   // of an inline table
}

func (t *table) entry(key string) *entry {
	for _, e := range t.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// entryLine is the line of an entry, or else of the table.
func (t *table) entryLine(key string) int {
	if e := t.entry(key); e != nil {
		return e.line
	}
	return t.line
}

// step goes down to an entry that a configuration's path names, to its nth item where n isn't negative. It returns the table
// there, nil when there is none, and the nearest line that it knows. Paths name lists in the plural, which the file doesn't.
func (t *table) step(name string, n, line int) (*table, int) {
	e := t.entry(name)
	if e == nil {
		e = t.entry(strings.TrimSuffix(name, "s"))
	}
	switch {
	case e == nil:
		return nil, line
	case n < 0:
		return e.table, e.line
	case n < len(e.tables):
		return e.tables[n], e.tables[n].line
	case e.value != nil && n < len(e.value.items):
		return e.value.items[n].table, e.value.items[n].line
	case e.table != nil && n < len(e.table.entries):
		return nil, e.table.entries[n].line
	}
	return nil, e.line
}

// parser is one pass over a file. TOML's grammar is the library's; that nothing is said twice is decided here.
type parser struct {
	name  string
	body  []byte
	lines []int // offsets of line beginnings
	root  *table
	at    *table // what statements belong to
	last  int    // the line that was read last, for values that have no place of their own
}

// parse reads a file's form. Errors are *Error.
func parse(name string, data []byte) (*table, error) {
	if len(data) > maxFile {
		return nil, &Error{File: name, Problem: fmt.Sprintf("is larger than %d bytes", maxFile)}
	}
	data = []byte(strings.TrimPrefix(string(data), "\ufeff")) // a byte order mark, as some editors write it
	p := &parser{name: name, body: data, lines: []int{0}, root: &table{line: 1}}
	p.at = p.root
	for i, c := range data {
		if c == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, p.fault(p.line(i), "invalid UTF-8")
		}
		i += n
	}
	if line := p.tooDeep(); line > 0 {
		return nil, p.fault(line, "brackets lie too deep within one another")
	}
	var toml unstable.Parser
	toml.Reset(data)
	for toml.NextExpression() {
		if err := p.expression(toml.Expression()); err != nil {
			return nil, err
		}
	}
	if err := toml.Error(); err != nil {
		return nil, p.syntax(&toml, err)
	}
	return p.root, nil
}

// tooDeep returns the line on which brackets lie too deep for the library, which calls itself for each. It counts brackets in
// strings and comments too: who has hundreds of them open at once means no scenario.
func (p *parser) tooDeep() int {
	const limit = 1000
	open := 0
	for i, c := range p.body {
		switch c {
		case '[', '{':
			if open++; open > limit {
				return p.line(i)
			}
		case ']', '}':
			open--
		}
	}
	return 0
}

// line returns the number of the line that an offset is on, from 1.
func (p *parser) line(offset int) int {
	i, found := slices.BinarySearch(p.lines, offset)
	if found {
		return i + 1
	}
	return i
}

func (p *parser) fault(line int, problem string) *Error {
	return &Error{File: p.name, Line: line, Problem: problem}
}

// syntax words the library's error, without the character that it stumbled over: it may be one of a password.
func (p *parser) syntax(toml *unstable.Parser, err error) error {
	fault, ok := errors.AsType[*unstable.ParserError](err)
	if !ok {
		return &Error{File: p.name, Problem: "isn't TOML"}
	}
	problem, _, _ := strings.Cut(fault.Message, " but got ")
	problem, _, _ = strings.Cut(problem, ": U+")
	if strings.HasPrefix(problem, "unexpected character") || strings.HasPrefix(problem, "expected keyword") {
		problem = "text must stand in quotes"
	}
	problem, _, _ = strings.Cut(problem, " U+")
	return p.fault(p.line(int(toml.Range(fault.Highlight).Offset)), "isn't TOML: "+problem)
}

// expression takes one header or statement.
func (p *parser) expression(e *unstable.Node) error {
	keys, line := p.keys(e)
	p.last = line
	switch e.Kind {
	case unstable.KeyValue:
		return p.set(p.at, keys, line, e.Value())
	case unstable.Table, unstable.ArrayTable:
		return p.open(keys, line, e.Kind == unstable.ArrayTable)
	default:
		return p.fault(line, "isn't a statement that a scenario has")
	}
}

func (p *parser) keys(e *unstable.Node) (keys []string, line int) {
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if keys == nil {
			line = p.line(int(n.Raw.Offset))
		}
		keys = append(keys, string(n.Data))
	}
	return keys, line
}

// open takes the header [a.b] or [[a.b]].
func (p *parser) open(keys []string, line int, list bool) error {
	parent, err := p.within(p.root, keys[:len(keys)-1], line)
	if err != nil {
		return err
	}
	key := keys[len(keys)-1]
	made := &table{line: line, header: true}
	e := parent.entry(key)
	switch {
	case e == nil && list:
		parent.entries = append(parent.entries, &entry{key: key, line: line, tables: []*table{made}})
	case e == nil:
		parent.entries = append(parent.entries, &entry{key: key, line: line, table: made})
	case list && e.tables != nil:
		e.tables = append(e.tables, made)
	case !list && e.table != nil && !e.table.header:
		made, e.table.header, e.line = e.table, true, line
	default:
		return p.fault(line, fmt.Sprintf("%s stands on line %d already", strconv.Quote(clip(key)), e.line))
	}
	p.at = made
	return nil
}

// within goes down to the table that a dotted key names, and makes what is missing. Of a list it is the last table.
func (p *parser) within(t *table, keys []string, line int) (*table, error) {
	for _, key := range keys {
		e := t.entry(key)
		if e == nil {
			e = &entry{key: key, line: line, table: &table{line: line}}
			t.entries = append(t.entries, e)
		}
		switch {
		case e.table != nil:
			t = e.table
		case e.tables != nil:
			t = e.tables[len(e.tables)-1]
		default:
			return nil, p.fault(line, fmt.Sprintf("%s is set on line %d already", strconv.Quote(clip(key)), e.line))
		}
	}
	return t, nil
}

// set takes key = value.
func (p *parser) set(t *table, keys []string, line int, n *unstable.Node) error {
	t, err := p.within(t, keys[:len(keys)-1], line)
	if err != nil {
		return err
	}
	key := keys[len(keys)-1]
	if e := t.entry(key); e != nil {
		return p.fault(line, fmt.Sprintf("%s is set on line %d already", strconv.Quote(clip(key)), e.line))
	}
	v, err := p.value(n)
	if err != nil {
		return err
	}
	e := &entry{key: key, line: line, value: v}
	if v.kind == unstable.InlineTable {
		e.table = v.table
		e.table.header = true
	}
	t.entries = append(t.entries, e)
	return nil
}

func (p *parser) value(n *unstable.Node) (*value, error) {
	if n.Raw.Length > 0 {
		p.last = p.line(int(n.Raw.Offset))
	}
	v := &value{line: p.last, kind: n.Kind}
	switch n.Kind {
	case unstable.Array:
		for it := n.Children(); it.Next(); {
			item, err := p.value(it.Node())
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, item)
		}
	case unstable.InlineTable:
		v.table = &table{line: v.line}
		for it := n.Children(); it.Next(); {
			keys, line := p.keys(it.Node())
			p.last = line
			if err := p.set(v.table, keys, line, it.Node().Value()); err != nil {
				return nil, err
			}
		}
	default:
		v.text = string(n.Data)
	}
	return v, nil
}

// clip cuts foreign text to a length that fits into a message.
func clip(s string) string {
	const limit = 100
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
