package emulator

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
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
	b.furtherPages(out)
	return out
}

// furtherPages visits those that the school's clients and users bring.
func (b *bench) furtherPages(out map[string]answer) {
	b.Helper()
	login := b.authorize(b.browser, of("remembering", "ui_locales", "<b>"))
	out["second step, code"] = b.submit(login, "choose", "careful")
	out["second step, code, wrong"] = b.submit(out["second step, code"], "code", "x")
	out["second step, passphrase"] = b.submit(b.authorize(b.browser, of("plain")), "choose", "wordy")
	out["second step, passphrase, wrong"] = b.submit(out["second step, passphrase"])
	out["elsewhere"] = b.authorize(b.browser, of("elsewhere"))
	out["elsewhere, unknown"] = b.authorize(b.browser, of("plain", "acr_values", "idp:<b>"))
	out["several elsewhere"] = b.authorize(b.browser, of("both"))
	out["consent, remembered"] = b.submit(login, "choose", "hostile")
	out["max_age=0"] = b.submit(b.authorize(b.browser, of("plain", "max_age", "0")), "choose", "head")
}

func TestEveryPageIsSafeAndAccessible(t *testing.T) {
	b := newSchool(t)
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
