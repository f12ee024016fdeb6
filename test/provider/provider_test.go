//go:build real

package provider_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/simsid/simsid/test/provider"
)

// proof is the pair of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// TestProvider goes through a login by hand for each client, so that what fails above it is known to be simsid.
func TestProvider(t *testing.T) {
	p := provider.Start(t)
	for _, client := range []string{provider.Public, provider.Post, provider.Basic} {
		t.Run(client, func(t *testing.T) {
			query, redirect := signIn(t, p, client, provider.Allow)
			if query.Get("code") == "" || query.Get("state") != "s" || query.Get("iss") != p.Issuer {
				t.Fatalf("the callback got %v, want a code, the state s and the issuer %s", query, p.Issuer)
			}
			first := call(t, p, client, "/token", url.Values{"grant_type": {"authorization_code"}, "code": {query.Get("code")},
				"redirect_uri": {redirect}, "code_verifier": {verifier}})
			used := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {str(first, "refresh_token")}}
			second := call(t, p, client, "/token", used)
			if str(second, "refresh_token") == "" || str(second, "refresh_token") == str(first, "refresh_token") {
				t.Errorf("a refresh answered %v, want another refresh token", keys(second))
			}
			active := call(t, p, client, "/token/introspection", url.Values{"token": {str(second, "access_token")}})
			if active["active"] != true || active["sub"] != "ada" {
				t.Errorf("introspection said %v, want active for ada", active)
			}
			if again := call(t, p, client, "/token", used); again["error"] != "invalid_grant" {
				t.Errorf("a refresh token used twice was answered with %v, want invalid_grant", again)
			}
		})
	}
}

// TestRefused presses the other button.
func TestRefused(t *testing.T) {
	p := provider.Start(t)
	query, _ := signIn(t, p, provider.Public, provider.Refuse)
	if query.Get("error") != "access_denied" || query.Get("state") != "s" {
		t.Errorf("the callback got %v, want access_denied with the state s", query)
	}
}

// signIn goes through the pages and returns what came to the redirect URI, and that URI.
func signIn(t *testing.T, p *provider.Provider, client, decision string) (url.Values, string) {
	t.Helper()
	came := make(chan url.Values, 1)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came <- r.URL.Query() }))
	defer listener.Close()
	redirect := listener.URL + "/callback"
	ask := url.Values{"client_id": {client}, "response_type": {"code"}, "scope": {"openid profile email"}, "redirect_uri": {redirect},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	visitor, err := provider.NewVisitor("ada", decision)
	if err != nil {
		t.Fatal(err)
	}
	landing, err := visitor.Visit(t.Context(), p.Issuer+"/auth?"+ask.Encode())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case query := <-came:
		return query, redirect
	default:
		t.Fatalf("the visit ended at %s (%d):\n%s", landing.Address, landing.Status, landing.Body)
		return nil, ""
	}
}

// call posts a form as the client would and returns the JSON answer.
func call(t *testing.T, p *provider.Provider, client, path string, form url.Values) map[string]any {
	t.Helper()
	switch client {
	case provider.Public:
		form.Set("client_id", client)
	case provider.Post:
		form.Set("client_id", client)
		form.Set("client_secret", p.Secret(client))
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, p.Issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client == provider.Basic {
		req.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(p.Secret(client)))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s answered %d %q", path, resp.StatusCode, body)
	}
	return answer
}

func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

func keys(m map[string]any) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	return ks
}
