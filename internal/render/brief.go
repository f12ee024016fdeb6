package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// brief writes a token so that it can be taken in at once. What the tokens above it say too isn't said again.
func (t DecodedToken) brief(p *printer, above []DecodedToken) {
	if !t.heading(p, " (simsid decode --all says why)") {
		return
	}
	p.gap()
	claims := t.claims()
	shown := alike(claims, above)
	p.fields(2, t.facts(p, shown))
	if t.Verification != nil && !t.merelyEnded() {
		if failed := failedOf(t.Verification.Checks); len(failed) > 0 {
			p.section(2, "Checks that failed")
			p.checkRows(4, failed)
		}
	}
	t.user(p, claims, shown)
	t.places(p, claims, shown)
	if !shown("scope") {
		p.scopes(2, sims.GrantedScopes(claims), t.SIMS)
	}
	t.others(p, claims, shown)
	if len(above) > 0 {
		p.gap()
		p.para(2, asNote, "What the "+above[0].Label+" says too isn't repeated.")
	}
}

// heading writes what the token is, and whether anybody has vouched for it; false where nothing in it can be read. why is where to see the reasons
// of checks that were not made, "" where they stand below.
func (t DecodedToken) heading(p *printer, why string) bool {
	name := upperFirst(t.Label)
	switch {
	case t.Opaque != "" || t.JWT == nil:
		p.para(0, asTitle, name+": cannot be read")
		p.para(2, nil, upperFirst(t.Opaque)+".")
		if t.How != "" {
			p.fields(2, []field{one("Told by", t.How)})
		}
		if t.Ask != "" {
			p.gap()
			p.commands([]string{t.Ask})
		}
		t.checks(p)
		return false
	case t.verified():
		p.para(0, asTitle, name+": verified")
		p.para(2, nil, t.tally(why)+".")
	case t.merelyEnded() && !t.hasEnd():
		p.para(0, asError, name+": UNVERIFIED")
		p.para(2, nil, "Its signature holds, and so does every other check; but nobody can tell when it ends: "+
			valueOr(failedOf(t.Verification.Checks)[0].Detail, "it says no time")+".")
	case t.merelyEnded():
		p.para(0, asError, name+": EXPIRED")
		why := valueOr(failedOf(t.Verification.Checks)[0].Detail, "it has expired")
		p.para(2, nil, "Its signature holds, and so does every other check; but "+why+".")
	default:
		p.para(0, asError, name+": UNVERIFIED")
		p.para(2, nil, "Anybody could have written what follows: "+t.reason()+".")
	}
	return true
}

// hasEnd reports whether exp is a time.
func (t DecodedToken) hasEnd() bool {
	_, ok := t.claims().Time("exp")
	return ok
}

// merelyEnded reports whether the token's end is all that is against it.
func (t DecodedToken) merelyEnded() bool {
	if t.Verification == nil {
		return false
	}
	failed := failedOf(t.Verification.Checks)
	return t.signature() == provider.Passed && len(failed) == 1 && failed[0].Name == "expiry"
}

func failedOf(checks []provider.Check) []provider.Check {
	var list []provider.Check
	for _, c := range checks {
		if c.Outcome == provider.Failed {
			list = append(list, c)
		}
	}
	return list
}

// alike tells whether a token above has a claim with the same value.
func alike(claims token.Object, above []DecodedToken) func(string) bool {
	same := map[string]bool{}
	for _, t := range above {
		if t.JWT == nil {
			continue
		}
		differs := map[string]bool{}
		for _, d := range sims.Compare(t.claims(), claims) {
			differs[d.Claim] = len(d.Added)+len(d.Removed) > 0 || !d.List
		}
		for _, m := range claims.Members() {
			if !differs[m.Name] {
				same[m.Name] = true
			}
		}
	}
	return func(name string) bool { return same[name] }
}

// facts are the rows about the token itself.
func (t DecodedToken) facts(p *printer, shown func(string) bool) []field {
	c := t.claims()
	var list []field
	if t.How != "" {
		list = append(list, one("Told by", t.How))
	}
	for _, f := range [][2]string{{"Issuer", "iss"}, {"Audience", "aud"}, {"Client", "client_id"}} {
		if raw, ok := c.Get(f[1]); ok && !shown(f[1]) {
			list = append(list, field{label: f[0], lines: p.claimLines(f[1], raw)})
		}
	}
	begin := "iat"
	if _, ok := c.Get(begin); !ok {
		begin = "nbf"
	}
	for _, f := range [][2]string{{"Begins", begin}, {"Ends", "exp"}} {
		if raw, ok := c.Get(f[1]); ok {
			list = append(list, field{label: f[0], lines: p.claimLines(f[1], raw)})
		}
	}
	if _, ok := c.Get("exp"); !ok {
		list = append(list, one("Ends", "never: it has no exp"))
	}
	label, text := t.signedBy()
	return append(list, one(label, text))
}

