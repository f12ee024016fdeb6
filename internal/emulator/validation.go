package emulator

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// clockSkew is how long after its end a token still counts: the default of the .NET library that IdentityServer3
// validates with, here and at every endpoint that takes a token.
const clockSkew = 5 * time.Minute

var (
	errExpired  = errors.New("expired_token")
	errInvalid  = errors.New("invalid_token")
	errTooSmall = errors.New("insufficient_scope")
)

// checkToken verifies a JWT of this server for an audience. The error is errExpired, errInvalid, or one of the state.
func (s *Server) checkToken(r *http.Request, raw, audience string) (claimSet, error) {
	claims, err := s.verify(r.Context(), raw)
	switch {
	case errors.Is(err, errNotOurs):
		observe(r, "token", "the token isn't signed by this server, is damaged, or is no JWT")
		return nil, errInvalid
	case err != nil:
		return nil, err
	case claims.text("iss") != s.issuer:
		observe(r, "token", "the token's issuer is %s", quoted(claims.text("iss")))
		return nil, errInvalid
	case claims.text("aud") != audience:
		observe(r, "token", "the token is for %s, and %s is asked for: an ID token is no access token", quoted(claims.text("aud")), quoted(audience))
		return nil, errInvalid
	}
	end, ok := claims.seconds("exp")
	start, started := claims.seconds("nbf")
	now := s.now()
	switch {
	case !ok || !started || now.Before(start.Add(-clockSkew)):
		observe(r, "token", "the token isn't valid yet")
		return nil, errInvalid
	case !now.Before(end.Add(clockSkew)):
		observe(r, "token", "the token expired at %s, more than %s ago", end.UTC().Format(time.RFC3339), clockSkew)
		return nil, errExpired
	}
	return claims, nil
}

// checkAccess verifies an access token, be it a JWT or a handle. For a handle no clocks can differ: nobody else reads it.
func (s *Server) checkAccess(r *http.Request, raw string) (claimSet, error) {
	if strings.Contains(raw, ".") {
		return s.checkToken(r, raw, s.resources())
	}
	if raw == "" || len(raw) > maxHandle {
		observe(r, "token", "the access token is missing or too long")
		return nil, errInvalid
	}
	var held *reference
	err := s.store.view(r.Context(), func(st *state) { held = st.References[handleKey(raw)] })
	switch {
	case err != nil:
		return nil, err
	case held == nil:
		observe(r, "token", "the token is no access token of this server, or was revoked; refresh tokens count as none here")
		return nil, errInvalid
	case !s.now().Before(held.Expires):
		observe(r, "token", "the token expired at %s", held.Expires.UTC().Format(time.RFC3339))
		return nil, errExpired
	}
	return held.Claims, nil
}

// serveUserinfo answers who the user is (OpenID Connect Core 5.3). Errors are in the header alone.
func (s *Server) serveUserinfo(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	refuse := func(status int, code string) {
		w.Header().Set("WWW-Authenticate", `Bearer error="`+code+`"`)
		w.WriteHeader(status)
	}
	claims, err := s.checkAccess(r, bearer(r))
	switch {
	case errors.Is(err, errExpired) || errors.Is(err, errInvalid):
		refuse(http.StatusUnauthorized, err.Error())
		return
	case err != nil:
		s.unavailable(w, r, err)
		return
	}
	scopes := claims.texts("scope")
	if !slices.Contains(scopes, openID) {
		observe(r, "scope", "userinfo needs a token with scope openid")
		refuse(http.StatusForbidden, "insufficient_scope")
		return
	}
	c := s.lookupClient(claims.text("client_id"))
	in := signIn{Subject: claims.text("sub"), Organisation: organisationOf(claims)}
	u := s.userOf(in.Subject)
	if c == nil || u == nil {
		refuse(http.StatusUnauthorized, errInvalid.Error())
		return
	}
	out := claimSet{}.with("sub", in.Subject)
	writeJSON(w, http.StatusOK, s.ownClaims(u, scopes, append(out, s.userClaims(c, u, in, scopes)...)))
}

