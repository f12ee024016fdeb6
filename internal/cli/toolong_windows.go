package cli

import (
	"errors"
	"syscall"
)

// isNameTooLong reports whether a file's name was refused for its length or its characters: it may be a token then.
func isNameTooLong(err error) bool {
	const errorInvalidName, errorFilenameExceedsRange = syscall.Errno(123), syscall.Errno(206)
	return errors.Is(err, errorInvalidName) || errors.Is(err, errorFilenameExceedsRange)
}
