package provider

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Bounds of what a trace shows and keeps.
const (
	traceValue   = 300  // bytes shown of one value
	traceName    = 64   // bytes shown of one name
	traceMembers = 60   // members shown of one object, form or query
	traceKept    = 2000 // exchanges kept for a file
	traceSecrets = 1000 // values of a provider's that are remembered, so that they stay masked where it repeats them
	traceBytes   = MaxAnswer
)

// TraceOptions say what becomes of a trace.
type TraceOptions struct {
	Words io.Writer // each exchange in words, as it happens; nil: none
	Keep  bool      // keep the exchanges for HAR
	Now   func() time.Time
}

// Trace shows exchanges, redacted by allow-list: what it shows is on a list, and every other value is masked, since nobody knows what
// a server will name a secret next. It is for the exchanges of the back channel, which NewHTTPClient reports, and for those of the
// browser, which Sent and CameBack report. It may be used from several goroutines.
type Trace struct {
	o TraceOptions

	mu      sync.Mutex
	secrets spellings // met so far, those of other exchanges included
	// met and size count what came from providers. What went out is always remembered; where there is no room for more of theirs, full says
	// that nothing of an answer is shown any more: it could be what there was no room for.
	met  int
	size int
	full bool
	kept []*seenExchange
	left int // exchanges beyond traceKept
}

// NewTrace returns an empty trace.
func NewTrace(o TraceOptions) *Trace { return &Trace{o: o} }

// Sent records that the browser was sent to an address: to sign in, or to sign out.
func (t *Trace) Sent(address string) {
	if t == nil {
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.begin(http.MethodGet, u, nil)
	x.browser = sentBrowser
	t.say(x.sentWords())
	t.keep(x)
}

// Callback is an answer that came through the browser.
type Callback struct {
	RedirectURI string
	Mode        string       // "query", "fragment", "form_post"; "" where that isn't known
	Pasted      bool         // the user brought it, and the browser never came
	Values      token.Secret // the parameters, as they were encoded
}

// CameBack records an answer that came through the browser.
func (t *Trace) CameBack(c Callback) {
	if t == nil {
		return
	}
	u, err := url.Parse(c.RedirectURI)
	if err != nil {
		return
	}
	values, _ := url.ParseQuery(c.Values.Reveal()) // it has been read before
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learn(values)
	method := http.MethodGet
	if c.Mode == "form_post" {
		method = http.MethodPost
	}
	x := t.begin(method, u, nil)
	x.browser, x.mode = cameBack, c.Mode
	if c.Pasted {
		x.browser, x.mode = pasted, ""
	}
	x.form = t.fields(values)
	for i := range x.form {
		if t.full {
			x.form[i].value = "[masked]"
		}
	}
	t.say(x.cameWords())
	t.keep(x)
}

// begin makes a new exchange of a request's first line.
func (t *Trace) begin(method string, u *url.URL, form url.Values) *seenExchange {
	t.learn(form)
	query := u.Query()
	t.learn(query)
	x := &seenExchange{method: visible(clip(method, traceName)), address: t.place(u), query: t.fields(query), form: t.fields(form)}
	if t.o.Now != nil {
		x.began = t.o.Now()
	}
	return x
}

func (t *Trace) say(words string) {
	if t.o.Words != nil {
		_, _ = io.WriteString(t.o.Words, words) // a trace that can't be written ends nothing
	}
}

func (t *Trace) keep(x *seenExchange) {
	switch {
	case !t.o.Keep:
	case len(t.kept) == traceKept:
		t.left++
	default:
		t.kept = append(t.kept, x)
	}
}

// tracer reports the exchanges of a transport.
type tracer struct {
	next  http.RoundTripper
	trace *Trace
	proxy func(*http.Request) (*url.URL, error) // that requests may go through; nil: none
}

// RoundTrip implements http.RoundTripper.
func (r *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	req, form, sent, err := rewound(req)
	if err != nil {
		return nil, err
	}
	x := r.started(req, form, sent)
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		r.failed(x, err)
		return nil, err
	}
	body, readErr := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it is read already; what matters is readErr
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{readErr}))
	r.answered(x, resp, body, readErr)
	return resp, nil
}

// rewound reads a request's form and returns a request that can still be sent. A body that is no form is anybody's: a JSON text read as a
// form would be the name of a parameter, and names are shown.
func rewound(req *http.Request) (_ *http.Request, form url.Values, size int, err error) {
	if req.Body == nil {
		return req, nil, 0, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close() // it is read already
	if err != nil {
		return nil, nil, 0, err
	}
	// A clone without GetBody, as the request is: nobody can send it a second time.
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(body))
	if mediaType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); mediaType == formType {
		form, _ = url.ParseQuery(string(body)) // what can't be read isn't shown
	}
	return req, form, len(body), nil
}

func (r *tracer) started(req *http.Request, form url.Values, sent int) *seenExchange {
	t := r.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.begin(req.Method, req.URL, form)
	for name, values := range req.Header {
		if !isShownHeader(name) {
			t.secrets.addAll(name, values)
		}
	}
	x.headers, x.hidden = t.headers(req.Header)
	x.sent = sent
	x.mimeType = t.shown(req.Header.Get("Content-Type"))
	if r.proxy != nil {
		x.proxy = visible(clip(proxyOf(r.proxy, req), traceValue))
	}
	t.say(x.requestWords())
	t.keep(x)
	return x
}

func (r *tracer) failed(x *seenExchange, err error) {
	t := r.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop(x)
	if quotesAnswer(err) {
		err = errNotHTTP
	}
	x.failure = t.foreign(err.Error())
	t.say(x.answerWords())
}

func (r *tracer) answered(x *seenExchange, resp *http.Response, body []byte, readErr error) {
	t := r.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop(x)
	x.answer = t.reply(resp, body)
	if readErr != nil {
		x.answer.cut = t.foreign(readErr.Error())
	}
	t.say(x.answerWords())
}

func (t *Trace) stop(x *seenExchange) {
	if t.o.Now != nil {
		x.took = max(t.o.Now().Sub(x.began), 0)
		x.timed = true
	}
}

// reply redacts an answer. What it holds is remembered before anything of it is shown.
func (t *Trace) reply(resp *http.Response, body []byte) *reply {
	t.meet(resp, body)
	a := &reply{status: resp.StatusCode, protocol: resp.Proto, size: len(body)}
	if t.full {
		a.instead = traceFull
		return a
	}
	a.headers, a.hidden = t.headers(resp.Header)
	a.mimeType = t.shown(resp.Header.Get("Content-Type"))
	if to := resp.Header.Get("Location"); to != "" {
		a.location = t.header("Location", to)
	}
	o, err := token.ParseObject(body)
	switch {
	case len(body) == 0:
	case err != nil:
		a.instead = bodyProblem(resp.Header.Get("Content-Type"), body)
	default:
		for i, m := range o.Members() {
			if i == traceMembers {
				a.more = len(o.Members()) - i
				break
			}
			a.members = append(a.members, t.member(m))
		}
	}
	return a
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
