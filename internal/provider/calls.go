package provider

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Userinfo asks who the access token's user is (OpenID Connect Core 5.3). subject is the ID token's sub, "" where there is none:
// an answer about somebody else must not be used (5.3.2) and is a *SubjectError. IdentityServer3 may leave sub out, which
// is let pass for kinds that do so. A refused token is an *OAuthError, read from the challenge where the answer has no body.
func (p *Provider) Userinfo(ctx context.Context, access token.Secret, subject string) (token.Object, error) {
	const operation = "ask userinfo"
	if access.IsZero() {
		return token.Object{}, errNoToken
	}
	address, err := p.endpoint(operation, p.Metadata.UserinfoEndpoint)
	if err != nil {
		return token.Object{}, err
	}
	a, err := get(ctx, p.HTTP, operation, address, access)
	if err != nil {
		return token.Object{}, err
	}
	if !a.ok() {
		return token.Object{}, a.refusal()
	}
	claims, err := a.object()
	if err != nil {
		return token.Object{}, err
	}
	return claims, p.sameSubject(claims, subject)
}

// sameSubject holds the sub of an answer against the ID token's.
func (p *Provider) sameSubject(claims token.Object, subject string) error {
	_, there := claims.Get("sub")
	got, _ := claims.String("sub")
	if subject == "" || got == subject || !there && p.Kind.SubjectOptional {
		return nil
	}
	if same, _ := sims.SameSubject(subject, got); same && p.Kind.SubjectTail {
		return nil
	}
	return &SubjectError{Expected: clip(subject, maxShown), Got: clip(got, maxShown)}
}

// Introspection is what the provider says of a token.
type Introspection struct {
	Active bool
	Claims token.Object // all members of the answer
	Via    string       // "introspection", "access token validation", "identity token validation"
	Reason string       // for an inactive token, the server's word if it gave one: "expired_token"
}

// Introspect asks by RFC 7662. c is the client, or for IdentityServer3 a scope's name and secret. hint may be "".
// Credentials that aren't taken are an *OAuthError of status 401, with IdentityServer3 without a code.
func (p *Provider) Introspect(ctx context.Context, c Client, t token.Secret, hint string) (Introspection, error) {
	const operation = "introspect"
	if t.IsZero() {
		return Introspection{}, errNoToken
	}
	address, err := p.endpoint(operation, p.Metadata.IntrospectionEndpoint)
	if err != nil {
		return Introspection{}, err
	}
	a, err := p.post(ctx, operation, address, tokenForm(t, hint), c)
	if err != nil {
		return Introspection{}, err
	}
	if !a.ok() {
		return Introspection{}, a.refusal()
	}
	o, err := a.object()
	if err != nil {
		return Introspection{}, err
	}
	active, _ := o.Get("active")
	switch string(active) {
	case "true":
		return Introspection{Active: true, Claims: o, Via: "introspection"}, nil
	case "false":
		return Introspection{Claims: o, Via: "introspection"}, nil
	default:
		return Introspection{}, a.problem("an answer whose member active is missing, or neither true nor false")
	}
}

// ValidateAccess asks IdentityServer3's access token validation endpoint, by POST and without authentication. Only for
// kinds with ValidationCalls; for others it is an *UnsupportedError.
func (p *Provider) ValidateAccess(ctx context.Context, t token.Secret) (Introspection, error) {
	return p.validate(ctx, "access token validation", "accesstokenvalidation", tokenForm(t, ""))
}

// ValidateID asks the identity token validation endpoint, which needs the client that the token is for.
func (p *Provider) ValidateID(ctx context.Context, t token.Secret, clientID string) (Introspection, error) {
	form := tokenForm(t, "")
	form.Set("client_id", clientID)
	return p.validate(ctx, "identity token validation", "identitytokenvalidation", form)
}

func (p *Provider) validate(ctx context.Context, operation, path string, form url.Values) (Introspection, error) {
	if form.Get("token") == "" {
		return Introspection{}, errNoToken
	}
	if !p.Kind.ValidationCalls || p.Metadata.Issuer == "" {
		return Introspection{}, &UnsupportedError{Operation: operation, Issuer: p.Metadata.Issuer}
	}
	// Discovery doesn't list these two: they lie under the base, which is the issuer without its slash.
	address := strings.TrimSuffix(p.Metadata.Issuer, "/") + "/connect/" + path
	a, err := post(ctx, p.HTTP, operation, address, form, Client{})
	if err != nil {
		return Introspection{}, err
	}
	if a.status == http.StatusBadRequest {
		if o, err := a.object(); err == nil {
			switch reason, _ := o.String("Message"); reason {
			case "invalid_token", "expired_token", "insufficient_scope":
				return Introspection{Claims: o, Via: operation, Reason: reason}, nil
			}
		}
	}
	if !a.ok() {
		return Introspection{}, a.refusal()
	}
	o, err := a.object()
	if err != nil {
		return Introspection{}, err
	}
	return Introspection{Active: true, Claims: o, Via: operation}, nil
}

// Revoke ends a token by RFC 7009. hint is "refresh_token" or "access_token". nil also for a token unknown to the server.
// An *UnavailableError means that the token still lives (section 2.2.1).
func (p *Provider) Revoke(ctx context.Context, c Client, t token.Secret, hint string) error {
	const operation = "revoke"
	if t.IsZero() {
		return errNoToken
	}
	address, err := p.endpoint(operation, p.Metadata.RevocationEndpoint)
	if err != nil {
		return err
	}
	a, err := p.post(ctx, operation, address, tokenForm(t, hint), c)
	if err != nil {
		return err
	}
	if !a.ok() {
		return a.refusal()
	}
	// The body means nothing (section 2.2), but a page comes from something else than a revocation endpoint.
	if body := bytes.TrimSpace(a.body); len(body) > 0 && body[0] == '<' {
		return a.problem("a page of HTML or XML instead of an empty answer")
	}
	return nil
}

func tokenForm(t token.Secret, hint string) url.Values {
	form := url.Values{"token": {t.Reveal()}}
	if hint != "" {
		form.Set("token_type_hint", hint)
	}
	return form
}
