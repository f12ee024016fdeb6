package flow

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

// The browser is told that the sign-in worked only when the tokens are kept: a login that can't be kept has failed.
func TestKeep(t *testing.T) {
	full := errors.New("no space left")
	for _, c := range []struct {
		name   string
		err    error
		status int
	}{
		{"kept", nil, http.StatusOK},
		{"not kept", full, http.StatusBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			var kept *LoginResult
			a := begin(t, newSTS(t), func(r *LoginRequest) {
				r.Keep = func(_ context.Context, res *LoginResult) error { kept = res; return c.err }
			}).waiting()
			status, _, _ := a.visit(a.genuine())
			result, err := a.end()
			if !errors.Is(err, c.err) || status != c.status {
				t.Errorf("the page has status %d and Login the error %v, want %d and %v", status, err, c.status, c.err)
			}
			if kept == nil || c.err == nil && result != kept {
				t.Errorf("given to keep %v, returned %v", kept, result)
			}
		})
	}
}
