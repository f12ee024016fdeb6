//go:build !windows

package main

import (
	"errors"
	"syscall"
)

// execute puts a program in the place of this process: its exit code, its signals and its terminal are then its own, and nothing of
// simsid waits in memory with a token. It returns only where the program can't be started.
func execute(path string, args, env []string) (int, error) {
	err := syscall.Exec(path, args, env) //nolint:gosec // G204: running the user's command is what exec is for
	if errors.Is(err, syscall.ENOEXEC) {
		// A script without its first line, which execvp and every shell give to sh.
		err = syscall.Exec("/bin/sh", append([]string{"sh", path}, args[1:]...), env) //nolint:gosec // G204: as above
	}
	return 0, err
}
