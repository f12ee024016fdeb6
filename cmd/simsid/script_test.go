package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/simsid/simsid/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"simsid":    simsidForTests,
		"browse":    browse,
		"ask":       ask,
		"elsewhere": elsewhere,
	})
}

// simsidForTests is main with a clock that a script can move: TEST_CLOCK is a duration to add.
func simsidForTests() {
	env := environment()
	if v := os.Getenv("TEST_CLOCK"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			panic(err)
		}
		env.Now = func() time.Time { return time.Now().Add(d) }
	}
	env.Location = func() *time.Location { return time.UTC }
	noStdinInScripts(&env)
	done := conforming(&env)
	code := done(cli.Main(context.Background(), env))
	if file := os.Getenv("TEST_PEAK"); file != "" {
		// What the system counts for a child begins with its parent's memory; this is the process's own.
		status, err := os.ReadFile("/proc/self/status")
		if err != nil || os.WriteFile(file, status, 0o600) != nil {
			panic("no peak of memory")
		}
	}
	os.Exit(code)
}

// noStdinInScripts has a command that reads a token see the null device where its script gave it nothing to read: the runner has an empty pipe
// there, which with TEST_STDIN=pipe the command sees as it is.
func noStdinInScripts(env *cli.Env) {
	readers := []string{"decode", "orgs", "introspect", "revoke"}
	if !env.StdinPiped || os.Getenv("TEST_SCHEMAS") == "" || os.Getenv("TEST_STDIN") == "pipe" || len(env.Args) == 0 || !slices.Contains(readers, env.Args[0]) {
		return
	}
	in := bufio.NewReader(os.Stdin)
	_, err := in.Peek(1)
	env.Stdin, env.StdinPiped = in, err == nil
}

// TestScripts runs each command, and each error, as a user would: one behaviour a paragraph, in txtar scripts.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scriptParams(filepath.Join("testdata", "script")))
}

func scriptParams(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"sts":       sts,
			"busy":      busy,
			"free":      free,
			"emulated":  emulated,
			"imis":      imis,
			"post":      post,
			"fixedport": fixedPort,
			"conforms":  conforms,
			"seedtoken": seedToken,
			"serveapi":  serveAPI,
		},
	}
}

// setupScript gives each script a home of its own, with a key for sealed files and no keyring, browser or terminal.
func setupScript(env *testscript.Env) error {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("SIMSID_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
	env.Setenv("SIMSID_STATE_DIR", filepath.Join(env.WorkDir, "state"))
	env.Setenv("TERM", "dumb")
	schemas, err := schemaFolder()
	if err != nil {
		return err
	}
	env.Setenv("TEST_SCHEMAS", schemas)
	running := &stsState{}
	env.Values[stsKey{}] = running
	env.Defer(running.end)
	served := &emulatedState{}
	env.Values[emulatedKey{}] = served
	env.Defer(func() { _ = served.stop() })
	return nil
}

// exits runs a command and compares its exit code: exits 3 simsid introspect. What it printed is there for stdout and stderr.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE[,CODE] COMMAND [ARGUMENT...]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if !slices.Contains(strings.Split(args[0], ","), strconv.Itoa(got)) {
		ts.Fatalf("%s exits with %d, want %s", args[1], got, args[0])
	}
}
