package flow

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
)

// pushing is a provider that takes pushed requests, each good for a minute, and tells of them.
func pushing(t *testing.T) (*sts, chan url.Values) {
	t.Helper()
	s := newSTS(t)
	pushed := make(chan url.Values, 10)
	s.push = func(w http.ResponseWriter, form url.Values) {
		pushed <- form
		writeJSON(w, http.StatusCreated, map[string]any{"request_uri": "urn:one", "expires_in": 60})
	}
	return s, pushed
}

func (s *sts) pushes(r *LoginRequest) {
	r.Push = true
	r.Provider.Metadata.PushedEndpoint = s.URL + "/par"
}

// TestPushedRequest: what is asked goes to the provider, and the browser carries nothing but its name.
func TestPushedRequest(t *testing.T) {
	s, pushed := pushing(t)
	a := begin(t, s, func(r *LoginRequest) {
		s.pushes(r)
		r.Params = url.Values{"login_hint": {"zoë"}}
	})
	listening, _ := a.event().(Listening)
	address, ok := a.event().(Address)
	if !ok || address.Expires != start().Add(time.Minute) {
		t.Fatalf("got %+v", address)
	}
	if want := s.URL + "/authorize?tenant=one&client_id=client-1&request_uri=urn%3Aone"; address.URL != want {
		t.Errorf("expected %q, got %q", want, address.URL)
	}
	a.request = <-pushed
	if a.request.Get("client_secret") != clientSecret || a.request.Get("login_hint") != "zoë" || a.request.Get("code_challenge") == "" ||
		a.request.Get("redirect_uri") != listening.RedirectURI || a.request.Has("request_uri") {
		t.Errorf("pushed %v", a.request)
	}
	if status, _, _ := a.visit(a.genuine()); status != http.StatusOK {
		t.Errorf("landing page: status %d", status)
	}
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestPushedRequestExpires is said where nobody opens the address by himself, once, and ends nothing.
func TestPushedRequestExpires(t *testing.T) {
	s, pushed := pushing(t)
	a := begin(t, s, s.pushes)
	a.event()
	a.event()
	a.request = <-pushed
	for range 3 { // the whole wait, the quiet minute, the address
		<-s.clock.asked
	}
	s.clock.Advance(59 * time.Second)
	s.clock.Advance(time.Second)
	first, second := a.event(), a.event()
	if _, quiet := first.(Quiet); quiet {
		first, second = second, first
	}
	if _, quiet := second.(Quiet); first != (AddressExpired{}) || !quiet {
		t.Errorf("got %+v and %+v", first, second)
	}
	a.visit(a.genuine())
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestPushRefused ends the login before the browser opens.
func TestPushRefused(t *testing.T) {
	s := newSTS(t)
	s.push = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
	}
	a := begin(t, s, s.pushes)
	_, err := a.end()
	if e, ok := errors.AsType[*provider.OAuthError](err); !ok || e.Operation != "push the request" {
		t.Errorf("got %v", err)
	}
	select {
	case e := <-a.events:
		t.Errorf("event %+v", e)
	default:
	}
}

// TestPushedAddress is that of --print-url.
func TestPushedAddress(t *testing.T) {
	s, pushed := pushing(t)
	r := asking(t, "oidc")
	r.Provider, r.Client, r.Clock = s.provider(), s.client(), s.clock
	s.pushes(&r)
	address, err := AuthorizationAddress(t.Context(), r)
	if err != nil || requestOf(t, address.URL).Get("request_uri") != "urn:one" || address.Expires != start().Add(time.Minute) {
		t.Errorf("got %+v, %v", address, err)
	}
	if got := <-pushed; got.Get("redirect_uri") != r.RedirectURI {
		t.Errorf("pushed %v", got)
	}
}
