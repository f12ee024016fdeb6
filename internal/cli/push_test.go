package cli

import (
	"errors"
	"slices"
	"testing"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
)

// A request is pushed where the provider offers it, and what can't be is refused with what to do about it.
func TestPushes(t *testing.T) {
	const leave, tell = "leave it to the provider's metadata: leave --par away", "tell the provider's operator: pushed_authorization_request_endpoint is missing"
	none, offered := provider.Metadata{}, provider.Metadata{PushedEndpoint: "https://id.example/par"}
	required := offered
	required.PushedRequired = true
	for name, row := range map[string]struct {
		par    string
		forced bool
		m      provider.Metadata
		want   bool
		hints  []string // of the error
	}{
		"offered":                       {"", false, offered, true, nil},
		"not offered":                   {"", false, none, false, nil},
		"offered, not wanted":           {"false", false, offered, false, nil},
		"wanted, not offered":           {"true", false, none, false, []string{leave}},
		"required, not wanted":          {"false", false, required, false, []string{leave, forceHint}},
		"required, not wanted, forced":  {"false", true, required, false, nil},
		"required, not offered":         {"", false, provider.Metadata{PushedRequired: true}, false, []string{tell, forceHint}},
		"required, not offered, forced": {"", true, provider.Metadata{PushedRequired: true}, false, nil},
	} {
		s := &session{forced: row.forced, profile: config.Profile{Name: "school", PAR: row.par, Origins: map[string]config.Origin{"par": {Source: config.FromFlag}}}}
		got, err := s.pushes(row.m)
		var hints []string
		if e, ok := errors.AsType[*hintedError](err); ok {
			hints = e.Hints
		}
		if got != row.want || (err != nil) != (row.hints != nil) || !slices.Equal(hints, row.hints) {
			t.Errorf("%s: %v, %v, hints %q; want %v, hints %q", name, got, err, hints, row.want, row.hints)
		}
	}
}
