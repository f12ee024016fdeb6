//go:build !amd64

package scan

func hasWide() bool { return false }

// markBlocks is never called here.
func markBlocks(*uint64, *byte, int, *stencil) {}

// spanBlocks is never called here.
func spanBlocks(*byte, int) int { return 0 }
