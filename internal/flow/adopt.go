package flow

import (
	"context"
	"fmt"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// AdoptRequest says how to take over a login whose refresh token came from elsewhere.
type AdoptRequest struct {
	Provider *provider.Provider
	Client   provider.Client
	Refresh  token.Secret
	Clock    Clock
	// Accept is told who signed in, by the token endpoint's word, and returns the error that refuses it: nothing is then kept. nil takes
	// whoever it is.
	Accept func(ctx context.Context, user string) error
	Keep   func(context.Context, *LoginResult) error
}

// Adopt redeems the refresh token, once: a provider that takes each one once has then burned it, and the result holds the new one. What
// the provider says of who it is, is verified where it says so (OpenID Connect Core 12.2 leaves the ID token to it). Of an answer that
// can't be used, a new refresh token is kept all the same, and nothing else: the error is then a *RescuedError.
func Adopt(ctx context.Context, r AdoptRequest) (*LoginResult, error) {
	response, err := r.Provider.Refresh(ctx, r.Client, r.Refresh)
	if err != nil {
		return nil, r.rescue(ctx, response.Set.Refresh, err)
	}
	if r.Accept != nil {
		if err := r.Accept(ctx, response.User); err != nil {
			return nil, err
		}
	}
	result := &LoginResult{Set: response.Set, User: response.User, Findings: response.Findings}
	if result.Set.Refresh.IsZero() {
		result.Set.Refresh = r.Refresh
	}
	if id := result.Set.ID; !id.IsZero() {
		v, err := r.Provider.Verify(ctx, id, provider.VerifyRequest{Use: provider.AtRefresh, ClientID: r.Client.ID, Access: result.Set.Access, MaxAge: -1})
		if err == nil {
			err = v.Err()
		}
		if err != nil {
			return nil, r.rescue(ctx, response.Set.Refresh, err)
		}
		result.Verification = v
	}
	result.Set.SignedInAt = r.Clock.Now()
	if r.Keep != nil {
		return result, r.Keep(ctx, result)
	}
	return result, nil
}

// rescue keeps the refresh token of an answer that can't be used: the one that was redeemed is gone.
func (r AdoptRequest) rescue(ctx context.Context, refresh token.Secret, fault error) error {
	if refresh.IsZero() || refresh.Equal(r.Refresh) || r.Keep == nil {
		return fault
	}
	set := token.Set{Refresh: refresh, SignedInAt: r.Clock.Now()}
	if err := r.Keep(context.WithoutCancel(ctx), &LoginResult{Set: set}); err != nil {
		return fmt.Errorf("%w; and the new refresh token: %w", fault, err)
	}
	return &RescuedError{fault}
}

// RescuedError says that a login was taken over by an answer that couldn't be used but for its refresh token, which is kept.
type RescuedError struct{ Err error }

// Error tells the fault of the answer.
func (e *RescuedError) Error() string {
	return e.Err.Error() + "; its new refresh token is kept, and nothing else of it"
}

// Unwrap returns the fault of the answer.
func (e *RescuedError) Unwrap() error { return e.Err }
