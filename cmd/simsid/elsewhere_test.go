package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
)

// elsewhere is another application of the client at $STS, where somebody signs in. It prints its refresh token, or runs a command that
// has it in SIMSID_REFRESH_TOKEN: elsewhere [COMMAND [ARGUMENT...]].
func elsewhere() {
	refresh, err := signInElsewhere(os.Getenv("STS"), os.Getenv("STS_CLIENT"), os.Getenv("STS_SECRET"))
	if err == nil && len(os.Args) > 1 {
		cmd := exec.Command(os.Args[1], os.Args[2:]...)
		cmd.Env = append(os.Environ(), "SIMSID_REFRESH_TOKEN="+refresh)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err = cmd.Run()
	} else if err == nil {
		fmt.Println(refresh)
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func signInElsewhere(issuer, client, secret string) (refresh string, err error) {
	const redirect = "http://127.0.0.1:9/callback"
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	hc := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := hc.Get(issuer + "connect/authorize?" + url.Values{
		"client_id": {client}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid profile offline_access"}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		return "", err
	}
	answer, err := hc.PostForm(issuer+"connect/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier},
		"client_id": {client}, "client_secret": {secret},
	})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var tokens struct {
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&tokens); err != nil {
		return "", err
	}
	if strings.TrimSpace(tokens.Refresh) == "" {
		return "", errors.New("no refresh token was given")
	}
	return tokens.Refresh, nil
}
