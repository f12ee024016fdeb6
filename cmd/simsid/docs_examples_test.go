//go:build !windows

package main

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReferenceExamples types every example of every command's help, which docs/reference shows, line by line.
func TestReferenceExamples(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("testdata", "reference", "examples.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(repository, "docs", "reference", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := "docs/reference/" + filepath.Base(file)
		blocks, err := blocksOf(name)
		if err != nil {
			t.Error(err)
		}
		if len(blocks) > 0 && !strings.Contains(string(script), "\nexamples "+strings.TrimSuffix(filepath.Base(file), ".md")+"\n") {
			t.Errorf("nothing runs the examples of %s", name)
		}
	}
	params := scriptParams(filepath.Join("testdata", "reference"))
	params.Setup = func(env *testscript.Env) error {
		env.Values[pageKey{}] = &pageState{}
		return setupScript(env)
	}
	maps.Copy(params.Cmds, map[string]func(*testscript.TestScript, bool, []string){
		"given": given, "sandbox": sandbox, "examples": runExamples, "unrun": sayUnrun, "ends": sayEnd,
	})
	testscript.Run(t, params)
}

// lineRule says of an example that begins with some words how it ends, or why it isn't run.
type lineRule struct {
	words string
	code  string // "": it isn't run
}

func (s *pageState) rule(line string) string {
	for i, r := range s.rules {
		if strings.HasPrefix(line, r.words) {
			s.rules = append(s.rules[:i:i], s.rules[i+1:]...)
			return r.code
		}
	}
	return "0"
}

// sayUnrun says why an example of the next page isn't run: unrun WORDS REASON.
func sayUnrun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || len(strings.Fields(args[1])) < 3 {
		ts.Fatalf("usage: unrun WORDS 'a reason in words'")
	}
	state := pageOf(ts)
	state.rules = append(state.rules, lineRule{words: args[0]})
}

// sayEnd says with which exit code an example of the next page ends, if not with 0: ends CODE WORDS.
func sayEnd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ends CODE WORDS")
	}
	state := pageOf(ts)
	state.rules = append(state.rules, lineRule{words: args[1], code: args[0]})
}

// runExamples runs each line of the examples of a page of docs/reference: examples simsid-token. A line that goes on behind a backslash is one.
// The examples of a topic are one script.
func runExamples(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: examples PAGE")
	}
	state := pageOf(ts)
	blocks, err := blocksOf("docs/reference/" + args[0] + ".md")
	ts.Check(err)
	for _, b := range blocks {
		for rest := b.text; rest != ""; {
			var line string
			if line, rest = splitStep(rest); !strings.HasPrefix(args[0], "simsid") {
				line, rest = b.text, "" // a topic's lines belong together
			}
			want := state.rule(line)
			if want == "" {
				continue
			}
			if got := strconv.Itoa(typed(ts, "bash", state.filled(line), true)); got != want {
				ts.Fatalf("%s ends with %s, want %s", strings.TrimSpace(line), got, want)
			}
		}
	}
	if len(state.rules) > 0 {
		ts.Fatalf("%s has no example that begins with %q", args[0], state.rules[0].words)
	}
}
