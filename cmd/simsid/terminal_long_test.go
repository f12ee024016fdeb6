//go:build !windows

package main

import (
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/term"
)

// modeOf is a terminal's mode, to be compared.
func (s *terminal) modeOf() term.State {
	s.t.Helper()
	mode, err := term.GetState(int(s.tty.Fd()))
	if err != nil {
		s.t.Fatal(err)
	}
	return *mode
}

// TestPasteLong pastes an answer of 12 KB into a terminal, whose own lines end at 4,095 bytes: it comes whole, and isn't shown whole.
func TestPasteLong(t *testing.T) {
	t.Parallel()
	issuer := awayEmulator(t)
	s, address := startAway(t, issuer)
	before := s.modeOf()
	answer := signInAt(t, address) + "&x=" + strings.Repeat("x", 12<<10) + "&code=twice"
	paste := func(text string) { _, _ = s.tty.WriteString(text + "\r") }
	go paste(answer) // the terminal takes no more than it can hold before the program has read it
	s.await(`it has a parameter twice`)
	go paste(strings.TrimSuffix(answer, "&code=twice"))
	s.await(`Signed in`)
	code, text := s.end()
	if code != 0 || strings.Contains(text, strings.Repeat("x", 600)) || !strings.Contains(text, "... (12") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	if before == s.modeOf() {
		t.Error("the terminal wasn't put back")
	}
}

// TestTypedKeys: while an address may be pasted, backspace and the end of input work as in any terminal, and the terminal is put back when the
// login ends, is suspended, or is ended by a signal.
func TestTypedKeys(t *testing.T) {
	t.Parallel()
	issuer := awayEmulator(t)
	t.Run("backspace", func(t *testing.T) {
		t.Parallel()
		s, address := startAway(t, issuer)
		s.answer("xyz\x7f\x7f\x7f" + signInAt(t, address))
		s.await(`xyz\x08 \x08\x08 \x08\x08 \x08https://`)
		s.await(`Signed in`)
		if code, text := s.end(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, text)
		}
	})
	t.Run("the end of input", func(t *testing.T) {
		t.Parallel()
		s, _ := startAway(t, issuer)
		s.answer("\x04")
		s.await(`the pasted text ended without the answer`)
		if code, text := s.end(); code != 4 {
			t.Errorf("exit code %d:\n%s", code, text)
		}
	})
	for _, end := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if signal.Ignored(end) {
			continue // as under nohup(1): whoever ignores it here has it ignored there, and nothing ends
		}
		t.Run(end.String(), func(t *testing.T) {
			t.Parallel()
			s, _ := startAway(t, issuer)
			while := s.modeOf()
			if err := s.cmd.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			s.end()
			if s.modeOf() == while {
				t.Error("the terminal wasn't put back")
			}
		})
	}
}
