package emulator

import (
	"encoding/hex"
	"net/http"
	"time"
)

const formCookie = "simsid-emulator-form"

func setCookie(w http.ResponseWriter, name, value string) {
	// Not Secure: most emulators serve plain http on loopback, and a session is the same on whichever port and scheme.
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
	cookie, err := r.Cookie(s.play.cookie)
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
// provider is "" for a password.
func (s *Server) begin(w http.ResponseWriter, st *state, u *user, old, provider string) (string, *session, error) {
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
		signIn: signIn{
			Login: u.Login, Subject: subject(u, tail), SessionID: sid, AuthTime: now.Truncate(time.Second), Provider: provider,
		},
		LastUsed: now,
	}
	if before := st.Sessions[old]; before != nil {
		made.Clients = before.Clients // they hear of the sign-out too
	}
	delete(st.Sessions, old)
	st.Sessions[handleKey(handle)] = made
	setCookie(w, s.play.cookie, handle)
	setSessionIDCookie(w, sid)
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

// signInAs signs the chosen sample user in without a page. The browser's session goes on where it would have without.
func (s *Server) signInAs(w http.ResponseWriter, r *http.Request, req *authorizeRequest, as *user) {
	var out *issued
	err := s.store.update(r.Context(), func(st *state) error {
		key, in, u := s.sessionIn(st, r)
		if in == nil || u.Login != as.Login || s.mustSignIn(&pendingRequest{request: req}, in) {
			var err error
			if key, in, err = s.begin(w, st, as, key, s.providerWithout(req)); err != nil {
				return err
			}
		}
		if in.Organisation == "" {
			in.Organisation = as.memberships[0].organisation.ID
		}
		var err error
		out, err = s.issueFor(st, req, st.Sessions[key])
		return err
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.answerIssued(w, r, req, out)
}

// providerWithout is the identity provider of somebody who is signed in without a page: the one that the request wants, or
// that the client takes. "" is a password.
func (s *Server) providerWithout(req *authorizeRequest) string {
	elsewhere := s.providersFor(req.client)
	if _, ok := s.externalProvider(req.client, req.provider); ok {
		return req.provider
	}
	if req.client.allowsProvider(PasswordProvider) || len(elsewhere) == 0 {
		return ""
	}
	return elsewhere[0].Name
}

// issue answers the request with a code for a session that has all it needs.
func (s *Server) issue(w http.ResponseWriter, r *http.Request, req *authorizeRequest, sessionKey string) {
	var out *issued
	err := s.store.update(r.Context(), func(st *state) error {
		in := st.Sessions[sessionKey]
		if in == nil { // signed out in the meantime
			out = &issued{fault: &authorizeFault{code: "login_required"}}
			return nil
		}
		var err error
		out, err = s.issueFor(st, req, in)
		return err
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.answerIssued(w, r, req, out)
}
