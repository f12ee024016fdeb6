//go:build real

package real_test

import (
	"strings"
	"testing"

	"github.com/simsid/simsid/test/provider"
)

// TestSignedAnswers has an independent provider sign what userinfo and introspection say, which simsid verifies before it believes it.
func TestSignedAnswers(t *testing.T) {
	p := provider.Start(t)
	v := newVisitor(t, "ada", provider.Allow)
	s := newSimsid(t, append(v.env, storeKey(t))...)
	addProfile(t, s, p, provider.Signed, "client_secret_post")
	s.want(0, "login")
	signedIn(t, v)

	user := s.ask("userinfo")
	if claims, _ := user["claims"].(map[string]any); user["signed"] != true || user["compared_with_id_token"] != true || claims["name"] != "Ada Example" {
		t.Errorf("userinfo answered %v, want a signed answer about ada", user)
	}
	wantRows(t, user, map[string]string{"form": "passed", "signature": "passed", "issuer": "passed", "audience": "passed"})

	active := s.ask("introspect")
	if active["signed"] != true || active["active"] != true {
		t.Errorf("introspect answered %v, want a signed answer that says active", active)
	}
	wantRows(t, active, map[string]string{"form": "passed", "signature": "passed", "issuer": "passed", "audience": "passed", "issued at": "passed"})

	access := strings.TrimSpace(s.want(0, "token").stdout)
	s.want(0, "revoke")
	r := s.run(access, "introspect", "-")
	if r.code != 3 || !strings.Contains(r.stdout, "Why that may be") || !strings.Contains(r.stdout, "The answer came signed") {
		t.Errorf("introspect of a token of a revoked login exits with %d, want 3, and why\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// wantRows compares checks by their names; others may be there.
func wantRows(t *testing.T, answer map[string]any, want map[string]string) {
	t.Helper()
	got := map[string]any{}
	rows, _ := answer["checks"].([]any)
	for _, r := range rows {
		row, _ := r.(map[string]any)
		name, _ := row["name"].(string)
		got[name] = row["outcome"]
	}
	for name, outcome := range want {
		if got[name] != outcome {
			t.Errorf("check %s: %v, want %s", name, got[name], outcome)
		}
	}
}
