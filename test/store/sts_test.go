//go:build real && linux

package store_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/emulator"
)

// sts is an STS whose refresh tokens work once, as SIMS ID's do, and whose token endpoint a test can watch and hold up.
type sts struct {
	issuer, clientID, clientSecret string

	mu        sync.Mutex
	idle      *sync.Cond // told of each connection that ends
	open      map[net.Conn]bool
	inner     http.Handler
	lifetime  time.Duration // of access tokens, as the answer says it
	refreshes int           // requests to refresh, whatever came of them
	rotated   int           // those that were answered with new tokens
	answered  time.Time     // when the last such answer was written
	secrets   []string
	access    string // the newest access token
	before    func() // called before a refresh is worked on
	after     func() // called when its answer has been written
	instead   func(w http.ResponseWriter) bool
}

func newSTS(t *testing.T) *sts {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := emulator.BuiltinClient()
	s := &sts{issuer: "http://" + l.Addr().String() + "/", clientID: c.ID, clientSecret: c.Secret.Reveal(), lifetime: time.Hour, open: map[net.Conn]bool{}}
	s.idle = sync.NewCond(&s.mu)
	e, err := emulator.New(emulator.Options{Issuer: s.issuer, Now: time.Now, Rand: rand.Reader, As: "head"})
	if err != nil {
		t.Fatal(err)
	}
	s.inner = e.Handler()
	s.secrets = []string{s.clientSecret}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: s, ReadHeaderTimeout: commandTime, ConnState: s.connection}}
	server.Start()
	t.Cleanup(server.Close)
	return s
}

func (s *sts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/connect/token" {
		s.inner.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client was killed
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	refresh := form.Get("grant_type") == "refresh_token"
	before, after, instead := s.begin(refresh)
	if before != nil {
		before()
	}
	if instead != nil && instead(w) {
		return
	}
	rec := httptest.NewRecorder()
	s.inner.ServeHTTP(rec, r)
	answer := s.note(rec, refresh)
	maps.Copy(w.Header(), rec.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(answer)
	_ = http.NewResponseController(w).Flush()
	s.mu.Lock()
	s.answered = time.Now()
	s.mu.Unlock()
	if after != nil {
		after()
	}
}

func (s *sts) begin(refresh bool) (before, after func(), instead func(http.ResponseWriter) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !refresh {
		return nil, nil, nil
	}
	s.refreshes++
	return s.before, s.after, s.instead
}

// note remembers the secrets of an answer, and gives it the lifetime that the test wants.
func (s *sts) note(rec *httptest.ResponseRecorder, refresh bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var answer map[string]any
	if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &answer) != nil {
		return rec.Body.Bytes()
	}
	if refresh {
		s.rotated++
	}
	for _, k := range []string{"access_token", "id_token", "refresh_token"} {
		if v, ok := answer[k].(string); ok {
			s.secrets = append(s.secrets, v)
		}
	}
	s.access, _ = answer["access_token"].(string)
	answer["expires_in"] = int(s.lifetime.Seconds())
	b, err := json.Marshal(answer)
	if err != nil {
		return rec.Body.Bytes()
	}
	return b
}

// handedOut are the client's secret and the newest tokens: older ones were searched for before.
func (s *sts) handedOut() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(s.secrets[:1:1], s.secrets[max(1, len(s.secrets)-9):]...)
}

// newest is the access token that was handed out last.
func (s *sts) newest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access
}

// connection keeps count of the open ones.
func (s *sts) connection(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c)
		s.idle.Broadcast()
	case http.StateActive, http.StateIdle:
	}
}

// settle waits until the server has worked off everything that clients sent which are dead by now: what a kill leaves in
// the socket is read and answered after it. A connection of our own comes behind theirs in the queue of those to be accepted.
func (s *sts) settle(t *testing.T) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: commandTime}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.issuer+".well-known/openid-configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > 0 {
		s.idle.Wait()
	}
}

// counts gives the refreshes asked for and granted so far.
func (s *sts) counts() (asked, granted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refreshes, s.rotated
}

func (s *sts) set(f func(*sts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}
