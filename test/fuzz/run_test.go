//go:build real

package fuzz_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRun runs the script with a go command that answers as the real one would.
func TestRun(t *testing.T) {
	const list = `case "$1 $2" in "list "*) echo p; exit;; "test -list") echo FuzzA; echo ok; exit;; esac
`
	for _, test := range []struct {
		name, script string
		fails        bool
	}{
		{"a target holds", list + `echo PASS`, false},
		{"the time was up", list + `printf -- '--- FAIL: FuzzA (10.7s)\n    context deadline exceeded\nFAIL\n'; exit 1`, false},
		{"an input fails", list + `printf -- '--- FAIL: FuzzA (0.7s)\n    --- FAIL: FuzzA (0.00s)\n        context deadline exceeded\n\n    Failing input written to testdata/fuzz/FuzzA/1\nFAIL\n'; exit 1`, true},
		{"an input fails when the time is up", list + `printf -- '--- FAIL: FuzzA (0.7s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzA/1\nFAIL\n'; exit 1`, true},
		{"a worker dies", list + `printf -- '--- FAIL: FuzzA (0.7s)\n    fuzzing process hung or terminated unexpectedly\nFAIL\n'; exit 1`, true},
		{"it doesn't compile", list + `echo 'p/x.go:1: undefined: y'; exit 1`, true},
		{"the list doesn't compile", `case $1 in list) echo p;; *) exit 1;; esac`, true},
		{"no module", `exit 1`, true},
		{"no target", `case "$1 $2" in "list "*) echo p;; esac`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			bin := t.TempDir()
			if err := os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/bash\n"+test.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "/bin/bash", "run.sh", "10s")
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); (err != nil) != test.fails {
				t.Errorf("run.sh ends with %v, want a failure: %t\n%s", err, test.fails, out)
			}
		})
	}
}
