// Package program builds simsid for tests that run it as people do.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Main is for a package's TestMain: it builds simsid with flags of go build, has *binary name it, runs the tests, removes it, and returns the exit
// code. The package lies two folders below the module's root.
func Main(m *testing.M, binary *string, flags ...string) int {
	dir, err := os.MkdirTemp("", "simsid-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	*binary = filepath.Join(dir, "simsid")
	args := append([]string{"build", "-o", *binary}, flags...)
	build := exec.Command("go", append(args, "../../cmd/simsid")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build simsid:", err)
		return 1
	}
	return m.Run()
}
