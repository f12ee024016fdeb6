package provider

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// hops is a network that redirects once and remembers what was sent.
type hops struct {
	status   int
	location string
	sent     []string
}

func (h *hops) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = " " + string(b)
	}
	if req.Header.Get("Authorization") != "" {
		body += " with the token"
	}
	h.sent = append(h.sent, req.Method+" "+req.URL.String()+body)
	resp := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: req}
	if len(h.sent) == 1 {
		resp.StatusCode = h.status
		resp.Header.Set("Location", h.location)
	}
	return resp, nil
}

func (h *hops) call(t *testing.T, method string, body []byte) (*http.Response, error) {
	t.Helper()
	u, err := url.Parse("https://api.example/a")
	if err != nil {
		t.Fatal(err)
	}
	return APICall{
		Method: method, URL: u, Body: body, Bearer: token.NewSecret("t"), Origins: []string{"https://api.example"}, Redirects: 3,
		Client: func(*url.URL) *http.Client {
			return &http.Client{Transport: h, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		},
	}.Do(t.Context())
}

// TestRedirectMethods tells what goes to where a redirect leads (RFC 9110 section 15.4), and which answers are none.
func TestRedirectMethods(t *testing.T) {
	for _, c := range []struct {
		status       int
		method, body string
		want         string // of the second request; "" for none
	}{
		{299, "GET", "", ""}, {400, "GET", "", ""}, {300, "GET", "", "GET"}, {399, "GET", "", "GET"},
		{301, "GET", "", "GET"}, {301, "POST", "b", "GET"}, {301, "PUT", "b", "PUT b"}, {301, "HEAD", "", "HEAD"},
		{302, "GET", "", "GET"}, {302, "POST", "b", "GET"}, {302, "PUT", "b", "PUT b"},
		{303, "GET", "", "GET"}, {303, "POST", "b", "GET"}, {303, "PUT", "b", "GET"}, {303, "HEAD", "", "HEAD"},
		{307, "POST", "b", "POST b"}, {308, "POST", "b", "POST b"}, {308, "DELETE", "", "DELETE"},
	} {
		h := &hops{status: c.status, location: "/b#fragment"}
		var body []byte
		if c.body != "" {
			body = []byte(c.body)
		}
		resp, err := h.call(t, c.method, body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		want := []string{strings.TrimSuffix(c.method+" https://api.example/a "+c.body, " ") + " with the token"}
		if c.want != "" {
			method, rest, _ := strings.Cut(c.want, " ")
			want = append(want, strings.TrimSuffix(method+" https://api.example/b "+rest, " ")+" with the token")
		}
		if !reflect.DeepEqual(h.sent, want) {
			t.Errorf("%d: sent %q, expected %q", c.status, h.sent, want)
		}
	}
}

// TestRedirectAway: another origin gets a bare GET or HEAD and nothing else, and none gets one on this machine.
func TestRedirectAway(t *testing.T) {
	const (
		other   = "https://other.example/b"
		machine = "is this machine, where no answer from elsewhere leads"
		sends   = "isn't among the addresses that the token may go to, and the redirect would send it a "
	)
	for _, c := range []struct {
		status             int
		method, body, to   string
		want, refusedWords string
	}{
		{302, "GET", "", other, "GET " + other, ""}, {307, "HEAD", "", other, "HEAD " + other, ""}, {303, "POST", "b", other, "GET " + other, ""},
		{307, "POST", "b", other, "", sends + "POST"}, {307, "GET", "b", other, "", sends + "GET"}, {307, "DELETE", "", other, "", sends + "DELETE"},
		{302, "GET", "", "https://localhost/b", "", machine}, {302, "GET", "", "http://127.0.0.1:80/b", "", machine},
	} {
		h := &hops{status: c.status, location: c.to}
		var body []byte
		if c.body != "" {
			body = []byte(c.body)
		}
		resp, err := h.call(t, c.method, body)
		if err == nil {
			_ = resp.Body.Close()
		}
		refused, _ := errors.AsType[*APIRefusedError](err)
		if (refused == nil) != (c.refusedWords == "") || refused != nil && refused.Problem != c.refusedWords {
			t.Errorf("%d %s to %s: %v", c.status, c.method, c.to, err)
		}
		if got := strings.Join(h.sent[1:], ", "); got != c.want {
			t.Errorf("%d %s to %s: sent %q", c.status, c.method, c.to, got)
		}
	}
}

// TestStatusWords names the status where it has a name.
func TestStatusWords(t *testing.T) {
	for status, want := range map[int]string{404: "h answered with HTTP 404 Not Found", 499: "h answered with HTTP 499"} {
		if got := fmt.Sprint(&APIStatusError{Host: "h", Status: status}); got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}

// TestFailureOfACall has the reason that the challenge states, cut and without what was sent, and the time to wait.
func TestFailureOfACall(t *testing.T) {
	call := APICall{URL: &url.URL{Scheme: "https", Host: "h"}, Bearer: token.NewSecret("the-bearer-of-the-call"), Header: http.Header{"X-Key": {"a-key-of-the-callers"}}}
	for _, row := range []struct {
		name   string
		status int
		header http.Header
		want   *APIStatusError
	}{
		{"a success", 204, http.Header{"Retry-After": {"5"}}, nil},
		{"not modified", 304, nil, nil},
		{"without any", 401, nil, &APIStatusError{Host: "h", Status: 401}},
		{"to wait", 429, http.Header{"Retry-After": {"120"}}, &APIStatusError{Host: "h", Status: 429, RetryAfter: 2 * time.Minute}},
		{"a reason", 403, http.Header{"Www-Authenticate": {`Basic realm="x"`, `Bearer error="insufficient_scope", error_description="needs a"`}}, &APIStatusError{Host: "h", Status: 403, Code: "insufficient_scope", Description: "needs a"}},
		{"with what was sent", 401, http.Header{"Www-Authenticate": {`Bearer error="the-bearer-of-the-call", error_description="no a-key-of-the-callers"`}}, &APIStatusError{Host: "h", Status: 401, Code: "[masked]", Description: "no [masked]"}},
		{"a long one", 401, http.Header{"Www-Authenticate": {`Bearer error="e", error_description="` + strings.Repeat("x", 5000) + `"`}}, &APIStatusError{Host: "h", Status: 401, Code: "e", Description: strings.Repeat("x", maxShown) + "…"}},
	} {
		got, _ := errors.AsType[*APIStatusError](call.Failure(&http.Response{StatusCode: row.status, Header: row.header}))
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
	escaped := &APIStatusError{Host: "h", Status: 401, Code: "e\x1b[31m", Description: "two\nlines"}
	if got, want := escaped.Error(), `h answered with HTTP 401 Unauthorized: e\x1b[31m: two\x0alines`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestOriginPorts leaves out the port that goes without saying, and no other.
func TestOriginPorts(t *testing.T) {
	for address, want := range map[string]string{
		"https://A.example:443/x": "https://a.example", "http://a.example:80": "http://a.example", "https://a.example:80": "https://a.example:80",
		"http://a.example:443": "http://a.example:443", "ftp://a.example:80": "ftp://a.example:80", "https://[::1]:443/": "https://[::1]",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := Origin(u); got != want {
			t.Errorf("%s: got %q", address, got)
		}
	}
}

// TestEmbeddedAt: the STS inside the binary answers for its own kind and its own issuer alone.
func TestEmbeddedAt(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		issuer string
		want   bool
	}{
		{Kind{Embedded: "sts", Issuer: "https://e/"}, "https://e/", true}, {Kind{Embedded: "sts", Issuer: "https://e/"}, "https://other/", false},
		{Kind{Issuer: "https://e/"}, "https://e/", false},
	} {
		if got := c.kind.EmbeddedAt(c.issuer); got != c.want {
			t.Errorf("%+v at %s: %t", c.kind, c.issuer, got)
		}
	}
}

// TestValidationFaults: what says nothing of a token is no answer about it.
func TestValidationFaults(t *testing.T) {
	const path = "/connect/accesstokenvalidation"
	for body, want := range map[string]struct {
		status int
		active bool
		reason string
		fault  bool
	}{
		`{"Message":"expired_token"}`:   {400, false, "expired_token", false},
		`{"Message":"something else"}`:  {400, false, "", true},
		`<html>`:                        {400, false, "", true},
		`<html> `:                       {200, false, "", true},
		`{"sub":"1"}`:                   {200, true, "", false},
		`{"Message":"invalid_token" , `: {400, false, "", true},
	} {
		s := serve(t, map[string]http.HandlerFunc{path: says(want.status, "application/json", body)})
		p := s.provider(mustKind(t, "simsid"))
		got, err := p.validate(t.Context(), "ask", "accesstokenvalidation", url.Values{"token": {"t"}})
		if got.Active != want.active || got.Reason != want.reason || (err != nil) != want.fault {
			t.Errorf("%d %s: got %+v, %v", want.status, body, got, err)
		}
	}
	p := serve(t, nil).provider(mustKind(t, "simsid"))
	p.Metadata.Issuer = ""
	if _, err := p.validate(t.Context(), "ask", "accesstokenvalidation", url.Values{"token": {"t"}}); !isError[*UnsupportedError](err) {
		t.Errorf("got %v", err)
	}
	p.Metadata.Issuer = "http://evil.example/"
	if _, err := p.validate(t.Context(), "ask", "accesstokenvalidation", url.Values{"token": {"t"}}); !isError[*AddressError](err) {
		t.Errorf("got %v", err)
	}
}

// TestChallengeBytes: which bytes a word of a challenge may have (RFC 9110 section 5.6.2), and which its credentials (section 11.2).
func TestChallengeBytes(t *testing.T) {
	for _, c := range []struct {
		bytes string
		is    func(byte) bool
	}{
		{"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", isTokenByte},
		{"-._~+/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", isToken68Byte},
	} {
		for b := range 256 {
			if want := b < 128 && strings.ContainsRune(c.bytes, rune(b)); c.is(byte(b)) != want {
				t.Errorf("%q: %t", byte(b), !want)
			}
		}
	}
}
