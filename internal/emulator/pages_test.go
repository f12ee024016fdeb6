package emulator

import (
	"fmt"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// everyPage visits every page that there is, as the user with the worst name.
func (b *bench) everyPage() map[string]answer {
	b.Helper()
	visit := func(path string) answer { return b.do(b.browser, b.request(http.MethodGet, b.base+path, nil)) }
	out := map[string]answer{
		"error":    b.authorize(b.browser, authorizeQuery("client_id", "nobody")),
		"missing":  visit("/nothing"),
		"stale":    visit("/login?signin=nothing"),
		"start":    visit("/"),
		"login":    b.authorize(b.browser, authorizeQuery()),
		"formpost": {},
	}
	out["wrong"] = b.submit(out["login"], "username", "x", "password", "y")
	out["organisation"] = b.submit(out["login"], "choose", "parent")
	again := b.authorize(b.browser, authorizeQuery("prompt", "login"))
	b.submit(again, "choose", "hostile")
	out["consent"] = b.authorize(b.browser, authorizeQuery("prompt", "consent"))
	out["formpost"] = b.authorize(b.browser, authorizeQuery("response_mode", "form_post"))
	out["start, signed in"] = visit("/")
	out["logout"] = visit("/connect/endsession")
	leave := out["logout"]
	leave.at = "/logout"
	out["signedout"] = b.submit(leave)
	return out
}

func TestEveryPageIsSafeAndAccessible(t *testing.T) {
	b := newBench(t, Options{})
	input := regexp.MustCompile(`<input id="([^"]+)"`)
	for name, a := range b.everyPage() {
		h := a.header
		if !strings.HasPrefix(h.Get("Content-Type"), "text/html; charset=utf-8") {
			t.Fatalf("%s: no page: status %d, %q", name, a.status, h.Get("Content-Type"))
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'") ||
			strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") != (name == "formpost") {
			t.Errorf("%s: policy %q", name, policy)
		}
		for header, want := range map[string]string{
			"Cache-Control": "no-store, no-cache, max-age=0, private", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		} {
			if h.Get(header) != want {
				t.Errorf("%s: %s %q", name, header, h.Get(header))
			}
		}
		for _, want := range []string{
			`<html lang="en-GB">`, `<main id="main"`, "<h1", "</header>", "</footer>", "Development server.", "<title>", `name="viewport"`,
		} {
			if strings.Count(a.body, want) != 1 {
				t.Errorf("%s: %q stands there %d times", name, want, strings.Count(a.body, want))
			}
		}
		for _, never := range []string{"style=", "onclick", "javascript:", "<iframe", "http-equiv", "<script>alert", "\x1b", "\u202e", "\u202c", "ZgotmplZ"} {
			if strings.Contains(a.body, never) {
				t.Errorf("%s holds %q", name, never)
			}
		}
		for _, id := range input.FindAllStringSubmatch(a.body, -1) {
			if !strings.Contains(a.body, `<label for="`+id[1]+`">`) {
				t.Errorf("%s: %s has no label", name, id[1])
			}
		}
		forms := regexp.MustCompile(`<form [^>]*method="post"`).FindAllString(a.body, -1)
		if strings.Count(a.body, `name="token"`) != len(forms) && name != "formpost" {
			t.Errorf("%s: %d forms, %d tokens", name, len(forms), strings.Count(a.body, `name="token"`))
		}
	}
}

// Browsers hold form-action against the redirect that follows a form, too.
func TestPolicyLetsTheAnswerReachTheClient(t *testing.T) {
	for target, want := range map[string]string{
		"":                                "form-action 'self'",
		"http://127.0.0.1:43210/callback": "form-action 'self' http://127.0.0.1:43210",
		"https://app.example/cb?x=1":      "form-action 'self' https://app.example",
		"http://[::1]:43210/callback":     "form-action 'self' http:",
		"com.example.app:/callback":       "form-action 'self' com.example.app:",
		"https://app.example;x/":          "form-action 'self' https:",
		"%":                               "form-action 'self'",
	} {
		if got := contentPolicy(page{target: target}); !strings.HasSuffix(got, want) {
			t.Errorf("%q: %s", target, got)
		}
	}
	b := newBench(t, Options{})
	a := b.authorize(b.browser, authorizeQuery())
	if got := a.header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action 'self' http://127.0.0.1:43210") {
		t.Errorf("sign-in page: %s", got)
	}
}

