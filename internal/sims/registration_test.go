package sims

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// answers are the items' values by id, "?" for those that are to be chosen.
func answers(r Registration) map[string]string {
	m := map[string]string{}
	for _, i := range r.Items() {
		m[i.ID] = strings.Join(i.Values, "; ")
		if i.ToBeChosen() {
			m[i.ID] = "?"
		}
	}
	return m
}

func TestRegistration(t *testing.T) {
	sandbox := Registration{
		Environment: "sandbox", Flow: "AuthorizationCodeWithProofKey", Scopes: []string{"openid", "offline_access"}, RedirectURIs: []string{"https://localhost:5454/"},
	}
	live := Registration{
		Environment: "live", Flow: "Hybrid", Scopes: []string{"openid"}, RedirectURIs: []string{"https://a.example/", "https://b.example/"},
		PostLogout: []string{"https://a.example/bye"}, RefreshUsage: "reusable",
	}
	for name, test := range map[string]struct {
		r    Registration
		want map[string]string
	}{
		"nothing is known": {Registration{}, map[string]string{
			"environment": "?", "flow": "?", "scopes": "?", "redirect_uris": "?", "post_logout_redirect_uris": "?", "identity_provider_restrictions": "?",
			"consent_required": "?", "allow_remember_consent": "?", "logout_session_required": "?", "require_sign_out_prompt": "?", "contact": "?",
		}},
		"sandbox, with a refresh token": {sandbox, map[string]string{
			"environment": "sandbox", "flow": "AuthorizationCodeWithProofKey", "scopes": "openid offline_access", "redirect_uris": "https://localhost:5454/",
			"post_logout_redirect_uris": "?", "identity_provider_restrictions": "?", "consent_required": "no, as SIMS ID has it in the sandbox", "allow_remember_consent": "?",
			"logout_session_required": "?", "require_sign_out_prompt": "?", "refresh_tokens": "?", "contact": "?",
		}},
		"live": {live, map[string]string{
			"environment": "live", "flow": "Hybrid", "scopes": "openid", "redirect_uris": "https://a.example/; https://b.example/",
			"post_logout_redirect_uris": "https://a.example/bye", "identity_provider_restrictions": "?", "consent_required": "yes, as SIMS ID has it in live",
			"allow_remember_consent": "?", "logout_session_required": "?", "require_sign_out_prompt": "?", "contact": "?",
		}},
		"without users": {Registration{Environment: "live", Flow: "ClientCredentials", Scopes: []string{"partner-read"}, NoUser: true}, map[string]string{
			"environment": "live", "flow": "ClientCredentials", "scopes": "partner-read", "contact": "?",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := answers(test.r); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %v\nwant %v", got, test.want)
			}
		})
	}
}

// The order and the names are those that the registrar asks by.
func TestRegistrationNames(t *testing.T) {
	var got []string
	for _, i := range (Registration{Scopes: []string{"offline_access"}}).Items() {
		got = append(got, i.Name)
		if i.Means == "" || i.Choice == "" || i.ID == "" {
			t.Errorf("nobody can choose %q: %+v", i.Name, i)
		}
	}
	want := []string{
		"Environment", "Authorization Flow", "Scopes", "Redirect URIs", "Post Logout Redirect URIs", "Identity provider restrictions", "Is Consent Required",
		"Allow Remember Consent", "Logout Session Required", "Require Sign Out Prompt", "Refresh tokens", "Contact for client ownership",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a choice means depends on what else is known.
func TestRegistrationMeans(t *testing.T) {
	for want, r := range map[string]Registration{
		"localhost will do in the sandbox": {Environment: "sandbox"},
		"none on localhost in live":        {Environment: "live"},
		"a client secret all the same":     {Flow: "HybridWithProofKey"},
		"Microsoft has to be allowed":      {Provider: "Microsoft"},
		"at every sign-in either way":      {Scopes: []string{"offline_access"}},
		"is for a refresh token":           {Scopes: []string{"offline_access"}},
	} {
		means := func(r Registration) string {
			var all []string
			for _, i := range r.Items() {
				all = append(all, i.Means)
			}
			return strings.Join(all, "\n")
		}
		if !strings.Contains(means(r), want) {
			t.Errorf("%q isn't said of %+v", want, r)
		}
		if strings.Contains(means(Registration{}), want) {
			t.Errorf("%q is said whatever is known", want)
		}
	}
}
