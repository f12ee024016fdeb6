package render

import (
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// SignOn is what a login asked about the way and the time of the sign-in. All of it are wishes: what happened is in the ID token's acr and
// auth_time (OpenID Connect Core 3.1.2.1 and 2).
type SignOn struct {
	Told   bool // also where nothing was asked
	ACR    string
	Prompt string
	MaxAge time.Duration // negative: not asked
}

// wish is one parameter beside the claim that says what became of it.
type wish struct{ name, asked, claim string }

// wishes are the parameters, those that weren't sent with "" as what was asked.
func (s SignOn) wishes() []wish {
	age := ""
	if s.MaxAge >= 0 {
		age = strconv.FormatInt(int64(s.MaxAge/time.Second), 10)
	}
	list := []wish{{"acr_values", s.ACR, "acr"}, {"max_age", age, "auth_time"}, {"prompt", s.Prompt, "auth_time"}}
	if s.Told {
		return list
	}
	var asked []wish
	for _, w := range list {
		if w.asked != "" {
			asked = append(asked, w)
		}
	}
	return asked
}

// signOn writes what was asked beside what happened.
func (p *printer) signOn(s *SignOn, claims token.Object) {
	if s == nil || len(s.wishes()) == 0 {
		return
	}
	p.section(0, "What was asked, and what happened")
	var list []field
	for _, w := range s.wishes() {
		asked, got := "not asked", "the ID token has no "+w.claim
		if w.asked != "" {
			asked = "asked     " + w.asked
		}
		if raw, ok := claims.Get(w.claim); ok {
			got = w.claim + " " + strings.Join(p.claimLines(w.claim, raw), ", ")
		}
		list = append(list, field{label: w.name, lines: []string{asked, "happened  " + got}})
	}
	p.fields(2, list)
}

type signOnDoc struct {
	Parameter string `json:"parameter"`
	Asked     string `json:"asked,omitempty"`
	Claim     string `json:"claim"`
	Got       string `json:"got,omitempty"`
}

func signOnDocs(s *SignOn, claims token.Object) []signOnDoc {
	if s == nil {
		return nil
	}
	var list []signOnDoc
	for _, w := range s.wishes() {
		got := text(claims, w.claim)
		if at, ok := claims.Time(w.claim); ok {
			got = stamp(at)
		}
		list = append(list, signOnDoc{w.name, w.asked, w.claim, got})
	}
	return list
}
