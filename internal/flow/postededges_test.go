package flow

import (
	"context"
	"crypto/rand"
	"errors"
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

// TestPostedBounds: a posted token of every length and letter that a token may have is taken, and no other.
func TestPostedBounds(t *testing.T) {
	for posted, want := range map[string]refusal{
		"a": "", "a ~": "", strings.Repeat("a", maxPosted): "", strings.Repeat("a", maxPosted+1): refusedLong,
		"": refusedNoToken, "a\x1f": refusedNoneToken, "a\x7f": refusedNoneToken, "é": refusedNoneToken,
	} {
		got, why := parsePosted(url.Values{"refresh_token": {posted}, "x": {"y"}}.Encode())
		if why != want || why == "" && got.Reveal() != posted || why != "" && !got.IsZero() {
			t.Errorf("%.20q: got %q, expected %q", posted, why, want)
		}
	}
}

// TestPostedEvents: what came is told, with the site that sent it, cut to what can be shown; and after a minute that nothing has.
func TestPostedEvents(t *testing.T) {
	clock := newFakeClock()
	var arrivals []Arrival
	kept, at, events, results := awaitPosted(t, func(r *PostedRequest) {
		r.Clock, r.Timeout = clock, 2*time.Minute
		r.Accept = func(_ context.Context, a Arrival) error { arrivals = append(arrivals, a); return nil }
	})
	clock.Advance(time.Minute)
	if e := <-events; e != (Quiet{After: time.Minute, RedirectURI: at}) {
		t.Errorf("got %#v", e)
	}
	long := "https://" + strings.Repeat("x", 1000)
	send(t, http.MethodPost, at, formType, postedForm("mine"), http.Header{"Origin": {long}})
	o := <-results
	if o.err != nil || len(*kept) != 1 || (*kept)[0] != o.result || !o.result.Set.SignedInAt.Equal(clock.Now()) || o.result.Set.Refresh.Reveal() != "mine" {
		t.Errorf("got %+v, %v, kept %v", o.result, o.err, *kept)
	}
	if want := []Arrival{{User: "JSMITH", Origin: long[:maxOrigin]}}; !reflect.DeepEqual(arrivals, want) {
		t.Errorf("arrivals %q", arrivals)
	}
	want := Answered{Via: viaBrowser, Mode: ModeFormPost, RedirectURI: at, Values: token.NewSecret(postedForm("mine")), Origin: long[:maxOrigin]}
	if e := <-events; !reflect.DeepEqual(e, want) {
		t.Errorf("got %#v", e)
	}
}

// TestPostedPatience: a wait of a minute is over before anybody could be told that it is quiet.
func TestPostedPatience(t *testing.T) {
	clock := newFakeClock()
	_, at, events, results := awaitPosted(t, func(r *PostedRequest) { r.Clock, r.Timeout = clock, time.Minute })
	if asked := len(clock.asked); asked != 1 {
		t.Errorf("%d timers run, not 1", asked)
	}
	clock.Advance(time.Minute)
	o := <-results
	if e, ok := errors.AsType[*TimeoutError](o.err); !ok || *e != (TimeoutError{After: time.Minute, RedirectURI: at}) {
		t.Errorf("got %v", o.err)
	}
	for e := range drained(events) {
		t.Errorf("got %#v", e)
	}
}

// TestPostedKeptByNobody: without a place to keep it the login is only returned; and where keeping fails there is none.
func TestPostedKeptByNobody(t *testing.T) {
	_, at, _, results := awaitPosted(t, func(r *PostedRequest) { r.Keep = nil })
	send(t, http.MethodPost, at, formType, postedForm("mine"), nil)
	if o := <-results; o.err != nil || o.result.User != "JSMITH" {
		t.Errorf("got %+v, %v", o.result, o.err)
	}
	full := errors.New("no space left")
	_, at, _, results = awaitPosted(t, func(r *PostedRequest) {
		r.Keep = func(context.Context, *LoginResult) error { return full }
	})
	if status, _ := send(t, http.MethodPost, at, formType, postedForm("mine"), nil); status != http.StatusBadRequest {
		t.Errorf("the page: %d", status)
	}
	if o := <-results; !errors.Is(o.err, full) || o.result != nil {
		t.Errorf("got %+v, %v", o.result, o.err)
	}
}

// TestPostedCannotBegin: no randomness, or no port.
func TestPostedCannotBegin(t *testing.T) {
	accept := func(context.Context, Arrival) error { return nil }
	errRandom := errors.New("no entropy")
	r := PostedRequest{Accept: accept, RedirectURI: "http://127.0.0.1:0/", Rand: iotest.ErrReader(errRandom), Clock: newFakeClock()}
	if res, err := Posted(t.Context(), r); res != nil || !errors.Is(err, errRandom) {
		t.Errorf("got %+v, %v", res, err)
	}
	_, at, _, _ := awaitPosted(t, nil)
	r.RedirectURI, r.Rand = at, rand.Reader
	res, err := Posted(t.Context(), r)
	if _, ok := errors.AsType[*PortError](err); !ok || res != nil {
		t.Errorf("got %+v, %v", res, err)
	}
}

// TestHybridOfTwoUsers: the ID token behind the code is of the user whom the one in the browser names (OpenID Connect Core 3.3.3.6).
func TestHybridOfTwoUsers(t *testing.T) {
	s := newSTS(t)
	s.token = func(w http.ResponseWriter, form url.Values) {
		s.mu.Lock()
		request := s.grants[form.Get("code")]
		s.mu.Unlock()
		writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"nonce": request.Get("nonce"), "sub": "user-2"}))
	}
	a := begin(t, s, func(r *LoginRequest) { r.ResponseType, r.ResponseMode = "code id_token", ModeFormPost }).waiting()
	parts := a.parts()
	parts.Set("id_token", s.idToken(map[string]any{"nonce": a.request.Get("nonce"), "c_hash": half(parts.Get("code"))}))
	a.post(a.redirectURI(), parts)
	_, err := a.end()
	if e, ok := errors.AsType[*provider.VerificationError](err); !ok || len(e.Failed) != 1 || e.Failed[0].Name != "subject" {
		t.Errorf("got %v", err)
	}
}

