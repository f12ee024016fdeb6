package flow

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// speaker is a connection that says one piece after the other, and keeps what it is told.
type speaker struct {
	net.Conn
	says []string
	told bytes.Buffer
}

func (s *speaker) Read(b []byte) (int, error) {
	if len(s.says) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.says[0])
	s.says = s.says[1:]
	return n, nil
}

func (s *speaker) Write(b []byte) (int, error) { return s.told.Write(b) }

// TestPlainGuard looks at the first byte that comes, and at no other: what TLS says later may begin with any.
func TestPlainGuard(t *testing.T) {
	for first, plain := range map[string]bool{
		"A": true, "G": true, "Z": true, "@": false, "[": false, "a": false, "\x16": false, "\x80": false, "": false,
	} {
		s := &speaker{says: []string{first, "GET later"}}
		stray := 0
		c := &guardedConn{Conn: s, report: func(refusal) { stray++ }}
		b := []byte("GGGGGGGGGG")
		n, err := c.Read(b)
		if plain != errors.Is(err, io.EOF) || plain != (s.told.Len() > 0) || plain != (stray == 1) {
			t.Errorf("%q: got %d, %v and %d strays", first, n, err, stray)
		}
		if plain || first == "" {
			continue
		}
		if n, err := c.Read(b); err != nil || string(b[:n]) != "GET later" {
			t.Errorf("%q: later got %q, %v", first, b[:n], err)
		}
	}
	// Nothing at first, and then plain HTTP.
	s := &speaker{says: []string{"", "GET / HTTP/1.1\r\n"}}
	c := &guardedConn{Conn: s, report: func(refusal) {}}
	if _, err := c.Read(make([]byte, 100)); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 100)); err != io.EOF { //nolint:errorlint // itself
		t.Errorf("got %v", err)
	}
}

// TestPlainGuardDrains: the request is read to the end of its headers and no further, and not for ever.
func TestPlainGuardDrains(t *testing.T) {
	for _, c := range []struct {
		says []string
		left int
	}{
		{[]string{"GET / HTTP/1.1\r\n", "Host: x\r\n", "\r\n", "body"}, 1},
		{[]string{"GET / HTTP/1.1\r\n\r\n", "body"}, 1},
		{append([]string{"GET / HTTP/1.1\r\n"}, strings.Split(strings.Repeat(strings.Repeat("x", 4096)+"\n", maxHeader/4096+2), "\n")...), 3},
	} {
		s := &speaker{says: c.says}
		g := &guardedConn{Conn: s, report: func(refusal) {}}
		if _, err := g.Read(make([]byte, 4096)); err != io.EOF { //nolint:errorlint // itself
			t.Errorf("got %v", err)
		}
		if len(s.says) != c.left {
			t.Errorf("%.40q: %d pieces are left, expected %d", c.says, len(s.says), c.left)
		}
	}
}

// TestPageHeaders: a page says what it is and how long, and is kept nowhere.
func TestPageHeaders(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	resp := a.raw("GET", a.fill(get("/callback"), ""))
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}, "X-Content-Type-Options": {"nosniff"}}
	for name, values := range want {
		if got := resp.Header.Get(name); got != values[0] {
			t.Errorf("%s: %q", name, got)
		}
	}
	if resp.ContentLength != int64(len(body)) || !resp.Close {
		t.Errorf("length %d of %d, close %t", resp.ContentLength, len(body), resp.Close)
	}
	if resp := a.raw("GET", a.fill(get("/favicon.ico"), "")); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the icon: %d", resp.StatusCode)
	}
	if resp := a.raw("POST", a.fill(postForm("RELAY", "fragment=error%3De%26state%3DSTATE&%zz"), "")); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a form with a broken escape: %d", resp.StatusCode)
	}
	if e := a.event(); e != (Stray{Reason: "an answer that is turned away, since " + string(refusedMalformed)}) {
		t.Errorf("got %#v: an icon is no event", e)
	}
	// The longest address, and one that is longer by a byte.
	query := "/callback?code=evil&state=foreign&x="
	for more, status := range []int{http.StatusBadRequest, http.StatusRequestURITooLong} {
		target := query + strings.Repeat("x", maxURL-len(query)+more)
		if resp := a.raw("GET", a.fill(get(target), "")); resp.StatusCode != status {
			t.Errorf("%d bytes: status %d, expected %d", len(target), resp.StatusCode, status)
		}
	}
}

// TestStraysReported: the first ones are told of.
func TestStraysReported(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	for range maxReported + 5 {
		a.visit(a.redirectURI() + "?" + url.Values{"code": {"evil"}, "state": {"foreign"}}.Encode())
	}
	a.visit(a.genuine())
	if _, err := a.end(); err != nil {
		t.Fatal(err)
	}
	reported := 0
	for e := range drained(a.events) {
		if _, ok := e.(Stray); ok {
			reported++
		}
	}
	if reported != maxReported {
		t.Errorf("%d were reported, expected %d", reported, maxReported)
	}
}
