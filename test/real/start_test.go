//go:build real

package real_test

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Whatever a command does, its start pays for what the packages of the program make beforehand. One library of them makes more than a few kilobytes: jq's
// built-in functions. A package that comes to this list has tables that the program doesn't need at each start, as a reader of HTML has; see
// docs/design.md, "Where the time of a command goes".
func TestStartMakesLittle(t *testing.T) {
	const most = 12 << 10 // bytes; package unicode takes 11.4 kB
	cmd := exec.CommandContext(t.Context(), binary, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", "HOME="+t.TempDir())
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &trace)
	}
	seen := 0
	for line := range strings.Lines(trace.String()) {
		// init NAME @TIME ms, TIME ms clock, BYTES bytes, COUNT allocs
		f := strings.Fields(line)
		if len(f) < 9 || f[0] != "init" {
			continue
		}
		seen++
		made, err := strconv.Atoi(f[7])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if made > most && f[1] != "github.com/itchyny/gojq" {
			t.Errorf("%s makes %d bytes at each start", f[1], made)
		}
	}
	if seen < 20 {
		t.Errorf("only %d packages in the trace:\n%s", seen, &trace)
	}
}
