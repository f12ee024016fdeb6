package flow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
)

// holdKeys has every request for the keys hang until it is given up, and tells when one begins and when it is given up.
func holdKeys(p *provider.Provider) (begun, ended chan struct{}) {
	begun, ended = make(chan struct{}, 10), make(chan struct{}, 10)
	copied := *p.HTTP
	next := copied.Transport
	copied.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path != "/jwks" {
			return next.RoundTrip(req)
		}
		begun <- struct{}{}
		<-req.Context().Done()
		ended <- struct{}{}
		return nil, req.Context().Err()
	})
	p.HTTP = &copied
	return begun, ended
}

func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal(what)
	}
}

// TestKeysAreReadMeanwhile: the keys are asked for while the user signs in, and no longer than the login lasts.
func TestKeysAreReadMeanwhile(t *testing.T) {
	s := newSTS(t)
	var begun, ended chan struct{}
	a := begin(t, s, func(r *LoginRequest) { begun, ended = holdKeys(r.Provider) }).waiting()
	await(t, "the keys weren't asked for before the answer", begun)
	a.visit(a.redirectURI() + "?" + url.Values{"state": {a.request.Get("state")}, "error": {"access_denied"}}.Encode())
	if _, err := a.end(); err == nil {
		t.Error("no error")
	}
	await(t, "the keys are still asked for when the login is over", ended)
}

// TestDeviceKeysAreReadMeanwhile is the same on another device.
func TestDeviceKeysAreReadMeanwhile(t *testing.T) {
	s, r := device(t, said("access_denied"))
	begun, ended := holdKeys(r.Provider)
	done := make(chan error, 1)
	go func() {
		_, err := Device(t.Context(), r)
		done <- err
	}()
	await(t, "the keys weren't asked for before the answer", begun)
	s.clock.Advance(<-s.clock.asked)
	if err := <-done; err == nil {
		t.Error("no error")
	}
	await(t, "the keys are still asked for when the login is over", ended)
}

// TestNoKeysWithoutIDToken: where there will be no ID token, nothing is asked for that would verify one.
func TestNoKeysWithoutIDToken(t *testing.T) {
	s := newSTS(t)
	s.token = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "a", "token_type": "Bearer"})
	}
	hung := make(chan struct{})
	a := begin(t, s, func(r *LoginRequest) {
		r.Force, r.Scopes = true, []string{"partner"}
		begun, _ := holdKeys(r.Provider)
		go func() {
			select {
			case <-begun:
				close(hung)
			case <-t.Context().Done():
			}
		}()
	}).waiting()
	a.visit(a.genuine())
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
	select {
	case <-hung:
		t.Error("the keys were asked for")
	default:
	}
}

// TestDeviceCancelledMeanwhile: who gives up while a question is on its way is told of that, and not of a code that would have run out.
func TestDeviceCancelledMeanwhile(t *testing.T) {
	s, r := device(t)
	s.device["interval"] = 400 // of 600 seconds: doubled, there is no time for another question
	ctx, cancel := context.WithCancel(t.Context())
	copied := *r.Provider.HTTP
	next := copied.Transport
	copied.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == "/token" {
			cancel()
			return nil, req.Context().Err()
		}
		return next.RoundTrip(req)
	})
	r.Provider.HTTP = &copied
	_, _, err := pass(t, s, func(context.Context) (*LoginResult, error) { return Device(ctx, r) })
	if err != context.Canceled { //nolint:errorlint // the error itself is promised
		t.Errorf("got %v", err)
	}
}

// TestAdoptCannotVerify: an ID token that can't be verified is as one that doesn't hold: only the refresh token is kept.
func TestAdoptCannotVerify(t *testing.T) {
	s := newSTS(t)
	tokens := s.tokens("2", nil)
	s.token = func(w http.ResponseWriter, _ url.Values) { writeJSON(w, http.StatusOK, tokens) }
	p := s.provider()
	p.Metadata.JWKSURI = s.URL + "/nowhere"
	var kept []string
	result, err := Adopt(t.Context(), AdoptRequest{
		Provider: p, Client: s.client(), Clock: s.clock, Refresh: s.client().Secret,
		Keep: func(_ context.Context, r *LoginResult) error {
			kept = append(kept, r.Set.Refresh.Reveal(), r.Set.Access.Reveal())
			return nil
		},
	})
	_, rescued := errors.AsType[*RescuedError](err)
	if e, ok := errors.AsType[*provider.ResponseError](err); !rescued || !ok || e.Status != http.StatusNotFound || result != nil || !slices.Equal(kept, []string{"refresh-2", ""}) {
		t.Errorf("got %+v, %v, kept %q", result, err, kept)
	}
}
