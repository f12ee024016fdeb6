package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Scanned is one token that scan found in a text.
type Scanned struct {
	File    string // "" for standard input
	Line    int64
	Kind    token.Kind
	Problem string // what is wrong with one that can't be read; nothing below is set then
	// Header and Claims are JSON objects. Plain says that both are printable ASCII on one line.
	Header, Claims  json.RawMessage
	Plain           bool
	Issuer, Subject string
	Expiry          time.Time // zero: none
	Expired         bool
	Memberships     []sims.Membership
	// Signature is nil where none was checked, else whether it holds; Why says why it doesn't.
	Signature *bool
	Why       string
}

func (v Scanned) text(p *printer) {
	where := "Line " + strconv.FormatInt(v.Line, 10)
	if v.File != "" {
		where = v.File + ", line " + strconv.FormatInt(v.Line, 10)
	}
	title, st := where+": "+kindWords(v.Kind), style(asTitle)
	if v.Signature != nil && !*v.Signature {
		title, st = title+", NOT VERIFIED", asError
	} else if v.verified() {
		title += ", signature verified"
	}
	p.para(0, st, title)
	if v.Problem != "" {
		p.para(2, nil, upperFirst(v.Problem)+".")
		return
	}
	var list []field
	if v.Why != "" {
		list = append(list, field{label: "Signature", lines: []string{v.Why}, st: asError})
	}
	for _, f := range []field{one("Issuer", v.Issuer), one("Subject", v.Subject)} {
		if f.lines[0] != "" {
			list = append(list, f)
		}
	}
	switch {
	case v.Expiry.IsZero():
	case v.Expired:
		list = append(list, one("Expired", p.moment(v.Expiry)))
	default:
		list = append(list, field{label: "Expires", lines: []string{p.moment(v.Expiry)}, st: asWarning})
	}
	for _, m := range v.Memberships {
		if m.Fault != "" {
			list = append(list, field{label: "Organisation", lines: []string{quoted(m.Raw) + " " + m.Fault}, st: asWarning})
		} else {
			list = append(list, one("Organisation", m.OrganisationID+" ("+m.TypeWords()+")"))
		}
	}
	p.fields(2, list)
}

// kindWords says what a token is, for people.
func kindWords(k token.Kind) string {
	if k == "broken_token" {
		return "something like a JWT"
	}
	return k.Words()
}

// verified reports whether somebody's keys say that the claims are the issuer's.
func (v Scanned) verified() bool { return v.Signature != nil && *v.Signature }

// whyNot says why the claims aren't verified.
func (v Scanned) whyNot() string {
	switch {
	case v.Why != "":
		return v.Why
	case v.Problem != "":
		return v.Problem
	case v.Kind == token.KindEncrypted:
		return "only its recipient can read it"
	}
	return "no keys were named to check it with"
}

// scanDoc is a Scanned for programs. As in a decodedDoc, what nobody verified lies one step deeper.
type scanDoc struct {
	Schema   string       `json:"schema"`
	File     string       `json:"file,omitempty"`
	Line     int64        `json:"line"`
	Kind     string       `json:"kind"`
	Problem  string       `json:"problem,omitempty"`
	Header   token.Object `json:"header,omitzero"`
	Verified bool         `json:"verified"`
	WhyNot   string       `json:"why_unverified,omitempty"`
	*scannedDoc
	Unverified *scannedDoc `json:"unverified,omitempty"`
}

// scannedDoc is what a token says.
type scannedDoc struct {
	Issuer        string            `json:"issuer,omitempty"`
	Subject       string            `json:"subject,omitempty"`
	Expires       string            `json:"expires,omitempty"`
	Expired       bool              `json:"expired"`
	Organisations []organisationDoc `json:"organisations,omitempty"`
	Claims        token.Object      `json:"claims"`
}

func (v Scanned) document() any {
	d := scanDoc{Schema: schema("scan"), File: v.File, Line: v.Line, Kind: string(v.Kind), Problem: v.Problem, Verified: v.verified()}
	if !d.Verified {
		d.WhyNot = v.whyNot()
	}
	if v.Claims == nil {
		return d
	}
	d.Header, _ = token.ParseObject(v.Header) // the text of an object that was parsed
	content := &scannedDoc{
		Issuer: v.Issuer, Subject: v.Subject, Expires: stamp(v.Expiry), Expired: v.Expired, Organisations: organisationDocs(v.Memberships),
	}
	content.Claims, _ = token.ParseObject(v.Claims)
	if d.Verified {
		d.scannedDoc = content
	} else {
		d.Unverified = content
	}
	return d
}

