//go:build !windows

package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// TestDocsLinks: whatever a page points to in this repository is there, down to the heading; and each page for people is pointed to by
// another one.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	files := markdown(t)
	link := regexp.MustCompile(`\]\(([^()\s]+)\)|src="([^"]+)"`)
	pointed := map[string]bool{}
	for _, file := range files {
		text := prose(t, file)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name, anchor, _ := strings.Cut(target, "#")
			to := file
			if name != "" {
				to = path.Join(path.Dir(file), name)
			}
			pointed[to] = true
			if _, err := os.Stat(filepath.Join(repository, to)); err != nil {
				t.Errorf("%s points to %s, which isn't there", file, target)
				continue
			}
			if anchor != "" && !anchors(t, to)[anchor] {
				t.Errorf("%s points to %s, and that page has no such heading", file, target)
			}
		}
	}
	for _, page := range pages(t) {
		if page != "README.md" && !pointed[page] {
			t.Errorf("nothing points to %s", page)
		}
	}
}

// TestDocsBlocks: commands stand in fenced blocks, where the other tests find them.
func TestDocsBlocks(t *testing.T) {
	t.Parallel()
	indented := regexp.MustCompile(`(?m)^\n {4,}\S.*$`)
	for _, page := range pages(t) {
		if page == "docs/mutation.md" {
			continue
		}
		if found := indented.FindString(prose(t, page)); found != "" {
			t.Errorf("%s has a block without a fence: %s", page, strings.TrimSpace(found))
		}
	}
}

// markdown are all pages of the repository.
func markdown(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, root := range []string{".", "docs"} {
		err := fs.WalkDir(os.DirFS(filepath.Join(repository, root)), ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && root == "." && name != ".":
				return fs.SkipDir
			case !d.IsDir() && path.Ext(name) == ".md":
				found = append(found, path.Join(root, name))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// prose is a page without its fenced blocks.
func prose(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?ms)^[ \t]*```.*?\n[ \t]*```[ \t]*$").ReplaceAllString(string(text), "")
}

// anchors are a page's headings as GitHub addresses them: in lower case, without punctuation, with - for each space.
func anchors(t *testing.T, file string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.+?) *$`).FindAllStringSubmatch(prose(t, file), -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		found[anchor] = true
	}
	return found
}
