package flow

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// fakeKeeper keeps a login in memory, and its calls together with the provider's.
type fakeKeeper struct {
	sts    *sts
	kept   token.Set
	next   []token.Set      // what further calls of Load find, when another process changes the login in between
	faults map[string]error // by call: "lock", "load 1", "load 2", "prepare", "save 1", "save 2", "end"
	saves  []token.Set
	counts map[string]int
	locked bool
	ended  bool
}

func (k *fakeKeeper) call(name string, numbered bool) error {
	k.counts[name]++
	if numbered {
		name += " " + string(rune('0'+k.counts[name]))
	}
	if !k.locked && name != "lock" {
		name += " without the lock"
	}
	k.sts.called(name)
	return k.faults[name]
}

func (k *fakeKeeper) Lock(context.Context) (func(), error) {
	if err := k.call("lock", false); err != nil {
		return nil, err
	}
	k.locked = true
	return func() {
		_ = k.call("unlock", false)
		k.locked = false
	}, nil
}

func (k *fakeKeeper) Load(context.Context) (token.Set, error) {
	if err := k.call("load", true); err != nil {
		return token.Set{}, err
	}
	if k.counts["load"] > 1 && len(k.next) > 0 {
		k.kept, k.next = k.next[0], k.next[1:]
	}
	return k.kept, nil
}

func (k *fakeKeeper) Prepare(context.Context) error { return k.call("prepare", false) }

func (k *fakeKeeper) SaveRefreshed(ctx context.Context, s token.Set) error {
	if err := k.call("save", true); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	k.kept = s
	k.saves = append(k.saves, s)
	return nil
}

func (k *fakeKeeper) End(ctx context.Context) error {
	if err := k.call("end", false); err != nil {
		return err
	}
	k.ended = true
	return ctx.Err()
}

// refreshing is a login that ends in an hour, at a provider that takes its refresh token.
type refreshing struct {
	sts     *sts
	keeper  *fakeKeeper
	request RefreshRequest
	before  token.Set
}

func newRefreshing(t *testing.T) *refreshing {
	t.Helper()
	s := newSTS(t)
	before := token.Set{
		Access: token.NewSecret("access-1"), ID: token.NewSecret(s.idToken(nil)), Refresh: token.NewSecret("refresh-1"),
		Type: "Bearer", Expiry: start().Add(time.Hour), Scopes: []string{"openid", "offline_access"}, SignedInAt: start(),
	}
	s.clock.Advance(30 * time.Minute)
	r := &refreshing{sts: s, before: before}
	r.answer(s.tokens("2", map[string]any{"auth_time": start().Unix()}))
	r.keeper = &fakeKeeper{sts: s, kept: before, counts: map[string]int{}, faults: map[string]error{}}
	p := s.provider()
	r.request = RefreshRequest{
		Provider: func(context.Context) (*provider.Provider, error) {
			s.called("provider")
			return p, nil
		},
		Client: s.client(), Keeper: r.keeper, MinValid: time.Hour, Now: s.clock.Now,
	}
	return r
}

// answer sets what the token endpoint says to the kept refresh token; it refuses every other.
func (r *refreshing) answer(tokens map[string]any) {
	r.sts.token = func(w http.ResponseWriter, form url.Values) {
		if form.Get("refresh_token") != r.before.Refresh.Reveal() || form.Get("client_secret") != clientSecret {
			writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
			return
		}
		writeJSON(w, http.StatusOK, tokens)
	}
}

// refused has the token endpoint refuse every refresh token.
func (r *refreshing) refused() {
	r.sts.token = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
	}
}

func (r *refreshing) checkCalls(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(r.sts.calls, want) {
		t.Errorf("expected the calls\n%q, got\n%q", want, r.sts.calls)
	}
}

// after is the login after the answer "2".
func (r *refreshing) after(id token.Secret) token.Set {
	return token.Set{
		Access: token.NewSecret("access-2"), ID: id, Refresh: token.NewSecret("refresh-2"), Type: "Bearer",
		Expiry: start().Add(90 * time.Minute), Scopes: r.before.Scopes, SignedInAt: start(), RefreshedAt: start().Add(30 * time.Minute),
	}
}

