package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleasedManual: man looks for a page in the folder of its section, and a release puts every page there.
func TestReleasedManual(t *testing.T) {
	dir := t.TempDir()
	if err := runMan(&app{env: Env{Build: func() Build { return Build{} }, Getenv: func(string) string { return "" }}}, dir, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := os.ReadDir(dir)
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	var cask strings.Builder
	for _, page := range pages {
		section := strings.TrimPrefix(filepath.Ext(page.Name()), ".")
		if into := "      - src: .tools/extras/man/*." + section + "\n        dst: /usr/share/man/man" + section + "/\n"; !strings.Contains(string(text), into) {
			t.Errorf("%s: the packages have no\n%s", page.Name(), into)
		}
		cask.WriteString("      - man/" + page.Name() + "\n")
	}
	if !strings.Contains(string(text), "are\n"+cask.String()+"    repository:") {
		t.Errorf("the cask doesn't list exactly these pages:\n%s", cask.String())
	}
}
