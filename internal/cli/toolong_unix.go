//go:build !windows

package cli

import (
	"errors"
	"syscall"
)

// isNameTooLong reports whether a file's name was refused for its length: it may be a token then.
func isNameTooLong(err error) bool { return errors.Is(err, syscall.ENAMETOOLONG) }
