package hostile_test

import (
	"net/http"
	"net/url"
	"strings"
)

const (
	// nothingCame is how a login ends to which only what isn't its answer has come.
	nothingCame = "no answer came to http://127.0.0.1:PORT/callback within 5m0s"
	hybrid      = "--flow=HybridWithProofKey"
)

// sends has the provider's redirect changed.
func sends(pairs ...string) func(*provider) {
	return func(p *provider) {
		p.front = url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			p.front.Add(pairs[i], pairs[i+1])
		}
	}
}

// brings has the browser do something else than the provider says.
func brings(visit func(b browser, p *provider, r asked)) func(*provider) {
	return func(p *provider) { p.visit = visit }
}

func (r asked) redirect() string { return r.Get("redirect_uri") }

// browserAttacks come to the listener of a login by code.
func browserAttacks() []attack {
	return []attack{
		{name: "no state", do: func(p *provider) { p.gone = []string{"state"} }, code: 4, want: nothingCame, unused: true},
		{name: "another state", do: sends("state", "another"), code: 4, want: nothingCame, unused: true},
		{name: "two states", do: brings(func(b browser, _ *provider, r asked) {
			b.send(http.MethodGet, r.redirect()+"?"+r.answer.Encode()+"&state=another", nil, nil)
		}), code: 4, want: nothingCame, unused: true},
		{name: "a code and an error", do: sends("error", "access_denied"), code: 4, want: nothingCame, unused: true},
		{name: "a code of a foreign page's form", do: brings(func(b browser, _ *provider, r asked) {
			b.send(http.MethodPost, r.redirect(), r.answer, http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}})
		}), code: 4, want: nothingCame, unused: true},
		{name: "a code of a foreign page's form, where forms are awaited", do: brings(func(b browser, _ *provider, r asked) {
			b.send(http.MethodPost, r.redirect(), url.Values{"code": {"evil"}, "state": {"guessed"}}, http.Header{"Sec-Fetch-Site": {"cross-site"}})
		}), args: []string{"--response-mode=form_post"}, code: 4, want: nothingCame, unused: true},
		{name: "a code in the query, where forms are awaited", do: nil, args: []string{"--response-mode=form_post"}, code: 4, want: nothingCame, unused: true},
		{name: "a fragment of a foreign page", do: brings(func(b browser, _ *provider, r asked) {
			page, _ := url.Parse(r.redirect())
			_, body := b.send(http.MethodGet, page.String(), nil, nil)
			b.send(http.MethodPost, relay(page, body), url.Values{"fragment": {r.answer.Encode()}}, http.Header{"Sec-Fetch-Site": {"cross-site"}})
		}), args: []string{hybrid}, code: 4, want: nothingCame, unused: true},
		{name: "a name rebound to this machine", do: brings(func(b browser, _ *provider, r asked) {
			to, _ := url.Parse(r.redirect())
			b.send(http.MethodGet, r.redirect()+"?"+r.answer.Encode(), nil, http.Header{"Host": {"evil.example:" + to.Port()}})
		}), code: 4, want: nothingCame, unused: true},
		{name: "another name of this machine", do: brings(func(b browser, _ *provider, r asked) {
			to, _ := url.Parse(r.redirect())
			b.send(http.MethodGet, r.redirect()+"?"+r.answer.Encode(), nil, http.Header{"Host": {"localhost:" + to.Port()}})
		}), code: 4, want: nothingCame, unused: true},
		{name: "another path", do: brings(func(b browser, _ *provider, r asked) {
			b.send(http.MethodGet, strings.Replace(r.redirect(), "/callback", "/callback/", 1)+"?"+r.answer.Encode(), nil, nil)
		}), code: 4, want: nothingCame, unused: true},
		{name: "an endless answer", do: sends("code", strings.Repeat("x", 100<<10)), code: 4, want: nothingCame, unused: true},
		{name: "another issuer's answer", do: sends("iss", "https://evil.example"), code: 3, unused: true,
			want: `sign in: the answer came from another issuer: expected "ISSUER", got "https://evil.example"`},
		{name: "another issuer's error", do: sends("iss", "https://evil.example", "error", "access_denied", "code", ""), code: 3, unused: true,
			want: `sign in: the answer came from another issuer: expected "ISSUER", got "https://evil.example"`},
		{name: "the issuer with a slash", do: func(p *provider) { sends("iss", p.URL+"/")(p) }, code: 3, unused: true,
			want: `sign in: the answer came from another issuer: expected "ISSUER", got "ISSUER/"`},
		{name: "no issuer, though it is promised", do: func(p *provider) {
			p.metadata = claims{"authorization_response_iss_parameter_supported": true}
		}, code: 3, unused: true, want: `sign in: the answer names no issuer: expected "ISSUER"`},
		{name: "an error with escapes and HTML", do: sends("code", "", "error", "access_denied",
			"error_description", "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202e\nerror: all is well"), code: 4, unused: true,
			want: `sign in: access_denied: \x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202e\x0aerror: all is well`},
		{name: "an error code with escapes", do: sends("code", "", "error", "\x1b[31mserver_error\u009b0m"), code: 1, unused: true,
			want: `sign in: \x1b[31mserver_error\u009b0m`},
		{name: "an endless error description", do: sends("code", "", "error", "server_error", "error_description", strings.Repeat("x", 8<<10)),
			code: 5, unused: true, want: "sign in: server_error: " + strings.Repeat("x", 1000) + "…"},
	}
}

