package render

import (
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Userinfo is the answer of userinfo.
type Userinfo struct {
	Profile     string
	Claims      token.Object
	SIMS        bool
	Memberships []sims.Membership
}

func (v Userinfo) text(p *printer) {
	who := person(v.Claims)
	if who == "" {
		who = "the signed-in user"
	}
	p.para(0, asTitle, "What the provider says of "+who)
	p.gap()
	p.claims(2, v.Claims, v.SIMS)
	p.organisations(0, v.Memberships)
	if v.SIMS {
		p.subject(0, text(v.Claims, "sub"))
	}
}

func (v Userinfo) document() any {
	return struct {
		Schema        string            `json:"schema"`
		Profile       string            `json:"profile,omitempty"`
		Claims        token.Object      `json:"claims"`
		Organisations []organisationDoc `json:"organisations,omitempty"`
		Subject       *subjectDoc       `json:"subject_parts,omitempty"`
	}{schema("userinfo"), v.Profile, v.Claims, organisationDocs(v.Memberships), subjectParts(v.Claims, v.SIMS)}
}

// Introspected is the answer of introspect.
type Introspected struct {
	Profile string
	Result  provider.Introspection
	Note    string // by which way it was asked, and why
	SIMS    bool
}

func (v Introspected) text(p *printer) {
	if v.Result.Active {
		p.para(0, asTitle, "Active: the provider accepts the token")
	} else {
		p.para(0, asError, "Not active: the provider does not accept the token")
	}
	p.gap()
	var list []field
	if v.Result.Reason != "" {
		list = append(list, one("Reason", v.Result.Reason))
	}
	if v.Result.Via != "" {
		list = append(list, one("Asked by", v.Result.Via))
	}
	if v.Note != "" {
		list = append(list, one("Note", v.Note))
	}
	p.fields(2, list)
	if len(v.Result.Claims.Members()) > 0 {
		p.section(0, "Its answer")
		p.claims(2, v.Result.Claims, v.SIMS)
	}
}

func (v Introspected) document() any {
	return struct {
		Schema  string       `json:"schema"`
		Profile string       `json:"profile,omitempty"`
		Active  bool         `json:"active"`
		Reason  string       `json:"reason,omitempty"`
		Via     string       `json:"via,omitempty"`
		Note    string       `json:"note,omitempty"`
		Claims  token.Object `json:"claims,omitzero"`
	}{schema("introspect"), v.Profile, v.Result.Active, v.Result.Reason, v.Result.Via, v.Note, v.Result.Claims}
}
