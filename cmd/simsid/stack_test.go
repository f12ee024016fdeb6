package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The stack is grown before any library is initialised, whatever those libraries are: else each of them grows it by itself, and the
// package is for nothing.
func TestStackComesFirst(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &trace)
	}
	var order []string
	for line := range strings.Lines(trace.String()) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "init" {
			order = append(order, f[1])
		}
	}
	stack := slices.Index(order, "github.com/simsid/simsid/internal/stack")
	if stack < 0 {
		t.Fatalf("the stack isn't grown at all: %q", order)
	}
	for _, library := range []string{"filippo.io/age", "github.com/itchyny/gojq", "github.com/spf13/cobra", "net/http"} {
		if i := slices.Index(order, library); i < stack {
			t.Errorf("%s is initialised as number %d, the stack as number %d: %q", library, i, stack, order[:stack+1])
		}
	}
}
