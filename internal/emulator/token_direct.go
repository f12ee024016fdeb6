package emulator

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"
)

// grantClient is the client credentials flow (RFC 6749 section 4.4): neither ID token nor refresh token, and no subject.
func (s *Server) grantClient(r *http.Request, c *ClientConfig, form params) (*grant, *tokenFault, error) {
	if c.Flow != FlowClientCredentials {
		return nil, wrongFlow(c, "client_credentials"), nil
	}
	scopes, fault := s.checkGrantScopes(c, form)
	if fault != nil {
		return nil, fault, nil
	}
	for _, name := range scopes {
		if sc, _ := s.lookupScope(name); sc.Identity || name == offlineAccess {
			return nil, refused("invalid_scope", "scope", "scope %s is of users, and a client has none", quoted(name)), nil
		}
	}
	selected, fault := s.selectedOrganisation(form)
	if fault != nil {
		return nil, fault, nil
	}
	access, err := s.newReference(c)
	if err != nil {
		return nil, nil, err
	}
	g := &grant{scopes: scopes, now: s.now(), access: access}
	g.claims = claimSet{}.with("client_id", c.ID).withList("scope", scopes)
	if selected != "" {
		// What the real token says of it isn't published: this is the parameter's own name.
		g.claims = g.claims.with("orgselected", selected)
	}
	if access != "" {
		err = s.store.alter(r.Context(), func(st *state) { s.keepReference(st, c, g) })
	}
	return g, nil, err
}

// selectedOrganisation reads acr_values=orgselected:ID, which data of one organisation needs.
func (s *Server) selectedOrganisation(form params) (string, *tokenFault) {
	values := form.get("acr_values")
	if len(values) > maxACRValues {
		return "", refused("invalid_request", "acr-values", "acr_values is longer than %d characters", maxACRValues)
	}
	for word := range strings.FieldsSeq(values) {
		id, ok := strings.CutPrefix(word, "orgselected:")
		if !ok {
			continue
		}
		o, found := findOrganisation(s.config.Organisations, id)
		if !found || !strings.EqualFold(o.ID, id) {
			return "", refused("invalid_request", "acr-values", "acr_values name organisation %s, and there is none of that id", quoted(id))
		}
		return o.ID, nil
	}
	return "", nil
}

// checkGrantScopes checks the scope parameter of a request that no authorize request went before.
func (s *Server) checkGrantScopes(c *ClientConfig, form params) ([]string, *tokenFault) {
	text := form.get("scope")
	scopes := splitScopes(text)
	if len(scopes) == 0 || len(text) > maxScope {
		return nil, refused("invalid_scope", "scope", "scope is missing or longer than %d characters", maxScope)
	}
	for _, name := range scopes {
		if _, ok := s.lookupScope(name); !ok {
			return nil, refused("invalid_scope", "scope", "there is no scope %s", quoted(name))
		}
		if !slices.Contains(c.Scopes, name) {
			return nil, refused("invalid_scope", "scope", "client %s mustn't ask for scope %s", quoted(c.ID), quoted(name))
		}
	}
	return scopes, nil
}

// grantPassword is the resource owner's flow (RFC 6749 section 4.3): the client itself has asked for the password. There is
// no browser and so no session, no second factor and no ID token.
func (s *Server) grantPassword(r *http.Request, c *ClientConfig, form params) (*grant, *tokenFault, error) {
	if c.Flow != FlowResourceOwner {
		return nil, wrongFlow(c, "password"), nil
	}
	scopes, fault := s.checkGrantScopes(c, form)
	if fault != nil {
		return nil, fault, nil
	}
	if len(form.get("acr_values")) > maxACRValues {
		return nil, refused("invalid_request", "acr-values", "acr_values is longer than %d characters", maxACRValues), nil
	}
	u := s.checkPassword(form.get("username"), form.get("password"))
	if u == nil {
		return nil, refused("invalid_grant", "password", "username or password is missing, too long or wrong"), nil
	}
	tail, err := s.newGUID()
	if err != nil {
		return nil, nil, err
	}
	fresh, err := s.newHandle()
	if err != nil {
		return nil, nil, err
	}
	access, err := s.newReference(c)
	if err != nil {
		return nil, nil, err
	}
	now := s.now()
	g := &grant{
		signIn: signIn{Login: u.Login, Subject: subject(u, tail), AuthTime: now.Truncate(time.Second)},
		user:   u, scopes: scopes, now: now, access: access,
	}
	g.claims = s.accessClaims(c, u, g.signIn, scopes)
	if slices.Contains(scopes, offlineAccess) {
		g.refresh = fresh
	}
	err = s.store.alter(r.Context(), func(st *state) {
		s.keepReference(st, c, g)
		if g.refresh != "" {
			s.keepRefresh(st, c, g)
		}
	})
	return g, nil, err
}

// checkPassword returns the user who signs in so, or nil.
func (s *Server) checkPassword(login, password string) *user {
	if login == "" || password == "" || len(login) > maxLogin || len(password) > maxPassword {
		return nil
	}
	u := s.lookupUser(login)
	if u == nil || subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) != 1 {
		return nil
	}
	return u
}
