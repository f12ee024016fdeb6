package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
)

type logoutPage struct{ Token, Name string }

type signedOutPage struct{ Return, Application string }

// serveEndSession ends the browser's session (RP-Initiated Logout 1.0). With a valid id_token_hint it does so at once, and
// without asks first; whatever is wrong with the request is passed over in silence. It revokes nothing.
func (s *Server) serveEndSession(w http.ResponseWriter, r *http.Request) {
	in := queryOrForm(r)
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	_, current, u := s.sessionIn(st, r)
	c, hint, err := s.hinted(r, in.get("id_token_hint"))
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	if c != nil && (current == nil || samePerson(current.Subject, hint.text("sub"))) {
		var back signedOutPage
		if uri := in.get("post_logout_redirect_uri"); uri != "" && c.allowsPostLogout(uri) {
			back = signedOutPage{Return: withState(uri, in.get("state")), Application: c.Name}
		}
		s.endSession(w, r, hint.text("sid"), back)
		return
	}
	if current == nil {
		s.endSession(w, r, "", signedOutPage{})
		return
	}
	browser, err := s.formBrowser(w, r)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	token, err := s.formToken("logout", browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, page{title: "Sign out", main: logoutPage{Token: token, Name: u.Name}.nodes()})
}

// hinted returns the client and the claims of an ID token of this server, however old.
func (s *Server) hinted(r *http.Request, raw string) (*ClientConfig, claimSet, error) {
	if raw == "" {
		return nil, nil, nil
	}
	key, err := s.key(r.Context())
	if err != nil {
		return nil, nil, err
	}
	claims, err := key.verify(raw)
	if err != nil || claims.text("iss") != s.issuer {
		return nil, nil, nil //nolint:nilerr // a hint that doesn't hold is no hint
	}
	return s.lookupClient(claims.text("aud")), claims, nil
}

func withState(uri, state string) string {
	if state == "" {
		return uri
	}
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + "state=" + url.QueryEscape(state)
}

// serveLogout takes the answer to the question whether to sign out.
func (s *Server) serveLogout(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := s.ownForm(r, func(params) string { return "logout" }); !ok {
		s.stale(w, r)
		return
	}
	s.endSession(w, r, "", signedOutPage{})
}

// endSession ends the browser's session, and the one that sid names: a browser keeps its cookie back when another site
// posts the request.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, sid string, back signedOutPage) {
	err := s.store.update(r.Context(), func(st *state) error {
		key, _, _ := s.sessionIn(st, r)
		delete(st.Sessions, key)
		maps.DeleteFunc(st.Sessions, func(_ string, v *session) bool { return sid != "" && v.SessionID == sid })
		return nil
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	dropCookie(w, sessionCookie)
	s.show(w, r, http.StatusOK, page{title: "You’re signed out", main: back.nodes()})
	if visited(r) {
		s.markEnded()
	}
}

// visited reports whether somebody sees the answer. A picture on a page elsewhere can ask for this address too, without
// the session's cookie, and ends nothing.
func visited(r *http.Request) bool {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}
