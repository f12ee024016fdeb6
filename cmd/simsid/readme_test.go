//go:build !windows

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeTranscript types the README's transcript into a shell with an empty home, and expects what it shows. An ellipsis in
// the README stands for any text within a line.
func TestReadmeTranscript(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```console\n")
	transcript, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README.md has no transcript")
	}
	home := t.TempDir()
	for step := range strings.SplitSeq(strings.TrimPrefix(transcript, "$ "), "\n$ ") {
		command, want, _ := strings.Cut(step, "\n")
		got := runInShell(t, home, command)
		if !matchesTranscript(got, want) {
			t.Errorf("$ %s\nshows\n%s\nand the README says\n%s", command, got, want)
		}
	}
}

func runInShell(t *testing.T, home, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", command)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("$ %s: %v", command, err)
	}
	return out.String()
}

func matchesTranscript(got, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "[^\n]*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(got))
}
