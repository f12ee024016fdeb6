//go:build real

package lint_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/simsid/simsid"

// finding is a line that the linter points at.
type finding struct {
	file   string
	line   int
	linter string
}

// TestImports has every package import every other: what the linter then says is the import rule, whole.
func TestImports(t *testing.T) {
	packages := []string{"cli", "config", "emulator", "flow", "provider", "render", "sims", "token", "tokenstore", "word"}
	allowed := map[string][]string{
		"cli":        {"config", "emulator", "flow", "provider", "render", "sims", "token", "tokenstore", "word"},
		"config":     {"sims", "token", "word"},
		"emulator":   {"sims", "token", "word"},
		"flow":       {"provider", "sims", "token", "word"},
		"provider":   {"sims", "token", "word"},
		"render":     {"provider", "sims", "token"},
		"sims":       {"token", "word"},
		"tokenstore": {"sims", "token", "word"},
	}
	// Go itself refuses a cycle, so each pair is a module of its own.
	for _, from := range packages {
		for _, to := range packages {
			if from == to {
				continue
			}
			t.Run(from+" imports "+to, func(t *testing.T) {
				t.Parallel()
				file := "internal/" + from + "/x.go"
				got := lint(t, "depguard", map[string]string{
					file:                       "package " + from + "\n\nimport _ \"" + module + "/internal/" + to + "\"\n",
					"internal/" + to + "/x.go": "package " + to + "\n",
				})
				want := []finding{{file, 3, "depguard"}}
				if slices.Contains(allowed[from], to) {
					want = nil
				}
				compare(t, got, want)
			})
		}
	}
}

// TestImportsOutside holds what a package may import from elsewhere.
func TestImportsOutside(t *testing.T) {
	got := lint(t, "depguard", map[string]string{
		"cmd/simsid/main.go":          importing("main", module+"/internal/cli", module+"/internal/flow", "testing") + "\nfunc main() {}\n",
		"internal/cli/x.go":           importing("cli", "os", "testing", "net/http/httptest"),
		"internal/flow/x.go":          importing("flow", "net/http", "math/rand"),
		"internal/flow/x_test.go":     importing("flow", "testing", "net/http/httptest"),
		"internal/token/x.go":         importing("token", "os", "net", "net/http", "net/url"),
		"internal/token/deep/x.go":    importing("deep", "os"),
		"internal/render/x.go":        importing("render", module+"/test/help"),
		"internal/provider/deep/x.go": importing("deep", module+"/internal/flow"),
		"test/help/x.go":              importing("help", "testing"),
	})
	compare(t, got, []finding{
		{"cmd/simsid/main.go", 5, "depguard"},
		{"cmd/simsid/main.go", 6, "depguard"},
		{"internal/cli/x.go", 5, "depguard"},
		{"internal/cli/x.go", 6, "depguard"},
		{"internal/flow/x.go", 5, "depguard"},
		{"internal/provider/deep/x.go", 4, "depguard"},
		{"internal/render/x.go", 4, "depguard"},
		{"internal/token/deep/x.go", 4, "depguard"},
		{"internal/token/x.go", 4, "depguard"},
		{"internal/token/x.go", 5, "depguard"},
		{"internal/token/x.go", 6, "depguard"},
	})
}

func importing(name string, paths ...string) string {
	return "package " + name + "\n\nimport (\n\t_ \"" + strings.Join(paths, "\"\n\t_ \"") + "\"\n)\n"
}

// processState breaks a rule in each line from the eleventh on.
const processState = `package PACKAGE

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

var _ = os.Args
var _ = os.Stdin
var _ = os.Stdout
var _ = os.Stderr
var _ = os.Exit
var _ = os.Getenv("A")
var _ = os.Environ
var _ = time.Now
var _ = time.Since
var _ = time.Until
var _ = time.After
var _ = http.DefaultClient
var _ = http.Get
var _ = fmt.Println
var _ = fmt.Printf
var _ = log.Printf
var _ = time.Sleep
`

