package flow

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/provider"
)

// TestResponseModes goes the whole way by each mode, and has the provider refuse by each.
func TestResponseModes(t *testing.T) {
	for _, asked := range []string{"", ModeQuery, ModeFragment, ModeFormPost} {
		t.Run("asked for "+asked, func(t *testing.T) {
			s := newSTS(t)
			a := begin(t, s, func(r *LoginRequest) { r.ResponseMode = asked }).waiting()
			if got := a.request.Get("response_mode"); got != asked || a.request.Has("response_mode") != (asked != "") {
				t.Errorf("the request has response_mode %q", got)
			}
			if status, body := a.answer(asked, a.parts()); status != http.StatusOK || !strings.Contains(body, "signed in") {
				t.Errorf("the landing page: %d %s", status, body)
			}
			if result, err := a.end(); err != nil || result.Via != viaBrowser {
				t.Errorf("got %+v, %v", result, err)
			}
			for _, came := range []string{ModeQuery, ModeFragment, ModeFormPost} {
				if came == ModeFormPost && asked != ModeFormPost { // nobody has told the provider to send a form
					continue
				}
				a := begin(t, s, func(r *LoginRequest) { r.ResponseMode = asked }).waiting()
				a.answer(came, url.Values{"error": {"invalid_request"}, "state": {a.request.Get("state")}})
				_, err := a.end()
				if e, ok := errors.AsType[*provider.OAuthError](err); !ok || e.Code != "invalid_request" {
					t.Errorf("an error by %s: got %v", came, err)
				}
			}
		})
	}
}

// TestRelayPage looks at what may run on the page, and that its policy allows just that.
func TestRelayPage(t *testing.T) {
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.ResponseMode = ModeFragment }).waiting()
	redirect := mustURL(t, a.redirectURI())
	page := a.raw("GET", "GET "+redirect.Path+" HTTP/1.1\r\nHost: "+redirect.Host+"\r\n\r\n")
	if page.StatusCode != http.StatusOK || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("got %d, %s", page.StatusCode, page.Header.Get("Content-Type"))
	}
	checkPolicy(t, "the page", page.Header, "script-src "+sourceHash(relayScript)+"; form-action 'self'")
	body := read(t, page)
	if strings.Count(body, "<script") != 1 || !strings.Contains(body, "<script>"+relayScript+"</script>") {
		t.Errorf("the page runs something else than its script: %s", body)
	}
	for _, want := range []string{"<title>Finishing the sign-in</title>", "<noscript>", `<html lang="en">`, "<style>" + pageStyle + "</style>"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(body, a.request.Get("state")) {
		t.Error("the page holds the state")
	}
}

// TestRelayPathsDiffer: each login has its own.
func TestRelayPathsDiffer(t *testing.T) {
	s := newSTS(t)
	a, b := begin(t, s, nil).waiting(), begin(t, s, nil).waiting()
	first, again := a.relay(), a.relay()
	if first == b.relay() || first != again {
		t.Error("two logins post to one path, or one to two")
	}
}

// TestFragmentBySameOrigin is what a browser says of the script's own form.
func TestFragmentBySameOrigin(t *testing.T) {
	a := begin(t, newSTS(t), func(r *LoginRequest) { r.ResponseMode = ModeFragment }).waiting()
	request := strings.Replace(postForm("RELAY", "fragment="+url.QueryEscape(a.parts().Encode())), "Host:", "Sec-Fetch-Site: same-origin\r\nHost:", 1)
	if resp := a.raw("POST", a.fill(request, "")); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d", resp.StatusCode)
	}
}
