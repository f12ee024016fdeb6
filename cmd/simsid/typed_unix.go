//go:build !windows

package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"
)

// typedTerminal is a terminal that hands over each key until it is closed.
type typedTerminal struct {
	editor
	in            *os.File
	mu            sync.Mutex
	before, while syscall.Termios
	closed        bool
	signals       chan os.Signal
}

// openTyped has the terminal hand over each key, and shows them on echo. Interruption, suspension and flow control stay the terminal's. The
// terminal is put back by Close, and by signals that end or stop the process.
func openTyped(in *os.File, echo io.Writer) (io.ReadCloser, error) {
	t := &typedTerminal{in: in, signals: make(chan os.Signal, 8)}
	if err := terminalMode(in, getMode, &t.before); err != nil {
		return nil, fmt.Errorf("ask the terminal for its mode: %w", err)
	}
	t.while = t.before
	t.while.Lflag &^= syscall.ICANON | syscall.ECHO
	t.while.Iflag &^= syscall.ICRNL | syscall.INLCR | syscall.IGNCR
	t.while.Cc[syscall.VMIN], t.while.Cc[syscall.VTIME] = 1, 0
	t.editor = editor{in: in, echo: echo, keys: editKeys{
		erase: key(t.before.Cc[syscall.VERASE]), word: key(t.before.Cc[syscall.VWERASE]),
		kill: key(t.before.Cc[syscall.VKILL]), end: key(t.before.Cc[syscall.VEOF]),
	}}
	if err := terminalMode(in, setMode, &t.while); err != nil {
		return nil, fmt.Errorf("have the terminal hand over long lines: %w", err)
	}
	for _, s := range []os.Signal{syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // nohup's wish stays one
			signal.Notify(t.signals, s)
		}
	}
	go t.heed()
	return t, nil
}

// key is a control character of a terminal's mode; which one stands for none differs from system to system (POSIX _POSIX_VDISABLE).
func key(c byte) byte {
	if c == 0xff {
		return 0
	}
	return c
}

// Read is the editor's. A panic in it leaves the terminal as it was.
func (t *typedTerminal) Read(p []byte) (int, error) {
	defer func() {
		if r := recover(); r != nil {
			_ = t.Close()
			panic(r)
		}
	}()
	return t.editor.Read(p)
}

// Close puts the terminal back as it was. What was typed and not read is thrown away: the rest of a pasted text is no command for a shell.
func (t *typedTerminal) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	signal.Stop(t.signals)
	close(t.signals)
	return terminalMode(t.in, setModeFlushing, &t.before)
}

// set sets a mode unless the terminal has been put back for good.
func (t *typedTerminal) set(mode *syscall.Termios) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		_ = terminalMode(t.in, setMode, mode)
	}
}

// heed puts the terminal back before a signal does its work.
func (t *typedTerminal) heed() {
	for s := range t.signals {
		switch s {
		case syscall.SIGTSTP:
			t.set(&t.before)
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		case syscall.SIGCONT:
			t.set(&t.while) // a shell that keeps modes for its jobs may have kept either
		default:
			t.set(&t.before)
			signal.Reset(s)
			if number, ok := s.(syscall.Signal); ok {
				_ = syscall.Kill(os.Getpid(), number)
			}
		}
	}
}

// silence has a terminal show nothing of what is typed.
func silence(in *os.File) error {
	var mode syscall.Termios
	if err := terminalMode(in, getMode, &mode); err != nil {
		return fmt.Errorf("ask the terminal for its mode: %w", err)
	}
	mode.Lflag &^= syscall.ECHO
	if err := terminalMode(in, setMode, &mode); err != nil {
		return fmt.Errorf("have the terminal show nothing: %w", err)
	}
	return nil
}

// terminalMode gets or sets a terminal's mode.
func terminalMode(f *os.File, request uintptr, mode *syscall.Termios) error {
	for {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(mode))) //nolint:gosec // G103: what ioctl takes
		switch errno {
		case 0:
			return nil
		case syscall.EINTR:
		default:
			return errno
		}
	}
}
