//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// awayRedirect is a redirect URI as SIMS ID's live environment wants one: https, and not this machine.
const awayRedirect = "https://app.example.com/signin-oidc"

// awayEmulator serves an emulator whose one client has that redirect URI, and returns its issuer.
func awayEmulator(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "emulator.toml")
	text := "port = 0\n[[client]]\nid = \"app\"\nsecret = \"secret\"\nflow = \"AuthorizationCodeWithProofKey\"\nredirect_uris = [\"" + awayRedirect +
		"\"]\nscopes = [\"openid\", \"profile\", \"offline_access\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, testProgram(), "emulator", "--config", file, "--as", "head")
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + t.TempDir()}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	var ready struct{ Issuer string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return ready.Issuer
}

// startAway begins a login in a terminal whose answer can't come back, and returns the address to visit.
func startAway(t *testing.T, issuer string, args ...string) (s *terminal, address string) {
	t.Helper()
	home := t.TempDir()
	config := "default = \"live\"\n[profile.live]\nkind = \"simsid\"\nenvironment = \"sandbox\"\nissuer = \"" + issuer + "\"\nclient_id = \"app\"\n" +
		"redirect_uri = \"" + awayRedirect + "\"\nscopes = [\"openid\", \"profile\", \"offline_access\"]\nstore = \"file\"\n"
	if err := os.MkdirAll(filepath.Join(home, "config"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "config", "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s = startTerminal(t, home, []string{"SIMSID_CLIENT_SECRET=secret", "SIMSID_STORE_KEY=" + key.String()},
		append([]string{"login", "--no-browser"}, args...)...)
	address = s.await(`(?s)visit\n\n\s+(http://localhost:\S+)\n`)[1]
	s.await(`The browser will end at https://app\.example\.com/signin-oidc, which doesn't lead\s+here\.`)
	s.await(`Paste the whole address that it ends at, and press Enter\.`)
	return s, address
}

// TestPasteOnly signs in where the redirect URI doesn't lead to this machine: nothing listens, and what is pasted into the terminal is
// the one way back. What isn't this login's answer is refused, and the wait goes on.
func TestPasteOnly(t *testing.T) {
	t.Parallel()
	issuer := awayEmulator(t)
	state := func(t *testing.T, address string) string {
		t.Helper()
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("state")
	}
	t.Run("the whole address, after what isn't it", func(t *testing.T) {
		t.Parallel()
		s, address := startAway(t, issuer)
		s.answer("hello")
		s.await(`not the awaited answer`)
		s.answer(awayRedirect + "?code=evil&state=foreign")
		s.await(`its state isn't the one of this login`)
		s.answer("https://evil.example/signin-oidc?code=evil&state=" + state(t, address))
		s.await(`(?s)not the awaited answer.*not the awaited answer.*not the awaited answer`)
		s.answer(signInAt(t, address))
		s.await(`Signed in`)
		code, text := s.end()
		if code != 0 || strings.Contains(text, "Waiting for the answer at") {
			t.Errorf("exit code %d:\n%s", code, text)
		}
	})
	t.Run("wrapped over lines", func(t *testing.T) {
		t.Parallel()
		s, address := startAway(t, issuer)
		answer := signInAt(t, address)
		s.answer(answer[:60] + "\r" + answer[60:90] + "\r" + answer[90:])
		s.await(`Signed in`)
		if code, text := s.end(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, text)
		}
	})
	t.Run("a refusal", func(t *testing.T) {
		t.Parallel()
		s, address := startAway(t, issuer)
		s.answer(awayRedirect + "?error=access_denied&state=" + state(t, address))
		s.await(`sign in: access_denied`)
		if code, text := s.end(); code != 4 {
			t.Errorf("exit code %d:\n%s", code, text)
		}
	})
	t.Run("a bare code", func(t *testing.T) {
		t.Parallel()
		s, address := startAway(t, issuer)
		code := codeOf(t, signInAt(t, address))
		s.answer(code)
		s.await(`not the awaited answer`)
		s.answer("\x03")
		if exit, text := s.end(); exit != 130 || strings.Contains(text, "Signed in") {
			t.Errorf("exit code %d:\n%s", exit, text)
		}
		s, address = startAway(t, issuer, "--insecure-no-state")
		s.answer(codeOf(t, signInAt(t, address)))
		s.await(`Signed in`)
		if exit, text := s.end(); exit != 0 {
			t.Errorf("exit code %d:\n%s", exit, text)
		}
	})
}

func codeOf(t *testing.T, redirected string) string {
	t.Helper()
	u, err := url.Parse(redirected)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}
