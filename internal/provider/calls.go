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

// UserinfoAnswer is what the provider says of a user.
type UserinfoAnswer struct {
	Claims token.Object
	Signed *Verification // the checks of an answer that came signed, all of them passed; nil: it came as JSON
}

// Userinfo asks who the access token's user is (OpenID Connect Core 5.3). subject is the ID token's sub, "" where there is none:
// an answer about somebody else must not be used (5.3.2) and is a *SubjectError. IdentityServer3 may leave sub out, which
// is let pass for kinds that do so. A refused token is an *OAuthError, read from the challenge where the answer has no body. A signed
// answer is verified; one that doesn't hold is a *SignedAnswerError.
func (p *Provider) Userinfo(ctx context.Context, access token.Secret, subject string) (UserinfoAnswer, error) {
	const operation = "ask userinfo"
	var u UserinfoAnswer
	if access.IsZero() {
		return u, errNoToken
	}
	address, err := p.endpoint(operation, p.Metadata.UserinfoEndpoint)
	if err != nil {
		return u, err
	}
	// Which of the two comes was settled when the client was registered (OpenID Connect Core 5.3.2).
	a, err := getAs(ctx, p.HTTP, operation, address, mediaJSON+", "+mediaJWT, access)
	switch {
	case err != nil:
		return u, err
	case !a.ok():
		return u, a.refusal()
	case a.mediaType() == mediaJWT:
		u.Signed, err = p.openSigned(ctx, a, signedForm{
			source: "OpenID Connect Core 5.3.2", algorithms: p.Metadata.UserinfoAlgs, audience: p.ClientID, bare: true,
		})
		if err == nil {
			u.Claims = u.Signed.Claims.Object
		}
	default:
		u.Claims, err = a.object()
	}
	if err != nil {
		return UserinfoAnswer{}, err
	}
	return u, p.sameSubject(u.Claims, subject)
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
	// Signed are the checks of an answer that came signed, all of them passed; nil: it came as JSON.
	Signed *Verification
	// Behind says that the answer is the JWT which the token stands for: Claims are its claims.
	Behind bool
}

// Introspect asks by RFC 7662, and for a signed answer (RFC 9701) where kind and metadata say that there is one, or for the JWT behind an
// opaque token where the kind has such. c is the client, or for IdentityServer3 a scope's name and secret. hint may be "".
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
	accept := p.introspectionForms()
	a, err := p.postFor(ctx, operation, address, accept, tokenForm(t, hint), c)
	if err == nil && a.status == http.StatusNotAcceptable && accept != mediaJSON {
		a, err = p.post(ctx, operation, address, tokenForm(t, hint), c)
	}
	if err != nil {
		return Introspection{}, err
	}
	if !a.ok() {
		return Introspection{}, a.refusal()
	}
	if p.Kind.PhantomTokens && a.status == http.StatusNoContent {
		return Introspection{Via: "introspection", Reason: reasonNothing}, nil
	}
	if p.Kind.PhantomTokens && a.mediaType() == mediaJWT {
		return p.readPhantom(ctx, a, c.ID)
	}
	return p.readIntrospection(ctx, a, c.ID)
}

// readIntrospection reads an answer as JSON, or as the JWT that carries it (RFC 9701 section 5).
func (p *Provider) readIntrospection(ctx context.Context, a *answer, asked string) (Introspection, error) {
	i := Introspection{Via: "introspection"}
	var err error
	if media := a.mediaType(); media == mediaIntrospection || media == mediaJWT {
		i.Signed, err = p.openSigned(ctx, a, signedForm{
			source: "RFC 9701 5", typ: "token-introspection+jwt", algorithms: p.Metadata.IntrospectionAlgs, audience: asked,
		})
		if err != nil {
			return Introspection{}, err
		}
		carried, _ := i.Signed.Claims.Get("token_introspection")
		if i.Claims, err = token.ParseObject(carried); err != nil {
			return Introspection{}, a.problem("a signed answer whose member token_introspection is missing, or no object")
		}
	} else if i.Claims, err = a.object(); err != nil {
		return Introspection{}, err
	}
	switch active, _ := i.Claims.Get("active"); string(active) {
	case "true":
		i.Active = true
	case "false":
	default:
		return Introspection{}, a.problem("an answer whose member active is missing, or neither true nor false")
	}
	return i, nil
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
		o, _ := a.object() // empty where it is none
		switch reason, _ := o.String("Message"); reason {
		case "invalid_token", "expired_token", "insufficient_scope":
			return Introspection{Claims: o, Via: operation, Reason: reason}, nil
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
