package emulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Listener holds the sockets of a served emulator, all of one port.
type Listener struct {
	Port    int
	sockets []net.Listener
}

// Listen opens a host's port; port 0 is any free one. For "localhost" that is 127.0.0.1 and, where the system has it, ::1, since
// clients try either first.
func Listen(ctx context.Context, host string, port int) (*Listener, error) {
	if host != "localhost" {
		return listenOn(ctx, port, host)
	}
	// Of the free ports of one address the other may have some taken.
	for range 20 {
		l, err := listenOn(ctx, port, "127.0.0.1", "::1")
		if port != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
	return nil, errors.New("listen on localhost: no port is free on both 127.0.0.1 and ::1")
}

// listenOn needs the first host. Of the others it passes over those that the system doesn't have, but never one whose port is taken:
// what runs there would get some of our clients.
func listenOn(ctx context.Context, port int, hosts ...string) (*Listener, error) {
	out := &Listener{Port: port}
	var lc net.ListenConfig
	for i, host := range hosts {
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(out.Port)))
		if err != nil && i > 0 && !errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			out.Close()
			return nil, fmt.Errorf("listen on %s: %w", net.JoinHostPort(host, strconv.Itoa(out.Port)), err)
		}
		if at, ok := l.Addr().(*net.TCPAddr); ok {
			out.Port = at.Port
		}
		out.sockets = append(out.sockets, l)
	}
	return out, nil
}

// Close closes the sockets, which Serve has done already.
func (l *Listener) Close() {
	for _, s := range l.sockets {
		_ = s.Close() // what was accepted goes on
	}
}

// Serve answers on a listener until ctx ends, and then lets what is under way come to its end for a moment. With a certificate it
// speaks HTTPS, and answers plain HTTP as IdentityServer3 does: by 403. The error is one of the sockets.
func (s *Server) Serve(ctx context.Context, l *Listener, certificate *tls.Certificate) error {
	servers := []*http.Server{s.httpServer(ctx, s.Handler())}
	var plain *http.Server
	if certificate != nil {
		servers[0].TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
		plain = s.httpServer(ctx, http.HandlerFunc(refusePlain))
		servers = append(servers, plain)
	}
	failed := make(chan error, 3*len(l.sockets))
	for _, socket := range l.sockets {
		if plain == nil {
			go func() { failed <- servers[0].Serve(socket) }()
			continue
		}
		secure, open := split(socket, s.now)
		go func() { failed <- servers[0].ServeTLS(secure, "", "") }()
		go func() { failed <- plain.Serve(open) }()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	for _, server := range servers {
		if server.Shutdown(last) != nil {
			_ = server.Close() // nothing is left to do
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

func (s *Server) httpServer(ctx context.Context, h http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true) // releases hold no other: see the tag in .goreleaser.yaml
	return &http.Server{
		Protocols:         &protocols,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      15 * time.Minute, // longer than any delay on demand
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(&panicNotice{s}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
}

// panicNotice passes on what the HTTP server logs of a handler that failed. A client that hangs up, or doesn't trust the
// certificate, is its own business.
type panicNotice struct{ server *Server }

// Write implements io.Writer.
func (p *panicNotice) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("panic")) {
		first, _, _ := bytes.Cut(line, []byte("\n"))
		p.server.notice(fmt.Errorf("the emulator failed: %s", first))
	}
	return len(line), nil
}

func refusePlain(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, "HTTPS is required.\n") // the client has gone: there is nobody to tell
}

// split tells connections that begin a TLS handshake from others. Closing both listeners closes the socket.
func split(socket net.Listener, now func() time.Time) (secure, open net.Listener) {
	done := make(chan struct{})
	closing := sync.OnceValue(func() error {
		close(done)
		return socket.Close()
	})
	a := &side{conns: make(chan accepted), done: done, shut: closing, addr: socket.Addr()}
	b := &side{conns: make(chan accepted), done: done, shut: closing, addr: socket.Addr()}
	go func() {
		for {
			c, err := socket.Accept()
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil:
				if !a.pass(nil, err) { // the HTTP server knows which errors to wait out
					return
				}
			default:
				go assign(c, now, a, b)
			}
		}
	}()
	return a, b
}

// sniffTime is how long a connection may take for its first byte.
const sniffTime = 10 * time.Second

// handshake is the first byte of a TLS connection: a record of type handshake (RFC 8446 section 5.1).
const handshake = 22

func assign(c net.Conn, now func() time.Time, secure, open *side) {
	var first [1]byte
	_ = c.SetReadDeadline(now().Add(sniffTime)) // a connection that can't have one fails at the read
	if _, err := io.ReadFull(c, first[:]); err != nil {
		_ = c.Close() // it said nothing
		return
	}
	_ = c.SetReadDeadline(time.Time{}) // as above
	to := open
	if first[0] == handshake {
		to = secure
	}
	if !to.pass(&begunConn{Conn: c, first: first[:]}, nil) {
		_ = c.Close() // the server has ended
	}
}

// side is one of the two listeners that a socket is split into.
type side struct {
	conns chan accepted
	done  chan struct{}
	shut  func() error
	addr  net.Addr
}

// accepted is what an Accept is to return.
type accepted struct {
	conn net.Conn
	err  error
}

// pass hands a connection or an error on, and reports whether somebody took it.
func (s *side) pass(c net.Conn, err error) bool {
	select {
	case s.conns <- accepted{c, err}:
		return true
	case <-s.done:
		return false
	}
}

// Accept implements net.Listener.
func (s *side) Accept() (net.Conn, error) {
	select {
	case a := <-s.conns:
		return a.conn, a.err
	case <-s.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s *side) Close() error { return s.shut() }

// Addr implements net.Listener.
func (s *side) Addr() net.Addr { return s.addr }

// begunConn is a connection whose first byte has been looked at.
type begunConn struct {
	net.Conn
	first []byte
}

// Read implements net.Conn.
func (c *begunConn) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
