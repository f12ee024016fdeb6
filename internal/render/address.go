package render

import "time"

// SignInAddress is the answer of login --print-url.
type SignInAddress struct {
	Profile string
	URL     string
	Expires time.Time // of a pushed request; zero: it has no end
}

func (v SignInAddress) text(p *printer) { p.bare(0, nil, v.URL) }

func (v SignInAddress) document() any {
	return struct {
		Schema    string `json:"schema"`
		Profile   string `json:"profile,omitempty"`
		URL       string `json:"url"`
		ExpiresAt string `json:"expires_at,omitempty"`
	}{schema("address"), v.Profile, v.URL, stamp(v.Expires)}
}
