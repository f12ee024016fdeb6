package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestAuthorizeErrors has a row for each way in which IdentityServer3's authorize endpoint says no. Every answer is compared
// whole: a page has nothing for the client, a redirect has these parameters and no other.
func TestAuthorizeErrors(t *testing.T) {
	const (
		onPage     = "page"
		inQuery    = "?"
		inFragment = "#"
	)
	long := func(n int) string { return strings.Repeat("a", n) }
	rows := []struct {
		rule  string
		alter []string
		where string
		want  string // the page's code, or the encoded parameters
	}{
		{"unknown client: page", []string{"client_id", "nobody"}, onPage, "unauthorized_client"},
		{"client id differs in case: page", []string{"client_id", strings.ToUpper(BuiltinClientID)}, onPage, "unauthorized_client"},
		{"missing client_id: page", []string{"client_id", "-"}, onPage, "invalid_request"},
		{"client_id over 100: page", []string{"client_id", long(101)}, onPage, "invalid_request"},
		{"missing redirect_uri: page", []string{"redirect_uri", "-"}, onPage, "invalid_request"},
		{"redirect_uri over 400: page", []string{"redirect_uri", callback + "?" + long(400)}, onPage, "invalid_request"},
		{"unregistered redirect_uri: page", []string{"redirect_uri", "https://evil.example/callback"}, onPage, "unauthorized_client"},
		{"trailing slash on redirect_uri: page", []string{"redirect_uri", callback + "/"}, onPage, "unauthorized_client"},
		{"localhost isn't 127.0.0.1: page", []string{"redirect_uri", "http://localhost:43210/callback"}, onPage, "unauthorized_client"},
		{"any port is loopback's alone: page", []string{"redirect_uri", "http://127.0.0.1.evil.example:80/callback"}, onPage, "unauthorized_client"},
		{"userinfo in redirect_uri: page", []string{"redirect_uri", "http://127.0.0.1:1@evil.example/callback"}, onPage, "unauthorized_client"},
		{"backslash in redirect_uri: page", []string{"redirect_uri", `http://127.0.0.1:1\@evil.example/callback`}, onPage, "unauthorized_client"},
		{"port out of range: page", []string{"redirect_uri", "http://127.0.0.1:65536/callback"}, onPage, "unauthorized_client"},
		{"port with leading zero: page", []string{"redirect_uri", "http://127.0.0.1:080/callback"}, onPage, "unauthorized_client"},
		{"no port: page", []string{"redirect_uri", "http://127.0.0.1/callback"}, onPage, "unauthorized_client"},
		{"query on redirect_uri: page", []string{"redirect_uri", callback + "?a=b"}, onPage, "unauthorized_client"},
		{"fragment on redirect_uri: page", []string{"redirect_uri", callback + "#a"}, onPage, "unauthorized_client"},
		{"line break in redirect_uri: page", []string{"redirect_uri", callback + "\r\nSet-Cookie: a=b"}, onPage, "invalid_request"},
		{"letter that folds to ASCII in redirect_uri: page", []string{"redirect_uri", "http://127.0.0.1:1/callbac\u212a"}, onPage, "invalid_request"},
		{"two client ids: page", []string{"client_id", BuiltinClientID + "," + BuiltinClientID}, onPage, "unauthorized_client"},
		{"missing response_type: page", []string{"response_type", "-"}, onPage, "unsupported_response_type"},
		{"bad response_type: page", []string{"response_type", "magic"}, onPage, "unsupported_response_type"},
		{"response_type in another case: page", []string{"response_type", "Code"}, onPage, "unsupported_response_type"},
		{"another flow than the client's: page", []string{"response_type", "id_token code"}, onPage, "unauthorized_client"},
		{"response_mode=fragment in the code flow: page", []string{"response_mode", "fragment"}, onPage, "unsupported_response_type"},
		{"unknown response_mode: page", []string{"response_mode", "query.jwt"}, onPage, "unsupported_response_type"},
		{"scope that exists but isn't the client's: page", []string{"scope", "openid rapapi"}, onPage, "unauthorized_client"},
		{"prompt=select_account: page", []string{"prompt", "select_account"}, onPage, "unsupported_prompt"},

		{"no code_challenge: fragment", []string{"code_challenge", "-"}, inFragment,
			"error=invalid_request&error_description=code%20challenge%20required&state=the%20state"},
		{"short code_challenge: fragment", []string{"code_challenge", long(42)}, inFragment, "error=invalid_request&state=the%20state"},
		{"long code_challenge: fragment", []string{"code_challenge", long(129)}, inFragment, "error=invalid_request&state=the%20state"},
		{"unknown method: fragment", []string{"code_challenge_method", "S512"}, inFragment,
			"error=invalid_request&error_description=transform%20algorithm%20not%20supported&state=the%20state"},
		{"method in another case: fragment", []string{"code_challenge_method", "s256"}, inFragment,
			"error=invalid_request&error_description=transform%20algorithm%20not%20supported&state=the%20state"},
		{"proof key's errors ignore form_post: fragment", []string{"code_challenge", "-", "response_mode", "form_post"}, inFragment,
			"error=invalid_request&error_description=code%20challenge%20required&state=the%20state"},

		{"missing scope: query", []string{"scope", "-"}, inQuery, "error=invalid_request&state=the%20state"},
		{"scope over 300: query", []string{"scope", "openid " + long(300)}, inQuery, "error=invalid_request&state=the%20state"},
		{"nonce over 300: query", []string{"nonce", long(301)}, inQuery, "error=invalid_request&state=the%20state"},
		{"max_age no number: query", []string{"max_age", "soon"}, inQuery, "error=invalid_request&state=the%20state"},
		{"max_age negative: query", []string{"max_age", "-1"}, inQuery, "error=invalid_request&state=the%20state"},
		{"login_hint over 100: query", []string{"login_hint", long(101)}, inQuery, "error=invalid_request&state=the%20state"},
		{"ui_locales over 100: query", []string{"ui_locales", long(101)}, inQuery, "error=invalid_request&state=the%20state"},
		{"acr_values over 300: query", []string{"acr_values", long(301)}, inQuery, "error=invalid_request&state=the%20state"},
		{"unknown scope: query", []string{"scope", "openid nothing"}, inQuery, "error=invalid_scope&state=the%20state"},
		{"identity scopes without openid: query", []string{"scope", "profile"}, inQuery, "error=invalid_scope&state=the%20state"},
		{"the exclusive scopes together: query", []string{"scope", "openid partnermanagementapplication simsmultiorgapplication"}, inQuery,
			"error=invalid_scope&state=the%20state"},
		{"prompt=none, not signed in: query", []string{"prompt", "none"}, inQuery, "error=login_required&state=the%20state"},
		{"no state, none echoed: query", []string{"prompt", "none", "state", "-"}, inQuery, "error=login_required"},
		{"state is echoed as sent, encoded", []string{"prompt", "none", "state", "<&=?#é\r\n>"}, inQuery,
			"error=login_required&state=%3C%26%3D%3F%23%C3%A9%0D%0A%3E"},
	}
	b := newBench(t, Options{})
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			q := authorizeQuery(row.alter...)
			if row.rule == "two client ids: page" {
				q["client_id"] = []string{BuiltinClientID, BuiltinClientID}
			}
			got := b.authorize(b.browser, q)
			if row.where == onPage {
				if got.status != http.StatusOK || got.location != "" || !strings.Contains(got.body, "<code>"+row.want+"</code>") {
					t.Errorf("status %d, location %q, %s", got.status, got.location, got.body)
				}
				return
			}
			if want := callback + row.where + row.want; got.status != http.StatusFound || got.location != want {
				t.Errorf("status %d, location\n%s, expected 302 and\n%s", got.status, got.location, want)
			}
		})
	}
}

