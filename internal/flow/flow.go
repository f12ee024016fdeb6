// Package flow has one file per way of getting tokens, the loopback listener that takes the browser's answer, and the
// reader of a pasted one. It emits events and prints nothing.
package flow

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// LoginRequest says how to sign in in the browser: by a code with PKCE (RFC 6749, 7636, 8252), or by another response type.
type LoginRequest struct {
	Provider    *provider.Provider
	Client      provider.Client
	RedirectURI string           // as registered; on localhost, 127.0.0.1 or ::1 port 0 means any free one
	Listen      string           // the address of this machine that another host of RedirectURI leads to; see CheckRedirect
	Certificate *tls.Certificate // for an https RedirectURI that is listened for
	Scopes      []string
	Params      url.Values    // further parameters: prompt, login_hint, ...
	MaxAge      time.Duration // negative: not sent
	// InsecureMaxAge leaves it to the caller to hold auth_time against MaxAge: a user who signed in long ago is taken for a present one.
	InsecureMaxAge bool
	// ResponseType is what to ask for: "code" where it is "", "code id_token", "id_token token", ... By "token" alone nobody is told of:
	// there is no ID token, and so no Verification.
	ResponseType string
	// ResponseMode is how the provider is to answer: ModeQuery, ModeFragment or ModeFormPost; "" leaves it to the
	// provider, which is the query for a code alone and else the fragment.
	ResponseMode string
	// WithoutProofKey sends neither challenge nor verifier, for clients whose provider refuses them. The nonce in the ID token, which
	// is asked for in any case, then is what ties a code to this login.
	WithoutProofKey bool
	// Push hands the request over to the provider before the browser is sent there (RFC 9126); Client then has to authenticate.
	Push bool
	// Force asks for what a rule of the provider's kind, or the lack of the scope openid, is against, and leaves the answer to the
	// provider. What keeps a login safe it doesn't touch.
	Force bool

	// Open opens the browser; nil: none is opened. It runs in a goroutine of its own that Login doesn't wait for, with
	// the context that Login was given: it isn't cancelled when Login returns, so a browser that was started lives on.
	Open func(ctx context.Context, address string) error
	// Paste is the terminal, read line by line for a pasted URL; nil: none. A blocked Read can't be interrupted, so one
	// goroutine may stay behind in it when Login returns, and the line that ends that Read is lost.
	Paste io.Reader
	// PasteOnly has nothing listen: the answer is pasted, and the end of Paste without one is the end of the login (ErrNoPaste).
	// A RedirectURI that doesn't lead here has it by itself.
	PasteOnly bool
	// InsecureNoState takes a bare code where it is pasted. Without the state beside it nobody can tell that it belongs to this
	// login: somebody who has talked the user into pasting a code of theirs has signed the user in as themselves.
	InsecureNoState bool

	Timeout time.Duration // for the whole wait; 0: 5 minutes
	Rand    io.Reader
	Clock   Clock
	// Keep keeps the login before the browser is told that it worked: what it returns ends the login as failed. nil: nobody keeps it.
	Keep  func(context.Context, *LoginResult) error
	Event func(Event) // called from one goroutine at a time; nil: nobody listens

	started time.Time // when the login began
}

// Clock is time as a login sees it; a test has its own.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// LoginResult is a finished login, verified.
type LoginResult struct {
	Set          token.Set
	Verification *provider.Verification // of the ID token; nil where none was asked for
	Via          string                 // "browser" or "paste"; "" for a login without an answer
	// User is who signed in, by the token endpoint's word: of kinds that say it there, and have no ID token. Foreign text.
	User string
	// Findings are what came otherwise than it was asked for, and is taken all the same: the standards leave it to whoever relies on it.
	Findings []sims.Finding
}

// Event is something that the user may want to know while a flow runs: one of the types below.
type Event interface{ event() }

// Listening says that the redirect URI is now served, or that its answer has to be pasted.
type Listening struct {
	RedirectURI string
	Addresses   []string // host:port; none where nothing listens
}

// Address is the address to visit.
type Address struct {
	URL     string
	Expires time.Time // the end of a pushed request, by when it has to be visited, once; zero: it has none
}

// AddressExpired says that nobody has come back from the address, and that whoever hasn't visited it by now is too late.
type AddressExpired struct{}

// BrowserFailed says that the opener couldn't be started.
type BrowserFailed struct{ Err error }

// Stray says that something else than the awaited answer came and was turned away. The reason holds nothing of what came.
// After the first few they are no longer reported: a page that calls the listener in a loop must not fill the terminal.
type Stray struct{ Reason string }

// PasteRefused says why the pasted text isn't the awaited answer. The reason holds nothing of the text.
type PasteRefused struct{ Reason string }

// Quiet says that nothing has come for a minute; it comes once.
type Quiet struct {
	After       time.Duration
	RedirectURI string
}

// Answered says that the answer came ("browser", "paste") and is being looked at.
type Answered struct {
	Via         string
	Mode        string // ModeQuery, ModeFragment or ModeFormPost; "" for a pasted one
	RedirectURI string
	Values      token.Secret // its parameters as they were encoded, for a trace
	Origin      string       // of a posted token, as in Arrival
}

func (Listening) event()      {}
func (Address) event()        {}
func (AddressExpired) event() {}
func (BrowserFailed) event()  {}
func (Stray) event()          {}
func (PasteRefused) event()   {}
func (Quiet) event()          {}
func (Answered) event()       {}

// ErrNoOpenID says that a login was asked for without the scope that makes it one (OpenID Connect Core 3.1.2.1): without
// "openid" there is no ID token, and so nobody who signed in.
var ErrNoOpenID = errors.New(`the scope "openid" is missing`)

// ErrUntied says that nothing would tie a code to the login that asked for it: neither a proof key nor the nonce of an ID token. Whoever has
// slipped a code of their own in would have signed the user in as themselves (RFC 9700 section 2.1.1). Force doesn't lift it.
var ErrUntied = errors.New("nothing would tie the code to this login: its flow has no proof key (PKCE), and without the scope \"openid\" " +
	"there is no nonce to check (RFC 9700 section 2.1.1)")

// ErrNoPaste says that what was to be pasted ended without an answer.
var ErrNoPaste = errors.New("the pasted text ended without the answer")

// ParamError says that a further parameter can't be sent.
type ParamError struct {
	Name    string
	Problem string
	Rule    bool // a rule of the provider's kind is against it, which Force leaves to the provider
}

func (e *ParamError) Error() string { return fmt.Sprintf("parameter %q %s", e.Name, e.Problem) }

// AnswerError says that an answer with the right state came from another issuer than the one that was asked, or doesn't
// say from which although the provider promises that it always does (RFC 9207 section 2.4). Its code isn't used.
type AnswerError struct {
	Expected string
	Got      string // foreign text; "" when the answer names no issuer
}

func (e *AnswerError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("sign in: the answer names no issuer: expected %q", e.Expected)
	}
	return fmt.Sprintf("sign in: the answer came from another issuer: expected %q, got %q", e.Expected, e.Got)
}

// TimeoutError says that no answer came.
type TimeoutError struct {
	After       time.Duration
	RedirectURI string // "" where a code was to be typed on another device
}

func (e *TimeoutError) Error() string {
	if e.RedirectURI == "" {
		return fmt.Sprintf("nobody signed in with the code within %s", e.After)
	}
	return fmt.Sprintf("no answer came to %s within %s", e.RedirectURI, e.After)
}