// frontAttacks are lies about what comes through the browser beside the code, or without one.
func frontAttacks() []attack {
	front := func(c claims) func(*provider) { return func(p *provider) { p.frontID = c } }
	return []attack{
		{name: "hybrid: c_hash of another code", do: front(claims{"c_hash": leftHash("code-2")}), args: []string{hybrid}, code: 3, want: `the token doesn't hold: c_hash: expected "Ub1mOf7XwLSCavbAa_5PTA", got "DKqIwlfXEiJo9klFOfrt9g", the ID token belongs to something else than the code`, unused: true},
		{name: "hybrid: the code changed on its way", do: sends("code", "code-2"), args: []string{hybrid}, code: 3, want: `the token doesn't hold: c_hash: expected "DKqIwlfXEiJo9klFOfrt9g", got "Ub1mOf7XwLSCavbAa_5PTA", the ID token belongs to something else than the code`, unused: true},
		{name: "hybrid: no c_hash", do: front(claims{"c_hash": nil}), args: []string{hybrid}, code: 3, want: "the token doesn't hold: c_hash: it is missing, and nothing else ties the code to the token: both came through the browser", unused: true},
		{name: "hybrid: c_hash that is no text", do: front(claims{"c_hash": 1}), args: []string{hybrid}, code: 3, want: `the token doesn't hold: c_hash: expected "Ub1mOf7XwLSCavbAa_5PTA", got "", the ID token belongs to something else than the code`, unused: true},
		{name: "hybrid: at_hash of another token", do: front(claims{"at_hash": leftHash("other")}),
			args: []string{hybrid, "--response-type=code id_token token"}, code: 3, want: `the token doesn't hold: at_hash: expected "sEYJXsIqgCir7NArpP29VQ", got "2SmKENGwc1g33EvYXaxkGw", the ID token belongs to something else than the access token`, unused: true},
		{name: "hybrid: no at_hash", do: front(claims{"at_hash": nil}), args: []string{hybrid, "--response-type=code id_token token"}, code: 3, want: "the token doesn't hold: at_hash: it is missing, and nothing else ties the access token to the token: both came through the browser", unused: true},
		{name: "hybrid: another nonce", do: front(claims{"nonce": "another"}), args: []string{hybrid}, code: 3, want: "the token doesn't hold: nonce: it isn't the one sent: the token answers another request", unused: true},
		{name: "hybrid: no nonce", do: front(claims{"nonce": nil}), args: []string{hybrid}, code: 3, want: "the token doesn't hold: nonce: one was sent, and the token has none", unused: true},
		{name: "hybrid: another issuer", do: front(claims{"iss": "https://evil.example"}), args: []string{hybrid}, code: 3, want: `the token doesn't hold: issuer: expected "ISSUER", got "https://evil.example"`, unused: true},
		{name: "hybrid: no ID token", do: func(p *provider) { p.gone = []string{"id_token"} }, args: []string{hybrid}, code: 4, want: nothingCame, unused: true},
		{name: "hybrid: another user behind the code", do: func(p *provider) { p.id = claims{"sub": "user-2"} }, args: []string{hybrid}, code: 3, want: `the token doesn't hold: subject: expected "user-1", got "user-2", it is another user than before`},
		{name: "hybrid: the keys were changed meanwhile", do: func(p *provider) {
			p.rotate = 2
			p.serve["/token"] = func(w http.ResponseWriter, r *http.Request) {
				p.change(func(p *provider) {
					p.header = claims{"kid": "key-2"}
					p.sign = func(input string) string { return signed(otherKey(), input) }
				})
				p.redeem(w, r)
			}
		}, args: []string{hybrid}, code: 0},
		{name: "implicit: no nonce", do: front(claims{"nonce": nil}), args: []string{"--flow=Implicit", "--response-type=id_token"}, code: 3, want: "the token doesn't hold: nonce: one was sent, and the token has none"},
		{name: "implicit: at_hash of another token", do: front(claims{"at_hash": leftHash("other")}), args: []string{"--flow=Implicit"}, code: 3, want: `the token doesn't hold: at_hash: expected "sEYJXsIqgCir7NArpP29VQ", got "2SmKENGwc1g33EvYXaxkGw", the ID token belongs to something else than the access token`},
		{name: "implicit: the access token changed on its way", do: sends("access_token", "evil"), args: []string{"--flow=Implicit"}, code: 3, want: `the token doesn't hold: at_hash: expected "tcH7Lvxta0Z0wv3MSM4BtA", got "sEYJXsIqgCir7NArpP29VQ", the ID token belongs to something else than the access token`},
		{name: "implicit: a token of another type", do: sends("token_type", "mac"), args: []string{"--flow=Implicit"}, code: 1, want: `sign in: the browser: token_type is "mac" instead of Bearer`},
	}
}
