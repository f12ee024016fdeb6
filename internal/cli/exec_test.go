package cli

import (
	"slices"
	"testing"
)

// TestWithoutSecrets: where names that differ in case alone are one variable, no spelling of a secret's gets through.
func TestWithoutSecrets(t *testing.T) {
	env := []string{"Path=x", "simsid_client_secret=s", "SIMSID_STORE_KEY=", "SIMSID_ACCESS_TOKEN=a", "Simsid_Id_Token=b", "SIMSID_PROFILE=school"}
	for fold, want := range map[bool][]string{
		true:  {"Path=x", "SIMSID_PROFILE=school", "SIMSID_WITHHELD=SIMSID_CLIENT_SECRET"},
		false: {"Path=x", "simsid_client_secret=s", "Simsid_Id_Token=b", "SIMSID_PROFILE=school"},
	} {
		if got := withoutSecrets(slices.Clone(env), fold); !slices.Equal(got, want) {
			t.Errorf("fold %t: %q, want %q", fold, got, want)
		}
	}
}