// serveIntrospect tells an API of a token (RFC 7662). The API authenticates with its scope's name and secret, and hears of
// no scope but its own.
func (s *Server) serveIntrospect(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, _ := readForm(r)
	sc, ok := s.authenticateScope(r, form)
	if !ok {
		observe(r, "scope-secret", "introspection authenticates with a scope's name and secret, not with a client's")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	raw := form.get("token")
	if raw == "" {
		writeJSON(w, http.StatusBadRequest, object("Message", "missing_token"))
		return
	}
	claims, err := s.checkAccess(r, raw)
	switch {
	case err == nil && slices.Contains(claims.texts("scope"), sc.Name):
		out := slices.DeleteFunc(claims.flat(), func(c claim) bool { return c.Name == "scope" })
		writeJSON(w, http.StatusOK, out.with("active", true).with("scope", sc.Name))
	case err == nil || errors.Is(err, errExpired) || errors.Is(err, errInvalid):
		writeJSON(w, http.StatusOK, claimSet{}.with("active", false))
	default:
		s.unavailable(w, r, err)
	}
}

// serveAccessTokenValidation tells anybody what is in an access token, and whether it holds.
func (s *Server) serveAccessTokenValidation(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	in := queryOrForm(r)
	raw := in.get("token")
	if raw == "" {
		validationError(w, "Token is missing")
		return
	}
	claims, err := s.checkAccess(r, raw)
	if expected := in.get("expectedScope"); err == nil && expected != "" &&
		!slices.Contains(claims.texts("scope"), expected) {
		err = errTooSmall
	}
	s.answerValidation(w, r, claims, err)
}

// serveIdentityTokenValidation does the same for an ID token, which names its client as audience.
func (s *Server) serveIdentityTokenValidation(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	in := queryOrForm(r)
	switch {
	case in.get("token") == "":
		validationError(w, "Token is missing")
		return
	case in.get("client_id") == "":
		validationError(w, "client_id is missing")
		return
	case s.lookupClient(in.get("client_id")) == nil:
		validationError(w, errInvalid.Error())
		return
	}
	claims, err := s.checkToken(r, in.get("token"), in.get("client_id"))
	s.answerValidation(w, r, claims, err)
}

func (s *Server) answerValidation(w http.ResponseWriter, r *http.Request, claims claimSet, err error) {
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, claims.flat())
	case errors.Is(err, errExpired) || errors.Is(err, errInvalid) || errors.Is(err, errTooSmall):
		validationError(w, err.Error())
	default:
		s.unavailable(w, r, err)
	}
}

func validationError(w http.ResponseWriter, message string) {
	writeJSON(w, http.StatusBadRequest, object("Message", message))
}

// serveRevocation ends tokens (RFC 7009). Revoking one refresh token ends every one of that user and client; a JWT lives
// on, and yet the answer is 200.
func (s *Server) serveRevocation(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, _ := readForm(r)
	c := s.authenticateClient(r, form)
	if c == nil {
		tokenError(w, "invalid_client")
		return
	}
	raw := form.get("token")
	if raw == "" {
		tokenError(w, "invalid_request")
		return
	}
	if hint := form.get("token_type_hint"); hint != "" && hint != "access_token" && hint != "refresh_token" {
		tokenError(w, "unsupported_token_type")
		return
	}
	var words string
	err := s.store.alter(r.Context(), func(st *state) { words = st.revoke(c, raw) })
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	observe(r, "", words)
	w.WriteHeader(http.StatusOK)
}

// revoke ends a token of a client, and says what it did. A wrong hint doesn't keep a token alive (RFC 7009 section 2.1), so
// none comes here.
func (s *state) revoke(c *ClientConfig, raw string) string {
	key := handleKey(raw)
	if held := s.References[key]; held != nil && held.ClientID == c.ID {
		delete(s.References, key)
		return "the access token is revoked"
	}
	held := s.Refresh[key]
	if held == nil || held.ClientID != c.ID {
		return "nothing was revoked: the token is unknown, another client's, or a JWT, which can't be revoked; the answer is 200 all the same"
	}
	maps.DeleteFunc(s.Refresh, func(_ string, v *refresh) bool {
		return v.ClientID == c.ID && samePerson(v.Subject, held.Subject)
	})
	maps.DeleteFunc(s.References, func(_ string, v *reference) bool {
		return v.ClientID == c.ID && v.Subject != "" && samePerson(v.Subject, held.Subject)
	})
	return "every refresh token and every revocable access token of this user and client is revoked, on every machine"
}
