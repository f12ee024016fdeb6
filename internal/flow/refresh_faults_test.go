package flow

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// TestRefreshRefused is invalid_grant: the login ends only if nobody else has renewed it.
func TestRefreshRefused(t *testing.T) {
	other := func(r *refreshing, refresh string, expiry time.Duration) token.Set {
		s := r.before
		s.Access, s.Refresh, s.Expiry = token.NewSecret("access-9"), token.NewSecret(refresh), start().Add(expiry)
		return s
	}
	asked := []string{"lock", "load 1", "prepare", "provider", "refresh_token", "load 2"}
	t.Run("for good", func(t *testing.T) {
		r := newRefreshing(t)
		r.refused()
		got, err := Refresh(t.Context(), r.request)
		cause, ok := errors.AsType[*provider.OAuthError](err)
		if got != nil || !errors.Is(err, ErrLoginEnded) || !ok || cause.Code != "invalid_grant" || !r.keeper.ended {
			t.Errorf("got %+v, %v, ended %t", got, err, r.keeper.ended)
		}
		r.checkCalls(t, append(asked, "end", "unlock")...)
		r.checkSaves(t)
	})
	t.Run("another has renewed it", func(t *testing.T) {
		r := newRefreshing(t)
		r.refused()
		r.keeper.next = []token.Set{other(r, "refresh-9", 3*time.Hour)}
		got, err := Refresh(t.Context(), r.request)
		if want := (&RefreshResult{Set: other(r, "refresh-9", 3*time.Hour), Before: r.before}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("expected %+v, got %+v, %v", want, got, err)
		}
		r.checkCalls(t, append(asked, "unlock")...)
	})
	t.Run("another has renewed it, and it has aged", func(t *testing.T) {
		r := newRefreshing(t)
		r.before.Refresh = token.NewSecret("refresh-9") // the one that the provider takes
		newer := other(r, "refresh-9", time.Minute)
		r.keeper.next = []token.Set{newer}
		got, err := Refresh(t.Context(), r.request)
		if err != nil {
			t.Fatal(err)
		}
		if want := (&RefreshResult{
			Set: r.after(got.Set.ID), Before: newer, Refreshed: true, Verification: got.Verification,
		}); !reflect.DeepEqual(got, want) {
			t.Errorf("expected %+v, got %+v", want, got)
		}
		r.checkCalls(t, append(asked, "refresh_token", "save 1", "jwks", "save 2", "unlock")...)
	})
	t.Run("another has renewed it, and that is refused as well", func(t *testing.T) {
		r := newRefreshing(t)
		r.refused()
		r.keeper.next = []token.Set{other(r, "refresh-9", time.Minute)}
		if got, err := Refresh(t.Context(), r.request); got != nil || !errors.Is(err, ErrLoginEnded) {
			t.Errorf("got %+v, %v", got, err)
		}
		r.checkCalls(t, append(asked, "refresh_token", "end", "unlock")...)
	})
	t.Run("the store can't be read again", func(t *testing.T) {
		r := newRefreshing(t)
		r.refused()
		errLocked := errors.New("locked")
		r.keeper.faults["load 2"] = errLocked
		if got, err := Refresh(t.Context(), r.request); got != nil || !errors.Is(err, errLocked) || errors.Is(err, ErrLoginEnded) {
			t.Errorf("got %+v, %v", got, err)
		}
		r.checkCalls(t, append(asked, "unlock")...)
	})
	t.Run("the end can't be marked", func(t *testing.T) {
		r := newRefreshing(t)
		r.refused()
		errLocked := errors.New("locked")
		r.keeper.faults["end"] = errLocked
		if got, err := Refresh(t.Context(), r.request); got != nil || !errors.Is(err, errLocked) || !errors.Is(err, ErrLoginEnded) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// TestRefreshFaults: what isn't the refresh token's fault changes nothing.
func TestRefreshFaults(t *testing.T) {
	unavailable := func(err error) bool { _, ok := errors.AsType[*provider.UnavailableError](err); return ok }
	for _, c := range []struct {
		name  string
		token func(http.ResponseWriter, url.Values)
		want  func(error) bool
	}{
		{"no answer", func(http.ResponseWriter, url.Values) { panic(http.ErrAbortHandler) }, unavailable},
		{"503", func(w http.ResponseWriter, _ url.Values) { w.WriteHeader(http.StatusServiceUnavailable) }, unavailable},
		{"another error", func(w http.ResponseWriter, _ url.Values) {
			writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_client"})
		}, func(err error) bool {
			e, ok := errors.AsType[*provider.OAuthError](err)
			return ok && e.Code == "invalid_client" && !errors.Is(err, ErrLoginEnded)
		}},
		{"no JSON", func(w http.ResponseWriter, _ url.Values) { w.WriteHeader(http.StatusOK) }, func(err error) bool {
			_, ok := errors.AsType[*provider.ResponseError](err)
			return ok
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRefreshing(t)
			r.sts.token = c.token
			if got, err := Refresh(t.Context(), r.request); got != nil || !c.want(err) {
				t.Errorf("got %+v, %v", got, err)
			}
			r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "unlock")
			r.checkSaves(t)
		})
	}
}

// TestRefreshBrokenAnswer: an answer that is of no other use still saves the login, if it holds a new refresh token.
func TestRefreshBrokenAnswer(t *testing.T) {
	errStore := errors.New("disk full")
	broken := map[string]any{"refresh_token": "refresh-2", "token_type": "Bearer"}
	r := newRefreshing(t)
	r.answer(broken)
	got, err := Refresh(t.Context(), r.request)
	if _, ok := errors.AsType[*provider.ResponseError](err); got != nil || !ok {
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "save 1", "unlock")
	r.checkSaves(t, r.rotated())

	r = newRefreshing(t)
	r.answer(broken)
	r.keeper.faults["save 1"] = errStore
	got, err = Refresh(t.Context(), r.request)
	if _, ok := errors.AsType[*provider.ResponseError](err); got != nil || !ok || !errors.Is(err, errStore) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestRefreshNotVerified: the rotated refresh token is kept, and nothing else of the answer.
func TestRefreshNotVerified(t *testing.T) {
	for name, claims := range map[string]map[string]any{
		"subject":   {"sub": "user-2"},
		"issuer":    {"iss": "https://evil.example"},
		"audience":  {"aud": "client-2"},
		"at_hash":   {"at_hash": "AAAA"},
		"auth_time": {"auth_time": start().Add(time.Minute).Unix()},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRefreshing(t)
			all := map[string]any{"auth_time": start().Unix()}
			maps.Copy(all, claims)
			r.answer(r.sts.tokens("2", all))
			got, err := Refresh(t.Context(), r.request)
			failure, ok := errors.AsType[*provider.VerificationError](err)
			if got != nil || !ok || len(failure.Failed) != 1 || failure.Failed[0].Name != name {
				t.Errorf("got %+v, %v", got, err)
			}
			r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "save 1", "jwks", "unlock")
			r.checkSaves(t, r.rotated())
		})
	}
	t.Run("the kept ID token is broken", func(t *testing.T) {
		r := newRefreshing(t)
		r.before.ID = token.NewSecret("broken")
		r.keeper.kept.ID = r.before.ID
		if got, err := Refresh(t.Context(), r.request); got != nil || err == nil {
			t.Errorf("got %+v, %v", got, err)
		}
		r.checkSaves(t, r.rotated())
	})
}

