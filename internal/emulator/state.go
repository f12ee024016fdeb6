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

// state is everything that outlives a request. Sessions, codes and tokens are filed under the SHA-256 of what the browser
// or client holds: whoever reads the file can't use them. Codes and tokens are never altered, only put and deleted.
type state struct {
	Format   string              `json:"format"`
	Version  int                 `json:"version"`
	Keys     []keyRecord         `json:"keys"` // the first signs
	Sessions map[string]*session `json:"sessions"`
	Codes    map[string]*code    `json:"codes"`
	Refresh  map[string]*refresh `json:"refresh"`
	Consents map[string][]string `json:"consents,omitempty"` // scopes by consentKey
	// References are access tokens that are handles. Files of before this program had them have none.
	References map[string]*reference `json:"references,omitempty"`
}

// session is a browser that has signed in.
type session struct {
	signIn
	LastUsed time.Time `json:"last_used"`
	Clients  []string  `json:"clients,omitempty"` // ids of those that it was used for
}

// visit notes that the session was used for a client.
func (s *session) visit(clientID string) {
	if !slices.Contains(s.Clients, clientID) {
		s.Clients = append(slices.Clip(s.Clients), clientID)
	}
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

// reference is an access token whose claims only the server knows.
type reference struct {
	ClientID string    `json:"client_id"`
	Subject  string    `json:"subject,omitempty"`
	Claims   claimSet  `json:"claims"` // all of them, issuer and times included
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
}

const (
	sessionLifetime = 10 * time.Hour // since its last use: IdentityServer3's default for its cookie

	// Above these the oldest go: a file that grows for ever would be slow for everybody.
	maxSessions = 500
	maxCodes    = 500
	maxRefresh  = 1000

	// In memory there is room for more, and it is looked at now and then only.
	memoryRoom  = 50
	memoryPrune = 4096 // changes
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
	if s.Consents == nil {
		s.Consents = map[string][]string{}
	}
	if s.References == nil {
		s.References = map[string]*reference{}
	}
}

// clone returns a state whose sessions and maps can be changed without the original's changing.
func (s *state) clone() *state {
	out := *s
	out.Keys = slices.Clone(s.Keys)
	out.Sessions = make(map[string]*session, len(s.Sessions))
	for key, v := range s.Sessions {
		copied := *v
		out.Sessions[key] = &copied
	}
	out.Consents = maps.Clone(s.Consents)
	out.Codes, out.Refresh, out.References = maps.Clone(s.Codes), maps.Clone(s.Refresh), maps.Clone(s.References)
	return &out
}

func (s *session) live(now time.Time) bool {
	return s != nil && now.Before(s.LastUsed.Add(sessionLifetime))
}

// prune drops what has expired, and the oldest of what is too much; room multiplies the limits.
func (s *state) prune(now time.Time, room int) {
	maps.DeleteFunc(s.Sessions, func(_ string, v *session) bool { return !v.live(now) })
	maps.DeleteFunc(s.Codes, func(_ string, v *code) bool { return v == nil || !now.Before(v.Expires) })
	maps.DeleteFunc(s.Refresh, func(_ string, v *refresh) bool { return v == nil || !now.Before(v.Expires) })
	maps.DeleteFunc(s.References, func(_ string, v *reference) bool { return v == nil || !now.Before(v.Expires) })
	dropOldest(s.Sessions, room*maxSessions, func(v *session) time.Time { return v.LastUsed })
	dropOldest(s.Codes, room*maxCodes, func(v *code) time.Time { return v.Created })
	dropOldest(s.Refresh, room*maxRefresh, func(v *refresh) time.Time { return v.Created })
	dropOldest(s.References, room*maxRefresh, func(v *reference) time.Time { return v.Created })
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
