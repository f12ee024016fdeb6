//go:build !windows

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipeNamed makes a named pipe.
func pipeNamed(t *testing.T, path string) string {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever reads a file that the user names lets itself be ended while it waits for one: a pipe that is open and silent.
func TestPipesAreInterruptible(t *testing.T) {
	t.Parallel()
	provider := []string{"--kind", "oidc", "--issuer", "https://127.0.0.1:9", "--client-id", "x", "-p", "env", "--store", "memory"}
	for name, args := range map[string][]string{
		"doctor, ca_file":          append([]string{"doctor", "--ca-file", "PIPE"}, provider...),
		"doctor, tls_cert":         append([]string{"doctor", "--redirect-uri", "https://localhost:0/", "--tls-cert", "PIPE", "--tls-key", "PIPE"}, provider...),
		"discover, ca_file":        {"discover", "https://127.0.0.1:9", "--ca-file", "PIPE"},
		"login, tls_cert":          {"login", "--emulator", "--no-browser", "--store", "memory", "--redirect-uri", "https://localhost:0/", "--tls-cert", "PIPE", "--tls-key", "PIPE"},
		"emulator, config":         {"emulator", "--port", "0", "--config", "PIPE"},
		"scan":                     {"scan", "PIPE"},
		"profile add, secret":      {"profile", "add", "school", "--kind", "oidc", "--issuer", "https://127.0.0.1:9", "--client-id", "x", "--client-secret-file", "PIPE"},
		"api, body":                {"api", "-p", "emulator", "POST", "https://127.0.0.1:9/", "--data", "@PIPE"},
		"login, key of the store":  {"login", "--emulator", "--as", "head", "--store", "file"},
		"doctor, key of the store": append([]string{"doctor", "--store", "file"}, provider[:len(provider)-2]...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe := pipeNamed(t, filepath.Join(t.TempDir(), "pipe"))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "PIPE", pipe)
			}
			cmd := exec.CommandContext(ctx, testProgram(), args...)
			cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=dumb", "SIMSID_STORE_KEY_FILE=" + pipe}
			var said strings.Builder
			cmd.Stderr = &said
			// The program's own wait is what is tried, and not that of the test's pipes.
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			open := make(chan error, 1)
			go func() {
				f, err := os.OpenFile(pipe, os.O_WRONLY, 0) // as soon as the program has it open
				if err == nil {
					t.Cleanup(func() { _ = f.Close() })
				}
				open <- err
			}()
			ended := make(chan struct{})
			go func() { _ = cmd.Wait(); close(ended) }() // its exit code says it
			select {
			case err := <-open:
				if err != nil {
					t.Fatal(err)
				}
			case <-ended:
				t.Fatalf("it never read the pipe: exits with %d\n%s", cmd.ProcessState.ExitCode(), said.String())
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			<-ended
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exits with %d, want 130\n%s", code, said.String())
			}
		})
	}
}

// A pipe is read as a file is: by doctor too, whose checks ask for the same one more than once.
func TestDoctorReadsPipes(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	ca := newCA(t)
	s.profile["issuer"] = s.provider.serve(t, ca.chained(t, nil))
	authority, err := os.ReadFile(ca.file)
	if err != nil {
		t.Fatal(err)
	}
	s.profile["ca_file"] = pipeNamed(t, filepath.Join(s.home, "ca.pipe"))
	s.env["SIMSID_STORE_KEY_FILE"] = pipeNamed(t, filepath.Join(s.home, "key.pipe"))
	delete(s.env, "SIMSID_STORE_KEY")
	s.write()
	// Each is written to once: a second reading would wait for ever.
	fed := make(chan error, 2)
	go func() { fed <- os.WriteFile(s.profile["ca_file"], authority, 0) }()
	go func() { fed <- os.WriteFile(s.env["SIMSID_STORE_KEY_FILE"], []byte(doctorKey), 0) }()
	run(t, s.environ(), "doctor").has(t, 0, "passed   TLS chain", "passed   store")
	for range 2 {
		if err := <-fed; err != nil {
			t.Error(err)
		}
	}
}
