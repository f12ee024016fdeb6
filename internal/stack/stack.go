// Package stack gives the main goroutine a large stack at once, before anything else of the program is initialised, and others one when they ask.
//
// A goroutine starts on a few kilobytes and is moved to twice as many whenever it runs out. Each move walks the stack by the program's
// tables, which lie all over the binary; the pages of them that a short command touches by this alone are a megabyte of its memory, and reading
// them in is a part of its start-up. A stack that is grown while it holds two frames costs a page or two, and
// those are given back, see tables_linux.go.
//
// The package works by being initialised early. It imports nothing, so that nothing has to be initialised before it, and among the
// packages that are ready the one with the lowest path comes first (the Go specification, "Program initialization"): this one is ahead of
// regexp, which the libraries of the program compile expressions with at start.
package stack

// Size is how many bytes of stack every command has without a move.
const Size = 40 << 10

var _ = grow(0)

// SizeOfExchange is how many bytes of stack Grow makes room for.
const SizeOfExchange = 14 << 10

// Grow gives the goroutine that calls it the stack that an answer of the emulator takes. Called where the goroutine begins, it moves the stack once, with few
// frames on it, in place of three times with more each time.
func Grow() { _ = growForExchange(0) }

//go:noinline
func growForExchange(n int) byte {
	if n == 0 {
		return 0
	}
	var frame [SizeOfExchange]byte
	frame[n] = 1
	return frame[SizeOfExchange-1-n]
}

// grow needs a frame of Size bytes, and so a stack that holds it. The frame is only made room for: writing to it would have the system
// find memory for pages that few commands ever use.
//
//go:noinline
func grow(n int) byte {
	if n == 0 {
		return 0
	}
	var frame [Size]byte
	frame[n] = 1
	return frame[Size-1-n]
}
