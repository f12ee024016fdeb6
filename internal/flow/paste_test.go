package flow

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

func pasteRedirect() redirect {
	r, err := parseRedirect("http://localhost:5454/callback", "")
	if err != nil {
		panic(err)
	}
	return r
}

func TestParsePasted(t *testing.T) {
	for _, line := range []string{
		"http://localhost:5454/callback?code=c&state=s",
		"HTTP://LOCALHOST:5454/callback?code=c&state=s",
		"  http://localhost:5454/callback?code=c&state=s\r",
		`"http://localhost:5454/callback?code=c&state=s"`,
		"'http://localhost:5454/callback?code=c&state=s'",
		"<http://localhost:5454/callback?code=c&state=s>",
		"“http://localhost:5454/callback?code=c&state=s”",
		"http://localhost:5454/callback?code=c&amp;state=s",
		"http://localhost:5454/callback?code=c&state=s#",
		"http://localhost:5454/callback?code=c&state=s#_=_",
		"http://localhost:5454/callback#code=c&state=s",
		"localhost:5454/callback?code=c&state=s",
		"LocalHost:5454/callback?code=c&state=s",
		"?code=c&state=s",
		"?code=c&state=s#_=_",
		"code=c&state=s",
		"code=c&state=s#_=_",
		"state=s&code=c",
		"session_state=x&code=c&state=s",
		"#code=c&state=s",
		"localhost:5454/callback#code=c&state=s",
		"http://localhost:5454/callback?x=y#code=c&state=s",
		"http://localhost:5454/callback?code=c&#38;state=s",
		"http://localhost:5454/callback?code=c&#x26;state&#x3D;s",
		"&lt;http://localhost:5454/callback?code=c&amp;state=s&gt;",
		"code=c&section=4&state=s&copy=1",
		"\ufeffhttp://localhost:5454/callback?code=c&state=s",
		"\u200bhttp://localhost:5454/callback?co\u00adde=c&state=s\u200e",
		"http://localhost:5454/callback?code=c \t &st ate=s",
		"http://localhost:5454/call\u00a0back?code=c&state=s",
		"code = c & state = s",
		"?code=c&amp;state=s&amp;session_state=x",
	} {
		a, why := parsePasted(line, pasteRedirect(), expected{state: token.NewSecret("s"), mode: ModeQuery, parts: parts{code: true}}, false)
		raw, err := url.ParseQuery(a.raw.Reveal())
		if err != nil || raw.Get("code") != "c" || raw.Get("state") != "s" {
			t.Errorf("%q: %q is kept for a trace", line, a.raw.Reveal())
		}
		a.raw = token.Secret{}
		if want := (answer{code: token.NewSecret("c"), via: viaPaste}); why != "" || !reflect.DeepEqual(a, want) {
			t.Errorf("%q: expected the code, got %+v, %q", line, a, why)
		}
	}
	for line, want := range map[string]refusal{
		"https://localhost:5454/callback?code=c&state=s":        refusedAddress,
		"http://localhost:5455/callback?code=c&state=s":         refusedAddress,
		"http://localhost/callback?code=c&state=s":              refusedAddress,
		"http://127.0.0.1:5454/callback?code=c&state=s":         refusedAddress,
		"http://localhost:5454/callback/?code=c&state=s":        refusedAddress,
		"http://localhost:5454/?code=c&state=s":                 refusedAddress,
		"http://localhost:5454/call%62ack?code=c&state=s":       refusedAddress,
		"http://me@localhost:5454/callback?code=c&state=s":      refusedAddress,
		"http://evil.example/callback?code=c&state=s":           refusedAddress,
		"https://sts.example/connect/authorize?state=s&nonce=n": refusedAddress,
		"c0de":                             refusedText,
		"0123456789abcdef0123456789abcdef": refusedBare,
		"hello there, here is a code":      refusedText,
		"x=y&code=c&state=s":               refusedText,
		"y":                                refusedText,
		"localhost:5454":                   refusedText,
		"localhost:54540/callback?code=c&state=s":         refusedText,
		"evilhosts:5454/callback?code=c&state=s":          refusedText,
		"javascript:alert(1)":                             refusedText,
		"/callback?code=c&state=s":                        refusedText,
		"http://localhost:5454/\x7f?code=c&state=s":       refusedText,
		"http://localhost:5454/callback":                  refusedNoState,
		"?code=c":                                         refusedNoState,
		"code=c":                                          refusedNoState,
		"?code=c&state=t":                                 refusedState,
		"?code=c&code=d&state=s":                          refusedRepeated,
		"?state=s":                                        refusedNothing,
		"?code=c;state=s":                                 refusedNoState,
		"?state=s&code=" + strings.Repeat("c", maxAnswer): refusedLong,
	} {
		if a, why := parsePasted(line, pasteRedirect(), expected{state: token.NewSecret("s"), mode: ModeQuery, parts: parts{code: true}}, false); why != want {
			t.Errorf("%.80q: expected %q, got %+v, %q", line, want, a, why)
		}
	}
}

