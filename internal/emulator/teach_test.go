package emulator

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestDifferenceOfAddresses(t *testing.T) {
	const want = "https://localhost:5454/Callback?a=b"
	for sent, words := range map[string]string{
		"https://localhost:5454/callback?a=b":  "in upper and lower case",
		"http://localhost:5454/Callback?a=b":   "by its scheme",
		"https://127.0.0.1:5454/Callback?a=b":  "by its host",
		"https://localhost:5455/Callback?a=b":  "by its port",
		"https://localhost/Callback?a=b":       "by its port",
		"https://localhost:5454/Callback/?a=b": "by its path",
		"https://localhost:5454/Callback":      "by its query",
		"https://localhost:5454":               "in more than one part",
		"":                                     "in more than one part",
		"https://evil.example/":                "in more than one part",
	} {
		if got := difference(sent, want, "the registered one"); got != "differs from the registered one, “"+want+"”, "+words {
			t.Errorf("%q: %s", sent, got)
		}
	}
	if got := difference("https://localhost:5454", "https://localhost:5454/", "x"); !strings.HasSuffix(got, "by its trailing slash") {
		t.Error(got)
	}
	if got := difference("https://[::1]/", "https://[::1]:1/", "x"); !strings.HasSuffix(got, "by its port") {
		t.Error(got)
	}
}

// The log names the rule that a request broke, and the way out where there is one that is easily overlooked.
func TestMistakesAreExplained(t *testing.T) {
	var notes []Note
	b := newBench(t, Options{Config: specConfig(), As: "head", Observe: func(x Exchange) { notes = x.Notes }})
	authorize := func(alter ...string) func() {
		return func() { b.ask("code", alter...) }
	}
	redeem := func(id string, alter ...string) func() {
		return func() { b.exchange(id, b.ask(id).values.Get("code"), alter...) }
	}
	post := func(path string, f url.Values) func() { return func() { b.post(path, f) } }
	for _, row := range []struct {
		do          func()
		rule, words string
	}{
		{authorize("redirect_uri", specRedirect+"/"), "redirect-uri",
			"redirect_uri “https://app.example/Callback/” differs from the registered one, “https://app.example/Callback”, by its trailing slash; " +
				"the real STS shows an error page with status 200 and tells you nothing"},
		{authorize("client_id", "nobody"), "client", "client “nobody” is unknown or switched off; the real STS shows an error page with status 200 and tells you nothing"},
		{authorize("response_type", "id_token"), "flow", "response_type “id_token” isn't for client “code”, whose one flow is AuthorizationCode; " +
			"the real STS shows an error page with status 200 and tells you nothing"},
		{authorize("scope", "openid nothing"), "scope", "there is no scope “nothing”"},
		{func() { b.ask("codepk", "code_challenge", "-") }, "proof-key", "code_challenge is missing, and flow AuthorizationCodeWithProofKey needs one; " +
			"this error is in the fragment, even for the code flow, where your listener doesn't see it"},
		{redeem("code", "redirect_uri", strings.ToLower(specRedirect)), "redirect-uri", "redirect_uri “https://app.example/callback” differs from the one of the authorize request, " +
			"“https://app.example/Callback”, in upper and lower case; here case counts too, and the error is that of a client"},
		{redeem("code", "code_verifier", verifier), "proof-key", "a code_verifier was sent, and flow AuthorizationCode has no proof key"},
		{redeem("code", "client_secret", "wrong"), "client", "the secret of client “code” is wrong"},
		{redeem("code", "client_secret", url.QueryEscape("the secret of every client in the tables")), "client",
			"id and secret were percent-encoded for Basic, as RFC 6749 asks, and the real STS doesn't decode them: send them in the body"},
		{redeem("code", "client_secret", "-"), "client", "client_id or client_secret is missing or too long: every client has a secret, those with a proof key too"},
		{post("connect/token", clientForm("code", "grant_type", "password")), "flow", "grant_type password isn't for client “code”, whose one flow is AuthorizationCode"},
		{post("connect/token", clientForm("code", "grant_type", "refresh_token", "refresh_token", long(32))), "refresh-token",
			"the refresh token is unknown, revoked or was used before: a one-time token serves once, without any grace"},
		{post("connect/introspect", clientForm("code", "token", "x")), "scope-secret", "introspection authenticates with a scope's name and secret, not with a client's"},
		{post("connect/revocation", clientForm("code", "token", "a.b.c")), "",
			"nothing was revoked: the token is unknown, another client's, or a JWT, which can't be revoked; the answer is 200 all the same"},
		{post("connect/accesstokenvalidation", url.Values{"token": {"a.b.c"}}), "token", "the token isn't signed by this server, is damaged, or is no JWT"},
		{redeem("code"), "", "issued tokens for head"},
		{func() { b.whole("code") }, "", "issued tokens for head; the refresh token serves once: the next refresh replaces it"},
	} {
		notes = nil
		row.do()
		if want := []Note{{row.rule, row.words}}; fmt.Sprint(notes) != fmt.Sprint(want) {
			t.Errorf("got  %q\nwant %q", notes, want)
		}
	}
}

// What is in memory is shared by requests at once: each looks at a state that doesn't change under it.
func TestMemoryIsNotSharedByReaders(t *testing.T) {
	b := newBench(t, Options{Config: specConfig(), As: "head"})
	got := b.whole("reference")
	before, err := b.store.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if before.Codes != nil || before.Refresh != nil || before.References != nil {
		t.Error("read shows tokens")
	}
	sessions := len(before.Sessions)
	b.clock.pass(1e9)
	b.whole("reference", "prompt", "login")
	for _, s := range before.Sessions {
		if s.LastUsed != start {
			t.Error("a session that was read changed")
		}
	}
	if len(before.Sessions) != sessions {
		t.Error("the sessions that were read changed")
	}
	b.tokens(b.renew("reference", got.Refresh))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.store.alter(ctx, func(*state) { t.Error("changed after its end") }); err == nil {
		t.Error("no error after the end")
	}
}

// A server that runs for long forgets what has expired, and the oldest of what is too much.
func TestMemoryIsBounded(t *testing.T) {
	b := newBench(t, Options{Config: specConfig(), As: "head"})
	b.whole("code")
	count := func() (n int) {
		if err := b.store.view(t.Context(), func(st *state) { n = len(st.Refresh) }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	put := func(n int, expires bool) {
		for i := range n {
			v := &refresh{Created: start, Expires: start.AddDate(1, 0, 0)}
			if expires {
				v.Expires = start
			}
			if err := b.store.alter(t.Context(), func(st *state) { st.Refresh[fmt.Sprint(expires, i)] = v }); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(3*memoryPrune, true)
	if n := count(); n > memoryPrune+1 {
		t.Errorf("%d refresh tokens, though all but one have expired", n)
	}
	put(memoryRoom*maxRefresh+3*memoryPrune, false)
	if n := count(); n > memoryRoom*maxRefresh+memoryPrune {
		t.Errorf("%d refresh tokens", n)
	}
}
