package provider

import (
	"context"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// reasonNothing is what an empty answer (204) to the question for a JWT comes to.
const reasonNothing = "no JWT behind the token (HTTP 204)"

// introspectionForms are the forms in which introspection is asked to answer, the wanted one first (RFC 9110 section 12.5.1).
func (p *Provider) introspectionForms() string {
	const plain = mediaJSON + ";q=0.8"
	switch {
	case p.Kind.PhantomTokens:
		return mediaJWT + ", " + mediaIntrospection + ";q=0.9, " + plain
	case p.Kind.SignedIntrospection && len(p.Metadata.IntrospectionAlgs) > 0:
		return mediaIntrospection + ", " + mediaJSON + ";q=0.9"
	}
	return mediaJSON
}

// readPhantom reads the JWT behind an opaque token. It is the access token that an API would get, for that API and not for the client
// that asks: its signature, issuer and times are checked, and whom it is for is left to the API. A provider that answers so by RFC 9701's
// form under the general media type is read as one.
func (p *Provider) readPhantom(ctx context.Context, a *answer, asked string) (Introspection, error) {
	if jwt, err := token.ParseJWT(strings.TrimSpace(string(a.body))); err == nil {
		if _, carried := jwt.Claims.Get("token_introspection"); carried {
			return p.readIntrospection(ctx, a, asked)
		}
	}
	v, err := p.openSigned(ctx, a, signedForm{
		source: "RFC 9068 4", access: true, algorithms: p.Metadata.IDTokenAlgs,
	})
	if err != nil {
		return Introspection{}, err
	}
	return Introspection{Active: true, Claims: v.Claims.Object, Via: "introspection", Signed: v, Behind: true}, nil
}
