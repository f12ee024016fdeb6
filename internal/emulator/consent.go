package emulator

import (
	"net/http"
	"slices"
)

// consentPage is what the consent page shows.
type consentPage struct {
	ID, Token   string
	Application string
	Name        string
	Scopes      []consentScope
	Remember    bool // the user may have the answer remembered
	Always      bool // and yet is asked each time
	Nothing     bool // the user allowed nothing and didn't refuse either
}

type consentScope struct {
	Name, About string
	Required    bool
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
	s.showConsent(w, r, p, u, false)
}

func (s *Server) showConsent(w http.ResponseWriter, r *http.Request, p pendingRequest, u *user, nothing bool) {
	token, err := s.formToken("consent "+p.id, p.browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	var scopes []consentScope
	for _, sc := range s.scopes {
		if slices.Contains(p.request.scopes, sc.Name) {
			about := sc.About
			setDefault(&about, sc.Name)
			scopes = append(scopes, consentScope{sc.Name, about, sc.Name == openID})
		}
	}
	title := "Allow access"
	if nothing {
		title = "Error: allow access"
	}
	s.show(w, r, http.StatusOK, page{
		title: title, target: p.request.redirectURI,
		main: consentPage{
			ID: p.id, Token: token, Application: p.request.client.Name, Name: u.Name, Scopes: scopes, Nothing: nothing,
			Remember: p.request.client.RememberConsent, Always: slices.Contains(p.request.scopes, offlineAccess),
		}.nodes(),
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
	var allowed []string
	for _, name := range p.request.scopes {
		if name == openID || slices.Contains(form.values["scope"], name) {
			allowed = append(allowed, name)
		}
	}
	if allowed == nil {
		if u, ok := s.userFor(w, r, p); ok {
			s.showConsent(w, r, p, u, true)
		}
		return
	}
	s.consent(w, r, p, allowed, form.get("remember") != "")
}

// consent goes on with what the user has allowed, which may be less than was asked for.
func (s *Server) consent(w http.ResponseWriter, r *http.Request, p pendingRequest, allowed []string, remember bool) {
	req := *p.request
	req.scopes = allowed
	p.request, p.consented = &req, true
	s.proceed(w, r, p, func(st *state) (string, *session, error) {
		key, in := s.held(st, r, p)
		if in == nil {
			return "", nil, nil
		}
		if req.client.RememberConsent {
			delete(st.Consents, consentKey(in.Login, req.client.ID))
			if remember {
				st.Consents[consentKey(in.Login, req.client.ID)] = allowed
			}
		}
		return key, in, nil
	})
}
