package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Limits of IdentityServer3 on what is sent to the token endpoint.
const (
	maxGrantType = 100
	maxHandle    = 100
	minVerifier  = 43
	maxVerifier  = 128
)

// serveToken is the token endpoint (RFC 6749 section 3.2). Every error is a 400, invalid_client included.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, ok := readForm(r)
	if !ok {
		writeJSON(w, http.StatusUnsupportedMediaType, object("ErrorMessage", "Unsupported Media Type"))
		return
	}
	c := s.authenticateClient(r, form)
	if c == nil {
		tokenError(w, "invalid_client")
		return
	}
	grant := form.get("grant_type")
	switch {
	case len(grant) > maxGrantType:
		tokenError(w, "unsupported_grant_type")
	case grant == "authorization_code":
		s.redeemCode(w, r, c, form)
	case grant == "refresh_token":
		s.redeemRefresh(w, r, c, form)
	case grant == "client_credentials" || grant == "password":
		tokenError(w, "unauthorized_client") // not this client's one flow
	default:
		tokenError(w, "unsupported_grant_type")
	}
}

func tokenError(w http.ResponseWriter, code string) {
	writeJSON(w, http.StatusBadRequest, object("error", code))
}

// grant is what a code or a refresh token turns into, to be signed once the state is safe.
type grant struct {
	signIn
	user    *user
	scopes  []string
	nonce   string
	claims  claimSet // of the access token
	atHash  bool
	refresh string // the handle to return; "" for none
	key     *signingKey
}

// redeemCode exchanges a code. The code is taken out of the state before it is looked at: whatever is wrong with the
// request, it is burned. One update holds all of it, so that of two redemptions exactly one succeeds.
func (s *Server) redeemCode(w http.ResponseWriter, r *http.Request, c *ClientConfig, form params) {
	handle := form.get("code")
	if handle == "" || len(handle) > maxHandle {
		tokenError(w, "invalid_grant")
		return
	}
	now := s.now()
	var g *grant
	var fault string
	err := s.store.update(r.Context(), func(st *state) error {
		taken := st.Codes[handleKey(handle)]
		delete(st.Codes, handleKey(handle))
		if fault = checkCode(taken, c, form, now); fault != "" {
			return nil
		}
		g = &grant{signIn: taken.signIn, user: s.lookupUser(taken.Login), scopes: taken.Scopes, nonce: taken.Nonce}
		if g.user == nil {
			fault = "invalid_grant"
			return nil
		}
		g.claims = s.accessClaims(c, g.user, g.signIn, g.scopes)
		var err error
		if g.key, err = s.keyIn(st); err != nil {
			return err
		}
		if !slices.Contains(g.scopes, offlineAccess) {
			return nil
		}
		if g.refresh, err = s.newHandle(); err != nil {
			return err
		}
		lifetime := c.RefreshAbsolute
		if c.RefreshSliding > 0 {
			lifetime = min(lifetime, c.RefreshSliding)
		}
		st.Refresh[handleKey(g.refresh)] = &refresh{
			signIn: g.signIn, ClientID: c.ID, Scopes: g.scopes, Claims: g.claims, Created: now, Expires: now.Add(lifetime),
		}
		return nil
	})
	s.answerGrant(w, r, c, g, fault, now, err)
}

// checkCode returns the error of the token endpoint, or "".
func checkCode(taken *code, c *ClientConfig, form params, now time.Time) string {
	switch {
	case taken == nil || taken.ClientID != c.ID || !now.Before(taken.Expires):
		return "invalid_grant"
	case form.get("redirect_uri") != taken.RedirectURI:
		return "unauthorized_client"
	case !verifierHolds(taken, c, form.get("code_verifier")):
		return "invalid_grant"
	}
	return ""
}

// verifierHolds checks the proof key (RFC 7636 section 4.6). A client whose flow has none mustn't send one.
func verifierHolds(taken *code, c *ClientConfig, verifier string) bool {
	if !c.Flow.proofKey() {
		return verifier == ""
	}
	if len(verifier) < minVerifier || len(verifier) > maxVerifier {
		return false
	}
	got := verifier
	if taken.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(got), []byte(taken.Challenge)) == 1
}

// redeemRefresh turns a refresh token into new tokens. A one-time handle is gone with its first use, without any grace.
func (s *Server) redeemRefresh(w http.ResponseWriter, r *http.Request, c *ClientConfig, form params) {
	handle := form.get("refresh_token")
	switch {
	case handle == "":
		tokenError(w, "invalid_request")
		return
	case len(handle) > maxHandle:
		tokenError(w, "invalid_grant")
		return
	}
	now := s.now()
	var g *grant
	var fault string
	err := s.store.update(r.Context(), func(st *state) error {
		key := handleKey(handle)
		held := st.Refresh[key]
		if held == nil || held.ClientID != c.ID || !now.Before(held.Expires) || s.lookupUser(held.Login) == nil {
			fault = "invalid_grant"
			return nil
		}
		g = &grant{
			signIn: held.signIn, user: s.lookupUser(held.Login), scopes: held.Scopes, claims: held.Claims, atHash: true,
			refresh: handle,
		}
		var err error
		if g.key, err = s.keyIn(st); err != nil {
			return err
		}
		next := *held
		if c.UpdateClaims {
			next.Claims = s.accessClaims(c, g.user, g.signIn, g.scopes)
			g.claims = next.Claims
		}
		if c.RefreshSliding > 0 {
			// The absolute lifetime counts from the first issue.
			next.Expires = earlier(now.Add(c.RefreshSliding), held.Created.Add(c.RefreshAbsolute))
		}
		if !c.RefreshReusable {
			delete(st.Refresh, key)
			if g.refresh, err = s.newHandle(); err != nil {
				return err
			}
			key = handleKey(g.refresh)
		}
		st.Refresh[key] = &next
		return nil
	})
	s.answerGrant(w, r, c, g, fault, now, err)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// answerGrant signs and sends. There is no "scope" in the answer: what was granted is read from the access token.
func (s *Server) answerGrant(w http.ResponseWriter, r *http.Request, c *ClientConfig, g *grant, fault string, now time.Time, err error) {
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	if fault != "" {
		tokenError(w, fault)
		return
	}
	access, err := g.key.sign(s.envelope(s.resources(), now, c.AccessLifetime, g.claims))
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	answer := claimSet{}
	if slices.Contains(g.scopes, "openid") {
		hashed := ""
		if g.atHash {
			hashed = access
		}
		id, err := g.key.sign(s.idClaims(c, g.user, g.signIn, g.scopes, g.nonce, hashed, now))
		if err != nil {
			s.unavailable(w, r, err)
			return
		}
		answer = answer.with("id_token", id)
	}
	answer = answer.with("access_token", access).
		with("expires_in", int64(c.AccessLifetime/time.Second)).
		with("token_type", "Bearer")
	if g.refresh != "" {
		answer = answer.with("refresh_token", g.refresh)
	}
	writeJSON(w, http.StatusOK, answer)
}

// bearer reads an access token from the Authorization header (RFC 6750 section 2.1), or from a form (2.2).
func bearer(r *http.Request) string {
	kind, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if ok && strings.EqualFold(kind, "Bearer") {
		return strings.TrimSpace(value)
	}
	if r.Method == http.MethodPost {
		form, _ := readForm(r)
		return form.get("access_token")
	}
	return ""
}
