package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table of keys in docs/profiles.md says what Settings says, in the same order.
func TestDocsTable(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "profiles.md"))
	if err != nil {
		t.Fatal(err)
	}
	const head = "| key | environment variable | flag | meaning |\n|---|---|---|---|\n"
	_, rest, ok := strings.Cut(string(page), head)
	if !ok {
		t.Fatal("docs/profiles.md has no table of keys")
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	code := func(prefix, name string) string {
		if name == "" {
			return "—"
		}
		return "`" + prefix + name + "`"
	}
	var want []string
	for _, s := range Settings() {
		want = append(want, "| "+code("", s.Key)+" | "+code("", s.Env)+" | "+code("--", s.Flag)+" | "+s.Meaning+" |")
	}
	equal(t, strings.Split(strings.TrimSpace(table), "\n"), want)
}

// The example in docs/profiles.md is a file that Load takes and Resolve understands.
func TestDocsExample(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "profiles.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```toml\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("docs/profiles.md has no example")
	}
	f := mustParse(t, example)
	equal(t, f.Default(), "school")
	equal(t, f.Names(), []string{"school", "work", "emulator"})
	for _, name := range f.Names() {
		if _, err := Resolve(Layers{File: f, Profile: name, Defaults: testDefaults}); err != nil {
			t.Error(err)
		}
	}
}
