package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

const (
	defaultTimeout = 5 * time.Minute
	quietAfter     = time.Minute
)

// Login signs in. It returns the provider's *provider.OAuthError for a login that was denied, *PortError for a taken port,
// *TimeoutError after Timeout, *provider.VerificationError for an ID token that doesn't hold, *AnswerError for an answer of
// another issuer, *RedirectError, *ParamError or ErrNoOpenID for a request that can't be made, and ctx's error when
// it is cancelled. Nothing but one genuine answer (right path, method, Host, state) ends the wait.
func Login(ctx context.Context, r LoginRequest) (*LoginResult, error) {
	redirect, err := r.redirect()
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	o, err := newOneTime(r.Rand)
	if err != nil {
		return nil, err
	}
	l, err := listen(ctx, redirect, r.Certificate, expected{state: o.state, mode: r.mode(), parts: r.parts()}, o.landing)
	if err != nil {
		return nil, err
	}
	defer l.close()
	a, err := r.ask(ctx, l, o)
	if err != nil {
		return nil, err
	}
	r.emit(Answered{Via: a.via, Mode: a.mode, RedirectURI: l.redirect.uri, Values: a.raw})
	result, err := r.redeem(ctx, a, o, l.redirect.uri)
	if err == nil && r.Keep != nil {
		err = r.Keep(ctx, result)
	}
	l.finish(err == nil)
	if a.via == viaBrowser {
		l.seeOff(ctx, r.Clock)
	}
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return result, err
}

// redirect is the redirect URI and where to listen for it; with PasteOnly, nowhere.
func (r LoginRequest) redirect() (redirect, error) {
	at, err := parseRedirect(r.RedirectURI, r.Listen)
	switch {
	case err != nil:
		return at, err
	case r.PasteOnly && at.port == 0 && !at.away:
		return at, &RedirectError{URI: r.RedirectURI, Problem: "its port is 0, and where nothing listens there is none to put in its place"}
	case r.PasteOnly:
		at.away = true
	case at.scheme == schemeHTTPS && !at.away && r.Certificate == nil:
		return at, &RedirectError{URI: r.RedirectURI, Problem: "it is https, and there is no certificate to listen with"}
	}
	if at.away && r.Paste == nil {
		return at, &RedirectError{URI: r.RedirectURI, Problem: "it doesn't lead to this machine, and there is nobody to paste the answer"}
	}
	return at, nil
}

// oneTime are the values that are made for one login and belong to no other.
type oneTime struct {
	state    token.Secret // RFC 6749 section 10.12
	nonce    token.Secret // OpenID Connect Core 3.1.2.1
	verifier token.Secret // RFC 7636 section 4.1
	landing  token.Secret // names the landing page
}

func newOneTime(random io.Reader) (oneTime, error) {
	var o oneTime
	for _, s := range []*token.Secret{&o.state, &o.nonce, &o.verifier, &o.landing} {
		var b [32]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return oneTime{}, fmt.Errorf("read random bytes: %w", err)
		}
		*s = token.NewSecret(base64.RawURLEncoding.EncodeToString(b[:]))
	}
	return o, nil
}

