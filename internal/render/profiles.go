package render

import (
	"strings"
)

// Profiles is the answer of profile list.
type Profiles struct {
	Path string
	Rows []ProfileRow
}

// ProfileRow is one profile of the list.
type ProfileRow struct {
	Name     string
	Default  bool
	Kind     string
	Issuer   string
	ClientID string
	Store    string
	Fault    string // what is wrong with it; "" for one that can be used
}

func (v Profiles) text(p *printer) {
	if len(v.Rows) == 0 {
		p.noProfiles()
		return
	}
	var rows [][]string
	for _, r := range v.Rows {
		name := r.Name
		if r.Default {
			name += " (default)"
		}
		kept := r.Store
		if kept == "auto" {
			kept = "keyring or file"
		}
		rows = append(rows, []string{name, r.Kind, kept, r.ClientID, r.Issuer})
	}
	p.table(0, []string{"Profile", "Kind", "Kept in", "Client id", "Issuer"}, rows)
	for _, r := range v.Rows {
		if r.Fault != "" {
			p.gap()
			p.para(0, asWarning, r.Name+" can't be used: "+r.Fault)
		}
	}
	if v.Path != "" {
		p.gap()
		p.para(0, asNote, "Your own are written in "+v.Path)
	}
}

type profileDoc struct {
	Name     string `json:"name"`
	Default  bool   `json:"default"`
	Kind     string `json:"kind,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Store    string `json:"store,omitempty"`
	Fault    string `json:"fault,omitempty"`
}

func (v Profiles) document() any {
	rows := []profileDoc{}
	for _, r := range v.Rows {
		rows = append(rows, profileDoc(r))
	}
	return struct {
		Schema   string       `json:"schema"`
		Path     string       `json:"path,omitempty"`
		Profiles []profileDoc `json:"profiles"`
	}{schema("profiles"), v.Path, rows}
}

// ProfileShown is the answer of profile show.
type ProfileShown struct {
	Name     string
	Settings []SettingRow
	Origins  bool // show where each value came from
	Secrets  []SecretRow
}

// SettingRow is one setting of a profile.
type SettingRow struct {
	Key    string
	Values []string
	List   bool
	Source string // "flag", "environment", ...
	Origin string // its detail
}

// SecretRow says whether a secret is kept, never which.
type SecretRow struct {
	Name  string // "client secret"
	State string // "kept in the keyring", "from SIMSID_CLIENT_SECRET", "none"
}

func (v ProfileShown) text(p *printer) {
	p.para(0, asTitle, "Profile "+v.Name)
	p.gap()
	var list []field
	for _, s := range v.Settings {
		f := place(s.Key, strings.Join(s.Values, " "))
		if len(s.Values) == 0 {
			f.lines = []string{"(empty)"}
		}
		if v.Origins {
			f.note = origin(s)
		}
		list = append(list, f)
	}
	p.fields(2, list)
	if len(v.Secrets) == 0 {
		return
	}
	p.section(0, "Secrets")
	var secrets []field
	for _, s := range v.Secrets {
		secrets = append(secrets, one(s.Name, s.State))
	}
	p.fields(2, secrets)
}

// origin says where a value came from.
func origin(s SettingRow) string {
	switch {
	case s.Source == "":
		return s.Origin
	case s.Origin == "":
		return "from " + s.Source
	default:
		return "from " + s.Source + ": " + s.Origin
	}
}

type settingDoc struct {
	Key    string `json:"key"`
	Value  any    `json:"value"` // a string, or an array of strings for a list
	Source string `json:"source,omitempty"`
	Origin string `json:"origin,omitempty"`
}

type secretDoc struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

func (v ProfileShown) document() any {
	settings := []settingDoc{}
	for _, s := range v.Settings {
		d := settingDoc{Key: s.Key, Value: strings.Join(s.Values, " "), Source: s.Source, Origin: s.Origin}
		if s.List {
			d.Value = append([]string{}, s.Values...)
		}
		settings = append(settings, d)
	}
	var secrets []secretDoc
	for _, s := range v.Secrets {
		secrets = append(secrets, secretDoc(s))
	}
	return struct {
		Schema   string       `json:"schema"`
		Name     string       `json:"name"`
		Settings []settingDoc `json:"settings"`
		Secrets  []secretDoc  `json:"secrets,omitempty"`
	}{schema("profile"), v.Name, settings, secrets}
}
