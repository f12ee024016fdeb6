package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/stack"
)

// Limits of IdentityServer3 on what is sent to the token endpoint.
const (
	maxGrantType = 100
	maxHandle    = 100
	maxLogin     = 100
	maxPassword  = 100
	minVerifier  = 43
	maxVerifier  = 128
)

// serveToken is the token endpoint (RFC 6749 section 3.2). Every error is a 400, invalid_client included.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, ok := readForm(r)
	if !ok {
		observe(r, "content-type", "the token endpoint reads form-encoded bodies only, and this one is of type %s",
			quoted(r.Header.Get("Content-Type")))
		writeJSON(w, http.StatusUnsupportedMediaType, object("ErrorMessage", "Unsupported Media Type"))
		return
	}
	c := s.authenticateClient(r, form)
	if c == nil {
		tokenError(w, "invalid_client")
		return
	}
	var g *grant
	var fault *tokenFault
	var err error
	kind := form.get("grant_type")
	switch {
	case len(kind) > maxGrantType:
		fault = refused("unsupported_grant_type", "grant-type", "grant_type is longer than %d characters", maxGrantType)
	case kind == "authorization_code":
		g, fault, err = s.redeemCode(r, c, form)
	case kind == "refresh_token":
		g, fault, err = s.redeemRefresh(r, c, form)
	case kind == "client_credentials":
		g, fault, err = s.grantClient(r, c, form)
	case kind == "password":
		g, fault, err = s.grantPassword(r, c, form)
	default:
		fault = refused("unsupported_grant_type", "grant-type", "grant_type %s is missing or unknown", quoted(kind))
	}
	s.answerGrant(w, r, c, g, fault, err)
}

// tokenFault is an error of the token endpoint, and for the log why.
type tokenFault struct{ code, rule, words string }

func refused(code, rule, words string, args ...any) *tokenFault {
	return &tokenFault{code, rule, sprintf(words, args...)}
}

func tokenError(w http.ResponseWriter, code string) {
	writeJSON(w, http.StatusBadRequest, object("error", code))
}

// grant is what a code, a refresh token, a password or a client's own secret turns into. It is signed once the state is
// safe, outside of its lock.
type grant struct {
	signIn
	user     *user // nil: the client itself
	scopes   []string
	nonce    string
	claims   claimSet // of the access token
	now      time.Time
	id       bool        // an ID token comes along
	atHash   bool        // with a hash of the access token
	noAccess bool        // there is no access token, only an ID token
	refresh  string      // the handle to return; "" for none
	access   string      // an access token that is a handle; "" for a JWT
	key      *signingKey // nil: the server's
}

// redeemCode exchanges a code. The code is taken out of the state before it is looked at: whatever is wrong with the
// request, it is burned. One change of the state holds all of it, so that of two redemptions exactly one succeeds.
func (s *Server) redeemCode(r *http.Request, c *ClientConfig, form params) (g *grant, fault *tokenFault, err error) {
	if !c.Flow.code() && !c.Flow.hybrid() {
		return nil, wrongFlow(c, "authorization_code"), nil
	}
	handle := form.get("code")
	if handle == "" || len(handle) > maxHandle {
		return nil, refused("invalid_grant", "code", "the code is missing or too long"), nil
	}
	fresh, err := s.newHandle()
	if err != nil {
		return nil, nil, err
	}
	access, err := s.newReference(c)
	if err != nil {
		return nil, nil, err
	}
	now := s.now()
	err = s.store.alter(r.Context(), func(st *state) {
		taken := st.Codes[handleKey(handle)]
		delete(st.Codes, handleKey(handle))
		if fault = checkCode(taken, c, form, now); fault != nil {
			return
		}
		u := s.lookupUser(taken.Login)
		if u == nil {
			fault = refused("invalid_grant", "code", "the user of this code isn't there any more")
			return
		}
		g = &grant{
			signIn: taken.signIn, user: u, scopes: taken.Scopes, nonce: taken.Nonce, now: now, access: access,
			id: slices.Contains(taken.Scopes, openID),
		}
		g.claims, g.key = s.accessClaims(c, u, g.signIn, g.scopes), s.signer(st)
		s.keepReference(st, c, g)
		if slices.Contains(g.scopes, offlineAccess) {
			g.refresh = fresh
			s.keepRefresh(st, c, g)
		}
	})
	return g, fault, err
}

func wrongFlow(c *ClientConfig, kind string) *tokenFault {
	return refused("unauthorized_client", "flow", "grant_type %s isn't for client %s, whose one flow is %s", kind, quoted(c.ID), c.Flow)
}

// checkCode returns what is wrong with the redemption of a code, or nil.
func checkCode(taken *code, c *ClientConfig, form params, now time.Time) *tokenFault {
	switch {
	case taken == nil:
		return refused("invalid_grant", "code", "the code is unknown or was used before: each serves once, whatever came of it")
	case taken.ClientID != c.ID:
		return refused("invalid_grant", "code", "the code was issued to another client, and is used up now")
	case !now.Before(taken.Expires):
		return refused("invalid_grant", "code", "the code is older than %s", c.CodeLifetime)
	case form.get("redirect_uri") == "":
		return refused("unauthorized_client", "redirect-uri", "redirect_uri is missing, and must be the one of the authorize request")
	case form.get("redirect_uri") != taken.RedirectURI:
		return refused("unauthorized_client", "redirect-uri", "redirect_uri %s %s; here case counts too, and the error is that of a client",
			quoted(form.get("redirect_uri")), difference(form.get("redirect_uri"), taken.RedirectURI, "the one of the authorize request"))
	}
	return checkVerifier(taken, c, form.get("code_verifier"))
}

