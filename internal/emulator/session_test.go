package emulator

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func isEnded(s *Server) bool {
	select {
	case <-s.SessionEnded():
		return true
	default:
		return false
	}
}

func TestSingleSignOn(t *testing.T) {
	b := newBench(t, Options{})
	b.add(nil)
	b.login("head")
	if a := b.authorize(b.browser, authorizeQuery()); a.status != http.StatusFound || b.landed(a).Get("code") == "" {
		t.Errorf("the same client: status %d at %s", a.status, a.at)
	}
	if a := b.authorize(b.browser, otherQuery("prompt", "none")); b.landed(a).Get("code") == "" {
		t.Errorf("another client, prompt=none: %q", a.location)
	}
	b.clock.pass(sessionLifetime - time.Second)
	if a := b.authorize(b.browser, authorizeQuery("prompt", "none")); b.landed(a).Get("code") == "" {
		t.Errorf("before the session's end: %q", a.location)
	}
	b.clock.pass(sessionLifetime)
	if a := b.authorize(b.browser, authorizeQuery("prompt", "none")); b.landed(a).Get("error") != "login_required" {
		t.Errorf("after the session's end: %q", a.location)
	}
}

func TestPromptLoginAndMaxAge(t *testing.T) {
	b := newBench(t, Options{})
	first := b.login("head")
	b.clock.pass(10 * time.Minute)
	for rule, row := range map[string]struct {
		alter []string
		page  bool
	}{
		"prompt=login":                      {[]string{"prompt", "login"}, true},
		"max_age shorter than the session":  {[]string{"max_age", "599"}, true},
		"max_age as long as the session":    {[]string{"max_age", "600"}, false},
		"max_age longer than the session":   {[]string{"max_age", "86400"}, false},
		"neither":                           {nil, false},
		"max_age=0":                         {[]string{"max_age", "0"}, true},
		"login_hint of somebody else stays": {[]string{"login_hint", "officer"}, false},
	} {
		if a := b.authorize(b.browser, authorizeQuery(row.alter...)); (a.at == "/login") != row.page {
			t.Errorf("%s: at %s", rule, a.at)
		}
	}
	if a := b.authorize(b.browser, authorizeQuery("prompt", "none", "max_age", "10")); a.location != callback+"?error=login_required&state=the%20state" {
		t.Errorf("prompt=none with max_age: %q", a.location)
	}
	again := b.login("head", "prompt", "login")
	if claimOf(t, b.payload(first.ID), "auth_time") != "1795253400" || claimOf(t, b.payload(again.ID), "auth_time") != "1795254000" {
		t.Errorf("auth_time %s, then %s", claimOf(t, b.payload(first.ID), "auth_time"), claimOf(t, b.payload(again.ID), "auth_time"))
	}
	same := b.login("head")
	if claimOf(t, b.payload(same.ID), "sid") != claimOf(t, b.payload(again.ID), "sid") {
		t.Error("single sign-on changed the sid")
	}
}

func TestWrongPassword(t *testing.T) {
	b := newBench(t, Options{})
	page := b.authorize(b.browser, authorizeQuery("login_hint", "head"))
	if !strings.Contains(page.body, `name="username" value="head"`) {
		t.Errorf("login_hint isn't filled in: %s", page.body)
	}
	for _, try := range [][]string{
		{"username", "head", "password", "wrong"},
		{"username", "head", "password", ""},
		{"username", "head"},
		{"username", "nobody", "password", "sample-head"},
		{"choose", "nobody"},
		{"username", "officer", "password", "sample-head"},
	} {
		page = b.submit(page, try...)
		if page.status != http.StatusOK || page.location != "" || !strings.Contains(page.body, `role="alert"`) ||
			!strings.Contains(page.body, `aria-invalid="true" aria-describedby="problem"`) ||
			!strings.Contains(page.body, "<title>Error: ") || strings.Contains(page.body, "sample-head\"") {
			t.Fatalf("%v: status %d at %s, %s", try, page.status, page.at, page.body)
		}
		if try[0] == "username" && !strings.Contains(page.body, `name="username" value="`+try[1]+`"`) {
			t.Errorf("%v: the login name isn't kept", try)
		}
	}
	if a := b.submit(page, "username", "HEAD", "password", "sample-head"); b.landed(a).Get("code") == "" {
		t.Errorf("after mistakes: %q", a.location)
	}
}

