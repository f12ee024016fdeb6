package main

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/simsid/simsid/internal/emulator"
)

// sts starts an STS on a socket of loopback, which signs the user head in without a page: "sts start" puts its issuer into
// $STS (with its slash) and its secrets into $STS_SECRET and $STS_SCOPE_SECRET; "sts stop" ends it; a second start has the same address
// and state.
func sts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sts start|stop")
	}
	running, _ := ts.Value(stsKey{}).(*stsState)
	switch args[0] {
	case "stop":
		running.stop()
	case "start":
		ts.Check(running.start(ts))
	default:
		ts.Fatalf("usage: sts start|stop")
	}
}

type stsKey struct{}

type stsState struct {
	port   net.Listener // kept while nobody serves on it: a port that is given up may be somebody else's at once
	server *http.Server
	behind atomic.Pointer[lane]
}

func (s *stsState) start(ts *testscript.TestScript) error {
	if s.port == nil {
		var lc net.ListenConfig
		var err error
		if s.port, err = lc.Listen(context.Background(), "tcp4", "127.0.0.1:0"); err != nil {
			return err
		}
		go s.direct()
	}
	address := s.port.Addr().String()
	issuer := "http://" + address + "/"
	e, err := emulator.New(emulator.Options{
		Issuer: issuer, Dir: filepath.Join(ts.Getenv("WORK"), "sts"), Now: time.Now, Rand: rand.Reader, As: "head",
	})
	if err != nil {
		return err
	}
	c := emulator.BuiltinClient()
	ts.Setenv("STS", issuer)
	ts.Setenv("STS_NO_SLASH", "http://"+address)
	ts.Setenv("STS_CLIENT", c.ID)
	ts.Setenv("STS_SECRET", c.Secret.Reveal())
	ts.Setenv("STS_SCOPE", c.IntrospectionScope)
	ts.Setenv("STS_SCOPE_SECRET", c.IntrospectionSecret.Reveal())
	s.stop()
	server, l := &http.Server{Handler: e.Handler(), ReadHeaderTimeout: time.Second}, newLane(s.port.Addr())
	s.server = server
	s.behind.Store(l)
	go func() { _ = server.Serve(l) }()
	return nil
}

// direct hands whoever connects to the server of the moment, and hangs up on them where there is none.
func (s *stsState) direct() {
	for {
		c, err := s.port.Accept()
		if err != nil {
			return
		}
		if l := s.behind.Load(); l == nil || !l.take(c) {
			_ = c.Close()
		}
	}
}

func (s *stsState) stop() {
	if s.server == nil {
		return
	}
	s.behind.Store(nil)
	_ = s.server.Close()
	s.server = nil
}

// end gives the port back.
func (s *stsState) end() {
	s.stop()
	if s.port != nil {
		_ = s.port.Close()
	}
}

// lane is the listener of one server behind a port that outlives it.
type lane struct {
	address net.Addr
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newLane(address net.Addr) *lane {
	return &lane{address: address, waiting: make(chan net.Conn), closed: make(chan struct{})}
}

// take is false where nobody accepts any more.
func (l *lane) take(c net.Conn) bool {
	select {
	case l.waiting <- c:
		return true
	case <-l.closed:
		return false
	}
}

func (l *lane) Accept() (net.Conn, error) {
	select {
	case c := <-l.waiting:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *lane) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *lane) Addr() net.Addr { return l.address }

// browse is a program that visits an address as a browser would, where no page asks for anything.
func browse() {
	fmt.Println("what an opener prints must not reach standard output")
	if name := os.Getenv("BROWSE_LOG"); name != "" { // what everybody may see of this program
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(f, strings.Join(append(os.Args[1:], os.Environ()...), "\n"))
		_ = f.Close()
	}
	if err := visit(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// visit follows redirects, and does what the scripts of the two pages that have one do: they send a form on its way, that of the
// listener with what is behind the #.
func visit(address string) error {
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Jar: jar}
	for range 5 {
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		target, form, ok := submitted(string(body))
		if !ok {
			return nil
		}
		if form.Has("fragment") {
			form.Set("fragment", resp.Request.URL.EscapedFragment())
		}
		to, err := resp.Request.URL.Parse(target)
		if err != nil {
			return err
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode())); err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return errors.New("the pages never end")
}

// submitted finds the form of a page whose script submits it.
func submitted(page string) (target string, form url.Values, ok bool) {
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	form = url.Values{}
	for {
		tok, err := d.Token()
		if err != nil {
			return target, form, ok && strings.Contains(page, ".submit()")
		}
		e, isStart := tok.(xml.StartElement)
		if !isStart {
			continue
		}
		at := map[string]string{}
		for _, a := range e.Attr {
			at[a.Name.Local] = a.Value
		}
		switch e.Name.Local {
		case "form":
			target, ok = at["action"], true
		case "input":
			if at["name"] != "" {
				form.Set(at["name"], at["value"])
			}
		}
	}
}

// free puts a port into a variable that nothing listens on: free PORT. It is none of those that the system gives to whoever asks for any, so
// that nobody has it before the script does.
func free(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free VARIABLE")
	}
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(10_000))
		ts.Check(err)
		port := strconv.FormatInt(20_000+n.Int64(), 10)
		var lc net.ListenConfig
		l, err := lc.Listen(context.Background(), "tcp", "localhost:"+port)
		if err != nil {
			continue
		}
		ts.Check(l.Close())
		ts.Setenv(args[0], port)
		return
	}
	ts.Fatalf("no port is free")
}

// busy listens on a free port for the rest of the script, and puts its number into a variable: busy PORT.
func busy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: busy VARIABLE")
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
	ts.Defer(func() { _ = l.Close() })
}
