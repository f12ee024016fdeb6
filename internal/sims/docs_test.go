package sims_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/sims"
)

// update rewrites docs/findings.md: go test ./internal/sims -run Docs -update
var update = flag.Bool("update", false, "rewrite docs/findings.md")

const docsHead = `# Findings

What ` + "`simsid decode`" + ` finds in a token, beside its checks: each finding has an id that stays the same, what was seen, why it matters,
what to do, and where the rule comes from. ` + "`simsid decode -o json`" + ` has them under ` + "`findings`" + `.

An *error* is something that an application can't work with, a *warning* something that will go wrong for some user or isn't as
documented, a *note* something worth knowing. Where *refuse* is said, two programs may read two different things in the token, and
` + "`simsid decode`" + ` ends with exit code 3.

This page is written from the table that the program goes by: ` + "`go test ./internal/sims -run Docs -update`" + `.
`

func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, part := range []struct {
		title string
		is    func(sims.Rule) bool
	}{
		{"Any provider's tokens", func(r sims.Rule) bool { return r.General }},
		{"SIMS ID's tokens", func(r sims.Rule) bool { return !r.General }},
	} {
		b.WriteString("\n## " + part.title + "\n")
		for _, r := range sims.Rules() {
			if !part.is(r) {
				continue
			}
			severity := string(r.Severity)
			if r.Refuse {
				severity += ", refuse"
			}
			b.WriteString("\n### `" + r.ID + "` (" + severity + ")\n\n")
			for _, line := range [][2]string{{"When", r.When}, {"Why", r.Why}, {"Do", r.Do}, {"Source", r.Source}} {
				b.WriteString("- **" + line[0] + "**: " + escaped(line[1]) + "\n")
			}
		}
	}
	path := filepath.Join("..", "..", "docs", "findings.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/findings.md isn't as the table has it (%v): go test ./internal/sims -run Docs -update", err)
	}
}

// escaped keeps Markdown from reading anything into a text.
func escaped(s string) string {
	return strings.NewReplacer("_", `\_`, "*", `\*`, "|", `\|`, "<", "&lt;").Replace(s)
}
