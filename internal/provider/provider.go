package provider

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// HTTPOptions say how the back channel is to be made.
type HTTPOptions struct {
	Base    http.RoundTripper // nil: a transport of our own (TLS 1.2, proxies from the environment)
	Trace   io.Writer         // nil: no trace
	Timeout time.Duration     // one exchange, the body included; 0: 30 s
}

// NewHTTPClient returns a client that follows no redirect, refuses http but on loopback, bounds each answer to 1 MiB, and
// writes each exchange to Trace, redacted by allow-list.
func NewHTTPClient(o HTTPOptions) *http.Client { panic("unwritten") }

// Metadata is what a provider says of itself (OpenID Connect Discovery 3). Addresses that it doesn't give are "".
type Metadata struct {
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	UserinfoEndpoint      string
	IntrospectionEndpoint string
	RevocationEndpoint    string
	EndSessionEndpoint    string
	JWKSURI               string
	IDTokenAlgs           []string
	AuthMethods           []string
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

// Discover reads issuer + /.well-known/openid-configuration. The document's issuer must be the one asked for
// (*IssuerError), and every address https, or http on loopback.
func Discover(ctx context.Context, hc *http.Client, r DiscoverRequest) (Metadata, error) {
	panic("unwritten")
}

// Provider is one provider, ready to be called.
type Provider struct {
	Kind     Kind
	Metadata Metadata
	HTTP     *http.Client
	Now      func() time.Time
}

// Client is who calls: an OAuth client and how it authenticates.
type Client struct {
	ID     string
	Secret token.Secret
	Auth   AuthMethod // "" means AuthPost with a secret, AuthNone without
}

// TokenResponse is a successful answer of the token endpoint (RFC 6749 section 5.1). Nothing in it is verified.
type TokenResponse struct {
	Set token.Set // Expiry and Scopes filled as far as told; SignedInAt and RefreshedAt left to the caller
}

// Exchange redeems an authorisation code, once: it is never tried again, since the server may have burned the code.
func (p *Provider) Exchange(ctx context.Context, c Client, code, verifier token.Secret, redirectURI string) (TokenResponse, error) {
	panic("unwritten")
}

// Refresh redeems a refresh token, once. Without a new refresh token in the answer, Set.Refresh is empty: the old one goes on.
func (p *Provider) Refresh(ctx context.Context, c Client, refresh token.Secret) (TokenResponse, error) {
	panic("unwritten")
}

// Userinfo asks who the access token's user is (OpenID Connect Core 5.3).
func (p *Provider) Userinfo(ctx context.Context, access token.Secret) (token.Object, error) {
	panic("unwritten")
}

// Introspection is what the provider says of a token.
type Introspection struct {
	Active bool
	Claims token.Object // all members of the answer
	Via    string       // "introspection", "access token validation", "identity token validation"
	Reason string       // for an inactive token, the server's word if it gave one: "expired_token"
}

// Introspect asks by RFC 7662. c is the client, or for IdentityServer3 a scope's name and secret.
func (p *Provider) Introspect(ctx context.Context, c Client, t token.Secret, hint string) (Introspection, error) {
	panic("unwritten")
}

// ValidateAccess asks IdentityServer3's access token validation endpoint, by POST and without authentication. Only for
// kinds with ValidationCalls.
func (p *Provider) ValidateAccess(ctx context.Context, t token.Secret) (Introspection, error) {
	panic("unwritten")
}

// ValidateID asks the identity token validation endpoint.
func (p *Provider) ValidateID(ctx context.Context, t token.Secret, clientID string) (Introspection, error) {
	panic("unwritten")
}

// Revoke ends a token by RFC 7009. hint is "refresh_token" or "access_token". nil also for a token unknown to the server.
func (p *Provider) Revoke(ctx context.Context, c Client, t token.Secret, hint string) error {
	panic("unwritten")
}

// EndSessionURL builds the address for the browser (RP-Initiated Logout 1.0); postLogout and state may be "".
func (p *Provider) EndSessionURL(idTokenHint token.Secret, clientID, postLogout, state string) (string, error) {
	panic("unwritten")
}
