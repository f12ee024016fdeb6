package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// seenExchange is a request and its answer, redacted: whatever is made of it holds no secret.
type seenExchange struct {
	began   time.Time // zero: not known
	took    time.Duration
	timed   bool
	browser leg

	method   string
	address  string // without the query
	query    []pair
	headers  []pair
	hidden   []string // names of headers whose values aren't shown
	form     []pair   // of a callback, its parameters
	mode     string   // of a callback
	mimeType string
	sent     int // bytes of the body
	proxy    string

	failure string // why there is no answer
	answer  *reply // nil: none
}

// leg tells the exchanges of the browser from those of simsid itself.
type leg int

const (
	ownLeg leg = iota
	sentBrowser
	cameBack
	pasted
)

// reply is an answer, redacted.
type reply struct {
	status   int
	protocol string
	headers  []pair
	hidden   []string
	location string
	mimeType string
	size     int
	members  []shownMember
	more     int    // members beyond those
	instead  string // in words, what the body is where it is no object
	cut      string // why the body ended early
}

type pair struct{ name, value string }

// shownMember is a member of an answer's object: in words, and as JSON.
type shownMember struct {
	name, words string
	value       json.RawMessage
}

// member redacts a member of an answer. Objects are never shown: what is inside has names that nobody knows.
func (t *Trace) member(m token.Member) shownMember {
	show := isShownMember(m.Name)
	text := func(s string) shownMember {
		b, _ := json.Marshal(s) //nolint:errchkjson // a text can always be written
		return shownMember{t.named(m.Name), s, b}
	}
	var s string
	var list []any
	switch raw := string(m.Value); {
	case m.Value[0] == '"' && json.Unmarshal(m.Value, &s) == nil && show:
		return text(t.shown(s))
	case m.Value[0] == '"':
		return text(mask(m.Name, s))
	case raw == "true", raw == "false", raw == "null":
		return shownMember{t.named(m.Name), raw, m.Value}
	case json.Unmarshal(m.Value, &list) == nil && m.Name == "keys":
		return text(fmt.Sprintf("[keys: %d]", len(list)))
	case m.Value[0] == '[' && show:
		return t.list(m.Name, list)
	case m.Value[0] != '{' && show: // a number
		return shownMember{t.named(m.Name), t.shown(raw), m.Value}
	}
	return text("[masked]")
}

// list shows an array of strings; of what else is in it, that there is something.
func (t *Trace) list(name string, list []any) shownMember {
	shown := make([]string, 0, len(list))
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			s = "[masked]"
		}
		shown = append(shown, t.shown(s))
	}
	b, _ := json.Marshal(shown) //nolint:errchkjson // texts can always be written
	return shownMember{t.named(name), clip(string(b), traceValue), b}
}

// fields redacts a form or a query, sorted by name.
func (t *Trace) fields(values url.Values) []pair {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var pairs []pair
	for i, name := range names {
		if i == traceMembers {
			return append(pairs, pair{fmt.Sprintf("and %d more", len(names)-i), ""})
		}
		for _, v := range values[name] {
			shown := mask(name, v)
			if isShownField(name) {
				shown = t.shown(v)
			}
			pairs = append(pairs, pair{t.named(name), shown})
		}
	}
	return pairs
}

// place shows scheme, host and path of an address.
func (t *Trace) place(u *url.URL) string { return t.shown(u.Scheme + "://" + u.Host + u.EscapedPath()) }

// headers redacts: the listed ones with their values, and the names of the others.
func (t *Trace) headers(h http.Header) (shown []pair, hidden []string) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !isShownHeader(name) {
			hidden = append(hidden, t.named(name))
			continue
		}
		for _, v := range h[name] {
			shown = append(shown, pair{name, t.header(name, v)})
		}
	}
	return shown, hidden[:min(len(hidden), traceMembers)]
}

func (t *Trace) header(name, v string) string {
	switch name {
	case "Authorization":
		scheme, credentials, _ := strings.Cut(v, " ")
		if scheme == "Bearer" {
			t.secrets.add(credentials)
			return "Bearer " + mask("access_token", credentials)
		}
		t.learnBasic(credentials)
		return visible(clip(scheme, traceName)) + " [masked]"
	case "Location":
		u, err := url.Parse(v)
		if err != nil || u.Fragment != "" {
			return "[masked]"
		}
		return joined(t.place(u), t.fields(u.Query()))
	}
	return t.shown(v)
}

// joined puts a query behind an address as it is read by people, without escapes.
func joined(address string, query []pair) string {
	sep := "?"
	for _, p := range query {
		address += sep + p.name
		if p.value != "" {
			address += "=" + p.value
		}
		sep = "&"
	}
	return address
}
