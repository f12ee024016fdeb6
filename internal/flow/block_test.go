package flow

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// pastedBlock is a login that waits for lines, and its pieces of an answer.
func pastedBlock(insecure bool) *waiting {
	r, err := parseRedirect("https://app.example/cb", "")
	if err != nil {
		panic(err)
	}
	return &waiting{
		request:  LoginRequest{InsecureNoState: insecure},
		listener: &loopback{redirect: r, expected: expected{state: token.NewSecret("STATE"), mode: ModeQuery, parts: parts{code: true}}},
	}
}

// TestParseBlock finds an answer that was wrapped, and leaves the lines before and behind it alone. open: it may go on.
func TestParseBlock(t *testing.T) {
	junk := slices.Repeat([]string{"junk"}, 20)
	for _, c := range []struct {
		lines    []string
		code     string
		why      refusal
		open     bool
		insecure bool
	}{
		{lines: []string{"https://app.example/cb?code=abc&state=STATE"}, code: "abc"},
		{lines: []string{"https://app.example/cb?co", "de=abc&state=STATE"}, code: "abc"},
		{lines: []string{"https://app.example/cb?state=STATE&code=ab", "c"}, code: "abc", open: true},
		{lines: []string{"https://app.example/cb?state=STATE&code=abc", "Kind regards, Bob"}, code: "abc", open: true},
		{lines: []string{"https://app.example/cb?state=STATE&amp;code=abc"}, code: "abc", open: true},
		{lines: []string{"https://app.example/cb?state=STATE&code=abc#_=_"}, code: "abc"},
		{lines: []string{"https://app.example/cb?code=a b", "\tc&state=STATE"}, code: "abc"},
		{lines: []string{"Hello", "Here it is:", "https://app.example/cb?code=ab", "c&state=STATE", "bye"}, code: "abc"},
		{lines: []string{"> https://app.example/cb?code=ab", "> c&state=STATE", "> Bob"}, code: "abc"},
		{lines: []string{"\ufeff> https://app.example/cb?code=ab", "c&state=STATE", "Kind regards, Bob"}, code: "abc"},
		{lines: []string{"https://app.example/c", "b?code=abc&state=STATE"}, code: "abc"},
		{lines: []string{"https://", "app.example/cb?code=abc&state=STATE"}, code: "abc"},
		{lines: []string{"“https://app.example/cb?code=ab", "c&state=STATE”", "bye"}, code: "abc"},
		{lines: []string{"?code=old&state=OLD", "https://app.example/cb?code=abc&state=STATE"}, code: "abc"},
		{lines: append([]string{"?code=abc&st", "ate=STATE"}, junk[:16]...), code: "abc"},
		{lines: append([]string{"?code=abc&st", "ate=STATE"}, junk[:17]...), why: refusedState, open: true},
		{lines: append(slices.Repeat([]string{"?x"}, 7), "?code=abc&st", "ate=STATE"), code: "abc"},
		{lines: append(slices.Repeat([]string{"?x"}, 8), "?code=abc&st", "ate=STATE"), why: refusedNothing, open: true},

		{lines: []string{"hello"}, why: refusedText},
		{lines: []string{"hello", "there", "0123456789abcdef"}, why: refusedBare},
		{lines: []string{"hello", "there", "0123456789abcdef"}, code: "hellothere0123456789abcdef", open: true, insecure: true},
		{lines: []string{"Here it is:", "0123456789abcdef"}, code: "0123456789abcdef", open: true, insecure: true},
		{lines: []string{"Here it is:", "0123456789abcde"}, why: refusedText, insecure: true},
		{lines: []string{"code"}, code: "code", open: true, insecure: true},
		{lines: []string{"co de"}, why: refusedText, insecure: true},
		{lines: []string{"https://app.exam"}, why: refusedAddress, open: true},
		{lines: []string{"https://app.example/cb?state=STATE&co de=abc"}, code: "abc", open: true},
		{lines: []string{"https://app.example/cb?code=abc&st ate=ST"}, why: refusedState, open: true},
		{lines: []string{"Here it is:", "0123456789abcdef"}, why: refusedBare},
		{lines: []string{"https://"}, why: refusedAddress, open: true},
		{lines: []string{"https:/"}, why: refusedAddress},
		{lines: []string{"https://evil.example/cb?code=abc&state=STATE"}, why: refusedAddress},
		{lines: []string{"https://app.example/cb?code=abc"}, why: refusedNoState, open: true},
		{lines: []string{"https://app.example/cb?code=abc&state=ST"}, why: refusedState, open: true},
		{lines: []string{"https://app.example/cb?state=FOREIGN&code=abc"}, why: refusedState},
		{lines: []string{"hello", "https://app.example/cb?state=FOREIGN&code=abc"}, why: refusedState},
		{lines: []string{"https://app.example/cb?state=STATE"}, why: refusedNothing, open: true},
		{lines: []string{"https://app.example/cb?state=STATE&code=a&code=b"}, why: refusedRepeated},
	} {
		a, why, open := pastedBlock(c.insecure).parseBlock(c.lines)
		if a.code.Reveal() != c.code || why != c.why || open != c.open {
			t.Errorf("%q: got %q, %q, open %t", c.lines, a.code.Reveal(), why, open)
		}
	}
}