func FuzzParsePasted(f *testing.F) {
	for _, seed := range []string{
		"http://localhost:5454/callback?code=c&state=STATE", "?code=c&amp;state=STATE", "code=c&state=STATE#_=_", "<\"'>",
		"localhost:5454/callback?code=c&state=STATE", "http://evil.example/callback?code=c&state=STATE", "https://[::1", "?#", "=",
		"http://localhost:5454/callback#error=invalid_request&state=STATE",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, why := parsePasted(line, pasteRedirect(), expected{state: token.NewSecret("STATE"), mode: ModeQuery, parts: parts{code: true}}, false)
		if why != "" {
			return
		}
		if a.via != viaPaste || a.code.IsZero() == (a.failure == nil) || !strings.Contains(line, "state") && !strings.Contains(line, "%") {
			t.Fatalf("%q was taken as %+v", line, a)
		}
	})
}

// FuzzReadLine holds the line reader against what splitting at line feeds gives.
func FuzzReadLine(f *testing.F) {
	f.Add("one\ntwo\r\n\nthree", uint8(16))
	f.Add(strings.Repeat("x", 100)+"\nshort", uint8(20))
	f.Add("\n\n", uint8(16))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		b := bufio.NewReaderSize(strings.NewReader(text), int(size))
		for _, want := range strings.SplitAfter(text, "\n") {
			line, long, err := readLine(b)
			if long && line != "" || !long && line != strings.TrimSpace(want) || len(want) < int(size) && long || len(want) > b.Size() && !long {
				t.Fatalf("expected %q, got %q, long %t", want, line, long)
			}
			if (err == nil) != strings.HasSuffix(want, "\n") {
				t.Fatalf("error after %q: %v", want, err)
			}
		}
	})
}

// TestPaste types wrong lines at a waiting login, and then the right one.
func TestPaste(t *testing.T) {
	terminal, keyboard := io.Pipe()
	defer keyboard.Close()
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.Paste = terminal }).waiting()
	for _, c := range []struct {
		line string
		want refusal
	}{
		{"hello", refusedText},
		{a.redirectURI() + "?code=evil&state=foreign", refusedState},
		{strings.Repeat("x", 3*maxLine), refusedLong},
		{strings.Replace(a.genuine(), "/callback", "/other", 1), refusedAddress},
	} {
		if _, err := io.WriteString(keyboard, c.line+"\n\n \r\n"); err != nil {
			t.Fatal(err)
		}
		if e := a.event(); e != (PasteRefused{Reason: string(c.want)}) {
			t.Errorf("%.40q: expected %q, got %#v", c.line, c.want, e)
		}
	}
	genuine := a.genuine()
	if _, err := io.WriteString(keyboard, "<"+genuine+">\n"); err != nil {
		t.Fatal(err)
	}
	a.answered(Answered{Via: "paste", RedirectURI: a.redirectURI(), Values: queryOf(genuine)})
	result, err := a.end()
	if err != nil || result.Via != "paste" || result.Set.Access.Reveal() != "access-1" {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestPasteWithoutLineEnd: the last line may end with the input.
func TestPasteWithoutLineEnd(t *testing.T) {
	terminal, keyboard := io.Pipe()
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.Paste = terminal }).waiting()
	if _, err := io.WriteString(keyboard, a.genuine()); err != nil {
		t.Fatal(err)
	}
	_ = keyboard.Close()
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

