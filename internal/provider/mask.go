package provider

import (
	"fmt"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// mask names a value without any of it. Of a token, which nobody can guess, a short hash tells two sightings of one from
// two; a client secret or password may be guessed by its hash and gets none.
func mask(name, value string) string {
	if !isTokenName(name) || value == "" {
		return "[masked]"
	}
	s := token.NewSecret(value)
	form := ""
	if strings.Count(value, ".") == 2 && strings.HasPrefix(value, "ey") {
		form = "JWT, "
	}
	return fmt.Sprintf("[%s: %s%d bytes, #%s]", name, form, s.Len(), s.Fingerprint())
}

// isCredential reports whether a value by this name is one, however short: a client's secret may be a word.
func isCredential(name string) bool {
	return isTokenName(name) || name == "client_secret" || name == "password"
}

func isTokenName(name string) bool {
	switch name {
	case "access_token", "id_token", "refresh_token", "token", "code", "code_verifier", "id_token_hint", "device_code",
		"assertion", "client_assertion", "subject_token", "actor_token":
		return true
	}
	return false
}

func isShownField(name string) bool {
	switch name {
	case "grant_type", "client_id", "redirect_uri", "scope", "token_type_hint", "response_type", "response_mode",
		"code_challenge_method", "prompt", "max_age", "acr_values", "ui_locales", "post_logout_redirect_uri",
		"expectedScope", "resource", "audience", "client_assertion_type", "error", "error_description", "error_uri", "token_type", "expires_in", "iss":
		return true
	}
	return false
}

func isShownMember(name string) bool {
	switch name {
	case "token_type", "expires_in", "scope", "error", "error_description", "error_uri", "Message", "ErrorMessage",
		"active", "iss", "aud", "exp", "iat", "nbf", "auth_time", "client_id", "amr", "acr", "idp", "interval",
		"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "introspection_endpoint",
		"revocation_endpoint", "end_session_endpoint", "device_authorization_endpoint", "check_session_iframe",
		"pushed_authorization_request_endpoint", "jwks_uri", "scopes_supported", "claims_supported",
		"response_types_supported", "response_modes_supported", "grant_types_supported", "subject_types_supported",
		"id_token_signing_alg_values_supported", "code_challenge_methods_supported",
		"token_endpoint_auth_methods_supported", "authorization_response_iss_parameter_supported":
		return true
	}
	return false
}

func isShownHeader(name string) bool {
	switch name {
	case "Accept", "Authorization", "Cache-Control", "Content-Type", "Date", "Location", "Retry-After", "Server",
		"User-Agent", "Www-Authenticate":
		return true
	}
	return false
}
