package main

import (
	"io"
	"net"
	"strings"
	"testing"
)

// TestUnasked: a server that sends back what it was sent, behind an answer that has no body, has none of it shown. Whether net/http sees it
// at all is a matter of time, so it is tried a few times.
func TestUnasked(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 64<<10)
			n, _ := c.Read(b)
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n"+string(b[:n]))
			_ = c.Close()
		}
	}()
	home := "HOME=" + t.TempDir()
	run(t, []string{home}, "login", "--emulator", "--as", "head").has(t, 0)
	for range 12 {
		if r := run(t, []string{home}, "api", "-p", "emulator", "--api-base", "http://"+l.Addr().String(), "GET", "x"); strings.TrimSpace(r.stdout+r.stderr) != "" {
			t.Fatalf("exit %d:\n%s%s", r.code, r.stdout, r.stderr)
		}
	}
}
