package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// forOneCommand reports whether a token is to be got anew by each command: it is the client's own, which needs nobody, and nothing is to be
// kept.
func (s *session) forOneCommand() bool {
	return provider.Flow(s.profile.Flow) == provider.FlowClientCredentials && s.explicitStore() == tokenstore.Memory && s.seed().IsZero()
}

// keptByNobody says why there is no token to look at, where each command gets its own.
func (s *session) keptByNobody(err error) error {
	token := "simsid token -p " + s.profile.Name
	return &hintedError{Code: exitLogin, Err: err,
		Text:  "no token is kept: in flow " + s.profile.Flow + " with the memory store each " + token + " gets one for the client itself, and no user signs in",
		Hints: []string{"see one: " + token + " | simsid decode", "or keep one: --store file or --store keyring, and simsid login -p " + s.profile.Name},
	}
}

// noClientToken says that a token of the client itself is kept nowhere yet, and how to have one: no refresh token begins such a login.
func (s *session) noClientToken(err error) error {
	return &hintedError{Code: exitLogin, Err: err,
		Text: "nobody is signed in with profile " + s.profile.Name + " yet: no token of the client itself is kept",
		Hints: []string{
			"keep one, which needs no browser in flow " + s.profile.Flow + ": simsid login -p " + s.profile.Name,
			"or have each command get its own: SIMSID_STORE=memory, or --store memory",
		}}
}

// clientToken gets a token for the client itself (RFC 6749 section 4.4) and keeps it nowhere.
func (s *session) clientToken(ctx context.Context) (token.Set, error) {
	if err := s.checkFlow(&loginOptions{}); err != nil {
		return token.Set{}, err
	}
	if err := s.checkRules(s.flow); err != nil {
		return token.Set{}, err
	}
	client, err := s.client(ctx)
	if err != nil {
		return token.Set{}, err
	}
	s.note("getting a token for the client itself, which is kept nowhere")
	res, err := s.loginAsClient(ctx, &loginOptions{}, client, func(context.Context, *flow.LoginResult) error { return nil })
	if err != nil {
		return token.Set{}, err
	}
	return res.Set, nil
}

// ownToken is what a client's own token is asked for with.
type ownToken struct{ scopes, acrValues, params []string }

// checkClientAsks refuses what is asked of a sign-in, where nobody signs in, and parameters that the grant sets itself.
func (s *session) checkClientAsks(o *loginOptions) error {
	refuse := func(problem string) error { return &usageError{Problem: problem, Command: "simsid login"} }
	for _, flag := range []string{
		"prompt", "max-age", "login-hint", "ui-locales", "idp", "tenant", "id-token-hint", "response-type", "response-mode", "par", "paste", "insecure-no-state",
	} {
		if o.cmd == nil { // no login by a command of its own
			break
		}
		if f := o.cmd.Flags().Lookup(flag); f != nil && f.Changed {
			return refuse("--" + flag + " is asked of a sign-in, and in flow " + string(s.flow.Flow) + " nobody signs in")
		}
	}
	own := []string{"grant_type", "scope", "acr_values", "client_id", "client_secret", "client_assertion", "client_assertion_type", "code", "refresh_token"}
	seen := map[string]bool{}
	for _, param := range s.profile.Params {
		name, _, _ := strings.Cut(param, "=")
		if slices.Contains(own, name) || seen[name] { // RFC 6749 section 3.2: no parameter twice
			return refuse(fmt.Sprintf("the parameter %s is set by the request itself, or given twice", word.Quote(name, own...)))
		}
		seen[name] = true
	}
	return nil
}

// askOwn gets the token (RFC 6749 section 4.4). An ID token that comes with it is nobody's: the grant has no user, nothing was asked that the
// token could be held against, and so it is neither kept nor handed out.
func (s *session) askOwn(ctx context.Context, p *provider.Provider, client provider.Client, own ownToken) (token.Set, error) {
	more := url.Values{}
	for _, param := range own.params {
		name, value, _ := strings.Cut(param, "=")
		more.Set(name, value)
	}
	if len(own.acrValues) > 0 {
		more.Set("acr_values", strings.Join(own.acrValues, " "))
	}
	response, err := p.ClientCredentials(ctx, client, own.scopes, more)
	if err != nil {
		return token.Set{}, err
	}
	if !response.Set.ID.IsZero() {
		response.Set.ID = token.Secret{}
		s.line("warning", "the provider sent an ID token with the client's own token, where no user is whom it could be about (RFC 6749 section 4.4): it is not used")
	}
	return response.Set, nil
}

// onRecord is what the kept token of the client itself was asked for with; nil for a user's login, and where that isn't on record.
func onRecord(r tokenstore.Record) *ownToken {
	if !r.Own {
		return nil
	}
	own := &ownToken{scopes: r.OwnScopes, acrValues: r.OwnACRValues}
	for _, setting := range r.Settings {
		if param, ok := strings.CutPrefix(setting, "params="); ok {
			own.params = append(own.params, param)
		}
	}
	return own
}

// renews makes a refresh get the client's own token anew, for the same scopes and organisation: no refresh token comes with one (RFC 6749
// section 4.4.3).
func (s *session) renews(r *flow.RefreshRequest, own *ownToken) {
	client := r.Client
	r.Anew = func(ctx context.Context, p *provider.Provider) (token.Set, error) {
		if err := s.checkMethod(client, p.Metadata); err != nil {
			return token.Set{}, err
		}
		return s.askOwn(ctx, p, client, *own)
	}
}

// ownSecretMissing reports whether a client's own token can't be got for want of what the client authenticates with.
func (s *session) ownSecretMissing(c provider.Client, err error) bool {
	return errors.Is(err, errNoSecret) || errors.Is(err, errNoKey) || err == nil && c.Auth == provider.AuthNone && s.profile.ClientAuth != string(provider.AuthNone)
}

// clientTokenEnded says how to get another: no refresh token comes with one of the client's own (RFC 6749 section 4.4.3).
func (s *session) clientTokenEnded(err error, own *ownToken) error {
	e := &hintedError{Code: exitLogin, Err: err, Text: "the token of the client itself has ended, or soon will, and nothing renews one: it is got anew", Hints: []string{
		"another one: simsid login -p " + s.profile.Name,
		"or have each command get its own: --store memory, where none is kept yet",
	}}
	if own != nil {
		e.Text = "the token of the client itself has ended, or soon will, and the client's secret, which gets another, isn't at hand"
		flag, variable := "client-secret-file", clientSecretVariable
		if s.profile.ClientAuth == string(provider.AuthPrivateKey) {
			e.Text = strings.Replace(e.Text, "secret", "private key", 1)
			flag, variable = "client-key-file", "SIMSID_CLIENT_KEY"
		}
		e.Hints = append(s.secretHints(flag, variable), "then it is got by itself; or now: "+s.clientLogin(*own))
	}
	return e
}

// clientLogin is the command that gets the client's own token for the same again.
func (s *session) clientLogin(own ownToken) string {
	line := "simsid login -p " + s.profile.Name
	if !slices.Equal(own.scopes, s.profile.Scopes) {
		line += " --scope " + shellWord(strings.Join(own.scopes, " "))
	}
	if !slices.Equal(own.params, s.profile.Params) {
		for _, param := range own.params {
			line += " --param " + shellWord(param)
		}
	}
	if slices.Equal(own.acrValues, s.profile.ACRValues) {
		return line
	}
	for _, v := range own.acrValues {
		if org, ok := strings.CutPrefix(v, s.kind.SelectOrganisation); ok && s.kind.SelectOrganisation != "" {
			line += " --org " + shellWord(org)
		}
	}
	return line
}
