package sims

import (
	"slices"
	"strings"
)

// Registrar is where SIMS ID's public documentation has requests for clients sent.
const Registrar = "ess-partnersupport@parentpay.com"

// Registration is what is known of a client that SIMS ID is to register.
type Registration struct {
	Environment  string // "sandbox", "live"; "" where nobody has said
	Flow         string // as IdentityServer3 names it; "" where it has none such
	Scopes       []string
	RedirectURIs []string
	PostLogout   []string
	Provider     string // the identity provider that sign-ins go to straight away; "" for none
	RefreshUsage string // "one-time", "reusable"; "" where nobody has said
	NoUser       bool   // the client gets its tokens for itself
}

// RegistrationItem is one answer that the registrar needs, by the name that SIMS ID's public documentation gives it.
type RegistrationItem struct {
	ID     string   // for programs: "redirect_uris"
	Name   string   // "Redirect URIs"
	Values []string // none: it is to be chosen
	Choice string   // what there is to choose from, where it is to be chosen: "yes or no"
	Means  string   // what the value or the choice means
}

// ToBeChosen reports whether the profile doesn't say it.
func (i RegistrationItem) ToBeChosen() bool { return len(i.Values) == 0 }

// Items are the request's answers, in the order of the documentation. What only an application with users has is left out for one without.
func (r Registration) Items() []RegistrationItem {
	items := []RegistrationItem{r.environment(), r.flow(), r.scopes()}
	if !r.NoUser {
		items = append(items, r.redirects(), r.postLogout(), r.providers(), r.consent(), r.rememberConsent(),
			RegistrationItem{ID: "logout_session_required", Name: "Logout Session Required", Choice: "yes or no",
				Means: "with yes the user's session id is sent to the logout URI, so that the application knows whose session ends"},
			RegistrationItem{ID: "require_sign_out_prompt", Name: "Require Sign Out Prompt", Choice: "yes or no",
				Means: "with yes a screen asks users to confirm before they are signed out; with no they are signed out at once"})
	}
	if slices.Contains(r.Scopes, "offline_access") {
		items = append(items, r.refresh())
	}
	return append(items, RegistrationItem{ID: "contact", Name: "Contact for client ownership", Choice: "name and e-mail address",
		Means: "the client id and secret are sent to the contacts in an encrypted file, and its password to the one owner"})
}

func values(v string) []string {
	if v == "" {
		return nil
	}
	return []string{v}
}

func (r Registration) environment() RegistrationItem {
	return RegistrationItem{ID: "environment", Name: "Environment", Values: values(r.Environment), Choice: "sandbox or live",
		Means: "each has clients of its own: an id and a secret of one mean nothing to the other"}
}

func (r Registration) flow() RegistrationItem {
	i := RegistrationItem{ID: "flow", Name: "Authorization Flow", Values: values(r.Flow), Choice: "AuthorizationCodeWithProofKey for an application on users' machines, " +
		"Hybrid for a web application, Implicit for a single page, ClientCredentials for a server without users",
		Means: "a client has exactly one flow"}
	if strings.HasSuffix(r.Flow, "WithProofKey") {
		i.Means = "with PKCE, and a client secret all the same; a client has exactly one flow"
	}
	return i
}

func (r Registration) scopes() RegistrationItem {
	i := RegistrationItem{ID: "scopes", Name: "Scopes", Choice: "openid profile roles partner, and what the application needs beside them",
		Means: "what isn't listed here is refused later"}
	if len(r.Scopes) > 0 {
		i.Values = []string{strings.Join(r.Scopes, " ")}
	}
	if slices.Contains(r.Scopes, "offline_access") {
		i.Means += "; offline_access is for a refresh token"
	}
	return i
}

func (r Registration) redirects() RegistrationItem {
	i := RegistrationItem{ID: "redirect_uris", Name: "Redirect URIs", Values: r.RedirectURIs, Choice: "https addresses",
		Means: "compared as whole strings, port and trailing slash included; https alone"}
	switch r.Environment {
	case "sandbox":
		i.Means += "; localhost will do in the sandbox"
	case "live":
		i.Means += "; none on localhost in live"
	}
	return i
}

func (r Registration) postLogout() RegistrationItem {
	return RegistrationItem{ID: "post_logout_redirect_uris", Name: "Post Logout Redirect URIs", Values: r.PostLogout, Choice: "https addresses, or none",
		Means: "where users may be sent after they have signed out; without one they stay on SIMS ID's page"}
}

func (r Registration) providers() RegistrationItem {
	i := RegistrationItem{ID: "identity_provider_restrictions", Name: "Identity provider restrictions", Choice: "none, or the providers to allow",
		Means: "none lets users sign in by whatever provider they have; a list can allow SIMS ID's own login alone, for instance"}
	if r.Provider != "" {
		i.Means += "; " + r.Provider + " has to be allowed, since the profile sends users straight there"
	}
	return i
}

func (r Registration) consent() RegistrationItem {
	i := RegistrationItem{ID: "consent_required", Name: "Is Consent Required", Choice: "yes or no",
		Means: "with yes users are asked what the application may see"}
	switch r.Environment {
	case "sandbox":
		i.Values = []string{"no, as SIMS ID has it in the sandbox"}
	case "live":
		i.Values = []string{"yes, as SIMS ID has it in live"}
	}
	return i
}

func (r Registration) rememberConsent() RegistrationItem {
	i := RegistrationItem{ID: "allow_remember_consent", Name: "Allow Remember Consent", Choice: "yes or no",
		Means: "with yes a user's consent is kept, and asked for once; with no at every sign-in"}
	if slices.Contains(r.Scopes, "offline_access") {
		i.Means += "; with offline_access it is asked for at every sign-in either way"
	}
	return i
}

// refresh isn't in the documentation's list: IdentityServer3 has it for each client, and tells it to none.
func (r Registration) refresh() RegistrationItem {
	return RegistrationItem{ID: "refresh_tokens", Name: "Refresh tokens", Values: values(r.RefreshUsage),
		Choice: "one-time or reusable, for how long, and whether claims are updated",
		Means: "one-time ones are replaced at each use; without updated claims, a changed role or organisation shows only after a new sign-in. " +
			"Please tell us what is set"}
}
