package render

import (
	"strings"

	"github.com/simsid/simsid/internal/sims"
)

// Registration is the request to register a client, made to be sent as an e-mail.
type Registration struct {
	Profile     string
	To          string
	Environment string
	ClientID    string // of a client that is there already; "" for a new one
	Items       []sims.RegistrationItem
	Broken      []BrokenRule
}

// BrokenRule is a rule that what is asked for breaks.
type BrokenRule struct {
	Says string `json:"says"`
	Mend string `json:"mend"`
}

// text is the e-mail. What is wrong with it isn't in it: the command says that elsewhere.
func (v Registration) text(p *printer) {
	where, client := "SIMS ID", "SIMS ID client"
	if v.Environment != "" {
		where = "the " + v.Environment + " environment of SIMS ID"
	}
	ask := "Please create a client for us in " + where + "."
	if v.ClientID != "" {
		ask = "Please set our client in " + where + " as follows: " + v.ClientID
		client += " " + v.ClientID
	}
	if v.Environment != "" {
		client += " (" + v.Environment + ")"
	}
	p.para(0, nil, "To: "+v.To)
	p.para(0, nil, "Subject: "+client)
	p.gap()
	p.para(0, nil, ask)
	for _, i := range v.Items {
		p.section(0, i.Name)
		for _, value := range i.Values {
			if strings.Contains(value, " ") {
				p.para(2, nil, value)
			} else {
				p.bare(2, nil, value) // an address is to be copied
			}
		}
		if i.ToBeChosen() {
			p.para(2, asWarning, "TO BE CHOSEN: "+i.Choice)
			p.para(2, asNote, "("+i.Means+")")
		}
	}
}

type registrationItemDoc struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Values     []string `json:"values,omitempty"`
	ToBeChosen bool     `json:"to_be_chosen"`
	Choice     string   `json:"choice,omitempty"`
	Means      string   `json:"means"`
}

func (v Registration) document() any {
	items := make([]registrationItemDoc, 0, len(v.Items))
	for _, i := range v.Items {
		d := registrationItemDoc{ID: i.ID, Name: i.Name, Values: i.Values, ToBeChosen: i.ToBeChosen(), Means: i.Means}
		if d.ToBeChosen {
			d.Choice = i.Choice
		}
		items = append(items, d)
	}
	return struct {
		Schema      string                `json:"schema"`
		Profile     string                `json:"profile"`
		To          string                `json:"to"`
		Environment string                `json:"environment,omitempty"`
		ClientID    string                `json:"client_id,omitempty"`
		Items       []registrationItemDoc `json:"items"`
		Broken      []BrokenRule          `json:"broken,omitempty"`
	}{schema("registration"), v.Profile, v.To, v.Environment, v.ClientID, items, v.Broken}
}
