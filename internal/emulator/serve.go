package emulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// serve answers a request: the emulator's own addresses, the faults on demand, and then the STS. With somebody to tell, it
// tells what became of the request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if s.observe == nil {
		s.serveWatched(w, r)
		return
	}
	x := &Exchange{At: s.now(), Method: r.Method, Path: r.URL.Path}
	out := &statusWriter{ResponseWriter: w}
	defer func() {
		x.Status, x.Took = out.status, s.now().Sub(x.At)
		s.observe(*x)
	}()
	if !ownPath(r) { // whose body is no form, whatever it is called
		x.Client = s.clientOf(r)
	}
	if c := s.lookupClient(x.Client); c != nil {
		x.Name = c.Name
	}
	s.serveWatched(out, observed(r, x))
}

func (s *Server) serveWatched(w http.ResponseWriter, r *http.Request) {
	if s.serveEmulator(w, r) {
		return
	}
	if !s.anyFault() {
		s.route(w, r)
		return
	}
	r = withFaults(r) // before the form is read, which the copy of a request doesn't share
	s.serveFaulty(w, r, s.clientOf(r), s.route)
}

// maxClientHint bounds what is looked at to find a request's client, in bytes.
const maxClientHint = 64 << 10

// clientOf is the id of the client that a request says it comes from, proven or not: by a parameter, by Basic, or by the
// token that it brings.
func (s *Server) clientOf(r *http.Request) string {
	in := queryOrForm(r)
	id := in.get("client_id")
	if user, _, ok := r.BasicAuth(); id == "" && ok {
		id = user
	}
	if id == "" {
		id = clientOfToken(r.Header.Get("Authorization"))
	}
	if id == "" {
		id = clientOfToken(in.get("id_token_hint"))
	}
	return truncate(id, maxClientID)
}

// clientOfToken reads whom a JWT was issued to, unverified: it serves a log, and faults.
func clientOfToken(raw string) string {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || len(raw) > maxClientHint {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		ClientID string `json:"client_id"`
		Audience any    `json:"aud"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	if audience, ok := claims.Audience.(string); ok && claims.ClientID == "" {
		return audience
	}
	return claims.ClientID
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find what is below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
