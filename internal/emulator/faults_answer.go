package emulator

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveFaulty answers a request in the ways that its faults ask for, and otherwise as next does.
func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request, client string, next http.HandlerFunc) {
	if f := s.meets(r, client, FaultDelay); f != nil && !s.wait(r, f.Duration) {
		return
	}
	if f := s.meets(r, client, FaultClockOffset); f != nil {
		w.Header().Set("Date", s.now().Add(f.Duration).UTC().Format(http.TimeFormat))
	}
	if f := s.meets(r, client, FaultStatus); f != nil {
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(int64((f.RetryAfter+time.Second-1)/time.Second), 10))
		}
		noStore(w)
		writeJSON(w, f.Status, object("Message", "An error on demand."))
		return
	}
	refresh := r.Method == http.MethodPost && s.endpointOf(r) == "token" && formField(r, "grant_type") == "refresh_token"
	if refresh && s.meets(r, client, FaultRefreshRefused) != nil {
		s.refuseRefresh(w, r)
		return
	}
	if refresh && s.meets(r, client, FaultDropAfterRotation) != nil {
		next(&recorder{header: http.Header{}}, r)
		panic(http.ErrAbortHandler) // ends the connection without an answer
	}
	s.spoil(w, r, client, next)
}

// wait reports whether the time has passed: false says that the client has gone.
func (s *Server) wait(r *http.Request, d time.Duration) bool {
	if s.after == nil {
		return true
	}
	select {
	case <-s.after(d):
		return true
	case <-r.Context().Done():
		return false
	}
}

// formField reads a field of a form-encoded body. What is read stays there for the handler.
func formField(r *http.Request, name string) string {
	form, _ := readForm(r)
	return form.get(name)
}

// refuseRefresh ends the refresh token that was sent, as another process's use of it would, and says so as the STS does.
func (s *Server) refuseRefresh(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, _ := readForm(r)
	if s.play.authenticate(r, form) == nil {
		s.play.refuse(w, "invalid_client")
		return
	}
	err := s.store.alter(r.Context(), func(st *state) { delete(st.Refresh, handleKey(form.get("refresh_token"))) })
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.play.refuse(w, "invalid_grant")
}

// spoil sends next's answer, if it is JSON, as something else.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, client string, next http.HandlerFunc) {
	page := s.meets(r, client, FaultHTML)
	cut := s.meets(r, client, FaultCutJSON)
	long := s.meets(r, client, FaultOversized)
	if page == nil && cut == nil && long == nil {
		next(w, r)
		return
	}
	rec := &recorder{header: http.Header{}}
	next(rec, r)
	rec.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), rec.sent)
	body := rec.body.Bytes()
	switch {
	case !strings.HasPrefix(rec.sent.Get("Content-Type"), "application/json"):
		w.WriteHeader(rec.status)
		_, _ = w.Write(body) // the client has gone: there is nobody to tell
	case page != nil:
		body = []byte("<!DOCTYPE html>\n<title>Service unavailable</title>\n<h1>A page where JSON was expected</h1>\n")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(body) // as above
	case cut != nil:
		body = body[:len(body)/2]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(rec.status)
		_, _ = w.Write(body) // as above
	default:
		writeOversized(w, rec.status, body)
	}
}

// oversized is the length of an answer that is far too long, in bytes.
const oversized = 64 << 20

// writeOversized puts a member before the others that makes the object far too long: whoever reads without a bound finds a
// right answer, and has read all of it.
func writeOversized(w http.ResponseWriter, status int, body []byte) {
	w.Header().Del("Content-Length")
	w.WriteHeader(status)
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	_, err := w.Write([]byte(`{"padding":"`))
	for sent := 0; err == nil && sent < oversized; sent += len(chunk) {
		_, err = w.Write(chunk)
	}
	if err == nil {
		_, _ = w.Write(append([]byte(`",`), bytes.TrimPrefix(body, []byte("{"))...))
	}
}
