package render

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// SignedIn is the answer of login.
type SignedIn struct {
	User        string // who signed in, where the token endpoint says it and there is no ID token; foreign text
	NoUser      bool   // the tokens say of no user: they are the client's, or there is no ID token
	Profile     string
	Title       string // "the embedded STS", the kind's or issuer's name
	Issuer      string
	ClientID    string
	Claims      token.Object // verified claims of the ID token
	Memberships []sims.Membership
	SIMS        bool
	Scopes      []string // granted
	Wanted      []string
	Expiry      time.Time
	Refreshable bool
	Own         bool   // the token is the client's own, and is got anew when it ends
	Unkept      bool   // nothing of the login is there after this command
	Where       string // where the tokens are kept
	Findings    []sims.Finding
	Changes     []sims.Difference // from the login before
	ChangedFrom time.Time         // when that one was made
	SignOn      *SignOn           // nil: nothing is to be said of it
	Next        []string          // commands to type next, each with its comment behind two spaces and #
}

func (v SignedIn) text(p *printer) {
	where := v.Title
	if where == "" {
		where = v.Issuer
	}
	headline := "Signed in to " + where
	if who := person(v.Claims); who != "" {
		headline += " as " + who
	}
	switch {
	case v.User != "":
		headline += " as " + v.User
	case v.NoUser:
		headline = "Got an access token from " + where
	}
	p.para(0, asTitle, headline)
	p.gap()

	var list []field
	switch {
	case v.User != "":
		list = []field{one("User name", v.User)}
	case v.NoUser:
		list = []field{one("Client", v.ClientID)}
	case v.SIMS:
		list = v.organisation()
	default:
		list = v.user()
	}
	list = append(list, v.tokens(p)...)
	p.fields(2, list)

	if len(v.Memberships) > 1 {
		p.organisations(0, v.Memberships)
	}
	p.signOn(v.SignOn, v.Claims)
	if len(v.Changes) > 0 {
		p.section(0, "Changed since the login of "+p.moment(v.ChangedFrom))
		p.changed(2, v.Changes)
	}
	p.findings(v.Findings)
	p.next(v.Next)
}

// organisation returns the rows about a SIMS ID user at one organisation, or what to say of none or many.
func (v SignedIn) organisation() []field {
	switch len(v.Memberships) {
	case 0:
		return []field{one("User", text(v.Claims, "sub")), one("Organisation", "none is named in the token")}
	case 1:
		return organisationFields(v.Memberships[0])
	default:
		return []field{one("Organisations", strconv.Itoa(len(v.Memberships))+", listed below")}
	}
}

// user returns the rows about a user of any other provider.
func (v SignedIn) user() []field {
	list := []field{one("Subject", text(v.Claims, "sub"))}
	for _, c := range []struct{ label, name string }{
		{"Name", "name"}, {"User name", "preferred_username"}, {"E-mail", "email"},
	} {
		if s := text(v.Claims, c.name); s != "" {
			list = append(list, one(c.label, s))
		}
	}
	return list
}

// tokens returns the rows about what the login gave.
func (v SignedIn) tokens(p *printer) []field {
	var list []field
	if len(v.Scopes) > 0 {
		list = append(list, one("Scopes", strings.Join(v.Scopes, " ")))
	}
	// For SIMS ID a finding says it, and what to do.
	if missing := v.missing(); len(missing) > 0 && !v.SIMS {
		list = append(list, field{label: "Not granted", lines: []string{strings.Join(missing, " ")}, st: asWarning})
	}
	list = append(list, one("Access token", p.expires(v.Expiry)))
	switch {
	case v.Refreshable && v.Unkept:
		list = append(list, one("Refresh token", "granted, but not kept; the login ends with this command"))
	case v.Refreshable:
		list = append(list, one("Refresh token", "granted; the login outlives the access token"))
	case v.Own:
		list = append(list, one("Refresh token", "none; another token is got by the client's secret"))
	case v.Unkept:
		list = append(list, one("Refresh token", "none was granted; the login ends with this command"))
	default:
		list = append(list, one("Refresh token", "none was granted; the login ends with the access token"))
	}
	return append(list, place("Kept in", v.Where))
}

// missing returns the scopes that were asked for and not granted; none when it isn't known what was granted.
func (v SignedIn) missing() []string {
	if v.Scopes == nil {
		return nil
	}
	var list []string
	for _, s := range v.Wanted {
		if !slices.Contains(v.Scopes, s) {
			list = append(list, s)
		}
	}
	return list
}

func (v SignedIn) document() any {
	return struct {
		Schema        string            `json:"schema"`
		Profile       string            `json:"profile,omitempty"`
		Provider      string            `json:"provider,omitempty"`
		Issuer        string            `json:"issuer,omitempty"`
		ClientID      string            `json:"client_id,omitempty"`
		Subject       string            `json:"subject,omitempty"`
		Name          string            `json:"name,omitempty"`
		UserName      string            `json:"user_name,omitempty"`
		Email         string            `json:"email,omitempty"`
		Organisations []organisationDoc `json:"organisations,omitempty"`
		Scopes        []string          `json:"scopes,omitempty"`
		NotGranted    []string          `json:"scopes_not_granted,omitempty"`
		ExpiresAt     string            `json:"expires_at,omitempty"`
		Refreshable   bool              `json:"refreshable"`
		KeptIn        string            `json:"kept_in,omitempty"`
		Claims        token.Object      `json:"claims,omitzero"`
		Changes       []changeDoc       `json:"changes,omitempty"`
		ChangedSince  string            `json:"changed_since,omitempty"`
		Findings      []findingDoc      `json:"findings,omitempty"`
		SignOn        []signOnDoc       `json:"sign_on,omitempty"`
	}{
		schema("login"), v.Profile, v.Title, v.Issuer, v.ClientID,
		text(v.Claims, "sub"), text(v.Claims, "name"), v.User, text(v.Claims, "email"),
		organisationDocs(v.Memberships), v.Scopes, v.missing(), stamp(v.Expiry), v.Refreshable && !v.Unkept, v.Where,
		v.Claims, changeDocs(v.Changes), stamp(v.ChangedFrom), findingDocs(v.Findings),
		signOnDocs(v.SignOn, v.Claims),
	}
}
