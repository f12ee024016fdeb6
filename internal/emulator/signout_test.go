package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSignOutPromptOfAClient(t *testing.T) {
	b := newSchool(t)
	got := b.redeem("prompting", b.submit(b.authorize(b.browser, of("prompting")), "choose", "head"))
	signedIn := func() bool { return b.landed(b.authorize(b.browser, of("plain", "prompt", "none"))).Has("code") }
	query := url.Values{
		"id_token_hint": {got.ID}, "post_logout_redirect_uri": {"https://prompting.example/out"}, "state": {"a b"},
	}
	page := b.page("/connect/endsession?" + query.Encode())
	if !strings.Contains(page.body, "Sign out?") || !signedIn() {
		t.Fatalf("status %d: %s", page.status, page.body)
	}
	// Without the cookie, as another site's form comes, the hint alone ends nothing.
	jar := b.browser.Jar
	b.browser.Jar = nil
	b.do(b.browser, b.request(http.MethodPost, b.base+"/connect/endsession", query))
	if b.browser.Jar = jar; !signedIn() {
		t.Error("signed out without being asked")
	}
	page.at = "/logout"
	for _, alter := range [][]string{{"return", "https://evil.example/"}, {"client", "plain"}, {"return", ""}} {
		if a := b.submit(page, alter...); a.status != http.StatusBadRequest || !signedIn() {
			t.Errorf("%v: status %d", alter, a.status)
		}
	}
	a := b.submit(page)
	if a.status != http.StatusOK || signedIn() || !strings.Contains(a.body, `<a href="https://prompting.example/out?state=a+b">Return to The prompting</a>`) {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	// Nobody is asked whether to end what has ended.
	if a := b.page("/connect/endsession?" + query.Encode()); !strings.Contains(a.body, "You’re signed out") {
		t.Errorf("afterwards: %s", a.body)
	}
}

func TestFrontChannelLogout(t *testing.T) {
	b := newSchool(t)
	got := b.redeem("plain", b.submit(b.authorize(b.browser, of("plain")), "choose", "head"))
	for _, client := range []string{"framed", "heard"} {
		if a := b.authorize(b.browser, of(client)); !strings.Contains(a.location, "code=") {
			t.Fatalf("%s isn't signed in: %q", client, a.location)
		}
	}
	sid := strings.Trim(claimOf(t, b.payload(got.ID), "sid"), `"`)
	// A fresh sign-in of the same browser doesn't make the server forget whom to tell, and has a sid of its own.
	again := b.redeem("plain", b.submit(b.authorize(b.browser, of("plain", "prompt", "login")), "choose", "head"))
	fresh := strings.Trim(claimOf(t, b.payload(again.ID), "sid"), `"`)
	if fresh == sid {
		t.Fatal("the sid stayed")
	}
	a := b.page("/connect/endsession?id_token_hint=" + again.ID)
	for _, want := range []string{
		`<iframe src="https://framed.example/out?x=1&amp;sid=` + fresh + `" title="Tells an application" hidden=""></iframe>`,
		`<iframe src="https://heard.example/out" title="Tells an application" hidden=""></iframe>`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; frame-src https://framed.example https://heard.example") {
		t.Errorf("policy %q", policy)
	}
	if a := b.page("/connect/endsession"); strings.Contains(a.body, "iframe") || strings.Contains(a.header.Get("Content-Security-Policy"), "frame-src") {
		t.Errorf("told twice: %s", a.body)
	}
}

// Only clients that the session was used for hear of its end.
func TestFrontChannelLogoutOfOthers(t *testing.T) {
	b := newSchool(t)
	got := b.redeem("plain", b.submit(b.authorize(b.browser, of("plain")), "choose", "head"))
	if a := b.page("/connect/endsession?id_token_hint=" + got.ID); strings.Contains(a.body, "iframe") {
		t.Errorf("%s", a.body)
	}
}

// A second client finds the browser signed in, whichever way the first one signed it in.
func TestSharedSession(t *testing.T) {
	b := newSchool(t)
	page := b.submit(b.authorize(b.browser, of("plain", "scope", "openid "+singleOrganisation)), "choose", "careful")
	page = b.submit(page, "code", totp(appSecret, start))
	if page.at != "/organisation" {
		t.Fatalf("at %s: %s", page.at, page.body)
	}
	first := b.redeem("plain", b.submit(page, "organisation", b.lookupUser("careful").memberships[1].organisation.ID))
	second := b.redeem("heard", b.authorize(b.browser, of("heard", "scope", "openid "+singleOrganisation, "prompt", "none")))
	for _, claim := range []string{"sub", "sid", "auth_time", "userorganisationidentifier"} {
		same(t, claim, claimOf(t, b.payload(second.ID), claim), claimOf(t, b.payload(first.ID), claim))
	}
}
