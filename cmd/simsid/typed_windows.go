package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// maxTerminalLine is what one reading of the console takes, of which older consoles drop the rest.
const maxTerminalLine = 9990

// typedTerminal is a console that hands over each key until it is closed.
type typedTerminal struct {
	editor
	in      syscall.Handle
	before  uint32
	setMode *syscall.LazyProc
	once    sync.Once
}

const lineInput, echoInput = 0x2, 0x4 // ENABLE_LINE_INPUT, ENABLE_ECHO_INPUT

// openTyped has the console hand over each key, and shows them on echo. Ctrl-C stays the console's.
func openTyped(in *os.File, echo io.Writer) (io.ReadCloser, error) {
	t, err := consoleOf(in)
	if err != nil {
		return nil, err
	}
	t.editor = editor{in: in, echo: echo, keys: editKeys{word: ctrlW, kill: ctrlU, end: ctrlD}}
	if err := t.set(t.before &^ (lineInput | echoInput)); err != nil {
		return nil, fmt.Errorf("have the console hand over long lines: %w", err)
	}
	return t, nil
}

func consoleOf(in *os.File) (*typedTerminal, error) {
	t := &typedTerminal{in: syscall.Handle(in.Fd()), setMode: syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")}
	if err := syscall.GetConsoleMode(t.in, &t.before); err != nil {
		return nil, fmt.Errorf("ask the console for its mode: %w", err)
	}
	return t, nil
}

// silence has a console show nothing of what is typed.
func silence(in *os.File) error {
	t, err := consoleOf(in)
	if err != nil {
		return err
	}
	if err := t.set(t.before &^ echoInput); err != nil {
		return fmt.Errorf("have the console show nothing: %w", err)
	}
	return nil
}

// Close puts the console back as it was.
func (t *typedTerminal) Close() (err error) {
	t.once.Do(func() { err = t.set(t.before) })
	return err
}

func (t *typedTerminal) set(mode uint32) error {
	if ok, _, err := t.setMode.Call(uintptr(t.in), uintptr(mode)); ok == 0 {
		return err
	}
	return nil
}