func TestChoiceOfOrganisation(t *testing.T) {
	b := newBench(t, Options{})
	page := b.submit(b.authorize(b.browser, authorizeQuery()), "choose", "consultant")
	if page.at != "/organisation" || strings.Count(page.body, `name="organisation"`) != 12 {
		t.Fatalf("at %s: %s", page.at, page.body)
	}
	if a := b.authorize(b.browser, authorizeQuery("prompt", "none")); a.location != callback+"?error=interaction_required&state=the%20state" {
		t.Errorf("prompt=none before the choice: %q", a.location)
	}
	stranger := b.lookupUser("head").memberships[0].organisation.ID
	if a := b.submit(page, "organisation", stranger); a.status != http.StatusBadRequest || a.location != "" {
		t.Errorf("somebody else's organisation: status %d, %q", a.status, a.location)
	}
	chosen := b.lookupUser("consultant").memberships[11]
	a := b.submit(page, "organisation", chosen.organisation.ID)
	got := b.tokens(b.post("connect/token", tokenForm("code", b.landed(a).Get("code"))))
	same(t, "organisation", claimOf(t, b.payload(got.ID), "userorganisationidentifier"), `"`+chosen.compound()+`"`)

	if a := b.authorize(b.browser, authorizeQuery("prompt", "none")); b.landed(a).Get("code") == "" {
		t.Errorf("prompt=none after the choice: %q", a.location)
	}
	if a := b.submit(page, "organisation", chosen.organisation.ID); a.status != http.StatusBadRequest {
		t.Errorf("a page used twice: status %d", a.status)
	}
	if a := b.authorize(b.browser, authorizeQuery("scope", "openid simsmultiorgapplication")); a.status != http.StatusFound {
		t.Errorf("no choice with several organisations: at %s", a.at)
	}
}

func TestConsent(t *testing.T) {
	b := newBench(t, Options{})
	b.login("head")
	if a := b.authorize(b.browser, authorizeQuery("scope", "openid profile")); a.status != http.StatusFound {
		t.Errorf("consent is off, and yet: at %s", a.at)
	}
	page := b.authorize(b.browser, authorizeQuery("prompt", "consent"))
	if page.at != "/consent" || !strings.Contains(page.body, "Your name") {
		t.Fatalf("at %s: %s", page.at, page.body)
	}
	if a := b.submit(page, "answer", "deny"); a.location != callback+"?error=access_denied&state=the%20state" {
		t.Errorf("denied: %q", a.location)
	}
	if a := b.submit(page, "answer", "allow"); a.status != http.StatusBadRequest {
		t.Errorf("allowed after it was denied: status %d", a.status)
	}
	page = b.authorize(b.browser, authorizeQuery("prompt", "consent"))
	if a := b.submit(page, "answer", "allow"); b.landed(a).Get("code") == "" {
		t.Errorf("allowed: %q", a.location)
	}
}

func TestEndSession(t *testing.T) {
	const back = "http://127.0.0.1:9/signed-out"
	visit := func(b *bench, pairs ...string) answer {
		return b.do(b.browser, b.request(http.MethodGet, b.base+"/connect/endsession?"+altered(url.Values{}, pairs).Encode(), nil))
	}
	signedIn := func(b *bench) bool {
		return b.landed(b.authorize(b.browser, authorizeQuery("prompt", "none"))).Has("code")
	}
	rows := []struct {
		rule  string
		after time.Duration
		visit func(*bench, tokens) answer
		ended bool
		link  string
	}{
		{"with a hint", 0, func(b *bench, g tokens) answer { return visit(b, "id_token_hint", g.ID) }, true, `href="/"`},
		{"with an expired hint", 9 * time.Hour, func(b *bench, g tokens) answer {
			return visit(b, "id_token_hint", g.ID, "post_logout_redirect_uri", back)
		}, true, `href="` + back + `"`},
		{"by POST", 0, func(b *bench, g tokens) answer {
			return b.do(b.browser, b.request(http.MethodPost, b.base+"/connect/endsession",
				url.Values{"id_token_hint": {g.ID}, "post_logout_redirect_uri": {back}, "state": {"a b&c"}}))
		}, true, `href="` + back + `?state=a+b%26c"`},
		{"by POST from elsewhere, without the cookie", 0, func(b *bench, g tokens) answer {
			jar := b.browser.Jar
			b.browser.Jar = nil
			defer func() { b.browser.Jar = jar }()
			return b.do(b.browser, b.request(http.MethodPost, b.base+"/connect/endsession", url.Values{"id_token_hint": {g.ID}}))
		}, true, `href="/"`},
		{"unregistered address: no link to it", 0, func(b *bench, g tokens) answer {
			return visit(b, "id_token_hint", g.ID, "post_logout_redirect_uri", "https://evil.example/")
		}, true, `href="/"`},
		{"the callback isn't a post-logout address", 0, func(b *bench, g tokens) answer {
			return visit(b, "id_token_hint", g.ID, "post_logout_redirect_uri", callback)
		}, true, `href="/"`},
		{"without a hint it asks", 0, func(b *bench, _ tokens) answer { return visit(b, "post_logout_redirect_uri", back) }, false, ""},
		{"an access token is no hint", 0, func(b *bench, g tokens) answer { return visit(b, "id_token_hint", g.Access) }, false, ""},
		{"a forged hint is no hint", 0, func(b *bench, g tokens) answer { return visit(b, "id_token_hint", g.ID[:len(g.ID)-9]) }, false, ""},
		{"asked and answered", 0, func(b *bench, _ tokens) answer {
			page := visit(b)
			page.at = "/logout"
			return b.submit(page)
		}, true, `href="/"`},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			b := newBench(t, Options{})
			got := b.login("head")
			b.clock.pass(row.after)
			a := row.visit(b, got)
			if a.status != http.StatusOK || a.location != "" {
				t.Errorf("status %d, location %q", a.status, a.location)
			}
			if strings.Contains(a.body, "You’re signed out") != row.ended || isEnded(b.Server) != row.ended || signedIn(b) == row.ended {
				t.Errorf("ended %t, signed in %t: %s", isEnded(b.Server), signedIn(b), a.body)
			}
			if row.link != "" && !strings.Contains(a.body, row.link) || strings.Contains(a.body, "evil") {
				t.Errorf("no %s in %s", row.link, a.body)
			}
			// It revokes nothing.
			b.tokens(b.post("connect/token", refreshForm(got.Refresh)))
		})
	}
}

