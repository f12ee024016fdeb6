package cli

import (
	"testing"

	"github.com/simsid/simsid/internal/config"
)

// An address whose port stands for any can't be returned to.
func TestPostLogout(t *testing.T) {
	for uri, want := range map[string]string{
		"":                                "",
		"http://127.0.0.1:0/signed-out":   "",
		"https://localhost:5454/out":      "https://localhost:5454/out",
		"https://lunch.example/out?a=:0/": "https://lunch.example/out?a=:0/",
		"::":                              "",
	} {
		s := &session{profile: config.Profile{PostLogoutRedirectURI: uri}}
		if got := s.postLogout(); got != want {
			t.Errorf("%s: got %q, want %q", uri, got, want)
		}
	}
}

// Only this machine's own names are kind emulator's, whatever is written before or behind them.
func TestLoopbackIssuer(t *testing.T) {
	for issuer, want := range map[string]bool{
		"https://localhost:8454/": true, "http://127.0.0.1:8454/": true, "https://[::1]:8454": true, "http://127.0.0.2/": true,
		"https://localhost.example/": false, "https://localhost@id.example/": false, "https://id.example/#localhost": false,
		"https://127.1/": false, "http://192.0.2.1/": false, "localhost": false, "": false, "::": false,
	} {
		if got := isLoopbackIssuer(issuer); got != want {
			t.Errorf("%s: got %v", issuer, got)
		}
	}
}
