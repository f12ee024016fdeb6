package render

import "strings"

// Done is the answer of commands that only do something: one sentence and what comes next.
type Done struct {
	Action  string // "profile added", for JSON
	Profile string
	Text    string
	Next    []string
}

func (v Done) text(p *printer) {
	for _, line := range wrapPaths(Safe(v.Text), p.width) {
		p.row(cell{0, line, asTitle})
	}
	p.next(v.Next)
}

func (v Done) document() any {
	return struct {
		Schema  string `json:"schema"`
		Action  string `json:"action"`
		Profile string `json:"profile,omitempty"`
		Text    string `json:"text,omitempty"`
	}{schema("done"), v.Action, v.Profile, v.Text}
}

// Version is the answer of version.
type Version struct {
	Version, Commit, Date, Go, Platform string
}

func (v Version) text(p *printer) {
	p.para(0, asTitle, "simsid "+v.Version)
	var list []field
	for _, f := range []field{
		one("Commit", v.Commit), one("Date", v.Date), one("Go", v.Go), one("Platform", v.Platform),
	} {
		if strings.Join(f.lines, "") != "" {
			list = append(list, f)
		}
	}
	if len(list) > 0 {
		p.gap()
		p.fields(2, list)
	}
}

func (v Version) document() any {
	return struct {
		Schema   string `json:"schema"`
		Version  string `json:"version"`
		Commit   string `json:"commit,omitempty"`
		Date     string `json:"date,omitempty"`
		Go       string `json:"go,omitempty"`
		Platform string `json:"platform,omitempty"`
	}{schema("version"), v.Version, v.Commit, v.Date, v.Go, v.Platform}
}
