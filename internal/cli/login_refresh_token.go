package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// refreshTokenVariable holds a refresh token to take over.
const refreshTokenVariable = "SIMSID_REFRESH_TOKEN"

// refreshTokenFromOutside reads the refresh token of a login from elsewhere: from the environment, a prompt, or standard input.
func (s *session) refreshTokenFromOutside(ctx context.Context) (token.Secret, error) {
	none := &usageError{Problem: "there is no refresh token: give it in " + refreshTokenVariable + " or on standard input", Command: "simsid login"}
	source, text := refreshTokenVariable, s.env.Getenv(refreshTokenVariable)
	switch {
	case strings.TrimSpace(text) != "":
	case s.env.StdinTTY && !s.canAsk():
		return token.Secret{}, none
	case s.env.StdinTTY:
		typed, err := s.askSecret(ctx, "Refresh token (not shown)")
		if err != nil {
			return token.Secret{}, err
		}
		source, text = "the answer", typed.Reveal()
	default:
		b, err := readBounded(ctx, s.env.Stdin)
		if err != nil && !errors.Is(err, io.EOF) {
			return token.Secret{}, err
		}
		source, text = "standard input", string(b)
	}
	refresh, err := refreshTokenOf(source, text)
	if err == nil && refresh.IsZero() {
		err = none
	}
	return refresh, err
}

// refreshTokenSource says where the refresh token is that hasn't been read yet.
func (s *session) refreshTokenSource() string {
	switch {
	case strings.TrimSpace(s.env.Getenv(refreshTokenVariable)) != "":
		return refreshTokenVariable
	case s.env.StdinTTY:
		return "a refresh token that is typed"
	}
	return "the refresh token on standard input"
}

// loginWithRefreshToken takes over a login from elsewhere.
func (s *session) loginWithRefreshToken(ctx context.Context, o *loginOptions, client provider.Client, keep keeper) (*flow.LoginResult, error) {
	refresh, err := s.refreshTokenFromOutside(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.providerFor(ctx, client)
	if err != nil {
		return nil, err
	}
	s.adopted = refresh
	r := flow.AdoptRequest{Provider: p, Client: client, Refresh: refresh, Clock: clock{s.env}, Keep: keep}
	if o.expectUser != "" {
		r.Accept = func(_ context.Context, user string) error {
			return s.asExpected(o.expectUser, user, "give the refresh token of the one who is expected, or leave --expect-user away")
		}
	}
	return flow.Adopt(ctx, r)
}
