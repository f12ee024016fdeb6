package cli

import (
	"slices"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
)

// whyInactive says why a provider may not accept a token. Where the token itself shows a reason, that one alone: a provider says
// nothing but "inactive" (RFC 7662 section 2.2), and what can be seen needs no guessing.
func (s *session) whyInactive(q asked, via, scope, reason string) []string {
	if seen := s.seenInactive(q, via, scope); len(seen) > 0 {
		return seen
	}
	if reason == "expired_token" {
		return []string{"it has ended, the provider says"}
	}
	why := []string{
		"it has ended or was revoked; a logout elsewhere, or a refresh, can do that too",
		"it is another provider's, or was changed or cut on its way",
	}
	if via != viaValidation {
		why = append(why, "whoever asks may not see it: some providers answer so for the tokens of other clients")
	}
	return why
}

// seenInactive are the reasons that the token shows, or that the provider is known for.
func (s *session) seenInactive(q asked, via, scope string) []string {
	var why []string
	if s.kind.IntrospectionByScope && via != viaValidation && q.what != nameAccess {
		why = append(why, s.kind.Title+" introspects access tokens alone: "+aOrAn(q.what)+" is inactive for it, whether it still works or not")
	}
	if q.jwt == nil {
		return why
	}
	claims, now := q.jwt.Claims, s.env.Now()
	if end, ok := claims.Time("exp"); ok && !now.Before(end) {
		why = append(why, "it has ended: "+render.Moment(end, now, s.env.Location()))
	}
	if start, ok := claims.Time("nbf"); ok && now.Before(start) {
		why = append(why, "it isn't valid yet: it begins "+render.Moment(start, now, s.env.Location()))
	}
	if iss, ok := claims.String("iss"); ok && s.prov != nil && iss != s.prov.Metadata.Issuer {
		why = append(why, "it is of another provider: its issuer is "+quote(iss)+", and "+quote(s.prov.Metadata.Issuer)+" was asked")
	}
	if granted := sims.GrantedScopes(claims.Object); s.kind.IntrospectionByScope && via == viaScope && q.what == nameAccess && !slices.Contains(granted, scope) {
		why = append(why, "it lacks the scope "+scope+" that was asked with: "+s.kind.Title+" calls a token inactive for every scope that isn't in it")
	}
	if aud := claims.Strings("aud"); via == viaValidation && q.what == nameID && !slices.Contains(aud, s.profile.ClientID) {
		why = append(why, "it is for another client than "+s.profile.ClientID)
	}
	return why
}

func aOrAn(what string) string {
	if what == nameID || what == nameAccess {
		return "an " + what
	}
	return "a " + what
}

func quote(s string) string { return `"` + s + `"` }
