package cli

import (
	"testing"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/provider"
)

// A profile of a site inside the binary is the site's own client. It is known without asking the site.
func TestKindDefaultsOfEmbeddedSites(t *testing.T) {
	seen := 0
	for _, k := range provider.Kinds() {
		if k.Embedded == "" {
			continue
		}
		seen++
		c, got := emulator.Clients(emulator.Site(k.Embedded))[0], kindDefaults(k.Name, "")
		for key, want := range map[string]string{
			"client_id": c.ID, "redirect_uri": c.RedirectURI, "post_logout_redirect_uri": c.PostLogoutRedirectURI,
		} {
			if v := got[key]; want == "" && v != nil || want != "" && (len(v) != 1 || v[0] != want) {
				t.Errorf("%s: %s is %q, and the site's client has %q", k.Name, key, v, want)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d kinds are embedded", seen)
	}
}
