package emulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed pages/style.css
var styleSheet []byte

//go:embed pages/icon.svg
var icon []byte

// submitScript sends the form of response_mode=form_post on its way, as IdentityServer3's page does. It is the only
// script: without it the page's button does the same.
const submitScript = "document.forms[0].submit()"

// pageSet is every page by its name.
type pageSet struct{ byName map[string]*template.Template }

func parsePages() (*pageSet, error) {
	layout, err := template.New("layout.html").Funcs(template.FuncMap{
		"visible":  visible,
		"initials": initials,
	}).ParseFS(pageFiles, "pages/layout.html", "pages/people.html")
	if err != nil {
		return nil, fmt.Errorf("read the emulator's pages: %w", err)
	}
	set := &pageSet{map[string]*template.Template{}}
	for _, name := range []string{"start", "login", "organisation", "consent", "error", "logout", "signedout", "formpost"} {
		page, err := layout.Clone()
		if err == nil {
			page, err = page.ParseFS(pageFiles, "pages/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("read the emulator's page %s: %w", name, err)
		}
		set.byName[name] = page
	}
	return set, nil
}

// page is what one page shows.
type page struct {
	name   string
	Title  string
	Data   any
	wide   bool
	target string // where a form may lead besides this server: browsers hold form-action against redirects too
	script string
}

// Wide tells the layout to make room for two columns.
func (p page) Wide() bool { return p.wide }

// show writes a page. No page may be stored, framed, or named to another site.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	set, err := s.pages()
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	var b bytes.Buffer
	if err := set.byName[p.name].ExecuteTemplate(&b, "layout.html", p); err != nil {
		s.unavailable(w, r, fmt.Errorf("write the emulator's page %s: %w", p.name, err))
		return
	}
	noStore(w)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Content-Security-Policy", contentPolicy(p))
	h.Set("Referrer-Policy", "no-referrer")
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

// errorPage is a page that says what went wrong.
type errorPage struct {
	Heading, Text, Code string
}

func (s *Server) showError(w http.ResponseWriter, r *http.Request, status int, e errorPage) {
	s.show(w, r, status, page{name: "error", Title: e.Heading, Data: e})
}

// stale answers a page whose request is gone, was made by another browser, or was never made.
func (s *Server) stale(w http.ResponseWriter, r *http.Request) {
	s.showError(w, r, http.StatusBadRequest, errorPage{
		Heading: "This page has expired",
		Text:    "It was used already, is too old, or belongs to another browser. Start again from the application.",
	})
}

type formPostPage struct {
	Action string
	Fields pairs
	Script template.JS
}

func (s *Server) showFormPost(w http.ResponseWriter, r *http.Request, target string, fields pairs) {
	s.show(w, r, http.StatusOK, page{
		name: "formpost", Title: "Back to the application", target: target, script: submitScript,
		Data: formPostPage{Action: target, Fields: fields, Script: submitScript},
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

// visible shows control characters and marks of direction as text: a name can't then reorder or hide what is around it.
func visible(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029':
			fmt.Fprintf(&b, "[U+%04X]", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// initials are for the eye only: the first letters of the first two words that begin with a letter.
func initials(name string) string {
	var out []rune
	for _, word := range strings.FieldsFunc(name, func(c rune) bool { return !unicode.IsLetter(c) }) {
		first := []rune(word)[0]
		if unicode.IsUpper(first) && len(out) < 2 {
			out = append(out, first)
		}
	}
	return string(out)
}
