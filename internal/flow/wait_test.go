package flow

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// TestOpener: it never blocks a login, its error is an event, and its context outlives the login.
func TestOpener(t *testing.T) {
	t.Run("blocks", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		contexts := make(chan context.Context, 1)
		a := begin(t, newSTS(t), func(r *LoginRequest) {
			r.Open = func(ctx context.Context, _ string) error {
				contexts <- ctx
				<-release
				return nil
			}
		}).waiting()
		a.visit(a.genuine())
		if _, err := a.end(); err != nil {
			t.Error(err)
		}
		if ctx := <-contexts; ctx.Err() != nil {
			t.Errorf("the opener's context ended with the login: %v", ctx.Err())
		}
	})
	t.Run("fails", func(t *testing.T) {
		errOpener := errors.New("no display")
		opened := make(chan string, 1)
		a := begin(t, newSTS(t), func(r *LoginRequest) {
			r.Open = func(_ context.Context, address string) error {
				opened <- address
				return errOpener
			}
		}).waiting()
		if e := a.event(); e != (BrowserFailed{Err: errOpener}) {
			t.Errorf("expected BrowserFailed, got %#v", e)
		}
		if got := requestOf(t, <-opened); !reflect.DeepEqual(got, a.request) {
			t.Errorf("the opener got %v, the event %v", got, a.request)
		}
		a.visit(a.genuine())
		if _, err := a.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestQuietAndTimeout(t *testing.T) {
	s := newSTS(t)
	a := begin(t, s, nil).waiting()
	s.clock.Advance(time.Minute)
	if e := a.event(); e != (Quiet{After: time.Minute, RedirectURI: a.redirectURI()}) {
		t.Errorf("expected Quiet, got %#v", e)
	}
	s.clock.Advance(4 * time.Minute)
	_, err := a.end()
	if want := (&TimeoutError{After: 5 * time.Minute, RedirectURI: a.redirectURI()}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("expected %v, got %v", want, err)
	}
	if len(a.events) != 0 {
		t.Errorf("another event: %#v", <-a.events)
	}
}

// TestShortTimeout: a login that ends within the minute isn't called quiet before.
func TestShortTimeout(t *testing.T) {
	s := newSTS(t)
	a := begin(t, s, func(r *LoginRequest) { r.Timeout = time.Minute }).waiting()
	if asked := len(s.clock.asked); asked != 1 {
		t.Errorf("%d timers run, not 1", asked)
	}
	s.clock.Advance(time.Minute)
	_, err := a.end()
	if want := (&TimeoutError{After: time.Minute, RedirectURI: a.redirectURI()}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("expected %v, got %v", want, err)
	}
	if len(a.events) != 0 {
		t.Errorf("another event: %#v", <-a.events)
	}
}

func TestCancel(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	a.cancel()
	if _, err := a.end(); err != context.Canceled { //nolint:errorlint // the error itself is promised
		t.Errorf("got %v", err)
	}
	if conn, err := net.Dial("tcp", mustURL(t, a.redirectURI()).Host); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
}

func TestCancelDuringExchange(t *testing.T) {
	s := newSTS(t)
	a := begin(t, s, nil).waiting()
	released := make(chan struct{})
	defer close(released)
	s.token = func(http.ResponseWriter, url.Values) {
		a.cancel()
		<-released
	}
	conn := a.dial()
	if _, err := io.WriteString(conn, "GET "+mustURL(t, a.genuine()).RequestURI()+" HTTP/1.1\r\nHost: "+mustURL(t, a.redirectURI()).Host+
		"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.end(); err != context.Canceled { //nolint:errorlint // the error itself is promised
		t.Errorf("got %v", err)
	}
}

// TestStraysBeforeTheAnswer are told of, though the answer is there already.
func TestStraysBeforeTheAnswer(t *testing.T) {
	l := newLoopback(t.Context(), redirect{}, expected{}, token.NewSecret("LANDING"))
	for range maxReported {
		l.report("a stray")
	}
	l.answers <- answer{via: viaBrowser}
	told := 0
	w := &waiting{listener: l, request: LoginRequest{Event: func(Event) { told++ }}}
	if a, err := w.wait(t.Context()); err != nil || a.via != viaBrowser || told != maxReported {
		t.Errorf("got %+v, %v, and %d were told of", a, err, told)
	}
}

// TestMaxAgeLeftToTheCaller: a sign-in of long ago is refused, but where the caller looks at it.
func TestMaxAgeLeftToTheCaller(t *testing.T) {
	for _, insecure := range []bool{false, true} {
		s := newSTS(t)
		s.token = func(w http.ResponseWriter, form url.Values) {
			s.mu.Lock()
			request := s.grants[form.Get("code")]
			s.mu.Unlock()
			writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"nonce": request.Get("nonce"), "auth_time": start().Add(-time.Hour).Unix()}))
		}
		a := begin(t, s, func(r *LoginRequest) { r.MaxAge, r.InsecureMaxAge = time.Minute, insecure }).waiting()
		a.visit(a.genuine())
		result, err := a.end()
		e, refused := errors.AsType[*provider.VerificationError](err)
		if refused == insecure || (err == nil) != insecure || refused && e.Failed[0].Name != "auth_time" {
			t.Errorf("left to the caller %t: %+v, %v", insecure, result, err)
		}
	}
}

// TestTimeoutWords: without an address nobody was waited for but somebody at another device.
func TestTimeoutWords(t *testing.T) {
	for want, e := range map[string]TimeoutError{
		"no answer came to http://127.0.0.1:1/cb within 1m0s": {After: time.Minute, RedirectURI: "http://127.0.0.1:1/cb"},
		"nobody signed in with the code within 4s":            {After: 4 * time.Second},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
