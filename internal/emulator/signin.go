package emulator

import (
	"crypto/subtle"
	"net/http"
	"slices"
)

// loginPage is what the sign-in page shows.
type loginPage struct {
	ID, Token   string
	Application string
	Login       string
	Wrong       bool
	Users       []User
}

// waiting returns the pending request that a page was opened for.
func (s *Server) waiting(r *http.Request) (pendingRequest, bool) {
	cookie, err := r.Cookie(formCookie)
	if err != nil {
		return pendingRequest{}, false
	}
	return s.pending.find(queryParams(r).get("signin"), handleKey(cookie.Value), s.now())
}

// posted returns the pending request that a form was posted for.
func (s *Server) posted(r *http.Request, step string) (params, pendingRequest, bool) {
	form, browser, ok := s.ownForm(r, func(form params) string { return step + " " + form.get("signin") })
	if !ok {
		return form, pendingRequest{}, false
	}
	p, ok := s.pending.find(form.get("signin"), browser, s.now())
	return form, p, ok
}

func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.takeLogin(w, r)
		return
	}
	p, ok := s.waiting(r)
	if !ok {
		s.stale(w, r)
		return
	}
	s.showLogin(w, r, p, p.request.loginHint, false)
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, p pendingRequest, login string, wrong bool) {
	token, err := s.formToken("login "+p.id, p.browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	title := "Sign in"
	if wrong {
		title = "Error: sign in"
	}
	s.show(w, r, http.StatusOK, page{
		title: title, wide: true, target: p.request.redirectURI,
		main: loginPage{
			ID: p.id, Token: token, Application: p.request.client.Name, Login: login, Wrong: wrong, Users: Users(),
		}.nodes(),
	})
}

func (s *Server) takeLogin(w http.ResponseWriter, r *http.Request) {
	form, p, ok := s.posted(r, "login")
	if !ok {
		s.stale(w, r)
		return
	}
	// A sample user's button signs in without the password, which stands on the button.
	u := s.lookupUser(form.get("choose"))
	if u == nil {
		u = s.lookupUser(form.get("username"))
		if u == nil || subtle.ConstantTimeCompare([]byte(u.Password), []byte(form.get("password"))) != 1 {
			s.showLogin(w, r, p, truncate(form.get("username"), maxLoginHint), true)
			return
		}
	}
	s.proceed(w, r, p, func(st *state) (string, *session, error) {
		old, _, _ := s.sessionIn(st, r)
		return s.begin(w, st, u, old)
	})
}

func truncate(text string, limit int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), limit)])
}

// proceed finishes a step of a pending request: take alters the session, and then either the code is made in the same
// update of the state, or the browser goes to the next page.
func (s *Server) proceed(w http.ResponseWriter, r *http.Request, p pendingRequest, take func(*state) (string, *session, error)) {
	var out pairs
	var gone, taken bool
	missing := stepDone
	err := s.store.update(r.Context(), func(st *state) error {
		key, in, err := take(st)
		if err != nil {
			return err
		}
		if in == nil {
			gone = true
			return nil
		}
		p.session = key
		if missing = s.next(p.request, in, s.lookupUser(in.Login), true, p.consented); missing != stepDone {
			return nil
		}
		if taken = s.pending.take(p.id); !taken {
			gone = true
			return nil
		}
		out, err = s.grantCode(st, p.request, in)
		return err
	})
	switch {
	case err != nil:
		if taken {
			s.pending.add(p) // what couldn't be written wasn't done: the form can be sent again
		}
		s.unavailable(w, r, err)
	case gone:
		s.stale(w, r)
	case missing != stepDone:
		s.pending.put(p)
		s.sendTo(w, http.StatusSeeOther, missing, p.id)
	default:
		s.answer(w, r, p.request, out, false)
	}
}

// held returns the session that a pending request has signed in, if it still lives and is this browser's.
func (s *Server) held(st *state, r *http.Request, p pendingRequest) (string, *session) {
	key, in, _ := s.sessionIn(st, r)
	if p.session == "" || key != p.session {
		return "", nil
	}
	return key, in
}

// organisationPage is what the choice of organisation shows.
type organisationPage struct {
	ID, Token     string
	Application   string
	Name          string
	Organisations []organisationChoice
}

type organisationChoice struct{ ID, Name, Types, Code string }

func (s *Server) serveOrganisation(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.takeOrganisation(w, r)
		return
	}
	p, u, ok := s.waitingUser(w, r)
	if !ok {
		return
	}
	token, err := s.formToken("organisation "+p.id, p.browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	var choices []organisationChoice
	for _, m := range u.memberships {
		o := m.organisation
		choices = append(choices, organisationChoice{o.ID, o.Name, typeWords(o.Types), o.Code})
	}
	s.show(w, r, http.StatusOK, page{
		title: "Choose your organisation", target: p.request.redirectURI,
		main: organisationPage{
			ID: p.id, Token: token, Application: p.request.client.Name, Name: u.Name, Organisations: choices,
		}.nodes(),
	})
}

// waitingUser returns the pending request of a page that comes after signing in, and its user. When it can't, it has answered.
func (s *Server) waitingUser(w http.ResponseWriter, r *http.Request) (pendingRequest, *user, bool) {
	p, ok := s.waiting(r)
	if !ok {
		s.stale(w, r)
		return p, nil, false
	}
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return p, nil, false
	}
	_, in := s.held(st, r, p)
	if in == nil {
		s.stale(w, r)
		return p, nil, false
	}
	return p, s.lookupUser(in.Login), true
}

func (s *Server) takeOrganisation(w http.ResponseWriter, r *http.Request) {
	form, p, ok := s.posted(r, "organisation")
	if !ok {
		s.stale(w, r)
		return
	}
	s.proceed(w, r, p, func(st *state) (string, *session, error) {
		key, in := s.held(st, r, p)
		if in == nil {
			return "", nil, nil
		}
		chosen, ok := s.lookupUser(in.Login).at(form.get("organisation"))
		if !ok {
			return "", nil, nil
		}
		in.Organisation = chosen.organisation.ID
		return key, in, nil
	})
}

// consentPage is what the consent page shows.
type consentPage struct {
	ID, Token   string
	Application string
	Name        string
	Scopes      []string
}

func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.takeConsent(w, r)
		return
	}
	p, u, ok := s.waitingUser(w, r)
	if !ok {
		return
	}
	token, err := s.formToken("consent "+p.id, p.browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	var about []string
	for _, sc := range s.scopes {
		if slices.Contains(p.request.scopes, sc.Name) {
			about = append(about, sc.About)
		}
	}
	s.show(w, r, http.StatusOK, page{
		title: "Allow access", target: p.request.redirectURI,
		main: consentPage{ID: p.id, Token: token, Application: p.request.client.Name, Name: u.Name, Scopes: about}.nodes(),
	})
}

func (s *Server) takeConsent(w http.ResponseWriter, r *http.Request) {
	form, p, ok := s.posted(r, "consent")
	if !ok {
		s.stale(w, r)
		return
	}
	if form.get("answer") != "allow" {
		if !s.pending.take(p.id) {
			s.stale(w, r)
			return
		}
		s.refuse(w, r, p.request, &authorizeFault{code: "access_denied"})
		return
	}
	p.consented = true
	s.proceed(w, r, p, func(st *state) (string, *session, error) {
		key, in := s.held(st, r, p)
		return key, in, nil
	})
}
