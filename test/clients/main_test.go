//go:build real

package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/simsid/simsid/test/program"
)

// commandTime bounds each program that a test starts.
const commandTime = time.Minute

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// sts is a running emulator.
type sts struct {
	Issuer string `json:"issuer"`
	CA     string `json:"ca"`
}

// emulate starts an emulator that serves HTTPS as a configuration says, and ends it with the test.
func emulate(t *testing.T, configuration string, flags ...string) sts {
	t.Helper()
	home := t.TempDir()
	file := filepath.Join(home, "emulator.toml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, binary, append([]string{"emulator", "--config", file, "--port", "0", "--https"}, flags...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home,
		"SIMSID_CONFIG_DIR=" + filepath.Join(home, "config"), "SIMSID_STATE_DIR=" + filepath.Join(home, "state"),
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = start(cmd)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		if err := end(cmd); err != nil {
			t.Errorf("the emulator ends with %v", err)
		}
		if t.Failed() {
			t.Logf("the emulator said\n%s", said.String())
		}
	})
	var s sts
	if err := json.NewDecoder(out).Decode(&s); err != nil {
		t.Fatalf("no ready line: %v", err)
	}
	return s
}

// start starts a program that ends when its context does, and at the latest ten seconds after that.
func start(cmd *exec.Cmd) error {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Start()
}

// end ends a program that ends well when it is asked to, and kills it where it doesn't.
func end(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	stubborn := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer stubborn.Stop()
	return cmd.Wait()
}

// answer runs a program to its end and returns what it wrote to standard output.
func answer(t *testing.T, env []string, stdin, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	if stdin != "" { // else the null device
		cmd.Stdin = strings.NewReader(stdin)
	}
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v; `make setup` installs what it needs\n%s%s", name, err, out, said.String())
	}
	return string(out)
}

// freePort returns a port that nothing listens on, for a program that has to be told one.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await returns when a server takes connections; for those that have no other way of saying that they are ready.
func await(t *testing.T, network, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nothing listens at %s: %v", address, err)
		case <-tick.C:
		}
	}
}
