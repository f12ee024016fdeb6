package provider

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// TokenResponse is a successful answer of the token endpoint (RFC 6749 section 5.1). Nothing in it is verified.
type TokenResponse struct {
	// Set has Expiry and Scopes as far as told, and leaves SignedInAt and RefreshedAt to the caller. Expiry counts from
	// when the request was sent, so that it is never later than the server's. A lifetime that is missing, no number,
	// not positive or beyond ten years counts as not told: a login isn't thrown away for it. Scopes are the response's
	// alone; IdentityServer3 says in the access token what was granted.
	Set token.Set
	// User is who signed in, of kinds whose token endpoint says it (Kind.DatedTokens); "" where it doesn't. Foreign text.
	User     string
	Findings []sims.Finding // what of the answer contradicts itself
}

const (
	opExchange = "exchange the code"
	opRefresh  = "refresh"
)

// Exchange redeems an authorisation code, once: it is never tried again, since the server may have burned the code. An
// empty verifier isn't sent, for clients whose flow has no proof key.
func (p *Provider) Exchange(ctx context.Context, c Client, code, verifier token.Secret, redirectURI string) (TokenResponse, error) {
	if code.IsZero() {
		return TokenResponse{}, errNoToken
	}
	form := url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {code.Reveal()},
		"redirect_uri": {redirectURI},
	}
	if !verifier.IsZero() {
		form.Set("code_verifier", verifier.Reveal())
	}
	return p.redeem(ctx, opExchange, c, form)
}

// Refresh redeems a refresh token, once. Without a new refresh token in the answer, Set.Refresh is empty: the old one goes on.
// Whatever the error, Set.Refresh is nevertheless filled if a new refresh token came, be the answer broken or cut off behind it: a
// one-time server has burned the old one, and only the new one can save the login.
func (p *Provider) Refresh(ctx context.Context, c Client, refresh token.Secret) (TokenResponse, error) {
	if refresh.IsZero() {
		return TokenResponse{}, errNoToken
	}
	return p.redeem(ctx, opRefresh, c, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refresh.Reveal()},
	})
}

func (p *Provider) redeem(ctx context.Context, operation string, c Client, form url.Values) (TokenResponse, error) {
	address, err := p.endpoint(operation, p.Metadata.TokenEndpoint)
	if err != nil {
		return TokenResponse{}, err
	}
	sent := p.Now()
	a, err := p.post(ctx, operation, address, form, c)
	if err != nil {
		return rescue(a), err
	}
	if !a.ok() {
		return TokenResponse{}, a.refusal()
	}
	o, err := a.object()
	if err != nil {
		return rescue(a), err
	}
	set, problem := readTokens(o, sent)
	if problem != "" {
		return TokenResponse{Set: set}, a.notGiven(o, problem)
	}
	response := TokenResponse{Set: set}
	if p.Kind.DatedTokens {
		response.User = userName(o)
		response.Set.Expiry, response.Findings = compareDates(o, sent)
	}
	return response, nil
}

// readTokens takes the members out. With a problem, the set holds at most the refresh token.
func readTokens(o token.Object, sent time.Time) (set token.Set, problem string) {
	refresh, problem := tokenMember(o, "refresh_token")
	if problem != "" {
		return token.Set{}, problem
	}
	saved := token.Set{Refresh: refresh}
	access, problem := tokenMember(o, "access_token")
	if problem != "" {
		return saved, problem
	}
	if access.IsZero() {
		return saved, "an answer without access_token"
	}
	id, problem := tokenMember(o, "id_token")
	if problem != "" {
		return saved, problem
	}
	kind, err := optionalString(o, "token_type")
	switch {
	case err != nil:
		return saved, err.Error()
	case kind == "":
		return saved, "an answer without token_type"
	case !strings.EqualFold(kind, "Bearer"):
		// RFC 6749 section 7.1: a client must not use a token of a type that it doesn't know.
		return saved, "token_type is " + visible(clip(strconv.Quote(kind), 60)) + " instead of Bearer"
	}
	set = token.Set{Access: access, ID: id, Refresh: refresh, Type: kind, Expiry: expiry(o, access, sent)}
	if scope, _ := o.String("scope"); scope != "" {
		set.Scopes = strings.Fields(scope)
	}
	return set, ""
}

// tokenMember reads a token. Its characters are those of RFC 6749 appendix A.12 and A.17: what lies beyond them would go into a
// header, or out to a terminal.
func tokenMember(o token.Object, name string) (token.Secret, string) {
	v, err := optionalString(o, name)
	if err != nil {
		return token.Secret{}, err.Error()
	}
	if !printable(v) {
		return token.Secret{}, name + " holds characters that no token may hold"
	}
	return token.NewSecret(v), ""
}

// printable reports whether a text has printable ASCII alone.
func printable(v string) bool {
	for i := range len(v) {
		if v[i] < 0x20 || v[i] > 0x7e {
			return false
		}
	}
	return true
}

// expiry is when the access token ends: by expires_in, a number of seconds, which some servers write as a string; or, where that
// says nothing that can be used, by the token's own exp if it is a JWT. Whoever wrote that one can only shorten its life for us.
func expiry(o token.Object, access token.Secret, sent time.Time) time.Time {
	if t := expiresIn(o, sent); !t.IsZero() {
		return t
	}
	if jwt, err := token.ParseJWT(access.Reveal()); err == nil {
		t, _ := jwt.Claims.Time("exp")
		return t
	}
	return time.Time{}
}

func expiresIn(o token.Object, sent time.Time) time.Time {
	lasts, ok := seconds(o, "expires_in")
	if !ok {
		return time.Time{}
	}
	return sent.Add(max(lasts, 0)) // what isn't positive has ended by the provider's own word
}

// seconds reads a number of seconds, which some servers write as a string. What is none, or beyond ten years, counts as not told.
func seconds(o token.Object, name string) (time.Duration, bool) {
	const longest = 10 * 365 * 24 * 60 * 60
	raw, _ := o.Get(name)
	text := string(raw)
	if s, ok := o.String(name); ok {
		text = s
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n <= longest) {
		return 0, false
	}
	return time.Duration(max(n, -longest) * float64(time.Second)), true
}
