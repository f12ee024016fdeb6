package emulator

import (
	"crypto/subtle"
	"net/http"
	"net/url"
)

// memberPurpose binds the token of the sign-in form to where its answer leads.
func memberPurpose(client string) string { return "imis sign-in " + client }

const memberGoesPurpose = "imis sign-out"

// serveMembers is the front page: to sign in, or, for whoever has, with the links to applications.
func (s *Server) serveMembers(w http.ResponseWriter, r *http.Request) {
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	if _, u := s.member(st, r); u != nil {
		s.showApplications(w, r, u)
		return
	}
	s.showMembers(w, r, memberPage{Client: truncate(queryParams(r).get("client_id"), maxClientID)})
}

func (s *Server) showMembers(w http.ResponseWriter, r *http.Request, p memberPage) {
	browser, err := s.formBrowser(w, r)
	if err == nil {
		p.Token, err = s.formToken(memberPurpose(p.Client), browser)
	}
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	p.Users, p.Site, p.Clients = s.Users(), s.base, s.enabledClients()
	title := "Sign in"
	if p.Wrong {
		title = "Error: sign in"
	}
	s.show(w, r, http.StatusOK, page{title: title, wide: true, main: p.nodes()})
}

func (s *Server) showApplications(w http.ResponseWriter, r *http.Request, u *user) {
	p := applicationsPage{Name: u.Name, Site: s.base, Clients: s.enabledClients(), Fixed: s.as.Load() != nil}
	browser, err := s.formBrowser(w, r)
	if err == nil {
		p.Token, err = s.formToken(memberGoesPurpose, browser)
	}
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, page{title: "Your applications", main: p.nodes()})
}

// enabledClients are the clients that pages show, each with the address that it is posted to.
func (s *Server) enabledClients() []*ClientConfig {
	var out []*ClientConfig
	for _, c := range s.clients {
		if !c.Disabled {
			shown := *c
			shown.RedirectURIs = []string{s.loginRedirect(c)}
			out = append(out, &shown)
		}
	}
	return out
}

// takeMember signs a member in, by a button or by name and password, and goes on to where the browser came from.
func (s *Server) takeMember(w http.ResponseWriter, r *http.Request) {
	form, _, ok := s.ownForm(r, func(form params) string { return memberPurpose(form.get("client")) })
	if !ok {
		s.stale(w, r)
		return
	}
	client := form.get("client")
	u := s.lookupUser(form.get("choose"))
	if u == nil {
		u = s.lookupUser(form.get("username"))
		if u == nil || subtle.ConstantTimeCompare([]byte(u.Password), []byte(form.get("password"))) != 1 {
			observe(r, "", "wrong login name or password; nobody is locked out here")
			s.showMembers(w, r, memberPage{Client: client, Login: truncate(form.get("username"), maxLoginHint), Wrong: true})
			return
		}
	}
	err := s.store.update(r.Context(), func(st *state) error {
		old, _, _ := s.sessionIn(st, r)
		_, _, err := s.begin(w, st, u, old, "")
		return err
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	observe(r, "", "%s has signed in", quoted(u.Login))
	if client == "" {
		redirectTo(w, http.StatusSeeOther, "/", nil)
		return
	}
	redirectTo(w, http.StatusSeeOther, contentItemPath, url.Values{"client_id": {client}})
}

// serveMemberGoes signs the browser out. Refresh tokens that were posted go on: iMIS has no revocation.
func (s *Server) serveMemberGoes(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := s.ownForm(r, func(params) string { return memberGoesPurpose }); !ok {
		s.stale(w, r)
		return
	}
	err := s.store.update(r.Context(), func(st *state) error {
		key, _, _ := s.sessionIn(st, r)
		delete(st.Sessions, key)
		return nil
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	dropCookie(w, s.play.cookie)
	observe(r, "", "the browser is signed out; refresh tokens that were posted go on until they expire")
	redirectTo(w, http.StatusSeeOther, "/", nil)
}

// serveContentItem is the page with the Single Sign On content item: it has the browser post a refresh token to the client's Login
// redirect URL.
func (s *Server) serveContentItem(w http.ResponseWriter, r *http.Request) {
	id := queryParams(r).get("client_id")
	c := s.lookupClient(id)
	if c == nil {
		observe(r, "client", "client %s is unknown or switched off", quoted(id))
		s.showError(w, r, http.StatusBadRequest, errorPage{
			Heading: "There is no such application", Text: "This page leads to no application that the site knows.",
		})
		return
	}
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	in, u := s.member(st, r)
	if u == nil {
		observe(r, "", "nobody is signed in: the user is sent to sign in first")
		redirectTo(w, http.StatusFound, "/", url.Values{"client_id": {c.ID}})
		return
	}
	handle, err := s.newHandle()
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	now := s.now()
	err = s.store.alter(r.Context(), func(st *state) {
		st.Refresh[handleKey(handle)] = &refresh{signIn: in, ClientID: c.ID, Created: now, Expires: now.Add(c.RefreshAbsolute)}
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	target := s.loginRedirect(c)
	observe(r, "", "the page posts a refresh token for %s to %s", quoted(u.Login), quoted(target))
	s.show(w, r, http.StatusOK, page{
		title: "On to " + visible(c.Name), target: target, script: submitScript, referrer: "origin",
		main: contentItemPage{Application: c.Name, Name: u.Name, Target: target, Refresh: handle}.nodes(),
	})
}
