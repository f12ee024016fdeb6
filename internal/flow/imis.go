package flow

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// PostedRequest says how to wait for a login that begins at the provider: a page of its own posts a refresh token to the client's Login
// redirect URL, as iMIS's Single Sign On content item does. There is no state in it and no proof key, so any page may post a token of its
// own choosing, to have the user work as somebody else (RFC 6749 section 10.12): what stands against that is that one token is taken, only
// while the user waits for it, and that Accept says yes to who it is before anything is kept.
type PostedRequest struct {
	Provider    *provider.Provider
	Client      provider.Client
	RedirectURI string // the Login redirect URL as registered
	Listen      string // as in LoginRequest
	Certificate *tls.Certificate
	Timeout     time.Duration // for the wait; 0: 5 minutes
	Rand        io.Reader
	Clock       Clock
	Event       func(Event)
	// Accept is told who signed in, and returns the error that refuses it. It must be set.
	Accept func(context.Context, Arrival) error
	// Asks says that Accept asks the user, in the terminal: the browser is sent there meanwhile.
	Asks bool
	Keep func(context.Context, *LoginResult) error
}

// Arrival is who signed in by a posted token, and whence it came.
type Arrival struct {
	User string // as the provider has it; "" where it doesn't say. Foreign text
	// Origin is the site whose page posted the token, by the browser's word; "" where that says nothing. Foreign text.
	Origin string
}

// PostedError says that a posted refresh token could not be exchanged. Nothing was kept.
type PostedError struct {
	Origin string // as in Arrival
	Err    error
}

// Error tells what went wrong.
func (e *PostedError) Error() string { return "take the posted refresh token: " + e.Err.Error() }

// Unwrap returns the fault of the exchange.
func (e *PostedError) Unwrap() error { return e.Err }

// ErrNoAcceptor says that nobody would say yes or no to a posted login.
var ErrNoAcceptor = errors.New("nobody is there to say who may sign in")

// modePosted is how a posted refresh token comes. It is no response mode that could be asked for.
const modePosted = "posted refresh token"

// maxPosted is the longest refresh token that is taken, in bytes.
const maxPosted = 16 << 10

// Posted waits for a posted refresh token and redeems it, once. What else comes to the address doesn't end the wait: a GET, a form without a
// token, an empty or overlong one. Its errors are those of Login as far as there can be such, and whatever Accept and Keep return.
func Posted(ctx context.Context, r PostedRequest) (*LoginResult, error) {
	if r.Accept == nil {
		return nil, ErrNoAcceptor
	}
	at, err := parseRedirect(r.RedirectURI, r.Listen)
	switch {
	case err != nil:
		return nil, err
	case at.away:
		return nil, &RedirectError{URI: r.RedirectURI, Problem: "it doesn't lead to this machine, and what is posted there can't be pasted"}
	case at.scheme == schemeHTTPS && r.Certificate == nil:
		return nil, &RedirectError{URI: r.RedirectURI, Problem: "it is https, and there is no certificate to listen with"}
	}
	o, err := newOneTime(r.Rand)
	if err != nil {
		return nil, err
	}
	l, err := listen(ctx, at, r.Certificate, expected{mode: modePosted, asks: r.Asks}, o.landing)
	if err != nil {
		return nil, err
	}
	defer l.close()
	a, err := r.wait(ctx, l)
	if err != nil {
		return nil, err
	}
	result, err := r.redeem(ctx, a)
	l.finish(err == nil)
	l.seeOff(ctx, r.Clock)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return result, err
}

// wait listens until one token has come.
func (r PostedRequest) wait(ctx context.Context, l *loopback) (answer, error) {
	timeout := r.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	w := waiting{request: LoginRequest{Event: r.Event, Clock: r.Clock}, listener: l, timeout: timeout, expired: r.Clock.After(timeout)}
	if timeout > quietAfter {
		w.quiet = r.Clock.After(quietAfter)
	}
	w.request.emit(Listening{RedirectURI: l.redirect.uri, Addresses: l.addresses})
	a, err := w.wait(ctx)
	if err != nil {
		return a, err
	}
	w.request.emit(Answered{Via: a.via, Mode: ModeFormPost, RedirectURI: l.redirect.uri, Values: a.raw, Origin: a.origin})
	return a, nil
}

// redeem exchanges the token, has its user accepted, and keeps the login.
func (r PostedRequest) redeem(ctx context.Context, a answer) (*LoginResult, error) {
	response, err := r.Provider.Refresh(ctx, r.Client, a.posted)
	if err != nil {
		return nil, &PostedError{Origin: a.origin, Err: err}
	}
	if err := r.Accept(ctx, Arrival{User: response.User, Origin: a.origin}); err != nil {
		return nil, err
	}
	result := &LoginResult{Set: response.Set, Via: a.via, User: response.User, Findings: response.Findings}
	if result.Set.Refresh.IsZero() {
		result.Set.Refresh = a.posted
	}
	result.Set.ID = token.Secret{} // this way has none, and nothing was asked that one could be held against
	result.Set.SignedInAt = r.Clock.Now()
	if r.Keep != nil {
		if err := r.Keep(ctx, result); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// The refusals of a posted token beside those of an answer.
const (
	refusedNoToken   refusal = "it has no refresh_token" //nolint:gosec // G101: words, not a token
	refusedTwoTokens refusal = "it has more than one refresh_token"
	refusedNoneToken refusal = "its refresh_token is no token"
)

// parsePosted reads a form that should hold one refresh token. Its other fields are the provider's business.
func parsePosted(body string) (token.Secret, refusal) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return token.Secret{}, refusedMalformed
	}
	posted := values["refresh_token"]
	switch {
	case len(posted) > 1:
		return token.Secret{}, refusedTwoTokens
	case len(posted) == 0 || posted[0] == "":
		return token.Secret{}, refusedNoToken
	case len(posted[0]) > maxPosted:
		return token.Secret{}, refusedLong
	}
	for i := range len(posted[0]) {
		if posted[0][i] < 0x20 || posted[0][i] > 0x7e { // RFC 6749 appendix A.17
			return token.Secret{}, refusedNoneToken
		}
	}
	return token.NewSecret(posted[0]), ""
}

// maxOrigin bounds an origin in bytes: a host is at most 253 long.
const maxOrigin = 300

// receivePosted looks at a form that may hold the refresh token.
func (l *loopback) receivePosted(w http.ResponseWriter, r *http.Request) {
	body, ok := l.form(w, r)
	if !ok {
		return
	}
	posted, why := parsePosted(body)
	if why != "" {
		l.turnAway(w, http.StatusBadRequest, "a form that is turned away, since "+why)
		return
	}
	origin := r.Header.Get("Origin")
	l.accept(w, r, answer{via: viaBrowser, mode: modePosted, posted: posted, origin: origin[:min(len(origin), maxOrigin)], raw: token.NewSecret(body)})
}
