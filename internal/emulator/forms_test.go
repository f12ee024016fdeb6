package emulator

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Each row alters one thing about an honest form; none may sign in.
func TestForgedForms(t *testing.T) {
	rows := []struct {
		rule  string
		alter func(b *bench, r *http.Request, form url.Values)
	}{
		{"no token", func(_ *bench, _ *http.Request, f url.Values) { f.Del("token") }},
		{"another token", func(_ *bench, _ *http.Request, f url.Values) { f.Set("token", strings.Repeat("A", 43)) }},
		{"the token of another request", func(b *bench, _ *http.Request, f url.Values) {
			f.Set("token", fields(b.authorize(b.browser, authorizeQuery()).body).Get("token"))
		}},
		{"the token of another page", func(b *bench, _ *http.Request, f url.Values) {
			token, err := b.formToken("organisation "+f.Get("signin"), "x")
			if err != nil {
				b.Fatal(err)
			}
			f.Set("token", token)
		}},
		{"another request's id", func(b *bench, _ *http.Request, f url.Values) {
			f.Set("signin", fields(b.authorize(b.browser, authorizeQuery()).body).Get("signin"))
		}},
		{"no cookie", func(b *bench, _ *http.Request, _ url.Values) { b.browser.Jar = nil }},
		{"another browser's cookie", func(b *bench, r *http.Request, _ url.Values) {
			b.browser.Jar = nil
			r.AddCookie(&http.Cookie{Name: formCookie, Value: strings.Repeat("0", 32)})
		}},
		{"from another site", func(_ *bench, r *http.Request, _ url.Values) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
		{"from another port", func(_ *bench, r *http.Request, _ url.Values) { r.Header.Set("Sec-Fetch-Site", "same-site") }},
		{"from another origin", func(_ *bench, r *http.Request, _ url.Values) { r.Header.Set("Origin", "https://evil.example") }},
		{"as plain text", func(_ *bench, r *http.Request, _ url.Values) { r.Header.Set("Content-Type", "text/plain") }},
		{"too late", func(b *bench, _ *http.Request, _ url.Values) { b.clock.pass(pendingLifetime) }},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			b := newBench(t, Options{})
			page := b.authorize(b.browser, authorizeQuery())
			form := fields(page.body)
			form.Set("choose", "head")
			r := b.request(http.MethodPost, b.base+"/login", form)
			row.alter(b, r, form)
			sent := b.request(http.MethodPost, b.base+"/login", form)
			sent.Header = r.Header
			got := b.do(b.browser, sent)
			if got.status != http.StatusBadRequest || got.location != "" || strings.Contains(got.header.Get("Set-Cookie"), b.play.cookie) {
				t.Errorf("status %d, location %q, cookies %q", got.status, got.location, got.header["Set-Cookie"])
			}
		})
	}
	b := newBench(t, Options{})
	page := b.authorize(b.browser, authorizeQuery())
	form := fields(page.body)
	form.Set("choose", "head")
	r := b.request(http.MethodPost, b.base+"/login", form)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", "null")
	if got := b.do(b.browser, r); got.status != http.StatusSeeOther {
		t.Errorf("the honest form: status %d", got.status)
	}
}

// The other forms have the same guard.
func TestForgedChoiceConsentAndLogout(t *testing.T) {
	b := newBench(t, Options{})
	organisation := b.submit(b.authorize(b.browser, authorizeQuery()), "choose", "parent")
	consent := b.authorize(b.browser, authorizeQuery("scope", "openid", "prompt", "consent"))
	logout := b.do(b.browser, b.request(http.MethodGet, b.base+"/connect/endsession", nil))
	logout.at = "/logout"
	for _, page := range []answer{organisation, consent, logout} {
		if a := b.submit(page, "token", "x", "answer", "allow", "organisation", b.lookupUser("parent").memberships[0].organisation.ID); a.status != http.StatusBadRequest || a.location != "" {
			t.Errorf("%s: status %d, %q", page.at, a.status, a.location)
		}
	}
	if isEnded(b.Server) {
		t.Error("a forged form signed out")
	}
}

