package provider

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/simsid/simsid/internal/token"
)

const (
	traceValue   = 300 // bytes shown of one value
	traceName    = 64  // bytes shown of one name
	traceMembers = 60  // members shown of one object, form or query
)

// tracer writes each exchange in words. What it shows is on a list; every other value is masked, since nobody knows what a
// server will name a secret next.
type tracer struct {
	next http.RoundTripper
	out  io.Writer
	now  func() time.Time

	mu sync.Mutex // one exchange is written at once
}

// RoundTrip implements http.RoundTripper.
func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	r := &record{}
	req, err := r.request(req)
	if err != nil {
		return nil, err
	}
	var began time.Time
	if t.now != nil {
		began = t.now()
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		r.line("< no answer: %s", r.shown(err.Error()))
		t.write(r)
		return nil, err
	}
	body, readErr := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it is read already; what matters is readErr
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{readErr}))
	took := ""
	if t.now != nil {
		took = " in " + t.now().Sub(began).Round(time.Millisecond).String()
	}
	r.response(resp, body, took)
	if readErr != nil {
		r.line("<   the body ended early: %s", r.shown(readErr.Error()))
	}
	t.write(r)
	return resp, nil
}

func (t *tracer) write(r *record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.out.Write(r.text.Bytes()) // a trace that can't be written ends nothing
}

// failing is a reader that ends as the body did.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// record is the text of one exchange, and the secrets met in it.
type record struct {
	text    bytes.Buffer
	secrets []string
}

func (r *record) line(format string, args ...any) {
	fmt.Fprintf(&r.text, format, args...)
	r.text.WriteByte('\n')
}

// request writes what is sent, and returns a request that can still be sent.
func (r *record) request(req *http.Request) (*http.Request, error) {
	var form url.Values
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		_ = req.Body.Close() // it is read already
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
		form, _ = url.ParseQuery(string(body)) // what can't be read isn't shown
	}
	r.learn(form)
	r.learn(req.URL.Query())
	r.line("> %s %s", req.Method, r.address(req.URL))
	r.headers(">", req.Header)
	r.fields(">   ", form)
	return req, nil
}

// learn remembers the values that are masked, so that they stay so where the server repeats them in words.
func (r *record) learn(values url.Values) {
	for name, list := range values {
		if !isShownField(name) {
			r.secrets = append(r.secrets, list...)
		}
	}
}

func (r *record) response(resp *http.Response, body []byte, took string) {
	o, err := token.ParseObject(body)
	for _, m := range o.Members() {
		if v, ok := o.String(m.Name); ok && !isShownMember(m.Name) {
			r.secrets = append(r.secrets, v)
		}
	}
	r.line("< %d %s%s, %d bytes", resp.StatusCode, http.StatusText(resp.StatusCode), took, len(body))
	r.headers("<", resp.Header)
	switch {
	case len(body) == 0:
		return
	case err != nil:
		r.line("<   %s", bodyProblem(resp.Header.Get("Content-Type"), body))
		return
	}
	for i, m := range o.Members() {
		if i == traceMembers {
			r.line("<   and %d more", len(o.Members())-i)
			break
		}
		r.line("<   %s: %s", visible(clip(m.Name, traceName)), r.member(m))
	}
}

// member shows a value of an answer.
func (r *record) member(m token.Member) string {
	var s string
	isString := json.Unmarshal(m.Value, &s) == nil && !isNull(m.Value)
	switch {
	case isString && !isShownMember(m.Name):
		return mask(m.Name, s)
	case isString:
		return r.shown(s)
	case m.Name == "keys" && m.Value[0] == '[':
		var keys []json.RawMessage
		_ = json.Unmarshal(m.Value, &keys) // an array, by its first character
		return fmt.Sprintf("[keys: %d]", len(keys))
	case isShownMember(m.Name), slices.Contains([]string{"true", "false", "null"}, string(m.Value)):
		return r.shown(string(m.Value))
	}
	return "[masked]"
}

// fields shows a form or a query, sorted by name.
func (r *record) fields(indent string, values url.Values) {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i == traceMembers {
			r.line("%sand %d more", indent, len(names)-i)
			return
		}
		for _, v := range values[name] {
			r.line("%s%s=%s", indent, visible(clip(name, traceName)), r.field(name, v))
		}
	}
}

func (r *record) field(name, value string) string {
	if isShownField(name) {
		return r.shown(value)
	}
	return mask(name, value)
}

// address shows scheme, host and path, and the query by the same list as a form.
func (r *record) address(u *url.URL) string {
	var b strings.Builder
	b.WriteString(visible(clip(u.Scheme+"://"+u.Host+u.EscapedPath(), traceValue)))
	query := u.Query()
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	sep := "?"
	for _, name := range names[:min(len(names), traceMembers)] {
		for _, v := range query[name] {
			b.WriteString(sep + visible(clip(name, traceName)) + "=" + r.field(name, v))
			sep = "&"
		}
	}
	return b.String()
}

// headers shows the listed ones with their values, and the names of the others.
func (r *record) headers(mark string, h http.Header) {
	var names, hidden []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !isShownHeader(name) {
			hidden = append(hidden, visible(clip(name, traceName)))
			continue
		}
		for _, v := range h[name] {
			r.line("%s   %s: %s", mark, name, r.header(name, v))
		}
	}
	if len(hidden) > 0 {
		r.line("%s   masked: %s", mark, strings.Join(hidden[:min(len(hidden), traceMembers)], ", "))
	}
}

func (r *record) header(name, v string) string {
	switch name {
	case "Authorization":
		scheme, credentials, _ := strings.Cut(v, " ")
		if scheme == "Bearer" {
			r.secrets = append(r.secrets, credentials)
			return "Bearer " + mask("access_token", credentials)
		}
		r.learnBasic(credentials)
		return visible(clip(scheme, traceName)) + " [masked]"
	case "Location":
		u, err := url.Parse(v)
		if err != nil {
			return "[masked]"
		}
		return r.address(u)
	}
	return r.shown(v)
}

// learnBasic remembers a client secret, as it is and as it went out.
func (r *record) learnBasic(credentials string) {
	decoded, err := base64.StdEncoding.DecodeString(credentials)
	if err != nil {
		return
	}
	_, sent, _ := strings.Cut(string(decoded), ":")
	r.secrets = append(r.secrets, sent)
	if secret, err := url.QueryUnescape(sent); err == nil {
		r.secrets = append(r.secrets, secret)
	}
}

// shown prepares foreign text that is on a list.
func (r *record) shown(s string) string {
	for _, secret := range r.secrets {
		// Short values would be found where nobody sent them.
		if len(secret) >= 8 {
			s = strings.ReplaceAll(s, secret, "[masked]")
		}
	}
	return visible(clip(s, traceValue))
}
