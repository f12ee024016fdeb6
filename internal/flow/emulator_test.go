package flow_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// memory is a flow.Keeper of one process.
type memory struct{ set token.Set }

func (m *memory) Lock(context.Context) (func(), error)               { return func() {}, nil }
func (m *memory) Load(context.Context) (token.Set, error)            { return m.set, nil }
func (m *memory) Prepare(context.Context) error                      { return nil }
func (m *memory) SaveRefreshed(_ context.Context, s token.Set) error { m.set = s; return nil }
func (m *memory) End(context.Context) error                          { m.set = token.Set{}; return nil }

type clock struct{}

func (clock) Now() time.Time                         { return time.Now() }
func (clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// visit is a browser: it follows redirects and reads the page that they end at.
func visit(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// TestEmulator signs in at the embedded STS on real sockets, refreshes, and refreshes with the used token again, which
// ends the login: the STS takes each refresh token once.
func TestEmulator(t *testing.T) {
	sts, err := emulator.New(emulator.Options{Now: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sts.ServeBrowser(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sts.SignInAs("head"); err != nil {
		t.Fatal(err)
	}
	kind, ok := provider.LookupKind("emulator")
	if !ok {
		t.Fatal("there is no kind emulator")
	}
	hc := provider.NewHTTPClient(provider.HTTPOptions{Base: sts.Transport(), Now: time.Now})
	metadata, err := provider.Discover(t.Context(), hc, provider.DiscoverRequest{Kind: kind, Issuer: emulator.Issuer})
	if err != nil {
		t.Fatal(err)
	}
	p := &provider.Provider{Kind: kind, Metadata: metadata, HTTP: hc, Now: time.Now}
	builtin := emulator.BuiltinClient()
	client := provider.Client{ID: builtin.ID, Secret: builtin.Secret}
	var events []flow.Event
	login, err := flow.Login(t.Context(), flow.LoginRequest{
		Provider: p, Client: client, RedirectURI: builtin.RedirectURI, MaxAge: -1,
		Scopes: []string{"openid", "profile", "roles", "partner", "partnermanagementapplication", "offline_access"},
		Open:   visit, Rand: rand.Reader, Clock: clock{}, Event: func(e flow.Event) { events = append(events, e) },
	})
	if err != nil {
		t.Fatalf("%v, after %#v", err, events)
	}
	if login.Set.Refresh.IsZero() || login.Verification.Err() != nil || login.Via != "browser" {
		t.Errorf("got %+v", login)
	}
	if slices.ContainsFunc(events, func(e flow.Event) bool { _, stray := e.(flow.Stray); return stray }) {
		t.Errorf("the login itself counted as stray: %#v", events)
	}
	keeper := &memory{set: login.Set}
	request := flow.RefreshRequest{
		Provider: func(context.Context) (*provider.Provider, error) { return p, nil },
		Client:   client, Keeper: keeper, Force: true, Seen: login.Set.Access, Now: time.Now,
	}
	refreshed, err := flow.Refresh(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if !refreshed.Refreshed || refreshed.Set.Refresh.Equal(login.Set.Refresh) || !keeper.set.Refresh.Equal(refreshed.Set.Refresh) {
		t.Errorf("got %+v", refreshed)
	}
	keeper.set = login.Set
	if _, err := flow.Refresh(t.Context(), request); !errors.Is(err, flow.ErrLoginEnded) || !keeper.set.Access.IsZero() {
		t.Errorf("the used refresh token was taken again: %v", err)
	}
}
