package flow

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ServeHTTP takes the one answer and turns everything else away. Checks go from what is cheapest to forge to what only the
// provider's answer can have.
func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	path := r.URL.EscapedPath()
	methods := l.methods(path)
	switch {
	case !l.redirect.hasHost(r.Host): // a name that was rebound to loopback (DNS rebinding) still stands in Host
		l.turnAway(w, http.StatusMisdirectedRequest, "a request for another host")
	case len(r.RequestURI) > maxURL:
		l.turnAway(w, http.StatusRequestURITooLong, "a request with an overlong address")
	case methods == nil:
		if path == "/favicon.ico" { // browsers ask by themselves: not worth an event
			reply(w, http.StatusNotFound, "no icon")
			return
		}
		l.turnAway(w, http.StatusNotFound, "a request for another path")
	case !slices.Contains(methods, r.Method):
		w.Header().Set("Allow", strings.Join(methods, ", "))
		l.turnAway(w, http.StatusMethodNotAllowed, refusal("a request by another method than "+strings.Join(methods, " and ")))
	case path == l.relay:
		l.receiveFragment(w, r)
	case r.Method == http.MethodPost && l.expected.mode == modePosted:
		l.receivePosted(w, r)
	case r.Method == http.MethodPost:
		l.receiveForm(w, r)
	case !l.drain(w, r):
	case path == l.landing:
		l.land(w, r)
	default:
		l.receive(w, r)
	}
}

// methods are those that a path may be asked with, nil for a path that there isn't. A form is taken only from a provider that
// was told to send one.
func (l *loopback) methods(path string) []string {
	switch {
	case path == l.redirect.path && l.expected.mode == modePosted:
		return []string{http.MethodPost}
	case path == l.relay && l.expected.mode == modePosted:
		return nil
	case path == l.redirect.path && l.expected.mode == ModeFormPost:
		return []string{http.MethodGet, http.MethodPost}
	case path == l.redirect.path, path == l.landing:
		return []string{http.MethodGet}
	case path == l.relay:
		return []string{http.MethodPost}
	}
	return nil
}

// drain reads a body that has no business here, as far as it is allowed to go; false means that it was turned away.
func (l *loopback) drain(w http.ResponseWriter, r *http.Request) bool {
	_, ok := l.body(w, r)
	return ok
}

// body reads a bounded body; false means that it was turned away.
func (l *loopback) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		l.turnAway(w, http.StatusRequestEntityTooLarge, "a request with an overlong body")
		return "", false
	}
	if err != nil {
		l.turnAway(w, http.StatusBadRequest, "a request whose body never came")
		return "", false
	}
	return string(b), true
}

// form is body for a form.
func (l *loopback) form(w http.ResponseWriter, r *http.Request) (string, bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		l.turnAway(w, http.StatusUnsupportedMediaType, "a body that is no form")
		return "", false
	}
	return l.body(w, r)
}

// receive looks at a visit of the redirect URI itself. One without an answer may have it behind a #, which a browser keeps to
// itself: it gets the page that posts it.
func (l *loopback) receive(w http.ResponseWriter, r *http.Request) {
	if !holdsAnswer(r.URL.RawQuery) {
		l.showRelay(w)
		return
	}
	l.consider(w, r, ModeQuery, r.URL.RawQuery)
}

// receiveForm looks at a form that came to the redirect URI (OAuth 2.0 Form Post Response Mode). It comes from another site, by
// its nature: what tells it from a forgery is its state.
func (l *loopback) receiveForm(w http.ResponseWriter, r *http.Request) {
	body, ok := l.form(w, r)
	switch {
	case !ok:
	case holdsAnswer(r.URL.RawQuery):
		l.refuse(w, refusedDouble)
	default:
		l.consider(w, r, ModeFormPost, body)
	}
}

// receiveFragment looks at what the script of the relay page posts.
func (l *loopback) receiveFragment(w http.ResponseWriter, r *http.Request) {
	// A browser that tells where a request comes from tells it truly (Fetch Metadata Request Headers 2.3).
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		l.turnAway(w, http.StatusForbidden, "a fragment from another page")
		return
	}
	body, ok := l.form(w, r)
	if !ok {
		return
	}
	values, err := url.ParseQuery(body)
	switch {
	case err != nil || len(values) != 1 || len(values["fragment"]) != 1:
		l.refuse(w, refusedMalformed)
	case values.Get("fragment") == "":
		l.report("a visit without an answer")
		reply(w, http.StatusBadRequest, "no answer came with this visit; the sign-in goes on")
	default:
		l.consider(w, r, ModeFragment, values.Get("fragment"))
	}
}

// consider takes an answer if it is the awaited one and the first.
func (l *loopback) consider(w http.ResponseWriter, r *http.Request, mode, raw string) {
	a, why := l.expected.parseBy(mode, raw)
	if why != "" {
		l.refuse(w, why)
		return
	}
	l.accept(w, r, a)
}

// accept takes an answer that could be the awaited one, if it is the first.
func (l *loopback) accept(w http.ResponseWriter, r *http.Request, a answer) {
	if !l.take() {
		showPage(w, http.StatusConflict, pageAlready)
		return
	}
	l.crowd.protect(r.Context())
	l.answers <- a
	// The redirect takes the code out of the address bar and the history at once; the page behind it waits for the outcome.
	w.Header().Set("Location", l.landing)
	w.WriteHeader(http.StatusSeeOther)
}

// refuse answers what looks like an answer and isn't the awaited one.
func (l *loopback) refuse(w http.ResponseWriter, why refusal) {
	l.turnAway(w, http.StatusBadRequest, "an answer that is turned away, since "+why)
}

// turnAway answers what isn't the awaited answer, and goes on waiting.
func (l *loopback) turnAway(w http.ResponseWriter, status int, reason refusal) {
	l.report(reason)
	reply(w, status, "this is "+string(reason)+"; the sign-in goes on")
}

// report makes an event of the first strays and forgets the others; it never blocks.
func (l *loopback) report(reason refusal) {
	if l.reported.Add(1) > maxReported {
		return
	}
	l.strays <- reason // has room for maxReported
}