// checkVerifier checks the proof key (RFC 7636 section 4.6). A client whose flow has none mustn't send one.
func checkVerifier(taken *code, c *ClientConfig, verifier string) *tokenFault {
	switch {
	case !c.Flow.proofKey() && verifier == "":
		return nil
	case !c.Flow.proofKey():
		return refused("invalid_grant", "proof-key", "a code_verifier was sent, and flow %s has no proof key", c.Flow)
	case verifier == "":
		return refused("invalid_grant", "proof-key", "code_verifier is missing")
	case len(verifier) < minVerifier || len(verifier) > maxVerifier:
		return refused("invalid_grant", "proof-key", "code_verifier has %d characters, and must have %d to %d",
			len(verifier), minVerifier, maxVerifier)
	}
	got := verifier
	if taken.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(taken.Challenge)) != 1 {
		return refused("invalid_grant", "proof-key", "code_verifier doesn't fit the code_challenge, by method %s", taken.Method)
	}
	return nil
}

// keepRefresh files a new refresh token.
func (s *Server) keepRefresh(st *state, c *ClientConfig, g *grant) {
	lifetime := c.RefreshAbsolute
	if c.RefreshSliding > 0 {
		lifetime = min(lifetime, c.RefreshSliding)
	}
	st.Refresh[handleKey(g.refresh)] = &refresh{
		signIn: g.signIn, ClientID: c.ID, Scopes: g.scopes, Claims: g.claims, Created: g.now, Expires: g.now.Add(lifetime),
	}
}

// newReference makes the handle of an access token where the client's are handles; otherwise it is "".
func (s *Server) newReference(c *ClientConfig) (string, error) {
	if c.TokenType != TokenReference {
		return "", nil
	}
	return s.newHandle()
}

// keepReference files the claims of an access token that is a handle.
func (s *Server) keepReference(st *state, c *ClientConfig, g *grant) {
	if g.access == "" {
		return
	}
	st.References[handleKey(g.access)] = &reference{
		ClientID: c.ID, Subject: g.Subject, Created: g.now, Expires: g.now.Add(c.AccessLifetime),
		Claims: s.envelope(s.resources(), g.now, c.AccessLifetime, g.claims),
	}
}

// answerGrant signs and sends. There is no "scope" in the answer: what was granted is read from the access token.
func (s *Server) answerGrant(w http.ResponseWriter, r *http.Request, c *ClientConfig, g *grant, fault *tokenFault, err error) {
	if err == nil && fault != nil {
		observe(r, fault.rule, fault.words)
		tokenError(w, fault.code)
		return
	}
	var id, access string
	if err == nil {
		id, access, err = s.signGrant(r, c, g, "")
	}
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	answer := claimSet{}
	if id != "" {
		answer = answer.with("id_token", id)
	}
	answer = answer.with("access_token", access).
		with("expires_in", int64(c.AccessLifetime/time.Second)).
		with("token_type", "Bearer")
	if g.refresh != "" {
		answer = answer.with("refresh_token", g.refresh)
	}
	observe(r, "", g.tell(c))
	writeJSON(w, http.StatusOK, answer)
}

// tell says what a grant brought.
func (g *grant) tell(c *ClientConfig) string {
	words := "issued an access token for the client itself"
	if g.user != nil {
		words = "issued tokens for " + g.user.Login
	}
	switch {
	case g.refresh != "" && c.RefreshReusable:
		words += "; the refresh token can be used again"
	case g.refresh != "":
		words += "; the refresh token serves once: the next refresh replaces it"
	}
	return words
}

// signGrant makes a grant's tokens. code is what an ID token's c_hash is of; "" for none.
func (s *Server) signGrant(r *http.Request, c *ClientConfig, g *grant, code string) (id, access string, err error) {
	key := g.key
	if key == nil {
		if key, err = s.key(r.Context()); err != nil {
			return "", "", err
		}
	}
	if g.id && !g.atHash && g.access == "" && !g.noAccess && !s.anyFault() {
		return signBoth(key, s.idClaims(c, g, hashes("", code)), s.envelope(s.resources(), g.now, c.AccessLifetime, g.claims))
	}
	if access = g.access; access == "" && !g.noAccess {
		access, err = s.signFor(r, c.ID, key, s.envelope(s.resources(), g.now, c.AccessLifetime, g.claims))
	}
	if err != nil || !g.id {
		return "", access, err
	}
	of := access
	if !g.atHash {
		of = ""
	}
	id, err = s.signFor(r, c.ID, key, s.idClaims(c, g, hashes(of, code)))
	return id, access, err
}

// hashes are the claims that tie an ID token to an access token and to a code, each "" for none.
func hashes(access, code string) claimSet {
	h := claimSet{}
	if access != "" {
		h = h.with("at_hash", halfHash(access))
	}
	if code != "" {
		h = h.with("c_hash", halfHash(code))
	}
	return h
}

// signBoth signs two tokens at once, where neither is part of the other: signing is most of what a login takes.
func signBoth(key *signingKey, idClaims, accessClaims claimSet) (id, access string, err error) {
	var other error
	signed := make(chan struct{})
	go func() {
		defer close(signed)
		stack.Grow()
		access, other = key.sign(accessClaims)
	}()
	id, err = key.sign(idClaims)
	<-signed
	return id, access, errors.Join(err, other)
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
