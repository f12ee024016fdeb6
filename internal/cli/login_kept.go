package cli

import (
	"context"
	"fmt"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// keepLogin keeps what was got. Where that fails the new refresh token is revoked, as far as it can be: nobody holds it any more.
func (s *session) keepLogin(ctx context.Context, store *tokenstore.Store, client provider.Client, res *flow.LoginResult) error {
	if res.Set.Scopes == nil {
		res.Set.Scopes = sims.GrantedScopes(s.accessClaims(res.Set.Access))
	}
	ctx = context.WithoutCancel(ctx)
	sum := summarise(s.kind, verified(res), s.accessClaims(res.Set.Access))
	if s.flow.Flow == provider.FlowClientCredentials && sum.Subject == "" {
		sum.Subject = "client " + s.profile.ClientID
	}
	if res.User != "" {
		sum.Subject = res.User
	}
	if s.own != nil {
		sum.Own, sum.OwnScopes, sum.OwnACRValues = true, s.own.scopes, s.own.acrValues
	}
	sum.Settings = s.settings()
	err := store.SaveFrom(ctx, s.adopted, res.Set, sum)
	if err == nil || is[*tokenstore.EmergencyError](err) {
		return err
	}
	if !res.Set.Refresh.IsZero() && s.prov.Revoke(ctx, client, res.Set.Refresh, "refresh_token") == nil {
		return fmt.Errorf("the login could not be kept, and was revoked: %w", err)
	}
	return fmt.Errorf("the login could not be kept: %w", err)
}

// verified are the claims of the ID token, none where there was no ID token.
func verified(res *flow.LoginResult) token.Object {
	if res.Verification == nil {
		return token.Object{}
	}
	return res.Verification.Claims.Object
}

// sayLogin says who signed in.
func (s *session) sayLogin(ctx context.Context, store *tokenstore.Store, res *flow.LoginResult, last lastLogin) error {
	s.sayReplaced(last, store.Record())
	s.warnLost(store, s.adopted, res.Set.Refresh)
	claims, access, set := verified(res), s.accessClaims(res.Set.Access), res.Set
	view := render.SignedIn{
		User: res.User, NoUser: res.Verification == nil, Profile: s.profile.Name, Title: s.title(), Issuer: s.prov.Metadata.Issuer, ClientID: s.profile.ClientID,
		Claims: claims, SIMS: s.kind.SIMS, Scopes: set.Scopes, Wanted: s.profile.Scopes,
		Expiry: set.Expiry, Refreshable: !set.Refresh.IsZero(), Own: s.own != nil, Unkept: store.Backend() == tokenstore.Memory, Where: s.where(store), Next: s.nextCommands(store.Backend()),
	}
	view.Findings = res.Findings
	if !view.NoUser {
		view.SignOn = s.signOn
	}
	if s.kind.SIMS && !view.NoUser {
		view.Memberships = memberships(claims, access)
		view.Findings = append(view.Findings, sims.Findings(sims.Input{Access: access, ID: claims, Wanted: s.profile.Scopes, Granted: set.Scopes, Now: s.env.Now()})...)
	}
	view.Changes, view.ChangedFrom = changesSince(last, claims)
	return s.answer(ctx, view)
}

// title names the provider for people.
func (s *session) title() string {
	if s.kind.Title != "" {
		return s.kind.Title
	}
	return s.profile.Issuer
}

func (s *session) nextCommands(kept tokenstore.Backend) []string {
	p := " -p " + s.profile.Name
	if kept == tokenstore.Memory {
		return []string{"simsid login" + p + " --store file  # sign in and keep the tokens, in a sealed file"}
	}
	if s.file.Default() == s.profile.Name {
		p = ""
	}
	if s.kind.OpaqueTokens {
		return []string{"simsid token" + p + "  # print the access token", "simsid status" + "  # who is signed in, and until when"}
	}
	return []string{
		"simsid token" + p + "  # print the access token",
		"simsid decode" + p + "  # see what is inside",
		"simsid status" + "  # who is signed in, and until when",
	}
}

// accessClaims are the unverified claims of an access token, none of a kind whose tokens are never looked into.
func (s *session) accessClaims(t token.Secret) token.Object {
	if s.kind.OpaqueTokens {
		return token.Object{}
	}
	return accessClaims(t)
}

// accessClaims are the unverified claims of an access token, none when it is opaque.
func accessClaims(t token.Secret) token.Object {
	jwt, err := token.ParseJWT(t.Reveal())
	if err != nil {
		return token.Object{}
	}
	return jwt.Claims.Object
}

// memberships are the organisations that the ID token names, or else the access token.
func memberships(id, access token.Object) []sims.Membership {
	if m := sims.Memberships(id); len(m) > 0 {
		return m
	}
	return sims.Memberships(access)
}

// mostOnRecord bounds the organisations on record: SIMS ID puts ten into a token, and whatever else does may put in a million.
const mostOnRecord = 20

// summarise says what status will show of a login without opening the store.
func summarise(kind provider.Kind, id, access token.Object) tokenstore.Summary {
	var sum tokenstore.Summary
	sum.Subject, _ = id.String("sub")
	sum.Name, _ = id.String("name")
	if !kind.SIMS {
		return sum
	}
	if subject, ok := sims.ParseSubject(sum.Subject); ok {
		sum.Subject = subject.NumericID
	}
	m := memberships(id, access)
	for _, one := range m[:min(len(m), mostOnRecord)] {
		sum.Organisations = append(sum.Organisations, one.Raw)
	}
	switch {
	case len(m) == 1:
		sum.Organisation = m[0].OrganisationID + " (" + m[0].TypeWords() + ")"
	case len(m) > 1:
		sum.Organisation = fmt.Sprintf("%d organisations", len(m))
	}
	return sum
}
