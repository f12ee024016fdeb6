package render

import "time"

// Revoked is the answer of revoke.
type Revoked struct {
	Profile string
	What    string // "refresh token"
	Given   bool   // it isn't the profile's, but came from elsewhere
	// Stays says that the token goes on being taken although the provider said yes; Until when, the zero time where that isn't known.
	Stays bool
	Until time.Time
	Notes []string // what the server does with it in truth
}

func (v Revoked) text(p *printer) {
	whose := "the " + v.What + " of profile " + v.Profile
	if v.Given {
		whose = "the " + v.What + " that was given"
	}
	if v.Stays {
		p.para(0, asWarning, "Not ended: "+whose)
	} else {
		p.para(0, asTitle, "Revoked "+whose)
	}
	p.notes(v.Notes)
}

func (v Revoked) document() any {
	return struct {
		Schema  string   `json:"schema"`
		Profile string   `json:"profile,omitempty"`
		Revoked string   `json:"revoked"`
		Ended   bool     `json:"ended"`
		Until   string   `json:"valid_until,omitempty"`
		Notes   []string `json:"notes,omitempty"`
	}{schema("revoke"), v.Profile, v.What, !v.Stays, stamp(v.Until), v.Notes}
}
