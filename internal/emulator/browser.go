package emulator

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/stack"
)

// ServeBrowser serves the STS on a free port of loopback until ctx ends, and from then on names it in the two
// addresses that a browser visits (authorization and end-session endpoint); the issuer and the rest stay. It returns the
// base, which ends in a slash.
func (s *Server) ServeBrowser(ctx context.Context) (base string, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the browser: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		_ = l.Close() // the error that counts is returned
		return "", fmt.Errorf("listen for the browser: %w", err)
	}
	base = "http://127.0.0.1:" + port + "/"
	server := &http.Server{
		Handler:           s.onlyAt(port),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // a browser that hangs up is no news
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	s.setBrowser("", base)
	go func() {
		_ = server.Serve(l) // it ends with Shutdown, below
	}()
	context.AfterFunc(ctx, func() {
		s.setBrowser(base, "")
		// The answer that is under way (the redirect, the signed-out page) still reaches the browser.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close() // nothing is left to do
		}
	})
	return base, nil
}

// setBrowser changes the listener's base if it still is from; "" is any.
func (s *Server) setBrowser(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from == "" || s.browser == from {
		s.browser = to
	}
}

// onlyAt turns away every Host but the listener's own. A page elsewhere can make its name point at 127.0.0.1, but it can't
// make the browser send another name than its own (DNS rebinding).
func (s *Server) onlyAt(port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stack.Grow()
		host := strings.ToLower(r.Host)
		if host != "127.0.0.1:"+port && host != "localhost:"+port {
			misdirected(w)
			return
		}
		defer func() {
			if p := recover(); p != nil {
				s.notice(fmt.Errorf("the emulator failed at %s: %s", strconv.Quote(r.URL.Path), fmt.Sprint(p)))
				panic(http.ErrAbortHandler) // the browser sees a broken connection, never half an answer
			}
		}()
		s.serve(w, r)
	})
}
