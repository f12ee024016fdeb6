package emulator

import (
	"net/http"
	"slices"
	"time"
)

// redeemRefresh turns a refresh token into new tokens. A one-time handle is gone with its first use, without any grace.
func (s *Server) redeemRefresh(r *http.Request, c *ClientConfig, form params) (g *grant, fault *tokenFault, err error) {
	handle := form.get("refresh_token")
	switch {
	case handle == "":
		return nil, refused("invalid_request", "refresh-token", "refresh_token is missing"), nil
	case len(handle) > maxHandle:
		return nil, refused("invalid_grant", "refresh-token", "refresh_token is longer than %d characters", maxHandle), nil
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
	err = s.store.alter(r.Context(), func(st *state) {
		key := handleKey(handle)
		held := st.Refresh[key]
		var u *user
		if u, fault = s.checkRefresh(held, c, now); fault != nil {
			return
		}
		g = &grant{
			signIn: held.signIn, user: u, scopes: held.Scopes, claims: held.Claims, now: now, access: access, refresh: handle,
			id: slices.Contains(held.Scopes, openID), atHash: true,
		}
		g.key = s.signer(st)
		next := *held
		if c.UpdateClaims {
			g.claims = s.accessClaims(c, u, g.signIn, g.scopes)
			next.Claims = g.claims
		}
		if c.RefreshSliding > 0 {
			// The absolute lifetime counts from the first issue.
			next.Expires = earlier(now.Add(c.RefreshSliding), held.Created.Add(c.RefreshAbsolute))
		}
		if !c.RefreshReusable {
			delete(st.Refresh, key)
			g.refresh, key = fresh, handleKey(fresh)
		}
		st.Refresh[key] = &next
		s.keepReference(st, c, g)
	})
	return g, fault, err
}

func (s *Server) checkRefresh(held *refresh, c *ClientConfig, now time.Time) (*user, *tokenFault) {
	switch {
	case held == nil:
		return nil, refused("invalid_grant", "refresh-token",
			"the refresh token is unknown, revoked or was used before: a one-time token serves once, without any grace")
	case held.ClientID != c.ID:
		return nil, refused("invalid_grant", "refresh-token", "the refresh token was issued to another client")
	case !now.Before(held.Expires):
		return nil, refused("invalid_grant", "refresh-token", "the refresh token expired at %s", held.Expires.UTC().Format(time.RFC3339))
	case !slices.Contains(c.Scopes, offlineAccess):
		return nil, refused("invalid_grant", "refresh-token", "client %s mustn't ask for offline_access any more", quoted(c.ID))
	}
	u := s.lookupUser(held.Login)
	if u == nil {
		return nil, refused("invalid_grant", "refresh-token", "the user of this refresh token isn't there any more")
	}
	return u, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
