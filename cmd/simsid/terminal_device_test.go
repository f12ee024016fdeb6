//go:build !windows

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// deviceProvider answers nothing but the device flow's questions, and nobody ever signs in.
func deviceProvider(t *testing.T, page string) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/device":
			fmt.Fprintf(w, `{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"%[1]s/device","verification_uri_complete":"%[1]s/device%[2]s","expires_in":600}`, s.URL, page)
		case "/token":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"authorization_pending"}`))
		case "/jwks":
			_, _ = w.Write([]byte(`{"keys":[]}`))
		default:
			fmt.Fprintf(w, `{"issuer":"%[1]s","authorization_endpoint":"%[1]s/auth","token_endpoint":"%[1]s/token","jwks_uri":"%[1]s/jwks","device_authorization_endpoint":"%[1]s/device"}`, s.URL)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestDeviceCodeOnTerminal: the picture reaches the terminal as it was drawn, and what has to be read and typed stays on the screen with it. Where
// both have no room, or there are no colours to draw it with, there are words alone.
func TestDeviceCodeOnTerminal(t *testing.T) {
	t.Parallel()
	const line = "\x1b[30;107m"
	for _, c := range []struct {
		name        string
		rows        uint16
		page        string
		environment []string
		picture     bool
		lead        string
	}{
		{"80 by 24", 24, "?user_code=WDJB-MJHT", nil, true, "Scan this, or visit on any device"},
		{"a long address, whose short form fits", 24, "?user_code=WDJB-MJHT&x=" + strings.Repeat("x", 300), nil, true, "Scan this, or visit on any device"},
		{"room for blank lines", 50, "?user_code=WDJB-MJHT", nil, true, "Scan this, or visit on any device\n\n"},
		{"few rows", 20, "?user_code=WDJB-MJHT", nil, false, "On any device, visit"},
		{"no colours", 50, "", []string{"NO_COLOR=1"}, false, "On any device, visit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startTerminalOf(t, c.rows, t.TempDir(), c.environment, "login", "--kind", "oidc", "--issuer", deviceProvider(t, c.page).URL,
				"--client-id", "app", "--store", "memory", "--flow", "DeviceCode", "--scope", "openid")
			s.await(`Waiting; the code is good for 10 minutes\.\n`)
			s.answer("\x03")
			_, text := s.end()
			begin := strings.Index(text, c.lead)
			if begin < 0 || strings.Contains(text, `\x1b`) || !strings.Contains(text[begin:], "/device\n") || !strings.Contains(text[begin:], "  WDJB-MJHT\n") {
				t.Fatalf("shows %q", text)
			}
			rows := strings.Count(text[:begin], line)
			if (rows > 0) != c.picture || rows != strings.Count(text, line) {
				t.Errorf("%d rows of a picture:\n%s", rows, text)
			}
			shown, _, _ := strings.Cut(text, "Waiting;")
			if at := strings.Index(shown, line); at >= 0 && strings.Count(shown[at:], "\n")+2 > int(c.rows) {
				t.Errorf("its top has left the screen:\n%s", text)
			}
		})
	}
}
