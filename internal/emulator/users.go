package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// membership is a user at an organisation.
type membership struct {
	userID       string // the user's SIMS external id there
	organisation OrganisationConfig
}

func (m membership) compound() string {
	return m.userID + "|" + m.organisation.ID + "|" + m.organisation.Types
}

// user is a user of the configuration, with what it left open filled in.
type user struct {
	User
	number      int    // first part of the subject, and the claim providerid
	guid        string // second part of the subject
	siteRole    string
	passwordSet time.Time
	factor      Factor
	memberships []membership // the first is the home organisation; in SIMS ID there is always one
	claims      []ClaimConfig
}

func newUser(from UserConfig, organisations []OrganisationConfig) *user {
	u := &user{
		User: from.shown(), number: from.Number, guid: from.GUID, siteRole: from.SiteRole, passwordSet: from.PasswordSet,
		factor: from.Factor, claims: from.Claims,
	}
	for _, m := range from.Organisations {
		o, _ := findOrganisation(organisations, m.Organisation) // Validate has found it
		if m.UserID == "" {
			m.UserID = madeGUID("user at organisation", strings.ToLower(from.Login+" "+o.ID))
		}
		u.memberships = append(u.memberships, membership{m.UserID, o})
	}
	if u.guid == "" && len(u.memberships) > 0 { // users of iMIS have none
		u.guid = u.memberships[0].userID
	}
	if u.number == 0 {
		sum := sha256.Sum256([]byte(strings.ToLower(from.Login)))
		u.number = 200_000 + (int(sum[0])<<16|int(sum[1])<<8|int(sum[2]))%800_000
	}
	if u.passwordSet.IsZero() {
		u.passwordSet = time.Date(2025, time.September, 1, 8, 30, 0, 0, time.UTC)
	}
	return u
}

// madeGUID makes the same GUID of the same text in every process: version 8, custom (RFC 9562 section 5.8).
func madeGUID(purpose, text string) string {
	b := sha256.Sum256([]byte(purpose + "\x00" + text))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return formatGUID(b[:16])
}

func formatGUID(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func findOrganisation(all []OrganisationConfig, ref string) (OrganisationConfig, bool) {
	i := slices.IndexFunc(all, func(o OrganisationConfig) bool {
		return strings.EqualFold(o.ID, ref) || strings.EqualFold(o.Code, ref)
	})
	if i < 0 || ref == "" {
		return OrganisationConfig{}, false
	}
	return all[i], true
}

// Users returns those who can sign in.
func (s *Server) Users() []User {
	var out []User
	for _, u := range s.users {
		out = append(out, u.User)
	}
	return out
}

func (s *Server) logins() []string {
	var out []string
	for _, u := range s.users {
		out = append(out, u.Login)
	}
	return out
}

func (s *Server) lookupUser(login string) *user {
	return s.byLogin[strings.ToLower(login)]
}

func (u *user) at(organisationID string) (membership, bool) {
	i := slices.IndexFunc(u.memberships, func(m membership) bool {
		return strings.EqualFold(m.organisation.ID, organisationID)
	})
	if i < 0 {
		return membership{}, false
	}
	return u.memberships[i], true
}