// TestRefreshKeeperFails has the store fail at each step: before the request it stops there, and afterwards nothing that
// came is lost without a word.
func TestRefreshKeeperFails(t *testing.T) {
	errStore := errors.New("disk full")
	for _, c := range []struct {
		fault string
		calls []string
	}{
		{"lock", []string{"lock"}},
		{"load 1", []string{"lock", "load 1", "unlock"}},
		{"prepare", []string{"lock", "load 1", "prepare", "unlock"}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			r := newRefreshing(t)
			r.keeper.faults[c.fault] = errStore
			if got, err := Refresh(t.Context(), r.request); got != nil || !errors.Is(err, errStore) {
				t.Errorf("got %+v, %v", got, err)
			}
			r.checkCalls(t, c.calls...)
		})
	}
	whole := []string{"lock", "load 1", "prepare", "provider", "refresh_token", "save 1", "jwks", "save 2", "unlock"}
	t.Run("save 1", func(t *testing.T) { // made good by the second
		r := newRefreshing(t)
		r.keeper.faults["save 1"] = errStore
		got, err := Refresh(t.Context(), r.request)
		if err != nil || !got.Refreshed {
			t.Fatalf("got %+v, %v", got, err)
		}
		r.checkCalls(t, whole...)
		r.checkSaves(t, got.Set)
	})
	t.Run("save 2", func(t *testing.T) { // the tokens are good, and the refresh token is kept
		r := newRefreshing(t)
		r.keeper.faults["save 2"] = errStore
		got, err := Refresh(t.Context(), r.request)
		if !errors.Is(err, errStore) || got == nil || !reflect.DeepEqual(got.Set, r.after(got.Set.ID)) {
			t.Fatalf("got %+v, %v", got, err)
		}
		r.checkCalls(t, whole...)
		r.checkSaves(t, r.rotated())
	})
	t.Run("both saves", func(t *testing.T) {
		r := newRefreshing(t)
		r.keeper.faults["save 1"], r.keeper.faults["save 2"] = errStore, errStore
		got, err := Refresh(t.Context(), r.request)
		if !errors.Is(err, errStore) || got == nil || got.Set.Refresh.Reveal() != "refresh-2" {
			t.Fatalf("got %+v, %v", got, err)
		}
		r.checkCalls(t, whole...)
	})
	t.Run("save 1 and the verification", func(t *testing.T) {
		r := newRefreshing(t)
		r.answer(r.sts.tokens("2", map[string]any{"sub": "user-2"}))
		r.keeper.faults["save 1"] = errStore
		got, err := Refresh(t.Context(), r.request)
		if _, ok := errors.AsType[*provider.VerificationError](err); got != nil || !ok || !errors.Is(err, errStore) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestRefreshProviderFails(t *testing.T) {
	r := newRefreshing(t)
	errDiscovery := errors.New("no discovery")
	r.request.Provider = func(context.Context) (*provider.Provider, error) { return nil, errDiscovery }
	if got, err := Refresh(t.Context(), r.request); got != nil || err != errDiscovery { //nolint:errorlint // unchanged
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "unlock")
}

// TestRefreshInterrupted: Ctrl-C while the request is on its way doesn't lose the new refresh token.
func TestRefreshInterrupted(t *testing.T) {
	r := newRefreshing(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tokens := r.sts.tokens("2", map[string]any{"auth_time": start().Unix()})
	r.sts.token = func(w http.ResponseWriter, _ url.Values) {
		cancel()
		writeJSON(w, http.StatusOK, tokens)
	}
	if got, err := Refresh(ctx, r.request); got != nil || err != context.Canceled { //nolint:errorlint // itself
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkSaves(t, r.rotated())
}

// TestRefreshInterruptedAndVerified: where nothing more has to be asked, who gave up meanwhile has the whole answer.
func TestRefreshInterruptedAndVerified(t *testing.T) {
	r := newRefreshing(t)
	p, err := r.request.Provider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(t.Context(), r.before.ID, provider.VerifyRequest{Use: provider.AtRefresh, ClientID: clientID, MaxAge: -1}); err != nil {
		t.Fatal(err) // it has read the keys
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tokens := r.sts.tokens("2", map[string]any{"auth_time": start().Unix()})
	r.sts.token = func(w http.ResponseWriter, _ url.Values) { writeJSON(w, http.StatusOK, tokens) }
	copied := *p.HTTP
	next := copied.Transport
	copied.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		cancel()
		return resp, err
	})
	p.HTTP = &copied
	got, err := Refresh(ctx, r.request)
	if err != nil || !got.Refreshed || got.Verification.Err() != nil {
		t.Fatalf("got %+v, %v", got, err)
	}
	r.checkSaves(t, r.rotated(), r.after(got.Set.ID))
}

// TestRefreshInterruptedAndRefused: nor does Ctrl-C keep a login on record that has ended.
func TestRefreshInterruptedAndRefused(t *testing.T) {
	r := newRefreshing(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.sts.token = func(w http.ResponseWriter, _ url.Values) {
		cancel()
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
	}
	if got, err := Refresh(ctx, r.request); got != nil || !errors.Is(err, ErrLoginEnded) || !r.keeper.ended {
		t.Errorf("got %+v, %v, ended %t", got, err, r.keeper.ended)
	}
}

// TestRefreshInterruptedBefore: a context that has ended already sends nothing.
func TestRefreshInterruptedBefore(t *testing.T) {
	r := newRefreshing(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := Refresh(ctx, r.request); got != nil || err != context.Canceled { //nolint:errorlint // itself
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "unlock")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRefreshGivenUp: a provider that doesn't answer holds an interrupted refresh up for no longer than settleTime.
func TestRefreshGivenUp(t *testing.T) {
	r := newRefreshing(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := r.sts.provider()
		p.HTTP = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			cancel()
			<-req.Context().Done()
			return nil, req.Context().Err()
		})}
		r.request.Provider = func(context.Context) (*provider.Provider, error) { return p, nil }
		begun := time.Now()
		if got, err := Refresh(ctx, r.request); got != nil || err != context.Canceled { //nolint:errorlint // itself
			t.Errorf("got %+v, %v", got, err)
		}
		if took := time.Since(begun); took != settleTime {
			t.Errorf("expected to wait %s, took %s", settleTime, took)
		}
	})
	r.checkSaves(t)
}
