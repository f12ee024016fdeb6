package render

import (
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// Discovered is the answer of discover: what a provider says of itself, in words.
type Discovered struct {
	Title, Kind string
	Guessed     bool // the kind
	Issuer      string
	Address     string // of the document
	Place       string // the section that says to look there
	Tried       []TriedAddress
	Addresses   []Named
	Supports    []Supported
	Commands    []Capability
	Facts       int // known of the kind
	Differences []provider.Difference
	Keys        []provider.KeyInfo
	Ignored     int    // members of the JWKS that are no keys for signatures
	KeysProblem string // why there are none; "" where they could be read
	Document    token.Object
	Saved       string // the profile that was added
	Next        []string
}

// TriedAddress is an address that was asked in vain.
type TriedAddress struct {
	Address string `json:"address"`
	Problem string `json:"problem"`
}

// Named is an address of the provider.
type Named struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Supported is one member of the metadata in words.
type Supported struct {
	What   string   `json:"what"`
	Values []string `json:"values"`
}

// Capability says whether one of simsid's commands will work, and why.
type Capability struct {
	Command string `json:"command"`
	Works   bool   `json:"works"`
	Why     string `json:"why"`
}

func (v Discovered) text(p *printer) {
	title := v.Issuer
	if v.Title != "" {
		title = upperFirst(v.Title) + " at " + v.Issuer
	}
	p.para(0, asTitle, title)
	p.gap()
	kind := v.Kind
	if v.Guessed {
		kind += " (nobody said; --kind says otherwise)"
	}
	p.fields(2, []field{one("Kind", kind), {label: "Metadata", lines: []string{v.Address}, note: v.Place}})
	if len(v.Tried) > 0 {
		p.section(0, "Tried before")
		p.tried(v.Tried)
	}
	p.section(0, "Addresses")
	list := make([]field, 0, len(v.Addresses))
	for _, a := range v.Addresses {
		list = append(list, one(a.Name, a.Address))
	}
	p.fields(2, list)
	p.section(0, "What it supports")
	list = make([]field, 0, len(v.Supports))
	for _, s := range v.Supports {
		list = append(list, one(s.What, strings.Join(s.Values, ", ")))
	}
	p.fields(2, list)
	v.capabilities(p)
	v.differences(p)
	v.keys(p)
	if v.Saved != "" {
		p.gap()
		p.para(0, nil, "Profile "+v.Saved+" was added.")
	}
	p.next(v.Next)
}

func (p *printer) tried(list []TriedAddress) {
	for _, t := range list {
		p.bare(2, nil, t.Address)
		p.para(4, asNote, t.Problem)
	}
}

func (v Discovered) capabilities(p *printer) {
	p.section(0, "Which commands will work")
	list := make([]field, 0, len(v.Commands))
	for _, c := range v.Commands {
		f := one(c.Command, "yes: "+c.Why)
		if !c.Works {
			f.lines, f.st = []string{"no: " + c.Why}, asWarning
		}
		list = append(list, f)
	}
	p.fields(2, list)
}

func (v Discovered) differences(p *printer) {
	p.section(0, "Beside what is known of the kind")
	switch {
	case v.Facts == 0:
		p.para(2, nil, "Nothing is known beforehand.")
	case len(v.Differences) == 0:
		p.para(2, nil, "All "+count(v.Facts, "fact")+" hold.")
	}
	for _, d := range v.Differences {
		got := "it is missing"
		if d.Got != "" {
			got = "it is " + d.Got
		}
		p.item(2, d.Fact.Member+": "+d.Fact.Says+" ("+d.Fact.Source+"), but "+got)
	}
}

func (v Discovered) keys(p *printer) {
	p.section(0, "Keys")
	if v.KeysProblem != "" {
		p.para(2, asWarning, v.KeysProblem)
		return
	}
	list := make([]field, 0, len(v.Keys))
	for _, k := range v.Keys {
		says := []string{k.Kind}
		if k.Algorithm != "" {
			says = append(says, "for "+k.Algorithm+" alone")
		}
		switch {
		case k.Use == "enc":
			says = append(says, "for encryption")
		case k.Unfit != "":
			says = append(says, "not used here: "+k.Unfit)
		}
		list = append(list, one(valueOr(k.ID, "(without a kid)"), strings.Join(says, ", ")))
	}
	p.fields(2, list)
	switch {
	case len(v.Keys) == 0 && v.Ignored == 0:
		p.para(2, asWarning, "There are none: no token can be verified.")
	case v.Ignored > 0:
		p.para(2, asNote, count(v.Ignored, "further member")+" of the set can't be used: private, symmetric, or of a type that isn't known here.")
	}
}

type providerKeyDoc struct {
	ID        string `json:"kid,omitempty"`
	Kind      string `json:"kind"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	Unfit     string `json:"unfit,omitempty"`
}

type factDoc struct {
	Member   string `json:"member"`
	Expected string `json:"expected"`
	Got      string `json:"got,omitempty"`
	Source   string `json:"source"`
}

func (v Discovered) document() any {
	var keys []providerKeyDoc
	for _, k := range v.Keys {
		keys = append(keys, providerKeyDoc{k.ID, k.Kind, k.Algorithm, k.Use, k.Unfit})
	}
	var differs []factDoc
	for _, d := range v.Differences {
		differs = append(differs, factDoc{d.Fact.Member, d.Fact.Says, d.Got, d.Fact.Source})
	}
	return struct {
		Schema      string           `json:"schema"`
		Kind        string           `json:"kind"`
		Guessed     bool             `json:"kind_guessed"`
		Issuer      string           `json:"issuer"`
		Address     string           `json:"found_at"`
		Place       string           `json:"by"`
		Tried       []TriedAddress   `json:"tried,omitempty"`
		Addresses   []Named          `json:"addresses"`
		Supports    []Supported      `json:"supports,omitempty"`
		Commands    []Capability     `json:"commands"`
		Differences []factDoc        `json:"differences,omitempty"`
		Keys        []providerKeyDoc `json:"keys,omitempty"`
		Ignored     int              `json:"keys_ignored,omitempty"`
		KeysProblem string           `json:"keys_problem,omitempty"`
		Metadata    token.Object     `json:"metadata"`
		Saved       string           `json:"profile_added,omitempty"`
	}{
		schema("discover"), v.Kind, v.Guessed, v.Issuer, v.Address, v.Place, v.Tried, v.Addresses, v.Supports, v.Commands, differs,
		keys, v.Ignored, v.KeysProblem, v.Document, v.Saved,
	}
}
