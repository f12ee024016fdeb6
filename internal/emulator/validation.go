package emulator

import (
	"context"
	"errors"
	"net/http"
	"slices"
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
func (s *Server) checkToken(ctx context.Context, raw, audience string) (claimSet, error) {
	key, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := key.verify(raw)
	if err != nil || claims.text("iss") != s.issuer || claims.text("aud") != audience {
		return nil, errInvalid
	}
	end, ok := claims.seconds("exp")
	start, started := claims.seconds("nbf")
	now := s.now()
	switch {
	case !ok || !started || now.Before(start.Add(-clockSkew)):
		return nil, errInvalid
	case !now.Before(end.Add(clockSkew)):
		return nil, errExpired
	}
	return claims, nil
}

func (s *Server) checkAccess(ctx context.Context, raw string) (claimSet, error) {
	return s.checkToken(ctx, raw, s.resources())
}

// serveUserinfo answers who the user is (OpenID Connect Core 5.3). Errors are in the header alone.
func (s *Server) serveUserinfo(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	refuse := func(status int, code string) {
		w.Header().Set("WWW-Authenticate", `Bearer error="`+code+`"`)
		w.WriteHeader(status)
	}
	claims, err := s.checkAccess(r.Context(), bearer(r))
	switch {
	case errors.Is(err, errExpired) || errors.Is(err, errInvalid):
		refuse(http.StatusUnauthorized, err.Error())
		return
	case err != nil:
		s.unavailable(w, r, err)
		return
	}
	scopes := claims.texts("scope")
	if !slices.Contains(scopes, "openid") {
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
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	raw := form.get("token")
	if raw == "" {
		writeJSON(w, http.StatusBadRequest, object("Message", "missing_token"))
		return
	}
	claims, err := s.checkAccess(r.Context(), raw)
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
	claims, err := s.checkAccess(r.Context(), raw)
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
	claims, err := s.checkToken(r.Context(), in.get("token"), in.get("client_id"))
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
	// A wrong hint doesn't keep a token alive (RFC 7009 section 2.1).
	err := s.store.update(r.Context(), func(st *state) error {
		held := st.Refresh[handleKey(raw)]
		if held == nil || held.ClientID != c.ID {
			return nil
		}
		for key, other := range st.Refresh {
			if other.ClientID == c.ID && samePerson(other.Subject, held.Subject) {
				delete(st.Refresh, key)
			}
		}
		return nil
	})
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}
