package emulator

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What pages are needed for, and what end of session passes over in silence, is in the log in words.
func TestWordsOfTheUsersSide(t *testing.T) {
	var heard told
	b := newBench(t, Options{Config: school(), Observe: heard.hear})
	// A request is told when it has been answered, which its client may know before.
	var running sync.WaitGroup
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		b.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	b.base, b.browser = web.URL, newBrowser(t, web)
	const unregistered = "https://plain.example/out/"
	said := func() []Note {
		running.Wait()
		heard.mu.Lock()
		defer heard.mu.Unlock()
		var out []Note
		for _, x := range heard.all {
			out = append(out, x.Notes...)
		}
		heard.all = nil
		return out
	}
	wants := func(step string, want ...Note) {
		t.Helper()
		if got := said(); !slices.Equal(got, want) {
			t.Errorf("%s: said %q, expected %q", step, got, want)
		}
	}
	const never = "max_age=0 asks for a sign-in that is never recent enough, so the page comes back for ever; prompt=login asks for a fresh one"

	b.authorize(b.browser, of("plain", "prompt", "none"))
	wants("prompt=none", Note{"prompt-none", "prompt=none, but nobody is signed in in this browser"})
	page := b.authorize(b.browser, of("plain"))
	wants("sign-in", Note{"", "nobody is signed in in this browser"})
	page = b.submit(page, "username", "careful", "password", "a secret")
	wants("wrong password", Note{"", "wrong login name or password; nobody is locked out here"})
	page = b.submit(page, "username", "careful", "password", "sample-careful")
	b.submit(page, "code", "000000")
	wants("wrong code", Note{"", "the second factor is wrong; nobody is locked out here"})
	got := b.redeem("plain", b.submit(page, "code", totp(appSecret, start)))
	if notes := said(); len(notes) != 3 || notes[0] != (Note{"", "“careful” has signed in"}) {
		t.Errorf("sign-in: said %q", notes)
	}
	b.clock.pass(time.Minute)
	for _, row := range []struct {
		query url.Values
		want  Note
	}{
		{of("plain", "prompt", "login"), Note{"", "prompt=login has the user sign in again"}},
		{of("plain", "max_age", "0"), Note{"max-age", never}},
		{of("plain", "max_age", "5"), Note{"", "the user signed in longer ago than max_age"}},
		{of("plain", "acr_values", "idp:council"), Note{"", "the user signed in with identity provider “idsrv”, and acr_values asks for “council”"}},
		{of("elsewhere"), Note{"", "the client doesn't take users of identity provider “idsrv”"}},
		{of("asking"), Note{"", "the user is asked for consent"}},
		{of("asking", "scope", "openid offline_access"), Note{"", "the user is asked for consent, each time with offline_access"}},
		{of("plain", "scope", "openid "+singleOrganisation), Note{"", "the user must choose an organisation"}},
		{of("asking", "prompt", "none"), Note{"prompt-none", "prompt=none, but the user is asked for consent"}},
	} {
		b.authorize(b.browser, row.query)
		wants(row.query.Encode(), row.want)
	}
	b.submit(b.authorize(b.browser, of("elsewhere")), "choose", "head")
	if notes := said(); !slices.Contains(notes, Note{"", "“head” has signed in with identity provider “council”"}) {
		t.Errorf("elsewhere: said %q", notes)
	}
	b.page("/connect/endsession?id_token_hint=" + got.ID)
	wants("another user's hint",
		Note{"id-token-hint", "id_token_hint is of another user than the one who is signed in here, and is ignored without a word"},
		Note{"", "the user is asked whether to sign out"})
	page = b.submit(b.authorize(b.browser, of("plain", "prompt", "login")), "choose", "careful")
	b.submit(page, "code", totp(appSecret, b.clock.now()))
	said()
	for _, row := range []struct {
		query url.Values
		want  []Note
	}{
		{url.Values{}, []Note{{"", "the user is asked whether to sign out"}}},
		{url.Values{"id_token_hint": {got.Access}}, []Note{
			{"id-token-hint", "id_token_hint is no ID token that this server issued, and is ignored without a word"},
			{"", "the user is asked whether to sign out"},
		}},
		{url.Values{"post_logout_redirect_uri": {unregistered}}, []Note{
			{"id-token-hint", "post_logout_redirect_uri counts only beside an id_token_hint, and is ignored without a word"},
			{"", "the user is asked whether to sign out"},
		}},
		{url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {unregistered}}, []Note{
			{"post-logout-redirect-uri", "post_logout_redirect_uri “https://plain.example/out/” differs from the registered one, " +
				"“https://plain.example/out”, by its trailing slash; the real STS ignores it without a word"},
		}},
	} {
		b.page("/connect/endsession?" + row.query.Encode())
		wants(strings.Join(slices.Sorted(maps.Keys(row.query)), " "), row.want...)
	}
}
