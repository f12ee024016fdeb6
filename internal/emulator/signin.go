package emulator

import (
	"crypto/subtle"
	"net/http"
	"net/url"
)

// loginPage is what the sign-in page shows.
type loginPage struct {
	ID, Token   string
	Application string
	Login       string
	Wrong       bool
	Local       bool // with a password; else only by an identity provider elsewhere
	Providers   []ProviderConfig
	Users       []User
	Asked       pairs
	Endless     bool // no sign-in can satisfy the request
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
	elsewhere := s.providersFor(p.request.client)
	switch {
	case p.request.provider != "":
		sendElsewhere(w, p.id, p.request.provider)
	case p.request.client.allowsProvider(PasswordProvider):
		s.showLogin(w, r, p, p.request.loginHint, false)
	case len(elsewhere) == 1:
		sendElsewhere(w, p.id, elsewhere[0].Name)
	default:
		s.showLogin(w, r, p, "", false)
	}
}

// providersFor are the identity providers elsewhere that a client's users may sign in with.
func (s *Server) providersFor(c *ClientConfig) []ProviderConfig {
	var out []ProviderConfig
	for _, provider := range s.config.Providers {
		if c.allowsProvider(provider.Name) {
			out = append(out, provider)
		}
	}
	return out
}

func sendElsewhere(w http.ResponseWriter, id, provider string) {
	redirectTo(w, http.StatusFound, "/external", url.Values{"provider": {provider}, "signin": {id}})
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
			ID: p.id, Token: token, Application: p.request.client.Name, Login: login, Wrong: wrong,
			Local: p.request.client.allowsProvider(PasswordProvider), Providers: s.providersFor(p.request.client),
			Users: s.Users(), Asked: p.asked, Endless: p.request.maxAge == 0 && p.fresh,
		}.nodes(),
	})
}

// takeLogin signs a user in. Nobody is locked out and no attempt is slowed down: whoever can see the page can see the
// passwords.
func (s *Server) takeLogin(w http.ResponseWriter, r *http.Request) {
	form, p, ok := s.posted(r, "login")
	if !ok || !p.request.client.allowsProvider(PasswordProvider) {
		s.stale(w, r)
		return
	}
	// A sample user's button signs in without the password, which stands on the button.
	u := s.lookupUser(form.get("choose"))
	if u == nil {
		u = s.lookupUser(form.get("username"))
		if u == nil || subtle.ConstantTimeCompare([]byte(u.Password), []byte(form.get("password"))) != 1 {
			observe(r, "", "wrong login name or password; nobody is locked out here")
			s.showLogin(w, r, p, truncate(form.get("username"), maxLoginHint), true)
			return
		}
	}
	if u.factor.Kind == FactorTOTP || u.factor.Kind == FactorPassphrase {
		s.askFactor(w, r, p, u)
		return
	}
	s.signedIn(w, r, p, u, "")
}

// signedIn goes on with a request whose user has shown who they are. provider is "" for a password.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request, p pendingRequest, u *user, provider string) {
	p.fresh, p.factor = true, nil
	if provider == "" {
		observe(r, "", "%s has signed in", quoted(u.Login))
	} else {
		observe(r, "", "%s has signed in with identity provider %s", quoted(u.Login), quoted(provider))
	}
	s.proceed(w, r, p, func(st *state) (string, *session, error) {
		old, _, _ := s.sessionIn(st, r)
		return s.begin(w, st, u, old, provider)
	})
}

func truncate(text string, limit int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), limit)])
}

// held returns the session that a pending request has signed in, if it still lives and is this browser's.
func (s *Server) held(st *state, r *http.Request, p pendingRequest) (string, *session) {
	key, in, _ := s.sessionIn(st, r)
	if p.session == "" || key != p.session {
		return "", nil
	}
	return key, in
}

// waitingUser returns the pending request of a page that comes after signing in, and its user. When it can't, it has answered.
func (s *Server) waitingUser(w http.ResponseWriter, r *http.Request) (pendingRequest, *user, bool) {
	p, ok := s.waiting(r)
	if !ok {
		s.stale(w, r)
		return p, nil, false
	}
	u, ok := s.userFor(w, r, p)
	return p, u, ok
}

// userFor returns the user who has signed in for a request. When it can't, it has answered.
func (s *Server) userFor(w http.ResponseWriter, r *http.Request, p pendingRequest) (*user, bool) {
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return nil, false
	}
	_, in := s.held(st, r, p)
	if in == nil {
		s.stale(w, r)
		return nil, false
	}
	return s.lookupUser(in.Login), true
}
