package provider

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// wire answers in place of a network.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// closing is a body that tells how often it was closed.
type closing struct {
	io.Reader
	times int
}

func (c *closing) Close() error { c.times++; return nil }

func at(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestBodyIsClosed: an answer's connection is given back.
func TestBodyIsClosed(t *testing.T) {
	body := &closing{Reader: strings.NewReader("{}")}
	hc := NewHTTPClient(HTTPOptions{Base: wire(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
	})})
	if _, err := get(t.Context(), hc, "o", "https://a.example/"); err != nil || body.times == 0 {
		t.Errorf("closed %d times, %v", body.times, err)
	}
}

// TestRedirectWords: every 3xx is a redirect, whether it says where to or not.
func TestRedirectWords(t *testing.T) {
	for _, c := range []struct {
		status         int
		location, want string
	}{
		{300, "https://b.example/", "a redirect to b.example, which isn't followed"}, {399, "https://b.example/", "a redirect to b.example, which isn't followed"},
		{302, "", "a redirect, which isn't followed"}, {302, "mailto:x@b.example", "a redirect, which isn't followed"},
	} {
		hc := NewHTTPClient(HTTPOptions{Base: wire(func(r *http.Request) (*http.Response, error) {
			h := http.Header{}
			if c.location != "" {
				h.Set("Location", c.location)
			}
			return &http.Response{StatusCode: c.status, Header: h, Body: http.NoBody, Request: r}, nil
		})})
		_, err := get(t.Context(), hc, "o", "https://a.example/")
		if e, ok := errors.AsType[*ResponseError](err); !ok || e.Problem != c.want {
			t.Errorf("%d to %q: %v", c.status, c.location, err)
		}
	}
}

// TestRetryAfterWithoutDate: a date says nothing where the server's own time isn't known.
func TestRetryAfterWithoutDate(t *testing.T) {
	later := now.Add(time.Minute).Format(http.TimeFormat)
	for _, c := range []struct {
		header http.Header
		want   time.Duration
	}{
		{http.Header{"Retry-After": {later}}, 0}, {http.Header{"Retry-After": {later}, "Date": {now.Format(http.TimeFormat)}}, time.Minute},
		{http.Header{"Retry-After": {"soon"}, "Date": {now.Format(http.TimeFormat)}}, 0}, {http.Header{}, 0},
	} {
		if got := retryAfter(c.header); got != c.want {
			t.Errorf("%v: %s", c.header, got)
		}
	}
}

// TestWhatIsKnownStaysSeen: of what was sent only secrets are taken out of a refusal's words.
func TestWhatIsKnownStaysSeen(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": says(http.StatusBadRequest, "", `{"error":"invalid_grant","error_description":"http://localhost:8400/callback isn't registered"}`)})
	_, err := s.provider(Kind{}).Exchange(t.Context(), Client{ID: "c"}, token.NewSecret("the-code"), token.Secret{}, "http://localhost:8400/callback")
	if e, ok := errors.AsType[*OAuthError](err); !ok || e.Description != "http://localhost:8400/callback isn't registered" {
		t.Errorf("got %v", err)
	}
}

// TestAPIAway: an API that can't be reached is told as that, and a redirect that leads nowhere is the answer.
func TestAPIAway(t *testing.T) {
	gone := serve(t, nil)
	gone.Close()
	call := APICall{
		Method: http.MethodGet, URL: at(t, gone.URL), Origins: []string{Origin(at(t, gone.URL))}, Redirects: 3, Bearer: testToken,
		Client: func(*url.URL) *http.Client { return NewHTTPClient(HTTPOptions{}) },
	}
	if resp, err := call.Do(t.Context()); !isError[*UnavailableError](err) {
		t.Errorf("got %v, %v", resp, err)
	}
	s := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }})
	call.URL, call.Origins = at(t, s.URL+"/"), []string{s.URL}
	resp, err := call.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestClientOptions: a bound of one's own is kept, and a clock that nobody reads, or that an unanswered call would be told to, harms nothing.
