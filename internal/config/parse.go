package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// document is a configuration file taken apart: what it says, and the bytes that say it.
type document struct {
	path   string
	bom    []byte // a byte order mark, as some editors write it; kept
	body   []byte // the rest; all offsets count from its beginning
	def    *entry // the statement of the default profile
	tables []*table
}

// table is one header and what stands under it.
type table struct {
	bare    bool // [profile] alone, which says nothing
	name    string
	line    int
	header  int // offset of the header's line
	entries []*entry
}

// entry is one statement, key = value.
type entry struct {
	key    string
	values []string
	line   int
	start  int // offset of the key
	value  int // offset of the value
	end    int // offset after the value
}

// table finds a profile's table; nil when there is none.
func (d *document) table(name string) *table {
	if d == nil {
		return nil
	}
	for _, t := range d.tables {
		if !t.bare && t.name == name {
			return t
		}
	}
	return nil
}

// entry finds a key's statement; nil when there is none.
func (t *table) entry(key string) *entry {
	if t == nil {
		return nil
	}
	for _, e := range t.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// parser is the state of one pass over a file. TOML's grammar is the library's; which of its sentences mean something
// here, and that nothing is said twice, is decided below.
type parser struct {
	doc   *document
	lines []int // offsets of line beginnings
	names map[string]*table
	at    *table // the table that statements now belong to; nil before the first header
	done  int    // offset after the last statement
}

// parse reads a whole file. Errors are *FileError.
func parse(path string, data []byte) (*document, error) {
	if len(data) > maxFile {
		return nil, &FileError{Path: path, Problem: fmt.Sprintf("is larger than %d bytes", maxFile)}
	}
	d := &document{path: path}
	if bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(data, bom) {
		d.bom, data = bom, data[len(bom):]
	}
	d.body = data
	p := &parser{doc: d, lines: []int{0}, names: map[string]*table{}}
	for i, c := range d.body {
		if c == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	if i := invalidUTF8(d.body); i >= 0 {
		return nil, p.fault(i, "invalid UTF-8")
	}
	var toml unstable.Parser
	toml.Reset(d.body)
	for toml.NextExpression() {
		if err := p.expression(toml.Expression()); err != nil {
			return nil, err
		}
	}
	if err := toml.Error(); err != nil {
		return nil, p.syntax(&toml, err)
	}
	return d, nil
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// line returns the number of the line that an offset is on, from 1.
func (p *parser) line(offset int) int {
	i, found := slices.BinarySearch(p.lines, offset)
	if found {
		return i + 1
	}
	return i
}

func (p *parser) fault(offset int, problem string) *FileError {
	return &FileError{Path: p.doc.path, Line: p.line(offset), Problem: problem}
}

// syntax words the library's error.
func (p *parser) syntax(toml *unstable.Parser, err error) error {
	parserError, ok := errors.AsType[*unstable.ParserError](err)
	if !ok {
		return &FileError{Path: p.doc.path, Problem: "isn't TOML", Err: err}
	}
	offset := int(toml.Range(parserError.Highlight).Offset)
	if key, at := p.secretLine(offset); key != "" {
		return p.fault(at, secretProblem(key))
	}
	// What follows these words is a character of the file, which may be one of a password.
	problem, _, _ := strings.Cut(parserError.Message, " but got ")
	problem, _, _ = strings.Cut(problem, ": U+")
	if strings.HasPrefix(problem, "unexpected character") || strings.HasPrefix(problem, "expected keyword") {
		problem = "text must stand in quotes"
	}
	problem, _, _ = strings.Cut(problem, " U+")
	return p.fault(offset, "isn't TOML: "+problem)
}

// secretLine looks for a line with a secret's key in the statement that couldn't be read and ends at offset or after it.
func (p *parser) secretLine(offset int) (key string, at int) {
	for at = p.done; at <= offset && at < len(p.doc.body); {
		end := lineEnd(p.doc.body, at)
		text := strings.TrimSpace(string(p.doc.body[at:end]))
		key, _, _ := strings.Cut(text, "=")
		key = strings.Trim(key, " \t\"'")
		if !strings.HasPrefix(text, "#") && looksSecret(key) {
			return key, at
		}
		at = end
	}
	return "", 0
}
