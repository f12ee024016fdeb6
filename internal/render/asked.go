package render

import (
	"encoding/json"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Userinfo is the answer of userinfo.
type Userinfo struct {
	Profile     string
	Claims      token.Object
	Signed      []provider.Check // of an answer that came signed; nil: it came as JSON over the provider's connection
	SIMS        bool
	Memberships []sims.Membership
	Compared    bool // with the login's ID token, whose sub is the same
	Differs     []Difference
	Agrees      int      // claims that are the same in both
	Only        []string // claims that the ID token doesn't have
}

// Difference is a claim that userinfo and the ID token don't have alike.
type Difference struct {
	Claim             string
	IDToken, Userinfo string // JSON text
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
	v.comparison(p)
	p.signed(v.Signed)
}

// comparison tells how the answer differs from what the login said.
func (v Userinfo) comparison(p *printer) {
	p.section(0, "Beside the ID token")
	if !v.Compared {
		p.para(2, nil, "The login has none, so that nothing says whether this is the user who signed in.")
		return
	}
	var list []field
	for _, d := range v.Differs {
		f := field{label: d.Claim, st: asWarning}
		for _, l := range p.claimLines(d.Claim, json.RawMessage(d.IDToken)) {
			f.lines = append(f.lines, "ID token  "+l)
		}
		for _, l := range p.claimLines(d.Claim, json.RawMessage(d.Userinfo)) {
			f.lines = append(f.lines, "userinfo  "+l)
		}
		list = append(list, f)
	}
	said := "The same user; " + count(v.Agrees, "claim") + " in both alike"
	switch len(list) {
	case 0:
		said += "."
	case 1:
		said += ", and this one not:"
	default:
		said += ", and these not:"
	}
	p.para(2, nil, said)
	if len(list) > 0 {
		p.gap()
		p.fields(4, list)
	}
}

// signed writes the checks of an answer that came signed.
func (p *printer) signed(checks []provider.Check) {
	if len(checks) == 0 {
		return
	}
	p.section(0, "The answer came signed")
	p.checkRows(2, checks)
}

type differenceDoc struct {
	Claim    string          `json:"claim"`
	IDToken  json.RawMessage `json:"id_token"`
	Userinfo json.RawMessage `json:"userinfo"`
}

func (v Userinfo) document() any {
	var differs []differenceDoc
	for _, d := range v.Differs {
		differs = append(differs, differenceDoc{d.Claim, jsonText(d.IDToken), jsonText(d.Userinfo)})
	}
	return struct {
		Schema        string            `json:"schema"`
		Profile       string            `json:"profile,omitempty"`
		Claims        token.Object      `json:"claims"`
		Organisations []organisationDoc `json:"organisations,omitempty"`
		Subject       *subjectDoc       `json:"subject_parts,omitempty"`
		Compared      bool              `json:"compared_with_id_token"`
		Differs       []differenceDoc   `json:"differs,omitempty"`
		Only          []string          `json:"not_in_id_token,omitempty"`
		Signed        bool              `json:"signed"`
		Checks        []checkDoc        `json:"checks,omitempty"`
	}{
		schema("userinfo"), v.Profile, v.Claims, organisationDocs(v.Memberships), subjectParts(v.Claims, v.SIMS),
		v.Compared, differs, v.Only, len(v.Signed) > 0, checkDocs(v.Signed),
	}
}

// Introspected is the answer of introspect.
type Introspected struct {
	Profile string
	What    string // "access token"
	Result  provider.Introspection
	Note    string   // with whose credentials it was asked
	Why     []string // why it may not be active
	SIMS    bool
}

func (v Introspected) text(p *printer) {
	what := v.What
	if what == "" {
		what = "token"
	}
	if v.Result.Active {
		p.para(0, asTitle, "Active: the provider accepts the "+what)
	} else {
		p.para(0, asError, "Not active: the provider does not accept the "+what)
	}
	p.why(v.Why)
	p.gap()
	asked := v.Result.Via
	if v.Note != "" {
		asked += ", " + v.Note
	}
	list := []field{one("Asked by", asked)}
	if v.Result.Reason != "" {
		list = append(list, one("Its reason", v.Result.Reason))
	}
	p.fields(2, list)
	if len(v.Result.Claims.Members()) > 0 {
		heading := "Its answer"
		if v.Result.Behind {
			heading = "The JWT behind the token"
		}
		p.section(0, heading)
		p.claims(2, v.Result.Claims, v.SIMS)
	}
	if v.Result.Signed != nil {
		p.signed(v.Result.Signed.Checks)
	}
}

// why lists possible reasons: one is told as the reason, several as a choice.
func (p *printer) why(list []string) {
	switch len(list) {
	case 0:
	case 1:
		p.gap()
		p.para(2, nil, sentence(list[0]))
	default:
		p.section(0, "Why that may be")
		for _, w := range list {
			p.item(2, w)
		}
	}
}

// item writes one point of a list.
func (p *printer) item(indent int, s string) {
	p.rows(block{indent, []string{"-"}, nil}, block{indent + 2, wrap(Safe(s), p.width-indent-2), nil})
}

func (v Introspected) document() any {
	var checks []provider.Check
	if v.Result.Signed != nil {
		checks = v.Result.Signed.Checks
	}
	return struct {
		Schema  string       `json:"schema"`
		Profile string       `json:"profile,omitempty"`
		Token   string       `json:"token,omitempty"`
		Active  bool         `json:"active"`
		Reason  string       `json:"reason,omitempty"`
		Why     []string     `json:"why_inactive,omitempty"`
		Via     string       `json:"via,omitempty"`
		Note    string       `json:"note,omitempty"`
		Claims  token.Object `json:"claims,omitzero"`
		Signed  bool         `json:"signed"`
		Checks  []checkDoc   `json:"checks,omitempty"`
		Behind  bool         `json:"jwt_behind_token,omitempty"`
	}{
		schema("introspect"), v.Profile, v.What, v.Result.Active, v.Result.Reason, v.Why, v.Result.Via, v.Note, v.Result.Claims,
		len(checks) > 0, checkDocs(checks), v.Result.Behind,
	}
}