func TestClientOptions(t *testing.T) {
	hc := NewHTTPClient(HTTPOptions{Max: 2 << 20, Clock: &ServerClock{}, Base: wire(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(strings.Repeat(" ", 2<<20+1))), Request: r}, nil
	})})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if _ = resp.Body.Close(); len(b) != 2<<20 || !errors.Is(err, errTooLong) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	hc = NewHTTPClient(HTTPOptions{Clock: &ServerClock{}, Now: clock, Base: wire(func(*http.Request) (*http.Response, error) { return nil, io.EOF })})
	if _, err := get(t.Context(), hc, "o", "https://a.example/"); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

// TestTransportParts: HTTP/1.1 and nothing else, and the system's authorities beside one's own.
func TestTransportParts(t *testing.T) {
	if p := newTransport(nil, clock).Protocols; !p.HTTP1() || p.HTTP2() || p.UnencryptedHTTP2() {
		t.Errorf("it speaks %s", p)
	}
	own := issue(t, pkix.Name{CommonName: "Root"}, nil, authority).cert
	want, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	want.AddCert(own)
	if got := roots([]*x509.Certificate{own}); !got.Equal(want) {
		t.Error("they aren't the system's and one's own")
	}
}

// TestProxies: whoever stands in the way is named, by what it answered or didn't.
func TestProxies(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer refusing.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	_ = l.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for proxy, status := range map[string]int{refusing.Listener.Addr().String(): http.StatusProxyAuthRequired, gone: 0} {
		n := &network{newTransport(nil, clock), clock}
		n.Proxy = http.ProxyURL(at(t, "http://"+proxy))
		_, err := n.RoundTrip(req)
		e, ok := errors.AsType[*ProxyError](err)
		if !ok || e.Proxy != proxy || e.Status != status || (e.Err == nil) != (status != 0) {
			t.Errorf("%s: %#v", proxy, err)
		}
	}
	for want, by := range map[string]func(*http.Request) (*url.URL, error){
		"p:1": http.ProxyURL(at(t, "http://user:pw@p:1")), "": http.ProxyURL(nil),
	} {
		if got := proxyOf(by, req); got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
	if got := proxyOf(func(*http.Request) (*url.URL, error) { return at(t, "http://p:1"), io.EOF }, req); got != "" {
		t.Errorf("got %q", got)
	}
}

// traced makes one exchange of a request with an answer, and returns its words and its entry of the archive.
func traced(t *testing.T, method, body, contentType string, answer http.Response) (string, harEntry) {
	t.Helper()
	trace, words := kept()
	tr := &tracer{trace: trace, proxy: http.ProxyURL(at(t, "http://user:pw@p:1")), next: wire(func(r *http.Request) (*http.Response, error) {
		answer.Request = r
		if answer.Header == nil {
			answer.Header = http.Header{}
		}
		return &answer, nil
	})}
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "https://a.example/x?a=b", content)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	own := req.Body
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if req.Body != own {
		t.Error("the caller's request was changed")
	}
	mustHAR(t, trace) // and once more: it can be had again
	return words.String(), entries(t, mustHAR(t, trace))[0]
}

