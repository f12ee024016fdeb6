package flow

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// patience is how long a test waits for something that must come before it gives up.
const patience = 20 * time.Second

// attempt is a login that runs while the test acts on it.
type attempt struct {
	t        *testing.T
	sts      *sts
	events   chan Event
	results  chan outcome
	cancel   context.CancelFunc
	finished chan struct{} // closed when results has the result
	request  url.Values    // of the authorisation request, once waiting has been called
}

type outcome struct {
	result *LoginResult
	err    error
}

// begin starts a login; change may alter the request.
func begin(t *testing.T, s *sts, change func(*LoginRequest)) *attempt {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a := &attempt{t: t, sts: s, events: make(chan Event, 1000), results: make(chan outcome, 1), cancel: cancel, finished: make(chan struct{})}
	r := LoginRequest{
		Provider:    s.provider(),
		Client:      s.client(),
		RedirectURI: "http://localhost:0/callback",
		Scopes:      []string{"openid", "offline_access"},
		MaxAge:      -1,
		Rand:        rand.Reader,
		Clock:       s.clock,
		Event:       func(e Event) { a.events <- e },
	}
	if change != nil {
		change(&r)
	}
	go func() {
		defer close(a.finished)
		result, err := Login(ctx, r)
		a.results <- outcome{result, err}
	}()
	t.Cleanup(func() {
		cancel()
		<-a.finished
	})
	return a
}

// event waits for the next event.
func (a *attempt) event() Event {
	a.t.Helper()
	select {
	case e := <-a.events:
		return e
	case <-a.finished:
	case <-time.After(patience):
		a.t.Fatal("no event came")
	}
	select {
	case e := <-a.events:
		return e
	default:
		o := <-a.results
		a.t.Fatalf("the login ended without the awaited event: %+v, %v", o.result, o.err)
		return nil
	}
}

// waiting waits until the login waits for its answer.
func (a *attempt) waiting() *attempt {
	a.t.Helper()
	listening, ok := a.event().(Listening)
	if !ok {
		a.t.Fatal("the first event isn't Listening")
	}
	address, ok := a.event().(Address)
	if !ok {
		a.t.Fatal("the second event isn't Address")
	}
	a.request = requestOf(a.t, address.URL)
	if got := a.request.Get("redirect_uri"); got != listening.RedirectURI {
		a.t.Fatalf("redirect_uri: expected %q, got %q", listening.RedirectURI, got)
	}
	return a
}

func requestOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// end waits for the result.
func (a *attempt) end() (*LoginResult, error) {
	a.t.Helper()
	select {
	case o := <-a.results:
		return o.result, o.err
	case <-time.After(patience):
		a.t.Fatal("the login didn't end")
	}
	return nil, nil
}

// redirectURI is the real one.
func (a *attempt) redirectURI() string { return a.request.Get("redirect_uri") }

// genuine is the address that the provider sends the browser to.
func (a *attempt) genuine() string {
	return a.redirectURI() + "?" + a.parts().Encode()
}

// answered waits for the event that tells of the answer.
func (a *attempt) answered(want Answered) {
	a.t.Helper()
	if e := a.event(); !reflect.DeepEqual(e, want) {
		a.t.Errorf("expected %#v, got %#v", want, e)
	}
}

func queryOf(address string) token.Secret {
	_, query, _ := strings.Cut(address, "?")
	return token.NewSecret(query)
}

// parts are the parameters of the genuine answer.
func (a *attempt) parts() url.Values {
	return url.Values{"code": {a.sts.grant(a.request)}, "state": {a.request.Get("state")}}
}

// visit does what a browser does: it follows redirects.
func (a *attempt) visit(address string) (status int, body string, final *url.URL) {
	a.t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Request.URL
}

// relay is the path that the page for a fragment posts to.
func (a *attempt) relay() string {
	a.t.Helper()
	_, body, _ := a.visit(a.redirectURI())
	_, rest, ok := strings.Cut(body, ` action="`)
	path, _, _ := strings.Cut(rest, `"`)
	if !ok || !strings.HasPrefix(path, "/fragment/") {
		a.t.Fatalf("no page that posts a fragment: %s", body)
	}
	return path
}

// post sends a form as a page would, and follows redirects.
func (a *attempt) post(address string, form url.Values) (status int, body string) {
	a.t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// answer brings an answer in one of the modes, as provider and browser do together.
func (a *attempt) answer(mode string, parts url.Values) (status int, body string) {
	a.t.Helper()
	address := a.redirectURI()
	switch mode {
	case ModeFormPost:
		return a.post(address, parts)
	case ModeFragment:
		return a.post(mustURL(a.t, address).ResolveReference(&url.URL{Path: a.relay()}).String(), url.Values{"fragment": {parts.Encode()}})
	}
	status, body, _ = a.visit(address + "?" + parts.Encode())
	return status, body
}

// dial connects to the listener by the first address of the redirect's host.
func (a *attempt) dial() net.Conn {
	a.t.Helper()
	u, err := url.Parse(a.redirectURI())
	if err != nil {
		a.t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(a.t.Context(), "tcp", strings.Replace(u.Host, "localhost", "127.0.0.1", 1))
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		a.t.Fatal(err)
	}
	return conn
}

// raw sends bytes as they are and reads one answer; method is what the answer belongs to.
func (a *attempt) raw(method, request string) *http.Response {
	a.t.Helper()
	conn := a.dial()
	if _, err := io.WriteString(conn, request); err != nil {
		a.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp
}
