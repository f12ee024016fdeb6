package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// maxEdited is how much of a line can still be edited, in bytes; what is longer is handed over as it comes.
	maxEdited = 1 << 20
	// maxShown is how much of a line is shown while it is typed, in characters: a pasted answer may be as long as twenty screens.
	maxShown = 512
	elided   = "..."
)

// editor reads a terminal line by line, and does by itself what a terminal does for programs that read lines: showing what is typed, erasing, the
// end of input. A terminal's own lines end, without a word, at 4,095 bytes on Linux and 1,024 on macOS, and an answer that holds tokens is
// longer: what came of it would be a token cut short.
type editor struct {
	in    io.Reader // hands over each key as it is typed
	echo  io.Writer
	keys  editKeys
	line  []byte // can still be edited
	ready []byte // is to be read
	end   bool   // comes behind ready
	shown int    // characters of line
	after byte   // the control character before, as far as it matters for the next: a carriage return
	step  escapeStep
}

// editKeys are the characters that edit a line, as the terminal has them; 0 is none.
type editKeys struct{ erase, word, kill, end byte }

// escapeStep is where in a key's escape sequence the next byte stands (ECMA-48 section 5.4).
type escapeStep int

const (
	noEscape escapeStep = iota
	escapeBegun
	escapeOne // one byte is left
	escapeParameters
)

const (
	ctrlD     = 0x04
	backspace = 0x08
	ctrlU     = 0x15
	ctrlW     = 0x17
	escape    = 0x1b
	deleted   = 0x7f
)

// Read returns whole lines, or what was typed before the end of input.
func (e *editor) Read(p []byte) (int, error) {
	var keys [4096]byte
	for len(e.ready) == 0 {
		if e.end {
			e.end = false
			return 0, io.EOF
		}
		n, err := e.in.Read(keys[:])
		var echo bytes.Buffer
		for _, key := range keys[:n] {
			if !e.end { // behind it nothing is awaited
				e.press(&echo, key)
			}
		}
		_, _ = e.echo.Write(echo.Bytes()) // nothing depends on it
		if err != nil && err != io.EOF {
			return 0, err
		}
		if err != nil {
			e.ready, e.line, e.end = append(e.ready, e.line...), nil, true
		}
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// press takes one byte of what is typed.
func (e *editor) press(echo *bytes.Buffer, key byte) {
	before := e.after
	e.after = 0
	if key >= ' ' && e.escaped(key) {
		return
	}
	e.step = noEscape
	switch {
	case key == '\n' && before == '\r':
	case key == '\n', key == '\r':
		e.after = key
		e.finish(echo)
	case key == escape:
		e.step = escapeBegun
	case key == backspace, key == deleted, key == e.keys.erase:
		e.erase(echo)
	case key == e.keys.kill && key != 0:
		for len(e.line) > 0 {
			e.erase(echo)
		}
	case key == e.keys.word && key != 0:
		for len(e.line) > 0 && e.line[len(e.line)-1] == ' ' {
			e.erase(echo)
		}
		for len(e.line) > 0 && e.line[len(e.line)-1] != ' ' {
			e.erase(echo)
		}
	case key == e.keys.end && key != 0:
		e.end = len(e.line) == 0
		e.ready, e.line, e.shown = append(e.ready, e.line...), nil, 0
	case key >= ' ', key == '\t':
		e.add(echo, key)
	}
}

// escaped reports whether a byte belongs to an escape sequence: an arrow key's, or what some terminals put around pasted text.
func (e *editor) escaped(key byte) bool {
	switch e.step {
	case noEscape:
		return false
	case escapeBegun:
		e.step = noEscape
		switch key {
		case '[':
			e.step = escapeParameters
		case 'O':
			e.step = escapeOne
		}
	case escapeOne:
		e.step = noEscape
	case escapeParameters:
		if key >= '@' {
			e.step = noEscape
		}
	}
	return true
}

func (e *editor) finish(echo *bytes.Buffer) {
	if e.shown > maxShown {
		fmt.Fprintf(echo, " (%d characters)", e.shown)
	}
	echo.WriteByte('\n')
	e.ready = append(append(e.ready, e.line...), '\n')
	e.line, e.shown = nil, 0
}

// add puts a byte behind the line, and shows what can be shown in one column.
func (e *editor) add(echo *bytes.Buffer, key byte) {
	e.line = append(e.line, key)
	if !utf8.RuneStart(key) {
		return
	}
	e.shown++
	switch {
	case e.shown == maxShown+1:
		echo.WriteString(elided)
	case e.shown > maxShown:
	case key == '\t':
		echo.WriteByte(' ')
	case key >= utf8.RuneSelf:
		echo.WriteByte('?') // terminals draw such characters in widths of their own, which couldn't be taken back
	default:
		echo.WriteByte(key)
	}
	if len(e.line) >= maxEdited {
		e.ready, e.line = append(e.ready, e.line...), nil
	}
}

// erase takes the last character back.
func (e *editor) erase(echo *bytes.Buffer) {
	if len(e.line) == 0 {
		return
	}
	last := len(e.line) - 1
	for last > 0 && !utf8.RuneStart(e.line[last]) {
		last--
	}
	e.line = e.line[:last]
	columns := 0
	switch {
	case e.shown == maxShown+1:
		columns = len(elided)
	case e.shown <= maxShown:
		columns = 1
	}
	e.shown--
	echo.WriteString(strings.Repeat("\b", columns) + strings.Repeat(" ", columns) + strings.Repeat("\b", columns))
}
