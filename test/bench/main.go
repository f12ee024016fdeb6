//go:build linux

// Command bench measures simsid beside other programs that do the same or the least, and prints the ratios with their targets. Times differ
// from machine to machine and from one minute to the next; ratios of programs that took turns, in random order and many
// times over, hardly do. `make bench` runs it. It needs Linux, Go and a few Debian packages, and leaves nothing behind.
//
// The keyring, the agent and all state are its own, in two folders that are removed at the end, one on the disk and one in memory: a
// login is measured on both, since on a disk it waits for that most of the time, and disks differ more than programs do. It starts itself again under
// dbus-run-session, whose bus and keyring end with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// leastRounds is how often every program has to have its turn for the medians to mean something.
const leastRounds = 50

// limit ends a bench in which something hangs.
const limit = 15 * time.Minute

// insideVariable tells a bench that runs in its own session where its folder is.
const insideVariable = "SIMSID_BENCH_FOLDER"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 120, "how often every program has its turn, at least 50")
	reading := flags.Bool("reading", false, "only what reads tokens: decode and scan")
	check := flags.Bool("check", false, "exit with 1 when a target is missed")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0 || *rounds < leastRounds:
		fmt.Fprintf(stderr, "bench: usage: bench [-check] [-reading] [-rounds N], N at least %d\n", leastRounds)
		return 2
	}
	folder := os.Getenv(insideVariable)
	if folder == "" {
		code, err := outside(ctx, args)
		if err != nil {
			fmt.Fprintln(stderr, "bench:", err)
			return 1
		}
		return code
	}
	missed, err := inside(ctx, folder, *rounds, *reading, stdout, stderr)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	case missed > 0 && *check:
		return 1
	}
	return 0
}

// outside makes the folder, runs the bench in a session of its own, and removes the folder.
func outside(ctx context.Context, args []string) (code int, err error) {
	if err := requireTools(exec.LookPath); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "simsid-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.Mkdir(inMemory(folder), 0o700); err != nil {
		return 0, fmt.Errorf("a folder in memory is needed: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(inMemory(folder))) }()
	// dbus-daemon looks for it as soon as it starts.
	if err := os.Mkdir(filepath.Join(folder, "run"), 0o700); err != nil {
		return 0, err
	}

	cmd := exec.CommandContext(ctx, "dbus-run-session", append([]string{"--", self}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Only what the session needs: settings of the user's must not change what is measured.
	cmd.Env = []string{
		insideVariable + "=" + folder, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8",
		"XDG_RUNTIME_DIR=" + filepath.Join(folder, "run"), "XDG_DATA_HOME=" + filepath.Join(folder, "data"),
	}
	for _, name := range []string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	// The inner bench ends its agent by itself when it is interrupted.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// inMemory is the part of the folder that lies in memory.
func inMemory(folder string) string { return "/dev/shm/" + filepath.Base(folder) }

// inside builds, sets up, measures and reports; it returns how many targets were missed.
func inside(ctx context.Context, folder string, rounds int, reading bool, stdout, stderr io.Writer) (missed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fmt.Fprintln(stderr, "building")
	programs, err := build(ctx, filepath.Join(folder, "bin"))
	if err != nil {
		return 0, err
	}
	if reading {
		return readTokens(ctx, folder, programs, rounds, stdout, stderr)
	}
	fmt.Fprintln(stderr, "signing in, and starting a keyring and an agent")
	r, err := newRig(ctx, folder, programs)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.close()) }()

	fmt.Fprintf(stderr, "measuring, %d rounds\n", rounds)
	times, err := measureInstalled(ctx, programs.measured(), r.subjects(), rounds)
	if err != nil {
		return 0, err
	}
	peaks, err := r.peaks(ctx)
	if err != nil {
		return 0, err
	}
	size, err := os.Stat(programs.simsid)
	if err != nil {
		return 0, err
	}
	rep := report{rounds: rounds, libraries: programs.libraries, times: times, peaks: peaks, size: size.Size()}
	rep.sumFloors()
	if err := rep.write(stdout); err != nil {
		return 0, err
	}
	missed, err = readTokens(ctx, folder, programs, rounds, stdout, stderr)
	if err != nil {
		return 0, err
	}
	more, err := emulatorLoad(ctx, stdout, stderr)
	return missed + more + rep.missed(), err
}

// requireTools says which programs are missing, with the Debian packages that have them.
func requireTools(look func(string) (string, error)) error {
	tools := []struct{ program, debian string }{
		{"dbus-run-session", "dbus-daemon"},
		{"gnome-keyring-daemon", "gnome-keyring"},
		{"secret-tool", "libsecret-tools"},
		{"oidc-agent", "oidc-agent-cli"},
		{"oidc-gen", "oidc-agent-cli"},
		{"oidc-token", "oidc-agent-cli"},
		{"go", "golang-go"},
		{"jq", "jq"},
	}
	var missing, packages []string
	for _, t := range tools {
		if _, err := look(t.program); err == nil {
			continue
		}
		missing = append(missing, t.program)
		if n := len(packages); n == 0 || packages[n-1] != t.debian {
			packages = append(packages, t.debian)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("missing: %s; install the Debian packages: apt-get install %s", strings.Join(missing, ", "), strings.Join(packages, " "))
}
