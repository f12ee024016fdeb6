package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

const (
	defaultTimeout = 5 * time.Minute
	quietAfter     = time.Minute
)

// Login signs in. It returns the provider's *provider.OAuthError for a login that was denied, *PortError for a taken port,
// *TimeoutError after Timeout, *provider.VerificationError for an ID token that doesn't hold, *HintError for another user than
// id_token_hint named, *AnswerError for an answer of another issuer, *RedirectError, *ParamError or ErrNoOpenID for a request that can't be made, and ctx's error when
// it is cancelled. Nothing but one genuine answer (right path, method, Host, state) ends the wait.
func Login(ctx context.Context, r LoginRequest) (*LoginResult, error) {
	redirect, err := r.redirect()
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.started = r.Clock.Now()
	o, err := newOneTime(r.Rand)
	if err != nil {
		return nil, err
	}
	l, err := listen(ctx, redirect, r.Certificate, expected{state: o.state, mode: r.mode(), parts: r.parts()}, o.landing)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if isLogin(r.Scopes) && r.parts() != (parts{accessToken: true}) {
		reading, stop := context.WithCancel(ctx)
		defer stop()
		r.Provider.LoadKeys(reading) // while the user signs in
	}
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
	switch {
	case at.away && r.Paste == nil:
		return at, &RedirectError{URI: r.RedirectURI, Problem: "it doesn't lead to this machine, and there is nobody to paste the answer"}
	case at.away && r.mode() == ModeFormPost:
		return at, &ParamError{Name: "response_mode", Problem: "can't be form_post where the answer is pasted: the address would hold nothing of it. Leave it away, or use fragment"}
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

// ask sends the user to the provider and waits for the answer.
func (r LoginRequest) ask(ctx context.Context, l *loopback, o oneTime) (answer, error) {
	address, err := r.address(ctx, o, l.redirect.uri)
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
	r.emit(address)
	switch {
	case r.Open != nil:
		w.browser = make(chan error, 1)
		go func() { w.browser <- r.Open(ctx, address.URL) }()
	case !address.Expires.IsZero(): // who opens it by hand may come too late
		w.stale = r.Clock.After(address.Expires.Sub(r.Clock.Now()))
	}
	return w.wait(ctx)
}

// waiting is a login between its question and its answer.
type waiting struct {
	request  LoginRequest
	listener *loopback
	timeout  time.Duration
	expired  <-chan time.Time
	quiet    <-chan time.Time // comes once; nil: it won't come
	stale    <-chan time.Time // the end of the address; nil: it has none
	lines    chan pasted      // nil: nothing can be pasted
	block    []string         // lines that were pasted and not looked at yet
	settled  <-chan time.Time // nil: no block has begun
	late     bool             // the block is being waited for once more
	browser  chan error       // the opener's result; nil: none runs
}

// reportStrays tells of the strays that nobody has heard of yet.
func (w *waiting) reportStrays() {
	for {
		select {
		case why := <-w.listener.strays:
			w.request.emit(Stray{Reason: string(why)})
		default:
			return
		}
	}
}

// wait is the only place that emits events while the listener runs, so that they come one at a time.
func (w *waiting) wait(ctx context.Context) (answer, error) {
	uri := w.listener.redirect.uri
	for {
		select {
		case a := <-w.listener.answers:
			w.reportStrays() // those that came before it
			return a, nil
		case line := <-w.lines:
			if a, ok, err := w.hear(line); ok || err != nil {
				return a, err
			}
		case <-w.settled:
			if a, ok := w.look(false); ok {
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
		case <-w.stale:
			w.request.emit(AddressExpired{})
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
