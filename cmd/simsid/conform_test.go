package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/simsid/simsid/internal/cli"
	"github.com/simsid/simsid/test/conform"
)

// exitNotConforming ends a run whose answer isn't what its schema says; no exit code of simsid's is like it.
const exitNotConforming = 99

// conforming has every JSON answer of a run in the scripts held against its schema, without a script doing anything for it. The function
// that it returns turns the exit code into exitNotConforming where one doesn't hold.
func conforming(env *cli.Env) func(code int) int {
	dir := os.Getenv("TEST_SCHEMAS")
	if dir == "" || !asksForJSON(env.Args) {
		return func(code int) int { return code }
	}
	out, errs := &head{}, &head{}
	env.Stdout, env.Stderr = io.MultiWriter(env.Stdout, out), io.MultiWriter(env.Stderr, errs)
	return func(code int) int {
		for stream, text := range map[string][]byte{"output": out.documents(), "error": errs.documents()} {
			if len(text) == 0 {
				continue
			}
			if _, err := conform.Check(dir, text); err != nil {
				fmt.Fprintf(os.Stderr, "standard %s: %v\n", stream, err)
				return exitNotConforming
			}
		}
		return code
	}
}

// asksForJSON reports whether a command line is answered with whole documents.
func asksForJSON(args []string) bool {
	asked := false
	for i, a := range args {
		switch {
		case a == "--":
			return asked
		case a == "--jq", a == "--claim", strings.HasPrefix(a, "--jq="), strings.HasPrefix(a, "--claim="), a == "--raw", strings.HasPrefix(a, "__"):
			return false
		case a == "-ojson", a == "-o=json", a == "--output=json", (a == "-o" || a == "--output") && i+1 < len(args) && args[i+1] == "json":
			asked = true
		}
	}
	return asked
}

// head keeps the beginning of what is written: some answers are as long as what they were asked about.
type head struct {
	bytes.Buffer
	cut bool
}

const headSize = 1 << 20

func (h *head) Write(p []byte) (int, error) {
	if room := headSize - h.Len(); len(p) > room {
		h.Buffer.Write(p[:room])
		h.cut = true
		return len(p), nil
	}
	return h.Buffer.Write(p)
}

// documents are the lines from the first to the last that belong to JSON documents, or the whole where none does: among an error's words,
// notes and warnings come first.
func (h *head) documents() []byte {
	text := h.Bytes()
	if h.cut {
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	at := regexp.MustCompile(`(?m)^\{\s*"schema": ?"simsid\.`).FindIndex(text)
	if at == nil {
		return nil
	}
	return text[at[0]:]
}

// conforms holds what the last command printed, on either stream or in a file, against the schema that it names, which must be the one
// meant: conforms status, or conforms error stderr.
func conforms(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: conforms VIEW [stdout|stderr|FILE]")
	}
	source := "stdout"
	if len(args) == 2 {
		source = args[1]
	}
	h := &head{}
	_, _ = h.Write([]byte(ts.ReadFile(source)))
	names, err := conform.Check(ts.Getenv("TEST_SCHEMAS"), h.documents())
	ts.Check(err)
	if want := "simsid." + args[0] + "/1"; !slices.Contains(names, want) {
		ts.Fatalf("%s has documents of %q, want %s", source, names, want)
	}
}

// schemaFolder is where the schemas lie, for processes that run elsewhere.
func schemaFolder() (string, error) { return filepath.Abs(filepath.Join("..", "..", "docs", "schema")) }

// Every answer that has a schema is asked of the program in some script: what no run has printed, nobody has seen.
func TestEverySchemaIsMet(t *testing.T) {
	t.Parallel()
	dir, err := schemaFolder()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no schemas in %s: %v", dir, err)
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, s := range scripts {
		b, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for _, f := range files {
		view, _, _ := strings.Cut(filepath.Base(f), "-")
		if !regexp.MustCompile(`(?m)^conforms ` + view + `\b`).MatchString(all.String()) {
			t.Errorf("no script has a line conforms %s", view)
		}
	}
}

// A document that isn't what its schema says ends the run, whichever stream it is on, and behind whatever words.
func TestConforming(t *testing.T) {
	dir, err := schemaFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SCHEMAS", dir)
	const good, bad = "{\n  \"schema\": \"simsid.done/1\",\n  \"action\": \"x\"\n}\n", "{\"schema\":\"simsid.done/1\",\"action\":\"x\",\"more\":1}\n"
	for name, tc := range map[string]struct {
		args     []string
		out, err string
		want     int
	}{
		"good":                {[]string{"x", "-o", "json"}, good, "note: x\n", 3},
		"bad":                 {[]string{"x", "-o", "json"}, bad, "", exitNotConforming},
		"bad on the other":    {[]string{"x", "--output=json"}, good, "note: x\n" + bad, exitNotConforming},
		"the second of two":   {[]string{"-ojson"}, good + bad, "", exitNotConforming},
		"words behind":        {[]string{"-ojson"}, good + "done\n", "", exitNotConforming},
		"nothing":             {[]string{"-ojson"}, "", "", 3},
		"not asked for":       {[]string{"x"}, bad, "", 3},
		"filtered":            {[]string{"x", "-o", "json", "--jq", ".x"}, bad, "", 3},
		"another's arguments": {[]string{"exec", "--", "x", "-o", "json"}, bad, "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			env := cli.Env{Args: tc.args, Stdout: io.Discard, Stderr: io.Discard}
			done := conforming(&env)
			_, errOut := io.WriteString(env.Stdout, tc.out)
			_, errErr := io.WriteString(env.Stderr, tc.err)
			if err := errors.Join(errOut, errErr); err != nil {
				t.Fatal(err)
			}
			if got := done(3); got != tc.want {
				t.Errorf("exit code %d, want %d", got, tc.want)
			}
		})
	}
}

// The validator is the tests' alone: it would make the program bigger and slower to start.
func TestValidatorIsNotLinked(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(out)) {
		if strings.Contains(pkg, "jsonschema") || strings.Contains(pkg, "/test/") {
			t.Errorf("the program links %s", pkg)
		}
	}
}
