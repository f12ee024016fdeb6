package cli

import (
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/config"
)

// TestForeignOrigin tells of each page but the provider's own, as far as a browser tells which page it was.
func TestForeignOrigin(t *testing.T) {
	const hides = "the token was posted by a page that hides which site it is of, as "
	for _, c := range []struct{ issuer, base, redirect, origin, want string }{
		{"https://members.example.org/", "", "http://127.0.0.1:8400/callback", "https://members.example.org", ""},
		{"https://members.example.org", "", "http://127.0.0.1:8400/callback", "HTTPS://Members.example.org", ""},
		{"https://members.example.org", "", "http://127.0.0.1:8400/callback", "", ""},
		{"https://members.example.org", "", "http://127.0.0.1:8400/callback", "null", ""},
		{"https://members.example.org", "", "https://localhost:5454/", "null", hides + "https://members.example.org hardly would"},
		{"http://localhost:8455/", "", "http://127.0.0.1:8400/callback", "null", hides + "http://localhost:8455/ hardly would"},
		{"https://members.example.org", "", "http://127.0.0.1:8400/callback", "http://members.example.org",
			"the token was posted by a page of http://members.example.org, not of https://members.example.org"},
		{"https://members.example.org", "", "http://127.0.0.1:8400/callback", "https://members.example.org:8443",
			"the token was posted by a page of https://members.example.org:8443, not of https://members.example.org"},
		{"https://members.example.org", "", "http://127.0.0.1:8400/callback", "https://evil.example",
			"the token was posted by a page of https://evil.example, not of https://members.example.org"},
		{"https://imis.simsid.invalid/", "http://127.0.0.1:40000/", "http://127.0.0.1:0/callback", "http://127.0.0.1:40000", ""},
		{"https://imis.simsid.invalid/", "http://127.0.0.1:40000/", "http://127.0.0.1:0/callback", "http://127.0.0.1:40001",
			"the token was posted by a page of http://127.0.0.1:40001, not of https://imis.simsid.invalid/"},
	} {
		s := &session{base: c.base, profile: config.Profile{Issuer: c.issuer, RedirectURI: c.redirect}}
		if got := s.foreignOrigin(c.origin); got != c.want {
			t.Errorf("%s at %s: %q, expected %q", c.origin, c.issuer, got, c.want)
		}
	}
	s := &session{profile: config.Profile{Issuer: "https://members.example.org"}}
	if got := s.foreignOrigin("https://\x1b[31mevil"); strings.Contains(got, "\x1b") {
		t.Errorf("an escape is shown: %q", got)
	}
}
