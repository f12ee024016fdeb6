package provider

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Client is who calls: an OAuth client and how it authenticates. Without a secret and a key it is a public client, which sends its
// id alone, whatever Auth says.
type Client struct {
	ID     string
	Secret token.Secret
	Auth   AuthMethod // "" means AuthPost with a secret, AuthNone without
	// AnyAuth says that nobody has chosen Auth, which is only usual for the kind: where metadata don't list it, another by the secret that they
	// list is taken.
	AnyAuth bool
	// Key is what AuthPrivateKey signs with, and Audience for whom: "" leaves that to the kind.
	Key      ClientKey
	Audience Audience
}

// Audience says whom a client's assertion names as the one that it is for.
type Audience string

// The audiences. Which of them a provider takes, it says nowhere but in its manual: OpenID Connect Core 9 has the token endpoint, RFC 9126
// section 2 prefers the issuer.
const (
	AudienceIssuer        Audience = "issuer"
	AudienceTokenEndpoint Audience = "token_endpoint"
)

// assertionLife is how long an assertion is good: enough for one request and a clock that is a little off.
const assertionLife = time.Minute

// post sends a form as c: to the token endpoint, or to another where the client authenticates as it does there (RFC 7009 section 2,
// RFC 7662 section 2.1, RFC 8628 section 3.1, RFC 9126 section 2).
func (p *Provider) post(ctx context.Context, operation, address string, form url.Values, c Client) (*answer, error) {
	return p.postFor(ctx, operation, address, mediaJSON, form, c)
}

// postFor is post for an answer of what accept names.
func (p *Provider) postFor(ctx context.Context, operation, address, accept string, form url.Values, c Client) (*answer, error) {
	if c.Auth == AuthPrivateKey {
		assertion, err := p.assertion(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", operation, err)
		}
		form.Set("client_id", c.ID)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion.Reveal())
		c = Client{} // it has said who it is
	}
	c.Auth = p.Metadata.Auth(c)
	return postFor(ctx, p.HTTP, operation, address, accept, form, c)
}

// assertion is one signed statement of who the client is (RFC 7523 section 3, OpenID Connect Core 9). Each request has its own: a
// provider takes a jti once.
func (p *Provider) assertion(c Client) (token.Secret, error) {
	if c.Key.IsZero() {
		return token.Secret{}, &KeyError{Problem: "there is none"}
	}
	alg, err := c.Key.algorithm(p.Metadata.AuthAlgs)
	if err != nil {
		return token.Secret{}, err
	}
	var id [24]byte
	if _, err := io.ReadFull(p.Rand, id[:]); err != nil {
		return token.Secret{}, fmt.Errorf("read random bytes: %w", err)
	}
	now := p.Now()
	return c.Key.sign(alg, map[string]any{
		"iss": c.ID, "sub": c.ID, "aud": p.audience(c), "jti": base64.RawURLEncoding.EncodeToString(id[:]),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
}

// audience is the one whom an assertion is for. Where nobody says it, it is the token endpoint, which OpenID Connect Core 9 has and
// most providers take, as long as that lies where the issuer does: a provider that names somebody else's token endpoint as its own would
// else be handed an assertion that it could use there. The issuer's name is of no use to anybody but the issuer.
func (p *Provider) audience(c Client) string {
	wanted := c.Audience
	if wanted == "" && !sameOrigin(p.Metadata.Issuer, p.Metadata.TokenEndpoint) {
		wanted = AudienceIssuer
	}
	if wanted == AudienceIssuer {
		return p.Metadata.Issuer
	}
	return p.Metadata.TokenEndpoint
}

// sameOrigin compares scheme, host and port of two addresses.
func sameOrigin(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	return errA == nil && errB == nil && u.Scheme == v.Scheme && strings.EqualFold(u.Host, v.Host)
}
