package emulator

import "net/http"

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
