package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const sample = `package sample

type box struct{ n int }

// check has one of each.
func (b *box) check(a, c int, names []string) (bool, error) {
	if a < c && len(names) > 0 || b == nil {
		b.n = a
		defer b.done()
		b.n++
	}
	switch {
	case a == c:
		b.done()
	case !b.ready(names):
	}
	for i := 0; i < c; i++ {
		_ = b.ready(nil)
	}
	b.done()
	if a <= c { panic("x") }
	return a != c, nil
}

func empty() {}
`

// TestMutate lists every mutation of a text that has one of each kind, and sees that what is written with all of them is Go.
func TestMutate(t *testing.T) {
	got, err := mutate("sample.go", []byte(sample), 7)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range got.all {
		if m.file != "sample.go" {
			t.Errorf("%s is in file %s", m, m.file)
		}
		list = append(list, m.String())
	}
	whole := "a < c && len(names) > 0 || b == nil"
	want := []string{
		"`box.check`: `b.done()` → removed",
		"`box.check`: `" + whole + "` → `true`",
		"`box.check`: `" + whole + "` → `false`",
		"`box.check`: `a < c && len(names) > 0` → `false`",
		"`box.check`: `b == nil` → `false`",
		"`box.check`: `a < c` → `true`",
		"`box.check`: `len(names) > 0` → `true`",
		"`box.check`: `a < c` → `a <= c`",
		"`box.check`: `len(names) > 0` → `len(names) >= 0`",
		"`box.check`: `b.n = a` → removed",
		"`box.check`: `defer b.done()` → removed",
		"`box.check`: `b.n++` → removed",
		"`box.check`: `a == c` → `true`",
		"`box.check`: `a == c` → `false`",
		"`box.check`: `!b.ready(names)` → `true`",
		"`box.check`: `!b.ready(names)` → `false`",
		"`box.check`: `b.done()` → removed (2)",
		"`box.check`: `i < c` → `false`",
		"`box.check`: `i < c` → `i <= c`",
		"`box.check`: `a <= c` → `true`",
		"`box.check`: `a <= c` → `false`",
		"`box.check`: `a <= c` → `a < c`",
		"`box.check`: `a != c` → `true`",
		"`box.check`: `a != c` → `false`",
	}
	if !slices.Equal(list, want) {
		t.Errorf("got\n%s\nexpected\n%s", strings.Join(list, "\n"), strings.Join(want, "\n"))
	}
	text := string(got.text)
	if _, err := parser.ParseFile(token.NewFileSet(), "sample.go", text, 0); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
	for n := 7; n < 7+len(want); n++ {
		if !strings.Contains(text, "simsidMutated("+strconv.Itoa(n)+")") {
			t.Errorf("mutation %d isn't in\n%s", n, text)
		}
	}
	if strings.Contains(text, "simsidMutated("+strconv.Itoa(7+len(want))+")") {
		t.Errorf("there is one more in\n%s", text)
	}
	if restored := strings.Count(text, "\n"); restored != strings.Count(sample, "\n") {
		t.Errorf("the lines have moved:\n%s", text)
	}
}

// TestCompare tells what is missing in the list from what is too much in it.
func TestCompare(t *testing.T) {
	m := func(from string) mutation { return mutation{file: "a.go", in: "f", from: from, to: removed, nth: 1} }
	all := []mutation{m("known"), m("missing"), m("noticed"), m("untried"), m("fine")}
	tried := []mutation{m("known"), m("missing"), m("noticed"), m("fine")}
	lived := []mutation{m("known"), m("missing")}
	var known []entry
	for _, from := range []string{"known", "noticed", "untried", "gone"} {
		known = append(known, entry{file: "internal/x/a.go", mutation: m(from).String(), reason: "r"})
	}
	known = append(known, entry{file: "internal/y/a.go", mutation: m("gone").String(), reason: "r"})
	missing, stale := compare(known, "./internal/x", all, tried, lived)
	wantStale := []string{"internal/x/a.go: `f`: `noticed` → removed", "internal/x/a.go: `f`: `gone` → removed"}
	if !reflect.DeepEqual(missing, []mutation{m("missing")}) || !slices.Equal(stale, wantStale) {
		t.Errorf("missing %v, stale %q", missing, stale)
	}
}

