package render

import (
	"strings"
	"time"

	"github.com/simsid/simsid/internal/sims"
)

// Status is the answer of status.
type Status struct {
	Rows []StatusRow
}

// StatusRow is one profile.
type StatusRow struct {
	Profile      string
	Default      bool
	Kind         string
	Issuer       string
	State        string   // "signed in", "expired, can refresh", "expired", "ended", "signed out", "withheld", "not used yet", "no answer yet"
	Why          string   // it is withheld, or nothing came of it yet
	Next         []string // what mends that
	Subject      string
	Name         string
	Organisation string            // in words
	Memberships  []sims.Membership // the same for programs
	Expiry       time.Time
	SignedInAt   time.Time
	RefreshEnds  time.Time // when the refresh token ends, as far as its lifetime is known
	Store        string
}

func (v Status) text(p *printer) {
	if len(v.Rows) == 0 {
		p.noProfiles()
		return
	}
	for _, r := range v.Rows {
		p.gap()
		r.text(p)
	}
}

func (r StatusRow) text(p *printer) {
	st := style(nil)
	switch {
	case strings.HasPrefix(r.State, "signed in"):
		st = asTitle
	case strings.HasPrefix(r.State, "expired"), strings.HasPrefix(r.State, "ended"), r.Why != "":
		st = asWarning
	}
	p.named(r.Profile, r.Default, r.State, st)
	if r.Why != "" {
		p.para(2, nil, Safe(r.Why))
	}
	for _, line := range r.Next {
		p.para(4, nil, Safe(line))
	}
	var list []field
	add := func(label, value string) {
		if value != "" {
			list = append(list, one(label, value))
		}
	}
	who := r.Name
	if who == "" {
		who = r.Subject
	}
	add("User", who)
	add("Organisation", r.Organisation)
	if !r.Expiry.IsZero() {
		add("Access token", p.expires(r.Expiry))
	}
	if !r.RefreshEnds.IsZero() {
		add("Refresh token", p.expires(r.RefreshEnds))
	}
	if !r.SignedInAt.IsZero() {
		add("Signed in", p.moment(r.SignedInAt))
	}
	add("Provider", providerName(r.Kind, r.Issuer))
	add("Kept in", r.Store)
	p.fields(2, list)
}

// named writes the headline of one profile of several: its name, whether it is the default one, and its state.
func (p *printer) named(name string, isDefault bool, state string, st style) {
	head := Safe(name)
	if isDefault {
		head += " (default)"
	}
	if state == "" {
		p.para(0, asHeading, head)
		return
	}
	p.rows(block{0, []string{head + ":"}, asHeading}, block{width(head) + 2, []string{Safe(state)}, st})
}

// providerName names a provider by its issuer and kind.
func providerName(kind, issuer string) string {
	switch {
	case issuer == "":
		return kind
	case kind == "":
		return issuer
	default:
		return issuer + " (" + kind + ")"
	}
}

// noProfiles says how to begin.
func (p *printer) noProfiles() {
	p.para(0, asTitle, "No profiles yet")
	p.gap()
	p.para(0, nil, "Start with one of these:")
	p.gap()
	p.commands([]string{
		"simsid login --emulator  # sign in to the STS inside this program",
		"simsid profile add NAME  # name a provider of your own",
	})
}

type statusDoc struct {
	Profile       string            `json:"profile"`
	Default       bool              `json:"default"`
	Kind          string            `json:"kind,omitempty"`
	Issuer        string            `json:"issuer,omitempty"`
	State         string            `json:"state"`
	Why           string            `json:"why,omitempty"`
	Next          []string          `json:"next,omitempty"`
	Subject       string            `json:"subject,omitempty"`
	Name          string            `json:"name,omitempty"`
	Organisation  string            `json:"organisation,omitempty"` // in words
	Organisations []organisationDoc `json:"organisations,omitempty"`
	ExpiresAt     string            `json:"expires_at,omitempty"`
	SignedInAt    string            `json:"signed_in_at,omitempty"`
	RefreshEnds   string            `json:"refresh_ends_at,omitempty"`
	Store         string            `json:"store,omitempty"`
}

func (v Status) document() any {
	rows := []statusDoc{}
	for _, r := range v.Rows {
		rows = append(rows, statusDoc{
			r.Profile, r.Default, r.Kind, r.Issuer, r.State, r.Why, r.Next, r.Subject, r.Name, r.Organisation,
			organisationDocs(r.Memberships), stamp(r.Expiry), stamp(r.SignedInAt), stamp(r.RefreshEnds), r.Store,
		})
	}
	return struct {
		Schema   string      `json:"schema"`
		Profiles []statusDoc `json:"profiles"`
	}{schema("status"), rows}
}
