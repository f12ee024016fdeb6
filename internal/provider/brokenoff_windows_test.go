package provider

import "syscall"

var brokenOff = []syscall.Errno{syscall.WSAECONNRESET, syscall.WSAECONNABORTED}