// TestList holds the list against the code: each of its lines names a mutation that there is, once, and a reason. Whether a test notices
// it, make mutate tells.
func TestList(t *testing.T) {
	root := filepath.Join("..", "..")
	list, err := readList(filepath.Join(root, "docs", "mutation.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("the list is empty")
	}
	known := map[string]map[string]bool{}
	for _, e := range list {
		if known[e.file] == nil {
			source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.file)))
			if err != nil {
				t.Fatal(err)
			}
			m, err := mutate(filepath.Base(e.file), source, 1)
			if err != nil {
				t.Fatal(err)
			}
			known[e.file] = map[string]bool{}
			for _, one := range m.all {
				known[e.file][one.String()] = true
			}
		}
		there, ok := known[e.file][e.mutation]
		switch {
		case !ok:
			t.Errorf("%s: there is no such mutation any more; make mutate tells what to put in its place", e)
		case !there:
			t.Errorf("%s is listed twice", e)
		}
		known[e.file][e.mutation] = false
	}
}

// TestReadList reads reasons of one and of several, and refuses a line without any.
func TestReadList(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list.md")
	none := func(line int) string { return fmt.Sprintf(":%d: no reason: behind a dash, or in the line above", line) }
	for text, want := range map[string]string{
		"# T\n\nwords — with a dash\n- a point\n\n### internal/a.go\n\n- `f`: `x` → removed — why not\n": "",
		"### internal/a.go\n\n- why not:\n  - `f`: `x` → removed\n":                                      "",
		"### internal/a.go\n- `f`: `x` → removed\n":                                                      none(2),
		"### internal/a.go\n- `f`: `x` → removed — \n":                                                   none(2),
		"### internal/a.go\n- why:\n### internal/b.go\n  - `f`: `x` → removed\n":                         none(4),
		"### internal/a.go\n- why:\n- `f`: `x` → removed — why\n  - `g`: `x` → removed\n":                none(4),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := readList(name)
		if want != "" {
			if err == nil || err.Error() != name+want {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if one := []entry{{file: "internal/a.go", mutation: "`f`: `x` → removed", reason: "why not"}}; err != nil || !reflect.DeepEqual(list, one) {
			t.Errorf("%q: %+v, %v", text, list, err)
		}
	}
}

// TestTry runs a package of its own through the whole: a mutation that its test notices, one that it doesn't, and one that it never
// comes by.
func TestTry(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module sample\n\ngo 1.26\n",
		"sample.go":      "package sample\n\nfunc Big(n int) bool { return n > 10 }\n\nfunc Unused(n int) int {\n\tif n == 0 {\n\t\treturn 1\n\t}\n\treturn n\n}\n",
		"sample_test.go": "package sample\n\nimport \"testing\"\n\nfunc TestBig(t *testing.T) {\n\tif !Big(20) || Big(1) {\n\t\tt.Fail()\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := filepath.Join(dir, "list.md")
	listed := "### " + filepath.ToSlash(dir) + "/sample.go\n- `Big`: `n > 10` → `n >= 10` — an edge\n"
	for text, want := range map[string]string{
		"":     "5 mutations, 2 noticed, 3 not: 0 of these are listed",
		listed: "5 mutations, 2 noticed, 3 not: 1 of these are listed",
	} {
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, said strings.Builder
		if code := run(t.Context(), []string{"-list", list, dir}, &out, &said); code != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("exit code %d, %q\n%s%s", code, want, out.String(), said.String())
		}
		for _, line := range []string{"- `Unused`: `n == 0` → `true`", "- `Unused`: `n == 0` → `false`"} {
			if !strings.Contains(out.String(), line+"\n") {
				t.Errorf("no line %q in\n%s", line, out.String())
			}
		}
	}
}
