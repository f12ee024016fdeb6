//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
)

// What is measured is what is released.
func TestBuiltAsReleased(t *testing.T) {
	release, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"      - " + linkFlags + " #", "      - " + buildTag + " #", "      - -trimpath\n", "      - -X main.version="} {
		if strings.Count(string(release), line) != 1 {
			t.Errorf(".goreleaser.yaml doesn't have %q once", line)
		}
	}
	for _, line := range []string{"\n    gcflags:", "\n    asmflags:", "\n    overrides:"} {
		if strings.Contains(string(release), line) {
			t.Errorf(".goreleaser.yaml says %q, and the benchmark doesn't build so", line)
		}
	}
}