func TestPasteDenied(t *testing.T) {
	terminal, keyboard := io.Pipe()
	defer keyboard.Close()
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.Paste = terminal }).waiting()
	if _, err := io.WriteString(keyboard, "?error=access_denied&state="+a.request.Get("state")+"\n"); err != nil {
		t.Fatal(err)
	}
	_, err := a.end()
	if e, ok := errors.AsType[*provider.OAuthError](err); !ok || e.Code != "access_denied" {
		t.Errorf("got %v", err)
	}
}

// TestPasteThatNeverComes: neither a terminal that stays silent nor one that has ended keeps the browser's answer out.
func TestPasteThatNeverComes(t *testing.T) {
	silent, keyboard := io.Pipe()
	defer keyboard.Close()
	for name, terminal := range map[string]io.Reader{"silent": silent, "ended": strings.NewReader("")} {
		t.Run(name, func(t *testing.T) {
			a := begin(t, newSTS(t), func(r *LoginRequest) { r.Paste = terminal }).waiting()
			a.visit(a.genuine())
			if result, err := a.end(); err != nil || result.Via != "browser" {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

// TestPasteFirst: after a pasted answer the browser's comes too late.
func TestPasteFirst(t *testing.T) {
	s := newSTS(t)
	exchanging, goOn := make(chan struct{}), make(chan struct{})
	s.token = func(w http.ResponseWriter, form url.Values) {
		close(exchanging)
		<-goOn
		s.exchange(w, form)
	}
	terminal, keyboard := io.Pipe()
	defer keyboard.Close()
	a := begin(t, s, func(r *LoginRequest) { r.Paste = terminal }).waiting()
	if _, err := io.WriteString(keyboard, a.genuine()+"\n"); err != nil {
		t.Fatal(err)
	}
	<-exchanging
	if status, _, _ := a.visit(a.genuine()); status != http.StatusConflict {
		t.Errorf("the browser's answer: status %d", status)
	}
	close(goOn)
	if result, err := a.end(); err != nil || result.Via != "paste" {
		t.Errorf("got %+v, %v", result, err)
	}
}

// pasting starts a login whose answer can only be pasted.
func pasting(t *testing.T, change func(*LoginRequest)) (*attempt, io.WriteCloser) {
	t.Helper()
	terminal, keyboard := io.Pipe()
	t.Cleanup(func() { _ = keyboard.Close() })
	return begin(t, newSTS(t), func(r *LoginRequest) {
		r.Paste, r.RedirectURI = terminal, "https://app.example/cb"
		if change != nil {
			change(r)
		}
	}).waiting(), keyboard
}

// TestPasteOnly: nothing listens, and the answer of an address elsewhere is taken in each of its forms.
func TestPasteOnly(t *testing.T) {
	for name, form := range map[string]func(*attempt) string{
		"the address":      func(a *attempt) string { return a.genuine() + "\n" },
		"without a scheme": func(a *attempt) string { return strings.TrimPrefix(a.genuine(), "https://") + "\n" },
		"its query":        func(a *attempt) string { return "?" + a.parts().Encode() + "\n" },
		"wrapped": func(a *attempt) string {
			g := a.genuine()
			return g[:30] + "\n  " + g[30:len(g)-5] + "\r\n" + g[len(g)-5:] + "\n"
		},
		"wrapped within the last parameter, which looks whole": func(a *attempt) string {
			p := a.parts()
			state, code := p.Get("state"), p.Get("code")
			return a.redirectURI() + "?state=" + state + "&code=" + code[:9] + "\n" + code[9:] + "\n"
		},
		"escaped": func(a *attempt) string { return strings.ReplaceAll(a.genuine(), "&", "&amp;") + "\n" },
		"after another line": func(a *attempt) string {
			return "here it is:\n" + a.genuine() + "\n"
		},
		"without a line's end": func(a *attempt) string { return a.genuine() },
	} {
		t.Run(name, func(t *testing.T) {
			a, keyboard := pasting(t, nil)
			if a.redirectURI() != "https://app.example/cb" {
				t.Errorf("redirect URI %s", a.redirectURI())
			}
			go func() {
				_, _ = io.WriteString(keyboard, form(a))
				_ = keyboard.Close()
			}()
			if result, err := a.end(); err != nil || result.Via != viaPaste {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

// TestPasteEnds: where nothing else can bring the answer, the end of what is pasted is the end of the login.
func TestPasteEnds(t *testing.T) {
	a, keyboard := pasting(t, nil)
	go func() {
		_, _ = io.WriteString(keyboard, "hello\n")
		_ = keyboard.Close()
	}()
	if _, err := a.end(); !errors.Is(err, ErrNoPaste) {
		t.Errorf("got %v", err)
	}
	if e := a.event(); e != (PasteRefused{Reason: string(refusedText)}) {
		t.Errorf("got %#v", e)
	}
}

// TestPasteOnlyByWish: with a redirect URI on loopback nothing listens either.
func TestPasteOnlyByWish(t *testing.T) {
	a, keyboard := pasting(t, func(r *LoginRequest) { r.RedirectURI, r.PasteOnly = "https://localhost:5454/", true })
	if conn, err := net.Dial("tcp", "127.0.0.1:5454"); err == nil {
		_ = conn.Close()
		t.Error("something listens")
	}
	go func() { _, _ = io.WriteString(keyboard, a.genuine()+"\n") }()
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestBareCode: a code without its state is taken only by who asks for it.
func TestBareCode(t *testing.T) {
	a, keyboard := pasting(t, nil)
	code := a.parts().Get("code")
	go func() { _, _ = io.WriteString(keyboard, code+"\n\n") }()
	if e := a.event(); e != (PasteRefused{Reason: string(refusedBare)}) {
		t.Errorf("got %#v", e)
	}
	a, keyboard = pasting(t, func(r *LoginRequest) { r.InsecureNoState = true })
	go func() {
		_, _ = io.WriteString(keyboard, a.redirectURI()+"?code=evil&state=foreign\n\n") // what has a state is still held to it
		_, _ = io.WriteString(keyboard, "<"+a.parts().Get("code")+">\n")
	}()
	if e := a.event(); e != (PasteRefused{Reason: string(refusedState)}) {
		t.Errorf("got %#v", e)
	}
	if result, err := a.end(); err != nil || result.Via != viaPaste {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestUnescapeHTML(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "&": "&", "a&b": "a&b", "a&amp;b&amp;c": "a&b&c", "&section=1;": "&section=1;", "&copy=1": "&copy=1", "&lt;x&gt;": "<x>",
		"&#38;&#x3D;": "&=", "&nosuch;x": "&nosuch;x", "&" + strings.Repeat("x", 50) + ";": "&" + strings.Repeat("x", 50) + ";",
	} {
		if got := unescapeHTML(line); got != want {
			t.Errorf("%q: expected %q, got %q", line, want, got)
		}
	}
}

// TestReadLinesEnds: the end is told once, and nothing is read behind it.
func TestReadLinesEnds(t *testing.T) {
	lines := make(chan pasted, 10)
	readLines(strings.NewReader("a\nb"), lines, nil)
	close(lines)
	var got []pasted
	for p := range lines {
		got = append(got, p)
	}
	if want := []pasted{{line: "a"}, {line: "b", end: true}}; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

// TestPasteIsLeftAlone: when the login is over, who still reads pasted lines ends with the next one, and waits for nobody.
func TestPasteIsLeftAlone(t *testing.T) {
	s := newSTS(t)
	synctest.Test(t, func(t *testing.T) { // which fails where a goroutine is left that can't go on
		release := make(chan struct{})
		r := LoginRequest{
			Provider: s.provider(), Client: s.client(), RedirectURI: "http://localhost:5454/callback", Scopes: []string{"openid"}, MaxAge: -1, Rand: rand.Reader,
			Clock: wallClock{}, Timeout: time.Minute, PasteOnly: true, Paste: readerFunc(func(p []byte) (int, error) {
				<-release
				return copy(p, "late\n"), nil
			}),
		}
		r.Provider.HTTP = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errNotMe })}
		_, err := Login(t.Context(), r)
		if _, ok := errors.AsType[*TimeoutError](err); !ok {
			t.Errorf("got %v", err)
		}
		close(release)
	})
}

// readerFunc reads by a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
