package provider

import (
	"context"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Outcome of a check.
type Outcome string

const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	NotMade Outcome = "not made"
)

// Check is one row of a verification.
type Check struct {
	Name     string // "form", "algorithm", "key", "signature", "issuer", "audience", "authorized party", "expiry", "issued at", "not before", "nonce", "auth_time", "at_hash", "c_hash", "subject"
	Outcome  Outcome
	Expected string // as it may be shown; "" where there is nothing to show (nonce)
	Got      string // foreign text
	Detail   string // why it failed or wasn't made, in words
	Source   string // "OpenID Connect Core 3.1.3.7 (2)"
}

// Verification is every check that was made of one token, and its claims if they all held.
type Verification struct {
	Checks []Check
	JWT    *token.JWT      // nil when the form is broken
	Claims *token.Verified // nil unless no check failed and the signature was checked
}

// Err returns nil when Claims are verified, else a *VerificationError.
func (v *Verification) Err() error { panic("unwritten") }

// VerificationError says which checks failed.
type VerificationError struct {
	Failed []Check
}

func (e *VerificationError) Error() string { panic("unwritten") }

// Use says what a token is verified as.
type Use int

const (
	AtLogin   Use = iota // an ID token straight from a login
	AtRefresh            // an ID token from a refresh: no nonce, same iss and sub, the original auth_time (OpenID Connect Core 12.2)
	Stored               // an ID token looked at later: nonce can't be checked
	AsAccess             // an access token that is a JWT: no nonce, the audience isn't the client
)

// VerifyRequest says against what a token is held.
type VerifyRequest struct {
	Use      Use
	ClientID string
	Nonce    token.Secret  // what was sent; AtLogin only
	Access   token.Secret  // for at_hash; may be empty
	Code     token.Secret  // for c_hash; may be empty
	MaxAge   time.Duration // sent as max_age; negative: not sent
	Previous *token.JWT    // AtRefresh: the ID token of the login
	Skew     time.Duration // 0: one minute
}

// Verify makes every check it can and says of each how it went; it doesn't stop at the first that fails. The algorithm is
// fixed by the provider's metadata and never by the token; keys come from the metadata's JWKS, fetched once more when the
// kid is unknown; jku, x5u and jwk in a header are never used. A JWKS that can't be had gives an *UnavailableError or
// *ResponseError as the second result, and the checks that could be made.
func (p *Provider) Verify(ctx context.Context, raw token.Secret, r VerifyRequest) (*Verification, error) {
	panic("unwritten")
}
