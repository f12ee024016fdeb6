package provider

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// retryPause is how long to wait before the second try.
const retryPause = 300 * time.Millisecond

// retrier tries what is safe to repeat once more: a GET without credentials, which is the discovery document and the keys. A code,
// a refresh token and everything else that is posted goes out once: the first may have burned it.
type retrier struct {
	next  http.RoundTripper
	after func(time.Duration) <-chan time.Time // nil: without a pause
}

// RoundTrip implements http.RoundTripper.
func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if !repeatable(req) || !passing(resp, err) || req.Context().Err() != nil {
		return resp, err
	}
	if resp != nil {
		_, _ = io.Copy(io.Discard, resp.Body) // bounded; it frees the connection for the second try
		_ = resp.Body.Close()
	}
	if r.after != nil {
		select {
		case <-r.after(retryPause):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return r.next.RoundTrip(req.Clone(req.Context()))
}

func repeatable(req *http.Request) bool {
	return req.Method == http.MethodGet && req.Header.Get("Authorization") == "" && (req.Body == nil || req.Body == http.NoBody)
}

// passing reports whether a second try may fare better: a connection that was refused or broke, a gateway without its server. What took
// its whole time would take it again, and what is wrong with an address, a name, a certificate or a proxy stays wrong.
func passing(resp *http.Response, err error) bool {
	if err == nil {
		switch resp.StatusCode {
		case http.StatusBadGateway, http.StatusGatewayTimeout:
			return true
		case http.StatusServiceUnavailable:
			return resp.Header.Get("Retry-After") == "" // it says when, and that isn't now
		}
		return false
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return name.IsTemporary && !name.IsNotFound
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return false
	}
	for _, lasting := range []bool{
		isError[*AddressError](err), isError[*CertificateError](err), isError[*TLSError](err), isError[*ProxyError](err),
	} {
		if lasting {
			return false
		}
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isError[*net.OpError](err)
}

func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
