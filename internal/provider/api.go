package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// MaxAPIAnswer is the longest answer of an API in bytes that is passed on.
const MaxAPIAnswer = 1 << 30

// APIHeader is a header that an API knows the caller by beside the token, such as a subscription key, and the origins that it is for.
type APIHeader struct {
	Name    string
	Value   token.Secret
	Origins []string
}

// APICall is one request to an API in the name of the user.
type APICall struct {
	Method string
	URL    *url.URL
	Header http.Header // the caller's own
	Body   []byte      // nil: none
	Bearer token.Secret
	Keys   []APIHeader
	// Origins are where the token may go, as Origin writes them.
	Origins []string
	// Redirects is how many are followed; 0: none, the redirect is the answer.
	Redirects int
	// Client gives the way to an address.
	Client func(*url.URL) *http.Client
}

// APIRefusedError says that a request wasn't sent, and why.
type APIRefusedError struct {
	Origin  string // where it would have gone
	Problem string
}

// Error tells where and why.
func (e *APIRefusedError) Error() string { return visible(e.Origin) + " " + e.Problem }

// Origin is scheme, host and port of an address, without the port where that goes without saying (RFC 6454 section 6.2).
func Origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host
}

// Do sends the request and returns the answer, whatever its status; the caller closes its body. The token and the keys go to the
// origins alone that they are for, by https or on loopback; a redirect to anywhere else is followed without them and without the caller's
// own headers, and never back to them: whoever answers from there doesn't decide what is done with them. A body goes nowhere else at all.
func (c APICall) Do(ctx context.Context) (*http.Response, error) {
	if origin := Origin(c.URL); !slices.Contains(c.Origins, origin) {
		return nil, &APIRefusedError{origin, "isn't among the addresses that the token may go to"}
	}
	method, body, to, trusted := c.Method, c.Body, c.URL, true
	for hops := 0; ; hops++ {
		resp, err := c.send(ctx, method, to, body, trusted)
		if err != nil {
			return nil, err
		}
		if hops == c.Redirects || resp.StatusCode < 300 || resp.StatusCode > 399 {
			return resp, nil
		}
		next, lerr := resp.Location()
		if lerr != nil {
			return resp, nil //nolint:nilerr // a redirect that leads nowhere is the answer
		}
		_ = resp.Body.Close() // the answer is elsewhere
		if next.Fragment = ""; !slices.Contains(c.Origins, Origin(next)) {
			trusted = false
		}
		method, body = redirected(resp.StatusCode, method, body)
		if err := c.mayFollow(to, next, method, body, trusted); err != nil {
			return nil, err
		}
		to = next
	}
}

// redirected is what is sent to where a redirect leads (RFC 9110 sections 15.4.2 to 15.4.4).
func redirected(status int, method string, body []byte) (string, []byte) {
	switch {
	case status == http.StatusSeeOther && method != http.MethodHead, (status == http.StatusMovedPermanently || status == http.StatusFound) && method == http.MethodPost:
		return http.MethodGet, nil
	}
	return method, body
}

func (c APICall) mayFollow(from, to *url.URL, method string, body []byte, trusted bool) error {
	if bad, ok := errors.AsType[*AddressError](checkURL(to)); ok {
		return &APIRefusedError{Origin(to), "is where the redirect of " + visible(from.Host) + " leads, and it " + bad.Problem}
	}
	switch {
	case trusted:
		return nil
	case body != nil || method != http.MethodGet && method != http.MethodHead:
		return &APIRefusedError{Origin(to), "isn't among the addresses that the token may go to, and the redirect would send it a " + method}
	case isLoopback(to.Hostname()) && !isLoopback(from.Hostname()):
		return &APIRefusedError{Origin(to), "is this machine, where no answer from elsewhere leads"}
	}
	return nil
}

