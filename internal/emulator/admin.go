package emulator

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// The addresses of the emulator itself, which no real STS has.
const (
	healthPath = "/emulator/health"
	faultsPath = "/emulator/faults"
	rotatePath = "/emulator/rotate-key"
)

// ownPath reports whether a request is for one of them.
func ownPath(r *http.Request) bool {
	return strings.HasPrefix(strings.ToLower(r.URL.Path), "/emulator/")
}

// serveEmulator answers the emulator's own addresses, and reports whether a request was for one. No fault touches them.
func (s *Server) serveEmulator(w http.ResponseWriter, r *http.Request) bool {
	path := strings.ToLower(r.URL.Path)
	switch {
	case path == healthPath:
		s.serveHealth(w, r)
	case path == rotatePath:
		s.serveRotate(w, r)
	case path == faultsPath || strings.HasPrefix(path, faultsPath+"/"):
		s.serveFaults(w, r, strings.TrimPrefix(path[len(faultsPath):], "/"))
	default:
		return false
	}
	return true
}

// serveHealth says that the STS answers, and can read its state.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	if _, err := s.store.read(r.Context()); err != nil {
		s.unavailable(w, r, err)
		return
	}
	noStore(w)
	writeJSON(w, http.StatusOK, object("status", "ok").with("issuer", s.issuer))
}

func allowMethods(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	writeJSON(w, http.StatusMethodNotAllowed, object("Message", "The requested resource does not support the method of this request."))
	return false
}

// faultJSON is a fault as the admin address takes and gives it. Lengths of time are text such as "2s".
type faultJSON struct {
	ID         int    `json:"id,omitempty"`
	Kind       string `json:"kind"`
	Client     string `json:"client,omitempty"`
	Endpoint   string `json:"endpoint,omitempty"`
	Duration   string `json:"duration,omitempty"`
	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	Times      int    `json:"times,omitempty"`
	Met        int    `json:"met"` // how many requests have met it
}

func (f ActiveFault) json() faultJSON {
	out := faultJSON{
		ID: f.ID, Kind: string(f.Kind), Client: f.Client, Endpoint: f.Endpoint, Status: f.Status, Times: f.Times, Met: f.Met,
	}
	if f.Duration != 0 {
		out.Duration = f.Duration.String()
	}
	if f.RetryAfter != 0 {
		out.RetryAfter = f.RetryAfter.String()
	}
	return out
}

// fault reads what was sent; what can't be a length of time is the problem of its member.
func (j faultJSON) fault() (Fault, []Problem) {
	f := Fault{Kind: FaultKind(j.Kind), Client: j.Client, Endpoint: j.Endpoint, Status: j.Status, Times: j.Times}
	var problems []Problem
	for _, span := range []struct {
		name, text string
		to         *time.Duration
	}{{"duration", j.Duration, &f.Duration}, {"retry_after", j.RetryAfter, &f.RetryAfter}} {
		if span.text == "" {
			continue
		}
		var err error
		if *span.to, err = time.ParseDuration(span.text); err != nil {
			problems = append(problems, Problem{span.name, "is " + strconv.Quote(clipped(span.text)) + `, and is a length of time such as "2s"`})
		}
	}
	return f, problems
}

func clipped(text string) string { return truncate(text, 100) }

// serveFaults lists, sets and clears faults: for whoever holds the token that was shown at the start, on this machine. id is
// what stands behind the address.
func (s *Server) serveFaults(w http.ResponseWriter, r *http.Request, id string) {
	if !s.administrates(w, r) {
		return
	}
	methods := []string{http.MethodGet, http.MethodPost, http.MethodDelete}
	if id != "" {
		methods = []string{http.MethodDelete}
	}
	if !allowMethods(w, r, methods...) {
		return
	}
	switch r.Method {
	case http.MethodPost:
		s.takeFault(w, r)
	case http.MethodDelete:
		s.dropFaults(w, id)
	default:
		list := []faultJSON{}
		for _, f := range s.Faults() {
			list = append(list, f.json())
		}
		writeJSON(w, http.StatusOK, claimSet{}.with("faults", list))
	}
}

// administrates reports whether a request may change how the emulator behaves: it comes from this machine, with the token that was
// shown at the start. When it may not, it has been answered.
func (s *Server) administrates(w http.ResponseWriter, r *http.Request) bool {
	noStore(w)
	switch {
	case s.adminToken.IsZero():
		writeJSON(w, http.StatusNotFound, object("error", "this emulator takes no orders"))
	case !fromLoopback(r):
		writeJSON(w, http.StatusForbidden, object("error", "this emulator takes orders from its own machine alone"))
	case !s.adminToken.Equal(token.NewSecret(bearerHeader(r))):
		w.Header().Set("WWW-Authenticate", `Bearer realm="simsid emulator"`)
		writeJSON(w, http.StatusUnauthorized, object("error", "the token of the ready line is missing or wrong: Authorization: Bearer TOKEN"))
	default:
		return true
	}
	return false
}

// serveRotate lets a new key sign. The old one stays in the JWK set.
func (s *Server) serveRotate(w http.ResponseWriter, r *http.Request) {
	if !s.administrates(w, r) || !allowMethods(w, r, http.MethodPost) {
		return
	}
	if err := s.RotateKey(r.Context()); err != nil {
		s.unavailable(w, r, err)
		return
	}
	key, err := s.key(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	observe(r, "", "a new key signs from now on; the old one stays in the JWK set")
	writeJSON(w, http.StatusOK, object("kid", key.id))
}

// fromLoopback reports whether a request comes from this machine. One that is answered in-process has no address.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func bearerHeader(r *http.Request) string {
	kind, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}

func (s *Server) takeFault(w http.ResponseWriter, r *http.Request) {
	refuse := func(words string) { writeJSON(w, http.StatusBadRequest, object("error", words)) }
	var sent faultJSON
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&sent); err != nil {
		refuse("the body is no fault: " + clipped(err.Error()))
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		refuse("something follows the fault")
		return
	}
	f, problems := sent.fault()
	if sent.ID != 0 || sent.Met != 0 {
		problems = append(problems, Problem{"id and met", "are the emulator's to give"})
	}
	if problems != nil {
		refuse((&FaultError{problems}).Error())
		return
	}
	made, err := s.SetFault(f)
	if err != nil {
		refuse(err.Error())
		return
	}
	observe(r, "", "the fault %s is switched on", made.Kind)
	writeJSON(w, http.StatusCreated, claimSet{}.with("fault", made.json()))
}

func (s *Server) dropFaults(w http.ResponseWriter, id string) {
	n := 0
	if id != "" {
		var err error
		if n, err = strconv.Atoi(id); err != nil || n < 1 {
			writeJSON(w, http.StatusNotFound, object("error", "there is no such fault"))
			return
		}
	}
	cleared := s.ClearFaults(n)
	if cleared == 0 && n > 0 {
		writeJSON(w, http.StatusNotFound, object("error", "there is no such fault"))
		return
	}
	writeJSON(w, http.StatusOK, claimSet{}.with("cleared", cleared))
}