// TestEndings: an address ends before a line of several words, or with the block, or up to so many lines before either.
func TestEndings(t *testing.T) {
	for _, c := range []struct {
		block []string
		begin int
		want  []int
	}{
		{[]string{"a"}, 0, []int{1}},
		{[]string{"a", "b c", "d"}, 0, []int{1, 3, 2}},
		{[]string{"a", "b", "c d", "e"}, 1, []int{2, 4, 3}},
		{[]string{"a b", "c"}, 0, []int{2, 1}},
		{slices.Repeat([]string{"a"}, 20), 0, []int{20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4}},
	} {
		if got := endings(c.block, c.begin); !slices.Equal(got, c.want) {
			t.Errorf("%q from %d: got %v, want %v", c.block, c.begin, got, c.want)
		}
	}
}

// TestDescriptionKeepsItsWords: white space is taken out of everything but what a person is to read.
func TestDescriptionKeepsItsWords(t *testing.T) {
	for line, want := range map[string]string{
		"":              "",
		"a b\tc\u00a0d": "abcd",
		"?error=access_ denied&error_description=User  said no&st ate=s": "?error=access_denied&error_description=User+said+no&state=s",
		"#error_description=a b#_ =_":                                    "#error_description=a+b#_=_",
		"?error_description=a b":                                         "?error_description=a+b",
		"?error_description=&st ate=s":                                   "?error_description=&state=s",
	} {
		if got := withoutSpace(line); got != want {
			t.Errorf("%q: got %q", line, got)
		}
	}
}

// TestPasteLate: the rest of a code that comes late is waited for; an empty line says that there is none.
func TestPasteLate(t *testing.T) {
	s := newSTS(t)
	synctest.Test(t, func(t *testing.T) {
		var codes []string
		r := LoginRequest{
			Provider: s.provider(), Client: s.client(), RedirectURI: "https://app.example/cb", Scopes: []string{"openid"}, MaxAge: -1, Rand: rand.Reader,
			Clock: wallClock{},
		}
		r.Provider.HTTP = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost && req.ParseForm() == nil {
				codes = append(codes, req.PostForm.Get("code"))
			}
			return nil, errNotMe
		})}
		state := make(chan string, 1)
		r.Event = func(e Event) {
			if e, ok := e.(Address); ok {
				u, err := url.Parse(e.URL)
				if err != nil {
					t.Error(err)
				}
				state <- u.Query().Get("state")
			}
		}
		for _, c := range []struct {
			write func(keyboard io.Writer, state string)
			code  string
			waits time.Duration
		}{
			{func(keyboard io.Writer, state string) {
				_, _ = io.WriteString(keyboard, "?state="+state+"&code=abc\n")
				<-time.After(pasteSettle + pasteLate - time.Millisecond)
				_, _ = io.WriteString(keyboard, "def\n")
			}, "abcdef", 2*pasteSettle + 2*pasteLate - time.Millisecond},
			{func(keyboard io.Writer, state string) {
				_, _ = io.WriteString(keyboard, "?state="+state+"&code=abc\n")
			}, "abc", pasteSettle + pasteLate},
			{func(keyboard io.Writer, state string) {
				_, _ = io.WriteString(keyboard, "?state="+state+"&code=abc\n\n")
			}, "abc", 0},
			{func(keyboard io.Writer, state string) {
				_, _ = io.WriteString(keyboard, "?code=abc&state="+state+"\n")
			}, "abc", pasteSettle},
			{func(keyboard io.Writer, state string) {
				_, _ = io.WriteString(keyboard, "?code=abc&state="+state[:9]+"\n")
				<-time.After(pasteSettle + time.Millisecond)
				_, _ = io.WriteString(keyboard, state[9:]+"\n")
			}, "abc", 2*pasteSettle + time.Millisecond},
		} {
			codes = nil
			began := time.Now()
			terminal, keyboard := io.Pipe()
			r.Paste = terminal
			go func() { c.write(keyboard, <-state) }()
			_, _ = Login(t.Context(), r) // its provider answers nothing
			if waited := time.Since(began); !slices.Equal(codes, []string{c.code}) || waited != c.waits {
				t.Errorf("codes %q after %s, want %q after %s", codes, waited, c.code, c.waits)
			}
			_ = terminal.Close()
		}
	})
}

// TestPasteNoForm: an answer in a form can't be pasted, and is refused beforehand; where something listens it may be asked for.
func TestPasteNoForm(t *testing.T) {
	for _, c := range []struct {
		uri, mode string
		only, ok  bool
	}{
		{"https://app.example/cb", ModeFormPost, false, false},
		{"http://localhost:5454/cb", ModeFormPost, true, false},
		{"http://localhost:5454/cb", ModeFormPost, false, true},
		{"https://app.example/cb", "", false, true},
		{"https://app.example/cb", ModeFragment, false, true},
	} {
		r := LoginRequest{RedirectURI: c.uri, ResponseMode: c.mode, PasteOnly: c.only, Paste: strings.NewReader("")}
		_, err := r.redirect()
		if e, refused := errors.AsType[*ParamError](err); refused == c.ok || refused && e.Name != "response_mode" || !refused && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
