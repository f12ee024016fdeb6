package tokenstore

import (
	"os"
	"slices"
	"testing"
)

// A secret that is on record and lost is named; what is there, or was never kept, isn't.
func TestMissing(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			setSecret(t, s, ClientSecret, secret("-client"))
			if missing, err := s.Missing(t.Context()); err != nil || len(missing) > 0 {
				t.Errorf("got %q and %v", missing, err)
			}
			path := s.file(s.at, secretsFile)
			if os.Remove(path) != nil {
				return // a keyring's
			}
			if missing, err := s.Missing(t.Context()); err != nil || !slices.Equal(missing, []SecretKind{ClientSecret}) {
				t.Errorf("got %q and %v", missing, err)
			}
			r := s.Record()
			if !SecretGone(o, school.Profile, r, ClientSecret) || SecretGone(o, school.Profile, r, APIHeaders) {
				t.Errorf("of %+v", r)
			}
		})
	}
}
