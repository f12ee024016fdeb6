package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestCheckValue(t *testing.T) {
	const (
		notHTTPS   = "must be an https address, or http on loopback"
		chars      = "has characters that an address can't have"
		userinfo   = "must hold no user name or password"
		redirect   = "must be an absolute https address, http on loopback, or one with a private scheme such as com.example.app"
		word       = "must be a word of lower-case letters, digits and '-'"
		scope      = `must be one scope: printable ASCII without spaces, '"' and '\'`
		relative   = "must be an absolute address, beginning with https://"
		queryOr    = "must have neither query nor fragment"
		noHost     = "has no host"
		flow       = "must be AuthorizationCodeWithProofKey, AuthorizationCode, HybridWithProofKey, Hybrid, Implicit, ClientCredentials, DeviceCode or PostedRefreshToken"
		words      = "must be words of letters, digits, '_' and '-'"
		age        = "must be a whole number of seconds, such as 900 or 15m"
		listen     = "must be an IP address such as 127.0.0.1, 127.0.0.1:8443 or [::1]:8443"
		authMethod = "must be client_secret_post, client_secret_basic, client_secret_basic_raw, private_key_jwt or none"
	)
	for _, c := range []struct{ key, value, want string }{
		{"kind", "simsid", ""},
		{"kind", "SIMSID", word},
		{"kind", "a b", word},
		{"environment", "live", ""},
		{"environment", "../live", word},

		{"issuer", "https://sts.example", ""},
		{"issuer", "https://sts.example/", ""},
		{"issuer", "https://host.example:8443/oauth/v2/oauth-anonymous", ""},
		{"issuer", "https://[2001:db8::1]/", ""},
		{"issuer", "http://localhost:5000", ""},
		{"issuer", "http://127.0.0.1:5000/", ""},
		{"issuer", "http://127.8.9.1/", ""},
		{"issuer", "http://[::1]:5000/", ""},
		{"issuer", "http://sts.example/", notHTTPS},
		{"issuer", "http://localhost.evil.example/", notHTTPS},
		{"issuer", "http://127.0.0.1.evil.example/", notHTTPS},
		{"issuer", "http://0.0.0.0/", notHTTPS},
		{"issuer", "http://10.0.0.1/", notHTTPS},
		{"issuer", "ftp://sts.example/", notHTTPS},
		{"issuer", "com.example.app:/x", notHTTPS},
		{"issuer", "sts.example", relative},
		{"issuer", "//sts.example/", relative},
		{"issuer", "https:sts.example", noHost},
		{"issuer", "https:///x", noHost},
		{"issuer", "https://:443/", noHost},
		{"issuer", "https://sts.example:/", "has an empty port"},
		{"issuer", "https://sts.example:65536/", "has a port over 65535"},
		{"issuer", "https://sts.example:x/", "isn't a valid address"},
		{"issuer", "https://sts.example/%zz", "isn't a valid address"},
		{"issuer", "https://sts.example/?a=b", queryOr},
		{"issuer", "https://sts.example/?", queryOr},
		{"issuer", "https://sts.example/#f", queryOr},
		{"issuer", "https://sts.example/#", queryOr},
		{"issuer", "https://jane:pw@sts.example/", userinfo},
		{"issuer", "https://localhost@evil.example/", userinfo},
		{"issuer", "https://sts.example/ x", chars},
		{"issuer", "https://sts.example\\@evil/", chars},
		{"issuer", "https://ex\u0430mple/", chars},
		{"issuer", "https://sts.example/\x1b[31m", chars},
		{"issuer", "https://sts.example/" + strings.Repeat("x", 2048), "is longer than 2048 bytes"},
		{"pinned_issuer", "https://sts.example/?a=b", queryOr},

		{"client_id", "pm-sso-00000000-0000-4000-8000-000000000000", ""},
		{"client_id", `we"ird \ id`, ""},
		{"client_id", " x", "begins or ends with a space"},
		{"client_id", "x\n", "may have only printable ASCII characters"},
		{"client_id", "é", "may have only printable ASCII characters"},
		{"client_id", strings.Repeat("x", 255), ""},
		{"client_id", strings.Repeat("x", 256), "is longer than 255 bytes"},
		{"introspection_id", "api\t", "may have only printable ASCII characters"},

		{"client_auth", "none", ""},
		{"client_auth", "private_key_jwt", ""},
		{"client_auth", "client_secret_jwt", authMethod},
		{"client_key", "/home/me/key.pem", ""},
		{"client_key", "-----BEGIN PRIVATE KEY-----\nMII", "must be the name of a file, not the key itself"},
		{"client_key", `{"kty":"EC"}`, "must be the name of a file, not the key itself"},
		{"tls_key", "-----BEGIN RSA PRIVATE KEY-----", "must be the name of a file, not the key itself"},
		{"client_key_id", "2026-11 sig", ""},
		{"client_key_id", "a\x1b[31m", "may have only printable ASCII characters"},
		{"client_key_alg", "EdDSA", ""},
		{"client_key_alg", "HS256", "must be RS256, PS256, ES256 or EdDSA"},
		{"assertion_audience", "issuer", ""},
		{"assertion_audience", "https://a.example", "must be token_endpoint or issuer"},
		{"par", "false", ""},
		{"par", "never", "must be true or false"},
		{"store", "auto", ""},
		{"store", "plain", "must be keyring, file, memory or auto"},

		{"scopes", "https://api.example/read", ""},
		{"scopes", "a b", scope},
		{"scopes", `a"b`, scope},
		{"scopes", `a\b`, scope},
		{"scopes", "a\x7f", scope},
		{"scopes", strings.Repeat("x", 256), "is longer than 255 bytes"},

		{"redirect_uri", "http://localhost:5454/", ""},
		{"redirect_uri", "http://127.0.0.1:0/callback", ""},
		{"redirect_uri", "https://app.example/cb?tenant=1", ""},
		{"redirect_uri", "https://localhost:5454", ""},
		{"redirect_uri", "com.example.app:/cb", ""},
		{"redirect_uri", "http://app.example/cb", redirect},
		{"redirect_uri", "javascript:alert(1)", redirect},
		{"redirect_uri", "file:///etc/passwd", redirect},
		{"redirect_uri", "/cb", relative},
		{"redirect_uri", "http://localhost:5454/#x", "must have no fragment"},
		{"redirect_uri", "http://localhost:5454/#", "must have no fragment"},
		{"redirect_uri", "http://me@localhost:5454/", userinfo},
		{"post_logout_redirect_uri", "http://app.example/cb", redirect},

		{"listen", "127.0.0.1", ""},
		{"listen", "0.0.0.0:443", ""},
		{"listen", "::1", ""},
		{"listen", "[::1]:8443", ""},
		{"listen", "localhost:8443", listen},
		{"listen", ":8443", listen},
		{"listen", "127.0.0.1:99999", listen},
		{"tls_cert", "/etc/ssl/my own.pem", ""},
		{"tls_key", `C:\keys\me.pem`, ""},
		{"ca_file", "/etc/ssl/work.pem", ""},
		{"ca_file", "a\x1b[31m", "has a control character"},
		{"tls_key", "a\x1b[31m", "has a control character"},
		{"tls_cert", strings.Repeat("x", 2049), "is longer than 2048 bytes"},

		{"flow", "HybridWithProofKey", ""},
		{"flow", "hybrid", flow},
		{"response_type", "code id_token", ""},
		{"response_type", "code&x", words},
		{"response_mode", "form_post", ""},
		{"response_mode", "web_message", "must be query, fragment or form_post"},
		{"prompt", "select_account", ""},
		{"ui_locales", "cy en-GB", ""},
		{"ui_locales", "en;q", words},
		{"login_hint", "Zoë O'Hara", ""},
		{"login_hint", "a\nb", "must be at most 2048 bytes without control characters"},
		{"max_age", "15m", ""},
		{"max_age", "900", ""},
		{"max_age", "0", ""},
		{"max_age", "-1", age},
		{"max_age", "1.5s", age},
		{"max_age", "soon", age},
		{"max_age", "99999999999999", age},
		{"acr_values", "idp:adfs", ""},
		{"acr_values", "a b", scope},
		{"id_hint", "true", ""},
		{"id_hint", "yes", "must be true or false"},
		{"params", "audience=https://api.example/?a=b, c", ""},
		{"params", "x=", ""},
		{"refresh_usage", "one-time", ""},
		{"refresh_usage", "reusable", ""},
		{"refresh_lifetime", "1", ""},
		{"refresh_lifetime", "5256000", ""},
		{"refresh_lifetime", "0", "must be a number of minutes from 1 to 5256000"},
		{"refresh_lifetime", "5256001", "must be a number of minutes from 1 to 5256000"},
		{"refresh_lifetime", "30m", "must be a number of minutes from 1 to 5256000"},
		{"refresh_usage", "ReUse", "must be one-time or reusable"},
		{"api_base", "https://api.example/v1", ""},
		{"api_base", "http://127.0.0.1:8080", ""},
		{"api_base", "http://api.example/", "must be an https address, or http on loopback"},
		{"api_base", "https://user:pass@api.example/", "must hold no user name or password"},
		{"api_base", "https://api.example/?key=1", "must have neither query nor fragment"},
		{"params", "x", "must be name=value"},
		{"params", "=x", "must be name=value"},
		{"params", "a&b=x", "must be name=value"},
		{"params", "client_secret=x", "looks like a secret, which doesn't belong into an address"},
		{"params", "x=\x1b", "must be at most 2048 bytes without control characters"},

		{"client_secret", "x", "is of no known key"},
		{"issuer", "", "is empty"},
	} {
		if got := checkValue(c.key, c.value); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func TestCheckValues(t *testing.T) {
	issuer, _ := lookupSetting("issuer")
	scopes, _ := lookupSetting("scopes")
	many := strings.Fields(strings.Repeat("x ", maxScopes+1))
	for _, c := range []struct {
		setting Setting
		values  []string
		want    error
	}{
		{issuer, []string{"https://a.example"}, nil},
		{issuer, nil, &ValueError{Key: "issuer", Problem: "is empty"}},
		{issuer, []string{"https://a", "https://b"}, &ValueError{Key: "issuer", Value: "https://a https://b", Problem: "must be one value"}},
		{scopes, []string{"a", "b"}, nil},
		{scopes, []string{}, &ValueError{Key: "scopes", Problem: "is empty"}},
		{scopes, []string{"a", ""}, &ValueError{Key: "scopes", Problem: "is empty"}},
		{scopes, many, &ValueError{Key: "scopes", Value: "x", Problem: "is one of more than 100 values"}},
	} {
		if got := checkValues(c.setting, c.values); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %q: %v, want %v", c.setting.Key, c.values, got, c.want)
		}
	}
}

// What is pasted into an address by mistake isn't repeated in the message about it.
func TestShowValueHidesSecrets(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"issuer", "https://jane:hunter2@sts.example/", "https://…@sts.example/"},
		{"issuer", "jane:hunter2@sts.example/", "…"},
		{"issuer", "hunter2://x@sts.example/", "…://…@sts.example/"},
		{"issuer", "https://a:hunter2@b:hunter2@sts.example/", "https://…@sts.example/"},
		{"redirect_uri", "http://localhost/?code=hunter2&state=x", "http://localhost/?…"},
		{"redirect_uri", "http://localhost/#access_token=hunter2", "http://localhost/#…"},
		{"redirect_uri", "http://a:hunter2@localhost/?code=hunter2@x", "http://…@x"},
		{"redirect_uri", "http://a:hunter2@localhost/?code=hunter2", "http://…@localhost/?…"},
		{"issuer", "https://jane:hun?ter2@sts.example/", "https://…@sts.example/"},
		{"issuer", "https://jane:hun#ter2@sts.example/?hunter2", "https://…@sts.example/?…"},
		{"issuer", "http://sts.example/", "http://sts.example/"},
		{"issuer", "https://hooks.example/t0/" + strings.Repeat("k3Y", 8), "https://hooks.example/t0/…"},
		{"issuer", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "…"},
		{"client_id", "me@example", "…"},
		{"client_id", strings.Repeat("é", 200), "…"},
		{"kind", "simsdi", "simsdi"},
		{"kind", "hunter2", "…"},
		{"flow", "AuthorisationCode", "AuthorisationCode"},
		{"flow", "k3Yk3Yk3Yk3Yk3Yk3", "…"},
		{"store", "keyrnig", "keyrnig"},
		{"store", "AGE-SECRET-KEY-1QQQQQ", "…"},
		{"scopes", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "…"},
		{"max_age", "hunter2", "…"},
		{"ca_file", "/etc/ssl/ca.pem", "/etc/ssl/ca.pem"},
		{"ca_file", "hunter2", "…"},
		{"params", "audience=hunter2", "audience=…"},
		{"params", "client_secret=hunter2", "client_secret=…"},
		{"params", "hunter2=x", "…=…"},
	} {
		equal(t, showValue(c.key, c.value), c.want)
	}
}

// TestKeyTextIsNotShown: whoever takes client_key for the place of the key itself doesn't find it in the error.
func TestKeyTextIsNotShown(t *testing.T) {
	s, _ := lookupSetting("client_key")
	for _, v := range []string{"-----BEGIN PRIVATE KEY-----\nMIIverysecret", ` {"d":"verysecret"}`} {
		if err := checkValues(s, []string{v}); err == nil || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("got %v", err)
		}
	}
}