func TestAuthorizeAccepts(t *testing.T) {
	rows := []struct {
		rule  string
		alter []string
	}{
		{"the request as it is", nil},
		{"redirect_uri in another case", []string{"redirect_uri", "HTTP://127.0.0.1:43210/CALLBACK"}},
		{"another port of loopback", []string{"redirect_uri", "http://127.0.0.1:1/callback"}},
		{"no method means plain", []string{"code_challenge_method", "-"}},
		{"unknown parameters are ignored", []string{"foo", "bar", "resource", "https://api.example"}},
		{"prompt as a list is ignored", []string{"prompt", "none login"}},
		{"unknown prompt is ignored", []string{"prompt", "create"}},
		{"nonce isn't needed in the code flow", []string{"nonce", "-"}},
		{"explicit response_mode=query", []string{"response_mode", "query"}},
		{"scopes at their longest", []string{"scope", "openid" + strings.Repeat(" ", 294)}},
		{"acr_values of no meaning", []string{"acr_values", "tenant:x whatever"}},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			b := newBench(t, Options{})
			page := b.authorize(b.browser, authorizeQuery(row.alter...))
			if page.at != "/login" || page.status != http.StatusOK {
				t.Fatalf("no sign-in page: %d at %s, location %q", page.status, page.at, page.location)
			}
			page = b.submit(page, "username", "head", "password", "sample-head")
			redirect := authorizeQuery(row.alter...).Get("redirect_uri")
			if page.status != http.StatusSeeOther || !strings.HasPrefix(page.location, redirect+"?code=") {
				t.Errorf("status %d, location %q", page.status, page.location)
			}
		})
	}
}

