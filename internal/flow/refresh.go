package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
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
	// User is who the login is of, of kinds whose token endpoint says it; "" where that isn't known. An answer that names another is refused
	// (*UserError), as one whose ID token doesn't hold.
	User string
	// Anew gets a token in the place of one that no refresh token comes with: a client's own (RFC 6749 section 4.4.3). nil: it ends with
	// ErrNoRefreshToken.
	Anew func(ctx context.Context, p *provider.Provider) (token.Set, error)
	Now  func() time.Time
}

// UserError says that a refresh answered with another user's tokens. Both are foreign text.
type UserError struct{ Expected, Got string }

func (e *UserError) Error() string {
	return fmt.Sprintf("refresh: the answer is another user's: expected %q, got %q", e.Expected, e.Got)
}

// RefreshResult is the login after it.
type RefreshResult struct {
	Set          token.Set
	Before       token.Set
	Refreshed    bool                   // false: it was still good, or another process had refreshed it
	Verification *provider.Verification // of the new ID token; nil when none came
	Findings     []sims.Finding         // what of the answer contradicts itself
}

// Refresh renews the tokens under the login's lock: lock, read again, refresh only if still needed, keep the new refresh
// token, verify, keep the rest, return. On invalid_grant it reads once more (another may have won) and else
// ends the login (ErrLoginEnded). A network fault changes nothing. If verification of a new ID token fails, the
// rotated refresh token is kept, the new access and ID token aren't, and the error is the *provider.VerificationError;
// likewise with a *provider.ResponseError for an answer that is broken but for its refresh token.
//
// A result together with an error means that the tokens are good, and that keeping them failed with that error.
//
// From the request on, the end of ctx no longer interrupts at once: the provider may have replaced the refresh token
// already, and an answer that nobody reads would lose the login. The request then gets a few seconds more, and what came
// is kept in any case.
func Refresh(ctx context.Context, r RefreshRequest) (*RefreshResult, error) {
	unlock, err := r.Keeper.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	current, err := r.Keeper.Load(ctx)
	if err != nil {
		return nil, err
	}
	if r.fresh(current) {
		return &RefreshResult{Set: current, Before: current}, nil
	}
	if current.Refresh.IsZero() {
		return r.anew(ctx, current)
	}
	if err := r.Keeper.Prepare(ctx); err != nil {
		return nil, err
	}
	p, err := r.Provider(ctx)
	if err != nil {
		return nil, err
	}
	before, answer, err := r.redeem(ctx, p, current)
	switch {
	case err == nil && answer == nil:
		return &RefreshResult{Set: before, Before: current}, nil
	case answer == nil:
		return nil, err
	}
	if r.User != "" && answer.User != "" && answer.User != r.User {
		err = &UserError{Expected: r.User, Got: answer.User}
	}
	result, err := r.keep(ctx, p, before, answer.Set, err)
	if result != nil {
		result.Findings = answer.Findings
	}
	return result, err
}

// anew gets another token for the client itself. Nothing is spent by asking: what fails leaves the login as it is.
func (r RefreshRequest) anew(ctx context.Context, current token.Set) (*RefreshResult, error) {
	if r.Anew == nil {
		return nil, ErrNoRefreshToken
	}
	if err := r.Keeper.Prepare(ctx); err != nil {
		return nil, err
	}
	p, err := r.Provider(ctx)
	if err != nil {
		return nil, err
	}
	got, err := r.Anew(ctx, p)
	if err != nil {
		return nil, err
	}
	next := merge(current, got)
	next.ID = got.ID          // none that an earlier one came with is about it
	next.SignedInAt = r.Now() // it is as new as the first: nothing of that one went into it
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	return &RefreshResult{Set: next, Before: current, Refreshed: true}, r.Keeper.SaveRefreshed(saving, next)
}

const (
	// settleTime is how much longer a request may take when the user has given up on it.
	settleTime = 3 * time.Second
	// keepTime bounds the keeping of an answer; a keyring's prompt may be on screen.
	keepTime = time.Minute
)

// fresh reports whether nothing needs to be refreshed, maybe because another process has just done it.
func (r RefreshRequest) fresh(s token.Set) bool {
	if !s.ValidFor(r.Now(), r.MinValid) {
		return false
	}
	return !r.Force || !r.Seen.IsZero() && !s.Access.Equal(r.Seen)
}