// TestArchiveOfOtherExchanges: what an exchange doesn't have isn't in the archive either, and what it has is told as it was.
func TestArchiveOfOtherExchanges(t *testing.T) {
	words, e := traced(t, http.MethodGet, "", "", http.Response{StatusCode: http.StatusOK, Body: http.NoBody})
	if e.Comment != "through the proxy p:1" || e.Request.PostData != nil || e.Request.HTTPVersion != "HTTP/1.1" || e.Response.RedirectURL != "" ||
		e.Response.Content.MimeType != "x-unknown" || e.Response.Content.Comment != "" || e.Request.BodySize != 0 {
		t.Errorf("got %+v", e)
	}
	if want := "> GET https://a.example/x?a=[masked]\n>   through the proxy p:1\n< 200 OK in 12ms, 0 bytes\n"; words != want {
		t.Errorf("got\n%s", words)
	}
	var members []string
	for i := range traceMembers + 3 {
		members = append(members, fmt.Sprintf(`"m%d":0`, i))
	}
	words, e = traced(t, http.MethodPost, `{"a":"b"}`, "application/json", http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.0", Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader("{" + strings.Join(members, ",") + "}")),
	})
	if e.Request.PostData == nil || e.Request.PostData.MimeType != "application/json" || e.Request.HTTPVersion != "HTTP/1.0" || e.Response.Content.MimeType != "application/json" ||
		!strings.HasSuffix(e.Response.Content.Text, `,"m59":"[masked]","[more]":3}`) || strings.Contains(e.Response.Content.Text, `"m60"`) {
		t.Errorf("got %+v", e)
	}
	if !strings.HasSuffix(words, "<   m59: [masked]\n<   and 3 more\n") {
		t.Errorf("got\n%s", words)
	}
}

// TestArchiveOfCallbacks: an answer is put behind what the redirect URI has itself, and a form keeps its type.
func TestArchiveOfCallbacks(t *testing.T) {
	trace, words := kept()
	trace.CameBack(Callback{RedirectURI: "https://localhost:5454/?x=1", Mode: "query", Values: token.NewSecret("scope=openid")})
	trace.CameBack(Callback{RedirectURI: "https://localhost:5454/", Mode: "form_post", Values: token.NewSecret("scope=openid")})
	many := url.Values{}
	for i := range traceMembers + 2 {
		many.Set(fmt.Sprintf("p%02d", i), "v")
	}
	trace.CameBack(Callback{RedirectURI: "https://localhost:5454/", Values: token.NewSecret(many.Encode())})
	trace.Sent("https://sts.example/?" + many.Encode())
	all := entries(t, mustHAR(t, trace))
	if all[0].Request.URL != "https://localhost:5454/?x=%5Bmasked%5D&scope=openid" ||
		!reflect.DeepEqual(all[0].Request.QueryString, []harPair{{"x", "[masked]"}, {"scope", "openid"}}) {
		t.Errorf("got %+v", all[0].Request)
	}
	if all[1].Request.PostData == nil || all[1].Request.PostData.MimeType != formType {
		t.Errorf("got %+v", all[1].Request)
	}
	if text := words.String(); !strings.Contains(text, "<   p59=[masked]\n<   and 2 more\n") || !strings.HasSuffix(text, "p59=[masked]&and 2 more\n") {
		t.Errorf("got\n%s", text)
	}
}

// TestTraceWithoutClock says nothing of how long it took.
func TestTraceWithoutClock(t *testing.T) {
	var words bytes.Buffer
	tr := &tracer{trace: NewTrace(TraceOptions{Words: &words}), next: wire(func(*http.Request) (*http.Response, error) { return nil, io.EOF })}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.RoundTrip(req); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	if want := "> GET https://a.example/\n< no answer: EOF\n"; words.String() != want {
		t.Errorf("got\n%s", words.String())
	}
	// A body that can't be read is an error, and nothing goes out.
	errRead := errors.New("no more")
	req.Body = io.NopCloser(iotest.ErrReader(errRead))
	words.Reset()
	if _, err := tr.RoundTrip(req); !errors.Is(err, errRead) || words.Len() != 0 {
		t.Errorf("got %v, %s", err, words.String())
	}
}

// TestProxyPasswordIsKeptBack: an error of the variable that names the proxy would repeat it.
func TestProxyPasswordIsKeptBack(t *testing.T) {
	u, err := safely(func(*http.Request) (*url.URL, error) {
		return at(t, "http://p:1"), errors.New("invalid proxy address http://user:hunter2@p")
	})(nil)
	if e, ok := errors.AsType[*ProxyError](err); !ok || u != nil || *e != (ProxyError{}) {
		t.Errorf("got %v, %v", u, err)
	}
	if u, err := safely(http.ProxyURL(at(t, "http://p:1")))(nil); err != nil || u.Host != "p:1" {
		t.Errorf("got %v, %v", u, err)
	}
}

