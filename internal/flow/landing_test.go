package flow

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// TestLanding looks at what the browser gets for the genuine answer: a redirect that takes the code out of the address, and
// a page.
func TestLanding(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	genuine := mustURL(t, a.genuine())
	redirected := a.raw("GET", "GET "+genuine.RequestURI()+" HTTP/1.1\r\nHost: "+genuine.Host+"\r\n\r\n")
	landing := redirected.Header.Get("Location")
	if redirected.StatusCode != http.StatusSeeOther || !strings.HasPrefix(landing, "/finished/") || len(landing) != len("/finished/")+43 {
		t.Fatalf("the answer to the answer: %d, Location %q", redirected.StatusCode, landing)
	}
	page := a.raw("GET", "GET "+landing+" HTTP/1.1\r\nHost: "+genuine.Host+"\r\n\r\n")
	body, err := io.ReadAll(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.end(); err != nil {
		t.Fatal(err)
	}
	if page.StatusCode != http.StatusOK || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("the landing page: %d, %s", page.StatusCode, page.Header.Get("Content-Type"))
	}
	for name, header := range map[string]http.Header{"redirect": redirected.Header, "page": page.Header} {
		checkHeaders(t, name, header)
	}
	for _, secret := range []string{genuine.Query().Get("code"), genuine.Query().Get("state")} {
		if strings.Contains(string(body)+landing, secret) {
			t.Error("the landing page or its address holds the code or the state")
		}
	}
	checkPage(t, string(body), "You’re signed in")
}

// read returns a body that raw has read already.
func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checkHeaders looks at what protects every page of the listener.
func checkHeaders(t *testing.T, name string, header http.Header) {
	t.Helper()
	checkPolicy(t, name, header, "form-action 'none'")
}

func checkPolicy(t *testing.T, name string, header http.Header, rest string) {
	t.Helper()
	sum := sha256.Sum256([]byte(pageStyle))
	for key, want := range map[string]string{
		"Cache-Control":   "no-store",
		"Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src data:; base-uri 'none'; frame-ancestors 'none'; " + rest,
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := header[key]; !reflect.DeepEqual(got, []string{want}) {
			t.Errorf("%s: %s: expected %q, got %q", name, key, want, got)
		}
	}
}

// checkPage looks for what a screen reader and a phone need, and that the policy's hash is the style's own.
func checkPage(t *testing.T, body, heading string) {
	t.Helper()
	for _, want := range []string{
		`<html lang="en">`, `<meta charset="utf-8">`, `<meta name="viewport" content="width=device-width, initial-scale=1">`,
		"<title>" + heading + "</title>", "<main>", "<h1>" + heading + "</h1>", "<style>" + pageStyle + "</style>",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(body, "<script") {
		t.Error("the page has a script")
	}
}

func TestPagesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range []page{pageFailed, pageSignedIn, pageAlready} {
		title, text := p.words()
		if title == "" || text == "" || seen[title] {
			t.Errorf("page %d: %q, %q", p, title, text)
		}
		seen[title] = true
	}
}

// TestTurnedAwayHeaders: strays are protected alike, and their connections end.
func TestTurnedAwayHeaders(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	host := mustURL(t, a.redirectURI()).Host
	for _, path := range []string{"/callback?state=foreign", "/other", "/favicon.ico"} {
		resp := a.raw("GET", "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		checkHeaders(t, path, resp.Header)
		if !resp.Close || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: close %t, %s", path, resp.Close, resp.Header.Get("Content-Type"))
		}
	}
}

// TestNobodyLands: a browser that doesn't come for the page delays the end by the grace, and no longer.
func TestNobodyLands(t *testing.T) {
	s := newSTS(t)
	a := begin(t, s, nil).waiting()
	genuine := mustURL(t, a.genuine())
	a.raw("GET", "GET "+genuine.RequestURI()+" HTTP/1.1\r\nHost: "+genuine.Host+"\r\n\r\n")
	for d := range s.clock.asked {
		if d == landingGrace {
			break
		}
	}
	select {
	case <-a.finished:
		t.Error("the login ended before the grace was over")
	default:
	}
	s.clock.Advance(landingGrace)
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}

// TestLandingIsSecret: nobody but the sender of the answer can fetch the page, and so end the listener under it.
func TestLandingIsSecret(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	for _, path := range []string{"/finished", "/finished/", "/finished/x", "/finished/" + a.request.Get("state")} {
		if status, _, _ := a.visit(strings.Replace(a.redirectURI(), "/callback", path, 1)); status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, status)
		}
	}
	_, _, final := a.visit(a.genuine())
	if final.RawQuery != "" || final.Fragment != "" || strings.Contains(final.Path, a.request.Get("state")) {
		t.Errorf("the browser ends at %s", final)
	}
	if _, err := a.end(); err != nil {
		t.Error(err)
	}
}
