package emulator

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guideTable returns the first column of a table of docs/emulator.md, by the table's head.
func guideTable(t *testing.T, head string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "emulator.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "\n"+head+"\n|---|---|\n")
	if !ok {
		t.Fatalf("docs/emulator.md has no table %q", head)
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	var out []string
	for line := range strings.SplitSeq(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		out = append(out, strings.Trim(cell, "`"))
	}
	return out
}

func TestGuideFaults(t *testing.T) {
	t.Parallel()
	if got := guideTable(t, "| kind | what happens |"); !slices.Equal(got, strings.Split(joined(FaultKinds()), ", ")) {
		t.Errorf("the guide has %q, the emulator %q", got, FaultKinds())
	}
}

// Each rule that the log names is in the guide, and no other.
func TestGuideRules(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`(?:(?:onPage|atClient|refused)\("[a-z_]+",\s*|observe\(r, |rule: )"([a-z-]+)"`)
	found := map[string]bool{}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range calls.FindAllStringSubmatch(string(b), -1) {
			found[m[1]] = true
		}
	}
	if got, want := guideTable(t, "| rule | says |"), slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
		t.Errorf("the guide has\n%q, the emulator\n%q", got, want)
	}
}
