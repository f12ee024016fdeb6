package render

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/sims"
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

// Refreshed is the answer of refresh.
type Refreshed struct {
	Profile   string
	Refreshed bool // false: another process had done it
	Expiry    time.Time
	Rotated   bool // a new refresh token came
	Own       bool // the token is the client's own, which no refresh token comes with
	Changes   []sims.Difference
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
	switch {
	case !v.Refreshed:
	case v.Own:
		list = append(list, one("Refresh token", "none; the token was got anew by the client's secret"))
	case v.Rotated:
		list = append(list, one("Refresh token", "replaced by a new one"))
	default:
		list = append(list, one("Refresh token", "still the same"))
	}
	if v.Where != "" {
		list = append(list, place("Kept in", v.Where))
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
	p.changed(2, v.Changes)
}

func (v Refreshed) document() any {
	return struct {
		Schema    string      `json:"schema"`
		Profile   string      `json:"profile,omitempty"`
		Refreshed bool        `json:"refreshed"`
		ExpiresAt string      `json:"expires_at,omitempty"`
		Rotated   bool        `json:"refresh_token_rotated"`
		Changes   []changeDoc `json:"changes"`
		KeptIn    string      `json:"kept_in,omitempty"`
	}{schema("refresh"), v.Profile, v.Refreshed, stamp(v.Expiry), v.Rotated, changeDocs(v.Changes), v.Where}
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

// notes writes sentences one per paragraph.
func (p *printer) notes(list []string) {
	for _, n := range list {
		p.gap()
		p.para(2, nil, sentence(n))
	}
}

// sentence gives words a capital at the beginning and a stop at the end.
func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return upperFirst(s)
	}
	return upperFirst(s) + "."
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
			f.label, f.lines[0] = undone(s.What)
			f.st = asWarning
		}
		list = append(list, f)
	}
	p.fields(2, list)
	p.notes(v.Notes)
}

// undone says what hasn't been done to what: "not ended", "browser session".
func undone(what string) (label, rest string) {
	for _, done := range []string{"ended", "revoked", "cleared"} {
		if before, after, ok := strings.Cut(what, " "+done); ok {
			return "not " + done, before + after
		}
	}
	return "not done", what
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
