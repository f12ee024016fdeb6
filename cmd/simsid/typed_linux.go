package main

import "syscall"

// The requests of ioctl_tty(2); maxTerminalLine is N_TTY_BUF_SIZE without the line's end.
const (
	getMode         = syscall.TCGETS
	setMode         = syscall.TCSETS
	setModeFlushing = syscall.TCSETS + 2 // TCSETSF
	maxTerminalLine = 4095
)
