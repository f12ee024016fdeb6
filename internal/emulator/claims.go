package emulator

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// claim is one member of a token, with its JSON text.
type claim struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// claimSet keeps its order: IdentityServer3 writes iss, aud, exp and nbf first and amr last.
type claimSet []claim

func (c claimSet) with(name string, value any) claimSet {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		// Only strings, lists of strings, numbers and booleans come here.
		return c
	}
	return append(c, claim{name, bytes.TrimSpace(b.Bytes())})
}

// withList writes one value as a bare string and several as an array, as IdentityServer3 does.
func (c claimSet) withList(name string, values []string) claimSet {
	switch len(values) {
	case 0:
		return c
	case 1:
		return c.with(name, values[0])
	default:
		return c.with(name, values)
	}
}

func (c claimSet) get(name string) json.RawMessage {
	for _, member := range c {
		if member.Name == name {
			return member.Value
		}
	}
	return nil
}

func (c claimSet) text(name string) string {
	var s string
	if json.Unmarshal(c.get(name), &s) != nil {
		return ""
	}
	return s
}

// texts reads a claim that is a string or a list of strings.
func (c claimSet) texts(name string) []string {
	if s := c.text(name); s != "" {
		return []string{s}
	}
	var list []string
	if json.Unmarshal(c.get(name), &list) != nil {
		return nil
	}
	return list
}

func (c claimSet) seconds(name string) (time.Time, bool) {
	var n int64
	if c.get(name) == nil || json.Unmarshal(c.get(name), &n) != nil {
		return time.Time{}, false
	}
	return time.Unix(n, 0), true
}

// flat writes lists of one value as the bare value: an endpoint that lists a token's claims has lost by then which of
// them were lists.
func (c claimSet) flat() claimSet {
	out := slices.Clone(c)
	for i, member := range out {
		var list []json.RawMessage
		if json.Unmarshal(member.Value, &list) == nil && len(list) == 1 {
			out[i].Value = list[0]
		}
	}
	return out
}

// bytes writes the set as a JSON object.
func (c claimSet) bytes() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, member := range c {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(member.Name)) // names are ASCII constants
		b.WriteByte(':')
		b.Write(member.Value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// parseClaims reads an object and keeps the order of its members.
func parseClaims(b []byte) (claimSet, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("no JSON object")
	}
	var out claimSet
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		text, ok := name.(string)
		if !ok {
			return nil, fmt.Errorf("no member name")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		out = append(out, claim{text, value})
	}
	_, err := dec.Token()
	return out, err
}

// signIn is who signed in, where and when: what a session, a code and a refresh token have in common.
type signIn struct {
	Login        string    `json:"login"`
	Subject      string    `json:"subject"` // five parts; the last is made anew for each session
	SessionID    string    `json:"sid"`
	AuthTime     time.Time `json:"auth_time"`
	Organisation string    `json:"organisation,omitempty"` // the chosen one; "" while none was chosen
	Provider     string    `json:"provider,omitempty"`     // the identity provider elsewhere; "" for a password
}

func (in signIn) provider() string { return cmp.Or(in.Provider, PasswordProvider) }

// method is the claim amr: how the user signed in, as IdentityServer3 says it.
func (in signIn) method() string {
	if in.Provider == "" {
		return "password"
	}
	return "external"
}

func subject(u *user, tail string) string {
	return strings.Join([]string{strconv.Itoa(u.number), u.guid, u.Login, "SIMSID", tail}, "|")
}

// samePerson compares two subjects without their fifth part.
func samePerson(a, b string) bool {
	cut := func(s string) string {
		if i := strings.LastIndexByte(s, '|'); i >= 0 {
			return s[:i]
		}
		return s
	}
	return a == b || strings.Contains(a, "|") && cut(a) == cut(b)
}

// timestampLayout has no zone, as seen in issued tokens.
const timestampLayout = "Jan 02, 2006 15:04:05"

// maxOrganisations is where the claim of several organisations stops.
const maxOrganisations = 10

// userClaims are the user's claims that the scopes bring, for either token and for userinfo.
func (s *Server) userClaims(c *ClientConfig, u *user, in signIn, scopes []string) claimSet {
	home := u.memberships[0]
	if chosen, ok := u.at(in.Organisation); ok {
		home = chosen
	}
	provider, title := "SIMSID", "SIMS ID"
	if elsewhere, ok := s.externalProvider(c, in.Provider); ok {
		provider, title = elsewhere.Name, elsewhere.title()
	}
	claims := claimSet{}.
		with("name", u.Name).
		with("provider", provider).
		with("providerid", strconv.Itoa(u.number)).
		with("providername", title).
		with("multipleorganisations", strconv.FormatBool(len(u.memberships) > 1)).
		with("site", home.organisation.Code)
	if slices.Contains(scopes, "roles") {
		var roles []string
		for _, m := range u.memberships[:min(len(u.memberships), maxOrganisations)] {
			roles = append(roles, "admin@"+m.organisation.ID)
		}
		claims = claims.withList("role", roles)
	}
	single, several := slices.Contains(scopes, singleOrganisation), slices.Contains(scopes, severalOrganisations)
	if single {
		claims = claims.with("userorganisationidentifier", home.compound())
	}
	if several {
		var all []string
		for _, m := range u.memberships[:min(len(u.memberships), maxOrganisations)] {
			all = append(all, m.compound())
		}
		claims = claims.withList("userorganisationidentifiers", all)
	}
	if single || several {
		claims = claims.with("applicationid", c.ApplicationID).
			with("applicationname", c.ApplicationName).
			with("vendorid", c.VendorID)
	}
	return claims
}

