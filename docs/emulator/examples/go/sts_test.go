// A Go test of an application against the emulator: it starts an STS of its own on a free port, signs somebody in without a page,
// and ends it. Nothing but simsid on the PATH is needed.
package lunch

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sts starts an emulator that signs a user in without a page, and returns its issuer.
func sts(t *testing.T, user string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sts.toml")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("simsid", "emulator", "--config", file, "--port", "0", "--as", user)
	cmd.Stderr = os.Stderr // the log that says in words what went wrong
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the emulator ended with %v", err)
		}
	})
	var ready struct{ Issuer string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	return ready.Issuer
}

const scenario = `
[[client]]
id = "lunch"
secret = "lunch-secret"
flow = "AuthorizationCode"
redirect_uris = ["https://lunch.example/signed-in"]
scopes = ["openid", "profile", "partner", "partnermanagementapplication"]
`

// TestSignIn does what a browser and the application do between them. Your own test would drive your own code here.
func TestSignIn(t *testing.T) {
	issuer := sts(t, "head")

	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, err := browser.Get(issuer + "connect/authorize?" + url.Values{
		"client_id": {"lunch"}, "redirect_uri": {"https://lunch.example/signed-in"}, "response_type": {"code"},
		"scope": {"openid profile partner partnermanagementapplication"}, "state": {"4711"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	back, err := page.Location()
	if err != nil || !strings.HasPrefix(back.String(), "https://lunch.example/signed-in?") || back.Query().Get("state") != "4711" {
		t.Fatalf("the browser goes to %v, %v", back, err)
	}

	answer, err := http.PostForm(issuer+"connect/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")},
		"redirect_uri": {"https://lunch.example/signed-in"}, "client_id": {"lunch"}, "client_secret": {"lunch-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}

	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer+"connect/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	who, err := http.DefaultClient.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer who.Body.Close()
	claims, err := io.ReadAll(who.Body)
	if err != nil || !strings.Contains(string(claims), `"name":"Margaret Ellis"`) {
		t.Errorf("signed in as %s, %v", claims, err)
	}
}
