package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// modern is a provider with what the emulator, being IdentityServer3's, doesn't have: pushed requests, the device flow, clients with keys.
// It believes everybody and checks nothing. It is talkative: its refusals repeat what they were sent.
type modern struct {
	issuer string
	key    *ecdsa.PrivateKey
	mu     sync.Mutex
	asked  map[string]url.Values // requests by request_uri, and by code
	polled bool
	refuse bool // every code and refresh token
}

func newModern(t *testing.T) *modern {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &modern{key: key, asked: map[string]url.Values{}}
}

func (m *modern) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = r.ParseForm() // what can't be read is missing
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		m.say(w, http.StatusOK, map[string]any{
			"issuer": m.issuer, "authorization_endpoint": m.issuer + "/authorize", "token_endpoint": m.issuer + "/token", "jwks_uri": m.issuer + "/jwks",
			"device_authorization_endpoint": m.issuer + "/device", "pushed_authorization_request_endpoint": m.issuer + "/par",
			"revocation_endpoint": m.issuer + "/revoke", "id_token_signing_alg_values_supported": []string{"ES256"},
			"token_endpoint_auth_methods_supported":            []string{"private_key_jwt", "client_secret_basic", "none"},
			"token_endpoint_auth_signing_alg_values_supported": []string{"ES256"}, "code_challenge_methods_supported": []string{"S256"},
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	case "/jwks":
		m.say(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &m.key.PublicKey, KeyID: "k", Use: "sig"}}})
	case "/par":
		uri := "urn:ietf:params:oauth:request_uri:" + rand.Text()
		m.asked[uri] = r.PostForm
		m.say(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": 60})
	case "/authorize":
		m.authorize(w, r)
	case "/device":
		m.say(w, http.StatusOK, map[string]any{
			"device_code": "device-" + rand.Text(), "user_code": rand.Text()[:9], "verification_uri": m.issuer + "/d", "expires_in": 60, "interval": 1,
			"verification_uri_complete": m.issuer + "/d?user_code=" + rand.Text()[:9],
		})
	case "/token":
		m.token(w, r)
	case "/revoke":
		w.WriteHeader(http.StatusOK)
	default:
		http.NotFound(w, r)
	}
}

func (m *modern) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.Form
	if pushed, ok := m.asked[r.Form.Get("request_uri")]; ok {
		asked = pushed
	}
	code := "code-" + rand.Text()
	m.asked[code] = asked
	answer := url.Values{"code": {code}, "state": {asked.Get("state")}, "session_state": {"session-" + rand.Text()}}
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (m *modern) token(w http.ResponseWriter, r *http.Request) {
	nonce := ""
	switch grant := r.Form.Get("grant_type"); {
	case grant == "refresh_token" && m.refuse:
		m.say(w, http.StatusBadRequest, map[string]any{
			"error": "invalid_grant", "error_description": "no such token: " + r.Form.Get("refresh_token") + " of " + r.Form.Get("client_assertion"),
		})
		return
	case grant == "authorization_code" && m.refuse:
		m.say(w, http.StatusBadRequest, map[string]any{
			"error": "invalid_request", "error_description": "no: " + r.Form.Encode(), "error_uri": m.issuer + "/e?code=" + r.Form.Get("code"),
		})
		return
	case grant == "authorization_code":
		nonce = m.asked[r.Form.Get("code")].Get("nonce")
	case grant == "urn:ietf:params:oauth:grant-type:device_code" && !m.polled:
		m.polled = true
		m.say(w, http.StatusBadRequest, map[string]any{"error": "authorization_pending", "error_description": "not yet: " + r.Form.Get("device_code")})
		return
	}
	m.say(w, http.StatusOK, map[string]any{
		"access_token": "access-" + rand.Text(), "refresh_token": "refresh-" + rand.Text(), "token_type": "Bearer", "expires_in": 3600,
		"id_token": m.idToken(nonce), "another_secret": "another-" + rand.Text(),
	})
}

func (m *modern) idToken(nonce string) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: m.key, KeyID: "k"}}, nil)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	claims := map[string]any{"iss": m.issuer, "aud": "modern", "sub": "somebody", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return raw
}

func (m *modern) say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
