package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// landingGrace is how long a finished login waits for the browser to fetch the page that says so.
const landingGrace = 2 * time.Second

// page is one of the listener's pages: fixed text, in which nothing of a request is ever repeated.
type page int

const (
	pageFailed page = iota
	pageSignedIn
	pageAlready
	pageAsked
)

func (p page) words() (title, text string) {
	switch p {
	case pageSignedIn:
		return "You’re signed in", "You can close this tab and go back to the terminal."
	case pageAlready:
		return "This sign-in was already answered", "The terminal says how it went. You can close this tab."
	case pageAsked:
		return "Go back to the terminal", "It says who is signing in, and asks whether that is you. You can close this tab."
	case pageFailed:
	}
	return "The sign-in didn’t work", "The terminal says why. You can close this tab."
}

const pageStyle = `:root{color-scheme:light dark}` +
	`body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.125rem/1.5 system-ui,sans-serif;` +
	`color:#1b1b1f;background:#f6f6f9}` +
	`main{max-width:32rem;padding:1.5rem}` +
	`h1{font-size:1.625rem;line-height:1.25;margin:0 0 .5rem}` +
	`p{margin:0}` +
	`@media (prefers-color-scheme:dark){body{color:#ececf1;background:#17171b}}`

// pageFormat has an empty icon so that browsers don't ask for /favicon.ico.
const pageFormat = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%[1]s</title>
<link rel="icon" href="data:,">
<style>%[3]s</style>
</head>
<body>
<main>
<h1>%[1]s</h1>
<p>%[2]s</p>
</main>
</body>
</html>
`

// secure sets what every answer of the listener has: it is kept nowhere, passes no address on, runs nothing, loads
// nothing, and can't be framed or read by another site.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy("form-action 'none'"))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// policy is the Content-Security-Policy of the listener's pages; rest is what they differ in.
func policy(rest string) string {
	return "default-src 'none'; style-src " + sourceHash(pageStyle) + "; img-src data:; base-uri 'none'; frame-ancestors 'none'; " + rest
}

// sourceHash allows one inline style or script and no other (Content Security Policy Level 3 section 2.3.1).
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// showPage writes a page whole, and ends the connection with it: no later request is served anyway.
func showPage(w http.ResponseWriter, status int, p page) {
	title, text := p.words()
	write(w, status, "text/html; charset=utf-8", fmt.Sprintf(pageFormat, title, text, pageStyle))
}

// reply writes one sentence of plain text.
func reply(w http.ResponseWriter, status int, sentence string) {
	write(w, status, "text/plain; charset=utf-8", strings.ToUpper(sentence[:1])+sentence[1:]+".\n")
}

func write(w http.ResponseWriter, status int, contentType, body string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
	_ = http.NewResponseController(w).Flush()
}

// land is the page that the sender of the answer is led to. Success is shown only when the tokens are there and verified.
func (l *loopback) land(w http.ResponseWriter, r *http.Request) {
	l.crowd.protect(r.Context())
	if l.expected.asks {
		showPage(w, http.StatusOK, pageAsked)
		l.landOnce.Do(func() { close(l.landed) })
		return
	}
	select {
	case <-l.outcome:
	case <-r.Context().Done():
		return
	}
	if l.succeeded {
		showPage(w, http.StatusOK, pageSignedIn)
	} else {
		showPage(w, http.StatusBadRequest, pageFailed)
	}
	l.landOnce.Do(func() { close(l.landed) })
}

// seeOff waits until the browser has the landing page, or doesn't come for it.
func (l *loopback) seeOff(ctx context.Context, clock Clock) {
	select {
	case <-l.landed:
	case <-clock.After(landingGrace):
	case <-ctx.Done():
	}
}
