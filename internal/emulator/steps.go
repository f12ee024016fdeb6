package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// step is what an authorize request needs next.
type step int

const (
	stepDone step = iota
	stepLogin
	stepFactor
	stepOrganisation
	stepConsent
)

func (s step) path() string {
	return [...]string{"/", "/login", "/factor", "/organisation", "/consent"}[s]
}

// next decides it. in and u are the browser's session and its user, or nil.
func (s *Server) next(st *state, p *pendingRequest, in *session, u *user) step {
	switch {
	case in == nil || s.mustSignIn(p, in):
		return stepLogin
	case slices.Contains(p.request.scopes, singleOrganisation) && len(u.memberships) > 1 && in.Organisation == "":
		return stepOrganisation
	case !p.consented && s.mustConsent(st, p.request, in):
		return stepConsent
	}
	return stepDone
}

// mustSignIn reports whether the session isn't one that the request can be answered for.
func (s *Server) mustSignIn(p *pendingRequest, in *session) bool {
	req := p.request
	switch {
	case req.provider != "" && req.provider != in.provider(), !req.client.allowsProvider(in.provider()):
		return true
	case req.maxAge == 0:
		// auth_time is in whole seconds and has passed by the time that it is looked at, so no sign-in is ever recent enough.
		return true
	case p.fresh:
		return false
	}
	return req.prompt == "login" || req.maxAge > 0 && s.now().After(in.AuthTime.Add(req.maxAge))
}

// allowsProvider reports whether the client takes users who signed in with an identity provider.
func (c *ClientConfig) allowsProvider(name string) bool {
	return len(c.Providers) == 0 || slices.Contains(c.Providers, name)
}

// mustConsent follows IdentityServer3: a client that remembers nothing asks each time, and so does one that wants to go on
// while the user is away.
func (s *Server) mustConsent(st *state, req *authorizeRequest, in *session) bool {
	c := req.client
	required := s.config.Rules == RulesLive
	if c.RequireConsent != nil {
		required = *c.RequireConsent
	}
	switch {
	case req.prompt == "consent":
		return true
	case !required:
		return false
	case !c.RememberConsent || slices.Contains(req.scopes, offlineAccess):
		return true
	}
	allowed := st.Consents[consentKey(in.Login, c.ID)]
	return slices.ContainsFunc(req.scopes, func(name string) bool { return !slices.Contains(allowed, name) })
}

// consentKey files what a user has allowed a client. A client id holds no space.
func consentKey(login, clientID string) string { return strings.ToLower(login) + " " + clientID }

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
	missing := s.next(st, &pendingRequest{request: req}, in, u)
	switch {
	case missing == stepDone:
		s.issue(w, r, req, key)
	case req.prompt == "none":
		code := "interaction_required"
		if missing == stepLogin {
			code = "login_required"
		}
		s.refuse(w, r, req, &authorizeFault{
			code: code, rule: "prompt-none", words: "prompt=none, but " + why(req, in, missing),
		})
	default:
		rule := ""
		if req.maxAge == 0 {
			rule = "max-age"
		}
		observe(r, rule, why(req, in, missing))
		s.ask(w, r, req, key, missing)
	}
}

// why says for the log what a page is needed for.
func why(req *authorizeRequest, in *session, missing step) string {
	switch {
	case missing == stepOrganisation:
		return "the user must choose an organisation"
	case missing == stepConsent && slices.Contains(req.scopes, offlineAccess):
		return "the user is asked for consent, each time with offline_access"
	case missing == stepConsent:
		return "the user is asked for consent"
	case req.maxAge == 0:
		return "max_age=0 asks for a sign-in that is never recent enough, so the page comes back for ever; prompt=login asks for a fresh one"
	case in == nil:
		return "nobody is signed in in this browser"
	case req.provider != "" && req.provider != in.provider():
		return "the user signed in with identity provider " + quoted(in.provider()) + ", and acr_values asks for " + quoted(req.provider)
	case !req.client.allowsProvider(in.provider()):
		return "the client doesn't take users of identity provider " + quoted(in.provider())
	case req.prompt == "login":
		return "prompt=login has the user sign in again"
	}
	return "the user signed in longer ago than max_age"
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
		id: id, browser: browser, request: req, asked: askedFor(queryParams(r)),
		expires: s.now().Add(pendingLifetime), session: sessionKey,
	})
	s.sendTo(w, http.StatusFound, missing, id)
}

// askedFor are the parameters that a page tells its reader, in a fixed order. What proves something isn't among them.
func askedFor(in params) pairs {
	var out pairs
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "response_mode", "scope", "prompt", "max_age", "login_hint", "ui_locales",
		"acr_values", "display",
	} {
		if value := in.get(name); value != "" {
			out = append(out, [2]string{name, truncate(value, maxRedirectURI)})
		}
	}
	return out
}

// sendTo redirects to the page of a step. The address is relative, so the browser stays at the host that it knows.
func (s *Server) sendTo(w http.ResponseWriter, status int, to step, id string) {
	redirectTo(w, status, to.path(), url.Values{"signin": {id}})
}

func redirectTo(w http.ResponseWriter, status int, path string, query url.Values) {
	noStore(w)
	w.Header().Set("Referrer-Policy", "no-referrer")
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	w.Header().Set("Location", path)
	w.WriteHeader(status)
}

// proceed finishes a step of a pending request: take alters the session, and then either the answer is made in the same
// update of the state, or the browser goes to the next page.
func (s *Server) proceed(w http.ResponseWriter, r *http.Request, p pendingRequest, take func(*state) (string, *session, error)) {
	var out *issued
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
		if missing = s.next(st, &p, in, s.lookupUser(in.Login)); missing != stepDone {
			return nil
		}
		if taken = s.pending.take(p.id); !taken {
			gone = true
			return nil
		}
		out, err = s.issueFor(st, p.request, in)
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
		s.answerIssued(w, r, p.request, out)
	}
}
