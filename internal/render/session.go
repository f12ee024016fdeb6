package render

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Token is the answer of token: in text the bare token and a line break.
type Token struct {
	Profile   string
	Kind      string // "access_token", "id_token"
	Value     token.Secret
	TokenType string
	Expiry    time.Time
	Scopes    []string
}

func (v Token) text(p *printer) { p.bare(0, nil, v.Value.Reveal()) }

func (v Token) document() any {
	return struct {
		Schema    string   `json:"schema"`
		Profile   string   `json:"profile,omitempty"`
		Kind      string   `json:"kind,omitempty"`
		Token     string   `json:"token"`
		TokenType string   `json:"token_type,omitempty"`
		ExpiresAt string   `json:"expires_at,omitempty"`
		Scopes    []string `json:"scopes,omitempty"`
	}{schema("token"), v.Profile, v.Kind, v.Value.Reveal(), v.TokenType, stamp(v.Expiry), v.Scopes}
}

// Change is one claim that a refresh changed.
type Change struct {
	Claim       string
	Before, Now string // JSON text; "" for absent
}

// Refreshed is the answer of refresh.
type Refreshed struct {
	Profile   string
	Refreshed bool // false: another process had done it
	Expiry    time.Time
	Rotated   bool // a new refresh token came
	Changes   []Change
	Where     string
}

func (v Refreshed) text(p *printer) {
	if v.Refreshed {
		p.para(0, asTitle, "Refreshed the login of profile "+v.Profile)
	} else {
		p.para(0, asTitle, "Already refreshed: another process did it for profile "+v.Profile)
	}
	p.gap()
	list := []field{one("Access token", p.expires(v.Expiry))}
	if v.Refreshed && v.Rotated {
		list = append(list, one("Refresh token", "replaced by a new one"))
	} else if v.Refreshed {
		list = append(list, one("Refresh token", "still the same"))
	}
	if v.Where != "" {
		list = append(list, one("Kept in", v.Where))
	}
	p.fields(2, list)
	if !v.Refreshed {
		return
	}
	p.section(0, "Changed claims")
	if len(v.Changes) == 0 {
		p.para(2, nil, "none")
		return
	}
	var changes []field
	for _, c := range v.Changes {
		lines := append(p.changeLines("was ", c.Claim, c.Before), p.changeLines("now ", c.Claim, c.Now)...)
		changes = append(changes, field{label: c.Claim, lines: lines})
	}
	p.fields(2, changes)
}

// changeLines writes one side of a change, the lines of an array underneath each other.
func (p *printer) changeLines(word, claim, text string) []string {
	if text == "" {
		return []string{word + "absent"}
	}
	lines := p.claimLines(claim, json.RawMessage(text))
	for i := range lines {
		lines[i] = word + lines[i]
		word = strings.Repeat(" ", len(word))
	}
	return lines
}

type changeDoc struct {
	Claim  string          `json:"claim"`
	Before json.RawMessage `json:"before,omitempty"` // missing: absent
	Now    json.RawMessage `json:"now,omitempty"`
}

func (v Refreshed) document() any {
	changes := []changeDoc{}
	for _, c := range v.Changes {
		changes = append(changes, changeDoc{c.Claim, jsonText(c.Before), jsonText(c.Now)})
	}
	return struct {
		Schema    string      `json:"schema"`
		Profile   string      `json:"profile,omitempty"`
		Refreshed bool        `json:"refreshed"`
		ExpiresAt string      `json:"expires_at,omitempty"`
		Rotated   bool        `json:"refresh_token_rotated"`
		Changes   []changeDoc `json:"changes"`
		KeptIn    string      `json:"kept_in,omitempty"`
	}{schema("refresh"), v.Profile, v.Refreshed, stamp(v.Expiry), v.Rotated, changes, v.Where}
}

// jsonText takes JSON text as it is, and any other text as a JSON string.
func jsonText(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	b, err := json.Marshal(text)
	if err != nil { // a string always encodes
		return nil
	}
	return b
}

// Revoked is the answer of revoke.
type Revoked struct {
	Profile string
	What    string   // "refresh token"
	Notes   []string // what the server does with it in truth
}

func (v Revoked) text(p *printer) {
	p.para(0, asTitle, "Revoked the "+v.What+" of profile "+v.Profile)
	p.notes(v.Notes)
}

// notes writes sentences one per paragraph.
func (p *printer) notes(list []string) {
	for _, n := range list {
		p.gap()
		p.para(2, nil, n)
	}
}

func (v Revoked) document() any {
	return struct {
		Schema  string   `json:"schema"`
		Profile string   `json:"profile,omitempty"`
		Revoked string   `json:"revoked"`
		Notes   []string `json:"notes,omitempty"`
	}{schema("revoke"), v.Profile, v.What, v.Notes}
}

// LoggedOut is the answer of logout.
type LoggedOut struct {
	Profile string
	Steps   []Step
	Notes   []string // what goes on being valid, and elsewhere isn't any more
}

// Step is one thing that was done or not.
type Step struct {
	What   string // "refresh token revoked"
	Done   bool
	Detail string
}

func (v LoggedOut) text(p *printer) {
	p.para(0, asTitle, "Signed out of profile "+v.Profile)
	if len(v.Steps) == 0 {
		return
	}
	p.gap()
	var list []field
	for _, s := range v.Steps {
		lines := []string{s.What}
		if s.Detail != "" {
			lines = append(lines, s.Detail)
		}
		f := field{label: "done", lines: lines}
		if !s.Done {
			f.label, f.st = "not done", asWarning
		}
		list = append(list, f)
	}
	p.fields(2, list)
	p.notes(v.Notes)
}

type stepDoc struct {
	What   string `json:"what"`
	Done   bool   `json:"done"`
	Detail string `json:"detail,omitempty"`
}

type loggedOutDoc struct {
	Schema  string    `json:"schema"`
	Profile string    `json:"profile,omitempty"`
	Steps   []stepDoc `json:"steps"`
	Notes   []string  `json:"notes,omitempty"`
}

func (v LoggedOut) doc() loggedOutDoc {
	steps := []stepDoc{}
	for _, s := range v.Steps {
		steps = append(steps, stepDoc(s))
	}
	return loggedOutDoc{schema("logout"), v.Profile, steps, v.Notes}
}

func (v LoggedOut) document() any { return v.doc() }

// LoggedOutAll is the answer of logout --all.
type LoggedOutAll struct {
	Profiles []LoggedOut
}

func (v LoggedOutAll) text(p *printer) {
	if len(v.Profiles) == 0 {
		p.para(0, asTitle, "Nobody was signed out")
	}
	for _, o := range v.Profiles {
		p.gap()
		o.text(p)
	}
}

func (v LoggedOutAll) document() any {
	list := []loggedOutDoc{}
	for _, o := range v.Profiles {
		list = append(list, o.doc())
	}
	return struct {
		Schema   string         `json:"schema"`
		Profiles []loggedOutDoc `json:"profiles"`
	}{schema("logouts"), list}
}
