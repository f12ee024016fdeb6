package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzRequest sends anything anywhere: no panic, no 5xx, nothing that a caller sent comes back as markup, and no header is split.
func FuzzRequest(f *testing.F) {
	type seed struct{ method, target, kind, auth, cookie, body string }
	const form = "application/x-www-form-urlencoded"
	for _, s := range []seed{
		{"GET", "/connect/authorize?" + authorizeQuery().Encode(), "", "", "", ""},
		{"GET", "/connect/authorize?" + authorizeQuery("response_mode", "form_post", "state", "\"'><script>alert(2)</script>").Encode(), "", "", "", ""},
		{"GET", "/connect/authorize?client_id=%zz;&scope=%00&max_age=99999999999999999999", "", "", "", ""},
		{"POST", "/connect/token", form, "", "", tokenForm("code", strings.Repeat("0", 32)).Encode()},
		{"POST", "/connect/token", form + ";", "Basic Og==", "", "grant_type=%ff&grant_type=refresh_token&refresh_token=x"},
		{"POST", "/connect/token", "multipart/form-data; boundary=", "Basic \x00", "", "--\r\n"},
		{"POST", "/connect/introspect", form, "Basic cGFydG5lcjp4", "", "token=a.b.c"},
		{"GET", "/connect/userinfo", "", "Bearer eyJhbGciOiJSUzI1NiJ9.e30.", "", ""},
		{"POST", "/connect/accesstokenvalidation", form, "", "", "token=..&expectedScope=%0d%0a"},
		{"GET", "/connect/endsession?id_token_hint=a.b.c&post_logout_redirect_uri=javascript:alert(2)&state=%22", "", "", "simsid-emulator-session=x", ""},
		{"POST", "/login", form, "", "simsid-emulator-form=" + strings.Repeat("0", 32), "signin=x&token=%3Cscript%3Ealert(2)&choose=head"},
		{"POST", "/organisation", form, "", "simsid-emulator-form=;", "organisation=x"},
		{"GET", "/%2e%2e/etc/passwd", "", "", "", ""},
	} {
		f.Add(s.method, s.target, s.kind, s.auth, s.cookie, s.body)
	}
	f.Fuzz(func(t *testing.T, method, target, kind, auth, cookie, body string) {
		b := newBench(t, Options{})
		for _, as := range []*user{nil, b.lookupUser("hostile")} {
			b.as.Store(as)
			r, err := http.NewRequestWithContext(t.Context(), method, "https://emulator.simsid.invalid", strings.NewReader(body))
			if err != nil {
				return // no method of HTTP
			}
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Authorization", auth)
			r.Header.Set("Cookie", cookie)
			res, err := b.Transport().RoundTrip(r)
			if err != nil {
				if strings.Contains(err.Error(), "longer than") {
					continue
				}
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode >= 500 {
				t.Errorf("status %d", res.StatusCode)
			}
			for name, values := range res.Header {
				for _, v := range values {
					if strings.ContainsAny(v, "\r\n\x00") {
						t.Errorf("%s: %q", name, v)
					}
				}
			}
			if to := res.Header.Get("Location"); to != "" && !strings.HasPrefix(strings.ToLower(to), "http://127.0.0.1:") &&
				!strings.HasPrefix(to, "/login?signin=") {
				t.Errorf("redirect to %q", to)
			}
		}
	})
}

// FuzzRedirectURI holds the any-port rule against the parser that browsers' rules are closest to.
func FuzzRedirectURI(f *testing.F) {
	for _, uri := range []string{
		callback, "http://127.0.0.1:0/callback", "http://127.0.0.1:99999/callback", "http://127.0.0.1:1@evil.example/callback",
		"HTTP://127.0.0.1:1/CALLBACK", "http://127.0.0.1:/callback", "http://127.0.0.1:1#/callback", "http://127.0.0.1:1/callback?x",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		c := builtinClient()
		if !printable(uri) || !c.allowsRedirect(uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || !strings.EqualFold(u.Path, "/callback") ||
			u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q is allowed", uri)
		}
	})
}

// FuzzVerify: nothing but what the key has signed is ever taken for a token.
func FuzzVerify(f *testing.F) {
	record, err := sharedKey()
	if err != nil {
		f.Fatal(err)
	}
	key, err := record.parse()
	if err != nil {
		f.Fatal(err)
	}
	signed, err := key.sign(claimSet{}.with("sub", "x"))
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range []string{"", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", signed[:len(signed)-4], signed + "."} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if claims, err := key.verify(raw); err == nil && raw != signed {
			t.Errorf("%q passes with %s", raw, claims.bytes())
		}
	})
}
