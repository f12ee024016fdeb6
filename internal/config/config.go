// Package config reads and edits simsid's configuration: profiles in one TOML file, and what flags, the environment and
// the provider kind say above and below them. It never holds a secret: a key that looks like one is refused, and its
// value is not shown.
//
// The file has one form, so that it can be edited in place without touching what somebody wrote around it:
//
//	default = "school"
//
//	[profile.school]
//	kind = "simsid"
//	scopes = ["openid", "profile"]
//
// Load reads it strictly, Resolve applies precedence, and Add, Set, Remove and Use edit it.
package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/word"
)

// EnvProfile is the name of the profile that flags and variables make by themselves. No table may have it.
const EnvProfile = "env"

// BuiltInProfiles are the names of the profiles that exist without a file: what is inside simsid, as its own client, as a second one, and
// as an iMIS. A table of such a name may change what is on top of it, but not which provider it is: kind, environment and issuer are fixed.
func BuiltInProfiles() []string { return []string{"emulator", "emulator-reports", "emulator-imis"} }

// BuiltIn reports whether a profile exists without a file.
func BuiltIn(name string) bool { return slices.Contains(BuiltInProfiles(), name) }

// Setting is one key of a profile: its TOML key, the environment variable and the flag that override it.
type Setting struct {
	Key     string // "client_id"
	Env     string // "SIMSID_CLIENT_ID"; "" when there is none
	Flag    string // "client-id"; "" when there is none
	List    bool   // an array of strings; in flags and variables separated by spaces or commas
	Meaning string // one sentence for help and docs, without a final stop
}

// The keys of a profile.
const (
	keyKind          = "kind"
	keyEnvironment   = "environment"
	keyIssuer        = "issuer"
	keyPinnedIssuer  = "pinned_issuer"
	keyClientID      = "client_id"
	keyClientAuth    = "client_auth"
	keyClientKey     = "client_key"
	keyClientKeyID   = "client_key_id"
	keyClientKeyAlg  = "client_key_alg"
	keyAudience      = "assertion_audience"
	keyPAR           = "par"
	keyFlow          = "flow"
	keyScopes        = "scopes"
	keyRedirect      = "redirect_uri"
	keyListen        = "listen"
	keyTLSCert       = "tls_cert"
	keyTLSKey        = "tls_key"
	keyCAFile        = "ca_file"
	keyPostLogout    = "post_logout_redirect_uri"
	keyIntrospection = "introspection_id"
	keyResponseType  = "response_type"
	keyResponseMode  = "response_mode"
	keyPrompt        = "prompt"
	keyLoginHint     = "login_hint"
	keyUILocales     = "ui_locales"
	keyMaxAge        = "max_age"
	keyACRValues     = "acr_values"
	keyIDHint        = "id_hint"
	keyParams        = "params"
	keyRefreshUsage  = "refresh_usage"
	keyRefreshLife   = "refresh_lifetime"
	keyAPIBase       = "api_base"
	keyStore         = "store"
)

