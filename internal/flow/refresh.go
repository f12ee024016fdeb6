package flow

import (
	"context"
	"errors"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// Keeper is where a login lies, as far as a refresh needs it. tokenstore implements it.
type Keeper interface {
	// Lock takes the login's lock against every other process, or waits; it returns what gives it back.
	Lock(ctx context.Context) (unlock func(), err error)
	// Load reads the login as it is now.
	Load(ctx context.Context) (token.Set, error)
	// Prepare allocates the emergency place and gets the key for it, so that the answer can be kept whatever happens.
	Prepare(ctx context.Context) error
	// SaveRefreshed keeps a refreshed set: the refresh token first. It returns only when that is safe.
	SaveRefreshed(ctx context.Context, s token.Set) error
	// End marks the login as ended: nothing of it is handed out any more.
	End(ctx context.Context) error
}

// ErrLoginEnded says that the provider no longer takes the refresh token: a new login is needed.
var ErrLoginEnded = errors.New("the login has ended")

// ErrNoRefreshToken says that the login has no refresh token to refresh with.
var ErrNoRefreshToken = errors.New("the login has no refresh token")

// RefreshRequest says what to refresh.
type RefreshRequest struct {
	// Provider is called only when a refresh is really needed: discovery costs a round trip.
	Provider func(ctx context.Context) (*provider.Provider, error)
	Client   provider.Client
	Keeper   Keeper
	MinValid time.Duration // refresh only if the access token ends sooner; Force overrides
	Force    bool
	// Seen is the access token that the caller found wanting before it took the lock: with Force, a refresh that another
	// process finished in the meantime is taken for ours.
	Seen token.Secret
	Now  func() time.Time
}

// RefreshResult is the login after it.
type RefreshResult struct {
	Set          token.Set
	Before       token.Set
	Refreshed    bool                   // false: it was still good, or another process had refreshed it
	Verification *provider.Verification // of the new ID token; nil when none came
}

// Refresh renews the tokens under the login's lock: lock, read again, refresh only if still needed, keep the new refresh
// token, verify, keep the rest, return. On invalid_grant it reads once more (another may have won) and else
// ends the login (ErrLoginEnded). A network fault changes nothing. If verification of a new ID token fails, the
// rotated refresh token is kept, the new access and ID token aren't, and the error is the *provider.VerificationError.
func Refresh(ctx context.Context, r RefreshRequest) (*RefreshResult, error) { panic("unwritten") }
