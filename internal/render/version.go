package render

import "strings"

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