// TestProcessState breaks the rule where it holds, and where it doesn't.
func TestProcessState(t *testing.T) {
	of := func(name string) string { return strings.Replace(processState, "PACKAGE", name, 1) }
	got := lint(t, "forbidigo", map[string]string{
		"cmd/simsid/main.go":     of("main") + "\nfunc main() {}\n",
		"internal/cli/x.go":      of("cli"),
		"internal/cli/x_test.go": strings.ReplaceAll(of("cli_test"), "var _ = os.Exit\n", ""),
	})
	const first, sleep = 11, 27
	// time.Sleep is nobody's, not even main's or a test's.
	want := []finding{{"cmd/simsid/main.go", sleep, "forbidigo"}, {"internal/cli/x_test.go", sleep - 1, "forbidigo"}}
	for line := first; line <= sleep; line++ {
		want = append(want, finding{"internal/cli/x.go", line, "forbidigo"})
	}
	compare(t, got, want)
}

// TestVerified lets nobody but the verification call claims verified, and no test skip itself.
func TestVerified(t *testing.T) {
	use := func(name string) string {
		return "package " + name + "\n\nimport \"" + module + "/internal/token\"\n\nvar _ = token.Unverified{}.InsecureMarkVerified()\n"
	}
	got := lint(t, "forbidigo", map[string]string{
		"internal/token/x.go":       "package token\n\ntype Unverified struct{}\n\nfunc (Unverified) InsecureMarkVerified() int { return 0 }\n",
		"internal/provider/x.go":    use("provider"),
		"internal/render/x.go":      use("render"),
		"internal/render/x_test.go": "package render\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t." + "Skip() }\n",
	})
	compare(t, got, []finding{{"internal/render/x.go", 5, "forbidigo"}, {"internal/render/x_test.go", 5, "forbidigo"}})
}

// TestNolint asks each exception for its linter and its reason.
func TestNolint(t *testing.T) {
	got := lint(t, "nolintlint,gochecknoglobals,gochecknoinits", map[string]string{
		"internal/render/x.go": `package render

var A = 1 //nolint
var B = 1 //nolint:gochecknoglobals
var C = 1 //nolint:gochecknoglobals // a table that nobody writes
var D = 1

func init() {}
`,
	})
	compare(t, got, []finding{
		{"internal/render/x.go", 3, "nolintlint"},
		{"internal/render/x.go", 4, "nolintlint"},
		{"internal/render/x.go", 6, "gochecknoglobals"},
		{"internal/render/x.go", 8, "gochecknoinits"},
	})
}

// TestEnabled asks the configuration itself: the other tests name the linters that they run.
func TestEnabled(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "golangci-lint", "linters", "--json")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("golangci-lint: %v; `make tools` builds it into .tools/bin, which belongs on the PATH", err)
	}
	var linters struct {
		Enabled []struct{ Name string }
	}
	if err := json.Unmarshal(out, &linters); err != nil {
		t.Fatalf("read the linters: %v", err)
	}
	for _, want := range []string{"bodyclose", "contextcheck", "depguard", "errcheck", "errorlint", "exhaustive", "forbidigo", "gochecknoglobals",
		"gochecknoinits", "gosec", "govet", "modernize", "noctx", "nolintlint", "revive", "staticcheck", "unparam", "unused"} {
		if !slices.ContainsFunc(linters.Enabled, func(l struct{ Name string }) bool { return l.Name == want }) {
			t.Errorf("%s is switched off", want)
		}
	}
}

// lint writes the files into a module of simsid's name, beside this repository's configuration, and runs some of its linters.
func lint(t *testing.T, linters string, files map[string]string) []finding {
	t.Helper()
	dir := t.TempDir()
	config, err := os.ReadFile("../../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, ".golangci.yml"), string(config))
	write(t, filepath.Join(dir, "go.mod"), "module "+module+"\n\ngo 1.26.0\n")
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "golangci-lint", "run", "--enable-only", linters, "--allow-parallel-runners",
		"--output.json.path", "stdout", "--show-stats=false")
	cmd.Dir = dir
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	// 1 is the linter's code for findings.
	if exit := new(exec.ExitError); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("golangci-lint: %v\n%s\n`make tools` builds it into .tools/bin, which belongs on the PATH", err, said.String())
	}
	var report struct {
		Issues []struct {
			FromLinter string
			Pos        struct {
				Filename string
				Line     int
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("read the report: %v\n%s", err, out.String())
	}
	var found []finding
	for _, i := range report.Issues {
		found = append(found, finding{filepath.ToSlash(i.Pos.Filename), i.Pos.Line, i.FromLinter})
	}
	return found
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, got, want []finding) {
	t.Helper()
	order := func(a, b finding) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line)) }
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if !slices.Equal(got, want) {
		t.Errorf("the linter found\n%v\nwant\n%v", got, want)
	}
}
