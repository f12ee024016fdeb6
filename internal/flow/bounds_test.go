package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// TestLongestAnswer: what is as long as is allowed is taken, and what is a byte longer isn't.
func TestLongestAnswer(t *testing.T) {
	e := expected{state: token.NewSecret("s"), mode: ModeQuery, parts: parts{code: true}}
	for mode, most := range map[string]int{ModeQuery: maxQuery, ModeFragment: maxAnswer, ModeFormPost: maxAnswer} {
		e.mode = mode
		for more, want := range []refusal{"", refusedLong} {
			raw := "state=s&code="
			raw += strings.Repeat("c", most-len(raw)+more)
			if _, why := e.parseBy(mode, raw); why != want {
				t.Errorf("%s, %d bytes: expected %q, got %q", mode, len(raw), want, why)
			}
		}
	}
}

// TestOnlyWhatWasAskedFor: a code that nobody asked for isn't looked at, and of tokens what is there and no more.
func TestOnlyWhatWasAskedFor(t *testing.T) {
	e := expected{state: token.NewSecret("s"), parts: parts{idToken: true, accessToken: true}}
	a, why := e.parse("state=s&id_token=i&access_token=a&scope=&code=evil")
	if want := (url.Values{"id_token": {"i"}, "access_token": {"a"}}); why != "" || !a.code.IsZero() || !reflect.DeepEqual(a.tokens, want) {
		t.Errorf("got %q %v %v, %q", a.code.Reveal(), a.tokens, want, why)
	}
}

