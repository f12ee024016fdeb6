package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// answer is what an endpoint said, its body read to the end.
type answer struct {
	operation string
	host      string
	status    int
	header    http.Header
	body      []byte
	sent      spellings // secrets of the request, which an answer's words may repeat
}

// get asks for JSON by GET.
func get(ctx context.Context, hc *http.Client, operation, address string) (*answer, error) {
	return getAs(ctx, hc, operation, address, mediaJSON, token.Secret{})
}

// getAs is get of what accept names (RFC 9110 section 12.5.1).
func getAs(ctx context.Context, hc *http.Client, operation, address, accept string, bearer token.Secret) (*answer, error) {
	req, err := newRequest(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if !bearer.IsZero() {
		req.Header.Set("Authorization", "Bearer "+bearer.Reveal())
	}
	var sent spellings
	sent.add(bearer.Reveal())
	return send(hc, operation, req, sent)
}

// post sends a form, authenticated as c; a zero c sends nothing of a client.
func post(ctx context.Context, hc *http.Client, operation, address string, form url.Values, c Client) (*answer, error) {
	return postFor(ctx, hc, operation, address, mediaJSON, form, c)
}

// postFor is post for an answer of what accept names.
func postFor(ctx context.Context, hc *http.Client, operation, address, accept string, form url.Values, c Client) (*answer, error) {
	basic, err := c.authenticate(form)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	// A reader that net/http doesn't know gives the request no GetBody, so that no transport can send it a second time: a
	// code or a one-time refresh token is burned by the first.
	body := form.Encode()
	req, err := newRequest(ctx, http.MethodPost, address, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Accept", accept)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic != "" {
		req.Header.Set("Authorization", "Basic "+basic)
	}
	var sent spellings
	sent.add(basic)
	sent.add(c.Secret.Reveal())
	for name, values := range form {
		if !isShownField(name) {
			sent.addAll(name, values)
		}
	}
	return send(hc, operation, req, sent)
}

func newRequest(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	if _, err := checkAddress(address); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, &AddressError{Problem: "can't be read"}
	}
	req.Header.Set("Accept", mediaJSON)
	req.Header.Set("User-Agent", "simsid")
	return req, nil
}

// authenticate puts a client's credentials, by the way that Metadata.Auth has chosen, into the form, or returns them for the header (RFC 6749 section 2.3.1).
func (c Client) authenticate(form url.Values) (basic string, err error) {
	if c.ID == "" {
		return "", nil
	}
	id, secret := c.ID, c.Secret.Reveal()
	switch c.Auth {
	case AuthNone:
		form.Set("client_id", id)
	case AuthPost, "":
		form.Set("client_id", id)
		form.Set("client_secret", secret)
	case AuthBasic:
		id, secret = url.QueryEscape(id), url.QueryEscape(secret)
		return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)), nil
	case AuthBasicRaw:
		// The server splits at the first colon.
		if strings.Contains(id, ":") {
			return "", errColon(id)
		}
		return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)), nil
	default:
		return "", fmt.Errorf("unknown client authentication %q", string(c.Auth))
	}
	return "", nil
}

// send makes one exchange. What no endpoint can mean as an answer of its own is an error here: no answer, a redirect, a
// body too long, and the statuses that ask for another try. Of a body that is too long or ends early, what came of it is in the answer
// beside the error.
func send(hc *http.Client, operation string, req *http.Request, sent spellings) (*answer, error) {
	if hc == nil {
		hc = NewHTTPClient(HTTPOptions{})
	}
	host := req.URL.Host
	away := &departure{}
	resp, err := hc.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), away.trace())))
	if err != nil {
		return nil, sent.hidden(noAnswer(req.Context(), operation, host, err, away.possible()))
	}
	defer resp.Body.Close()
	a := &answer{operation: operation, host: host, status: resp.StatusCode, header: resp.Header, sent: sent}
	if a.status >= 300 && a.status < 400 {
		return nil, a.problem(a.redirectProblem(resp))
	}
	body, tooLong, err := readAll(resp.Body)
	a.body = body
	switch {
	case tooLong:
		err = a.problem(fmt.Sprintf("the answer is longer than %d bytes", MaxAnswer))
		return a, err
	case err != nil:
		return a, sent.hidden(noAnswer(req.Context(), operation, host, err, true))
	case a.status >= 500, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout:
		return nil, &UnavailableError{
			Operation: operation, Host: host, Status: a.status, RetryAfter: retryAfter(resp.Header),
		}
	}
	return a, nil
}

// departure tells whether a request may have left: a connection was wanted, and there was never one, says that it hasn't. Whoever
// answers in this process wants none.
type departure struct{ wanted, got atomic.Bool }

func (d *departure) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { d.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { d.got.Store(true) },
	}
}

func (d *departure) possible() bool { return d.got.Load() || !d.wanted.Load() }