func TestCookiesAreClosed(t *testing.T) {
	b := newBench(t, Options{})
	first, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/connect/authorize?"+authorizeQuery().Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	page := b.do(&http.Client{CheckRedirect: stay}, first)
	form := page.header.Get("Set-Cookie")
	if !regexp.MustCompile(`^simsid-emulator-form=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax$`).MatchString(form) {
		t.Errorf("form cookie %q", form)
	}
	signed := b.submit(b.authorize(b.browser, authorizeQuery()), "choose", "head").header.Get("Set-Cookie")
	if !regexp.MustCompile(`^simsid-emulator-session=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax$`).MatchString(signed) {
		t.Errorf("session cookie %q", signed)
	}
	again := b.submit(b.authorize(b.browser, authorizeQuery("prompt", "login")), "choose", "head").header.Get("Set-Cookie")
	if again == signed || again == "" {
		t.Error("a new sign-in keeps the old cookie")
	}
}

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
			if got.status != http.StatusBadRequest || got.location != "" || strings.Contains(got.header.Get("Set-Cookie"), sessionCookie) {
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
		if a := b.submit(page, "token", "x", "answer", "allow", "organisation", lookupUser("parent").memberships[0].organisation.id); a.status != http.StatusBadRequest || a.location != "" {
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
	sub := subject(lookupUser("parent"), "x")
	if err := b.EndSessions(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	if a := b.submit(page, "organisation", lookupUser("parent").memberships[0].organisation.id); a.status != http.StatusBadRequest {
		t.Errorf("choice after signing out: status %d, %q", a.status, a.location)
	}
}

// A choice is made for the session that it was asked of, not for whoever has signed in since.
func TestChoiceOfAnotherSession(t *testing.T) {
	b := newBench(t, Options{})
	page := b.submit(b.authorize(b.browser, authorizeQuery()), "choose", "parent")
	b.submit(b.authorize(b.browser, authorizeQuery("prompt", "login")), "choose", "consultant")
	got := b.submit(page, "organisation", lookupUser("consultant").memberships[0].organisation.id)
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
		b.proceed(w, r, found, func(st *state) (string, *session, error) { return b.begin(w, st, lookupUser("head"), "") })
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

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"Zoë O’Brien":  "Zoë O’Brien",
		"\x1b[31m":     "[U+001B][31m",
		"a\u202eb":     "a[U+202E]b",
		"a\u0085\n":    "a[U+0085][U+000A]",
		"\u200b\ufeff": "[U+200B][U+FEFF]",
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Text is at least 4.5 to 1 against what it stands on (WCAG 2.2, 1.4.3), borders of fields 3 to 1 (1.4.11), in light and dark.
func TestContrast(t *testing.T) {
	light, dark, ok := strings.Cut(string(styleSheet), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark colours")
	}
	colour := regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)
	for mode, text := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(text, -1) {
			if _, seen := colours[m[1]]; !seen {
				colours[m[1]] = luminance(t, m[2])
			}
		}
		for _, pair := range []struct {
			text, ground string
			least        float64
		}{
			{"text", "ground", 4.5}, {"text", "surface", 4.5}, {"text", "tint", 4.5}, {"text", "sunken", 4.5},
			{"soft", "ground", 4.5}, {"soft", "surface", 4.5}, {"soft", "tint", 4.5},
			{"accent", "surface", 4.5}, {"accent-strong", "tint", 4.5}, {"accent-strong", "surface", 4.5},
			{"on-accent", "accent", 4.5}, {"on-accent", "accent-strong", 4.5}, {"on-notice", "notice", 4.5},
			{"bad", "bad-tint", 4.5}, {"bad", "surface", 3}, {"edge", "surface", 3}, {"accent", "ground", 3},
		} {
			a, b := colours[pair.text], colours[pair.ground]
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < pair.least || a == b {
				t.Errorf("%s: %s on %s is %.2f, expected at least %.1f", mode, pair.text, pair.ground, ratio, pair.least)
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var c [3]uint8
	if _, err := fmt.Sscanf(hex, "%02x%02x%02x", &c[0], &c[1], &c[2]); err != nil {
		t.Fatal(err)
	}
	weights := []float64{0.2126, 0.7152, 0.0722}
	var sum float64
	for i, v := range slices.All(c[:]) {
		x := float64(v) / 255
		if x <= 0.04045 {
			x /= 12.92
		} else {
			x = math.Pow((x+0.055)/1.055, 2.4)
		}
		sum += weights[i] * x
	}
	return sum
}
