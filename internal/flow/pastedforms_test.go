package flow

import (
	"net/url"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// TestMatches holds a pasted address against a redirect URI: scheme, host, port and path are its own, and there is no user name.
func TestMatches(t *testing.T) {
	for _, c := range []struct {
		uri, address string
		want         bool
	}{
		{"http://localhost:5454/cb", "http://localhost:5454/cb", true},
		{"http://localhost:5454/cb", "http://LOCALHOST:5454/cb", true},
		{"http://localhost:5454/cb", "https://localhost:5454/cb", false},
		{"http://localhost:5454/cb", "http://localhost:5455/cb", false},
		{"http://localhost:5454/cb", "http://localhost/cb", false},
		{"http://localhost:5454/cb", "http://127.0.0.1:5454/cb", false},
		{"http://localhost:5454/cb", "http://localhost:5454/CB", false},
		{"http://localhost:5454/cb", "http://localhost:5454/cb/", false},
		{"http://localhost:5454/cb", "http://localhost:5454", false},
		{"http://localhost:5454/cb", "http://user@localhost:5454/cb", false},
		{"http://localhost:5454/", "http://localhost:5454", true},
		{"http://localhost:5454/", "http://localhost:5454/other", false},
		{"http://localhost:5454", "http://localhost:5454/", true},
		{"https://app.example/", "https://app.example:443", true},
		{"com.example.app:/cb", "com.example.app:/cb", true},
		{"com.example.app:/cb", "com.example.app:/other", false},
		{"com.example.app:/cb", "com.example.app:cb", false},
		{"com.example.app:/cb", "com.example.app://evil/cb", false},
		{"com.example.app:/cb", "com.example.other:/cb", false},
		{"com.example.app:cb", "com.example.app:cb", true},
		{"com.example.app:cb", "com.example.app:other", false},
		{"com.example.app://host/cb", "com.example.app://host/cb", true},
	} {
		r, err := parseRedirect(c.uri, "")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.matches(u); got != c.want {
			t.Errorf("%s for %s: got %t", c.address, c.uri, got)
		}
	}
}

// TestPastedQuery tells what is the answer's own in what was pasted.
func TestPastedQuery(t *testing.T) {
	for _, c := range []struct {
		uri, line, query string
		why              refusal
	}{
		{"http://localhost:5454/", "localhost:5454?code=c", "code=c", ""},
		{"http://localhost:5454/", "localhost:5454#code=c", "code=c", ""},
		{"http://localhost:5454/", "localhost:5454/?code=c", "code=c", ""},
		{"http://localhost:5454/", "code", "", refusedText},
		{"http://localhost:5454/", "state", "", refusedText},
		{"http://localhost:5454/", "mailto:somebody@example.com", "", refusedText},
		{"http://localhost:5454/", "com.example.app:/cb?code=c", "", refusedText},
		{"com.example.app:/cb", "com.example.app:/cb?code=c", "code=c", ""},
		{"com.example.app:/cb", "com.example.app:/other?code=c", "", refusedAddress},
		{"com.example.app:/cb", "http://localhost/cb?code=c", "", refusedAddress},
	} {
		r, err := parseRedirect(c.uri, "")
		if err != nil {
			t.Fatal(err)
		}
		if query, why := pastedQuery(c.line, r); query != c.query || why != c.why {
			t.Errorf("%q for %s: got %q, %q, expected %q, %q", c.line, c.uri, query, why, c.query, c.why)
		}
	}
}

// TestBareCodeWords: a word that may be a code is one where a code is wanted; elsewhere only one that nobody types by chance.
func TestBareCodeWords(t *testing.T) {
	long := strings.Repeat("c", bareLength)
	for _, c := range []struct {
		word             string
		wanted, unwanted bool
	}{
		{"", false, false}, {"c", true, false}, {long[1:], true, false}, {long, true, true}, {"~" + long, true, true}, {"!" + long, true, true},
		{long + "\x7f", false, false}, {long + "é", false, false}, {long + " x", false, false}, {long + "\t", false, false},
		{long + "?", false, false}, {long + "&", false, false}, {long + `"`, false, false}, {long + `\`, false, false},
		{strings.Repeat("c", maxQuery), true, true}, {strings.Repeat("c", maxQuery+1), false, false},
	} {
		if wanted, unwanted := isBareCode(c.word, true), isBareCode(c.word, false); wanted != c.wanted || unwanted != c.unwanted {
			t.Errorf("%.30q: got %t and %t, expected %t and %t", c.word, wanted, unwanted, c.wanted, c.unwanted)
		}
	}
}

// TestNoBareCode: what is a part of an answer isn't taken for a code, though it might be one by its letters.
func TestNoBareCode(t *testing.T) {
	e := expected{state: token.NewSecret("s"), mode: ModeQuery, parts: parts{code: true}}
	for line, want := range map[string]refusal{
		"code=SplxlOBeZQQYbYS6WxSbIA":  refusedNoState,
		"state=SplxlOBeZQQYbYS6WxSbIA": refusedState,
		"SplxlOBeZQQYbYS6WxSbIA":       "",
		"what has this to do with me?": refusedText,
	} {
		if _, why := parsePasted(line, pasteRedirect(), e, true); why != want {
			t.Errorf("%q: expected %q, got %q", line, want, why)
		}
	}
	if _, why := parsePasted("code=SplxlOBeZQQYbYS6WxSbIA", pasteRedirect(), e, false); why != refusedNoState {
		t.Errorf("got %q", why)
	}
}

// TestUnescapeHTMLWords: only what a page's source has is taken out.
func TestUnescapeHTMLWords(t *testing.T) {
	for in, want := range map[string]string{
		"a&amp;b": "a&b", "&amp;&amp;": "&&", "x&amp": "x&amp", "a&b;c": "a&b;c", "a&section=1": "a&section=1", "&#38;": "&", "&": "&", "": "",
		"&amp;amp;": "&amp;", "a&amp;b&c&lt;d": "a&b&c<d",
	} {
		if got := unescapeHTML(in); got != want {
			t.Errorf("%q: expected %q, got %q", in, want, got)
		}
	}
}

// TestPastedBlock: lines that come together are bounded together, and what was refused is forgotten.
func TestPastedBlock(t *testing.T) {
	var events []Event
	w := &waiting{
		request:  LoginRequest{Clock: newFakeClock(), Event: func(e Event) { events = append(events, e) }},
		listener: newLoopback(t.Context(), pasteRedirect(), expected{state: token.NewSecret("s"), mode: ModeQuery, parts: parts{code: true}}, token.NewSecret("l")),
		lines:    make(chan pasted),
	}
	half := strings.Repeat("x", maxLine/2)
	hear := func(line string, want bool) {
		t.Helper()
		if _, ok, err := w.hear(pasted{line: line}); ok != want || err != nil {
			t.Errorf("%.20q: got %t, %v", line, ok, err)
		}
	}
	hear(half, false)
	hear(half, false) // together as long as may be
	if len(events) > 0 || len(w.block) != 2 || w.settled == nil {
		t.Errorf("got %v, %d lines", events, len(w.block))
	}
	hear("y", false)
	if len(events) != 1 || events[0] != (PasteRefused{Reason: string(refusedLong)}) || w.block != nil || w.settled != nil {
		t.Errorf("got %v, %d lines", events, len(w.block))
	}
	hear("code=c&state=s", false)
	hear("", true)
	if _, ok, err := w.hear(pasted{end: true}); ok || err != nil || w.lines != nil {
		t.Errorf("after the end: %t, %v", ok, err)
	}
}

// TestDotSegments: a browser takes them out of the path before it asks.
func TestDotSegments(t *testing.T) {
	for _, uri := range []string{"http://localhost/./cb", "http://localhost/cb/..", "http://localhost/a/../cb", "http://localhost/."} {
		if _, err := parseRedirect(uri, ""); err == nil {
			t.Errorf("%s was taken", uri)
		}
	}
	for _, uri := range []string{"http://localhost/.cb", "http://localhost/..cb", "http://localhost/a.b/"} {
		if _, err := parseRedirect(uri, ""); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
