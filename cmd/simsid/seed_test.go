package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/simsid/simsid/internal/emulator"
)

// seedToken signs in at the STS that "sts start" serves as another program would, and puts the refresh token into a variable:
// seedtoken VARIABLE.
func seedToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: seedtoken VARIABLE")
	}
	const redirect, verifier = "http://127.0.0.1:1/callback", "0123456789012345678901234567890123456789012345"
	challenge := sha256.Sum256([]byte(verifier))
	c, base := emulator.BuiltinClient(), ts.Getenv("STS")
	ask := url.Values{
		"client_id": {c.ID}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid profile offline_access"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(base + "connect/authorize?" + ask.Encode())
	ts.Check(err)
	ts.Check(resp.Body.Close())
	back, err := resp.Location()
	ts.Check(err)
	resp, err = client.Post(base+"connect/token", "application/x-www-form-urlencoded", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier},
		"client_id": {c.ID}, "client_secret": {c.Secret.Reveal()},
	}.Encode()))
	ts.Check(err)
	defer resp.Body.Close()
	var answer struct {
		Refresh string `json:"refresh_token"`
	}
	ts.Check(json.NewDecoder(resp.Body).Decode(&answer))
	if answer.Refresh == "" {
		ts.Fatalf("the STS gave no refresh token (HTTP %d)", resp.StatusCode)
	}
	ts.Setenv(args[0], answer.Refresh)
}