// The success parameters in IdentityServer3's order, and no "iss".
func TestAuthorizeSuccessIsWhole(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	got := b.authorize(b.browser, authorizeQuery())
	names := []string{}
	_, query, _ := strings.Cut(got.location, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	if strings.Join(names, " ") != "code state session_state" {
		t.Errorf("location %q", got.location)
	}
	if v := b.landed(got); v.Get("state") != "the state" || len(strings.Trim(v.Get("code"), "0123456789abcdef")) != 0 || len(v.Get("code")) != 32 {
		t.Errorf("location %q", got.location)
	}
	got = b.authorize(b.browser, authorizeQuery("scope", "partnermanagementapplication", "state", "-"))
	if v := b.landed(got); len(v) != 1 || v.Get("code") == "" {
		t.Errorf("without openid: location %q", got.location)
	}
}

func TestFormPostIsAFormThatSubmitsItself(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	got := b.authorize(b.browser, authorizeQuery("response_mode", "form_post"))
	if got.status != http.StatusOK || !strings.Contains(got.body, `<form method="post" action="`+callback+`">`) ||
		!strings.Contains(got.body, "<script>"+submitScript+"</script>") {
		t.Fatalf("status %d, %s", got.status, got.body)
	}
	if f := fields(got.body); f.Get("state") != "the state" || len(f.Get("code")) != 32 || len(f) != 3 {
		t.Errorf("fields %v", f)
	}
	const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"form-action 'self' http://127.0.0.1:43210; script-src 'sha256-"
	if csp := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, policy) {
		t.Errorf("policy %q", csp)
	}
	got = b.authorize(b.browser, authorizeQuery("response_mode", "form_post", "scope", "nothing", "state", `"><script>`))
	if f := fields(got.body); f.Encode() != (url.Values{"error": {"invalid_scope"}, "state": {`"><script>`}}).Encode() {
		t.Errorf("error fields %v in %s", f, got.body)
	}
}

// A client without the built-in one's licence: the whole string, ignoring case.
func TestRedirectURIOfOtherClients(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	b.add(nil)
	for uri, want := range map[string]int{
		"https://localhost:5454/Callback":  http.StatusFound,
		"HTTPS://LOCALHOST:5454/callback":  http.StatusFound,
		"https://localhost:5455/Callback":  http.StatusOK,
		"https://localhost:5454/Callback/": http.StatusOK,
		"https://localhost/Callback":       http.StatusOK,
		"https://127.0.0.1:5454/Callback":  http.StatusOK,
		"http://127.0.0.1:5454/Callback":   http.StatusOK,
		"http://localhost:5454/Callback":   http.StatusOK,
	} {
		if got := b.authorize(b.browser, otherQuery("redirect_uri", uri)); got.status != want {
			t.Errorf("%s: status %d, expected %d", uri, got.status, want)
		}
	}
}

// "Any port" is the built-in client's alone: for others a port 0 is a port like any other.
func TestAnyPortIsTheBuiltinClientsAlone(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	b.add(func(c *ClientConfig) { c.RedirectURIs = []string{BuiltinRedirect} })
	if got := b.authorize(b.browser, otherQuery("redirect_uri", callback)); got.status != http.StatusOK {
		t.Errorf("status %d, %q", got.status, got.location)
	}
	if got := b.authorize(b.browser, otherQuery("redirect_uri", BuiltinRedirect)); got.status != http.StatusFound {
		t.Errorf("status %d", got.status)
	}
}

func TestPathsIgnoreCaseAndMethodsAreHeld(t *testing.T) {
	b := newBench(t, Options{As: "head"})
	for _, row := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/.Well-Known/OpenID-Configuration", 200, ""},
		{"GET", "/.WELL-KNOWN/JWKS", 200, ""},
		{"GET", "/Connect/Authorize?" + authorizeQuery().Encode(), 302, ""},
		{"POST", "/connect/authorize", 405, "GET"},
		{"HEAD", "/connect/authorize", 405, "GET"},
		{"GET", "/connect/token", 405, "POST"},
		{"GET", "/connect/introspect", 405, "POST"},
		{"GET", "/connect/revocation", 405, "POST"},
		{"PUT", "/connect/userinfo", 405, "GET, POST"},
		{"DELETE", "/connect/endsession", 405, "GET, POST"},
		{"GET", "/logout", 405, "POST"},
		{"POST", "/", 405, "GET, HEAD"},
		{"HEAD", "/", 200, ""},
		{"GET", "/connect/nothing", 404, ""},
		{"GET", "/connect/token/", 404, ""},
	} {
		got := b.do(b.browser, b.request(row.method, b.base+row.path, nil))
		if got.status != row.status || got.header.Get("Allow") != row.allow {
			t.Errorf("%s %s: status %d, Allow %q", row.method, row.path, got.status, got.header.Get("Allow"))
		}
	}
}
