package provider

import (
	"errors"
	"testing"
	"time"
)

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&OAuthError{Operation: "refresh", Code: "invalid_grant", Status: 400}, "refresh: invalid_grant (HTTP 400)"},
		{&OAuthError{Operation: "sign in", Code: "access_denied", Description: "no \x1b[31m\u202e way\n"}, `sign in: access_denied: no \x1b[31m\u202e way\x0a`},
		{&OAuthError{Operation: "introspect", Status: 401}, "introspect: refused (HTTP 401)"},
		{&OAuthError{Operation: "introspect", Description: "missing_token", Status: 400}, "introspect: refused: missing_token (HTTP 400)"},
		{&UnavailableError{Operation: "refresh", Host: "sts.example", Err: errors.New("no route")}, "refresh: sts.example: no route"},
		{&UnavailableError{Operation: "refresh", Host: "sts.example", Status: 502}, "refresh: sts.example: HTTP 502"},
		{&UnavailableError{Operation: "refresh", Host: "sts.example", Status: 503, RetryAfter: 90 * time.Second},
			"refresh: sts.example: HTTP 503, to be tried again after 1m30s"},
		{&ResponseError{"revoke", "sts.example", 200, "no JSON object"}, "revoke: sts.example: no JSON object (HTTP 200)"},
		{&ResponseError{"authorize", "sts.example", 0, "no"}, "authorize: sts.example: no"},
		{&AddressError{"http://sts.example/", "is plain http"}, `address "http://sts.example/" is plain http`},
		{&IssuerError{Expected: "https://a", Got: "https://b"}, `discovery document of another issuer: expected "https://a", got "https://b"`},
		{&IssuerError{Expected: "https://a", Got: "https://a/", SlashOnly: true, Pinned: true},
			`discovery document of another issuer: expected "https://a" as pinned earlier, got "https://a/"; they differ by a trailing slash alone`},
		{&UnsupportedError{Operation: "introspect", Issuer: "https://a/"}, `introspect: "https://a/" has no endpoint for it`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"Zoë ✓ 日本":             "Zoë ✓ 日本",
		"a\tb\r\n":             `a\x09b\x0d\x0a`,
		"\x00\x7f\u0085\u009b": `\x00\x7f\u0085\u009b`,
		"\xff\xfeok":           `\xff\xfeok`,
		"\u2066x\u200b":        `\u2066x\u200b`,
		"\U000e0041":           `\ue0041`,
		"\ufffd":               "\ufffd",
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aä", 2, "a…"}, {"ä", 1, "…"}, {"\x80\x80\x80", 2, "…"}} {
		if got := clip(c.in, c.n); got != c.want {
			t.Errorf("%q at %d: %q", c.in, c.n, got)
		}
	}
}
