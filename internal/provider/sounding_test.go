package provider

import (
	"context"
	"io"
	"net"
	"os"
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

// breaksOff has a connection end with a reset.
func breaksOff(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
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
		"broken off":        {breaksOff, Sounding{End: SoundingBroken}},
		"broken off later": {func(c net.Conn) {
			_ = c.SetReadDeadline(time.Now().Add(greetingTime / 10))
			_, _ = c.Read(make([]byte, 512))
			breaksOff(c)
		}, Sounding{End: SoundingBroken}},
		"broken off when asked": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 512))
			breaksOff(c)
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

// What can be told by the first bytes, to the last bit of it, and by fewer.
func TestSpoken(t *testing.T) {
	t.Parallel()
	for first, want := range map[string]string{
		"\x14\x03\x03": SpeaksTLS, "\x17\x03\x03": SpeaksTLS, "\x16\x03": SpeaksTLS,
		"\x13\x03\x03": "", "\x18\x03\x03": "", "\x16\x02\x03": "", "\x16": "",
		"J\x00\x00\x00\n": "MySQL", "J\x00\x00\x01\n": "", "J\x00\x00\x00\v": "", "J\x00\x00\x00": "",
		"+OK": "POP3 (mail)", "* OK": "IMAP (mail)", "RFB 003": "VNC", "-ERR": "Redis", "-DENIED": "Redis", "HTTP/": SpeaksHTTP, "HTTP": "",
	} {
		if got := spoken([]byte(first)); got.Speaks != want || got.End != SoundingSpoke || (got.First == "") != (want != "") {
			t.Errorf("%q: got %+v, want %q", first, got, want)
		}
	}
}

// Whoever is sounded out sees the end of it, and is asked nothing once the time is up.
func TestSoundLeaves(t *testing.T) {
	t.Parallel()
	heard := make(chan []byte, 1)
	address := listenFor(t, func(c net.Conn) {
		got, _ := io.ReadAll(c)
		heard <- got
	})
	ctx, cancel := context.WithTimeout(t.Context(), greetingTime/10)
	defer cancel()
	if got := Sound(ctx, address); got.End != SoundingSilent {
		t.Errorf("got %+v", got)
	}
	select {
	case got := <-heard:
		if len(got) != 0 {
			t.Errorf("was asked %q", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("the connection is still open")
	}
}

// A connection that is broken off is told from one that nobody takes.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	for _, err := range brokenOff {
		if got := unconnected(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)}); got.End != SoundingBroken {
			t.Errorf("%v: got %+v", err, got)
		}
	}
	if got := unconnected(io.EOF); got != (Sounding{}) {
		t.Errorf("got %+v", got)
	}
}
