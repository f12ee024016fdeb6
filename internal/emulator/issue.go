package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// issued is the answer to an authorize request, before its tokens are signed: that takes long, and waits until the state's
// lock is free again.
type issued struct {
	code  string // "" where the response type has none
	grant *grant // nil where the response type has no token
	token bool   // the grant's access token is sent
	state string // session_state
	fault *authorizeFault
}

// issueFor files what an authorize request brings its client: a code, tokens, or both.
func (s *Server) issueFor(st *state, req *authorizeRequest, in *session) (*issued, error) {
	out := &issued{}
	salt, err := s.newHandle()
	if err != nil {
		return nil, err
	}
	handle, err := s.newHandle()
	if err != nil {
		return nil, err
	}
	access, err := s.newReference(req.client)
	if err != nil {
		return nil, err
	}
	now := s.now()
	in.LastUsed = now
	in.visit(req.client.ID)
	who := in.signIn
	if !slices.Contains(req.scopes, singleOrganisation) {
		who.Organisation = ""
	}
	if req.asks("code") {
		out.code = handle
		st.Codes[handleKey(handle)] = &code{
			signIn: who, ClientID: req.client.ID, RedirectURI: req.redirectURI, Scopes: req.scopes, Nonce: req.nonce,
			Challenge: req.challenge, Method: req.method, Created: now, Expires: now.Add(req.client.CodeLifetime),
		}
	}
	if out.token = req.asks("token"); !out.token {
		access = ""
	}
	if out.token || req.asks("id_token") {
		u := s.lookupUser(who.Login)
		out.grant = &grant{
			signIn: who, user: u, scopes: req.scopes, nonce: req.nonce, now: now, access: access,
			id: req.asks("id_token"), atHash: out.token, noAccess: !out.token,
		}
		out.grant.claims, out.grant.key = s.accessClaims(req.client, u, who, req.scopes), s.signer(st)
		s.keepReference(st, req.client, out.grant)
	}
	if slices.Contains(req.scopes, openID) {
		out.state = sessionState(req, in.SessionID, salt)
	}
	return out, nil
}

// answerIssued signs the tokens and sends the browser back. The parameters are in IdentityServer3's order; there is no iss.
func (s *Server) answerIssued(w http.ResponseWriter, r *http.Request, req *authorizeRequest, done *issued) {
	if done.fault != nil {
		s.refuse(w, r, req, done.fault)
		return
	}
	var out pairs
	if done.code != "" {
		out = append(out, [2]string{"code", done.code})
	}
	if done.grant != nil {
		id, access, err := s.signGrant(r, req.client, done.grant, done.code)
		if err != nil {
			s.unavailable(w, r, err)
			return
		}
		if id != "" {
			out = append(out, [2]string{"id_token", id})
		}
		if done.token {
			seconds := strconv.FormatInt(int64(req.client.AccessLifetime/time.Second), 10)
			out = append(out, [][2]string{{"access_token", access}, {"token_type", "Bearer"}, {"expires_in", seconds}}...)
		}
	}
	if req.client.Flow == FlowImplicit || req.client.Flow.hybrid() {
		out = append(out, [2]string{"scope", strings.Join(req.scopes, " ")})
	}
	if req.state != "" {
		out = append(out, [2]string{"state", req.state})
	}
	if done.state != "" {
		out = append(out, [2]string{"session_state", done.state})
	}
	observe(r, "", "signed in; the answer goes to %s by %s", quoted(req.redirectURI), string(req.mode))
	s.answer(w, r, req, out, req.mode)
}

// sessionState follows OpenID Connect Session Management 1.0 section 3: client, origin, session and salt, hashed.
func sessionState(req *authorizeRequest, sid, salt string) string {
	sum := sha256.Sum256([]byte(req.client.ID + originOf(req.redirectURI) + sid + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}

// originOf returns the origin of an address as browsers write it; "" when it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	}
	return strings.ToLower(u.Scheme) + "://" + host
}
