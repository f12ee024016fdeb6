package token

import "time"

// Set is what one login gave: its tokens, and when they were got.
type Set struct {
	// Access is the access token, for APIs.
	Access Secret
	// ID is the ID token as received, for the client itself. It may be missing after a refresh (OpenID Connect Core
	// 12.2); the caller then keeps the one of the login.
	ID Secret
	// Refresh is the refresh token; empty when none was granted.
	Refresh Secret
	// Type is the token type as the server spelled it, "Bearer" as a rule.
	Type string
	// Expiry is when the access token ends, by this machine's clock; the zero time means that the server didn't say.
	Expiry time.Time
	// Scopes are the scopes granted, as far as the server told (response or access token); nil when it didn't.
	Scopes []string
	// SignedInAt is when the user signed in with this machine.
	SignedInAt time.Time
	// RefreshedAt is when the tokens were last refreshed; zero when never.
	RefreshedAt time.Time
	// RefreshSince is when the refresh token came, if by a refresh; zero: with the login.
	RefreshSince time.Time
}

// ValidFor reports whether the access token exists and will still be valid d after now. One without a known expiry
// counts as valid: only the server can tell.
func (s Set) ValidFor(now time.Time, d time.Duration) bool {
	if s.Access.IsZero() {
		return false
	}
	return s.Expiry.IsZero() || now.Add(d).Before(s.Expiry)
}