// challenge is the S256 code challenge (RFC 7636 section 4.2). There is no fall-back to plain.
func (o oneTime) challenge() string {
	sum := sha256.Sum256([]byte(o.verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// check refuses a request that would be no sign-in, or one whose safeguards its further parameters would replace.
func (r LoginRequest) check() error {
	if err := r.checkType(); err != nil {
		return err
	}
	reserved := []string{
		"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
		"max_age", "client_secret", "code_verifier",
		"response_mode",
		"request", "request_uri", // a request object stands above all others (OpenID Connect Core 6.1)
	}
	if r.MaxAge == 0 && r.Provider.Kind.MaxAgeZeroLoops {
		return &ParamError{Name: "max_age", Problem: "can't be 0: " + r.Provider.Kind.Title + " then asks for ever; prompt=login asks once"}
	}
	for name, values := range r.Params {
		if slices.Contains(reserved, name) {
			return &ParamError{Name: name, Problem: "is set by the sign-in itself"}
		}
		if len(values) != 1 { // RFC 6749 section 3.1
			return &ParamError{Name: name, Problem: "must have one value"}
		}
	}
	if err := r.checkPrompt(); err != nil {
		return err
	}
	return r.checkLimits()
}

// checkPrompt refuses what isn't known (OpenID Connect Core 3.1.2.1), and what this kind of provider breaks on.
func (r LoginRequest) checkPrompt() error {
	refuse := func(problem string) error { return &ParamError{Name: "prompt", Problem: problem} }
	if !r.Params.Has("prompt") {
		return nil
	}
	prompts, kind := strings.Fields(r.Params.Get("prompt")), r.Provider.Kind
	for _, p := range prompts {
		switch {
		case !slices.Contains([]string{"none", "login", "consent", "select_account"}, p):
			return refuse(fmt.Sprintf("can't be %q: it is none, login, consent or select_account", p))
		case slices.Contains(kind.BrokenPrompts, p):
			return refuse(fmt.Sprintf("can't be %q: it ends on an error page of %s; login asks for the password again", p, kind.Title))
		case p == "none" && len(prompts) > 1:
			return refuse("can't have none beside others")
		}
	}
	switch {
	case len(prompts) == 0:
		return refuse("is empty")
	case len(prompts) > 1 && kind.OnePrompt:
		return refuse("must be one word: " + kind.Title + " ignores a list")
	}
	return nil
}

// checkLimits holds what will be sent against the kind's limits: the provider would show an error page, and nothing would come back.
func (r LoginRequest) checkLimits() error {
	values := r.params(oneTime{}, r.RedirectURI)
	for _, l := range r.Provider.Kind.Limits {
		if n := utf8.RuneCountInString(values.Get(l.Param)); n > l.Max {
			return &ParamError{Name: l.Param, Problem: fmt.Sprintf("is %d characters long, and %s takes at most %d", n, r.Provider.Kind.Title, l.Max)}
		}
	}
	return nil
}

// AuthorizationAddress is the address of a login that nobody waits for: it is checked like one, and its answer can't be redeemed.
func AuthorizationAddress(r LoginRequest) (string, error) {
	if _, err := parseRedirect(r.RedirectURI, r.Listen); err != nil {
		return "", err
	}
	if err := r.check(); err != nil {
		return "", err
	}
	o, err := newOneTime(r.Rand)
	if err != nil {
		return "", err
	}
	return r.Provider.AuthorizationURL(r.params(o, r.RedirectURI))
}

// params are the parameters of the authorisation request (RFC 6749 section 4.1.1, OpenID Connect Core 3.1.2.1, RFC 7636
// section 4.3).
func (r LoginRequest) params(o oneTime, redirectURI string) url.Values {
	v := url.Values{
		"response_type": {r.responseType()},
		"client_id":     {r.Client.ID},
		"redirect_uri":  {redirectURI},
		"scope":         {strings.Join(r.Scopes, " ")},
		"state":         {o.state.Reveal()},
		"nonce":         {o.nonce.Reveal()},
	}
	if r.proves() {
		v.Set("code_challenge", o.challenge())
		v.Set("code_challenge_method", "S256")
	}
	if r.ResponseMode != "" {
		v.Set("response_mode", r.ResponseMode)
	}
	if r.MaxAge >= 0 {
		v.Set("max_age", strconv.FormatInt(int64(r.MaxAge/time.Second), 10))
	}
	maps.Copy(v, r.Params)
	return v
}

// ask sends the user to the provider and waits for the answer.
func (r LoginRequest) ask(ctx context.Context, l *loopback, o oneTime) (answer, error) {
	address, err := r.Provider.AuthorizationURL(r.params(o, l.redirect.uri))
	if err != nil {
		return answer{}, err
	}
	timeout := r.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	w := waiting{request: r, listener: l, timeout: timeout, expired: r.Clock.After(timeout)}
	if timeout > quietAfter {
		w.quiet = r.Clock.After(quietAfter)
	}
	done := make(chan struct{})
	defer close(done)
	if r.Paste != nil {
		w.lines = make(chan pasted)
		go readLines(r.Paste, w.lines, done)
	}
	r.emit(Listening{RedirectURI: l.redirect.uri, Addresses: l.addresses})
	r.emit(Address{URL: address})
	if r.Open != nil {
		w.browser = make(chan error, 1)
		go func() { w.browser <- r.Open(ctx, address) }()
	}
	return w.wait(ctx)
}

// waiting is a login between its question and its answer.
type waiting struct {
	request  LoginRequest
	listener *loopback
	timeout  time.Duration
	expired  <-chan time.Time
	quiet    <-chan time.Time // nil: it won't come
	lines    chan pasted      // nil: nothing can be pasted
	block    []string         // lines that were pasted and not looked at yet
	settled  <-chan time.Time // nil: no block has begun
	browser  chan error       // the opener's result; nil: none runs
}

// wait is the only place that emits events while the listener runs, so that they come one at a time.
func (w *waiting) wait(ctx context.Context) (answer, error) {
	uri := w.listener.redirect.uri
	for {
		select {
		case a := <-w.listener.answers:
			return a, nil
		case line := <-w.lines:
			if a, ok, err := w.hear(line); ok || err != nil {
				return a, err
			}
		case <-w.settled:
			if a, ok := w.look(); ok {
				return a, nil
			}
		case why := <-w.listener.strays:
			w.request.emit(Stray{Reason: string(why)})
		case err := <-w.browser:
			if err != nil {
				w.request.emit(BrowserFailed{Err: err})
			}
		case <-w.quiet:
			w.request.emit(Quiet{After: quietAfter, RedirectURI: uri})
			w.quiet = nil
		case <-w.expired:
			if !w.listener.take() { // the answer came at the last moment: its sender has been told that it was taken
				return <-w.listener.answers, nil
			}
			return answer{}, &TimeoutError{After: w.timeout, RedirectURI: uri}
		case err := <-w.listener.failed:
			return answer{}, err
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}
}

// noIDToken is the error for an exchange that succeeded and doesn't say who signed in (OpenID Connect Core 3.1.3.3).
func noIDToken(m provider.Metadata) error {
	e := &provider.ResponseError{Operation: "exchange the code", Status: http.StatusOK, Problem: "an answer without id_token"}
	if u, err := url.Parse(m.TokenEndpoint); err == nil {
		e.Host = u.Host
	}
	return e
}

func (r LoginRequest) emit(e Event) {
	if r.Event != nil {
		r.Event(e)
	}
}
