package provider

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// listenFor serves one connection after the other by a function, and gives the address.
func listenFor(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
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
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return l.Addr().String()
}

// A bare connection tells who speaks first, who speaks when asked, and who doesn't.
func TestSound(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	greets := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = io.WriteString(c, text)
			_, _ = c.Read(make([]byte, 512))
		}
	}
	answers := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = c.Read(make([]byte, 512))
			_, _ = io.WriteString(c, text)
		}
	}
	for name, test := range map[string]struct {
		serve func(net.Conn)
		want  Sounding
	}{
		"SSH":               {greets("SSH-2.0-x\r\n"), Sounding{End: SoundingSpoke, Speaks: "SSH"}},
		"mail":              {greets("220 mail\r\n"), Sounding{End: SoundingSpoke, Speaks: "FTP or SMTP (mail)"}},
		"MySQL":             {greets("J\x00\x00\x00\n8.0.36\x00"), Sounding{End: SoundingSpoke, Speaks: "MySQL"}},
		"plain HTTP":        {answers("HTTP/1.1 400 Bad Request\r\n\r\n"), Sounding{End: SoundingSpoke, Speaks: SpeaksHTTP}},
		"TLS":               {answers("\x15\x03\x01\x00\x02\x02\x46"), Sounding{End: SoundingSpoke, Speaks: SpeaksTLS}},
		"escapes":           {greets("\x1b[31mred\x00\xff"), Sounding{End: SoundingSpoke, First: `\x1b[31mred\x00\xff`}},
		"more than is told": {greets("a greeting that goes on and on and on"), Sounding{End: SoundingSpoke, First: "a greeting that goes on and on a…"}},
		"nothing":           {func(c net.Conn) {}, Sounding{End: SoundingClosed}},
		"silence":           {func(c net.Conn) { <-done }, Sounding{End: SoundingSilent}},
		"broken off": {func(c net.Conn) {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		}, Sounding{End: SoundingBroken}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if got := Sound(ctx, listenFor(t, test.serve)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if got := Sound(ctx, "127.0.0.1:1"); got != (Sounding{}) {
		t.Errorf("nobody: got %+v", got)
	}
}
