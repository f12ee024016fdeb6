//go:build !linux && !windows

package main

import "syscall"

// The requests of termios(4); maxTerminalLine is MAX_CANON without the line's end.
const (
	getMode         = syscall.TIOCGETA
	setMode         = syscall.TIOCSETA
	setModeFlushing = syscall.TIOCSETAF
	maxTerminalLine = 1023
)
