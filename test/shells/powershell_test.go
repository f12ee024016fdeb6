//go:build real

package shells_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// parsed is what the grammar makes of a text.
type parsed struct {
	Faults     []string    `json:"faults"`
	Strings    []string    `json:"strings"` // with their quotes
	Statements [][2]string `json:"statements"`
	Tree       string      `json:"tree"`
}

// parse reads PowerShell by the grammar of test/shells/powershell.
func parse(t *testing.T, texts ...string) []parsed {
	t.Helper()
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	// The grammar is one function of a megabyte, which to optimise takes a hundred times as long as to run it does.
	cmd := exec.CommandContext(t.Context(), "node", "--liftoff-only", filepath.Join("powershell", "parse.mjs"))
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			t.Fatalf("node: %v\n%s\nmake setup installs what is missing", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var found []parsed
	if err := json.Unmarshal(out, &found); err != nil || len(found) != len(texts) {
		t.Fatalf("%d answers for %d texts: %v", len(found), len(texts), err)
	}
	return found
}

// TestPowerShellControl: the grammar does find what isn't PowerShell.
func TestPowerShellControl(t *testing.T) {
	for i, p := range parse(t, "$x = 'a", "$x = 'a' b", "if ($x) {", "function { }}") {
		if len(p.Faults) == 0 {
			t.Errorf("text %d is taken for PowerShell", i)
		}
	}
}

// TestPowerShellEval: whatever token there is, the line for PowerShell is one assignment of one verbatim string that stands for it.
func TestPowerShellEval(t *testing.T) {
	u, give := anyToken(t)
	var lines []string
	for _, value := range awkward() {
		give(value)
		lines = append(lines, strings.TrimSuffix(u.simsid("token", "-p", "any", "--env=powershell"), "\n"))
	}
	for i, p := range parse(t, lines...) {
		literal := "'" + strings.ReplaceAll(awkward()[i], "'", "''") + "'"
		want := parsed{Faults: []string{}, Strings: []string{literal}, Statements: [][2]string{{"pipeline", lines[i]}}, Tree: p.Tree}
		if !reflect.DeepEqual(p, want) || !strings.HasPrefix(p.Tree, "(program (statement_list (pipeline (assignment_expression ") {
			t.Errorf("%s is\n%+v, want\n%+v", lines[i], p, want)
		}
		if lines[i] != "$env:SIMSID_ACCESS_TOKEN = "+literal {
			t.Errorf("%q became %s", awkward()[i], lines[i])
		}
	}
}

// TestPowerShellWithoutToken: then the variable goes, and what evaluates the line stops.
func TestPowerShellWithoutToken(t *testing.T) {
	u := newUser(t)
	cmd := exec.CommandContext(t.Context(), binary, "token", "-p", "emulator", "--env=powershell")
	cmd.Env = u.env
	out, err := cmd.Output()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 4 {
		t.Fatalf("got %v, want exit code 4", err)
	}
	got := parse(t, strings.TrimSpace(string(out)))[0]
	var kinds []string
	for _, s := range got.Statements {
		kinds = append(kinds, s[0]+" "+strings.Fields(s[1] + " ")[0])
	}
	if want := []string{"pipeline Remove-Item", "empty_statement ;", "flow_control_statement throw"}; len(got.Faults) > 0 || !reflect.DeepEqual(kinds, want) {
		t.Errorf("%s is %q with the faults %q, want %q", out, kinds, got.Faults, want)
	}
}

// TestPowerShellCompletion: the script is PowerShell, and registers a completer for simsid.
func TestPowerShellCompletion(t *testing.T) {
	script := newUser(t).simsid("completion", "powershell")
	got := parse(t, script)[0]
	if len(got.Faults) > 0 {
		t.Errorf("the script isn't PowerShell: %q", got.Faults)
	}
	registered := false
	for _, s := range got.Statements {
		registered = registered || s[0] == "pipeline" && strings.HasPrefix(s[1], "Register-ArgumentCompleter -CommandName 'simsid' -ScriptBlock ")
	}
	if !registered {
		t.Error("nothing completes simsid")
	}
}
