package emulator

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed" // for the style sheet and the icon
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

//go:embed pages/style.css
var styleSheet []byte

//go:embed pages/icon.svg
var icon []byte

// submitScript sends the form of response_mode=form_post on its way, as IdentityServer3's page does. It is the only
// script: without it the page's button does the same.
const submitScript = "document.forms[0].submit()"

// page is what one page shows.
type page struct {
	title  string
	main   []*html.Node
	wide   bool   // with room for two columns
	target string // where a form may lead besides this server: browsers hold form-action against redirects too
	script string
	frames []string // addresses that the page loads in hidden frames
	// referrer is the page's referrer policy; "": it tells nobody where it is. With "origin" its forms say from which site they come.
	referrer string
}

// show writes a page. No page may be stored, framed, or named to another site.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	var b bytes.Buffer
	if err := html.Render(&b, s.layout(p)); err != nil {
		s.unavailable(w, r, fmt.Errorf("write the emulator's page %q: %w", p.title, err))
		return
	}
	noStore(w)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Content-Security-Policy", contentPolicy(p))
	h.Set("Referrer-Policy", cmp.Or(p.referrer, "no-referrer"))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser has gone: there is nobody to tell
}

func contentPolicy(p page) string {
	action := "'self'"
	if source := policySource(p.target); source != "" {
		action += " " + source
	}
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + action
	var framed []string
	for _, address := range p.frames {
		if source := policySource(address); source != "" && !slices.Contains(framed, source) {
			framed = append(framed, source)
		}
	}
	if len(framed) > 0 {
		policy += "; frame-src " + strings.Join(framed, " ")
	}
	if p.script != "" {
		sum := sha256.Sum256([]byte(p.script))
		policy += "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return policy
}

// policySource names an address's origin in a policy. Content Security Policy has no way to write an IPv6 address, nor
// the host of an application's own scheme: these are named by their scheme.
func policySource(address string) string {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Scheme == "" {
		return ""
	}
	if (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsAny(u.Host, "[];, '\"") {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":"
}

func (s *Server) showError(w http.ResponseWriter, r *http.Request, status int, e errorPage) {
	s.show(w, r, status, page{title: e.Heading, main: e.nodes()})
}

// stale answers a page whose request is gone, was made by another browser, or was never made.
func (s *Server) stale(w http.ResponseWriter, r *http.Request) {
	s.showError(w, r, http.StatusBadRequest, errorPage{
		Heading: "This page has expired",
		Text:    "It was used already, is too old, or belongs to another browser. Start again from the application.",
	})
}

func (s *Server) showFormPost(w http.ResponseWriter, r *http.Request, target string, fields pairs) {
	s.show(w, r, http.StatusOK, page{
		title: "Back to the application", target: target, script: submitScript, main: formPostNodes(target, fields),
	})
}

func serveAsset(kind string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		_, _ = w.Write(content) // the browser has gone: there is nobody to tell
	}
}

// formBrowser returns the key of the browser's form cookie, and gives it one if it has none.
func (s *Server) formBrowser(w http.ResponseWriter, r *http.Request) (string, error) {
	if cookie, err := r.Cookie(formCookie); err == nil && len(cookie.Value) == 32 {
		return handleKey(cookie.Value), nil
	}
	value, err := s.newHandle()
	if err != nil {
		return "", err
	}
	setCookie(w, formCookie, value)
	return handleKey(value), nil
}

// formToken makes the hidden field that proves that a form was written by this process for this browser and purpose.
func (s *Server) formToken(purpose, browser string) (string, error) {
	key, err := s.formKey()
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose + "\x00" + browser))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// ownForm reads a form that this browser got from this process: the token fits its cookie, and the browser doesn't say that
// another site sent it. browser is the key of its form cookie.
func (s *Server) ownForm(r *http.Request, purpose func(params) string) (form params, browser string, ok bool) {
	form, _ = readForm(r) // another type has no fields, and so no token
	cookie, err := r.Cookie(formCookie)
	if err != nil || crossSite(r) {
		return form, "", false
	}
	browser = handleKey(cookie.Value)
	want, err := s.formToken(purpose(form), browser)
	ok = err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(form.get("token"))) == 1
	return form, browser, ok
}

// crossSite reads what browsers say of where a request comes from (Fetch Metadata; before that, Origin, which is "null"
// under the pages' own referrer policy).
func crossSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}