// noAnswer turns a failed exchange into its error. A user's interruption stays what it is: it says nothing of the provider.
func noAnswer(ctx context.Context, operation, host string, err error, sent bool) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s: %w", operation, context.Canceled)
	}
	if refused, ok := errors.AsType[*AddressError](err); ok {
		return refused
	}
	// net/http repeats method and address in front of the cause.
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if quotesAnswer(err) {
		err = errNotHTTP
	}
	return &UnavailableError{Operation: operation, Host: host, Err: err, Sent: sent}
}

// errNotHTTP stands for what net/http says of an answer that it can't read, with the answer's own bytes in it: a server that sends back
// what it was sent would have them shown.
var errNotHTTP = errors.New("what came isn't HTTP")

// quotesAnswer reports whether an error's text may hold bytes of an answer. net/http quotes them, but for textproto's errors, which it
// passes on; what the network, a certificate or a file has to say isn't of the answer.
func quotesAnswer(err error) bool {
	if is[textproto.ProtocolError](err) {
		return true
	}
	return strings.Contains(err.Error(), `"`) && !is[net.Error](err) && !is[*tls.CertificateVerificationError](err) && !is[*fs.PathError](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// redirectProblem names the host, but for what was sent: a server may lead there with the token in the name.
func (a *answer) redirectProblem(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil || to.Host == "" {
		return "a redirect, which isn't followed"
	}
	return "a redirect to " + visible(a.masked(to.Host, 255)) + ", which isn't followed"
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date, which is held against the server's own clock.
func retryAfter(h http.Header) time.Duration {
	const longest = 24 * time.Hour
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(v, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longest)
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longest)
}

func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

func (a *answer) problem(words string) *ResponseError {
	return &ResponseError{Operation: a.operation, Host: a.host, Status: a.status, Problem: words}
}

// notGiven is why a successful answer lacks what was asked for: the error that it states, since some providers state it with status 200
// (RFC 6749 section 5.2 has 400), or else the problem.
func (a *answer) notGiven(o token.Object, problem string) error {
	if code, _ := o.String("error"); code != "" {
		return a.statedError(o)
	}
	return a.problem(problem)
}

// object reads the body as a JSON object.
func (a *answer) object() (token.Object, error) {
	o, err := token.ParseObject(a.body)
	if err != nil {
		return token.Object{}, a.problem(bodyProblem(a.header.Get("Content-Type"), a.body))
	}
	return o, nil
}

// bodyProblem says in words, and without any of its text, why a body is no JSON object.
func bodyProblem(contentType string, body []byte) string {
	body = bytes.TrimSpace(body)
	contentType, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	switch {
	case len(body) == 0:
		return "an empty answer instead of a JSON object"
	case body[0] == '<':
		return "a page of HTML or XML instead of a JSON object"
	case strings.TrimSpace(contentType) == mediaJWT:
		return "a signed or encrypted answer (application/jwt) instead of a JSON object"
	case json.Valid(body) && body[0] == '{':
		return "a JSON object that can't be taken: a member is there twice, or it is nested too deeply, or isn't UTF-8"
	case json.Valid(body):
		return "JSON that is no object"
	}
	var first json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&first); errors.Is(err, io.ErrUnexpectedEOF) {
		return "JSON that is cut off"
	}
	return "no JSON object"
}

// refusal reads an answer that isn't a success: the protocol's error where there is one, by body (RFC 6749 section 5.2), by
// challenge (RFC 6750 section 3), or as IdentityServer3's other endpoints spell it; else a *ResponseError.
func (a *answer) refusal() error {
	o, err := token.ParseObject(a.body)
	if e := a.statedError(o); e != nil {
		return e
	}
	for _, c := range parseChallenges(a.header.Values("WWW-Authenticate")) {
		if code := c.params["error"]; code != "" {
			return a.oauthError(code, c.params["error_description"], c.params["error_uri"])
		}
	}
	if a.status == http.StatusUnauthorized {
		return a.oauthError("", "", "")
	}
	if err == nil {
		return a.problem("a JSON object without an error code")
	}
	return a.problem(bodyProblem(a.header.Get("Content-Type"), a.body))
}

func (a *answer) statedError(o token.Object) *OAuthError {
	if code, _ := o.String("error"); code != "" {
		description, _ := o.String("error_description")
		uri, _ := o.String("error_uri")
		return a.oauthError(code, description, uri)
	}
	if message, _ := o.String("Message"); message != "" {
		return a.oauthError("", message, "")
	}
	return nil
}

// oauthError has the provider's words, but for what was sent: some repeat the code, the token or the secret that they refuse.
func (a *answer) oauthError(code, description, uri string) *OAuthError {
	return &OAuthError{
		Operation: a.operation, Status: a.status,
		Code: a.masked(code, 100), Description: a.masked(description, maxShown), URI: a.masked(uri, maxShown),
	}
}

// masked are at most n bytes of foreign text, without what was sent.
func (a *answer) masked(text string, n int) string { return clip(a.sent.masked(text, n), n) }
