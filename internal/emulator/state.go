package emulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

const (
	stateFormat  = "simsid emulator state"
	stateVersion = 1
)

// state is everything that outlives a request. Sessions, codes and refresh tokens are filed under the SHA-256 of
// what the browser or client holds: whoever reads the file can't use them.
type state struct {
	Format   string              `json:"format"`
	Version  int                 `json:"version"`
	Keys     []keyRecord         `json:"keys"` // the first signs
	Sessions map[string]*session `json:"sessions"`
	Codes    map[string]*code    `json:"codes"`
	Refresh  map[string]*refresh `json:"refresh"`
}

// session is a browser that has signed in.
type session struct {
	signIn
	LastUsed time.Time `json:"last_used"`
}

// code is an authorisation code that waits to be redeemed.
type code struct {
	signIn
	ClientID    string    `json:"client_id"`
	RedirectURI string    `json:"redirect_uri"` // as sent, compared with its case at the token endpoint
	Scopes      []string  `json:"scopes"`
	Nonce       string    `json:"nonce,omitempty"`
	Challenge   string    `json:"challenge,omitempty"`
	Method      string    `json:"method,omitempty"`
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires"`
}

// refresh is a refresh token.
type refresh struct {
	signIn
	ClientID string    `json:"client_id"`
	Scopes   []string  `json:"scopes"`
	Claims   claimSet  `json:"claims"` // of the access token, repeated at each refresh
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
}

const (
	sessionLifetime = 10 * time.Hour // since its last use: IdentityServer3's default for its cookie

	// Above these the oldest go: a state that grows for ever would be slow for everybody.
	maxSessions = 500
	maxCodes    = 500
	maxRefresh  = 1000
)

func newState() *state {
	s := &state{Format: stateFormat, Version: stateVersion}
	s.fill()
	return s
}

// fill makes what a file may have had as null.
func (s *state) fill() {
	if s.Sessions == nil {
		s.Sessions = map[string]*session{}
	}
	if s.Codes == nil {
		s.Codes = map[string]*code{}
	}
	if s.Refresh == nil {
		s.Refresh = map[string]*refresh{}
	}
}

func (s *session) live(now time.Time) bool {
	return s != nil && now.Before(s.LastUsed.Add(sessionLifetime))
}

// prune drops what has expired, and the oldest of what is too much.
func (s *state) prune(now time.Time) {
	maps.DeleteFunc(s.Sessions, func(_ string, v *session) bool { return !v.live(now) })
	maps.DeleteFunc(s.Codes, func(_ string, v *code) bool { return v == nil || !now.Before(v.Expires) })
	maps.DeleteFunc(s.Refresh, func(_ string, v *refresh) bool { return v == nil || !now.Before(v.Expires) })
	dropOldest(s.Sessions, maxSessions, func(v *session) time.Time { return v.LastUsed })
	dropOldest(s.Codes, maxCodes, func(v *code) time.Time { return v.Created })
	dropOldest(s.Refresh, maxRefresh, func(v *refresh) time.Time { return v.Created })
}

func dropOldest[V any](m map[string]V, limit int, age func(V) time.Time) {
	if len(m) <= limit {
		return
	}
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(age(m[a]).Compare(age(m[b])), cmp.Compare(a, b))
	})
	for _, key := range keys[:len(keys)-limit] {
		delete(m, key)
	}
}

// handleKey is under what a handle is filed. A handle has 128 random bits, so a plain hash can't be searched.
func handleKey(handle string) string {
	sum := sha256.Sum256([]byte(handle))
	return hex.EncodeToString(sum[:])
}

// newHandle makes a code, refresh token or session: 32 lower-case hexadecimal characters, as IdentityServer3's are.
func (s *Server) newHandle() (string, error) {
	b, err := s.random(16)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}
