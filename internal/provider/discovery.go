package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/simsid/simsid/internal/token"
)

// Metadata is what a provider says of itself (OpenID Connect Discovery 3). Addresses that it doesn't give are "".
type Metadata struct {
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	UserinfoEndpoint      string
	IntrospectionEndpoint string
	RevocationEndpoint    string
	EndSessionEndpoint    string
	DeviceEndpoint        string // device_authorization_endpoint (RFC 8628 section 4)
	PushedEndpoint        string // pushed_authorization_request_endpoint (RFC 9126 section 5)
	PushedRequired        bool   // takes no authorisation request that wasn't pushed
	JWKSURI               string
	IDTokenAlgs           []string
	UserinfoAlgs          []string // that a signed answer of userinfo comes by
	IntrospectionAlgs     []string // and one of introspection (RFC 9701 section 7)
	AuthMethods           []string
	AuthAlgs              []string // that AuthPrivateKey may sign by (token_endpoint_auth_signing_alg_values_supported)
	ScopesSupported       []string
	ChallengeMethods      []string
	IssParameter          bool // authorization_response_iss_parameter_supported (RFC 9207)
}

// DiscoverRequest says whose metadata is wanted.
type DiscoverRequest struct {
	Kind   Kind
	Issuer string // issuer, or base where the kind allows for a trailing slash
	Pinned string // the issuer found at an earlier time; compared byte for byte; "" at first sight
}

const opDiscover = "read discovery document"

// Discover reads issuer + /.well-known/openid-configuration, and for kinds with OAuthMetadata, where that has none, RFC 8414's place. The
// document's issuer must be the one asked for (*IssuerError), and every address https, or http on loopback (*ResponseError). An issuer that
// can't be asked at all is an *AddressError.
func Discover(ctx context.Context, hc *http.Client, r DiscoverRequest) (Metadata, error) {
	if r.Kind.TokenPath != "" {
		return fixedMetadata(r.Kind, r.Issuer)
	}
	places := []Place{PlaceOpenID}
	if r.Kind.OAuthMetadata {
		places = append(places, PlaceOAuth)
	}
	d, err := describe(ctx, hc, r, places)
	return d.Metadata, err
}

// checkIssuer compares byte for byte (OpenID Connect Discovery 4.3), with the one exception of a kind's first sight.
func checkIssuer(r DiscoverRequest, got string) error {
	expected := r.Issuer
	if r.Pinned != "" {
		expected = r.Pinned
	}
	if got == expected {
		return nil
	}
	slashOnly := differBySlash(expected, got)
	if r.Pinned == "" && r.Kind.IssuerSlash && slashOnly {
		return nil
	}
	return &IssuerError{Expected: expected, Got: clip(got, maxShown), SlashOnly: slashOnly, Pinned: r.Pinned != ""}
}

// differBySlash reports whether one of two strings is the other with one slash more at its end.
func differBySlash(a, b string) bool { return a+"/" == b || b+"/" == a }

// readMetadata takes the members out; problem says in words what is missing or of a wrong type.
func readMetadata(o token.Object) (m Metadata, problem string) {
	for _, f := range []struct {
		name     string
		to       *string
		required bool
	}{
		{"issuer", &m.Issuer, true},
		{"authorization_endpoint", &m.AuthorizationEndpoint, true},
		{"token_endpoint", &m.TokenEndpoint, true},
		{"jwks_uri", &m.JWKSURI, true},
		{"userinfo_endpoint", &m.UserinfoEndpoint, false},
		{"introspection_endpoint", &m.IntrospectionEndpoint, false},
		{"revocation_endpoint", &m.RevocationEndpoint, false},
		{"end_session_endpoint", &m.EndSessionEndpoint, false},
		{"device_authorization_endpoint", &m.DeviceEndpoint, false},
		{"pushed_authorization_request_endpoint", &m.PushedEndpoint, false},
	} {
		v, err := optionalString(o, f.name)
		if err != nil {
			return Metadata{}, err.Error()
		}
		if v == "" && f.required {
			return Metadata{}, "a discovery document without " + f.name
		}
		*f.to = v
	}
	m.IDTokenAlgs = o.Strings("id_token_signing_alg_values_supported")
	m.UserinfoAlgs = o.Strings("userinfo_signing_alg_values_supported")
	m.IntrospectionAlgs = o.Strings("introspection_signing_alg_values_supported")
	m.AuthMethods = o.Strings("token_endpoint_auth_methods_supported")
	m.AuthAlgs = o.Strings("token_endpoint_auth_signing_alg_values_supported")
	m.ScopesSupported = o.Strings("scopes_supported")
	m.ChallengeMethods = o.Strings("code_challenge_methods_supported")
	for _, f := range []struct {
		name string
		to   *bool
	}{
		{"authorization_response_iss_parameter_supported", &m.IssParameter},
		{"require_pushed_authorization_requests", &m.PushedRequired},
	} {
		v, _ := o.Get(f.name)
		*f.to = string(v) == "true"
	}
	return m, ""
}

// checkEndpoints refuses a document that would have a code, a secret or a token sent in the clear. RFC 8414 section 2 has https everywhere; http
// is for a provider on this machine, and one elsewhere mustn't lead a client's secret to whatever listens here.
// What is inside the binary shows its pages here, whatever its issuer is called.
func checkEndpoints(k Kind, m Metadata) (problem string) {
	here := isLoopbackURL(m.Issuer) || k.EmbeddedAt(m.Issuer)
	for _, f := range []struct{ name, address string }{
		{"authorization_endpoint", m.AuthorizationEndpoint},
		{"token_endpoint", m.TokenEndpoint},
		{"jwks_uri", m.JWKSURI},
		{"userinfo_endpoint", m.UserinfoEndpoint},
		{"introspection_endpoint", m.IntrospectionEndpoint},
		{"revocation_endpoint", m.RevocationEndpoint},
		{"end_session_endpoint", m.EndSessionEndpoint},
		{"device_authorization_endpoint", m.DeviceEndpoint},
		{"pushed_authorization_request_endpoint", m.PushedEndpoint},
	} {
		if f.address == "" {
			continue
		}
		u, err := checkAddress(f.address)
		if err != nil {
			if bad, ok := errors.AsType[*AddressError](err); ok {
				return f.name + " " + bad.Problem
			}
			return f.name + " can't be read"
		}
		if u.Scheme == "http" && !here {
			return f.name + " is plain http on this machine, and the issuer isn't on it"
		}
	}
	return ""
}

// optionalString reads a member that is a string, or missing, or null, which some servers write for missing.
func optionalString(o token.Object, name string) (string, error) {
	raw, ok := o.Get(name)
	if !ok || isNull(raw) {
		return "", nil
	}
	v, ok := o.String(name)
	if !ok {
		return "", fmt.Errorf("%s is no string", name)
	}
	return v, nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }
