package flow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
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

// The device flow and a login from elsewhere are kept likewise, with the time of the sign-in.
func TestKeepWithoutBrowser(t *testing.T) {
	full := errors.New("no space left")
	for _, want := range []error{nil, full} {
		var kept *LoginResult
		keep := func(_ context.Context, res *LoginResult) error { kept = res; return want }
		s, r := device(t)
		r.Keep = keep
		_, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
		if !errors.Is(err, want) || kept == nil || result != kept || !kept.Set.SignedInAt.Equal(s.clock.Now()) {
			t.Errorf("device: kept %+v, returned %+v, %v", kept, result, err)
		}
		kept = nil
		s = newSTS(t)
		s.token = func(w http.ResponseWriter, _ url.Values) { writeJSON(w, http.StatusOK, s.tokens("2", nil)) }
		result, err = Adopt(t.Context(), AdoptRequest{Provider: s.provider(), Client: s.client(), Refresh: token.NewSecret("r"), Clock: s.clock, Keep: keep})
		if !errors.Is(err, want) || kept == nil || result != kept || !kept.Set.SignedInAt.Equal(start()) {
			t.Errorf("adopt: kept %+v, returned %+v, %v", kept, result, err)
		}
	}
}

// Where nobody signs in on the device, nothing is kept; what is no OAuth error ends the polling as well.
func TestDeviceKeepsNothing(t *testing.T) {
	for name, answer := range map[string]map[string]any{
		"no access token": {"token_type": "Bearer"},
		"keys away":       nil,
	} {
		s, r := device(t)
		r.Keep = func(_ context.Context, res *LoginResult) error {
			t.Errorf("%s: given to keep: %+v", name, res)
			return nil
		}
		if answer == nil {
			r.Provider.Metadata.JWKSURI = s.URL + "/token"
		} else {
			s.token = func(w http.ResponseWriter, _ url.Values) { writeJSON(w, http.StatusOK, answer) }
		}
		_, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
		if _, ok := errors.AsType[*provider.ResponseError](err); !ok || result != nil {
			t.Errorf("%s: got %+v, %v", name, result, err)
		}
	}
}

// Of a broken answer a new refresh token is kept; the one that was sent is no news.
func TestAdoptBroken(t *testing.T) {
	for refresh, rescued := range map[string]bool{"new": true, "sent": false, "": false} {
		s := newSTS(t)
		s.token = func(w http.ResponseWriter, _ url.Values) {
			writeJSON(w, http.StatusOK, map[string]any{"refresh_token": refresh, "token_type": "Bearer"})
		}
		var kept []token.Set
		_, err := Adopt(t.Context(), AdoptRequest{
			Provider: s.provider(), Client: s.client(), Refresh: token.NewSecret("sent"), Clock: s.clock,
			Keep: func(_ context.Context, res *LoginResult) error { kept = append(kept, res.Set); return nil },
		})
		_, told := errors.AsType[*RescuedError](err)
		if err == nil || told != rescued || len(kept) > 0 != rescued {
			t.Errorf("%q: kept %+v, %v", refresh, kept, err)
		}
	}
}
