package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each command that a page names in its text is one that there is, with flags that it takes. Blocks of commands are run elsewhere, by the
// program's own tests.
func TestDocsNameCommands(t *testing.T) {
	files := []string{"../../README.md", "../../SECURITY.md", "../../CONTRIBUTING.md"}
	more, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	span := regexp.MustCompile("`(simsid(?: [^`\n]+)?)`")
	options := regexp.MustCompile(`\.\.\.|…|\[[^]]*\]`)
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		prose := regexp.MustCompile("(?ms)^[ \t]*```.*?\n[ \t]*```[ \t]*$").ReplaceAllString(string(text), "")
		for _, m := range span.FindAllStringSubmatch(prose, -1) {
			command, _, _ := strings.Cut(m[1], " | ")
			words := strings.Fields(options.ReplaceAllString(command, ""))[1:]
			if len(words) == 0 || words[0] == "COMMAND" {
				continue
			}
			checkCall(t, filepath.Base(file), words)
		}
	}
}