// Somebody else's ID token doesn't sign this browser out without asking.
func TestEndSessionWithForeignHint(t *testing.T) {
	b := newBench(t, Options{})
	hint := b.login("officer").ID
	b.login("head", "prompt", "login")
	a := b.do(b.browser, b.request(http.MethodGet, b.base+"/connect/endsession?id_token_hint="+hint, nil))
	if !strings.Contains(a.body, "Sign out?") || isEnded(b.Server) {
		t.Errorf("status %d, %s", a.status, a.body)
	}
}

// A picture on another page that has this address ends nothing.
func TestEndSessionThatNobodySees(t *testing.T) {
	b := newBench(t, Options{})
	b.login("head")
	r := b.request(http.MethodGet, b.base+"/connect/endsession", nil)
	r.Header.Set("Sec-Fetch-Mode", "no-cors")
	r.Header.Set("Sec-Fetch-Dest", "image")
	b.browser.Jar = nil
	b.do(b.browser, r)
	if isEnded(b.Server) {
		t.Error("a picture closed SessionEnded")
	}
}

func TestEndSessions(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	sub := strings.Trim(claimOf(t, b.payload(got.ID), "sub"), `"`)
	other := sub[:strings.LastIndexByte(sub, '|')] + "|elsewhere"
	if err := b.EndSessions(t.Context(), "100202|A9AB0000-0000-4000-8000-000000000003|manager|SIMSID|x"); err != nil {
		t.Fatal(err)
	}
	if a := b.authorize(b.browser, authorizeQuery("prompt", "none")); !b.landed(a).Has("code") {
		t.Errorf("somebody else's session was ended: %q", a.location)
	}
	if err := b.EndSessions(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if a := b.authorize(b.browser, authorizeQuery("prompt", "none")); b.landed(a).Get("error") != "login_required" {
		t.Errorf("still signed in: %q", a.location)
	}
	b.tokens(b.post("connect/token", refreshForm(got.Refresh)))
}

func TestAsGoesOnWithItsSession(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	sid := func(alter ...string) string {
		return claimOf(t, b.payload(b.login("head", alter...).ID), "sid")
	}
	first := sid()
	if again := sid("prompt", "none"); again != first {
		t.Error("another session without need")
	}
	if fresh := sid("prompt", "login"); fresh == first {
		t.Error("prompt=login went on with the old session")
	}
	parent := newBench(t, Options{As: "parent"})
	got := parent.login("parent")
	same(t, "first organisation", claimOf(t, parent.payload(got.ID), "userorganisationidentifier"),
		`"`+b.lookupUser("parent").memberships[0].compound()+`"`)
}

// A login without a browser is decided on while the server runs.
func TestSignInAsFromNowOn(t *testing.T) {
	b := newBench(t, Options{})
	if a := b.authorize(b.browser, authorizeQuery()); a.at != "/login" {
		t.Errorf("before: at %s", a.at)
	}
	if err := b.SignInAs("head"); err != nil {
		t.Fatal(err)
	}
	if a := b.authorize(b.browser, authorizeQuery()); !b.landed(a).Has("code") {
		t.Errorf("after: status %d at %s", a.status, a.at)
	}
	var unknown *UnknownUserError
	if err := b.SignInAs("nobody"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}
