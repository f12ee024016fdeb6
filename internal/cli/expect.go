package cli

import (
	"errors"
	"strings"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// parseExpectations reads --expect; a fault is pointed at.
func parseExpectations(texts []string) ([]sims.Expectation, error) {
	var list []sims.Expectation
	for _, text := range texts {
		e, err := sims.ParseExpectation(text)
		if bad, ok := errors.AsType[*sims.ExpectError](err); ok {
			return nil, &hintedError{Code: exitUsage, Text: "--expect: " + bad.Error(), Hints: pointed(bad)}
		}
		list = append(list, e)
	}
	return list, nil
}

// pointed shows an expectation with a mark under the place of its fault.
func pointed(e *sims.ExpectError) []string {
	const most = 70
	before, after := []rune(e.Text[:e.At]), []rune(e.Text[e.At:])
	if len(before) > most {
		before = before[len(before)-most:]
	}
	way := "it goes like this: --expect 'site=8412345' --expect 'org.type has S' --expect 'exp > 5m'"
	switch {
	case e.Suggest != "":
		way = "did you mean: " + e.Suggest
	case len(e.Known) > 0:
		way = "there are: " + strings.Join(e.Known, ", ")
	}
	return []string{string(before) + string(after[:min(len(after), most)]), strings.Repeat(" ", len(before)) + "^", way}
}

// expectedTokens holds expectations against the tokens of one answer.
type expectedTokens struct{ sims.Expected }

func (d *decoding) expected() expectedTokens {
	x := sims.Expected{Now: d.now}
	for _, t := range d.tokens {
		if t.jwt == nil {
			continue
		}
		name := ""
		switch t.kind {
		case token.KindAccess:
			name = "access"
		case token.KindID:
			name = "id"
		default:
		}
		x.Tokens = append(x.Tokens, sims.ExpectedToken{Name: name, Label: t.kind.Words(), Header: t.jwt.Header, Claims: t.jwt.Claims.Object})
	}
	return expectedTokens{x}
}

func (x expectedTokens) all(list []sims.Expectation) []sims.Met {
	var met []sims.Met
	for _, e := range list {
		met = append(met, x.Hold(e))
	}
	return met
}