// TestRefreshSince: a refresh token that goes on is as old as before.
func TestRefreshSince(t *testing.T) {
	r := newRefreshing(t)
	r.keeper.kept.RefreshSince = start().Add(-time.Hour)
	r.answer(map[string]any{"access_token": "access-2", "token_type": "Bearer", "expires_in": 3600})
	got, err := Refresh(t.Context(), r.request)
	if err != nil || !got.Set.RefreshSince.Equal(start().Add(-time.Hour)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestQuoted cuts foreign text at a character's border, and only what is too long.
func TestQuoted(t *testing.T) {
	long := strings.Repeat("x", 99)
	for in, want := range map[string]string{
		"a\x1b": `"a\x1b"`, long + "y": `"` + long + `y"`, long + "yz": `"` + long + `y…"`, long + "é": `"` + long + `…"`,
	} {
		if got := quoted(in); got != want {
			t.Errorf("%q: got %s", in, got)
		}
	}
}

// TestDeviceMaxAge: max_age is sent where it was asked for, 0 as well; and without openid only by force.
func TestDeviceMaxAge(t *testing.T) {
	for age, want := range map[time.Duration]string{-1: "", 0: "0", time.Minute: "60"} {
		s, r := device(t)
		var asked url.Values
		r.Provider.HTTP = recording(r.Provider.HTTP, "/device", &asked)
		r.MaxAge = age
		_, _, _ = pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
		if got := asked.Get("max_age"); got != want || asked.Has("max_age") != (want != "") {
			t.Errorf("%s: sent %q", age, asked)
		}
	}
	for _, force := range []bool{false, true} {
		s, r := device(t)
		r.Scopes, r.Force = []string{"partner"}, force
		s.token = func(w http.ResponseWriter, _ url.Values) {
			writeJSON(w, http.StatusOK, map[string]any{"access_token": "a", "token_type": "Bearer"})
		}
		_, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
		if force != (err == nil) || !force && !errors.Is(err, ErrNoOpenID) || force && result.Set.Access.Reveal() != "a" {
			t.Errorf("force %t: got %+v, %v", force, result, err)
		}
	}
}

// recording keeps the form that goes to a path.
func recording(hc *http.Client, path string, to *url.Values) *http.Client {
	copied := *hc
	next := hc.Transport
	copied.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == path {
			if err := req.ParseForm(); err != nil {
				return nil, err
			}
			*to = req.PostForm
			again, err := http.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), strings.NewReader(req.PostForm.Encode()))
			if err != nil {
				return nil, err
			}
			again.Header = req.Header
			req = again
		}
		return next.RoundTrip(req)
	})
	return &copied
}
