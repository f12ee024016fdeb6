package provider

import "slices"

// namedKind is a row of the table. A command needs one kind, and makes that one.
type namedKind struct {
	name string
	make func() Kind
}

// kinds is the table, in the order in which help lists it.
func kinds() []namedKind {
	return []namedKind{
		{"simsid", simsKind}, {"oidc", openIDKind}, {"curity", curityKind}, {"imis", imisKind}, {"emulator", embeddedSTSKind}, {"emulator-imis", embeddedIMISKind},
	}
}

// Kinds returns the table, in the order in which help lists it. The caller owns the result.
func Kinds() []Kind {
	var all []Kind
	for _, k := range kinds() {
		all = append(all, k.make())
	}
	return all
}

// LookupKind finds a kind by its name.
func LookupKind(name string) (Kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k.make(), true
		}
	}
	return Kind{}, false
}

func simsKind() Kind {
	return Kind{
		Name:  "simsid",
		Facts: identityServer3Facts(),
		Title: "SIMS ID",
		// A sandbox is assigned to each integrator, who gives its address: no host that isn't proven may receive a
		// secret by default.
		Environments:    []Environment{{Name: "sandbox"}, {Name: "live", Issuer: "https://sts.sims.co.uk"}},
		IssuerSlash:     true,
		SIMS:            true,
		ValidationCalls: true,
		RevokeCascade:   true,
		SubjectTail:     true,
		SubjectOptional: true,
		VerifierByFlow:  true,
		Rules:           slices.Concat(installationRules(), simsRules()),
		ACRPrefixes:     identityServer3ACR(),

		IntrospectionByScope: true,
		RevokesNoJWT:         true,
		SelectOrganisation:   "orgselected:",
		DefaultFlow:          FlowCodeWithProofKey,
		Limits:               identityServer3Limits(),
		BrokenPrompts:        []string{"select_account"},
		OnePrompt:            true,
		MaxAgeZeroLoops:      true,
		// IdentityServer3 doesn't percent-decode Basic credentials, so the body is the one place that always works.
		DefaultAuth:   AuthPost,
		DefaultScopes: []string{"openid", "profile", "roles", "partner"},
		// SIMS ID matches a redirect URI as a whole string, port included, so there is none that could be guessed.
		DefaultRedirect: "",
		DefaultStore:    "keyring",
	}
}

// embeddedSTSKind is the STS inside the binary, or one that is served: it is SIMS ID but for where it is, what may be registered there, and
// in what may be kept how.
func embeddedSTSKind() Kind {
	k := simsKind()
	k.Name, k.Title, k.Environments = "emulator", "the embedded STS", nil
	k.Embedded, k.OwnCA, k.Issuer, k.DefaultStore = "sts", true, "https://emulator.simsid.invalid/", "auto"
	k.Rules = simsRules()
	k.DefaultScopes = append(k.DefaultScopes, "partnermanagementapplication", "offline_access")
	k.DefaultRedirect = "http://127.0.0.1:0/callback"
	return k
}

func openIDKind() Kind {
	return Kind{
		Name:  "oidc", // without a title: the issuer names it
		Facts: openIDFacts(),
		// OpenID Connect Core 9: where a client registered no method, it is this one. A client without a secret
		// is a public one whatever the method (see Client).
		DefaultAuth: AuthBasic,
		DefaultFlow: FlowCodeWithProofKey,
		Rules:       []Rule{openIDRule()},
		// Providers that don't know of signed answers name no algorithms for them.
		SignedIntrospection: true,
		// No offline_access: OpenID Connect Core 11 lets a provider ignore it, but several answer invalid_scope, and a login
		// that can't be refreshed is better than none.
		DefaultScopes:   []string{"openid", "profile"},
		DefaultRedirect: "http://127.0.0.1:8400/callback",
		DefaultStore:    "keyring",
	}
}

func curityKind() Kind {
	return Kind{
		Name:        "curity",
		Facts:       curityFacts(),
		Title:       "the Curity Identity Server",
		DefaultAuth: AuthBasic,
		DefaultFlow: FlowCodeWithProofKey,
		Rules:       []Rule{openIDRule()},

		SignedIntrospection: true,
		PhantomTokens:       true,
		OAuthMetadata:       true,
		TellsSignOn:         true,
		IssuerPaths:         []string{"/oauth/v2/oauth-anonymous"},

		DefaultScopes:   []string{"openid", "profile"},
		DefaultRedirect: "http://127.0.0.1:8400/callback",
		DefaultStore:    "keyring",
	}
}

func imisKind() Kind {
	return Kind{
		Name:         "imis",
		Title:        "iMIS",
		TokenPath:    "/token",
		BeginsThere:  "in iMIS, click the link to the page with the Single Sign On content item",
		DatedTokens:  true,
		OpaqueTokens: true,
		Lacks:        imisLacks(),
		Rules: []Rule{{
			Name: RuleClientSecret, Says: "every client has a secret", Source: "iMIS's documentation of its token endpoint",
			WayOut: "give the client's secret",
		}},
		DefaultAuth: AuthPost,
		DefaultFlow: FlowPostedToken,
		// Whoever registers the client chooses its Login redirect URL.
		DefaultRedirect: "http://127.0.0.1:8400/callback",
		DefaultStore:    "keyring",
	}
}

// embeddedIMISKind is the site inside the binary, or one that is served: it differs in where it is, and in what may be kept how.
func embeddedIMISKind() Kind {
	k := imisKind()
	k.Name, k.Title = "emulator-imis", "the embedded iMIS"
	k.BeginsThere = "in the embedded iMIS, sign in and follow the link “Go to simsid”"
	k.Embedded, k.OwnCA, k.Issuer, k.DefaultStore = "imis", true, "https://imis.simsid.invalid/", "auto"
	return k
}