// TestKeepOnlyWhatHolds: what can't be verified is given to nobody, and a login that was kept is one, whatever happens then.
func TestKeepOnlyWhatHolds(t *testing.T) {
	s := newSTS(t)
	s.token = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"nonce": "another"}))
	}
	a := begin(t, s, func(r *LoginRequest) {
		r.Keep = func(_ context.Context, res *LoginResult) error {
			t.Errorf("given to keep: %+v", res)
			return nil
		}
	}).waiting()
	a.visit(a.genuine())
	if _, err := a.end(); err == nil {
		t.Error("a login without its nonce")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s = newSTS(t)
	addresses := make(chan string, 1)
	done := make(chan outcome, 1)
	go func() {
		result, err := Login(ctx, LoginRequest{
			Provider: s.provider(), Client: s.client(), RedirectURI: "http://localhost:0/callback", Scopes: []string{"openid"}, MaxAge: -1,
			Rand: rand.Reader, Clock: s.clock, // nobody listens to events
			Open: func(_ context.Context, address string) error { addresses <- address; return nil },
			Keep: func(context.Context, *LoginResult) error { cancel(); return nil },
		})
		done <- outcome{result, err}
		close(addresses) // a login that ends before it asks has none
	}()
	b := &attempt{t: t, sts: s, results: done, request: requestOf(t, <-addresses)}
	b.post(b.redirectURI(), nil) // turned away: nobody hears of it
	if status, _ := follow(t, http.MethodGet, b.genuine(), ""); status != http.StatusSeeOther {
		t.Errorf("status %d", status)
	}
	if result, err := b.end(); err != nil || result.Set.Access.Reveal() != "access-1" {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestKeysAway: where the provider's keys can't be had, that is the error.
func TestKeysAway(t *testing.T) {
	s := newSTS(t)
	a := begin(t, s, func(r *LoginRequest) { r.Provider.Metadata.JWKSURI = s.URL + "/token" }).waiting() // which answers a POST alone
	a.visit(a.genuine())
	_, err := a.end()
	if e, ok := errors.AsType[*provider.ResponseError](err); !ok || e.Operation != "read the keys" {
		t.Errorf("got %v", err)
	}
	r := newRefreshing(t)
	p := r.sts.provider()
	p.Metadata.JWKSURI = r.sts.URL + "/token"
	r.request.Provider = func(context.Context) (*provider.Provider, error) { return p, nil }
	got, err := Refresh(t.Context(), r.request)
	if e, ok := errors.AsType[*provider.ResponseError](err); !ok || e.Operation != "read the keys" || got != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkSaves(t, r.rotated())
}

// TestRefreshFirstIDToken: a login without an ID token takes the first that comes.
func TestRefreshFirstIDToken(t *testing.T) {
	r := newRefreshing(t)
	r.keeper.kept.ID = token.Secret{}
	got, err := Refresh(t.Context(), r.request)
	if err != nil || got.Verification.Err() != nil || got.Set.ID.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestRefreshRefusedAndGone: another process has signed out meanwhile.
func TestRefreshRefusedAndGone(t *testing.T) {
	r := newRefreshing(t)
	r.refused()
	gone := r.before
	gone.Refresh = token.Secret{}
	r.keeper.next = []token.Set{gone}
	if got, err := Refresh(t.Context(), r.request); got != nil || !errors.Is(err, ErrLoginEnded) {
		t.Errorf("got %+v, %v", got, err)
	}
	r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "load 2", "end", "unlock")
}

// TestEndedWords: an end that was put on record is told without a second fault.
func TestEndedWords(t *testing.T) {
	r := newRefreshing(t)
	r.refused()
	const want = "the login has ended: refresh: invalid_grant (HTTP 400)"
	if _, err := Refresh(t.Context(), r.request); err == nil || err.Error() != want {
		t.Errorf("expected %q, got %v", want, err)
	}
}

// TestMerge: what an answer leaves out goes on as before, and what it has counts.
func TestMerge(t *testing.T) {
	before := token.Set{
		Access: token.NewSecret("a1"), ID: token.NewSecret("i1"), Refresh: token.NewSecret("r1"), Type: "Bearer", Scopes: []string{"openid"},
		Expiry: start(), SignedInAt: start(), RefreshedAt: start(),
	}
	whole := token.Set{
		Access: token.NewSecret("a2"), ID: token.NewSecret("i2"), Refresh: token.NewSecret("r2"), Type: "bearer", Scopes: []string{"profile"},
		Expiry: start().Add(time.Hour),
	}
	want := whole
	want.SignedInAt = start()
	if got := merge(before, whole); !reflect.DeepEqual(got, want) {
		t.Errorf("expected %+v, got %+v", want, got)
	}
	want = before
	want.Access, want.Expiry, want.RefreshedAt = whole.Access, whole.Expiry, time.Time{}
	if got := merge(before, token.Set{Access: whole.Access, Expiry: whole.Expiry}); !reflect.DeepEqual(got, want) {
		t.Errorf("expected %+v, got %+v", want, got)
	}
}

// TestMaxAgeParam: max_age is sent where it was asked for, 0 as well.
func TestMaxAgeParam(t *testing.T) {
	for age, want := range map[time.Duration][]string{-1: nil, 0: {"0"}, 90 * time.Second: {"90"}} {
		if got := (LoginRequest{MaxAge: age}).params(oneTime{}, "")["max_age"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %v, got %v", age, want, got)
		}
	}
}

// TestPrompts tells which values may be asked for.
func TestPrompts(t *testing.T) {
	one := provider.Kind{Title: "one", OnePrompt: true, BrokenPrompts: []string{"select_account"}}
	for _, c := range []struct {
		kind   provider.Kind
		prompt string
		ok     bool
	}{
		{provider.Kind{}, "none", true}, {provider.Kind{}, "login consent", true}, {provider.Kind{}, "select_account", true},
		{provider.Kind{}, "none login", false}, {provider.Kind{}, "Login", false}, {provider.Kind{}, "", false}, {provider.Kind{}, " ", false},
		{one, "none", true}, {one, "login", true}, {one, "login consent", false}, {one, "select_account", false},
	} {
		r := wishes{kind: c.kind, params: url.Values{"prompt": {c.prompt}}}
		_, refused := errors.AsType[*ParamError](r.checkPrompt())
		if refused == c.ok {
			t.Errorf("%q at %q: refused %t", c.prompt, c.kind.Title, refused)
		}
	}
}

// TestNoRequest: an address that can't be made is no address.
func TestNoRequest(t *testing.T) {
	s := newSTS(t)
	r := LoginRequest{Provider: s.provider(), Client: s.client(), RedirectURI: "http://localhost:0/callback", Scopes: []string{"openid"}, MaxAge: -1, Clock: s.clock}
	errRandom := errors.New("no entropy")
	r.Rand = iotest.ErrReader(errRandom)
	if address, err := AuthorizationAddress(t.Context(), r); address.URL != "" || !errors.Is(err, errRandom) {
		t.Errorf("got %+v, %v", address, err)
	}
	r.Rand = rand.Reader
	r.Provider.Metadata.AuthorizationEndpoint = "http://evil.example/authorize"
	if _, err := Login(t.Context(), r); err == nil {
		t.Error("somebody was sent to a plain http address")
	}
}

// TestAnswerErrorWords tells a missing issuer from a wrong one.
func TestAnswerErrorWords(t *testing.T) {
	for got, want := range map[string]string{
		"":  `sign in: the answer names no issuer: expected "i"`,
		"j": `sign in: the answer came from another issuer: expected "i", got "j"`,
	} {
		if text := (&AnswerError{Expected: "i", Got: got}).Error(); text != want {
			t.Errorf("expected %q, got %q", want, text)
		}
	}
}

// TestListeningEvent tells the address that is listened on, and who opens well isn't told as a failure.
func TestListeningEvent(t *testing.T) {
	opened := make(chan struct{})
	a := begin(t, newSTS(t), func(r *LoginRequest) {
		r.RedirectURI = "http://127.0.0.1:0/callback"
		r.Open = func(context.Context, string) error { close(opened); return nil }
	})
	listening, _ := a.event().(Listening)
	host := mustURL(t, listening.RedirectURI).Host
	if want := (Listening{RedirectURI: "http://" + host + "/callback", Addresses: []string{host}}); !reflect.DeepEqual(listening, want) {
		t.Errorf("expected %+v, got %+v", want, listening)
	}
	address, _ := a.event().(Address)
	a.request = requestOf(t, address.URL)
	<-opened
	a.visit(a.redirectURI() + "?code=evil&state=foreign")
	if e := a.event(); e != (Stray{Reason: "an answer that is turned away, since " + string(refusedState)}) {
		t.Errorf("got %#v", e)
	}
	a.visit(a.genuine())
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestAnswerAtTheLastMoment: whoever was told that their answer was taken isn't left alone.
func TestAnswerAtTheLastMoment(t *testing.T) {
	expired := make(chan time.Time, 1)
	expired <- start()
	l := newLoopback(t.Context(), redirect{}, expected{}, token.NewSecret("l"))
	l.take()
	late := answer{code: token.NewSecret("c"), via: viaBrowser}
	go func() {
		for len(expired) > 0 { // until the wait has seen that its time is over
			continue
		}
		l.answers <- late
	}()
	w := waiting{listener: l, expired: expired}
	if a, err := w.wait(t.Context()); err != nil || !reflect.DeepEqual(a, late) {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestPasteRefusedAlone: a line that nothing follows is looked at by itself, and the wait goes on.
func TestPasteRefusedAlone(t *testing.T) {
	terminal, keyboard := io.Pipe()
	defer keyboard.Close()
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.Paste = terminal }).waiting()
	if _, err := io.WriteString(keyboard, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if e := a.event(); e != (PasteRefused{Reason: string(refusedText)}) {
		t.Errorf("got %#v", e)
	}
	a.visit(a.genuine())
	if result, err := a.end(); err != nil || result.Via != viaBrowser {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestOtherFamilyTaken: who holds the port on the other address of localhost would get the answer of a browser that asks there first.
func TestOtherFamilyTaken(t *testing.T) {
	held, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_, port, err := net.SplitHostPort(held.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := newSTS(t)
	_, err = Login(t.Context(), LoginRequest{
		Provider: s.provider(), Client: s.client(), RedirectURI: "http://localhost:" + port + "/callback", Scopes: []string{"openid"}, MaxAge: -1,
		Rand: rand.Reader, Clock: s.clock,
	})
	if e, ok := errors.AsType[*PortError](err); !ok || e.Address != "[::1]:"+port {
		t.Errorf("got %v", err)
	}
}

// TestPrivateScheme has the answer of another program's redirect URI pasted; nothing listens, and no port is wanted.
func TestPrivateScheme(t *testing.T) {
	terminal, keyboard := io.Pipe()
	defer keyboard.Close()
	a := begin(t, newSTS(t), func(r *LoginRequest) {
		r.RedirectURI, r.Paste, r.PasteOnly = "com.example.app:/cb", terminal, true
	}).waiting()
	if _, err := io.WriteString(keyboard, a.genuine()+"\n"); err != nil {
		t.Fatal(err)
	}
	if result, err := a.end(); err != nil || result.Via != viaPaste {
		t.Errorf("got %+v, %v", result, err)
	}
}
