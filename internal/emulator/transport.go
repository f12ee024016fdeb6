package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxAnswer bounds what the in-process transport holds of one answer, in bytes.
const maxAnswer = 1 << 20

// Transport answers requests to the issuer's host in-process, and refuses every other.
func (s *Server) Transport() http.RoundTripper {
	return &transport{base: s.base, host: s.host, serve: s.serve}
}

// Preload reads the state and its keys while the caller does something else. It returns at once; whatever is amiss, who needs the state is told.
func (s *Server) Preload() { go s.store.preload() }

// BrowserTransport answers requests to the base that ServeBrowser gave in-process, as its listener answers a browser's, and refuses every other.
func (s *Server) BrowserTransport(base string) http.RoundTripper {
	host := strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/")
	return &transport{base: base, host: host, serve: s.serve}
}

type transport struct {
	base  string // "https://host/"
	host  string // as the server is to see it
	serve http.HandlerFunc
}

// RoundTrip calls the server as a function. What keeps the server from answering (its state, a panic, the context) is the
// request's error, as a broken connection would be.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close() // a RoundTripper closes the body, and has read what it wanted
	if !strings.EqualFold(r.URL.Scheme+"://"+strings.TrimSuffix(r.URL.Host, ":443")+"/", t.base) {
		return nil, fmt.Errorf("the emulator answers %s and nothing else, asked for %s://%s", t.base, r.URL.Scheme, r.URL.Host)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	sent, err := io.ReadAll(io.LimitReader(body, maxForm+1))
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	if len(sent) > maxForm {
		return nil, fmt.Errorf("the request's body is longer than %d bytes", maxForm)
	}
	var fault error
	in := r.Clone(context.WithValue(r.Context(), faultKey{}, &fault))
	in.Body = io.NopCloser(bytes.NewReader(sent))
	in.ContentLength = int64(len(sent))
	in.Host = t.host
	in.RequestURI = r.URL.RequestURI()
	if in.Header == nil {
		in.Header = http.Header{}
	}
	rec := &recorder{header: http.Header{}}
	if err := t.call(rec, in); err != nil {
		return nil, err
	}
	switch {
	case fault != nil:
		return nil, fault
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case rec.full:
		return nil, fmt.Errorf("the emulator's answer is longer than %d bytes", maxAnswer)
	}
	return rec.response(r), nil
}

// call keeps a panic of the server from ending the program around it.
func (t *transport) call(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the emulator failed: %v", p)
		}
	}()
	t.serve(w, r)
	return nil
}

// recorder is a ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header
	sent   http.Header // header as it was when the status was written
	status int
	body   bytes.Buffer
	full   bool
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status, r.sent = status, r.header.Clone()
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.body.Len()+len(p) > maxAnswer {
		r.full = true
		return 0, errors.New("the answer is too long")
	}
	return r.body.Write(p)
}

func (r *recorder) response(to *http.Request) *http.Response {
	r.WriteHeader(http.StatusOK)
	body := r.body.Bytes()
	if to.Method == http.MethodHead {
		body = nil
	}
	return &http.Response{
		Status:        strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode:    r.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.sent,
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       to,
	}
}
