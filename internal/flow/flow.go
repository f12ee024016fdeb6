// Package flow has one file per way of getting tokens, the loopback listener that takes the browser's answer, and the
// reader of a pasted one. It emits events and prints nothing.
package flow

import (
	"context"
	"io"
	"net/url"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// LoginRequest says how to sign in by the authorisation code flow with PKCE (RFC 6749, 7636, 8252).
type LoginRequest struct {
	Provider    *provider.Provider
	Client      provider.Client
	RedirectURI string // as registered; http on localhost, 127.0.0.1 or ::1. Port 0 means any free one
	Scopes      []string
	Params      url.Values    // further parameters: prompt, login_hint, ...
	MaxAge      time.Duration // negative: not sent

	Open    func(ctx context.Context, address string) error // opens the browser, and returns at once; nil: none
	Paste   io.Reader                                       // the terminal, for a pasted URL; nil: none. Read line by line
	Timeout time.Duration                                   // for the whole wait; 0: 5 minutes
	Rand    io.Reader
	Clock   Clock
	Event   func(Event) // called from one goroutine at a time; nil: nobody listens
}

// Clock is time as a login sees it; a test has its own.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// LoginResult is a finished login, verified.
type LoginResult struct {
	Set          token.Set
	Verification *provider.Verification
	Via          string // "browser" or "paste"
}

// Login signs in. It returns the provider's *provider.OAuthError for a login that was denied, *PortError for a taken port,
// *TimeoutError after Timeout, *provider.VerificationError for an ID token that doesn't hold, and ctx's error when
// it is cancelled. Nothing but one genuine answer (right path, method, Host, state) ends the wait.
func Login(ctx context.Context, r LoginRequest) (*LoginResult, error) { panic("unwritten") }

// Event is something that the user may want to know while a flow runs: one of the types below.
type Event interface{ event() }

// Listening says that the redirect URI is now served.
type Listening struct{ RedirectURI string }

// Address is the address to visit.
type Address struct{ URL string }

// BrowserFailed says that the opener couldn't be started.
type BrowserFailed struct{ Err error }

// Stray says that something else than the awaited answer came and was turned away.
type Stray struct{ Reason string }

// PasteRefused says why the pasted text isn't the awaited answer.
type PasteRefused struct{ Reason string }

// Quiet says that nothing has come for a minute; it comes once.
type Quiet struct {
	After       time.Duration
	RedirectURI string
}

// Answered says that the answer came ("browser", "paste") and is being exchanged.
type Answered struct{ Via string }

func (Listening) event()     {}
func (Address) event()       {}
func (BrowserFailed) event() {}
func (Stray) event()         {}
func (PasteRefused) event()  {}
func (Quiet) event()         {}
func (Answered) event()      {}

// PortError says that the redirect URI's port can't be listened on.
type PortError struct {
	Address string // "127.0.0.1:5454"
	Err     error
}

func (e *PortError) Error() string { panic("unwritten") }
func (e *PortError) Unwrap() error { return e.Err }

// TimeoutError says that no answer came.
type TimeoutError struct {
	After       time.Duration
	RedirectURI string
}

func (e *TimeoutError) Error() string { panic("unwritten") }

// RedirectError says that a redirect URI can't be listened on by this program.
type RedirectError struct {
	URI     string
	Problem string
}

func (e *RedirectError) Error() string { panic("unwritten") }

// CheckRedirect tells, before anything happens, whether uri can be listened on: http, a loopback host, no fragment, no userinfo.
func CheckRedirect(uri string) error { panic("unwritten") }
