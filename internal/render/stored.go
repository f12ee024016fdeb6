package render

import (
	"strings"
	"time"
)

// Stores is the answer of store status: what lies where, per profile.
type Stores struct {
	Folder string
	Rows   []StoreRow
}

// StoreRow is one profile's store.
type StoreRow struct {
	Profile string
	Default bool
	Backend string // "keyring", "file"; "" when nothing is kept
	Where   string // in words
	Since   time.Time
	Files   []StoreFile
	Items   []string // of the keyring
	Secrets []string // kinds of secret kept apart from the login
	Notes   []string // what is out of the ordinary
	Problem string   // why nothing can be said of it
}

// StoreFile is a file and what it holds, in words.
type StoreFile struct{ Path, Holds string }

func (v Stores) text(p *printer) {
	if len(v.Rows) == 0 {
		p.noProfiles()
		return
	}
	for _, r := range v.Rows {
		p.gap()
		r.text(p, v.Folder)
	}
	if v.Folder != "" {
		p.gap()
		p.para(0, asNote, "Files lie in "+v.Folder)
	}
}

// text names files as they are called in the folder of the store.
func (r StoreRow) text(p *printer, folder string) {
	switch {
	case r.Problem != "":
		p.named(r.Profile, r.Default, "can't be told", asWarning)
		p.para(2, nil, r.Problem)
		return
	case r.Backend == "":
		p.named(r.Profile, r.Default, "nothing is kept", nil)
		return
	}
	p.named(r.Profile, r.Default, r.Backend, asTitle)
	list := []field{place("Kept in", r.Where)}
	if !r.Since.IsZero() {
		list = append(list, one("Since", p.moment(r.Since)))
	}
	if len(r.Secrets) > 0 {
		list = append(list, one("Secrets", strings.Join(r.Secrets, ", ")))
	}
	for i, item := range r.Items {
		f := one("", item)
		if i == 0 {
			f.label = "Keyring items"
		}
		list = append(list, f)
	}
	for i, file := range r.Files {
		f := one("", strings.TrimLeft(strings.TrimPrefix(file.Path, folder), `/\`))
		f.note = file.Holds
		if i == 0 {
			f.label = "Files"
		}
		list = append(list, f)
	}
	p.fields(2, list)
	p.notes(r.Notes)
}

type storeFileDoc struct {
	Path  string `json:"path"`
	Holds string `json:"holds"`
}

type storeDoc struct {
	Profile string         `json:"profile"`
	Default bool           `json:"default"`
	Backend string         `json:"backend,omitempty"`
	Where   string         `json:"where,omitempty"`
	Since   string         `json:"since,omitempty"`
	Files   []storeFileDoc `json:"files"`
	Items   []string       `json:"keyring_items"`
	Secrets []string       `json:"secrets"`
	Notes   []string       `json:"notes,omitempty"`
	Problem string         `json:"problem,omitempty"`
}

func (v Stores) document() any {
	rows := []storeDoc{}
	for _, r := range v.Rows {
		d := storeDoc{
			r.Profile, r.Default, r.Backend, r.Where, stamp(r.Since), []storeFileDoc{},
			append([]string{}, r.Items...), append([]string{}, r.Secrets...), r.Notes, r.Problem,
		}
		for _, f := range r.Files {
			d.Files = append(d.Files, storeFileDoc(f))
		}
		rows = append(rows, d)
	}
	return struct {
		Schema   string     `json:"schema"`
		Folder   string     `json:"folder,omitempty"`
		Profiles []storeDoc `json:"profiles"`
	}{schema("stores"), v.Folder, rows}
}

// Keygen is the answer of store keygen where it wrote a file.
type Keygen struct {
	Path      string
	PublicKey string
	Next      []string
}

func (v Keygen) text(p *printer) {
	p.para(0, asTitle, "A new key for sealed files is in "+v.Path)
	p.gap()
	p.fields(2, []field{one("Public key", v.PublicKey)})
	p.gap()
	p.para(2, nil, "Whoever reads this file and the sealed file has the login. Without it the login can't be read by anybody.")
	p.next(v.Next)
}

func (v Keygen) document() any {
	return struct {
		Schema    string `json:"schema"`
		Path      string `json:"path"`
		PublicKey string `json:"public_key"`
	}{schema("keygen"), v.Path, v.PublicKey}
}
