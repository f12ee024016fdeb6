package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// Place is where a provider's metadata lies: behind its issuer, or, by RFC 8414, in front of the issuer's path.
type Place string

// The places, by the section that names them.
const (
	PlaceOpenID Place = "OpenID Connect Discovery 4"
	PlaceOAuth  Place = "RFC 8414 3.1"
)

const (
	openIDSuffix = "/.well-known/openid-configuration"
	oauthInsert  = "/.well-known/oauth-authorization-server"
)

// Description is a provider's metadata with the document that it was read from.
type Description struct {
	Metadata Metadata
	Document token.Object // as it came; foreign text
	Address  string       // where it was found
	Place    Place
	Tried    []Try // addresses that had none, in the order in which they were asked
}

// Try is an address that was asked for metadata in vain.
type Try struct {
	Address string
	Err     error
}

// Describe reads a provider's metadata at either place, whichever answers; the document's issuer must be the one asked for. Its errors are
// those of Discover; what was tried is in the description beside an error too.
func Describe(ctx context.Context, hc *http.Client, r DiscoverRequest) (Description, error) {
	if err := r.Kind.Lacking(CallDiscover, r.Issuer); err != nil {
		return Description{}, err
	}
	return describe(ctx, hc, r, []Place{PlaceOpenID, PlaceOAuth})
}

// describe asks one place after the other, as long as the next may know more: an answer from another issuer, no connection and an interruption
// are final. The error is the first place's.
func describe(ctx context.Context, hc *http.Client, r DiscoverRequest, places []Place) (Description, error) {
	var d Description
	u, err := checkAddress(r.Issuer)
	if err != nil {
		return d, fmt.Errorf("issuer: %w", err)
	}
	if u.RawQuery != "" || u.ForceQuery {
		return d, fmt.Errorf("issuer: %w", &AddressError{Address: u.Scheme + "://" + u.Host + u.Path, Problem: "has a query"})
	}
	var first error
	for _, place := range places {
		address := place.of(u, r.Issuer)
		m, o, err := readDocument(ctx, hc, r, address)
		if err == nil {
			d.Metadata, d.Document, d.Address, d.Place = m, o, address, place
			return d, nil
		}
		d.Tried = append(d.Tried, Try{Address: address, Err: err})
		if first == nil {
			first = err
		}
		if !elsewhereMayKnow(err) {
			break
		}
	}
	return d, first
}

// of is the place's address for an issuer. OpenID Connect Discovery 4.1 and RFC 8414 section 3.1: a slash at the end goes first.
func (p Place) of(u *url.URL, issuer string) string {
	if p == PlaceOAuth {
		return u.Scheme + "://" + u.Host + oauthInsert + strings.TrimSuffix(u.EscapedPath(), "/")
	}
	return strings.TrimSuffix(issuer, "/") + openIDSuffix
}

// elsewhereMayKnow reports whether a host that had no document at one place may have one at another.
func elsewhereMayKnow(err error) bool {
	if _, ok := errors.AsType[*ResponseError](err); ok {
		return true
	}
	busy, ok := errors.AsType[*UnavailableError](err)
	return ok && busy.Status != 0
}

// readDocument reads the document at one address.
func readDocument(ctx context.Context, hc *http.Client, r DiscoverRequest, address string) (Metadata, token.Object, error) {
	a, err := get(ctx, hc, opDiscover, address)
	if err != nil {
		return Metadata{}, token.Object{}, err
	}
	if !a.ok() {
		at := ""
		if u, err := url.Parse(address); err == nil {
			at = u.Path
		}
		return Metadata{}, token.Object{}, a.problem("no discovery document at " + visible(at))
	}
	o, err := a.object()
	if err != nil {
		return Metadata{}, token.Object{}, err
	}
	m, problem := readMetadata(o)
	if problem != "" {
		return Metadata{}, token.Object{}, a.problem(problem)
	}
	// The issuer is compared first: addresses of somebody else's document are nobody's business.
	if err := checkIssuer(r, m.Issuer); err != nil {
		return Metadata{}, token.Object{}, err
	}
	if problem := checkEndpoints(r.Kind, m); problem != "" {
		return Metadata{}, token.Object{}, a.problem(problem)
	}
	return m, o, nil
}
