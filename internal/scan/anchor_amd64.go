package scan

import "golang.org/x/sys/cpu"

// hasWide reports whether the processor can look at 32 bytes at once.
func hasWide() bool { return cpu.X86.HasAVX2 }

// markBlocks sets a bit for each of the 64*blocks bytes at b that the stencil admits with the two behind it, and clears the others; b has two bytes
// more than that.
//
//go:noescape
func markBlocks(words *uint64, b *byte, blocks int, s *stencil)

// spanBlocks returns how many of the 32*blocks bytes at b are characters of base64url, up to the first that isn't one.
//
//go:noescape
func spanBlocks(b *byte, blocks int) int
