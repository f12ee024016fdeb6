package provider

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/simsid/simsid/internal/token"
)

// ClientVerdict is what a provider's answer to a request that must fail says of the client (RFC 6749 section 5.2).
type ClientVerdict string

// The verdicts.
const (
	// ClientTaken: it authenticated, since the provider went on to refuse what was made up.
	ClientTaken ClientVerdict = "taken"
	// ClientRefused: it didn't.
	ClientRefused ClientVerdict = "refused"
	// ClientOtherFlow: it authenticated, and isn't registered for the flow.
	ClientOtherFlow ClientVerdict = "another flow"
	// ClientUnclear: the provider looked at something else first.
	ClientUnclear ClientVerdict = "unclear"
	// ClientGranted: tokens came for what nobody had issued. They were dropped.
	ClientGranted ClientVerdict = "granted"
)

// Probed is a verdict with what it was found by.
type Probed struct {
	Verdict ClientVerdict
	Sent    string // in words: "a made-up code"
	Code    string // the error code that came, where it is one of RFC 6749 section 5.2; "" for any other
	Status  int    // of the answer; 0 where it isn't known
}

// CanProbe reports whether clients of a flow authenticate at the token endpoint at all. Those that get their tokens in the browser alone
// don't, and nothing can be asked of them.
func (f FlowInfo) CanProbe() bool { return f.Flow != FlowImplicit }

// ProbeClient finds out whether the provider takes the client: by one request to the token endpoint with a code or refresh token that
// nobody can have been given, which is refused with invalid_grant once the client itself is taken. No token is asked for by credentials that
// could give one. An error is that of a request without an answer.
func (p *Provider) ProbeClient(ctx context.Context, c Client, f FlowInfo, redirectURI string) (Probed, error) {
	var random [48]byte
	if _, err := io.ReadFull(p.Rand, random[:]); err != nil {
		return Probed{}, fmt.Errorf("read random bytes: %w", err)
	}
	// IdentityServer3's codes and handles are 32 hexadecimal digits, JWTs have points and opaque tokens no words: nobody issues this.
	madeUp := token.NewSecret("simsid-made-this-up-" + hex.EncodeToString(random[:16]))
	verifier := token.NewSecret(base64.RawURLEncoding.EncodeToString(random[16:]))
	var err error
	sent := "a made-up code"
	switch {
	case f.Flow == FlowDevice:
		sent = "a made-up device code"
		_, err = p.RedeemDevice(ctx, c, madeUp)
	case len(f.ResponseTypes) == 0:
		// A client's own flow would give a token. It may not refresh, either, but is authenticated before that is looked at.
		sent = "a made-up refresh token"
		_, err = p.Refresh(ctx, c, madeUp)
	default:
		if !p.Kind.ProofKey(f) {
			verifier = token.Secret{}
		}
		_, err = p.Exchange(ctx, c, madeUp, verifier, redirectURI)
	}
	return readProbe(err, sent, len(f.ResponseTypes) > 0 || f.Flow == FlowDevice)
}

// readProbe reads the answer; ownGrant says that the request was one of the client's flow.
func readProbe(err error, sent string, ownGrant bool) (Probed, error) {
	if err == nil {
		return Probed{Verdict: ClientGranted, Sent: sent}, nil
	}
	refused, ok := errors.AsType[*OAuthError](err)
	if !ok {
		return Probed{Sent: sent}, err
	}
	got := Probed{Verdict: ClientUnclear, Sent: sent, Status: refused.Status}
	switch refused.Code {
	case "invalid_grant", "expired_token": // the latter of RFC 8628 section 3.5
		got.Verdict, got.Code = ClientTaken, refused.Code
	case "invalid_client":
		got.Verdict, got.Code = ClientRefused, refused.Code
	case "unauthorized_client":
		got.Verdict, got.Code = ClientTaken, refused.Code
		if ownGrant {
			got.Verdict = ClientOtherFlow
		}
	case "invalid_request", "unsupported_grant_type", "invalid_scope":
		got.Code = refused.Code
	default:
		// RFC 6749 section 5.2: this status is for clients that didn't authenticate.
		if refused.Status == http.StatusUnauthorized {
			got.Verdict = ClientRefused
		}
	}
	return got, nil
}