// signedBy says by which algorithm and key, as the token has it, and where the key came from, or that it isn't one from there.
func (t DecodedToken) signedBy() (label, text string) {
	label, text = "Signed by", valueOr(t.JWT.Header.Algorithm(), "no algorithm")
	if kid := t.JWT.Header.KeyID(); kid != "" {
		text += ", key " + kid
	}
	switch o := t.signature(); {
	case t.Keys == "":
	case o == provider.Failed:
		label, text = "Signature", text+"; by no key from "+t.Keys
	case o == provider.NotMade:
		label, text = "Signature", text+"; not checked with the keys from "+t.Keys
	default:
		text += ", from " + t.Keys
	}
	return label, text
}

// signature is how the check of the signature came out.
func (t DecodedToken) signature() provider.Outcome {
	if t.Verification != nil {
		for _, c := range t.Verification.Checks {
			if c.Name == "signature" {
				return c.Outcome
			}
		}
	}
	return provider.NotMade
}

func valueOr(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// user writes who the token is about.
func (t DecodedToken) user(p *printer, claims token.Object, shown func(string) bool) {
	var list []field
	add := func(label, value, note string) {
		if value != "" {
			list = append(list, field{label: label, lines: []string{value}, note: note})
		}
	}
	if !shown("name") {
		add("Name", text(claims, "name"), "")
	}
	sub := text(claims, "sub")
	s, five := sims.ParseSubject(sub)
	switch {
	case shown("sub"):
	case t.SIMS && five:
		add("Number", s.NumericID, "the same as providerid")
		add("GUID", s.GUID, "")
		add("Login name", s.LoginName, "personal data")
		add("Provider", s.Provider, "")
		add("Last part", s.Session, "differs from token to token: not a key")
	default:
		add("Subject", sub, "")
	}
	if len(list) == 0 {
		return
	}
	p.section(2, "User"+t.doubt())
	p.oneLiners(4, list)
}

// doubt stands behind headings of claims that nobody has verified.
func (t DecodedToken) doubt() string {
	if t.verified() || t.merelyEnded() {
		return ""
	}
	return " (unverified)"
}

// places writes the organisations, each with the user's roles there, and the roles elsewhere.
func (t DecodedToken) places(p *printer, claims token.Object, shown func(string) bool) {
	if !t.SIMS {
		return
	}
	roles := sims.Roles(claims)
	known := shown("userorganisationidentifier") && shown("userorganisationidentifiers") || len(t.Memberships) == 0 ||
		shown("userorganisationidentifier") != shown("userorganisationidentifiers")
	if !known {
		p.places(2, t.doubt(), t.Memberships, roles)
	}
	if shown("role") {
		return
	}
	var elsewhere []field
	for _, r := range roles {
		if slices.ContainsFunc(t.Memberships, r.At) {
			continue
		}
		where := "names no organisation"
		if r.OrganisationID != "" {
			where = "at " + r.OrganisationID
		}
		elsewhere = append(elsewhere, one(valueOr(r.Name, r.Raw), where))
	}
	if len(elsewhere) > 0 {
		p.section(2, "Roles elsewhere"+t.doubt())
		shown, more := few(elsewhere, "role")
		p.fields(4, shown)
		p.more(4, more)
	}
}

// places is organisations with the roles at each, in as few lines as the width allows.
func (p *printer) places(indent int, doubt string, list []sims.Membership, roles []sims.Role) {
	if len(list) == 1 {
		p.section(indent, "Organisation"+doubt)
		fields := organisationFields(list[0])
		if at := rolesAt(list[0], roles); at != "" {
			fields = append(fields, one("Roles", at))
		}
		p.fields(indent+2, fields)
		return
	}
	const ids = 36
	second := indent + 2 + ids + gutter
	if second+ids > p.width {
		p.organisations(indent, list)
		return
	}
	p.section(indent, "Organisations"+doubt)
	p.row(cell{indent + 2, "Organisation id", asHeader}, cell{second, "User id", asHeader})
	var faulty []field
	list, more := few(list, "organisation")
	for _, m := range list {
		if m.Fault != "" {
			faulty = append(faulty, organisationFields(m)...)
			continue
		}
		words := m.TypeWords()
		if at := rolesAt(m, roles); at != "" {
			words += ", as " + at
		}
		p.row(cell{indent + 2, Safe(m.OrganisationID), nil}, cell{second, Safe(m.UserID), nil})
		p.para(indent+4, asNote, words)
	}
	if len(faulty) > 0 {
		p.fields(indent+2, faulty)
	}
	p.more(indent+2, more)
}

// rolesAt joins the names of the roles at an organisation.
func rolesAt(m sims.Membership, roles []sims.Role) string {
	var names []string
	for _, r := range roles {
		if r.At(m) {
			names = append(names, r.Name)
		}
	}
	return strings.Join(names, ", ")
}

// others writes the claims that nothing above has told of, each with its meaning where that has room.
func (t DecodedToken) others(p *printer, claims token.Object, shown func(string) bool) {
	told := []string{"iss", "aud", "client_id", "exp", "sub", "name", "scope"}
	if t.SIMS {
		told = append(told, "role", "userorganisationidentifier", "userorganisationidentifiers")
	}
	begin := "nbf"
	if _, ok := claims.Get("iat"); ok {
		begin = "iat"
	}
	told = append(told, begin)
	if nbf, _ := claims.Get("nbf"); begin == "iat" && sameJSON(claims, "iat", nbf) {
		told = append(told, "nbf")
	}
	var list []field
	for _, m := range claims.Members() {
		if shown(m.Name) || slices.Contains(told, m.Name) && !t.untold(claims, m.Name, m.Value) {
			continue
		}
		f := field{label: valueOr(m.Name, `""`), lines: p.claimLines(m.Name, m.Value)}
		if len(f.lines) > 3 {
			f.lines = append(f.lines[:2:2], "and "+count(len(f.lines)-2, "more value"))
		}
		f.note = claimMeaning(m.Name, t.SIMS)
		list = append(list, f)
	}
	if len(list) == 0 {
		return
	}
	p.section(2, "Other claims"+t.doubt())
	rows, more := few(list, "claim")
	for i := range rows {
		rows[i] = rows[i].clipped()
	}
	p.oneLiners(4, rows)
	p.more(4, more)
}

// clipped cuts values that fill the screen by themselves.
func (f field) clipped() field {
	const most = 800
	lines := slices.Clone(f.lines)
	for i, l := range lines {
		if n := len(l) - most; n > 0 {
			lines[i] = strings.ToValidUTF8(l[:most], "") + "… and " + count(n, "byte") + " more, which --all shows"
		}
	}
	f.lines = lines
	return f
}

// sameJSON reports whether a claim has this value.
func sameJSON(claims token.Object, name string, value json.RawMessage) bool {
	raw, _ := claims.Get(name)
	return bytes.Equal(raw, value)
}

// untold reports whether a claim that has a place above wasn't shown there, since it is none of its kind: a name that is no text.
func (t DecodedToken) untold(claims token.Object, name string, raw json.RawMessage) bool {
	switch name {
	case "name", "sub":
		return text(claims, name) == ""
	case "scope":
		return sims.GrantedScopes(claims) == nil
	case "userorganisationidentifier", "userorganisationidentifiers":
		return string(raw) == "null" || string(raw) == "[]"
	case "role":
		return string(raw) == "null" || string(raw) == "[]"
	}
	return false
}

// oneLiners are fields whose notes stand behind their values where there is room for the whole, and are left out where there is none.
func (p *printer) oneLiners(indent int, list []field) {
	list = safeFields(list)
	labels := 0
	for _, f := range list {
		if w := width(f.label); w <= p.width*3/8 {
			labels = max(labels, w)
		}
	}
	at := indent + labels + gutter
	notes := at
	for _, f := range list {
		if w := widest(f.lines); f.note != "" && at+w+gutter+width(f.note) <= p.width {
			notes = max(notes, at+w+gutter)
		}
	}
	for _, f := range list {
		fits := len(f.lines) == 1 && width(f.label) <= labels && f.note != "" && max(notes, at+width(f.lines[0])+gutter)+width(f.note) <= p.width
		if !fits {
			f.note = ""
			p.field(indent, columns{value: at}, f)
			continue
		}
		p.row(cell{indent, f.label, asLabel}, cell{at, f.lines[0], f.st}, cell{notes, f.note, asNote})
	}
}
