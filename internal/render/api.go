package render

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// APIAnswer is the answer of api, read whole.
type APIAnswer struct {
	Profile string
	Method  string
	URL     string // without its query
	Status  int
	Header  http.Header
	Body    []byte
	Head    bool // in text: the status and the headers too
	Alone   bool // as a document: the body and nothing else, which is JSON
}

func (v APIAnswer) text(p *printer) {
	if v.Head {
		p.bare(0, nil, "HTTP "+strconv.Itoa(v.Status)+" "+http.StatusText(v.Status))
		for _, name := range sortedNames(v.Header) {
			for _, value := range v.Header[name] {
				p.bare(0, nil, name+": "+value)
			}
		}
		p.gap()
	}
	p.buf.WriteString(safeLines(string(v.Body)))
	if len(v.Body) > 0 && !strings.HasSuffix(string(v.Body), "\n") {
		p.buf.WriteByte('\n')
	}
}

func sortedNames(h http.Header) []string {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

type apiDoc struct {
	Schema  string              `json:"schema"`
	Profile string              `json:"profile,omitempty"`
	Method  string              `json:"method"`
	URL     string              `json:"url"`
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers"`
	Body    json.RawMessage     `json:"body,omitempty"`
	Text    string              `json:"text,omitempty"`
	Base64  string              `json:"base64,omitempty"`
}

func (v APIAnswer) document() any {
	if v.Alone && json.Valid(v.Body) {
		return json.RawMessage(v.Body)
	}
	doc := apiDoc{Schema: schema("api"), Profile: v.Profile, Method: v.Method, URL: v.URL, Status: v.Status, Headers: map[string][]string{}}
	maps.Copy(doc.Headers, v.Header)
	switch {
	case len(v.Body) == 0:
	case json.Valid(v.Body):
		doc.Body = v.Body
	case utf8.Valid(v.Body):
		doc.Text = string(v.Body)
	default:
		doc.Base64 = base64.StdEncoding.EncodeToString(v.Body)
	}
	return doc
}
