//go:build !windows

package provider

import "syscall"

var brokenOff = []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED}