// send makes one exchange.
func (c APICall) send(ctx context.Context, method string, to *url.URL, body []byte, trusted bool) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	address := *to
	address.RawQuery = encodedQuery(to.RawQuery)
	req, err := newRequest(ctx, method, address.String(), content)
	if err != nil {
		return nil, err
	}
	if trusted {
		maps.Copy(req.Header, c.Header)
		for _, key := range c.Keys {
			// What the caller says for this once comes before what is kept for every time.
			if _, said := c.Header[http.CanonicalHeaderKey(key.Name)]; !said && slices.Contains(key.Origins, Origin(to)) {
				req.Header.Set(key.Name, key.Value.Reveal())
			}
		}
		req.Header.Set("Authorization", "Bearer "+c.Bearer.Reveal())
	}
	away := &departure{}
	resp, err := c.Client(to).Do(req.WithContext(httptrace.WithClientTrace(ctx, away.trace())))
	if err != nil {
		sent := c.sent()
		return nil, sent.hidden(noAnswer(ctx, "call "+method, to.Host, err, away.possible()))
	}
	resp.Body = &apiBody{resp.Body, ctx, "call " + method, to.Host}
	return resp, nil
}

// sent are the secrets of the call, which an answer's words may repeat. A header of the caller's own may be one.
func (c APICall) sent() spellings {
	var sent spellings
	sent.add(c.Bearer.Reveal())
	for _, key := range c.Keys {
		sent.add(key.Value.Reveal())
	}
	for _, values := range c.Header {
		for _, v := range values {
			sent.addOther(v)
		}
	}
	return sent
}

// Failure is an *APIStatusError for an answer that is no success, with the reason that its challenge states (RFC 6750 section 3).
func (c APICall) Failure(resp *http.Response) error {
	if resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified {
		return nil
	}
	e := &APIStatusError{Host: c.URL.Host, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	sent := c.sent()
	for _, challenged := range parseChallenges(resp.Header.Values("WWW-Authenticate")) {
		if code := challenged.params["error"]; code != "" {
			const mostOfCode = 100
			e.Code = clip(sent.masked(code, mostOfCode), mostOfCode)
			e.Description = clip(sent.masked(challenged.params["error_description"], maxShown), maxShown)
			break
		}
	}
	return e
}

// encodedQuery writes those characters of a query as RFC 3986 section 2.1 has it that no address can hold, above all the space, which would
// end it within the request. What is encoded already stays, and so do the brackets that many put there as they are.
func encodedQuery(query string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(query) {
		c := query[i]
		if c > ' ' && c < 0x7f && strings.IndexByte("\"<>\\^`{|}", c) < 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// apiBody is the body of an API's answer, whose breaking off is told as any other silence of its host.
type apiBody struct {
	io.ReadCloser
	ctx             context.Context //nolint:containedctx // of the one exchange that the body ends
	operation, host string
}

// Read implements io.Reader.
func (b *apiBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil || err == io.EOF || errors.Is(err, errTooLong) {
		return n, err
	}
	return n, noAnswer(b.ctx, b.operation, b.host, &brokenAnswerError{err}, true)
}

// brokenAnswerError says that an answer began and didn't come to its end.
type brokenAnswerError struct{ cause error }

// Error tells it without the words of the network's own code.
func (e *brokenAnswerError) Error() string { return "the answer broke off before its end" }

// Unwrap returns the cause, which may be that time ran out.
func (e *brokenAnswerError) Unwrap() error { return e.cause }

// MayCarryToken reports whether an address is of the kind that a token is ever sent to: https, or http on this machine.
func MayCarryToken(u *url.URL) bool { return checkURL(u) == nil }

// APIStatusError says that an API answered with a status that isn't a success. Its answer is the caller's.
type APIStatusError struct {
	Host        string
	Status      int
	RetryAfter  time.Duration // 0: not told
	Code        string        // of the challenge, "" where it states none; foreign text, as is the description
	Description string
}

// Error tells host and status, and the challenge's code and description with control characters escaped.
func (e *APIStatusError) Error() string {
	s := fmt.Sprintf("%s answered with HTTP %d", visible(e.Host), e.Status)
	if text := http.StatusText(e.Status); text != "" {
		s += " " + text
	}
	if e.Code != "" {
		s += ": " + visible(e.Code)
	}
	if e.Description != "" {
		s += ": " + visible(e.Description)
	}
	return s
}
