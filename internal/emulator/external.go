package emulator

import (
	"cmp"
	"net/http"
	"slices"
)

// externalPage stands in for the sign-in page of an identity provider elsewhere.
type externalPage struct {
	ID, Token   string
	Provider    ProviderConfig
	Application string
	Users       []User
	Back        bool // the user can still choose another way to sign in
}

func (p ProviderConfig) title() string { return cmp.Or(p.Title, p.Name) }

// externalProvider returns an identity provider by its name, if the client's users may sign in with it.
func (s *Server) externalProvider(c *ClientConfig, name string) (ProviderConfig, bool) {
	allowed := s.providersFor(c)
	i := slices.IndexFunc(allowed, func(p ProviderConfig) bool { return p.Name == name })
	if i < 0 {
		return ProviderConfig{}, false
	}
	return allowed[i], true
}

func (s *Server) serveExternal(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.takeExternal(w, r)
		return
	}
	p, ok := s.waiting(r)
	if !ok {
		s.stale(w, r)
		return
	}
	name := queryParams(r).get("provider")
	provider, ok := s.externalProvider(p.request.client, name)
	if !ok {
		// IdentityServer3 shows an error page, and the client hears nothing.
		observe(r, "identity-provider", "%s is no identity provider that this client may use", quoted(name))
		s.showError(w, r, http.StatusOK, errorPage{
			Heading: "This identity provider can’t be used",
			Text:    "The application asked for " + name + ", which isn’t set up here or isn’t one that it may use.",
			Code:    "idp:" + name,
		})
		return
	}
	token, err := s.formToken(externalPurpose(provider.Name, p.id), p.browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	c := p.request.client
	s.show(w, r, http.StatusOK, page{
		title: "Sign in with " + provider.title(), target: p.request.redirectURI,
		main: externalPage{
			ID: p.id, Token: token, Provider: provider, Application: c.Name, Users: s.Users(),
			Back: p.request.provider == "" && (c.allowsProvider(PasswordProvider) || len(s.providersFor(c)) > 1),
		}.nodes(),
	})
}

func externalPurpose(provider, id string) string { return "external " + provider + " " + id }

// takeExternal signs in whoever was chosen. There is no second factor here: the provider elsewhere sees to that.
func (s *Server) takeExternal(w http.ResponseWriter, r *http.Request) {
	form, browser, ok := s.ownForm(r, func(form params) string {
		return externalPurpose(form.get("provider"), form.get("signin"))
	})
	if !ok {
		s.stale(w, r)
		return
	}
	p, found := s.pending.find(form.get("signin"), browser, s.now())
	u := s.lookupUser(form.get("choose"))
	if !found || u == nil {
		s.stale(w, r)
		return
	}
	s.signedIn(w, r, p, u, form.get("provider"))
}
