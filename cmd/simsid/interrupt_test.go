//go:build !windows

package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A login that is interrupted while it waits leaves its trace behind, whole and for its owner alone, and nothing else.
func TestTraceFileOfAnInterruption(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, testProgram(), "login", "--emulator", "--no-browser", "--store", "memory", "--trace-file", "login.har")
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=dumb"}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "Waiting for the answer") {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // its exit code says it
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exits with %d, want 130", code)
	}
	har, err := os.ReadFile(filepath.Join(dir, "login.har"))
	if err != nil || !strings.Contains(string(har), "/connect/authorize?") {
		t.Errorf("%v, %s", err, har)
	}
	info, err := os.Stat(filepath.Join(dir, "login.har"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", err, info)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", err, files)
	}
}
