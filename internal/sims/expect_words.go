package sims

import (
	"errors"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/word"
)

// checkWords refuses an expectation whose words can't be met by any token: a part that organisations haven't, a type that there isn't. A
// mistyped word would make lacks, != and missing hold for every token, which nobody would notice.
func (p *expectParser) checkWords(e Expectation, value int) error {
	path := e.Path
	if len(path) == 3 && (path[0] == "access" || path[0] == "id") {
		path = path[1:]
	}
	if len(path) == 2 {
		if err := p.checkPart(path[0], path[1]); err != nil {
			return err
		}
	}
	if e.Operator == Exists || e.Operator == Missing || e.Operator.compares() {
		return nil
	}
	switch strings.Join(path, ".") {
	case "org.type":
		_, err := FindOrganisationType(e.Value)
		if bad, ok := errors.AsType[*TypeError](err); ok {
			return p.unknown(value, bad.Error(), e.Value, bad.Known)
		}
	case "org.id", "org.user", "role.org":
		if e.Value != "" && !isGUID(e.Value) {
			return p.fail(value, "the value is no GUID, as ids of organisations and users are")
		}
	case "header.alg":
		// There may be others; but what is nearly one of these is none.
		if near := word.Nearest(e.Value, algorithms()); near != "" && near != e.Value {
			return p.unknown(value, "there is no algorithm "+word.Quote(e.Value, near), e.Value, algorithms())
		}
	case "email_verified", "phone_number_verified":
		if answers := []string{"true", "false"}; !slices.Contains(answers, e.Value) {
			return p.unknown(value, "the claim is true or false", e.Value, answers)
		}
	}
	return nil
}

// checkPart refuses a part that values of a kind don't have.
func (p *expectParser) checkPart(of, part string) error {
	var parts []string
	switch of {
	case "org":
		parts = []string{"id", "user", "type"}
	case "role":
		parts = []string{"name", "org"}
	}
	if parts == nil || slices.Contains(parts, part) {
		return nil
	}
	at := strings.Index(p.text, "."+part) + 1 // 0 where it is in quotes
	return p.unknown(at, of+" has the parts "+join(parts)+" (a claim of that name stands in quotes)", part, parts)
}

// unknown is a fault of a word that should be one of those known.
func (p *expectParser) unknown(at int, problem, text string, known []string) error {
	return &ExpectError{Text: p.text, At: at, Problem: problem, Suggest: word.Nearest(text, known), Known: known}
}

// algorithms are those of RFC 7518 section 3.1, RFC 8037 and RFC 8812 section 3.2.
func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "HS256", "HS384", "HS512", "none"}
}

// nearOperator is the operator that was likely meant; "" where none is near.
func nearOperator(rest string) string {
	typed, _, _ := strings.Cut(strings.ToLower(rest), " ")
	switch typed {
	case "is", "equals", "==":
		return string(Equal)
	case "isn't", "not", "<>":
		return string(Unequal)
	case "hasn't", "without":
		return string(Lacks)
	case "contains", "with", "includes":
		return string(Has)
	}
	return word.Nearest(typed, []string{string(Has), string(Lacks), string(Exists), string(Missing)})
}
