package flow

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/certificate"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// wallClock is the machine's.
type wallClock struct{}

func (wallClock) Now() time.Time                         { return time.Now() }
func (wallClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// site is a token endpoint as OWIN's is; users are known by their refresh tokens.
func site(t *testing.T) *provider.Provider {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		user, ok := map[string]string{"mine": "JSMITH", "shown": "JSMITH", "once": "JSMITH", "odd": "JSMITH", "theirs": "MALLORY", "nobody": ""}[r.PostForm.Get("refresh_token")]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
			return
		}
		more := map[string]string{"shown": `"id_token":"never.asked.for",`, "once": `"refresh_token":"next",`, "odd": `".expires":"Sat, 21 Nov 2026 18:00:00 GMT",".issued":"Sat, 21 Nov 2026 17:00:00 GMT",`}
		_, _ = io.WriteString(w, `{"access_token":"AQAA",`+more[r.PostForm.Get("refresh_token")]+`"token_type":"bearer","expires_in":1199,"userName":"`+user+`"}`)
	}))
	t.Cleanup(srv.Close)
	kind, _ := provider.LookupKind("imis")
	md, err := provider.Discover(t.Context(), nil, provider.DiscoverRequest{Kind: kind, Issuer: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &provider.Provider{Kind: kind, Metadata: md, Now: time.Now}
}

var errNotMe = errors.New("that isn't me")

// awaitPosted starts a posted login that takes JSMITH alone, and returns what is kept, where to post, and how it ends.
func awaitPosted(t *testing.T, change func(*PostedRequest)) (kept *[]*LoginResult, at string, events chan Event, results chan outcome) {
	t.Helper()
	kept, events, results = &[]*LoginResult{}, make(chan Event, 100), make(chan outcome, 1)
	r := PostedRequest{
		Provider: site(t), Client: provider.Client{ID: "app", Secret: token.NewSecret("s"), Auth: provider.AuthPost},
		RedirectURI: "http://127.0.0.1:0/imis", Rand: rand.Reader, Clock: wallClock{}, Event: func(e Event) { events <- e },
		Accept: func(_ context.Context, a Arrival) error {
			if a.User != "JSMITH" {
				return errNotMe
			}
			return nil
		},
		Keep: func(_ context.Context, res *LoginResult) error { *kept = append(*kept, res); return nil },
	}
	if change != nil {
		change(&r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		res, err := Posted(ctx, r)
		results <- outcome{res, err}
	}()
	t.Cleanup(func() { cancel(); <-finished })
	select {
	case e := <-events:
		l, ok := e.(Listening)
		if !ok {
			t.Fatalf("got %#v", e)
		}
		at = l.RedirectURI
	case <-finished:
	}
	return kept, at, events, results
}

// send makes one request as a browser would, following redirects, and returns status and body.
func send(t *testing.T, method, address, contentType, body string, header http.Header) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

const formType = "application/x-www-form-urlencoded"

func postedForm(refresh string) string { return url.Values{"refresh_token": {refresh}}.Encode() }

// Everything but one form with one token is turned away, says why, and leaves the wait as it was.
func TestPostedTurnsAway(t *testing.T) {
	kept, at, events, results := awaitPosted(t, nil)
	for _, c := range []struct {
		name, method, address, contentType, body string
		header                                   http.Header
		status                                   int
		reason                                   string
	}{
		{"a GET", "GET", at, "", "", nil, 405, "a request by another method than POST"},
		{"a GET with a token", "GET", at + "?refresh_token=mine", "", "", nil, 405, "a request by another method than POST"},
		{"a PUT", "PUT", at, formType, postedForm("mine"), nil, 405, "a request by another method than POST"},
		{"a token in the address", "POST", at + "?refresh_token=mine", formType, "", nil, 400, "a form that is turned away, since it has no refresh_token"},
		{"a foreign form", "POST", at, formType, "user=a&password=b", nil, 400, "a form that is turned away, since it has no refresh_token"},
		{"an empty token", "POST", at, formType, "refresh_token=", nil, 400, "a form that is turned away, since it has no refresh_token"},
		{"two tokens", "POST", at, formType, "refresh_token=mine&refresh_token=theirs", nil, 400, "a form that is turned away, since it has more than one refresh_token"},
		{"an overlong token", "POST", at, formType, postedForm(strings.Repeat("a", maxPosted+1)), nil, 400, "a form that is turned away, since it is too long"},
		{"an overlong form", "POST", at, formType, postedForm(strings.Repeat("a", maxBody+1)), nil, 413, "a request with an overlong body"},
		{"no token", "POST", at, formType, postedForm("a\nb"), nil, 400, "a form that is turned away, since its refresh_token is no token"},
		{"a malformed form", "POST", at, formType, "refresh_token=%zz", nil, 400, "a form that is turned away, since its parameters are malformed"},
		{"JSON", "POST", at, "application/json", `{"refresh_token":"mine"}`, nil, 415, "a body that is no form"},
		{"a form whose type is broken", "POST", at, formType + "; =", "refresh_token=mine", nil, 415, "a body that is no form"},
		{"text", "POST", at, "text/plain", "refresh_token=mine", nil, 415, "a body that is no form"},
		{"another path", "POST", at + "/more", formType, postedForm("mine"), nil, 404, "a request for another path"},
		{"another host", "POST", at, formType, postedForm("mine"), http.Header{"Host": {"rebound.example"}}, 421, "a request for another host"},
	} {
		status, body := send(t, c.method, c.address, c.contentType, c.body, c.header)
		if want := "This is " + c.reason + "; the sign-in goes on.\n"; status != c.status || body != want {
			t.Errorf("%s: %d, %q; want %d, %q", c.name, status, body, c.status, want)
		}
		if e := <-events; e != (Stray{Reason: c.reason}) {
			t.Errorf("%s: event %#v", c.name, e)
		}
	}
	status, body := send(t, "POST", at, formType, postedForm("shown"), nil)
	if status != http.StatusOK || !strings.Contains(body, "You’re signed in") {
		t.Errorf("the genuine one: %d, %s", status, body)
	}
	o := <-results
	if o.err != nil || len(*kept) != 1 || o.result.User != "JSMITH" || !o.result.Set.Refresh.Equal(token.NewSecret("shown")) ||
		o.result.Via != viaBrowser || o.result.Set.SignedInAt.IsZero() || !o.result.Set.ID.IsZero() {
		t.Errorf("%+v, %v, kept %d", o.result, o.err, len(*kept))
	}
}

// A page of another origin posts a token of its own while the user waits (login CSRF): who it is and whence it came is told before anything
// is kept; a refusal keeps nothing, and the page learns of no success. A second token finds the first one taken.
func TestPostedForgery(t *testing.T) {
	asked, answer := make(chan Arrival), make(chan error)
	kept, at, _, results := awaitPosted(t, func(r *PostedRequest) {
		r.Asks, r.Clock = true, newFakeClock() // which doesn't move: the page is there, and nobody is waited for
		r.Accept = func(_ context.Context, a Arrival) error { asked <- a; return <-answer }
	})
	first := make(chan string, 1)
	go func() {
		_, body := send(t, "POST", at, formType, postedForm("theirs"), http.Header{"Origin": {"https://evil.example"}})
		first <- body
	}()
	if a := <-asked; a != (Arrival{User: "MALLORY", Origin: "https://evil.example"}) {
		t.Errorf("asked about %+v", a)
	}
	if body := <-first; !strings.Contains(body, "Go back to the terminal") || strings.Contains(body, "MALLORY") || strings.Contains(body, "evil") {
		t.Errorf("the page says %s", body)
	}
	if status, body := send(t, "POST", at, formType, postedForm("mine"), nil); status != http.StatusConflict || !strings.Contains(body, "already answered") {
		t.Errorf("a second token: %d, %s", status, body)
	}
	answer <- errNotMe
	if o := <-results; !errors.Is(o.err, errNotMe) || o.result != nil || len(*kept) != 0 {
		t.Errorf("%+v, %v, kept %d", o.result, o.err, len(*kept))
	}
}

// Where nobody is asked, the page tells how it went.
func TestPostedRefused(t *testing.T) {
	for refresh, want := range map[string]error{
		"theirs":  errNotMe,
		"nobody":  errNotMe,
		"expired": &provider.OAuthError{Operation: "refresh", Code: "invalid_grant", Status: 400},
	} {
		kept, at, _, results := awaitPosted(t, nil)
		status, body := send(t, "POST", at, formType, postedForm(refresh), nil)
		o := <-results
		same := errors.Is(o.err, want)
		if refused, ok := errors.AsType[*provider.OAuthError](o.err); ok {
			same = reflect.DeepEqual(refused, want)
		}
		if !same || len(*kept) != 0 || status != http.StatusBadRequest || !strings.Contains(body, "The sign-in didn’t work") {
			t.Errorf("%s: %v, kept %d, page %d", refresh, o.err, len(*kept), status)
		}
	}
}

// What can't be waited for is refused before anything listens.
func TestPostedNeeds(t *testing.T) {
	accept := func(context.Context, Arrival) error { return nil }
	for _, c := range []struct {
		r    PostedRequest
		want string
	}{
		{PostedRequest{RedirectURI: "http://127.0.0.1:0/"}, "nobody is there to say who may sign in"},
		{PostedRequest{Accept: accept, RedirectURI: "http://127.0.0.1:0/#x"}, `redirect URI "http://127.0.0.1:0/#x": it holds a fragment`},
		{PostedRequest{Accept: accept, RedirectURI: "https://app.example.org/"}, `redirect URI "https://app.example.org/": it doesn't lead to this machine, and what is posted there can't be pasted`},
		{PostedRequest{Accept: accept, RedirectURI: "https://localhost:0/"}, `redirect URI "https://localhost:0/": it is https, and there is no certificate to listen with`},
	} {
		c.r.Rand, c.r.Clock = rand.Reader, wallClock{}
		if res, err := Posted(t.Context(), c.r); err == nil || err.Error() != c.want {
			t.Errorf("%+v, %v; want %s", res, err, c.want)
		}
	}
}

func TestPostedTimeout(t *testing.T) {
	_, at, _, results := awaitPosted(t, func(r *PostedRequest) { r.Timeout = time.Millisecond })
	o := <-results
	if want := (&TimeoutError{After: time.Millisecond, RedirectURI: at}); !reflect.DeepEqual(o.err, want) {
		t.Errorf("%v, want %v", o.err, want)
	}
	if conn, err := net.Dial("tcp", mustURL(t, at).Host); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
}

// FuzzParsePosted: whatever is taken is one whole token.
func FuzzParsePosted(f *testing.F) {
	for _, s := range []string{"refresh_token=a", "refresh_token=", "a=b&refresh_token=c%20d", "refresh_token=a&refresh_token=b", "%zz", "refresh_token=%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		posted, why := parsePosted(body)
		v := posted.Reveal()
		if (why == "") == posted.IsZero() || len(v) > maxPosted || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q: %q, %s", body, v, why)
		}
		if why == "" {
			if values, err := url.ParseQuery(body); err != nil || !reflect.DeepEqual(values["refresh_token"], []string{v}) {
				t.Errorf("%q: took %q", body, v)
			}
		}
	})
}

