package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	sessionCookie = "simsid-emulator-session"
	formCookie    = "simsid-emulator-form"
)

func setCookie(w http.ResponseWriter, name, value string) {
	// Not Secure: the pages are on loopback over http.
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // see above
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // as above
		Name: name, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// sessionIn returns the live session of the request's browser, with its key and its user.
func (s *Server) sessionIn(st *state, r *http.Request) (key string, found *session, u *user) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" {
		return "", nil, nil
	}
	key = handleKey(cookie.Value)
	found = st.Sessions[key]
	if !found.live(s.now()) {
		return "", nil, nil
	}
	if u = s.lookupUser(found.Login); u == nil {
		return "", nil, nil
	}
	return key, found, u
}

// begin makes a session for a user who has just signed in, in place of the browser's old one, with a new cookie.
func (s *Server) begin(w http.ResponseWriter, st *state, u *user, old string) (string, *session, error) {
	handle, err := s.newHandle()
	if err != nil {
		return "", nil, err
	}
	sid, err := s.newHandle()
	if err != nil {
		return "", nil, err
	}
	tail, err := s.newGUID()
	if err != nil {
		return "", nil, err
	}
	now := s.now()
	made := &session{
		signIn:   signIn{Login: u.Login, Subject: subject(u, tail), SessionID: sid, AuthTime: now.Truncate(time.Second)},
		LastUsed: now,
	}
	delete(st.Sessions, old)
	st.Sessions[handleKey(handle)] = made
	setCookie(w, sessionCookie, handle)
	return handleKey(handle), made, nil
}

func (s *Server) newGUID() (string, error) {
	b, err := s.random(16)
	if err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4 (RFC 9562 section 5.4)
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// step is what an authorize request needs next.
type step int

const (
	stepDone step = iota
	stepLogin
	stepOrganisation
	stepConsent
)

// next decides it. fresh says that the session was made for this very request.
func (s *Server) next(req *authorizeRequest, in *session, u *user, fresh, consented bool) step {
	switch {
	case in == nil:
		return stepLogin
	case !fresh && (req.prompt == "login" || req.maxAge >= 0 && s.now().After(in.AuthTime.Add(req.maxAge))):
		return stepLogin
	case slices.Contains(req.scopes, singleOrganisation) && len(u.memberships) > 1 && in.Organisation == "":
		return stepOrganisation
	case req.prompt == "consent" && !consented:
		return stepConsent
	}
	return stepDone
}

// signInOrAsk answers a checked request at once where it can, and else sends the browser to the page that is missing.
func (s *Server) signInOrAsk(w http.ResponseWriter, r *http.Request, req *authorizeRequest) {
	if as := s.as.Load(); as != nil {
		s.signInAs(w, r, req, as)
		return
	}
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	key, in, u := s.sessionIn(st, r)
	missing := s.next(req, in, u, false, false)
	switch {
	case missing == stepDone:
		s.issue(w, r, req, key)
	case req.prompt == "none" && missing == stepLogin:
		s.refuse(w, r, req, &authorizeFault{code: "login_required"})
	case req.prompt == "none":
		s.refuse(w, r, req, &authorizeFault{code: "interaction_required"})
	default:
		s.ask(w, r, req, key, missing)
	}
}

// ask puts the request aside and sends the browser to a page.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, req *authorizeRequest, sessionKey string, missing step) {
	id, err := s.newHandle()
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	browser, err := s.formBrowser(w, r)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	if missing == stepLogin {
		sessionKey = ""
	}
	s.pending.add(pendingRequest{
		id: id, browser: browser, request: req, expires: s.now().Add(pendingLifetime), session: sessionKey,
	})
	s.sendTo(w, http.StatusFound, missing, id)
}

// sendTo redirects to the page of a step. The address is relative, so the browser stays at the host that it knows.
func (s *Server) sendTo(w http.ResponseWriter, status int, to step, id string) {
	path := map[step]string{stepLogin: "/login", stepOrganisation: "/organisation", stepConsent: "/consent"}[to]
	noStore(w)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", path+"?"+url.Values{"signin": {id}}.Encode())
	w.WriteHeader(status)
}

// signInAs signs the chosen sample user in without a page. The browser's session goes on where it would have without.
func (s *Server) signInAs(w http.ResponseWriter, r *http.Request, req *authorizeRequest, as *user) {
	var out pairs
	err := s.store.update(r.Context(), func(st *state) error {
		key, in, u := s.sessionIn(st, r)
		if in == nil || u.Login != as.Login || s.next(req, in, u, false, true) == stepLogin {
			var err error
			if key, in, err = s.begin(w, st, as, key); err != nil {
				return err
			}
		}
		if in.Organisation == "" {
			in.Organisation = as.memberships[0].organisation.ID
		}
		var err error
		out, err = s.grantCode(st, req, st.Sessions[key])
		return err
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.answer(w, r, req, out, false)
}

// issue answers the request with a code for a session that has all it needs.
func (s *Server) issue(w http.ResponseWriter, r *http.Request, req *authorizeRequest, sessionKey string) {
	var out pairs
	err := s.store.update(r.Context(), func(st *state) error {
		in := st.Sessions[sessionKey]
		if in == nil { // signed out in the meantime
			out = pairs{{"error", "login_required"}}
			if req.state != "" {
				out = append(out, [2]string{"state", req.state})
			}
			return nil
		}
		var err error
		out, err = s.grantCode(st, req, in)
		return err
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.answer(w, r, req, out, false)
}

// grantCode makes a code and the parameters that carry it.
func (s *Server) grantCode(st *state, req *authorizeRequest, in *session) (pairs, error) {
	handle, err := s.newHandle()
	if err != nil {
		return nil, err
	}
	salt, err := s.newHandle()
	if err != nil {
		return nil, err
	}
	now := s.now()
	in.LastUsed = now
	who := in.signIn
	if !slices.Contains(req.scopes, singleOrganisation) {
		who.Organisation = ""
	}
	st.Codes[handleKey(handle)] = &code{
		signIn: who, ClientID: req.client.ID, RedirectURI: req.redirectURI, Scopes: req.scopes, Nonce: req.nonce,
		Challenge: req.challenge, Method: req.method, Created: now, Expires: now.Add(req.client.CodeLifetime),
	}
	out := pairs{{"code", handle}}
	if req.state != "" {
		out = append(out, [2]string{"state", req.state})
	}
	if slices.Contains(req.scopes, "openid") {
		out = append(out, [2]string{"session_state", sessionState(req, in.SessionID, salt)})
	}
	return out, nil
}

// sessionState follows OpenID Connect Session Management 1.0 section 3: client, origin, session and salt, hashed.
func sessionState(req *authorizeRequest, sid, salt string) string {
	sum := sha256.Sum256([]byte(req.client.ID + originOf(req.redirectURI) + sid + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}

// originOf returns scheme, host and port of an address; "" when it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
