package sims_test

import (
	"reflect"
	"testing"

	"github.com/simsid/simsid/internal/sims"
)

func TestFindOrganisationType(t *testing.T) {
	known := []string{"ess-ltd-company", "school-group", "local-authority", "multi-academy-trust", "support-organisation", "school"}
	for text, want := range map[string]string{
		"S": "S", "s": "S", "school": "S", "School": "S", " SCHOOL ": "S",
		"school group": "G", "School-Group": "G", "group": "G", "g": "G",
		"trust": "M", "multi academy trust": "M", "multi_academy": "M", "academy": "M",
		"authority": "L", "local": "L", "support": "O", "organisation": "O", "company": "C", "ess": "C",
		"X": "X", "x": "X", "Ω": "Ω", // letters that nobody has documented can be asked for
	} {
		got, err := sims.FindOrganisationType(text)
		if err != nil || got.Letter != want {
			t.Errorf("%q is %+v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "schools", "choo", "club", "multi trust", "|", "SM"} {
		_, err := sims.FindOrganisationType(text)
		if want := (&sims.TypeError{Text: text, Known: known}); !reflect.DeepEqual(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestHas(t *testing.T) {
	m := sims.ParseMembership(userA + "|" + userA + "|MSx")
	for letter, want := range map[string]bool{"M": true, "S": true, "X": true, "L": false, "": false} {
		if got := m.Has(sims.OrganisationType{Letter: letter}); got != want {
			t.Errorf("has %q: %v", letter, got)
		}
	}
}