// settings is a table of constants, laid out when the program is linked: every command looks keys up in it.
//
//nolint:gochecknoglobals // nothing is ever written to it
var settings = [...]Setting{
	{keyKind, "SIMSID_KIND", "kind", false, "kind of provider: simsid, oidc, curity, imis, emulator or emulator-imis"},
	{keyEnvironment, "SIMSID_ENVIRONMENT", "environment", false, "installation of a kind that has several: sandbox or live"},
	{keyIssuer, "SIMSID_ISSUER", "issuer", false, "address of the provider: https, or http on loopback"},
	{keyPinnedIssuer, "", "", false, "issuer as the provider spelled it at first sight, compared byte for byte ever after"},
	{keyClientID, "SIMSID_CLIENT_ID", "client-id", false, "client id that the provider assigned"},
	{keyClientAuth, "SIMSID_CLIENT_AUTH", "client-auth", false, "how the client authenticates: client_secret_post, client_secret_basic, client_secret_basic_raw, private_key_jwt or none"},
	{keyClientKey, "SIMSID_CLIENT_KEY", "client-key", false, "PEM or JWK file with the private key of private_key_jwt, read at each use; without it the key is in the store"},
	{keyClientKeyID, "SIMSID_CLIENT_KEY_ID", "client-key-id", false, "kid under which the provider knows that key; a JWK says it by itself"},
	{keyClientKeyAlg, "SIMSID_CLIENT_KEY_ALG", "client-key-alg", false, "algorithm that the key signs by, where the client is registered for one: RS256, PS256, ES256 or EdDSA"},
	{keyAudience, "SIMSID_ASSERTION_AUDIENCE", "assertion-audience", false, "whom private_key_jwt is for: token_endpoint or issuer; without it the token endpoint, if it lies where the issuer does"},
	{keyFlow, "SIMSID_FLOW", "flow", false, "the client's flow as IdentityServer3 names it: AuthorizationCodeWithProofKey, AuthorizationCode, HybridWithProofKey, Hybrid, Implicit, ClientCredentials; or DeviceCode; or PostedRefreshToken, which is iMIS's"},
	{keyScopes, "SIMSID_SCOPES", "scope", true, "scopes to ask for"},
	{keyRedirect, "SIMSID_REDIRECT_URI", "redirect-uri", false, "redirect URI exactly as it is registered; port 0 means any free one"},
	{keyListen, "SIMSID_LISTEN", "listen", false, "IP address, with a port or without, to listen on for the redirect URI; needed where its host isn't localhost but leads to this machine"},
	{keyTLSCert, "SIMSID_TLS_CERT", "tls-cert", false, "PEM file with the certificate for an https redirect URI; without it simsid makes one for this machine"},
	{keyTLSKey, "SIMSID_TLS_KEY", "tls-key", false, "PEM file with the key of tls_cert"},
	{keyCAFile, "SIMSID_CA_FILE", "ca-file", false, "PEM file with certificate authorities to trust beside the system's, as of a network that inspects TLS"},
	{keyPostLogout, "SIMSID_POST_LOGOUT_REDIRECT_URI", "post-logout-redirect-uri", false, "where the browser goes after a logout, as it is registered"},
	{keyIntrospection, "SIMSID_INTROSPECTION_ID", "introspection-id", false, "name of the scope whose secret introspection authenticates with"},
	{keyResponseType, "SIMSID_RESPONSE_TYPE", "response-type", false, "what to ask for, where the flow leaves a choice: code id_token, code token, code id_token token, id_token, token or id_token token"},
	{keyResponseMode, "SIMSID_RESPONSE_MODE", "response-mode", false, "how the provider is to answer: query, fragment or form_post"},
	{keyPAR, "SIMSID_PAR", "par", false, "true to push the request to the provider before the browser opens (PAR), false not to; without it wherever the provider offers it"},
	{keyPrompt, "SIMSID_PROMPT", "prompt", false, "what the provider is to ask the user: none, login, consent or select_account"},
	{keyLoginHint, "SIMSID_LOGIN_HINT", "login-hint", false, "the login name to fill in"},
	{keyUILocales, "SIMSID_UI_LOCALES", "ui-locales", false, "languages for the provider's pages, by preference: cy en-GB"},
	{keyMaxAge, "SIMSID_MAX_AGE", "max-age", false, "sign in anew when the browser's session is older: 15m"},
	{keyACRValues, "SIMSID_ACR_VALUES", "acr-values", true, "how to sign in: names that the provider has for it"},
	{keyIDHint, "SIMSID_ID_TOKEN_HINT", "id-token-hint", false, "true to tell the provider by the ID token of the last login who is expected"},
	{keyParams, "SIMSID_PARAMS", "param", true, "further parameters of the authorisation request: name=value"},
	{keyRefreshUsage, "SIMSID_REFRESH_USAGE", "refresh-usage", false, "how often the provider takes one refresh token: one-time, which is assumed, or reusable"},
	{keyRefreshLife, "SIMSID_REFRESH_LIFETIME", "refresh-lifetime", false, "how long a refresh token of this client lives, in minutes, as it is set in iMIS: status tells when it ends"},
	{keyAPIBase, "SIMSID_API_BASE", "api-base", true, "addresses of the APIs that simsid api may send the token to: https; paths are below the first"},
	{keyStore, "SIMSID_STORE", "store", false, "where tokens are kept: keyring, file, memory or, for the emulator, auto"},
}

// Settings returns the table of keys in the order in which they are shown. The caller owns it.
func Settings() []Setting { return slices.Clone(settings[:]) }

// Whole reports whether the elements of a list may hold spaces and commas, so that nothing may be split there.
func (s Setting) Whole() bool { return s.Key == keyParams }

// lookupSetting finds a setting by its key.
func lookupSetting(key string) (Setting, bool) {
	for i := range settings {
		if settings[i].Key == key {
			return settings[i], true
		}
	}
	return Setting{}, false
}

// settingKeys returns every key of a profile.
func settingKeys() []string {
	var keys []string
	for _, s := range settings {
		keys = append(keys, s.Key)
	}
	return keys
}

// fixedInBuiltIn reports whether a key says which provider a profile is, which a table of the built-in one may not.
func fixedInBuiltIn(key string) bool {
	return key == keyKind || key == keyEnvironment || key == keyIssuer
}

// maxName is the longest name of a profile in bytes: names become parts of file names and keyring items.
const maxName = 64

// CheckName refuses what can't name a profile: empty, over 64 bytes, or with anything but letters, digits, '.', '_' and '-' (first a letter or digit).
// The error is a *ValueError with the key "profile".
func CheckName(name string) error {
	problem := ""
	switch {
	case name == "":
		problem = "is empty"
	case len(name) > maxName:
		problem = fmt.Sprintf("is longer than %d bytes", maxName)
	case !isAlnum(rune(name[0])):
		problem = "must begin with a letter or a digit"
	case strings.ContainsFunc(name, func(r rune) bool { return !isAlnum(r) && !strings.ContainsRune("._-", r) }):
		problem = "may have only letters, digits, '.', '_' and '-'"
	default:
		return nil
	}
	shown := word.Name(name)
	if word.Harmless(strings.ReplaceAll(name, " ", "-")) {
		shown = name // which would be repeated with a dash between its words
	}
	return &ValueError{Key: "profile", Value: shown, Problem: problem}
}

func isAlnum(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
