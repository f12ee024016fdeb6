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
	pages, err := filepath.Glob(filepath.Join(dir, "man*", "*"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	var cask strings.Builder
	for _, page := range pages {
		section, name := filepath.Base(filepath.Dir(page)), filepath.Base(page)
		if "man"+strings.TrimPrefix(filepath.Ext(name), ".") != section {
			t.Errorf("%s is in %s", name, section)
		}
		for _, into := range []string{"/usr/share/man/" + section + "/", "man/" + section} {
			if row := "      - src: .tools/extras/man/" + section + "/*\n        dst: " + into + "\n"; !strings.Contains(string(text), row) {
				t.Errorf("%s: .goreleaser.yaml has no\n%s", name, row)
			}
		}
		cask.WriteString("      - man/" + section + "/" + name + "\n")
	}
	if !strings.Contains(string(text), "are\n"+cask.String()+"    repository:") {
		t.Errorf("the cask doesn't list exactly these pages:\n%s", cask.String())
	}
}
