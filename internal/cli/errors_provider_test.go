package cli

import (
	"errors"
	"slices"
	"testing"

	"github.com/simsid/simsid/internal/provider"
)

// TestHintOfACallThatMayHaveHappened: nobody is told to write twice.
func TestHintOfACallThatMayHaveHappened(t *testing.T) {
	const again, look = "nothing was changed; try again", "the request may have been carried out: look before you send it again"
	for _, row := range []struct {
		operation string
		sent      bool
		want      string
	}{
		{"call POST", true, look}, {"call DELETE", true, look}, {"call POST", false, again}, {"call GET", true, again}, {"call HEAD", true, again}, {"ask userinfo", true, again},
	} {
		f := explain(&provider.UnavailableError{Operation: row.operation, Host: "api.example.com", Err: errors.New("EOF"), Sent: row.sent})
		if !slices.Contains(f.Hints, row.want) || f.Code != exitUnavailable {
			t.Errorf("%s, sent %t: exit code %d, %q", row.operation, row.sent, f.Code, f.Hints)
		}
	}
}
