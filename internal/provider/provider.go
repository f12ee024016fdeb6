package provider

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Provider is one provider, ready to be called. It keeps the provider's keys in memory once they are read; use it by
// pointer. It may be used from several goroutines.
type Provider struct {
	Kind     Kind
	Metadata Metadata
	HTTP     *http.Client     // made by NewHTTPClient, whose bounds the calls rely on; nil: one with its defaults
	Now      func() time.Time // must be set
	Clock    *ServerClock     // told by HTTP; named where a check of time fails; nil: not known
	ClientID string           // whom signed answers must be for
	Rand     io.Reader        // must be set where a client authenticates by AuthPrivateKey

	mu   sync.Mutex
	keys *KeySet // nil: not read yet
	// loading is closed when a reading of the keys that has begun is over; nil: none has.
	loading chan struct{}
}

// AuthorizationURL builds the address that the browser visits to sign in (RFC 6749 section 4.1.1). The endpoint's own
// query is kept (section 3.1); a parameter that it already sets to something else is a *ResponseError, since none may be
// there twice.
func (p *Provider) AuthorizationURL(params url.Values) (string, error) {
	return addQuery("authorize", p.Metadata.AuthorizationEndpoint, params)
}

// EndSessionURL builds the address for the browser (RP-Initiated Logout 1.0); postLogout and state may be "". It holds
// the ID token. Without an endpoint for it, the error is an *UnsupportedError.
func (p *Provider) EndSessionURL(idTokenHint token.Secret, clientID, postLogout, state string) (string, error) {
	const operation = "end the session"
	if p.Metadata.EndSessionEndpoint == "" {
		return "", p.unsupported(operation)
	}
	params := url.Values{}
	for _, f := range []struct{ name, value string }{
		{"id_token_hint", idTokenHint.Reveal()},
		{"client_id", clientID},
		{"post_logout_redirect_uri", postLogout},
		{"state", state},
	} {
		if f.value != "" {
			params.Set(f.name, f.value)
		}
	}
	return addQuery(operation, p.Metadata.EndSessionEndpoint, params)
}

// addQuery appends parameters to an endpoint's address for the browser.
func addQuery(operation, address string, params url.Values) (string, error) {
	u, err := checkAddress(address)
	if err != nil {
		return "", err
	}
	own, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", &ResponseError{Operation: operation, Host: u.Host, Problem: "the endpoint's own query can't be read"}
	}
	added := url.Values{}
	for name, values := range params {
		existing, there := own[name]
		switch {
		case !there:
			added[name] = values
		case len(existing) != 1 || len(values) != 1 || existing[0] != values[0]:
			return "", &ResponseError{
				Operation: operation, Host: u.Host,
				Problem: "the endpoint's own query sets " + visible(name) + " to something else",
			}
		}
	}
	u.RawQuery = strings.TrimSuffix(u.RawQuery, "&")
	if u.RawQuery != "" && len(added) > 0 {
		u.RawQuery += "&"
	}
	u.RawQuery += added.Encode()
	return u.String(), nil
}

// endpoint returns an address from the metadata, or says that there is none.
func (p *Provider) endpoint(operation, address string) (string, error) {
	if address == "" {
		return "", p.unsupported(operation)
	}
	return address, nil
}

// unsupported says that there is no endpoint, and why where the kind knows it.
func (p *Provider) unsupported(operation string) error {
	if err := p.Kind.Lacking(Call(operation), p.Metadata.Issuer); err != nil {
		return err
	}
	return &UnsupportedError{Operation: operation, Issuer: p.Metadata.Issuer}
}

// errNoToken is a caller's mistake that must not become a request.
var errNoToken = errors.New("there is no token or code to send")
