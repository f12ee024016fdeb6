package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// callMargin is how long a token must still be valid to be sent to the provider.
const callMargin = 30 * time.Second

func newUserinfoCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "userinfo",
		Short: "Ask the provider who the user is",
		Long: `Asks the provider's userinfo endpoint with the access token, which is refreshed
first when needed, and shows where the answer differs from the ID token. An
answer about another user than the one who signed in is refused, with exit code
3; a signed answer (application/jwt) is verified.`,
		Example: `  simsid userinfo -p school
  simsid userinfo -p school --claim name
  simsid userinfo -p school --jq '.differs[]?.claim'`,
		GroupID: groupTokens,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runUserinfo(cmd.Context(), a, cmd)
		},
	}
	a.addClaimFlag(cmd)
	addProfileFlags(cmd, baseProfileFlags...)
	return cmd
}

func runUserinfo(ctx context.Context, a *app, cmd *cobra.Command) error {
	s, err := a.newSession(selection{cmd: cmd})
	if err != nil {
		return err
	}
	view, err := s.userinfo(ctx)
	if err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return a.answer(ctx, view)
}

func (s *session) userinfo(ctx context.Context) (render.View, error) {
	if err := s.kind.Lacking(provider.CallUserinfo, s.profile.Issuer); err != nil {
		return nil, err
	}
	if _, err := s.openStore(ctx); isNoLogin(err) && s.forOneCommand() {
		return nil, err // a client's own token is about nobody, and asking with it is refused
	}
	set, err := s.freshSet(ctx, callMargin)
	if err != nil {
		return nil, err
	}
	p, err := s.provider(ctx)
	if err != nil {
		return nil, err
	}
	id := claimsOf(set.ID)
	subject, _ := id.String("sub")
	answer, err := p.Userinfo(ctx, set.Access, subject)
	if err != nil {
		return nil, err
	}
	view := render.Userinfo{Profile: s.profile.Name, Claims: answer.Claims, Signed: checksOf(answer.Signed), SIMS: s.kind.SIMS}
	if s.kind.SIMS {
		view.Memberships = sims.Memberships(answer.Claims)
	}
	if subject != "" {
		compareUserinfo(&view, id)
	}
	return view, nil
}

// claimsOf are the claims of a login's own token, which was verified when it was kept; none where there is no such token.
func claimsOf(t token.Secret) token.Object {
	jwt, err := token.ParseJWT(t.Reveal())
	if err != nil {
		return token.Object{}
	}
	return jwt.Claims.Object
}

// compareUserinfo says how an answer differs from the ID token of the same login.
func compareUserinfo(view *render.Userinfo, id token.Object) {
	view.Compared = true
	other := map[string]bool{}
	for _, d := range sims.Compare(id, view.Claims) {
		same := d.List && len(d.Added)+len(d.Removed) == 0 || sameJSON(d.Before, d.Now)
		switch {
		case aboutTheToken(d.Claim), d.Now == nil, same:
			continue
		case d.Before == nil:
			view.Only = append(view.Only, d.Claim)
		default:
			view.Differs = append(view.Differs, render.Difference{Claim: d.Claim, IDToken: string(d.Before), Userinfo: string(d.Now)})
		}
		other[d.Claim] = true
	}
	for _, m := range view.Claims.Members() {
		if !other[m.Name] && !aboutTheToken(m.Name) {
			view.Agrees++
		}
	}
}

// sameJSON compares two values but for the white space between their parts.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// aboutTheToken names claims that say something of the token that they are in, or of the login, and nothing of the user.
func aboutTheToken(name string) bool {
	switch name {
	case "iss", "aud", "exp", "nbf", "iat", "jti", "nonce", "at_hash", "c_hash", "s_hash", "sid", "azp", "auth_time", "acr", "amr":
		return true
	}
	return false
}

// checksOf are the rows of an answer that came signed.
func checksOf(v *provider.Verification) []provider.Check {
	if v == nil {
		return nil
	}
	return v.Checks
}
