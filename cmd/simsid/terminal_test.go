//go:build !windows

package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/simsid/simsid/internal/tokenstore"
)

// terminal is simsid in a real pseudo-terminal, 80 columns wide and 40 rows high.
type terminal struct {
	t    *testing.T
	tty  *os.File
	cmd  *exec.Cmd
	mu   sync.Mutex
	cond *sync.Cond
	text bytes.Buffer
	done bool
}

// terminalTime is the longest that a program may be in a terminal.
const terminalTime = 2 * time.Minute

// startTerminal runs simsid in a terminal with a home of its own.
func startTerminal(t *testing.T, home string, environment []string, args ...string) *terminal {
	t.Helper()
	return startTerminalOf(t, 40, home, environment, args...)
}

// startTerminalOf is startTerminal with so many rows.
func startTerminalOf(t *testing.T, rows uint16, home string, environment []string, args ...string) *terminal {
	t.Helper()
	program, err := exec.LookPath("simsid")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append([]string{
		"HOME=" + home, "TERM=xterm-256color", "PATH=" + os.Getenv("PATH"),
		"SIMSID_CONFIG_DIR=" + filepath.Join(home, "config"), "SIMSID_STATE_DIR=" + filepath.Join(home, "state"),
		"GOCOVERDIR=" + t.TempDir(),
	}, environment...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{t: t, tty: tty, cmd: cmd}
	s.cond = sync.NewCond(&s.mu)
	go s.read()
	// What never shows what is awaited is ended, and then tells what it did show.
	last := time.AfterFunc(terminalTime, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		last.Stop()
		_ = tty.Close()
	})
	return s
}

func (s *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := s.tty.Read(buf)
		s.mu.Lock()
		s.text.Write(buf[:n])
		s.done = s.done || err != nil
		s.cond.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits until the screen has shown what pattern matches, and returns the match with its groups.
func (s *terminal) await(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		text := strings.ReplaceAll(s.text.String(), "\r\n", "\n")
		if m := re.FindStringSubmatch(text); m != nil {
			return m
		}
		if s.done {
			s.t.Fatalf("the program ended without showing %q:\n%s", pattern, text)
		}
		s.cond.Wait()
	}
}

// answer types a line.
func (s *terminal) answer(line string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(line + "\r"); err != nil {
		s.t.Fatal(err)
	}
}

// end waits for the program and returns its exit code and all that it showed.
func (s *terminal) end() (code int, text string) {
	s.t.Helper()
	_ = s.cmd.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.done {
		s.cond.Wait()
	}
	return s.cmd.ProcessState.ExitCode(), strings.ReplaceAll(s.text.String(), "\r\n", "\n")
}

// TestInterrupt ends a waiting login with Ctrl-C: exit code 130, a word on a line of its own, what may have been in the way, no stack and no
// usage.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := startTerminal(t, t.TempDir(), []string{"NO_COLOR=1"}, "login", "--emulator", "--no-browser")
	uri := s.await(`Waiting for the answer at (http://127\.0\.0\.1:\d+/callback)`)[1]
	s.answer("\x03")
	code, text := s.end()
	_, said, fresh := strings.Cut(text, "\ninterrupted\n")
	said = strings.Join(strings.Fields(said), " ")
	if code != 130 || !fresh || strings.Contains(text, "error:") || !strings.Contains(said, "hint: register exactly this redirect URI") ||
		!strings.Contains(said, uri) || !strings.Contains(said, "simsid doctor -p emulator") {
		t.Errorf("exit code %d and %q, want 130, \"interrupted\" and the likely causes", code, text)
	}
}

// TestPaste signs in by pasting the address that a browser on another machine would end at; what is no answer is refused and the
// wait goes on.
func TestPaste(t *testing.T) {
	t.Parallel()
	s := startTerminal(t, t.TempDir(), nil, "login", "--emulator", "--as", "head", "--no-browser")
	address := s.await(`(?s)visit\n\n\s+(http://127\.0\.0\.1:\S+)\n`)[1]
	s.await(`paste the address`)
	s.answer("hello")
	s.await(`(?s)not the awaited answer.*the\s+address\s+that\s+the\s+browser\s+ends\s+at\s+begins\s+with\s+http://127\.0\.0\.1:\d+/callback`)
	s.answer("http://127.0.0.1:1/callback?code=x&state=foreign")
	redirected := signInAt(t, address)
	s.answer(redirected)
	s.await(`Signed in`)
	if code, text := s.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, text)
	}
}

// signInAt visits the address of an emulator that signs a sample user in without a page, and returns the address that the
// browser is sent to, without going there.
func signInAt(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	redirected := resp.Header.Get("Location")
	if !strings.Contains(redirected, "code=") {
		t.Fatalf("%s leads to %q", address, redirected)
	}
	return redirected
}

// TestNoPassphraseForAnIdentity: nobody is asked for a passphrase that couldn't help.
func TestNoPassphraseForAnIdentity(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	id, err := tokenstore.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(home, "key.txt")
	if err := id.WriteFile(key); err != nil {
		t.Fatal(err)
	}
	s := startTerminal(t, home, []string{"SIMSID_STORE_KEY_FILE=" + key}, "login", "--emulator", "--as", "head", "--store", "file")
	if code, text := s.end(); code != 0 {
		t.Fatalf("login: exit code %d\n%s", code, text)
	}
	s = startTerminal(t, home, nil, "token", "-p", "emulator")
	code, text := s.end()
	if code != 6 || !strings.Contains(strings.Join(strings.Fields(text), " "), "sealed to an age identity") || strings.Contains(text, "Passphrase of") {
		t.Errorf("exit code %d and\n%s\nwant 6, the identity named, and no question", code, text)
	}
}
