package flow

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// DeviceRequest says how to sign in on another device (RFC 8628): the user types a code there.
type DeviceRequest struct {
	Provider *provider.Provider
	Client   provider.Client
	Scopes   []string
	Params   url.Values
	Clock    Clock
	Event    func(Event)   // called from one goroutine; nil: nobody listens
	MaxAge   time.Duration // negative: not sent
	Force    bool          // as in LoginRequest
	Timeout  time.Duration // for the whole wait; 0: as long as the code is good
	Keep     func(context.Context, *LoginResult) error
}

// DeviceCode is what the user needs on the other device.
type DeviceCode struct {
	UserCode    string // foreign text
	URI         string // where to type it
	CompleteURI string // URI with the code in it; "" when there is none
	Expires     time.Time
}

func (DeviceCode) event() {}

// ErrDeviceExpired says that the user code ran out before anybody had signed in with it.
var ErrDeviceExpired = errors.New("the code ran out before anybody signed in with it")

// lastMoment is how long before its end a code is asked about that is good for less than an interval.
const lastMoment = 2 * time.Second

// slowDown is what each slow_down adds to the interval, for good (RFC 8628 section 3.5).
const slowDown = 5 * time.Second

// Device signs in. It returns *provider.UnsupportedError where the provider has no device flow, *ParamError or ErrNoOpenID for a request that
// can't be made, ErrDeviceExpired, *TimeoutError after Timeout, the provider's *provider.OAuthError for a login that was denied,
// *provider.VerificationError for an ID token that doesn't hold, and ctx's error when it is cancelled.
func Device(ctx context.Context, r DeviceRequest) (*LoginResult, error) {
	if !isLogin(r.Scopes) && !r.Force {
		return nil, ErrNoOpenID
	}
	started := r.Clock.Now()
	params, err := r.params()
	if err != nil {
		return nil, err
	}
	var expired <-chan time.Time
	if r.Timeout > 0 {
		expired = r.Clock.After(r.Timeout)
	}
	d, err := r.Provider.AuthorizeDevice(ctx, r.Client, r.Scopes, params)
	if err != nil {
		return nil, err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	r.Provider.LoadKeys(reading) // while the user signs in
	if r.Event != nil {
		r.Event(DeviceCode{UserCode: d.UserCode, URI: d.URI, CompleteURI: d.CompleteURI, Expires: d.Expires})
	}
	response, err := r.poll(ctx, d, expired)
	if err != nil {
		return nil, err
	}
	result := &LoginResult{Set: response.Set}
	result.Set.SignedInAt = r.Clock.Now()
	switch {
	case !result.Set.ID.IsZero():
		if result.Verification, err = r.verify(ctx, result.Set, started); err != nil {
			return nil, err
		}
	case isLogin(r.Scopes):
		return nil, noIDToken(r.Provider.Metadata)
	}
	result.Findings = asked{
		kind: r.Provider.Kind, acr: r.Params.Get("acr_values"), prompt: r.Params.Get("prompt"), started: started,
	}.compare(result.Verification)
	if r.Keep != nil {
		return result, r.Keep(ctx, result)
	}
	return result, nil
}

// verify holds the ID token against this login. There is no nonce in this flow: the tokens came straight from the provider, for a
// code that nobody else has.
func (r DeviceRequest) verify(ctx context.Context, set token.Set, began time.Time) (*provider.Verification, error) {
	v, err := r.Provider.Verify(ctx, set.ID, provider.VerifyRequest{
		Use: provider.AtLogin, ClientID: r.Client.ID, Access: set.Access, MaxAge: r.MaxAge, Began: began,
	})
	if err != nil {
		return nil, err
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return v, heldToHint(r.Provider.Kind, r.Params.Get("id_token_hint"), v)
}

// params are the parameters beside scope and client, checked as those of any other sign-in.
func (r DeviceRequest) params() (url.Values, error) {
	params := url.Values{}
	maps.Copy(params, r.Params)
	if r.MaxAge >= 0 {
		params.Set("max_age", maxAge(r.MaxAge))
	}
	sent := maps.Clone(params)
	sent.Set("scope", strings.Join(r.Scopes, " "))
	sent.Set("client_id", r.Client.ID)
	return params, wishes{kind: r.Provider.Kind, params: r.Params, maxAge: r.MaxAge, force: r.Force}.check(sent)
}

// poll asks until the user is done. It never asks sooner after a question than the provider said.
func (r DeviceRequest) poll(ctx context.Context, d provider.DeviceCode, expired <-chan time.Time) (provider.TokenResponse, error) {
	interval := d.Interval
	wait := interval
	// RFC 8628 section 3.5 has the interval between two polls. Of a code that is good for less, one question can be asked: late, when the user
	// has had time.
	if left := d.Expires.Sub(r.Clock.Now()); wait > left {
		wait = max(left-lastMoment, left/2)
	}
	for {
		if r.Clock.Now().Add(wait).After(d.Expires) {
			return provider.TokenResponse{}, ErrDeviceExpired
		}
		select {
		case <-r.Clock.After(wait):
		case <-expired:
			return provider.TokenResponse{}, &TimeoutError{After: r.Timeout}
		case <-ctx.Done():
			return provider.TokenResponse{}, ctx.Err()
		}
		response, err := r.Provider.RedeemDevice(ctx, r.Client, d.Code)
		if err == nil {
			return response, nil
		}
		if ctx.Err() != nil {
			return provider.TokenResponse{}, ctx.Err()
		}
		if _, away := errors.AsType[*provider.UnavailableError](err); away {
			interval *= 2 // RFC 8628 section 3.5 asks for it after a time-out
			wait = interval
			continue
		}
		refused, ok := errors.AsType[*provider.OAuthError](err)
		switch {
		case !ok:
			return provider.TokenResponse{}, err
		case refused.Code == "authorization_pending":
		case refused.Code == "slow_down":
			interval += slowDown
		case refused.Code == "expired_token":
			return provider.TokenResponse{}, ErrDeviceExpired
		default:
			return provider.TokenResponse{}, err
		}
		wait = interval
	}
}