// sessionClaims have been seen in ID tokens only. What SiteRole and launcher can hold isn't documented.
func (s *Server) sessionClaims(u *user, in signIn) claimSet {
	return claimSet{}.
		with("SiteRole", u.siteRole).
		with("launcher", "false").
		with("homeorganisationidentifier", u.memberships[0].organisation.ID).
		with("additionalrolespresent", "false").
		with("LastLoginTimestamp", in.AuthTime.UTC().Format(timestampLayout)).
		with("PasswordChangedTimestamp", u.passwordSet.UTC().Format(timestampLayout))
}

// accessClaims are an access token's claims but for issuer, audience and times: what a refresh repeats unless the
// client is set to take the claims afresh.
func (s *Server) accessClaims(c *ClientConfig, u *user, in signIn, scopes []string) claimSet {
	claims := claimSet{}.
		with("client_id", c.ID).
		withList("scope", scopes).
		with("sub", in.Subject).
		with("auth_time", in.AuthTime.Unix()).
		with("idp", in.provider())
	claims = append(claims, s.userClaims(c, u, in, scopes)...)
	return s.ownClaims(u, scopes, claims.with("amr", []string{in.method()}))
}

// envelope puts issuer, audience and times before the claims. There is no iat and no jti.
func (s *Server) envelope(audience string, now time.Time, lifetime time.Duration, claims claimSet) claimSet {
	out := claimSet{}.
		with("iss", s.issuer).
		with("aud", audience).
		with("exp", now.Add(lifetime).Unix()).
		with("nbf", now.Unix())
	return append(out, claims...)
}

func (s *Server) resources() string { return strings.TrimSuffix(s.issuer, "/") + "/resources" }

// idClaims are the claims of an ID token. hashes are c_hash and at_hash as far as they belong there: at the token endpoint
// the code flow and the hybrid flow have neither, and a refresh has at_hash.
func (s *Server) idClaims(c *ClientConfig, g *grant, hashes claimSet) claimSet {
	var claims claimSet
	if g.nonce != "" {
		claims = claims.with("nonce", g.nonce)
	}
	claims = append(claims.with("iat", g.now.Unix()), hashes...)
	claims = claims.
		with("sid", g.SessionID).
		with("sub", g.Subject).
		with("auth_time", g.AuthTime.Unix()).
		with("idp", g.provider())
	claims = append(claims, s.userClaims(c, g.user, g.signIn, g.scopes)...)
	claims = append(claims, s.sessionClaims(g.user, g.signIn)...)
	claims = claims.with("amr", []string{g.method()})
	return s.envelope(c.ID, g.now, c.IDLifetime, s.ownClaims(g.user, g.scopes, claims))
}

// ownClaims gives a user's own claims their values.
func (s *Server) ownClaims(u *user, scopes []string, claims claimSet) claimSet {
	for _, own := range u.claims {
		given := claims.get(own.Name) != nil
		if !given && !s.brings(scopes, own.Name) {
			continue
		}
		if given {
			claims = claims.without(own.Name)
		}
		claims = claims.withList(own.Name, own.Values)
	}
	return claims
}

// brings reports whether a claim that only this user has comes with one of the scopes: it does where no scope lists it.
func (s *Server) brings(scopes []string, name string) bool {
	listed := false
	for _, sc := range s.scopes {
		if slices.Contains(sc.Claims, name) {
			if slices.Contains(scopes, sc.Name) {
				return true
			}
			listed = true
		}
	}
	return !listed && !slices.Contains(placedClaims(), name)
}

// placedClaims are claims that not every token has: SIMS ID's scopes bring them, or ID tokens alone have them.
func placedClaims() []string {
	return []string{
		"role", "userorganisationidentifier", "userorganisationidentifiers", "applicationid", "applicationname", "vendorid",
		"SiteRole", "launcher", "homeorganisationidentifier", "additionalrolespresent", "LastLoginTimestamp",
		"PasswordChangedTimestamp",
	}
}

func (c claimSet) without(name string) claimSet {
	return slices.DeleteFunc(slices.Clone(c), func(member claim) bool { return member.Name == name })
}

// halfHash is the left half of SHA-256 in base64url (OpenID Connect Core 3.1.3.6).
func halfHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