// TestTracedProxy: a way of our own goes by the environment's proxy, and the trace says so; another's has its own.
func TestTracedProxy(t *testing.T) {
	for _, base := range []http.RoundTripper{nil, wire(nil)} {
		again, _ := NewHTTPClient(HTTPOptions{Base: base, Trace: NewTrace(TraceOptions{})}).Transport.(*retrier)
		if tr, ok := again.next.(*tracer); !ok || (tr.proxy != nil) != (base == nil) {
			t.Errorf("%T", again.next)
		}
	}
}

// TestAddressStaysAddress: an address that is refused on the way is told as that, and not as a provider that is away.
func TestAddressStaysAddress(t *testing.T) {
	refused := &AddressError{Problem: "isn't https"}
	if err := noAnswer(t.Context(), "o", "h", &url.Error{Op: "Get", URL: "u", Err: refused}, true); err != error(refused) { //nolint:errorlint // itself
		t.Errorf("got %v", err)
	}
}

// TestPushAway: a provider that is busy is told as that.
func TestPushAway(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/par": says(http.StatusServiceUnavailable, "", "")})
	p := s.provider(Kind{})
	p.Metadata.PushedEndpoint = s.URL + "/par"
	if _, err := p.Push(t.Context(), Client{ID: "c"}, url.Values{}); !isError[*UnavailableError](err) {
		t.Errorf("got %v", err)
	}
}

// TestWayTells: names are those of the provider alone, and of a chain it counts where it leads.
func TestWayTells(t *testing.T) {
	w := &way{addresses: []string{"192.0.2.1"}, connected: "192.0.2.1:443", resolved: io.EOF}
	for _, c := range []struct {
		r     Route
		names bool
	}{{Route{Host: "sts.example"}, true}, {Route{Host: "sts.example", Proxy: "p:1"}, false}, {Route{Host: "192.0.2.1"}, false}} {
		w.tell(&c.r)
		if c.r.Connected != w.connected || (len(c.r.Addresses) > 0) != c.names || (c.r.Resolved != nil) != c.names {
			t.Errorf("got %+v", c.r)
		}
	}
	added, system := issue(t, pkix.Name{CommonName: "added"}, nil, authority).cert, issue(t, pkix.Name{CommonName: "system"}, nil, authority).cert
	for _, c := range []struct {
		chains [][]*x509.Certificate
		want   bool
	}{
		{nil, false}, {[][]*x509.Certificate{{added}}, true}, {[][]*x509.Certificate{{added, system}}, false}, {[][]*x509.Certificate{{system, added}}, true},
		{[][]*x509.Certificate{{added}, {system}}, false},
	} {
		state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{added}, VerifiedChains: c.chains}
		if got := chainOf(state, []*x509.Certificate{added}).Added; got != c.want {
			t.Errorf("%d chains: %t", len(c.chains), got)
		}
		if len(c.chains) > 0 && chainOf(state, nil).Added {
			t.Errorf("%d chains: added, and nobody has", len(c.chains))
		}
	}
}

// TestReachTakes tells how long it took, asks for JSON, and calls nobody connected who isn't.
func TestReachTakes(t *testing.T) {
	accept := ""
	s := serve(t, map[string]http.HandlerFunc{"/": func(_ http.ResponseWriter, r *http.Request) { accept = r.Header.Get("Accept") }})
	at := now
	ticking := func() time.Time { at = at.Add(time.Second); return at }
	got := Reach(t.Context(), HTTPOptions{Now: ticking}, s.URL+"/")
	if got.Err != nil || got.Took < time.Second || accept != "application/json" {
		t.Errorf("got %+v, Accept %q", got, accept)
	}
	s.Close()
	if got := Reach(t.Context(), HTTPOptions{Now: clock}, s.URL+"/"); got.Err == nil || got.Connected != "" {
		t.Errorf("got %+v", got)
	}
}
