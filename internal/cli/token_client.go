package cli

import (
	"context"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// forOneCommand reports whether a token is to be got anew by each command: it is the client's own, which needs nobody, and nothing is to be
// kept.
func (s *session) forOneCommand() bool {
	return provider.Flow(s.profile.Flow) == provider.FlowClientCredentials && s.explicitStore() == tokenstore.Memory && s.seed().IsZero()
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

// clientTokenEnded says how to get another: no refresh token comes with one of the client's own (RFC 6749 section 4.4.3).
func (s *session) clientTokenEnded(err error) error {
	return &hintedError{Code: exitLogin, Err: err, Text: "the token of the client itself has ended, or soon will, and nothing renews one: it is got anew",
		Hints: []string{
			"another one: simsid login -p " + s.profile.Name,
			"or have each command get its own: --store memory, where none is kept yet",
		}}
}
