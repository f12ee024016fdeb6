package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"time"
)

// sts is the provider: one client, one user, one code at a time.
type sts struct {
	issuer string
	key    *rsa.PrivateKey
	state  string // file of what must outlive the process

	code, challenge, nonce, redirect string
}

func (s *sts) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /jwks", s.jwks)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	return mux
}

func (s *sts) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": s.issuer, "authorization_endpoint": s.issuer + "/authorize", "token_endpoint": s.issuer + "/token", "jwks_uri": s.issuer + "/jwks",
	})
}

func (s *sts) jwks(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "kid": "1", "n": b64(s.key.N.Bytes()), "e": b64(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
}

func (s *sts) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.code, s.challenge, s.nonce, s.redirect = rand.Text(), q.Get("code_challenge"), q.Get("nonce"), q.Get("redirect_uri")
	back := s.redirect + "?" + url.Values{"code": {s.code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back, http.StatusFound)
}

func (s *sts) token(w http.ResponseWriter, r *http.Request) {
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if r.PostFormValue("code") != s.code || b64(verifier[:]) != s.challenge || r.PostFormValue("redirect_uri") != s.redirect {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	now := time.Now().Unix()
	claims := map[string]any{"iss": s.issuer, "sub": "1", "aud": clientID, "iat": now, "exp": now + 300, "nonce": s.nonce, "name": "Margaret Ellis"}
	id, err := s.sign(claims)
	if err == nil {
		claims["exp"] = now + 3600
		var access string
		access, err = s.sign(claims)
		refresh := rand.Text()
		if err == nil {
			err = replace(s.state, func(f io.Writer) error {
				return json.NewEncoder(f).Encode(map[string]any{"refresh": refresh, "claims": claims})
			})
		}
		if err == nil {
			answer(w, map[string]any{"id_token": id, "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 3600})
			return
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func (s *sts) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	input := b64([]byte(`{"alg":"RS256","typ":"JWT","kid":"1"}`)) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	return input + "." + b64(signature), err
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
