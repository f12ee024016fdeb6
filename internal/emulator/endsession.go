package emulator

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// logoutPage asks whether to sign out. Client and Return come back with the form, bound by its token.
type logoutPage struct{ Token, Name, Client, Return string }

type signedOutPage struct {
	Return, Application string
	Frames              []string // addresses that tell applications of the sign-out
}

// serveEndSession ends the browser's session (RP-Initiated Logout 1.0). With a valid id_token_hint it does so at once, unless
// the client has it ask, and without it asks first; whatever is wrong with the request is passed over in silence. It revokes
// nothing, and leads nobody back: the page has a link.
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
	var back signedOutPage
	sid, vouched := "", false
	if c != nil && (current == nil || samePerson(current.Subject, hint.text("sub"))) {
		if uri := in.get("post_logout_redirect_uri"); uri != "" && c.allowsPostLogout(uri) {
			back = signedOutPage{Return: withState(uri, in.get("state")), Application: c.Name}
		} else if uri != "" {
			tellPostLogout(r, c, uri)
		}
		if vouched = !c.RequireSignOutPrompt; vouched {
			sid = hint.text("sid")
		}
	} else if c != nil {
		observe(r, "id-token-hint", "id_token_hint is of another user than the one who is signed in here, and is ignored without a word")
	}
	if c == nil && in.get("id_token_hint") != "" {
		observe(r, "id-token-hint", "id_token_hint is no ID token that this server issued, and is ignored without a word")
	} else if c == nil && in.get("post_logout_redirect_uri") != "" {
		observe(r, "id-token-hint", "post_logout_redirect_uri counts only beside an id_token_hint, and is ignored without a word")
	}
	if vouched || current == nil {
		s.endSession(w, r, sid, back)
		return
	}
	observe(r, "", "the user is asked whether to sign out")
	client := ""
	if back.Return != "" {
		client = c.ID
	}
	s.askSignOut(w, r, u, client, back.Return)
}

// tellPostLogout says, for the log alone, why a post-logout address isn't linked to.
func tellPostLogout(r *http.Request, c *ClientConfig, uri string) {
	words := "post_logout_redirect_uri " + quoted(uri) + " isn't registered"
	if len(c.PostLogoutRedirectURIs) == 1 {
		words = "post_logout_redirect_uri " + quoted(uri) + " " + difference(uri, c.PostLogoutRedirectURIs[0], "the registered one")
	}
	observe(r, "post-logout-redirect-uri", words+"; the real STS ignores it without a word")
}

func (s *Server) askSignOut(w http.ResponseWriter, r *http.Request, u *user, client, back string) {
	browser, err := s.formBrowser(w, r)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	token, err := s.formToken(logoutPurpose(client, back), browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, page{
		title: "Sign out", main: logoutPage{Token: token, Name: u.Name, Client: client, Return: back}.nodes(),
	})
}

// logoutPurpose binds a form's token to where its answer will link. A client id holds no space.
func logoutPurpose(client, back string) string { return "logout " + client + " " + back }

// hinted returns the client and the claims of an ID token of this server, however old.
func (s *Server) hinted(r *http.Request, raw string) (*ClientConfig, claimSet, error) {
	if raw == "" {
		return nil, nil, nil
	}
	claims, err := s.verify(r.Context(), raw)
	if err != nil && !errors.Is(err, errNotOurs) {
		return nil, nil, err
	}
	if err != nil || claims.text("iss") != s.issuer {
		return nil, nil, nil //nolint:nilerr // a hint that doesn't hold is no hint
	}
	return s.lookupClient(claims.text("aud")), claims, nil
}

func withState(uri, state string) string {
	if state == "" {
		return uri
	}
	return withParameter(uri, "state", state)
}

func withParameter(uri, name, value string) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + name + "=" + url.QueryEscape(value)
}

// serveLogout takes the answer to the question whether to sign out.
func (s *Server) serveLogout(w http.ResponseWriter, r *http.Request) {
	form, _, ok := s.ownForm(r, func(form params) string { return logoutPurpose(form.get("client"), form.get("return")) })
	if !ok {
		s.stale(w, r)
		return
	}
	back := signedOutPage{Return: form.get("return")}
	if c := s.lookupClient(form.get("client")); c != nil {
		back.Application = c.Name
	}
	s.endSession(w, r, "", back)
}

// endSession ends the browser's session, and the one that sid names: a browser keeps its cookie back when another site
// posts the request.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, sid string, back signedOutPage) {
	err := s.store.update(r.Context(), func(st *state) error {
		back.Frames = nil
		own, _, _ := s.sessionIn(st, r)
		for key, v := range st.Sessions {
			if key == own || sid != "" && v.SessionID == sid {
				back.Frames = append(back.Frames, s.logoutFrames(v)...)
				delete(st.Sessions, key)
			}
		}
		return nil
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	dropCookie(w, s.play.cookie)
	dropSessionIDCookie(w)
	s.show(w, r, http.StatusOK, page{title: "You’re signed out", main: back.nodes(), frames: back.Frames})
	if visited(r) {
		s.markEnded()
	}
}

// logoutFrames are the addresses of the clients that a session was used for (Front-Channel Logout 1.0). As IdentityServer3
// does it, sid comes alone, without the iss that the specification has beside it.
func (s *Server) logoutFrames(v *session) []string {
	var out []string
	for _, id := range v.Clients {
		c := s.lookupClient(id)
		if c == nil || c.LogoutURI == "" {
			continue
		}
		address := c.LogoutURI
		if c.LogoutSessionRequired {
			address = withParameter(address, "sid", v.SessionID)
		}
		out = append(out, address)
	}
	return out
}

// visited reports whether somebody sees the answer. A picture on a page elsewhere can ask for this address too, without
// the session's cookie, and ends nothing.
func visited(r *http.Request) bool {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}
