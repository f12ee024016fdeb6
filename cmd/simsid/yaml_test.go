//go:build !windows

package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The examples' YAML is read by a reader of the part of YAML that they are written in, and everything else is an error: mappings and
// lists by indentation, lists of strings between brackets, block scalars, plain and double-quoted text, comments of their own line.

type yamlLine struct {
	indent int
	text   string
	number int
}

type yamlReader struct {
	t     *testing.T
	lines []yamlLine
	raw   []string
	at    int
}

func mustYAML(t *testing.T, path string) any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parseYAML(t, string(b))
}

func parseYAML(t *testing.T, text string) any {
	t.Helper()
	r := &yamlReader{t: t, raw: strings.Split(text, "\n")}
	for i, line := range r.raw {
		body := strings.TrimLeft(line, " ")
		if strings.Contains(line, "\t") || line != strings.TrimRight(line, " ") {
			t.Fatalf("line %d has a tab, or spaces at its end", i+1)
		}
		if body != "" {
			r.lines = append(r.lines, yamlLine{len(line) - len(body), body, i})
		}
	}
	v := r.block(0)
	if r.at < len(r.lines) {
		t.Fatalf("line %d is indented in no way that can be read", r.lines[r.at].number+1)
	}
	return v
}

// next passes over comments, and returns the line that comes.
func (r *yamlReader) next() (yamlLine, bool) {
	for r.at < len(r.lines) && strings.HasPrefix(r.lines[r.at].text, "#") {
		r.at++
	}
	if r.at == len(r.lines) {
		return yamlLine{}, false
	}
	return r.lines[r.at], true
}

func (r *yamlReader) block(indent int) any {
	line, ok := r.next()
	if !ok || line.indent < indent {
		return nil
	}
	if strings.HasPrefix(line.text, "- ") {
		return r.list(line.indent)
	}
	return r.mapping(line.indent)
}

func (r *yamlReader) list(indent int) []any {
	var out []any
	for {
		line, ok := r.next()
		if !ok || line.indent != indent || !strings.HasPrefix(line.text, "- ") {
			return out
		}
		item := line.text[2:]
		if key, _, found := strings.Cut(item, ":"); !found || strings.ContainsAny(key, `"./ `) {
			out = append(out, r.scalar(item))
			r.at++
			continue
		}
		r.lines[r.at] = yamlLine{indent + 2, item, line.number} // a mapping that begins behind the dash
		out = append(out, r.mapping(indent+2))
	}
}

func (r *yamlReader) mapping(indent int) map[string]any {
	out := map[string]any{}
	for {
		line, ok := r.next()
		if !ok || line.indent != indent || strings.HasPrefix(line.text, "- ") {
			return out
		}
		key, rest, found := strings.Cut(line.text, ":")
		if !found || rest != "" && rest[0] != ' ' || out[key] != nil {
			r.t.Fatalf("line %d: %q is no key, or stands there twice", line.number+1, line.text)
		}
		r.at++
		switch rest = strings.TrimSpace(rest); {
		case rest == "|":
			out[key] = r.text(line)
		case rest != "":
			out[key] = r.scalar(rest)
		default:
			if out[key] = r.block(indent + 1); out[key] == nil {
				out[key] = map[string]any{}
			}
		}
	}
}

// text takes a block scalar as it stands in the file, comments of its own included.
func (r *yamlReader) text(key yamlLine) string {
	first := r.raw[key.number+1]
	indent := len(first) - len(strings.TrimLeft(first, " "))
	var b strings.Builder
	for r.at < len(r.lines) && r.lines[r.at].indent >= indent {
		b.WriteString(r.raw[r.lines[r.at].number][indent:] + "\n")
		r.at++
	}
	return b.String()
}

func (r *yamlReader) scalar(text string) any {
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, `"`) {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			r.t.Fatalf("%s: %v", text, err)
		}
		return v
	}
	if strings.ContainsAny(text[:1], "&*!|>'{%@`#,?") || strings.Contains(text, " #") || strings.Contains(text, ": ") {
		r.t.Fatalf("%s can't be read", text)
	}
	return text
}

func TestYAMLReader(t *testing.T) {
	t.Parallel()
	got := parseYAML(t, "# a\na: b\nc:\n  # d\n  - x: 1\n    y: [\"p\", \"q\"]\n  - run: |\n      one\n        two\n      # three\n  - \"127.0.0.1:1:2\"\ne:\nf: \"g\"\n")
	want := map[string]any{
		"a": "b",
		"c": []any{
			map[string]any{"x": "1", "y": []any{"p", "q"}}, map[string]any{"run": "one\n  two\n# three\n"}, "127.0.0.1:1:2",
		},
		"e": map[string]any{}, "f": "g",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}