// keptLogin is a Keeper that remembers what was saved.
type keptLogin struct {
	set   token.Set
	ended bool
}

func (k *keptLogin) Lock(context.Context) (func(), error)               { return func() {}, nil }
func (k *keptLogin) Load(context.Context) (token.Set, error)            { return k.set, nil }
func (k *keptLogin) Prepare(context.Context) error                      { return nil }
func (k *keptLogin) SaveRefreshed(_ context.Context, s token.Set) error { k.set = s; return nil }
func (k *keptLogin) End(context.Context) error                          { k.ended = true; return nil }

// A refresh that is answered with another user's tokens keeps none of them.
func TestRefreshOfAnotherUser(t *testing.T) {
	p := site(t)
	for _, c := range []struct {
		refresh, user string
		want          error
	}{
		{"mine", "JSMITH", nil},
		{"mine", "", nil},
		{"nobody", "JSMITH", nil}, // it doesn't say
		{"theirs", "JSMITH", &UserError{Expected: "JSMITH", Got: "MALLORY"}},
	} {
		keeper := &keptLogin{set: token.Set{Access: token.NewSecret("old"), Refresh: token.NewSecret(c.refresh), Type: "bearer"}}
		res, err := Refresh(t.Context(), RefreshRequest{
			Provider: func(context.Context) (*provider.Provider, error) { return p, nil }, Client: provider.Client{ID: "app", Secret: token.NewSecret("s")},
			Keeper: keeper, Force: true, User: c.user, Now: time.Now,
		})
		if !reflect.DeepEqual(err, c.want) || (err == nil) != (res != nil && res.Refreshed) {
			t.Errorf("%s: %+v, %v", c.refresh, res, err)
		}
		if kept := keeper.set.Access.Reveal(); (err == nil) != (kept == "AQAA") {
			t.Errorf("%s: kept %s", c.refresh, kept)
		}
	}
}

