package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// echo answers every connection with what the function makes of what came, byte for byte.
func echo(t *testing.T, answer func(received string) string) string {
	t.Helper()
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
			if !bytes.Contains(b[:n], []byte("SECRET")) { // the body comes in a packet of its own
				more, _ := c.Read(b[n:])
				n += more
			}
			_, _ = io.WriteString(c, answer(strings.NewReplacer("\r", " ", "\n", " ").Replace(string(b[:n]))))
			_ = c.Close()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// TestWhatIsntHTTP: of an answer that can't be read nothing is repeated, neither in errors nor in traces.
func TestWhatIsntHTTP(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(string) string{
		"a header's name": func(s string) string { return "HTTP/1.1 200 OK\r\nX-E\x1bcho: " + s + "\r\n\r\n" },
		"a folded header": func(s string) string { return "HTTP/1.1 200 OK\r\n " + s + "\r\n\r\n" },
		"a header":        func(s string) string { return "HTTP/1.1 200 OK\r\n" + s[len("POST "):] + "\r\n\r\n" },
		"the first line":  func(s string) string { return s + "\r\n\r\n" },
		"the protocol":    func(s string) string { return "HTTP/" + s + " 200 OK\r\n\r\n" },
		"the status":      func(s string) string { return "HTTP/1.1 " + s + "\r\n\r\n" },
		"the coding":      func(s string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + s + "\r\n\r\n" },
		"the length":      func(s string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + s + "\r\n\r\n" },
		"two lengths": func(s string) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + s + "\r\n\r\n"
		},
		"where it leads": func(s string) string {
			return "HTTP/1.1 302 Found\r\nLocation: %zz" + s + "\r\nContent-Length: 0\r\n\r\n"
		},
		"what is behind it": func(s string) string { return "HTTP/1.1 204 No Content\r\n\r\n" + s },
		"a chunk's length":  func(s string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + s + "\r\n" },
		"the trailer's names": func(s string) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: " + s + "\r\n\r\n0\r\n\r\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var traced strings.Builder
			trace := NewTrace(TraceOptions{Words: &traced, Now: time.Now})
			hc := NewHTTPClient(HTTPOptions{Trace: trace})
			address := echo(t, answer)
			_, err := post(t.Context(), hc, "refresh", address, url.Values{"refresh_token": {"a-SECRET-of-somebody"}}, Client{ID: "c", Secret: token.NewSecret("x")})
			_, cerr := APICall{Client: func(*url.URL) *http.Client { return hc }, Origins: []string{strings.TrimSuffix(address, "/")}, Bearer: token.NewSecret("b")}.
				send(context.WithoutCancel(t.Context()), http.MethodPost, mustURL(t, address), []byte("a-SECRET-of-the-body"), true)
			for _, text := range []string{errorText(err), errorText(cerr), traced.String()} {
				if strings.Contains(text, "SECRET") {
					t.Errorf("it repeats what was sent: %s", text)
				}
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestQuotesAnswer: what the network, a certificate or a file has to say is told, quotes or not.
func TestQuotesAnswer(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{errors.New(`malformed HTTP response "x"`), true},
		{textproto.ProtocolError("malformed MIME header initial line:  x"), true},
		{fmt.Errorf("transport connection broken: %w", textproto.ProtocolError("x")), true},
		{io.ErrUnexpectedEOF, false},
		{&net.DNSError{Err: `no such host as "x"`}, false},
		{&fs.PathError{Op: "open", Path: `"x"`, Err: fs.ErrNotExist}, false},
		{&tls.CertificateVerificationError{Err: errors.New(`by "x"`)}, false},
	} {
		if got := quotesAnswer(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
