package flow

import (
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
	"sync/atomic"
	"time"

	"github.com/simsid/simsid/internal/token"
)

const (
	maxURL = maxQuery + 1<<10 // of a request line's target, in bytes
	// maxHeader has room for the cookies of everything else that a developer has served from localhost: browsers send them
	// to every port.
	maxHeader      = 64 << 10
	maxBody        = 2 * maxAnswer // a relayed fragment is escaped once more
	maxConnections = 128
	maxReported    = 20 // strays that become events
	headerTimeout  = 10 * time.Second
	requestTimeout = 15 * time.Second
	idleTimeout    = 10 * time.Second
	writeTimeout   = 3 * time.Minute // the landing page waits for the exchange, which has time-outs of its own
)

// PortError says that the redirect URI's port can't be listened on.
type PortError struct {
	Address string // "127.0.0.1:5454"
	Err     error
}

func (e *PortError) Error() string {
	// The system's words without Go's "listen tcp4 127.0.0.1:5454: bind:", which repeats the address.
	cause := e.Err
	for next := errors.Unwrap(cause); next != nil; next = errors.Unwrap(cause) {
		cause = next
	}
	return fmt.Sprintf("listen on %s: %v", e.Address, cause)
}

func (e *PortError) Unwrap() error { return e.Err }

// loopback serves a redirect URI until one genuine answer has come and its sender has seen how the login went.
type loopback struct {
	redirect  redirect // with its real port
	addresses []string // that it listens on
	expected  expected
	landing   string // path of the landing page; not to be guessed, so that only the sender of the answer gets there
	relay     string // path to which the script posts a fragment; not to be guessed, so that no foreign form gets there
	taken     atomic.Bool
	answers   chan answer
	strays    chan refusal
	reported  atomic.Int32
	outcome   chan struct{} // closed when succeeded is set
	succeeded bool
	landed    chan struct{} // closed when the landing page was written
	landOnce  sync.Once
	crowd     crowd
	server    *http.Server
	serving   sync.WaitGroup
	failed    chan error
}

// listen takes the redirect's port on its addresses and starts serving. Errors are *PortError. For a redirect that is away, nothing
// listens: what comes back is pasted. cert is for https, and nil for http.
func listen(ctx context.Context, r redirect, cert *tls.Certificate, e expected, landing token.Secret) (*loopback, error) {
	if r.away {
		return newLoopback(ctx, r, e, landing), nil
	}
	listeners, port, err := openPort(ctx, r)
	if err != nil {
		return nil, err
	}
	l := newLoopback(ctx, r.withPort(port), e, landing)
	for _, ln := range listeners {
		l.addresses = append(l.addresses, ln.Addr().String())
	}
	if r.scheme == schemeHTTPS {
		for i, ln := range listeners {
			listeners[i] = l.secured(ln, cert)
		}
	}
	l.serve(listeners)
	return l, nil
}

func newLoopback(ctx context.Context, r redirect, e expected, landing token.Secret) *loopback {
	l := &loopback{
		redirect: r,
		expected: e,
		landing:  "/finished/" + landing.Reveal(),
		relay:    "/fragment/" + landing.Reveal(),
		answers:  make(chan answer, 1),
		strays:   make(chan refusal, maxReported),
		outcome:  make(chan struct{}),
		landed:   make(chan struct{}),
		failed:   make(chan error, 1),
	}
	l.crowd.limit = maxConnections
	var protocols http.Protocols
	protocols.SetHTTP1(true) // releases hold no other: see the tag in .goreleaser.yaml
	l.server = &http.Server{
		Protocols:                    &protocols,
		Handler:                      l,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  requestTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0),
		BaseContext:                  func(net.Listener) context.Context { return ctx },
		ConnContext:                  withConnection,
		ConnState:                    l.crowd.change,
	}
	return l
}

func (l *loopback) serve(listeners []net.Listener) {
	for _, ln := range listeners {
		l.serving.Go(func() {
			err := l.server.Serve(ln)
			if errors.Is(err, http.ErrServerClosed) {
				return
			}
			select {
			case l.failed <- fmt.Errorf("listen on %s: %w", ln.Addr(), err):
			default: // the other address has failed before
			}
		})
	}
}

// openPort listens on every address of r on one port; for port 0 on one that is free on all of them.
func openPort(ctx context.Context, r redirect) ([]net.Listener, int, error) {
	return openBy(ctx, new(net.ListenConfig).Listen, r)
}

// opener is net.ListenConfig's Listen.
type opener func(ctx context.Context, network, address string) (net.Listener, error)

func openBy(ctx context.Context, open opener, r redirect) ([]net.Listener, int, error) {
	const tries = 32
	var err error
	for range tries {
		var listeners []net.Listener
		var port int
		if listeners, port, err = openOnce(ctx, open, r.addresses(), r.listenPort()); err == nil || r.listenPort() != 0 || ctx.Err() != nil {
			return listeners, port, err
		}
	}
	return nil, 0, err
}

func openOnce(ctx context.Context, open opener, addresses []string, wanted int) (listeners []net.Listener, port int, err error) {
	port = wanted
	for _, host := range addresses {
		address := net.JoinHostPort(host, strconv.Itoa(port))
		ln, err := open(ctx, "tcp", address)
		if err != nil {
			if len(listeners) > 0 && !hasAddress(ctx, host) {
				continue // localhost on a machine without IPv6: nobody else can hold the port there either
			}
			for _, before := range listeners {
				_ = before.Close()
			}
			return nil, 0, &PortError{Address: address, Err: err}
		}
		listeners = append(listeners, ln)
		if tcp, ok := ln.Addr().(*net.TCPAddr); ok {
			port = tcp.Port
		}
	}
	return listeners, port, nil
}

// hasAddress reports whether the machine has this loopback address at all. Asking for any free port there tells it on
// every system, where the errors of a missing address differ.
func hasAddress(ctx context.Context, host string) bool {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return false
	}
	_ = ln.Close()
	return true
}

// take claims the login for one answer, whichever way it came; false means that another was first.
func (l *loopback) take() bool { return l.taken.CompareAndSwap(false, true) }

// finish tells the landing page how the login went.
func (l *loopback) finish(succeeded bool) {
	l.succeeded = succeeded
	close(l.outcome)
}

// close frees the port and ends every connection.
func (l *loopback) close() {
	_ = l.server.Close()
	l.serving.Wait()
}
