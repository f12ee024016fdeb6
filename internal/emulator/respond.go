package emulator

import (
	"context"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// object makes a JSON object of one member.
func object(name, value string) claimSet { return claimSet{}.with(name, value) }

func writeJSON(w http.ResponseWriter, status int, body claimSet) {
	b := body.bytes()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client has gone: there is nobody to tell
}

// noStore keeps tokens and pages out of every cache (RFC 6749 section 5.1).
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store, no-cache, max-age=0, private")
	w.Header().Set("Pragma", "no-cache")
}

// misdirected answers a request for a host that isn't this server.
func misdirected(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.Error(w, "This server isn't the host that was asked for.", http.StatusMisdirectedRequest)
}

// isLoopbackHost takes a Host header's value, with or without a port.
func isLoopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && addr.IsLoopback()
}

type faultKey struct{}

// unavailable answers a request that the state kept from being served. In-process the cause becomes the request's error;
// over HTTP it goes to Options.Notice, since a browser has no business with file names.
func (s *Server) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	if sink, ok := r.Context().Value(faultKey{}).(*error); ok {
		*sink = err
	} else if !errors.Is(err, context.Canceled) {
		s.notice(err)
	}
	noStore(w)
	w.Header().Set("Retry-After", "1")
	writeJSON(w, http.StatusServiceUnavailable, object("error", "temporarily_unavailable"))
}

// readForm reads a form-encoded body. ok is false when the body is of another type.
func readForm(r *http.Request) (form params, ok bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return params{url.Values{}}, false
	}
	if err := r.ParseForm(); err != nil && r.PostForm == nil {
		return params{url.Values{}}, true
	}
	return params{r.PostForm}, true // what can't be read counts as not sent
}

// queryOrForm reads the parameters of an endpoint that takes GET and POST.
func queryOrForm(r *http.Request) params {
	if r.Method == http.MethodPost {
		form, _ := readForm(r)
		return form
	}
	return queryParams(r)
}
