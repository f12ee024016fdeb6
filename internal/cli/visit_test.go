package cli

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// TestVisitorCookies: a site gets its own cookies back, at their paths, until it takes them away.
func TestVisitorCookies(t *testing.T) {
	v := visitorCookies{}
	at := func(host, path string) *url.URL { return &url.URL{Scheme: "http", Host: host, Path: path} }
	v.SetCookies(at("127.0.0.1:1", "/sign-in"), []*http.Cookie{{Name: "a", Value: "1", Path: "/"}, {Name: "b", Value: "2", Path: "/inner"}, {Name: "c", Value: "3", Path: "/"}})
	v.SetCookies(at("127.0.0.1:1", "/sign-out"), []*http.Cookie{{Name: "c", Path: "/", MaxAge: -1}})
	v.SetCookies(at("127.0.0.1:1", "/sign-in"), []*http.Cookie{{Name: "a", Value: "4", Path: "/"}})
	for _, test := range []struct {
		host, path string
		want       int
	}{{"127.0.0.1:1", "/", 1}, {"127.0.0.1:1", "/inner/page", 2}, {"127.0.0.1:2", "/inner/page", 0}, {"localhost:1", "/", 0}} {
		got := v.Cookies(at(test.host, test.path))
		if len(got) != test.want || test.want == 1 && got[0].String() != "a=4" {
			t.Errorf("%s%s: %v", test.host, test.path, got)
		}
	}
}

type answering func(*http.Request) (*http.Response, error)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// TestVisitThatFails: what kept the site from answering is said, and no address, which from the redirect on holds the code.
func TestVisitThatFails(t *testing.T) {
	failure := errors.New("the folder is gone")
	const host = "127.0.0.1:2"
	site := embeddedSite{host, answering(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/callback" {
			return nil, failure
		}
		return &http.Response{
			StatusCode: http.StatusFound, Header: http.Header{"Location": {"http://" + host + "/callback?code=hidden"}}, Body: http.NoBody, Request: r,
		}, nil
	})}
	err := visitLoopback(t.Context(), "http://"+host+"/authorize", site, nil)
	if !errors.Is(err, failure) || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}

// TestScriptedForm: only a page whose script posts hidden fields is posted; one that asks the user isn't.
func TestScriptedForm(t *testing.T) {
	for page, want := range map[string]struct {
		action string
		form   url.Values
	}{
		`<form method="post" action="/a?b=c&amp;d"><input type="hidden" name="x" value="&lt;1&gt;"><input type=hidden name=y /></form><script>s()</script>`: {
			"/a?b=c&d", url.Values{"x": {"<1>"}, "y": {""}},
		},
		`<form action="/a"><input type="hidden" name="x"></form>`:                                                                    {"", url.Values{"x": {""}}},
		`<script></script><form action="/a"><input type="hidden" name="x"><input name="user"></form>`:                                {"", nil},
		`<script></script><form action="/a"><input type="hidden" name="x"><input type="password" name="p"></form>`:                   {"", nil},
		`<style>a > b {}</style><form action="/a b"><script>x("<input>")</script><input name="x" type="hidden" value="a b" hidden/>`: {"/a b", url.Values{"x": {"a b"}}},
		`<h1>No</h1><script></script>`: {"", url.Values{}},
		`<script>`:                     {"", url.Values{}},
		`<form action="/a`:             {"", url.Values{}},
		`<script></script><form action="/a"><input type=hidden name="x" value`: {"/a", url.Values{"x": {""}}},
		``: {"", url.Values{}},
	} {
		action, form := scriptedForm(page)
		if action != want.action || !reflect.DeepEqual(form, want.form) {
			t.Errorf("%s: got %q, %v", page, action, form)
		}
	}
}
