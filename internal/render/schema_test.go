package render_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/test/conform"
)

// schemas is where what programs read is described. The structure of a file comes from the types that are written; its words, and
// whatever narrows a value, were written by hand and are kept: go test ./internal/render -run Schema -update.
const schemas = "../../docs/schema"

// Each document has a schema, which says of every member what it is, knows no other, and is what the code writes.
func TestSchemaOfEveryDocument(t *testing.T) {
	var views []render.View
	for _, name := range slices.Sorted(maps.Keys(samples(t))) {
		views = append(views, samples(t)[name])
	}
	known := map[string]bool{}
	for _, doc := range render.Documents(views) {
		name := reflect.ValueOf(doc).FieldByName("Schema").String()
		file, err := conform.File(name)
		if err != nil {
			t.Fatal(err)
		}
		if known[file] {
			continue // another sample of the same view
		}
		known[file] = true
		path := filepath.Join(schemas, file)
		old, err := os.ReadFile(path)
		if err != nil && !*update {
			t.Errorf("%s has no schema: go test ./internal/render -run Schema -update, then say of each member what it is", name)
			continue
		}
		s := describe(t, reflect.TypeOf(doc), name, old)
		want := indented(t, s)
		if *update && !bytes.Equal(old, want) {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(old, want) {
			t.Errorf("%s isn't what the code writes: go test ./internal/render -run Schema -update, then say what new members are.\nwant:\n%s", path, want)
		}
		for _, where := range silent(s, name) {
			t.Errorf("%s: %s has no description", path, where)
		}
	}
	files, err := filepath.Glob(filepath.Join(schemas, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[filepath.Base(f)] {
			t.Errorf("%s describes nothing that is written", f)
		}
	}
}

// Samples are valid by an independent validator.
func TestSchemaOfSamples(t *testing.T) {
	for name, view := range samples(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := conform.Check(schemas, []byte(write(t, view, render.Options{JSON: true}))); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("exchange", func(t *testing.T) {
		var b bytes.Buffer
		for _, x := range exchanges() {
			render.WriteExchangeJSON(&b, x)
		}
		render.WriteNoticeJSON(&b, now, "warning", hostile)
		if _, err := conform.Check(schemas, b.Bytes()); err != nil {
			t.Error(err)
		}
	})
}

// A schema that let anything pass would hold nothing.
func TestSchemaRefuses(t *testing.T) {
	for name, doc := range map[string]string{
		"a member that is unknown":    `{"schema":"simsid.done/1","action":"x","colour":"red"}`,
		"a member of the wrong kind":  `{"schema":"simsid.done/1","action":1}`,
		"a member that is missing":    `{"schema":"simsid.done/1"}`,
		"a member that is null":       `{"schema":"simsid.done/1","action":null}`,
		"another version":             `{"schema":"simsid.done/99","action":"x"}`,
		"no schema":                   `{"action":"x"}`,
		"another one's schema":        `{"schema":"other.done/1","action":"x"}`,
		"a way out of the folder":     `{"schema":"simsid.../../x/1"}`,
		"a time that is none":         `{"schema":"simsid.notice/1","time":"today","level":"warning","text":"x"}`,
		"nothing":                     ``,
		"no JSON":                     `simsid`,
		"rubbish behind the document": `{"schema":"simsid.done/1","action":"x"} x`,
	} {
		t.Run(name, func(t *testing.T) {
			if names, err := conform.Check(schemas, []byte(doc)); err == nil {
				t.Errorf("%s is taken for %q", doc, names)
			}
		})
	}
}

// node is a JSON schema, as far as the documents need it.
type node = map[string]any

// handwritten are the keywords that say more than a type can.
func handwritten() []string {
	return []string{"description", "enum", "format", "pattern", "minimum", "maximum", "examples", "oneOf"}
}

// describe makes the schema of a document's type and keeps the words of the one before.
func describe(t *testing.T, typ reflect.Type, name string, old []byte) node {
	t.Helper()
	before := node{}
	if len(old) > 0 {
		if err := json.Unmarshal(old, &before); err != nil {
			t.Fatal(err)
		}
	}
	d := &describer{defs: node{}, before: inner(before, "$defs"), lent: lent(t)}
	s := d.object(typ, before)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = name
	inner(s, "properties")["schema"] = node{"const": name, "description": "the name and version of this form"}
	if len(d.defs) > 0 {
		s["$defs"] = d.defs
	}
	return s
}

type describer struct {
	defs, before node
	lent         map[string]node // what other files say of a type that they share
}

// object describes a struct: its members, those that are always there, and no others.
func (d *describer) object(typ reflect.Type, before node) node {
	s := node{"type": "object", "additionalProperties": false}
	keep(s, before)
	properties, required := node{}, []any{}
	d.members(typ, inner(before, "properties"), true, func(name string, member node, always bool) {
		properties[name] = member
		if always {
			required = append(required, name)
		}
	})
	s["properties"], s["required"] = properties, required
	return s
}

func (d *describer) members(typ reflect.Type, before node, always bool, add func(string, node, bool)) {
	for f := range typ.Fields() {
		tag, hasTag := f.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && !hasTag {
			embedded := f.Type
			optional := embedded.Kind() == reflect.Pointer
			if optional {
				embedded = embedded.Elem()
			}
			d.members(embedded, before, always && !optional, add)
			continue
		}
		add(name, d.value(f.Type, inner(before, name)), always && !strings.Contains(options, "omit"))
	}
}

// value describes one value.
func (d *describer) value(typ reflect.Type, before node) node {
	s := node{}
	switch {
	case typ == reflect.TypeFor[token.Object]():
		s["type"] = "object"
	case typ == reflect.TypeFor[json.RawMessage](), typ.Kind() == reflect.Interface:
		// whatever is written by hand
	case typ.Kind() == reflect.Pointer:
		return d.value(typ.Elem(), before)
	case typ.Kind() == reflect.Struct:
		name := strings.TrimSuffix(typ.Name(), "Doc")
		if _, ok := d.defs[name]; !ok {
			d.defs[name] = node{} // a type may hold itself
			was := inner(d.before, name)
			if len(was) == 0 {
				was = d.lent[name]
			}
			d.defs[name] = d.object(typ, was)
		}
		s["$ref"] = "#/$defs/" + name
	case typ.Kind() == reflect.Slice:
		s["type"], s["items"] = "array", d.value(typ.Elem(), inner(before, "items"))
	case typ.Kind() == reflect.Map:
		s["type"], s["additionalProperties"] = "object", d.value(typ.Elem(), inner(before, "additionalProperties"))
	default:
		s["type"] = map[reflect.Kind]string{
			reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Float64: "number",
		}[typ.Kind()]
	}
	keep(s, before)
	return s
}

func keep(s, before node) {
	for _, word := range handwritten() {
		if v, ok := before[word]; ok {
			s[word] = v
		}
	}
}

func inner(s node, name string) node {
	v, _ := s[name].(node)
	return v
}

// lent are the types that schemas describe, so that what is said of one is said once.
func lent(t *testing.T) map[string]node {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(schemas, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]node{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var s node
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for name, def := range inner(s, "$defs") {
			if def, ok := def.(node); ok {
				all[name] = def
			}
		}
	}
	return all
}

// silent lists the places of a schema that say nothing of what they are.
func silent(s node, at string) []string {
	var list []string
	if d, _ := s["description"].(string); d == "" {
		list = append(list, at)
	}
	for _, name := range slices.Sorted(maps.Keys(inner(s, "properties"))) {
		p := inner(inner(s, "properties"), name)
		if d, _ := p["description"].(string); d == "" {
			list = append(list, at+"."+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inner(s, "$defs"))) {
		list = append(list, silent(inner(inner(s, "$defs"), name), name)...)
	}
	return list
}

// indented writes a schema with its keywords in the order in which people read them, and members by name.
func indented(t *testing.T, s node) []byte {
	t.Helper()
	var compact, b bytes.Buffer
	writeSchema(t, &compact, s)
	if err := json.Indent(&b, compact.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func writeSchema(t *testing.T, b *bytes.Buffer, s node) {
	keywords := []string{"$schema", "title", "description", "$ref", "type", "const", "enum", "format", "pattern", "minimum", "maximum",
		"oneOf", "examples", "required", "properties", "items", "additionalProperties", "$defs"}
	var there []string
	for _, k := range keywords {
		if _, ok := s[k]; ok {
			there = append(there, k)
		}
	}
	if len(there) != len(s) {
		t.Fatalf("a schema has other keywords than %q: %v", keywords, s)
	}
	writeMembers(t, b, there, func(k string) {
		switch v, _ := s[k].(node); {
		case v != nil && (k == "properties" || k == "$defs"):
			writeMembers(t, b, slices.Sorted(maps.Keys(v)), func(name string) { writeSchema(t, b, inner(v, name)) })
		case v != nil:
			writeSchema(t, b, v)
		default:
			writeJSON(t, b, s[k])
		}
	})
}

func writeMembers(t *testing.T, b *bytes.Buffer, names []string, value func(name string)) {
	b.WriteByte('{')
	for i, n := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		writeJSON(t, b, n)
		b.WriteByte(':')
		value(n)
	}
	b.WriteByte('}')
}

func writeJSON(t *testing.T, b *bytes.Buffer, v any) {
	t.Helper()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
}