// redeem redeems the refresh token. It returns the login as it was before, and the answer; no answer means that another
// process has won and that the login is its result. A refused token is given up only after the login was read
// again: one that changed in the meantime is tried in its place, once.
func (r RefreshRequest) redeem(
	ctx context.Context, p *provider.Provider, current token.Set,
) (token.Set, *provider.TokenResponse, error) {
	answer, refused, err := r.request(ctx, p, current.Refresh)
	if refused == nil {
		return current, answer, err
	}
	settled := context.WithoutCancel(ctx) // what the provider has said is put on record, whoever has given up on it
	again, err := r.Keeper.Load(settled)
	if err != nil {
		return current, nil, fmt.Errorf("read the login again after %w: %w", refused, err)
	}
	if !again.Refresh.IsZero() && !again.Refresh.Equal(current.Refresh) {
		if again.ValidFor(r.Now(), r.MinValid) {
			return again, nil, nil
		}
		if answer, refused, err = r.request(ctx, p, again.Refresh); refused == nil {
			return again, answer, err
		}
	}
	if err := r.Keeper.End(settled); err != nil {
		return current, nil, fmt.Errorf("%w: %w: %w", ErrLoginEnded, refused, err)
	}
	return current, nil, fmt.Errorf("%w: %w", ErrLoginEnded, refused)
}

// request sends one refresh token. refused is set when the provider doesn't take it any more; every other error says
// nothing about the token and comes as err, beside an answer that is empty but for the new refresh token that a broken one may have held: the
// provider may have burned the old one.
func (r RefreshRequest) request(
	ctx context.Context, p *provider.Provider, refresh token.Secret,
) (answer *provider.TokenResponse, refused *provider.OAuthError, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	settled, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		late, done := context.WithTimeout(settled, settleTime)
		defer done()
		<-late.Done()
		cancel()
	})
	defer stop()
	response, err := p.Refresh(settled, r.Client, refresh)
	if oauth, ok := errors.AsType[*provider.OAuthError](err); ok && oauth.Code == "invalid_grant" {
		return nil, oauth, nil
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return &response, nil, err
}

// keep takes an answer over: first the new refresh token beside the old tokens, so that whatever happens next loses
// nothing; then, verified, the whole. With a fault the answer is of no use but for its refresh token.
func (r RefreshRequest) keep(
	ctx context.Context, p *provider.Provider, before, got token.Set, fault error,
) (*RefreshResult, error) {
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	next := merge(before, got)
	next.RefreshedAt = r.Now()
	next.RefreshSince = before.RefreshSince
	var unsafe error
	if !next.Refresh.Equal(before.Refresh) {
		next.RefreshSince = next.RefreshedAt
		rotated := before
		rotated.Refresh, rotated.RefreshSince = next.Refresh, next.RefreshSince
		unsafe = r.Keeper.SaveRefreshed(saving, rotated)
	}
	var v *provider.Verification
	if fault == nil {
		v, fault = r.verify(ctx, p, before, got)
	}
	if fault != nil && unsafe != nil {
		return nil, fmt.Errorf("%w; and the new refresh token: %w", fault, unsafe)
	}
	if fault != nil {
		return nil, fault
	}
	result := &RefreshResult{Set: next, Before: before, Refreshed: true, Verification: v}
	// Where the first save failed this one has the refresh token as well: if it succeeds, all is where it belongs.
	return result, r.Keeper.SaveRefreshed(saving, next)
}

// verify checks the new ID token. None is no fault (OpenID Connect Core 12.2).
func (r RefreshRequest) verify(
	ctx context.Context, p *provider.Provider, before, got token.Set,
) (*provider.Verification, error) {
	if got.ID.IsZero() {
		return nil, nil
	}
	request := provider.VerifyRequest{Use: provider.AtRefresh, ClientID: r.Client.ID, Access: got.Access, MaxAge: -1}
	if !before.ID.IsZero() {
		previous, err := token.ParseJWT(before.ID.Reveal())
		if err != nil {
			return nil, fmt.Errorf("read the kept ID token: %w", err)
		}
		request.Previous = previous
	}
	v, err := p.Verify(ctx, got.ID, request)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return v, nil
}

// merge is the login after an answer: what the answer leaves out goes on as before (RFC 6749 section 6, OpenID Connect
// Core 12.2).
func merge(before, got token.Set) token.Set {
	next := got
	next.SignedInAt = before.SignedInAt
	if next.ID.IsZero() {
		next.ID = before.ID
	}
	if next.Refresh.IsZero() {
		next.Refresh = before.Refresh
	}
	if next.Scopes == nil {
		next.Scopes = before.Scopes
	}
	if next.Type == "" {
		next.Type = before.Type
	}
	return next
}
