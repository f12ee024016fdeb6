package provider

import (
	"context"
	"maps"
	"net/url"
	"time"
)

const (
	opPush = "push the request"

	maxRequestURI = 2000 // bytes; it goes into an address
)

// Pushed is an authorisation request that the provider holds (RFC 9126 section 2.2).
type Pushed struct {
	RequestURI string    // names it; good once
	Expires    time.Time // by this machine's clock
}

// Push hands an authorisation request over before the browser is sent off (RFC 9126): nobody on the way can read or change it, and the
// client has authenticated. Without an endpoint for it, the error is an *UnsupportedError.
func (p *Provider) Push(ctx context.Context, c Client, params url.Values) (Pushed, error) {
	address, err := p.endpoint(opPush, p.Metadata.PushedEndpoint)
	if err != nil {
		return Pushed{}, err
	}
	sent := p.Now()
	a, err := p.post(ctx, opPush, address, maps.Clone(params), c)
	if err != nil {
		return Pushed{}, err
	}
	if !a.ok() {
		return Pushed{}, a.refusal()
	}
	o, err := a.object()
	if err != nil {
		return Pushed{}, err
	}
	uri, problem := tokenMember(o, "request_uri")
	lasts, _ := seconds(o, "expires_in")
	switch {
	case problem != "":
		return Pushed{}, a.problem(problem)
	case uri.IsZero() || uri.Len() > maxRequestURI:
		return Pushed{}, a.problem("an answer whose request_uri is missing or too long")
	case lasts <= 0:
		return Pushed{}, a.problem("an answer without expires_in")
	}
	return Pushed{RequestURI: uri.Reveal(), Expires: sent.Add(lasts)}, nil
}

// PushedURL is the address that the browser visits for a pushed request (RFC 9126 section 4): everything else is with the provider
// already.
func (p *Provider) PushedURL(clientID string, pushed Pushed) (string, error) {
	return p.AuthorizationURL(url.Values{"client_id": {clientID}, "request_uri": {pushed.RequestURI}})
}
