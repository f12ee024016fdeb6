package sims

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/word"
)

// TypeError says that a text names no organisation type, or doesn't say which of several.
type TypeError struct {
	Text  string
	Known []string // every name, as FindOrganisationType takes it
}

// Error tells the text.
func (e *TypeError) Error() string {
	return "there is no organisation type " + word.Quote(e.Text, e.Known...)
}

// Word is a type's name as one word, for command lines: "multi-academy-trust".
func (t OrganisationType) Word() string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(t.Name), notInWord), "-")
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// FindOrganisationType reads a type as people write it: its letter, which may be one that nobody has documented; its name; or a part of
// it that fits no other: "trust". Case, spaces and dashes don't count. The error is a *TypeError.
func FindOrganisationType(text string) (OrganisationType, error) {
	if utf8.RuneCountInString(text) == 1 && !notInWord([]rune(text)[0]) {
		return lookupType(strings.ToUpper(text)), nil
	}
	wanted := OrganisationType{Name: text}.Word()
	bad := &TypeError{Text: text}
	var found []OrganisationType
	for _, t := range OrganisationTypes() {
		word := t.Word()
		bad.Known = append(bad.Known, word)
		if word == wanted {
			return t, nil
		}
		if wanted != "" && strings.Contains("-"+word+"-", "-"+wanted+"-") {
			found = append(found, t)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return OrganisationType{}, bad
}

// Has reports whether an organisation is of a type, among others.
func (m Membership) Has(t OrganisationType) bool {
	for _, own := range m.Types {
		if strings.EqualFold(own.Letter, t.Letter) {
			return true
		}
	}
	return false
}

// MostOrganisations is how many organisations SIMS ID puts into a token. A list of just so many may have been cut.
const MostOrganisations = 10
