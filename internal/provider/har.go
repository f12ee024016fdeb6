package provider

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// HARCreator is the name that a HAR of ours carries, by which it is known again.
const HARCreator = "simsid"

// HAR returns what was kept as an HTTP Archive 1.2, which browsers' developer tools open. It is redacted as the words are.
func (t *Trace) HAR(version string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	log := harLog{Version: "1.2", Creator: harCreator{HARCreator, version}, Entries: []harEntry{}}
	log.Comment = "Secrets are masked. Names and addresses of people may be in it: read it before you send it."
	if t.left > 0 {
		log.Comment += " " + strconv.Itoa(t.left) + " further exchanges were not kept."
	}
	for _, x := range t.kept {
		log.Entries = append(log.Entries, x.entry())
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(struct {
		Log harLog `json:"log"`
	}{log}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// The types of HAR 1.2, as far as they are written. What isn't known is -1 there, or an empty text.
type (
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Entries []harEntry `json:"entries"`
		Comment string     `json:"comment"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     float64     `json:"time"` // milliseconds
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Comment  string      `json:"comment,omitempty"`
	}
	harRequest struct {
		Method      string    `json:"method"`
		URL         string    `json:"url"`
		HTTPVersion string    `json:"httpVersion"`
		Cookies     []harPair `json:"cookies"`
		Headers     []harPair `json:"headers"`
		QueryString []harPair `json:"queryString"`
		PostData    *harForm  `json:"postData,omitempty"`
		HeadersSize int       `json:"headersSize"`
		BodySize    int       `json:"bodySize"`
	}
	harResponse struct {
		Status      int        `json:"status"` // 0: no answer was seen
		StatusText  string     `json:"statusText"`
		HTTPVersion string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		RedirectURL string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int        `json:"bodySize"`
		Comment     string     `json:"comment,omitempty"`
	}
	harForm struct {
		MimeType string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Comment  string `json:"comment,omitempty"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
)

const formType = "application/x-www-form-urlencoded"

func (x *seenExchange) entry() harEntry {
	took := float64(x.took) / float64(time.Millisecond)
	e := harEntry{
		Started: x.began.Format("2006-01-02T15:04:05.000Z07:00"), Time: took, Timings: harTimings{Wait: took},
		Request: harRequest{
			Method: x.method, URL: encoded(x.address, "?", x.query), HTTPVersion: "HTTP/1.1",
			Cookies: []harPair{}, Headers: harHeaders(x.headers, x.hidden), QueryString: harPairs(x.query),
			HeadersSize: -1, BodySize: x.sent,
		},
		Response: x.harResponse(),
	}
	if x.answer != nil && x.answer.protocol != "" {
		e.Request.HTTPVersion = x.answer.protocol
	}
	if x.proxy != "" {
		e.Comment = "through the proxy " + x.proxy
	}
	switch {
	case x.browser == sentBrowser:
		e.Comment = "the browser was sent there; what it was answered isn't seen by simsid"
	case x.sent > 0: // by simsid itself
		e.Request.PostData = x.posted()
	case x.browser == ownLeg:
	case x.mode == "form_post":
		e.Comment, e.Request.PostData, e.Request.BodySize = "the answer that the browser brought", x.posted(), -1
	case x.mode == "fragment":
		e.Comment, e.Request.URL = "the answer that the browser brought, behind the #", encoded(e.Request.URL, "#", x.form)
	default:
		e.Comment = "the answer that the browser brought"
		if x.browser == pasted {
			e.Comment = "the answer that was pasted; the browser never came"
		}
		sep := "?"
		if len(x.query) > 0 {
			sep = "&"
		}
		e.Request.URL = encoded(e.Request.URL, sep, x.form)
		e.Request.QueryString = append(e.Request.QueryString, harPairs(x.form)...)
	}
	return e
}

// posted is a form, as it may be shown.
func (x *seenExchange) posted() *harForm {
	f := &harForm{MimeType: formType, Params: harPairs(x.form), Text: strings.TrimPrefix(encoded("", "?", x.form), "?")}
	if x.mimeType != "" {
		f.MimeType = x.mimeType
	}
	if x.unshown() {
		f.Text = "[" + x.instead() + "]"
	}
	return f
}

func (x *seenExchange) harResponse() harResponse {
	r := harResponse{
		Cookies: []harPair{}, Headers: []harPair{}, Content: harContent{MimeType: "x-unknown"}, HeadersSize: -1, BodySize: -1,
		Comment: x.failure,
	}
	if x.browser == cameBack { // as the listener answers every callback that it takes
		r.Status, r.StatusText, r.HTTPVersion = http.StatusSeeOther, http.StatusText(http.StatusSeeOther), "HTTP/1.1"
	}
	a := x.answer
	if a == nil {
		return r
	}
	r.Status, r.StatusText, r.HTTPVersion = a.status, http.StatusText(a.status), a.protocol
	r.Headers, r.RedirectURL, r.BodySize, r.Comment = harHeaders(a.headers, a.hidden), a.location, a.size, a.cut
	r.Content.Size, r.Content.Comment = a.size, a.instead
	if a.mimeType != "" {
		r.Content.MimeType = a.mimeType
	}
	if len(a.members) > 0 {
		r.Content.Text = a.text()
	}
	return r
}

// text is the answer's object with what may be shown of it.
func (a *reply) text() string {
	var b strings.Builder
	sep := "{"
	for _, m := range a.members {
		name, _ := json.Marshal(m.name) //nolint:errchkjson // a text can always be written
		b.WriteString(sep)
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
		sep = ","
	}
	if a.more > 0 {
		b.WriteString(`,"[more]":` + strconv.Itoa(a.more))
	}
	b.WriteByte('}')
	return b.String()
}

func harPairs(pairs []pair) []harPair {
	out := make([]harPair, 0, len(pairs))
	for _, p := range pairs {
		out = append(out, harPair{p.name, p.value})
	}
	return out
}

func harHeaders(shown []pair, hidden []string) []harPair {
	out := harPairs(shown)
	for _, name := range hidden {
		out = append(out, harPair{name, "[masked]"})
	}
	return out
}

// encoded puts parameters behind an address, so that it stays one.
func encoded(address, sep string, pairs []pair) string {
	var b strings.Builder
	b.WriteString(address)
	for _, p := range pairs {
		b.WriteString(sep + url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
		sep = "&"
	}
	return b.String()
}
