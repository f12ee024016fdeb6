package flow

import (
	"cmp"
	"context"
	"slices"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/word"
)

// responseType is what the authorisation endpoint is asked for.
func (r LoginRequest) responseType() string { return cmp.Or(r.ResponseType, "code") }

// parts are what the answer has to have.
func (r LoginRequest) parts() parts {
	p, _ := partsOf(r.responseType())
	return p
}

// mode is how the answer is to come: for a code the default is the query, for everything with a token the fragment (OAuth 2.0
// Multiple Response Types 5).
func (r LoginRequest) mode() string {
	if r.ResponseMode != "" {
		return r.ResponseMode
	}
	if r.parts() == (parts{code: true}) {
		return ModeQuery
	}
	return ModeFragment
}

// proves reports whether the code is tied to this login by a proof key (RFC 7636).
func (r LoginRequest) proves() bool { return r.parts().code && !r.WithoutProofKey }

// checkType refuses a response type or mode that can't be, and a login that would tell of nobody.
func (r LoginRequest) checkType() error {
	p, ok := partsOf(r.responseType())
	switch {
	case !ok:
		return &ParamError{Name: "response_type", Problem: "can't be " + word.Quote(r.ResponseType, "code", "code id_token", "code token", "code id_token token", "id_token", "token", "id_token token") + ": its words are code, id_token and token, each at most once"}
	case !slices.Contains([]string{"", ModeQuery, ModeFragment, ModeFormPost}, r.ResponseMode):
		return &ParamError{Name: "response_mode", Problem: "can't be " + word.Quote(r.ResponseMode, "query", "fragment", "form_post") + ": it is query, fragment or form_post"}
	case r.ResponseMode == ModeQuery && p != (parts{code: true}):
		// OAuth 2.0 Multiple Response Types 5: a query ends in logs and histories.
		return &ParamError{Name: "response_mode", Problem: "can't be query where a token is in the answer: it is fragment or form_post"}
	case !isLogin(r.Scopes) && p != (parts{accessToken: true}) && !r.Force:
		return ErrNoOpenID
	case p.code && !p.idToken && r.WithoutProofKey && !isLogin(r.Scopes):
		return ErrUntied
	}
	return nil
}

// redeem turns the answer into verified tokens.
func (r LoginRequest) redeem(ctx context.Context, a answer, o oneTime, redirectURI string) (*LoginResult, error) {
	if err := a.checkIssuer(r.Provider.Metadata); err != nil {
		return nil, err
	}
	if a.failure != nil {
		return nil, a.failure
	}
	front, err := provider.TokensFromBrowser(a.tokens, r.Clock.Now())
	if err != nil {
		return nil, err
	}
	result := &LoginResult{Set: front, Via: a.via}
	if !front.ID.IsZero() {
		// Before anything is done with the code or the access token: c_hash and at_hash say that they belong to this ID token, and its
		// nonce that all belong to this login (OpenID Connect Core 3.2.2.11 and 3.3.2.12).
		result.Verification, err = r.verify(ctx, front.ID, provider.VerifyRequest{
			Nonce: o.nonce, Access: front.Access, Code: a.code, FromBrowser: true,
		})
		if err != nil {
			return nil, err
		}
	}
	if !a.code.IsZero() {
		if result, err = r.exchange(ctx, a, o, redirectURI, result.Verification); err != nil {
			return nil, err
		}
	}
	result.Set.SignedInAt = r.Clock.Now()
	result.Findings = asked{
		kind: r.Provider.Kind, acr: r.Params.Get("acr_values"), prompt: r.Params.Get("prompt"), started: r.started,
	}.compare(result.Verification)
	return result, nil
}

// exchange redeems the code. front is the verified ID token that came with it, nil where none did. What came through the browser
// is given up for what the token endpoint says: it came straight from the provider (OpenID Connect Core 3.3.3.8).
func (r LoginRequest) exchange(
	ctx context.Context, a answer, o oneTime, redirectURI string, front *provider.Verification,
) (*LoginResult, error) {
	verifier := o.verifier
	if !r.proves() {
		verifier = token.Secret{}
	}
	response, err := r.Provider.Exchange(ctx, r.Client, a.code, verifier, redirectURI)
	if err != nil {
		return nil, err
	}
	set := response.Set
	switch {
	case set.ID.IsZero() && (isLogin(r.Scopes) || front != nil):
		return nil, noIDToken(r.Provider.Metadata)
	case set.ID.IsZero():
		return &LoginResult{Set: set, Via: a.via}, nil
	}
	request := provider.VerifyRequest{Nonce: o.nonce, Access: set.Access, Code: a.code}
	if front != nil {
		request.Previous = front.JWT
	}
	v, err := r.verify(ctx, set.ID, request)
	if err != nil {
		return nil, err
	}
	return &LoginResult{Set: set, Verification: v, Via: a.via}, nil
}

// verify holds an ID token against this login, and against the user whom the login was to be of.
func (r LoginRequest) verify(ctx context.Context, id token.Secret, request provider.VerifyRequest) (*provider.Verification, error) {
	request.Use, request.ClientID, request.MaxAge, request.Began = provider.AtLogin, r.Client.ID, r.MaxAge, r.started
	if r.InsecureMaxAge {
		request.MaxAge = -1
	}
	v, err := r.Provider.Verify(ctx, id, request)
	if err != nil {
		return nil, err
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return v, heldToHint(r.Provider.Kind, r.Params.Get("id_token_hint"), v)
}
