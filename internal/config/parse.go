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

// expression takes one header or statement.
func (p *parser) expression(e *unstable.Node) error {
	var key []string
	var start, end int
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if len(key) == 0 {
			start = int(n.Raw.Offset)
		}
		key = append(key, string(n.Data))
		end = int(n.Raw.Offset + n.Raw.Length)
	}
	if i := slices.IndexFunc(key, looksSecret); i >= 0 && !isProfileHeader(e.Kind, key) {
		return p.fault(start, secretProblem(key[i]))
	}
	switch e.Kind {
	case unstable.KeyValue:
		s := &entry{key: key[0], line: p.line(start), start: start, end: int(e.Raw.Offset + e.Raw.Length)}
		// Between key and value the grammar has only white space and the sign.
		s.value = end + len(p.doc.body[end:s.end]) - len(bytes.TrimLeft(p.doc.body[end:s.end], " \t="))
		p.done = s.end
		return p.statement(s, key, e.Value())
	case unstable.Table:
		p.done = end
		return p.header(start, key)
	default:
		return p.fault(start, fmt.Sprintf("%q is a list of tables, which this file has none of", clip(strings.Join(key, "."))))
	}
}

// isProfileHeader tells a profile that has a name like "token-test" from a key.
func isProfileHeader(kind unstable.Kind, key []string) bool {
	return kind == unstable.Table && len(key) == 2 && key[0] == "profile"
}

// header takes [profile.NAME].
func (p *parser) header(start int, key []string) error {
	t := &table{line: p.line(start), header: p.lines[p.line(start)-1]}
	switch {
	case key[0] != "profile":
		e := p.fault(start, fmt.Sprintf("unknown table %q: profiles are tables named [profile.NAME]", clip(strings.Join(key, "."))))
		e.Suggest = nearest(key[0], []string{"profile"})
		if len(key) == 1 && e.Suggest == "" && CheckName(key[0]) == nil {
			e.Suggest = "profile." + key[0]
		}
		return e
	case len(key) == 1:
		t.bare = true
	case len(key) > 2:
		return p.fault(start, fmt.Sprintf("a profile's name that has a dot stands in quotes: [profile.%q]", clip(strings.Join(key[1:], "."))))
	default:
		t.name = key[1]
		if err := p.checkHeader(start, t.name); err != nil {
			return err
		}
	}
	// Where files and keyrings ignore case, so do the places that tokens are kept in.
	id := strings.ToLower(t.name)
	if other := p.names[id]; other != nil {
		problem := fmt.Sprintf("the table stands on line %d already", other.line)
		if other.name != t.name {
			problem = fmt.Sprintf("profile %q differs only in case from %q on line %d", t.name, other.name, other.line)
		}
		return p.fault(start, problem)
	}
	p.names[id] = t
	p.at = t
	p.doc.tables = append(p.doc.tables, t)
	return nil
}

func (p *parser) checkHeader(start int, name string) error {
	if err, ok := errors.AsType[*ValueError](CheckName(name)); ok {
		return p.fault(start, fmt.Sprintf("a profile's name %s", err.Problem))
	}
	if name == EnvProfile {
		return p.fault(start, reservedProblem(name))
	}
	return nil
}

func reservedProblem(name string) string {
	return fmt.Sprintf("the name %q is kept for the profile that flags and variables make", name)
}

// statement takes key = value.
func (p *parser) statement(s *entry, key []string, value *unstable.Node) error {
	fault := func(problem, suggest string) error {
		return &FileError{Path: p.doc.path, Line: s.line, Problem: problem, Suggest: suggest}
	}
	if p.at == nil {
		switch {
		case key[0] == "profile":
			return fault("profiles are tables: write [profile.NAME] and its keys below", "")
		case len(key) == 1 && key[0] == "default":
			return p.setDefault(s, value)
		case nearest(key[0], []string{"default"}) == "" && nearest(key[0], settingKeys()) != "":
			return fault(fmt.Sprintf("unknown key %q: a profile's keys stand below its [profile.NAME]", clip(key[0])), "")
		}
		return fault(fmt.Sprintf("unknown key %q", clip(strings.Join(key, "."))), nearest(key[0], []string{"default"}))
	}
	if p.at.bare {
		return fault("profiles are tables: write [profile.NAME] and its keys below", "")
	}
	setting, ok := lookupSetting(key[0])
	switch {
	case !ok || len(key) > 1:
		return fault(fmt.Sprintf("unknown key %q", clip(strings.Join(key, "."))), nearest(key[0], settingKeys()))
	case p.at.entry(s.key) != nil:
		return fault(fmt.Sprintf("%s is set on line %d already", s.key, p.at.entry(s.key).line), "")
	case p.at.name == BuiltInProfile && fixedInBuiltIn(s.key):
		return fault(builtInProblem(s.key), "")
	}
	if problem := readValue(s, setting.List, value); problem != "" {
		return fault(problem, "")
	}
	p.at.entries = append(p.at.entries, s)
	return nil
}

func builtInProblem(key string) string {
	return fmt.Sprintf("the %s of the built-in profile %q can't be changed; another name can have it", key, BuiltInProfile)
}

func (p *parser) setDefault(s *entry, value *unstable.Node) error {
	problem := readValue(s, false, value)
	if problem == "" && p.doc.def != nil {
		problem = fmt.Sprintf("default is set on line %d already", p.doc.def.line)
	}
	if problem == "" {
		if err, ok := errors.AsType[*ValueError](CheckName(s.values[0])); ok {
			problem = "a profile's name " + err.Problem
		}
	}
	if problem != "" {
		return &FileError{Path: p.doc.path, Line: s.line, Problem: problem}
	}
	p.doc.def = s
	return nil
}

// readValue takes a string, or a list of strings, and says what is wrong with anything else.
func readValue(s *entry, list bool, value *unstable.Node) (problem string) {
	if !list {
		if value.Kind != unstable.String {
			return fmt.Sprintf("%s takes text in quotes, not %s", s.key, kindWords(value.Kind))
		}
		s.values = []string{string(value.Data)}
		return ""
	}
	if value.Kind != unstable.Array {
		return fmt.Sprintf(`%s takes a list such as ["openid", "profile"], not %s`, s.key, kindWords(value.Kind))
	}
	s.values = []string{}
	for it := value.Children(); it.Next(); {
		n := it.Node()
		if len(s.values) == maxScopes {
			return fmt.Sprintf("%s has more than %d values", s.key, maxScopes)
		}
		if n.Kind != unstable.String {
			return fmt.Sprintf("%s takes a list of texts in quotes; %s is in it", s.key, kindWords(n.Kind))
		}
		s.values = append(s.values, string(n.Data))
	}
	return ""
}

// kindWords names a kind of value for people.
func kindWords(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "text"
	case unstable.Bool:
		return "true or false"
	case unstable.Integer, unstable.Float:
		return "a number"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable:
		return "a table"
	}
	return "a date or time"
}
