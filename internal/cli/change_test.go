package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
)

// TestSetLine: what to type can be typed, wherever the value was said.
func TestSetLine(t *testing.T) {
	for _, row := range []struct {
		profile string
		origin  config.Source
		value   string
		want    string
	}{
		{"school", config.FromProfile, "true", "simsid profile edit school --par true"},
		{"school", "", "true", "simsid profile edit school --par true"},
		{"school", config.FromEnvironment, "true", "SIMSID_PAR=true"},
		{"school", config.FromFlag, "true", "--par true"},
		{config.EnvProfile, config.FromEnvironment, `""`, "unset SIMSID_PAR"},
		{config.EnvProfile, "", "true", "SIMSID_PAR=true"},
	} {
		s := &session{profile: config.Profile{Name: row.profile, Origins: map[string]config.Origin{"par": {Source: row.origin}}}}
		if got := s.setLine("par", row.value); got != row.want {
			t.Errorf("%+v: %s", row, got)
		}
	}
	if got, want := setLine("", "issuer", "ADDRESS"), "simsid profile edit NAME --issuer ADDRESS"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestNoEditOfVariables: no hint of an error in a profile that variables make names a command that edits it.
func TestNoEditOfVariables(t *testing.T) {
	for _, err := range []error{
		&provider.IssuerError{Pinned: true}, &provider.APIRefusedError{}, &provider.OAuthError{Code: "invalid_client"}, &provider.KeyError{},
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