// TestRefreshFindings: what a refreshed answer contradicts itself in is told.
func TestRefreshFindings(t *testing.T) {
	p := site(t)
	for refresh, want := range map[string][]string{"mine": nil, "odd": {"expiry-contradicts"}} {
		res, err := Refresh(t.Context(), RefreshRequest{
			Provider: func(context.Context) (*provider.Provider, error) { return p, nil }, Client: provider.Client{ID: "app", Secret: token.NewSecret("s")},
			Keeper: &keptLogin{set: token.Set{Refresh: token.NewSecret(refresh)}}, Force: true, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range res.Findings {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q", refresh, got)
		}
	}
}

// TestPostedRotates: a new refresh token takes the place of the one that was posted.
func TestPostedRotates(t *testing.T) {
	_, at, _, results := awaitPosted(t, nil)
	send(t, "POST", at, formType, postedForm("once"), nil)
	if o := <-results; o.err != nil || o.result.Set.Refresh.Reveal() != "next" {
		t.Errorf("got %+v, %v", o.result, o.err)
	}
}

// TestPostedInterrupted: who gives up before the login is kept is told of that; one that has been kept counts.
func TestPostedInterrupted(t *testing.T) {
	for keeps, want := range map[error]error{nil: nil, errNotMe: context.Canceled} {
		ctx, cancel := context.WithCancel(t.Context())
		listening := make(chan string, 1)
		done := make(chan outcome, 1)
		r := PostedRequest{
			Provider: site(t), Client: provider.Client{ID: "app", Secret: token.NewSecret("s"), Auth: provider.AuthPost},
			RedirectURI: "http://127.0.0.1:0/imis", Rand: rand.Reader, Clock: wallClock{},
			Event: func(e Event) {
				if l, ok := e.(Listening); ok {
					listening <- l.RedirectURI
				}
			},
			Accept: func(context.Context, Arrival) error { return nil },
			Keep:   func(context.Context, *LoginResult) error { cancel(); return keeps },
		}
		go func() {
			res, err := Posted(ctx, r)
			done <- outcome{res, err}
		}()
		conn, err := net.Dial("tcp", mustURL(t, <-listening).Host)
		if err != nil {
			t.Fatal(err)
		}
		form := postedForm("mine")
		if _, err := fmt.Fprintf(conn, "POST /imis HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", conn.RemoteAddr(), formType, len(form), form); err != nil {
			t.Fatal(err)
		}
		if o := <-done; o.err != want || (o.result != nil) != (want == nil) { //nolint:errorlint // the error itself is promised
			t.Errorf("got %+v, %v", o.result, o.err)
		}
		_ = conn.Close()
	}
}

// TestPostedHTTPS takes a token over TLS.
func TestPostedHTTPS(t *testing.T) {
	cert, _, err := certificate.Place{Dir: t.TempDir(), Now: time.Now, Rand: rand.Reader}.Ensure()
	if err != nil {
		t.Fatal(err)
	}
	_, at, _, results := awaitPosted(t, func(r *PostedRequest) { r.RedirectURI, r.Certificate = "https://localhost:0/imis", &cert.TLS })
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert.PEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Post(at, formType, strings.NewReader(postedForm("mine")))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if o := <-results; o.err != nil || o.result.User != "JSMITH" || resp.StatusCode != http.StatusOK {
		t.Errorf("got %+v, %v, status %d", o.result, o.err, resp.StatusCode)
	}
}
