package emulator

import (
	"net/http"
	"slices"
)

// address builds an endpoint of the back channel.
func (s *Server) address(path string) string { return s.base + path }

// browserAddress builds an endpoint that a browser visits: on the loopback listener while there is one.
func (s *Server) browserAddress(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.browser != "" {
		return s.browser + path
	}
	return s.base + path
}

// serveDiscovery answers the metadata (OpenID Connect Discovery 3), with the members that IdentityServer3 has.
// The response and grant types are those of the server: what a client may use is its one flow, which no metadata tells.
func (s *Server) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	var scopes []string
	claims := []string{
		"sub", "name", "role", "idp", "provider", "providerid", "providername", "site", "multipleorganisations",
		"userorganisationidentifier", "userorganisationidentifiers", "applicationid", "applicationname", "vendorid",
	}
	for _, sc := range s.scopes {
		scopes = append(scopes, sc.Name)
		for _, name := range sc.Claims {
			if !slices.Contains(claims, name) {
				claims = append(claims, name)
			}
		}
	}
	writeJSON(w, http.StatusOK, claimSet{}.
		with("issuer", s.issuer).
		with("jwks_uri", s.address(".well-known/jwks")).
		with("authorization_endpoint", s.browserAddress("connect/authorize")).
		with("token_endpoint", s.address("connect/token")).
		with("userinfo_endpoint", s.address("connect/userinfo")).
		with("end_session_endpoint", s.browserAddress("connect/endsession")).
		with("check_session_iframe", s.browserAddress("connect/checksession")).
		with("revocation_endpoint", s.address("connect/revocation")).
		with("introspection_endpoint", s.address("connect/introspect")).
		with("frontchannel_logout_supported", true).
		with("frontchannel_logout_session_supported", true).
		with("scopes_supported", scopes).
		with("claims_supported", claims).
		with("response_types_supported", []string{
			"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token",
		}).
		with("response_modes_supported", []string{"form_post", "query", "fragment"}).
		with("grant_types_supported", []string{
			"authorization_code", "client_credentials", "password", "refresh_token", "implicit",
		}).
		with("subject_types_supported", []string{"public"}).
		with("id_token_signing_alg_values_supported", []string{"RS256"}).
		with("code_challenge_methods_supported", []string{"plain", "S256"}).
		with("token_endpoint_auth_methods_supported", []string{"client_secret_post", "client_secret_basic"}))
}
