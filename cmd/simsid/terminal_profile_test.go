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
		{`asked in this order: name, provider,\s+environment,(?s:.*)The client secret\s+comes\s+last(?s:.*)Name of the profile \[work\]: $`, "my school"},
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
		{`simsmultiorgapplication\s+several \(never(?s:.*)offline_access\s+gives(?s:.*)Scopes \[.*\]: $`, "openid partnermanagementapplication simsmultiorgapplication"},
		{`error: the scopes(?s:.*)Scopes \[.*\]: $`, "openid partner"},
		{`Client secret \(not shown\): $`, ""},
		{`hint: every client of SIMS ID has a secret(?s:.*)Client secret \(not shown\): $`, secret},
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

// TestSecretTypedAtOnce: who types as soon as the question is there, as a program does that waits for it, has nothing of it shown.
func TestSecretTypedAtOnce(t *testing.T) {
	t.Parallel()
	const secret = "what-nobody-else-may-read"
	for range 20 {
		s := startTerminal(t, t.TempDir(), []string{"NO_COLOR=1"}, "login", "--emulator", "--as", "head", "--no-browser", "--store", "file")
		s.await(`A passphrase for the sealed file: $`)
		s.answer(secret)
		s.await(`The same again: $`)
		s.answer("another")
		if code, text := s.end(); code != 2 || strings.Contains(text, secret) {
			t.Fatalf("exit code %d and\n%s", code, text)
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
	if code != 2 || strings.Count(text, "may have only letters") != 3 || !strings.Contains(text, "nothing was saved") ||
		!strings.Contains(text, "with flags: simsid profile add NAME --store file\n") {
		t.Errorf("exit code %d and\n%s\nwant 2, three refusals, and the way on", code, text)
	}
	if _, err := os.Stat(filepath.Join(home, "config", "config.toml")); err == nil {
		t.Error("something was written")
	}
}

// TestProfileAddGivesUpLater: what was answered isn't lost, and a secret that wasn't given isn't forgotten.
func TestProfileAddGivesUpLater(t *testing.T) {
	t.Parallel()
	s := startTerminal(t, t.TempDir(), []string{"NO_COLOR=1"}, "profile", "add", "school", "--store", "file", "--kind", "simsid", "--environment", "sandbox")
	for _, answer := range []string{"http://id.example.com", "http://id.example.com", "ftp://id.example.com"} {
		s.answer(answer)
	}
	code, text := s.end()
	if want := "  simsid profile add school --kind simsid --environment sandbox --issuer … --store file\n"; code != 2 || !strings.Contains(text, want) {
		t.Errorf("exit code %d and\n%s\nwant 2 and %s", code, text, want)
	}
	home := t.TempDir()
	s = startTerminal(t, home, []string{"NO_COLOR=1"}, "profile", "add", "school", "--store", "file", "--kind", "simsid", "--environment", "sandbox",
		"--issuer", "https://id.example.com", "--redirect-uri", "https://localhost:5454/", "--scope", "openid")
	for _, step := range []struct{ shown, answer string }{{`Client id: $`, "pm-sso-1"}, {`not shown\): $`, ""}, {`Enter once\s+more\s+Client secret \(not shown\): $`, ""}} {
		s.await(step.shown)
		s.answer(step.answer)
	}
	if code, text = s.end(); code != 0 || !strings.Contains(text, "simsid profile edit school --client-secret-file FILE") {
		t.Errorf("exit code %d and\n%s\nwant 0, and how the secret comes later", code, text)
	}
}
