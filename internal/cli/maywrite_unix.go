//go:build !windows

package cli

import "syscall"

// mayWrite reports whether this user may make something in a folder.
func mayWrite(dir string) bool {
	const write, search = 2, 1 // as access(2) numbers them
	return syscall.Access(dir, write|search) == nil
}
