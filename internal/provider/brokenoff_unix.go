//go:build !windows

package provider

import (
	"errors"
	"syscall"
)

// BrokenOff reports whether whoever was connected to broke the connection off, maybe before it had quite come about.
func BrokenOff(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}
