package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/simsid/simsid/internal/word"
)

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
		return p.fault(start, quoteKey(key)+" is a list of tables, which this file has none of")
	}
}

// quoteKey is a key that isn't known here, as a message may have it: in a mangled file a secret may stand where a key does.
func quoteKey(key []string) string {
	known := append(settingKeys(), "profile", "default")
	parts := make([]string, len(key))
	for i, k := range key {
		parts[i] = word.Repeated(k, known...)
	}
	return fmt.Sprintf("%q", strings.Join(parts, "."))
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
		e := p.fault(start, "unknown table "+quoteKey(key)+": profiles are tables named [profile.NAME]")
		e.Suggest = word.Nearest(key[0], []string{"profile"})
		if len(key) == 1 && e.Suggest == "" && CheckName(key[0]) == nil {
			e.Suggest = "profile." + key[0]
		}
		return e
	case len(key) == 1:
		t.bare = true
	case len(key) > 2:
		return p.fault(start, fmt.Sprintf("a profile's name that has a dot stands in quotes: [profile.%q]", word.Name(strings.Join(key[1:], "."))))
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
			problem = fmt.Sprintf("profile %q differs only in case from %q on line %d", word.Name(t.name), word.Name(other.name), other.line)
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
		case word.Nearest(key[0], []string{"default"}) == "" && word.Nearest(key[0], settingKeys()) != "":
			return fault("unknown key "+quoteKey(key)+": a profile's keys stand below its [profile.NAME]", "")
		}
		return fault("unknown key "+quoteKey(key), word.Nearest(key[0], []string{"default"}))
	}
	if p.at.bare {
		return fault("profiles are tables: write [profile.NAME] and its keys below", "")
	}
	setting, ok := lookupSetting(key[0])
	switch {
	case !ok || len(key) > 1:
		return fault("unknown key "+quoteKey(key), word.Nearest(key[0], settingKeys()))
	case p.at.entry(s.key) != nil:
		return fault(fmt.Sprintf("%s is set on line %d already", s.key, p.at.entry(s.key).line), "")
	case BuiltIn(p.at.name) && fixedInBuiltIn(s.key):
		return fault(builtInProblem(p.at.name, s.key), "")
	}
	if problem := readValue(s, setting.List, value); problem != "" {
		return fault(problem, "")
	}
	p.at.entries = append(p.at.entries, s)
	return nil
}

func builtInProblem(name, key string) string {
	return fmt.Sprintf("the %s of the built-in profile %q can't be changed; another name can have it", key, name)
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
