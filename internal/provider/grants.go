package provider

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

const (
	opClient = "get a token for the client"
	opDevice = "ask for a device code"
	opPoll   = "redeem the device code"
)

// ClientCredentials gets an access token for the client itself (RFC 6749 section 4.4). There is no user in it: no ID token and no
// refresh token. more are further fields of the form, such as acr_values.
func (p *Provider) ClientCredentials(ctx context.Context, c Client, scopes []string, more url.Values) (TokenResponse, error) {
	form := maps.Clone(more)
	if form == nil {
		form = url.Values{}
	}
	form.Set("grant_type", "client_credentials")
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return p.redeem(ctx, opClient, c, form)
}

// DeviceCode is the answer to a device that wants to sign somebody in (RFC 8628 section 3.2).
type DeviceCode struct {
	Code        token.Secret
	UserCode    string // what the user types; printable ASCII
	URI         string // where; https, or http on loopback
	CompleteURI string // URI with the code in it; "" when there is none
	Expires     time.Time
	Interval    time.Duration // between two polls
}

const (
	// usualInterval is the interval where none is told (RFC 8628 section 3.2).
	usualInterval = 5 * time.Second
	// minInterval is the least: a provider that means less means no polling that it would notice.
	minInterval = time.Second
	// maxDeviceURI bounds in bytes an address that somebody is to type, or to scan.
	maxDeviceURI = 2000
	// maxDeviceLife bounds how long a code counts as good: nobody waits longer.
	maxDeviceLife = 24 * time.Hour
)

// AuthorizeDevice asks for a device code. Without an endpoint for it, the error is an *UnsupportedError.
func (p *Provider) AuthorizeDevice(ctx context.Context, c Client, scopes []string, more url.Values) (DeviceCode, error) {
	address, err := p.endpoint(opDevice, p.Metadata.DeviceEndpoint)
	if err != nil {
		return DeviceCode{}, err
	}
	form := maps.Clone(more)
	if form == nil {
		form = url.Values{}
	}
	form.Set("scope", strings.Join(scopes, " "))
	form.Set("client_id", c.ID) // RFC 8628 section 3.1 asks for it where the client doesn't authenticate otherwise
	sent := p.Now()
	a, err := p.post(ctx, opDevice, address, form, c)
	if err != nil {
		return DeviceCode{}, err
	}
	if !a.ok() {
		return DeviceCode{}, a.refusal()
	}
	o, err := a.object()
	if err != nil {
		return DeviceCode{}, err
	}
	d, problem := readDeviceCode(o, sent)
	if problem != "" {
		return DeviceCode{}, a.notGiven(o, problem)
	}
	return d, nil
}

// readDeviceCode takes the members out; problem says in words what is missing or can't be.
func readDeviceCode(o token.Object, sent time.Time) (d DeviceCode, problem string) {
	const maxUserCode = 64
	if d.Code, problem = tokenMember(o, "device_code"); problem != "" {
		return d, problem
	}
	if d.Code.IsZero() {
		return d, "an answer without device_code"
	}
	user, problem := tokenMember(o, "user_code")
	d.UserCode = user.Reveal()
	switch {
	case problem != "":
		return d, problem
	case d.UserCode == "" || len(d.UserCode) > maxUserCode:
		return d, "an answer whose user_code is missing or too long"
	}
	for _, f := range []struct {
		name     string
		to       *string
		required bool
	}{{"verification_uri", &d.URI, true}, {"verification_uri_complete", &d.CompleteURI, false}} {
		v, err := optionalString(o, f.name)
		if err != nil {
			return d, err.Error()
		}
		if v == "" && !f.required {
			continue
		}
		if len(v) > maxDeviceURI {
			return d, "an answer whose " + f.name + " is too long"
		}
		// It is printed for somebody to type a code at: no other page may be it.
		if _, err := checkAddress(v); err != nil {
			return d, "an answer whose " + f.name + " is no https address"
		}
		*f.to = v
	}
	lasts, _ := seconds(o, "expires_in")
	if lasts <= 0 {
		return d, "an answer without expires_in"
	}
	d.Expires = sent.Add(min(lasts, maxDeviceLife))
	d.Interval = usualInterval
	if told, _ := seconds(o, "interval"); told > 0 {
		d.Interval = max(told, minInterval)
	}
	return d, ""
}

// RedeemDevice polls once with a device code (RFC 8628 section 3.4). An *OAuthError with the code authorization_pending or slow_down means
// that the user isn't done.
func (p *Provider) RedeemDevice(ctx context.Context, c Client, code token.Secret) (TokenResponse, error) {
	if code.IsZero() {
		return TokenResponse{}, errNoToken
	}
	return p.redeem(ctx, opPoll, c, url.Values{
		"grant_type":  {"urn:ietf:params:oauth:grant-type:device_code"},
		"device_code": {code.Reveal()},
	})
}
