package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// wire stands in front of a provider and remembers every value that goes over it and isn't known to be public. What a test searches for
// is what it has met, and no list that somebody has to keep.
type wire struct {
	mu        sync.Mutex
	secrets   map[string]string // by value: the names that it went by
	addresses map[string]bool   // that browsers were sent to
}

func newWire() *wire { return &wire{secrets: map[string]string{}, addresses: map[string]bool{}} }

// public are the names of values that may be shown.
func public(name string) bool {
	switch name {
	case "client_id", "redirect_uri", "response_type", "response_mode", "scope", "grant_type", "code_challenge_method", "token_type_hint",
		"client_assertion_type", "token_type", "expires_in", "prompt", "max_age", "acr_values", "iss", "error", "error_uri", "interval",
		"verification_uri", "post_logout_redirect_uri", ".issued", ".expires", "userName", "as:client_id":
		return true
	}
	return false
}

func (w *wire) note(name, value string) {
	const short = 8
	if public(name) || len(value) < short {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(value, name)
	if parts := strings.Split(value, "."); len(parts) == 3 && strings.HasPrefix(value, "ey") {
		w.add(parts[1], "claims of "+name)
		w.add(parts[2], "signature of "+name)
	}
}

// add remembers a value by each name that it has gone by.
func (w *wire) add(value, name string) {
	names := strings.Split(w.secrets[value], ", ")
	if !slices.Contains(names, name) {
		w.secrets[value] = strings.TrimPrefix(w.secrets[value]+", "+name, ", ")
	}
}

func (w *wire) noteAll(values url.Values) {
	for name, list := range values {
		for _, v := range list {
			if name != "error_description" {
				w.note(name, v)
			}
		}
	}
}

// met are the secrets so far.
func (w *wire) met() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.secrets)
}

// sent reports whether a browser was sent to an address.
func (w *wire) sent(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addresses[address]
}

// around makes a provider that is listened to.
func (w *wire) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.request(r, body)
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		w.answer(r, rec)
		maps.Copy(rw.Header(), rec.Header())
		rw.WriteHeader(rec.Code)
		_, _ = rw.Write(rec.Body.Bytes())
	})
}

func (w *wire) request(r *http.Request, body []byte) {
	w.noteAll(r.URL.Query())
	if r.Method == http.MethodGet {
		w.mu.Lock()
		w.addresses["http://"+r.Host+r.RequestURI] = true
		w.mu.Unlock()
	}
	if form, err := url.ParseQuery(string(body)); err == nil {
		w.noteAll(form)
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	w.note("credentials of "+scheme, credentials)
	if decoded, err := base64.StdEncoding.DecodeString(credentials); err == nil && scheme == "Basic" {
		_, password, _ := strings.Cut(string(decoded), ":")
		w.note("password", password)
		if plain, err := url.QueryUnescape(password); err == nil {
			w.note("password", plain)
		}
	}
	for _, c := range r.Cookies() {
		w.note("cookie", c.Value)
	}
	for name, values := range r.Header {
		switch name {
		case "Accept", "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "Cookie", "Origin", "Referer", "User-Agent":
		default:
			w.note("header "+name, strings.Join(values, ", "))
		}
	}
}

func (w *wire) answer(r *http.Request, rec *httptest.ResponseRecorder) {
	for _, c := range rec.Result().Cookies() {
		w.note("cookie", c.Value)
	}
	if to, err := url.Parse(rec.Header().Get("Location")); err == nil {
		w.noteAll(to.Query())
		if fragment, err := url.ParseQuery(to.EscapedFragment()); err == nil {
			w.noteAll(fragment)
		}
	}
	// Claims of users and what a provider says of itself are no secrets.
	for _, open := range []string{"userinfo", "introspect", "validation", ".well-known", "jwks"} {
		if strings.Contains(r.URL.Path, open) {
			return
		}
	}
	if _, form, ok := submitted(rec.Body.String()); ok {
		w.noteAll(form)
	}
	var o map[string]any
	if json.Unmarshal(rec.Body.Bytes(), &o) == nil {
		for name, v := range o {
			if s, ok := v.(string); ok && name != "error_description" {
				w.note(name, s)
			}
		}
	}
}
