package flow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
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

func (k *fakeKeeper) Load(ctx context.Context) (token.Set, error) {
	if err := k.call("load", true); err != nil {
		return token.Set{}, err
	}
	if k.counts["load"] > 1 && ctx.Err() != nil {
		return token.Set{}, ctx.Err()
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
	k.ended = ctx.Err() == nil
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
		RefreshSince: start().Add(30 * time.Minute),
	}
}

// rotated is the login of before with the refresh token of after: what is kept before anything is verified.
func (r *refreshing) rotated() token.Set {
	s := r.before
	s.Refresh, s.RefreshSince = token.NewSecret("refresh-2"), start().Add(30*time.Minute)
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
	after.Refresh, after.RefreshSince = r.before.Refresh, time.Time{}
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

// TestRefreshAnew: a client's own token is got anew under the lock, once, and only when it is needed; a failure leaves the login as it is.
func TestRefreshAnew(t *testing.T) {
	another := token.Set{Access: token.NewSecret("access-2"), Type: "Bearer", Expiry: start().Add(90 * time.Minute)}
	prepare := func(err error) *refreshing {
		r := newRefreshing(t)
		r.before.Refresh = token.Secret{} // the ID token is one that should never have been kept
		r.keeper.kept = r.before
		r.request.Anew = func(_ context.Context, p *provider.Provider) (token.Set, error) {
			r.sts.called("anew")
			if p == nil {
				t.Error("without the provider")
			}
			return another, err
		}
		return r
	}

	r := prepare(nil)
	got, err := Refresh(t.Context(), r.request)
	after := another
	after.Scopes, after.SignedInAt = r.before.Scopes, start().Add(30*time.Minute)
	if want := (&RefreshResult{Set: after, Before: r.before, Refreshed: true}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("expected %+v, got %+v, %v", want, got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "anew", "save 1", "unlock")
	r.checkSaves(t, after)

	r = prepare(nil)
	r.request.MinValid = time.Minute
	if got, err := Refresh(t.Context(), r.request); err != nil || got.Refreshed {
		t.Errorf("still valid: %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "unlock")

	refused := &provider.OAuthError{Code: "invalid_client"}
	r = prepare(refused)
	if got, err := Refresh(t.Context(), r.request); got != nil || !errors.Is(err, refused) {
		t.Errorf("refused: %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "anew", "unlock")

	r = prepare(nil)
	r.keeper.faults["save 1"] = errors.New("full")
	if got, err := Refresh(t.Context(), r.request); got == nil || !got.Set.Access.Equal(another.Access) || err == nil {
		t.Errorf("not kept: %+v, %v", got, err)
	}
	r = prepare(nil)
	r.keeper.faults["prepare"] = errors.New("full")
	if got, err := Refresh(t.Context(), r.request); got != nil || err == nil {
		t.Errorf("no place: %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "unlock")
	r = prepare(nil)
	unknown := errors.New("no metadata")
	r.request.Provider = func(context.Context) (*provider.Provider, error) { return nil, unknown }
	if got, err := Refresh(t.Context(), r.request); got != nil || err != unknown { //nolint:errorlint // itself
		t.Errorf("no provider: %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "unlock")
}