// claimSources makes a Scanned something that one claim can be asked of.
func (v Scanned) claimSources() []claimSource {
	claims, err := token.ParseObject(v.Claims)
	if err != nil {
		return nil
	}
	s := claimSource{claims: claims}
	if !v.verified() {
		s.unverified = v.whyNot()
	}
	if v.Signature != nil && !*v.Signature {
		s.failed = []string{"signature"}
	}
	orgs := s
	orgs.claims = parts(claims, v.Memberships, nil)
	return []claimSource{s, orgs}
}

// AppendLine appends what Write writes with JSON and Line, in a fraction of the time where the token is Plain: it is for millions
// of them.
func (v Scanned) AppendLine(dst []byte) ([]byte, error) {
	if !v.Plain || v.Claims == nil || slices.ContainsFunc(v.Memberships, func(m sims.Membership) bool { return m.Fault != "" }) {
		line, err := encode(v.document(), "")
		return append(dst, line...), err
	}
	dst = append(dst, `{"schema":"simsid.scan/1"`...)
	if v.File != "" {
		dst = appendText(append(dst, `,"file":`...), v.File)
	}
	dst = append(dst, `,"line":`...)
	dst = strconv.AppendInt(dst, v.Line, 10)
	dst = append(append(append(dst, `,"kind":"`...), v.Kind...), `","header":`...)
	dst = append(dst, v.Header...)
	end := `}`
	if v.verified() {
		dst = append(dst, `,"verified":true,`...)
	} else {
		dst = appendText(append(dst, `,"verified":false,"why_unverified":`...), v.whyNot())
		dst = append(dst, `,"unverified":{`...)
		end = `}}`
	}
	if v.Issuer != "" {
		dst = append(appendText(append(dst, `"issuer":`...), v.Issuer), ',')
	}
	if v.Subject != "" {
		dst = append(appendText(append(dst, `"subject":`...), v.Subject), ',')
	}
	if !v.Expiry.IsZero() {
		dst = append(dst, `"expires":"`...)
		dst = v.Expiry.UTC().AppendFormat(dst, time.RFC3339)
		dst = append(dst, `",`...)
	}
	if v.Expired {
		dst = append(dst, `"expired":true,`...)
	} else {
		dst = append(dst, `"expired":false,`...)
	}
	if len(v.Memberships) > 0 {
		dst = append(appendOrganisations(append(dst, `"organisations":`...), v.Memberships), ',')
	}
	dst = append(append(dst, `"claims":`...), v.Claims...)
	return append(append(dst, end...), '\n'), nil
}

// appendOrganisations appends organisationDocs of well-formed values.
func appendOrganisations(dst []byte, list []sims.Membership) []byte {
	for i, m := range list {
		dst = append(dst, ",{"...)
		if i == 0 {
			dst[len(dst)-2] = '['
		}
		dst = appendText(append(dst, `"organisation_id":`...), m.OrganisationID)
		dst = appendText(append(dst, `,"user_id":`...), m.UserID)
		words := ""
		if len(m.Types) == 1 && m.Types[0].Known {
			words = m.Types[0].Name // as most have it
		} else {
			words = m.TypeWords()
		}
		dst = appendText(append(dst, `,"type":`...), words)
		for j, t := range m.Types {
			if j == 0 {
				dst = append(dst, `,"types":[`...)
			} else {
				dst = append(dst, ',')
			}
			dst = appendText(append(dst, `{"letter":`...), t.Letter)
			dst = appendText(append(dst, `,"name":`...), t.Name)
			if t.Known {
				dst = append(dst, `,"known":true}`...)
			} else {
				dst = append(dst, `,"known":false}`...)
			}
		}
		dst = append(dst, `],"raw":`...)
		dst = append(appendText(dst, m.Raw), '}')
	}
	return append(dst, ']')
}

// selfChars has a 1 for each printable character of ASCII that stands for itself in a JSON string.
const selfChars = selfZeros +
	"\x01\x01" + "\x00" + // not the quotation mark
	selfOnes + "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" + "\x00" + // nor the backslash
	selfOnes + "\x01\x01" + "\x00" + // nor DEL
	selfZeros + selfZeros + selfZeros + selfZeros

const (
	selfZeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	selfOnes  = "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"
)

// appendText appends a string as encode writes it.
func appendText(dst []byte, s string) []byte {
	i := 0
	for i+4 <= len(s) && selfChars[s[i]]&selfChars[s[i+1]]&selfChars[s[i+2]]&selfChars[s[i+3]] != 0 {
		i += 4
	}
	for i < len(s) && selfChars[s[i]] != 0 {
		i++
	}
	if i < len(s) {
		b, err := encode(s, "")
		if err != nil {
			return append(dst, `""`...) // cannot be: a string always encodes
		}
		return append(dst, bytes.TrimSuffix(b, []byte("\n"))...)
	}
	return append(append(append(dst, '"'), s...), '"')
}
