package render_test

import (
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
)

// registrationNew asks for a client that nobody has yet, with a rule broken.
func registrationNew() render.Registration {
	return render.Registration{
		Profile: "live", To: sims.Registrar, Environment: "live",
		Items: sims.Registration{
			Environment: "live", Flow: "AuthorizationCodeWithProofKey", Scopes: []string{"openid", "profile", "roles", "partner", "partnermanagementapplication", "offline_access"},
			RedirectURIs: []string{"https://localhost:5454/"}, Provider: "Microsoft",
		}.Items(),
		Broken: []render.BrokenRule{{Says: "redirect URI https://localhost:5454/: live takes no redirect URI on localhost (SIMS ID's public documentation)", Mend: "register an https address of another host"}},
	}
}

// registrationOld is about a client that is there.
func registrationOld() render.Registration {
	return render.Registration{
		Profile: "school", To: sims.Registrar, Environment: "sandbox", ClientID: "pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00",
		Items: sims.Registration{
			Environment: "sandbox", Flow: "Hybrid", Scopes: []string{"openid"}, RedirectURIs: []string{"https://localhost:5454/"}, PostLogout: []string{"https://localhost:5454/bye"},
		}.Items(),
	}
}

// registrationBare says nothing but that it is wanted.
func registrationBare() render.Registration {
	return render.Registration{Profile: "env", To: sims.Registrar, Items: sims.Registration{}.Items()}
}
