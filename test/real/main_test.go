//go:build real

package real_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/test/conform"
	"github.com/simsid/simsid/test/program"
)

// commandTime bounds one command of simsid, a login with a real browser included.
const commandTime = 3 * time.Minute

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if address := os.Getenv(visitorVariable); address != "" {
		os.Exit(passOn(address, os.Args[1]))
	}
	os.Exit(program.Main(m, &binary))
}

// simsid is one user's simsid: folders of its own and an environment that holds nothing of the machine's.
type simsid struct {
	t   *testing.T
	env []string
}

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

func newSimsid(t *testing.T, env ...string) *simsid {
	t.Helper()
	dir := t.TempDir()
	return &simsid{t: t, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TERM=dumb", "XDG_RUNTIME_DIR=" + dir,
		"SIMSID_CONFIG_DIR=" + filepath.Join(dir, "config"), "SIMSID_STATE_DIR=" + filepath.Join(dir, "state"),
	}, env...)}
}

// dir is the folder of the configuration.
func (s *simsid) dir() string {
	for _, e := range s.env {
		if dir, ok := strings.CutPrefix(e, "SIMSID_CONFIG_DIR="); ok {
			return dir
		}
	}
	return ""
}

// run runs a command, with stdin as its standard input.
func (s *simsid) run(stdin string, args ...string) result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = s.env
	if stdin != "" { // else the null device
		cmd.Stdin = strings.NewReader(stdin)
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	r := result{stdout: out.String(), stderr: said.String()}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		s.t.Fatalf("simsid %s: %v", strings.Join(args, " "), err)
	}
	return r
}

// want runs a command and ends the test where it exits with another code.
func (s *simsid) want(code int, args ...string) result {
	s.t.Helper()
	r := s.run("", args...)
	if r.code != code {
		s.t.Fatalf("simsid %s exits with %d, want %d\nstdout:\n%s\nstderr:\n%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	return r
}

// ask runs a command that succeeds and returns its JSON answer.
func (s *simsid) ask(args ...string) map[string]any {
	s.t.Helper()
	return s.answer(0, args...)
}

func (s *simsid) answer(code int, args ...string) map[string]any {
	s.t.Helper()
	r := s.want(code, append(args, "-o", "json")...)
	var m map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil {
		s.t.Fatalf("simsid %s answers no JSON: %v\n%s", strings.Join(args, " "), err, r.stdout)
	}
	// What a real provider has said goes into the answer: it is held against its schema here as well.
	if _, err := conform.Check(filepath.Join("..", "..", "docs", "schema"), []byte(r.stdout)); err != nil {
		s.t.Errorf("simsid %s: %v", strings.Join(args, " "), err)
	}
	return m
}
