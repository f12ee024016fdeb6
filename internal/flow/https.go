package flow

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strconv"
)

// secured serves HTTPS on a listener.
func (l *loopback) secured(ln net.Listener, cert *tls.Certificate) net.Listener {
	return tls.NewListener(plainGuard{Listener: ln, report: l.report}, &tls.Config{
		Certificates: []tls.Certificate{*cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	})
}

// plainGuard tells whoever speaks plain HTTP where TLS is spoken.
type plainGuard struct {
	net.Listener
	report func(refusal)
}

func (g plainGuard) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: conn, report: g.report}, nil
}

// guardedConn looks at the first byte that comes.
type guardedConn struct {
	net.Conn
	report func(refusal)
	looked bool
}

const plainWords = "This is a plain HTTP request, and the sign-in listens for HTTPS here: put https:// in front of the address. " +
	"The sign-in goes on.\n"

// Read implements net.Conn. A TLS record begins with its type, of which none is a letter (RFC 8446 appendix B.1); a request of HTTP
// begins with its method.
func (c *guardedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.looked || n == 0 {
		return n, err
	}
	c.looked = true
	if b[0] < 'A' || b[0] > 'Z' {
		return n, err
	}
	c.report("a plain HTTP request, where HTTPS is spoken")
	c.drain(b[:n])
	_, _ = io.WriteString(c.Conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"+
		"X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: "+strconv.Itoa(len(plainWords))+"\r\n\r\n"+plainWords)
	return 0, io.EOF
}

// drain reads the request's headers to their end: a connection that is closed with something unread loses the answer on its way. How
// long it may take, the server's own deadline says.
func (c *guardedConn) drain(first []byte) {
	var head bytes.Buffer
	head.Write(first)
	buf := make([]byte, 4096)
	for head.Len() < maxHeader && !bytes.Contains(head.Bytes(), []byte("\r\n\r\n")) {
		n, err := c.Conn.Read(buf)
		head.Write(buf[:n])
		if err != nil {
			return
		}
	}
}
