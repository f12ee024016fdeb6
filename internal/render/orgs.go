package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Organisations is the answer of orgs.
type Organisations struct {
	Profile    string
	From       string // the token that they are read from: "ID token"
	Unverified string // why nobody has verified it; "" where somebody has
	Rows       []OrganisationRow
	Types      []sims.OrganisationType // those that were asked for; none: all
	Total      int                     // organisations in the token, of whatever type, each once
	Repeated   int                     // values that say what another says
	Malformed  int                     // values that were left out, since nobody knows their type
	Cut        bool                    // the token names as many as SIMS ID puts into one: there may be more
	Missing    string                  // why there may be none
}

// OrganisationRow is one organisation of a user.
type OrganisationRow struct {
	sims.Membership
	SignedInAt bool     // the one that the user signed in at, which the token is for
	Roles      []string // of the user there
}

func (v Organisations) text(p *printer) {
	if v.Unverified != "" {
		p.para(0, asError, "UNVERIFIED: anybody could have written what follows: "+strings.TrimRight(v.Unverified, ". ")+".")
		p.gap()
	}
	p.para(0, asTitle, v.title())
	switch {
	case len(v.Rows) == 1:
		p.gap()
		p.fields(2, v.Rows[0].fields())
	case len(v.Rows) > 1:
		p.gap()
		v.table(p)
	case v.Missing != "":
		p.gap()
		p.para(2, nil, v.Missing)
	}
	v.remarks(p)
}

// title says how many there are, and which of them the token is for.
func (v Organisations) title() string {
	title := v.counted()
	if n := v.faulty(); n > 0 {
		title += ", and " + count(n, "malformed value")
	}
	return title
}

// faulty counts the rows that are malformed.
func (v Organisations) faulty() int {
	n := 0
	for _, r := range v.Rows {
		if r.Fault != "" {
			n++
		}
	}
	return n
}

func (v Organisations) counted() string {
	switch n := len(v.Rows) - v.faulty(); {
	case v.Total == 0:
		return "No organisations"
	case n == 0 && v.Total == 1:
		return "The one organisation isn't of type " + v.wanted()
	case n == 0:
		return "None of " + strconv.Itoa(v.Total) + " is of type " + v.wanted()
	case n == 1 && v.Total == 1 && v.Rows[0].SignedInAt:
		return "Signed in at one organisation"
	case len(v.Types) > 0:
		return count(n, "organisation") + " of type " + v.wanted() + ", of " + strconv.Itoa(v.Total)
	default:
		return count(n, "organisation")
	}
}

func (v Organisations) wanted() string {
	var names []string
	for _, t := range v.Types {
		if t.Known {
			names = append(names, t.Name)
		} else {
			names = append(names, quoted(t.Letter))
		}
	}
	return strings.Join(names, " or ")
}

func (v Organisations) table(p *printer) {
	var rows [][]string
	var faulty []field
	for _, r := range v.Rows {
		if r.Fault != "" {
			faulty = append(faulty, organisationFields(r.Membership)...)
			continue
		}
		here := ""
		if r.SignedInAt {
			here = "signed in here"
		}
		rows = append(rows, []string{r.OrganisationID, r.TypeWords(), r.UserID, strings.Join(r.Roles, ", "), here})
	}
	if len(rows) > 0 {
		header, body := filled([]string{"Organisation id", "Type", "User id", "Roles", "This token"}, rows)
		p.table(2, header, body)
	}
	if len(faulty) > 0 {
		p.gap()
		p.fields(2, faulty)
	}
}

// filled leaves out columns that are empty in every row.
func filled(header []string, rows [][]string) ([]string, [][]string) {
	var names []string
	kept := make([][]string, len(rows))
	for i, name := range header {
		if !slices.ContainsFunc(rows, func(r []string) bool { return r[i] != "" }) {
			continue
		}
		names = append(names, name)
		for n, r := range rows {
			kept[n] = append(kept[n], r[i])
		}
	}
	return names, kept
}

func (r OrganisationRow) fields() []field {
	list := organisationFields(r.Membership)
	if len(r.Roles) > 0 {
		list = append(list, field{label: "Roles", lines: r.Roles})
	}
	return list
}

// remarks say what the list may be without.
func (v Organisations) remarks(p *printer) {
	if v.Profile != "" && v.From != "token" && v.Total > 0 {
		p.gap()
		p.para(0, asNote, "As the "+v.From+" says. What has changed since shows after the next login.")
	}
	if v.Repeated > 0 {
		p.gap()
		p.para(0, asNote, "Shown once: "+count(v.Repeated, "value")+" of the token "+repeats(v.Repeated)+" what another says.")
	}
	if v.Cut {
		p.gap()
		p.para(0, asWarning, "There may be more: SIMS ID puts at most ten organisations into a token, and this one has just so many. "+
			"Ask SIMS ID for the rest before you tell anybody that an organisation isn't theirs.")
	}
	if v.Malformed > 0 {
		p.gap()
		p.para(0, asWarning, "Left out: "+count(v.Malformed, "malformed value")+", whose type nobody can tell. See it without --type.")
	}
}

func repeats(n int) string {
	if n == 1 {
		return "repeats"
	}
	return "repeat"
}

type orgDoc struct {
	OrganisationID string    `json:"organisation_id,omitempty"`
	UserID         string    `json:"user_id,omitempty"`
	Type           string    `json:"type,omitempty"` // in words
	Types          []typeDoc `json:"types,omitempty"`
	SignedInAt     bool      `json:"signed_in_at"`
	Roles          []string  `json:"roles,omitempty"`
	Raw            string    `json:"raw"`
	Fault          string    `json:"fault,omitempty"`
}

func (v Organisations) docs() []orgDoc {
	docs := []orgDoc{}
	for _, r := range v.Rows {
		o := organisationDocs([]sims.Membership{r.Membership})[0]
		docs = append(docs, orgDoc{o.OrganisationID, o.UserID, o.Type, o.Types, r.SignedInAt, r.Roles, o.Raw, o.Fault})
	}
	return docs
}

func (v Organisations) document() any {
	return struct {
		Schema        string   `json:"schema"`
		Profile       string   `json:"profile,omitempty"`
		From          string   `json:"from,omitempty"`
		Verified      bool     `json:"verified"`
		WhyNot        string   `json:"why_unverified,omitempty"`
		Organisations []orgDoc `json:"organisations"`
		Total         int      `json:"total"`
		Cut           bool     `json:"may_be_cut"`
		Malformed     int      `json:"malformed_left_out,omitempty"`
		Repeated      int      `json:"repeated,omitempty"`
	}{schema("orgs"), v.Profile, v.From, v.Unverified == "", v.Unverified, v.docs(), v.Total, v.Cut, v.Malformed, v.Repeated}
}

// claimSources has the organisations that are shown and nothing else.
func (v Organisations) claimSources() []claimSource {
	var list []sims.Membership
	for _, r := range v.Rows {
		list = append(list, r.Membership)
	}
	return []claimSource{{claims: parts(token.Object{}, list, nil), unverified: v.Unverified}}
}