// A sign-in page belongs to the browser that asked for it, and to its user.
func TestPagesOfAnotherBrowser(t *testing.T) {
	b := newBench(t, Options{})
	b.authorize(b.browser, authorizeQuery()) // it has a form cookie of its own
	login := b.do(&http.Client{CheckRedirect: stay}, b.request(http.MethodGet, b.base+"/connect/authorize?"+authorizeQuery().Encode(), nil))
	if a := b.do(b.browser, b.request(http.MethodGet, b.base+login.location, nil)); a.status != http.StatusBadRequest {
		t.Errorf("another browser's sign-in page: status %d", a.status)
	}
	// The user of the choice signs out in another tab.
	page := b.submit(b.authorize(b.browser, authorizeQuery()), "choose", "parent")
	sub := subject(b.lookupUser("parent"), "x")
	if err := b.EndSessions(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	if a := b.submit(page, "organisation", b.lookupUser("parent").memberships[0].organisation.ID); a.status != http.StatusBadRequest {
		t.Errorf("choice after signing out: status %d, %q", a.status, a.location)
	}
}

// A choice is made for the session that it was asked of, not for whoever has signed in since.
func TestChoiceOfAnotherSession(t *testing.T) {
	b := newBench(t, Options{})
	page := b.submit(b.authorize(b.browser, authorizeQuery()), "choose", "parent")
	b.submit(b.authorize(b.browser, authorizeQuery("prompt", "login")), "choose", "consultant")
	got := b.submit(page, "organisation", b.lookupUser("consultant").memberships[0].organisation.ID)
	if got.status != http.StatusBadRequest || got.location != "" {
		t.Errorf("status %d, %q", got.status, got.location)
	}
}

func TestOldSessionEndsWithANewSignIn(t *testing.T) {
	b := newBench(t, Options{})
	b.login("head")
	home := b.request(http.MethodGet, b.base, nil).URL
	old := b.browser.Jar.Cookies(home)
	b.login("officer", "prompt", "login")
	b.browser.Jar = nil
	r := b.request(http.MethodGet, b.base+"/connect/authorize?"+authorizeQuery("prompt", "none").Encode(), nil)
	for _, cookie := range old {
		r.AddCookie(cookie)
	}
	if got := b.do(b.browser, r); b.landed(got).Get("error") != "login_required" {
		t.Errorf("%q", got.location)
	}
}

// Two posts of one form can both have found the request before either is answered.
func TestFormSentTwiceAtOnce(t *testing.T) {
	b := newBench(t, Options{})
	page := b.authorize(b.browser, authorizeQuery())
	form := fields(page.body)
	var browser string
	for _, cookie := range b.browser.Jar.Cookies(b.request(http.MethodGet, b.base, nil).URL) {
		browser = handleKey(cookie.Value)
	}
	found, ok := b.pending.find(form.Get("signin"), browser, start)
	if !ok {
		t.Fatal("no such request")
	}
	for i, want := range []int{http.StatusSeeOther, http.StatusBadRequest} {
		w := httptest.NewRecorder()
		r := b.request(http.MethodPost, b.base+"/login", nil)
		b.proceed(w, r, found, func(st *state) (string, *session, error) { return b.begin(w, st, b.lookupUser("head"), "", "") })
		if w.Code != want {
			t.Errorf("post %d: status %d", i+1, w.Code)
		}
	}
}

// A token for signing out is the browser's that it was written for.
func TestLogoutTokenOfAnotherBrowser(t *testing.T) {
	b := newBench(t, Options{})
	b.login("head")
	mine := b.browser
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.browser = &http.Client{Jar: jar, CheckRedirect: mine.CheckRedirect}
	b.login("officer")
	page := b.do(b.browser, b.request(http.MethodGet, b.base+"/connect/endsession", nil))
	page.at = "/logout"
	b.browser = mine
	if got := b.submit(page); got.status != http.StatusBadRequest || isEnded(b.Server) {
		t.Errorf("status %d", got.status)
	}
}

func TestPendingRequestsAreBounded(t *testing.T) {
	p := &pendingRequests{byID: map[string]*pendingRequest{}}
	now := start
	for i := range 3 * maxPending {
		p.add(pendingRequest{id: strconv.Itoa(i), browser: "b", expires: now.Add(time.Minute)})
	}
	if len(p.byID) != maxPending || len(p.order) != maxPending {
		t.Errorf("%d kept", len(p.byID))
	}
	if _, ok := p.find(strconv.Itoa(3*maxPending-1), "b", now); !ok {
		t.Error("the newest is gone")
	}
}