// rotated is the login of before with the refresh token of after: what is kept before anything is verified.
func (r *refreshing) rotated() token.Set {
	s := r.before
	s.Refresh = token.NewSecret("refresh-2")
	return s
}

func (r *refreshing) checkSaves(t *testing.T, want ...token.Set) {
	t.Helper()
	if !reflect.DeepEqual(r.keeper.saves, want) {
		t.Errorf("expected the saves\n%+v, got\n%+v", want, r.keeper.saves)
	}
}

// TestRefresh is the ordinary course: the new refresh token is kept before the new ID token is looked at.
func TestRefresh(t *testing.T) {
	r := newRefreshing(t)
	got, err := Refresh(t.Context(), r.request)
	if err != nil {
		t.Fatal(err)
	}
	after := r.after(got.Set.ID)
	want := &RefreshResult{Set: after, Before: r.before, Refreshed: true, Verification: got.Verification}
	if !reflect.DeepEqual(got, want) || got.Verification.Err() != nil || after.ID.Equal(r.before.ID) {
		t.Errorf("expected %+v, got %+v", want, got)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "save 1", "jwks", "save 2", "unlock")
	r.checkSaves(t, r.rotated(), after)
}

// TestRefreshWithLess has the provider send no more than an access token.
func TestRefreshWithLess(t *testing.T) {
	r := newRefreshing(t)
	r.answer(map[string]any{"access_token": "access-2", "token_type": "Bearer", "expires_in": 3600})
	got, err := Refresh(t.Context(), r.request)
	if err != nil {
		t.Fatal(err)
	}
	after := r.after(r.before.ID)
	after.Refresh = r.before.Refresh
	if want := (&RefreshResult{Set: after, Before: r.before, Refreshed: true}); !reflect.DeepEqual(got, want) {
		t.Errorf("expected %+v, got %+v", want, got)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "save 1", "unlock")
	r.checkSaves(t, after)
}

// TestRefreshNotNeeded tells when nothing is asked of anybody.
func TestRefreshNotNeeded(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*refreshing)
		asked  bool
	}{
		{"valid for long enough", func(r *refreshing) { r.request.MinValid = 29 * time.Minute }, false},
		{"valid for exactly as long", func(r *refreshing) { r.request.MinValid = 30 * time.Minute }, true},
		{"forced", func(r *refreshing) { r.request.MinValid, r.request.Force = 0, true }, true},
		{"forced, seen as it is", func(r *refreshing) {
			r.request.MinValid, r.request.Force, r.request.Seen = 0, true, token.NewSecret("access-1")
		}, true},
		{"forced, but another process has done it", func(r *refreshing) {
			r.request.MinValid, r.request.Force, r.request.Seen = 0, true, token.NewSecret("access-0")
		}, false},
		{"another process has done it, too long ago", func(r *refreshing) {
			r.request.Force, r.request.Seen = true, token.NewSecret("access-0")
		}, true},
		{"no access token", func(r *refreshing) { r.keeper.kept.Access, r.request.MinValid = token.Secret{}, 0 }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRefreshing(t)
			c.change(r)
			got, err := Refresh(t.Context(), r.request)
			if err != nil {
				t.Fatal(err)
			}
			if asked := slices.Contains(r.sts.calls, "refresh_token"); asked != c.asked || got.Refreshed != c.asked {
				t.Errorf("expected asked %t, got %t and %+v", c.asked, asked, got)
			}
			if c.asked {
				return
			}
			if want := (&RefreshResult{Set: r.before, Before: r.before}); !reflect.DeepEqual(got, want) {
				t.Errorf("expected %+v, got %+v", want, got)
			}
			r.checkCalls(t, "lock", "load 1", "unlock")
		})
	}
}

func TestRefreshWithoutToken(t *testing.T) {
	r := newRefreshing(t)
	r.keeper.kept.Refresh = token.Secret{}
	if got, err := Refresh(t.Context(), r.request); got != nil || err != ErrNoRefreshToken { //nolint:errorlint // itself
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "unlock")
}

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
