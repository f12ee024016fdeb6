//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/tokenstore"
)

// TestProfileAddAsks: each answer is looked at before the next question, and the secret is never shown.
func TestProfileAddAsks(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	id, err := tokenstore.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(home, "key.txt")
	if err := id.WriteFile(key); err != nil {
		t.Fatal(err)
	}
	const secret = "what-nobody-else-may-read"
	s := startTerminal(t, home, []string{"SIMSID_STORE_KEY_FILE=" + key, "NO_COLOR=1"}, "profile", "add")
	for _, step := range []struct{ shown, answer string }{
		{`Name of the profile \[work\]: $`, "my school"},
		{`error: profile "my school" may have only letters(?s:.*)\[work\]: $`, "school"},
		{`Provider: .*\[simsid\]: $`, "ideas"},
		{`error: there is no provider kind "ideas"(?s:.*)\[simsid\]: $`, ""},
		{`Environment: .*\[sandbox\]: $`, "production"},
		{`error: kind simsid has no environment "production"(?s:.*)\[sandbox\]: $`, "sandbox"},
		{`Issuer, .*: $`, ""},
		{`error: an answer is needed here(?s:.*)Issuer, .*: $`, "http://id.example.com"},
		{`error: issuer "http://id.example.com" must be an https address, or http on\n\s+loopback\n(?s:.*)Issuer, .*: $`, "https://id.example.com"},
		{`Client id: $`, "pm-sso-1"},
		{`Redirect URI.*: $`, "https://localhost:99999/"},
		{`port over 65535(?s:.*)Redirect URI.*: $`, "https://localhost:5454/"},
		{`Scopes \[.*\]: $`, "openid partnermanagementapplication simsmultiorgapplication"},
		{`error: the scopes(?s:.*)Scopes \[.*\]: $`, "openid partner"},
		{`Client secret \(not shown\): $`, secret},
	} {
		s.await(step.shown)
		s.answer(step.answer)
	}
	code, text := s.end()
	if code != 0 || !strings.Contains(text, "Profile school is in") || strings.Contains(text, secret) {
		t.Errorf("exit code %d and\n%s", code, text)
	}
	config, err := os.ReadFile(filepath.Join(home, "config", "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`kind = "simsid"`, `issuer = "https://id.example.com"`, `client_id = "pm-sso-1"`, `scopes = ["openid", "partner"]`} {
		if !strings.Contains(string(config), line) {
			t.Errorf("%s is missing in\n%s", line, config)
		}
	}
}

// TestProfileAddGivesUp: who has no fitting answer is not asked for ever.
func TestProfileAddGivesUp(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	s := startTerminal(t, home, nil, "profile", "add", "--store", "file")
	for _, answer := range []string{"a b", "a c", "a d"} {
		s.answer(answer)
	}
	code, text := s.end()
	if code != 2 || strings.Count(text, "may have only letters") != 3 {
		t.Errorf("exit code %d and\n%s\nwant 2, and three refusals", code, text)
	}
	if _, err := os.Stat(filepath.Join(home, "config", "config.toml")); err == nil {
		t.Error("something was written")
	}
}
