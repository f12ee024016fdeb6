package emulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// imisAccessBytes makes access tokens as long as those of the OWIN server under iMIS are.
const imisAccessBytes = 160

// serveIMISToken is the token endpoint of a site run by iMIS: it knows one grant, takes client and secret in the form, and answers every
// error with 400.
func (s *Server) serveIMISToken(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, ok := readForm(r)
	if !ok {
		observe(r, "content-type", "the token endpoint reads form-encoded bodies only, and this one is of type %s", quoted(r.Header.Get("Content-Type")))
		refuseIMIS(w, "unsupported_grant_type")
		return
	}
	if kind := form.get("grant_type"); kind != "refresh_token" {
		observe(r, "grant-type", "grant_type %s is missing or unknown: iMIS's single sign-on has refresh_token alone", quoted(kind))
		refuseIMIS(w, "unsupported_grant_type")
		return
	}
	c := s.authenticateIMIS(r, form)
	if c == nil {
		refuseIMIS(w, "invalid_client")
		return
	}
	g, fault, err := s.redeemIMIS(r, c, form.get("refresh_token"))
	switch {
	case err != nil:
		s.unavailable(w, r, err)
	case fault != nil:
		observe(r, fault.rule, fault.words)
		refuseIMIS(w, fault.code)
	default:
		observe(r, "", g.tell())
		writeJSON(w, http.StatusOK, s.answerIMIS(r, c, g))
	}
}

// authenticateIMIS returns the client that the form proves to come from, or nil. iMIS's documentation knows no other place for the two.
func (s *Server) authenticateIMIS(r *http.Request, form params) *ClientConfig {
	id, secret := form.get("client_id"), form.get("client_secret")
	_, _, basic := r.BasicAuth()
	switch c := s.lookupClient(id); {
	case id == "" && basic:
		observe(r, "client", "client_id is missing in the form, and iMIS's documentation has it and client_secret there, not in a header Authorization")
	case id == "" || secret == "":
		words := "client_id or client_secret is missing in the form"
		if other := misspelt(form.values); other != "" {
			words += "; it has a field " + quoted(other)
		}
		observe(r, "client", words)
	case c == nil:
		observe(r, "client", "client %s is unknown or switched off", quoted(id))
	case !c.Secret.Equal(token.NewSecret(secret)):
		observe(r, "client", "the secret of client %s is wrong", quoted(id))
	default:
		return c
	}
	return nil
}

// misspelt is a field of a form that may have been meant for client_secret; iMIS's public page has a misspelling of it.
func misspelt(form url.Values) string {
	for name := range form {
		if strings.HasPrefix(strings.ToLower(name), "client") && name != "client_id" && name != "client_secret" {
			return name
		}
	}
	return ""
}

// refuseIMIS answers with an error and its description, as iMIS does. The words of the description are the emulator's own.
func refuseIMIS(w http.ResponseWriter, code string) {
	words := map[string]string{
		"invalid_client":         "The client or its secret is not known.",
		"invalid_grant":          "The refresh token is not valid any more.",
		"unsupported_grant_type": "The grant type is not supported.",
	}
	writeJSON(w, http.StatusBadRequest, object("error", code).with("error_description", words[code]))
}

// imisGrant is what a refresh token turns into.
type imisGrant struct {
	user    *user
	refresh string // the new one; "" where the old one goes on
	access  string
}

func (g *imisGrant) tell() string {
	words := "issued an access token for " + quoted(g.user.Login)
	if g.refresh == "" {
		return words + "; the refresh token can be used again"
	}
	return words + "; a new refresh token replaces the old one"
}

// redeemIMIS looks at a refresh token, and replaces it where each serves once: of two that use it at once exactly one succeeds.
func (s *Server) redeemIMIS(r *http.Request, c *ClientConfig, handle string) (g *imisGrant, fault *tokenFault, err error) {
	if handle == "" || len(handle) > maxHandle {
		return nil, refused("invalid_grant", "refresh-token", "refresh_token is missing or longer than %d characters", maxHandle), nil
	}
	fresh, err := s.newHandle()
	if err != nil {
		return nil, nil, err
	}
	access, err := s.random(imisAccessBytes)
	if err != nil {
		return nil, nil, err
	}
	now := s.now()
	err = s.store.alter(r.Context(), func(st *state) {
		key := handleKey(handle)
		held := st.Refresh[key]
		var u *user
		if u, fault = s.checkIMIS(held, c, now); fault != nil {
			return
		}
		g = &imisGrant{user: u, access: base64.RawURLEncoding.EncodeToString(access)}
		if c.RefreshReusable {
			return
		}
		next := *held
		next.Created, next.Expires = now, now.Add(c.RefreshAbsolute)
		delete(st.Refresh, key)
		g.refresh = fresh
		st.Refresh[handleKey(fresh)] = &next
	})
	return g, fault, err
}

func (s *Server) checkIMIS(held *refresh, c *ClientConfig, now time.Time) (*user, *tokenFault) {
	switch {
	case held == nil:
		return nil, refused("invalid_grant", "refresh-token", "the refresh token is unknown, or was replaced by another")
	case held.ClientID != c.ID:
		return nil, refused("invalid_grant", "refresh-token", "the refresh token was posted to another client")
	case !now.Before(held.Expires):
		return nil, refused("invalid_grant", "refresh-token", "the refresh token expired at %s: the user clicks the link in iMIS again",
			held.Expires.UTC().Format(time.RFC3339))
	}
	u := s.lookupUser(held.Login)
	if u == nil {
		return nil, refused("invalid_grant", "refresh-token", "the user of this refresh token isn't there any more")
	}
	return u, nil
}

// answerIMIS is the answer as the OWIN server under iMIS writes it: everything but expires_in is a string, and the times are dates.
func (s *Server) answerIMIS(r *http.Request, c *ClientConfig, g *imisGrant) claimSet {
	issued, lives := s.now(), c.AccessLifetime
	if s.anyFault() {
		if f := s.meets(r, c.ID, FaultClockOffset); f != nil {
			issued = issued.Add(f.Duration)
		}
		if s.meets(r, c.ID, FaultExpiredToken) != nil {
			lives = -time.Hour // which contradicts expires_in
		}
	}
	answer := object("access_token", g.access).with("token_type", "bearer").with("expires_in", int64(c.AccessLifetime/time.Second)-1)
	if g.refresh != "" {
		answer = answer.with("refresh_token", g.refresh)
	}
	date := func(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
	return slices.Concat(answer, claimSet{}.with("as:client_id", c.ID).with("userName", g.user.Login).
		with(".issued", date(issued)).with(".expires", date(issued.Add(lives))))
}
