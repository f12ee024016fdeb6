package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
)

// TestSetLine: what to type can be typed, where a profile is known by its name alone, and where it is one inside simsid.
func TestSetLine(t *testing.T) {
	for profile, want := range map[string]string{"school": "simsid profile edit school --par true", config.EnvProfile: "export SIMSID_PAR=true", "": "simsid profile edit NAME --par true"} {
		if got := setLine(profile, "par", "true"); got != want {
			t.Errorf("%s: %s, want %s", profile, got, want)
		}
	}
	s := &session{profile: config.Profile{Name: emulatorProfile}}
	for value, want := range map[string]string{"true": "simsid profile edit emulator --par true", "": `simsid profile edit emulator --par ""`} {
		if got := s.set("par", value); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

// TestNoEditOfVariables: no hint of an error in a profile that variables make names a command that edits it.
func TestNoEditOfVariables(t *testing.T) {
	for _, err := range []error{
		&provider.IssuerError{Pinned: true}, &provider.OAuthError{Code: "invalid_client"}, &provider.KeyError{},
		&provider.UnavailableError{Err: &provider.CertificateError{Fault: provider.SelfSigned}}, &config.UnknownProfileError{Name: config.EnvProfile},
	} {
		f := explain(&profileError{Profile: config.EnvProfile, Err: err})
		if len(f.Hints) == 0 || slices.ContainsFunc(f.Hints, func(h string) bool {
			return strings.Contains(h, "profile edit") || strings.Contains(h, "profile add")
		}) {
			t.Errorf("%T: %q", err, f.Hints)
		}
	}
}
