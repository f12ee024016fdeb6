package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

// able is what metadata says a provider can do, for the table of commands.
type able struct {
	kind  provider.Kind
	m     provider.Metadata
	doc   token.Object
	table []render.Capability
}

// capabilities says which commands will work at a provider.
func capabilities(kind provider.Kind, d provider.Description) []render.Capability {
	a := able{kind: kind, m: d.Metadata, doc: d.Document}
	a.logins()
	refresh := "it renews tokens"
	if !a.has("grant_types_supported") {
		refresh = "metadata names no grants; a login shows whether there is a refresh token"
	}
	a.add("refresh", a.grants("refresh_token"), refresh, "metadata doesn't name the grant refresh_token")
	a.add("decode", true, "tokens that are JWTs are verified with its keys", "")
	a.at("userinfo", a.m.UserinfoEndpoint, "userinfo_endpoint")
	a.introspection()
	a.at("revoke", a.m.RevocationEndpoint, "revocation_endpoint")
	if a.m.EndSessionEndpoint != "" {
		a.add("logout", true, "in the browser too", "")
	} else {
		a.add("logout", true, "here and, where there is revocation, at the provider; the browser's session stays, since metadata has no end_session_endpoint", "")
	}
	a.add("sso A B", true, "by prompt=none", "")
	return a.table
}

func (a *able) add(command string, works bool, yes, no string) {
	why := no
	if works {
		why = yes
	}
	a.table = append(a.table, render.Capability{Command: command, Works: works, Why: why})
}

func (a *able) at(command, address, member string) {
	a.add(command, address != "", "metadata has "+member, "metadata has no "+member)
}

func (a *able) has(member string) bool {
	_, ok := a.doc.Get(member)
	return ok
}

// grants reports whether a grant is named; without any, all that a provider may have by default.
func (a *able) grants(name string) bool {
	return !a.has("grant_types_supported") || slices.Contains(a.doc.Strings("grant_types_supported"), name)
}

// logins are the flows by which somebody, or the client itself, signs in.
func (a *able) logins() {
	for _, f := range provider.Flows() {
		command := "login --flow " + string(f.Flow)
		switch {
		case !a.kind.Has(f):
		case f.Flow == provider.FlowDevice:
			a.at(command, a.m.DeviceEndpoint, "device_authorization_endpoint")
		case f.Flow == provider.FlowClientCredentials:
			a.add(command, a.has("grant_types_supported") && a.grants("client_credentials"), "metadata names the grant client_credentials",
				"metadata doesn't name the grant client_credentials")
		case f.Flow == a.kind.DefaultFlow:
			why := "the proof key goes by S256"
			if !slices.Contains(a.m.ChallengeMethods, "S256") {
				why = "metadata doesn't name S256 for proof keys, which are sent all the same"
			}
			a.add("login", a.answers(f), why, "metadata doesn't name the response type code")
		case f.Flow == provider.FlowHybrid, f.Flow == provider.FlowImplicit:
			a.add(command, a.answers(f), "metadata names a response type of it", "metadata names no response type of it")
		}
	}
	switch {
	case a.m.PushedRequired:
		a.add("login --par", true, "it takes pushed requests alone", "")
	default:
		a.at("login --par", a.m.PushedEndpoint, "pushed_authorization_request_endpoint")
	}
	a.add("login --client-auth private_key_jwt", slices.Contains(a.m.AuthMethods, string(provider.AuthPrivateKey)), "metadata names it",
		"metadata doesn't name private_key_jwt")
}

// answers reports whether a response type of the flow is named, in whatever order of its words.
func (a *able) answers(f provider.FlowInfo) bool {
	for _, t := range a.doc.Strings("response_types_supported") {
		if _, ok := f.ResponseType(t); ok && t != "" {
			return true
		}
	}
	return false
}

func (a *able) introspection() {
	switch {
	case a.m.IntrospectionEndpoint != "" && a.kind.PhantomTokens:
		a.add("introspect", true, "it gives the JWT behind an opaque token", "")
	case a.m.IntrospectionEndpoint != "" && a.kind.IntrospectionByScope:
		a.add("introspect", true, "with a scope's name and secret, or by the two validation endpoints", "")
	case a.kind.ValidationCalls:
		a.add("introspect", true, "by the two validation endpoints, which metadata doesn't list", "")
	default:
		a.at("introspect", a.m.IntrospectionEndpoint, "introspection_endpoint")
	}
}

// endpoints are the addresses of the metadata, for people.
func endpoints(m provider.Metadata) []render.Named {
	var list []render.Named
	for _, e := range []render.Named{
		{Name: "Sign-in", Address: m.AuthorizationEndpoint}, {Name: "Tokens", Address: m.TokenEndpoint}, {Name: "Keys", Address: m.JWKSURI},
		{Name: "Userinfo", Address: m.UserinfoEndpoint}, {Name: "Introspection", Address: m.IntrospectionEndpoint},
		{Name: "Revocation", Address: m.RevocationEndpoint}, {Name: "Sign-out", Address: m.EndSessionEndpoint},
		{Name: "Device codes", Address: m.DeviceEndpoint}, {Name: "Pushed requests", Address: m.PushedEndpoint},
	} {
		if e.Address != "" {
			list = append(list, e)
		}
	}
	return list
}

// mostListed bounds a list of the metadata on screen; all of it is in the JSON answer's metadata.
const mostListed = 40

// supports are the members of the metadata that say what a client may ask for.
func supports(doc token.Object) []render.Supported {
	var list []render.Supported
	for _, m := range []struct{ what, member string }{
		{"Scopes", "scopes_supported"}, {"Response types", "response_types_supported"}, {"Response modes", "response_modes_supported"},
		{"Grants", "grant_types_supported"}, {"Levels (acr)", "acr_values_supported"}, {"Prompts", "prompt_values_supported"},
		{"Client authentication", "token_endpoint_auth_methods_supported"}, {"Proof keys (PKCE)", "code_challenge_methods_supported"},
		{"ID tokens signed by", "id_token_signing_alg_values_supported"}, {"Userinfo signed by", "userinfo_signing_alg_values_supported"},
		{"Introspection signed by", "introspection_signing_alg_values_supported"},
		{"Answers signed by (JARM)", "authorization_signing_alg_values_supported"}, {"Subjects", "subject_types_supported"},
		{"DPoP proofs by", "dpop_signing_alg_values_supported"},
	} {
		if v := doc.Strings(m.member); len(v) > mostListed {
			list = append(list, render.Supported{What: m.what, Values: append(v[:mostListed:mostListed], "…")})
		} else if len(v) > 0 {
			list = append(list, render.Supported{What: m.what, Values: v})
		}
	}
	for _, m := range []struct{ what, member string }{
		{"Issuer in answers (RFC 9207)", "authorization_response_iss_parameter_supported"},
		{"Pushed requests alone", "require_pushed_authorization_requests"},
		{"Sign-out of applications", "frontchannel_logout_supported"}, {"Sign-out behind the browser", "backchannel_logout_supported"},
	} {
		if raw, ok := doc.Get(m.member); ok && slices.Contains([]string{"true", "false"}, string(raw)) {
			list = append(list, render.Supported{What: m.what, Values: []string{cmp.Or(map[string]string{"true": "yes"}[string(raw)], "no")}})
		}
	}
	return list
}

// discoveryIssuer takes what somebody pasted for the issuer: the address of a document stands for the issuer that it lies behind.
func discoveryIssuer(given string) string {
	for _, suffix := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		if before, after, found := strings.Cut(given, suffix); found {
			return before + after
		}
	}
	return given
}
