package provider

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

func TestPush(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/par": says(http.StatusCreated, "application/json", `{"request_uri":"urn:ietf:params:oauth:request_uri:a/b","expires_in":90}`),
	})
	p := s.provider(Kind{})
	p.Metadata.PushedEndpoint = s.URL + "/par"
	params := url.Values{"client_id": {"me"}, "state": {"s"}, "scope": {"openid"}}
	pushed, err := p.Push(t.Context(), Client{ID: "me", Secret: token.NewSecret("hush")}, params)
	if want := (Pushed{"urn:ietf:params:oauth:request_uri:a/b", now.Add(90 * time.Second)}); err != nil || pushed != want {
		t.Errorf("%+v, %v", pushed, err)
	}
	if want := []seen{{"POST", "/par", "", "client_id=me&client_secret=hush&scope=openid&state=s"}}; !reflect.DeepEqual(s.seen(), want) {
		t.Errorf("expected %v, got %v", want, s.seen())
	}
	if params.Has("client_secret") {
		t.Error("the caller's parameters were changed, and would go into an address with the secret")
	}
	address, err := p.PushedURL("me", pushed)
	if want := s.URL + "/authorize?client_id=me&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aa%2Fb"; err != nil || address != want {
		t.Errorf("expected %q, got %q, %v", want, address, err)
	}
}

func TestPushRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"the provider's word", 400, `{"error":"invalid_request","error_description":"no"}`, "push the request: invalid_request: no (HTTP 400)"},
		{"nothing to name it by", 201, `{"expires_in":60}`, "an answer whose request_uri is missing or too long"},
		{"a long name", 201, `{"expires_in":60,"request_uri":"` + strings.Repeat("x", 2001) + `"}`, "an answer whose request_uri is missing or too long"},
		{"a name with an escape", 201, `{"expires_in":60,"request_uri":"urn:\u001b[31m"}`, "request_uri holds characters that no token may hold"},
		{"without an end", 201, `{"request_uri":"urn:x"}`, "an answer without expires_in"},
		{"ended already", 201, `{"request_uri":"urn:x","expires_in":0}`, "an answer without expires_in"},
		{"no JSON", 201, `<html>`, "a page of HTML or XML instead of a JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/par": says(c.status, "application/json", c.body)})
			p := s.provider(Kind{})
			p.Metadata.PushedEndpoint = s.URL + "/par"
			got, err := p.Push(t.Context(), Client{ID: "me"}, url.Values{})
			if err == nil || !strings.Contains(fmt.Sprint(err), c.want) || got != (Pushed{}) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	p := &Provider{Metadata: Metadata{Issuer: "https://a.example"}, Now: clock}
	_, err := p.Push(t.Context(), Client{ID: "me"}, url.Values{})
	if e, ok := errors.AsType[*UnsupportedError](err); !ok || e.Operation != opPush {
		t.Errorf("%v", err)
	}
}
