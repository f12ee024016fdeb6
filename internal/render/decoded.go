package render

import (
	"fmt"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Decoded is the answer of decode: one or two tokens.
type Decoded struct {
	Tokens   []DecodedToken
	Findings []sims.Finding
	Expected []sims.Met
	All      bool   // every claim with its meaning and every check, and not only what can be taken in at once
	More     string // the command that shows all; "" for none
}

// DecodedToken is one token explained.
type DecodedToken struct {
	Label        string // "access token", "ID token", "token"
	Kind         token.Kind
	How          string // how the kind was told
	Opaque       string // set for a token that isn't a JWT: what it is, in words
	Ask          string // the command that asks the provider about it, with its comment; "" for none
	JWT          *token.JWT
	Verification *provider.Verification // nil: none was made
	Unverified   string                 // why the claims aren't verified; "" when they are
	Keys         string                 // where the key came from: "keys.json"
	SIMS         bool
	Memberships  []sims.Membership
}

func (v Decoded) text(p *printer) {
	for i, t := range v.Tokens {
		p.gap()
		if v.All {
			t.text(p)
		} else {
			t.brief(p, v.Tokens[:i])
		}
	}
	if v.All {
		p.findings(v.Findings)
	} else {
		p.briefFindings(v.Findings)
	}
	p.expected(v.Expected)
	if !v.All && v.More != "" {
		p.section(0, "More")
		p.commands([]string{v.More})
	}
}

// verified reports whether the claims may be called so: every sign of it must agree.
func (t DecodedToken) verified() bool {
	return t.Verification != nil && t.Verification.Claims != nil && t.Unverified == ""
}

// claims returns the claims, verified or not.
func (t DecodedToken) claims() token.Object {
	switch {
	case t.verified():
		return t.Verification.Claims.Object
	case t.JWT != nil:
		return t.JWT.Claims.Object
	default:
		return token.Object{}
	}
}

func (t DecodedToken) text(p *printer) {
	if !t.heading(p, "") {
		return
	}
	if t.How != "" {
		p.fields(2, []field{one("Told by", t.How)})
	}
	p.section(2, "Header")
	p.fields(4, headerFields(t.JWT.Header))
	p.section(2, "Claims"+t.doubt())
	claims := t.claims()
	p.claims(4, claims, t.SIMS)
	t.identity(p, claims)
	t.checks(p)
}

// identity writes what the claims say in their compound values.
func (t DecodedToken) identity(p *printer, claims token.Object) {
	t.places(p, claims, func(string) bool { return false })
	if t.SIMS {
		p.subject(2, text(claims, "sub"))
	}
	p.scopes(2, sims.GrantedScopes(claims), t.SIMS)
}

// reason says why the claims aren't verified.
func (t DecodedToken) reason() string {
	if t.Unverified != "" {
		return strings.TrimRight(t.Unverified, ". ")
	}
	if t.Verification != nil {
		return "not every check was passed"
	}
	return "no check was made"
}

// tally counts the checks in words; why follows the number of those that were not made.
func (t DecodedToken) tally(why string) string {
	n := map[provider.Outcome]int{}
	for _, c := range t.Verification.Checks {
		n[c.Outcome]++
	}
	s := count(n[provider.Passed], "check") + " passed"
	if n[provider.NotMade] > 0 {
		s += fmt.Sprintf(", %d not made%s", n[provider.NotMade], why)
	}
	return s
}

func headerFields(h token.Header) []field {
	var list []field
	for _, m := range h.Members() {
		list = append(list, field{label: m.Name, lines: []string{valueText(m.Value)}, note: headerMeaning(m.Name)})
	}
	return list
}

// headerMeaning explains the members of a header (RFC 7515 section 4.1).
func headerMeaning(name string) string {
	switch name {
	case "alg":
		return "how it is signed"
	case "typ":
		return "what kind of token it is"
	case "kid":
		return "which key signed it"
	case "x5t":
		return "the fingerprint of the key's certificate"
	case "jku", "jwk", "x5u", "x5c":
		return "a key that it brings along: never used"
	default:
		return ""
	}
}

// checks writes the rows of a verification.
func (t DecodedToken) checks(p *printer) {
	if t.Verification == nil || len(t.Verification.Checks) == 0 {
		return
	}
	p.section(2, "Checks")
	p.checkRows(4, t.Verification.Checks)
}

// checkRows writes how each check went.
func (p *printer) checkRows(indent int, checks []provider.Check) {
	names := 0
	for _, c := range checks {
		names = max(names, width(Safe(c.Name)))
	}
	at := indent + len("not made") + gutter
	for _, c := range checks {
		outcome, st := string(c.Outcome), style(nil)
		if c.Outcome == provider.Failed {
			outcome, st = "FAILED", asError
		}
		detail := at + min(names, 24) + gutter
		var lines []string
		for _, l := range checkLines(c) {
			lines = append(lines, wrap(Safe(l), p.width-detail)...)
		}
		p.rows(
			block{indent, []string{Safe(outcome)}, st},
			block{at, wrap(Safe(c.Name), detail-at-2), nil},
			block{detail, lines, nil},
		)
	}
}

// checkLines says how a check went.
func checkLines(c provider.Check) []string {
	var lines []string
	if c.Outcome == provider.Failed {
		if c.Expected != "" {
			lines = append(lines, "expected "+quoted(c.Expected))
		}
		if c.Got != "" || c.Expected != "" {
			lines = append(lines, "got "+quoted(c.Got))
		}
	}
	if c.Detail != "" {
		lines = append(lines, c.Detail)
	}
	if c.Outcome == provider.Failed && c.Source != "" {
		lines = append(lines, "see "+c.Source)
	}
	if len(lines) == 0 && c.Got != "" {
		lines = append(lines, c.Got)
	}
	return lines
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' { // iMIS is spelled so
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// decodedDoc is a DecodedToken for programs. What comes from claims that weren't verified lies one step deeper, so that no
// script takes it for verified by oversight.
type decodedDoc struct {
	Label  string       `json:"label,omitempty"`
	Kind   string       `json:"kind,omitempty"`    // "access_token", "id_token", "handle", ...
	ToldBy string       `json:"told_by,omitempty"` // how the kind was told
	Form   string       `json:"form"`              // "jwt", "opaque"
	About  string       `json:"about,omitempty"`
	Header token.Object `json:"header,omitzero"`

	Verified bool   `json:"verified"`
	WhyNot   string `json:"why_unverified,omitempty"`
	*contentDoc
	Unverified *contentDoc `json:"unverified,omitempty"`

	KeysFrom string     `json:"keys_from,omitempty"`
	Checks   []checkDoc `json:"checks,omitempty"`
}

// contentDoc is what a token says.
type contentDoc struct {
	Claims        token.Object      `json:"claims"`
	Organisations []organisationDoc `json:"organisations,omitempty"`
	Roles         []roleDoc         `json:"roles,omitempty"`
	Subject       *subjectDoc       `json:"subject_parts,omitempty"`
	Scopes        []string          `json:"scopes,omitempty"`
}

// roleDoc is a sims.Role for programs.
type roleDoc struct {
	Raw            string `json:"raw"`
	Name           string `json:"name,omitempty"`
	OrganisationID string `json:"organisation_id,omitempty"`
}

func roleDocs(claims token.Object, simsID bool) []roleDoc {
	if !simsID {
		return nil
	}
	var docs []roleDoc
	for _, r := range sims.Roles(claims) {
		docs = append(docs, roleDoc(r))
	}
	return docs
}

type checkDoc struct {
	Name     string `json:"name"`
	Outcome  string `json:"outcome"` // "passed", "failed", "not made"
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Source   string `json:"source,omitempty"`
}

func checkDocs(checks []provider.Check) []checkDoc {
	var docs []checkDoc
	for _, c := range checks {
		docs = append(docs, checkDoc{c.Name, string(c.Outcome), c.Expected, c.Got, c.Detail, c.Source})
	}
	return docs
}

func (v Decoded) document() any {
	docs := []decodedDoc{}
	for _, t := range v.Tokens {
		docs = append(docs, t.doc())
	}
	return struct {
		Schema   string        `json:"schema"`
		Tokens   []decodedDoc  `json:"tokens"`
		Findings []findingDoc  `json:"findings,omitempty"`
		Expected []expectedDoc `json:"expected,omitempty"`
	}{schema("decode"), docs, findingDocs(v.Findings), expectedDocs(v.Expected)}
}

func (t DecodedToken) doc() decodedDoc {
	d := decodedDoc{
		Label: t.Label, Kind: string(t.Kind), ToldBy: t.How, Form: "jwt", About: t.Opaque, Verified: t.verified(), KeysFrom: t.Keys,
	}
	if t.Verification != nil {
		d.Checks = checkDocs(t.Verification.Checks)
	}
	if !d.Verified {
		d.WhyNot = t.reason()
	}
	if t.Opaque != "" || t.JWT == nil {
		d.Form = "opaque"
		return d
	}
	claims := t.claims()
	d.Header = t.JWT.Header.Object
	content := &contentDoc{
		claims, organisationDocs(t.Memberships), roleDocs(claims, t.SIMS), subjectParts(claims, t.SIMS), sims.GrantedScopes(claims),
	}
	if d.Verified {
		d.contentDoc = content
	} else {
		d.Unverified = content
	}
	return d
}
