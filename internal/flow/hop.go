package flow

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// ErrBrowserAway says that the browser was started and never came for the address.
var ErrBrowserAway = errors.New("the browser didn't come for the address")

// SendBrowser leads the browser to an address that holds a secret. What the opener is given is seen by everybody on the
// machine, so it gets a one-time address on loopback instead, which redirects the first visitor and no other. It returns when the
// browser has been redirected, or when ctx ends.
func SendBrowser(ctx context.Context, address string, random io.Reader, open func(context.Context, string) error) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the browser: %w", err)
	}
	ticket := make([]byte, 32)
	if _, err := io.ReadFull(random, ticket); err != nil {
		return errors.Join(err, l.Close())
	}
	h := &hop{
		address: address, host: l.Addr().String(), path: "/" + base64.RawURLEncoding.EncodeToString(ticket), gone: make(chan struct{}),
	}
	srv := &http.Server{Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	opened := make(chan error, 1)
	go func() { opened <- open(ctx, "http://"+h.host+h.path) }()
	err = awaitHop(ctx, h.gone, opened)
	return errors.Join(err, shutHop(ctx, srv))
}

// hop redirects the first visitor of one path.
type hop struct {
	address    string // where to; a secret
	host, path string
	visited    atomic.Bool
	gone       chan struct{} // closed when the visitor has been redirected
}

func (p *hop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Connection", "close")
	switch {
	case r.Method != http.MethodGet || r.URL.Path != p.path || r.Host != p.host:
		http.Error(w, "not found", http.StatusNotFound)
	case p.visited.Swap(true):
		http.Error(w, "this address works once", http.StatusGone)
	default:
		h.Set("Location", p.address)
		w.WriteHeader(http.StatusSeeOther)
		close(p.gone)
	}
}

// awaitHop waits for the visitor. An opener that ends well has only handed the address on, so the waiting goes on.
func awaitHop(ctx context.Context, gone <-chan struct{}, opened <-chan error) error {
	for {
		select {
		case <-gone:
			return nil
		case err := <-opened:
			if err != nil {
				return fmt.Errorf("open the browser: %w", err)
			}
		case <-ctx.Done():
			return ErrBrowserAway
		}
	}
}

// shutHop lets the redirect go out before the listener ends.
func shutHop(ctx context.Context, srv *http.Server) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	_ = srv.Shutdown(ctx) // what is still open then is cut off
	return srv.Close()
}
