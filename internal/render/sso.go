package render

import "slices"

// SharedSignOn is the answer of sso: whether two applications share a sign-on, and by which conditions.
type SharedSignOn struct {
	First, Second string // profiles
	Issuer        string
	Outcome       string // "shared", "not shared", "interaction required"
	Refusal       string // the provider's answer to prompt=none; "" where it gave an ID token
	Conditions    []SignOnCondition
	FirstToken    SignOnToken
	SecondToken   *SignOnToken // nil: it got none
	Interactive   bool         // the second one's token came from a sign-in with pages, after it had been refused
	Anew          bool         // that had the user sign in again
}

// SignOnCondition is one of those that all have to hold.
type SignOnCondition struct {
	Name  string `json:"name"`
	Says  string `json:"says"`
	Holds string `json:"holds"`
	Seen  string `json:"seen"`
}

// SignOnToken is what an ID token says of the sign-in.
type SignOnToken struct {
	Subject  string `json:"sub,omitempty"`
	Level    string `json:"acr,omitempty"`
	AuthTime string `json:"auth_time,omitempty"`
	Session  string `json:"sid,omitempty"`
}

func (v SharedSignOn) text(p *printer) {
	switch v.Outcome {
	case "shared":
		p.para(0, asTitle, "Shared: "+v.Second+" is signed in without a prompt once "+v.First+" is")
	case "interaction required":
		if v.fails("") {
			p.para(0, asWarning, "Interaction required: the user is shown a page for "+v.Second)
			p.para(2, nil, "A condition below fails as well: that page may be a new sign-in, and not only a consent.")
			break
		}
		p.para(0, asWarning, "Interaction required: the sign-on is there, but the user is shown a page for "+v.Second)
		p.para(2, nil, "The provider wants something else from the user than a sign-in, most often a consent for this application.")
	default:
		if v.Refusal == "" && v.fails("session") {
			p.para(0, asError, "Not shared: "+v.Second+" was answered without a prompt, but from another sign-in or for another user")
			break
		}
		p.para(0, asError, "Not shared: "+v.Second+" has the user sign in again")
	}
	p.gap()
	list := []field{place("Provider", v.Issuer)}
	if v.Refusal != "" {
		list = append(list, one("Its answer", v.Refusal+" to prompt=none"))
	}
	p.fields(2, list)
	p.section(0, "The conditions")
	for _, c := range v.Conditions {
		st := style(nil)
		word := Safe(c.Holds)
		if c.Holds == "no" {
			word, st = "NO", asError
		}
		p.rows(block{2, []string{word}, st}, block{12, wrap(Safe(c.Says), p.width-12), nil})
		p.rows(block{14, wrap(Safe(c.Seen), p.width-14), asNote})
	}
	p.section(0, "The ID tokens")
	p.signOnToken(v.First, v.FirstToken)
	if v.SecondToken == nil {
		p.gap()
		p.para(2, nil, v.Second+" got none.")
	} else {
		p.gap()
		p.signOnToken(v.Second, *v.SecondToken)
	}
	switch {
	case v.Interactive && v.Anew:
		p.gap()
		p.para(2, nil, "With pages allowed, the user had to sign in anew for "+v.Second+".")
	case v.Interactive:
		p.gap()
		p.para(2, nil, "With pages allowed, "+v.Second+" was signed in by the earlier sign-in.")
	}
}

// fails reports whether the condition of this name is known not to hold; "": any.
func (v SharedSignOn) fails(name string) bool {
	return slices.ContainsFunc(v.Conditions, func(c SignOnCondition) bool { return c.Holds == "no" && (name == "" || c.Name == name) })
}

func (p *printer) signOnToken(profile string, t SignOnToken) {
	p.para(2, asHeading, profile)
	list := []field{}
	for _, f := range []field{one("sub", t.Subject), one("acr", t.Level), one("auth_time", t.AuthTime), one("sid", t.Session)} {
		if f.lines[0] == "" {
			f.lines[0] = "(missing)"
		}
		list = append(list, f)
	}
	p.fields(4, list)
}

func (v SharedSignOn) document() any {
	return struct {
		Schema      string            `json:"schema"`
		First       string            `json:"first"`
		Second      string            `json:"second"`
		Issuer      string            `json:"issuer"`
		Outcome     string            `json:"outcome"`
		Shared      bool              `json:"shared"`
		Refusal     string            `json:"refusal,omitempty"`
		Conditions  []SignOnCondition `json:"conditions"`
		FirstToken  SignOnToken       `json:"first_id_token"`
		SecondToken *SignOnToken      `json:"second_id_token,omitempty"`
		Interactive bool              `json:"interactive"`
		Anew        bool              `json:"signed_in_anew"`
	}{
		schema("sso"), v.First, v.Second, v.Issuer, v.Outcome, v.Outcome == "shared", v.Refusal, v.Conditions, v.FirstToken, v.SecondToken, v.Interactive, v.Anew,
	}
}
