package provider

import (
	"reflect"
	"slices"
	"testing"
)

// What SIMS ID does, the embedded STS does likewise: they differ in where they are and what they start with alone.
func TestEmulatorIsLikeSIMSID(t *testing.T) {
	simsid, emulator := mustKind(t, "simsid"), mustKind(t, "emulator")
	want := simsid
	want.Name, want.Title, want.Embedded, want.OwnCA, want.Environments = "emulator", "the embedded STS", "sts", true, nil
	want.Issuer, want.Rules = "https://emulator.simsid.invalid/", simsRules() // it is no installation of SIMS ID's
	want.DefaultScopes = []string{"openid", "profile", "roles", "partner", "partnermanagementapplication", "offline_access"}
	want.DefaultRedirect, want.DefaultStore = "http://127.0.0.1:0/callback", "auto"
	if !reflect.DeepEqual(emulator, want) {
		t.Errorf("%+v, want %+v", emulator, want)
	}
}

// So is the embedded iMIS like iMIS.
func TestEmbeddedIMISIsLikeIMIS(t *testing.T) {
	want := mustKind(t, "imis")
	want.Name, want.Title, want.Embedded, want.OwnCA, want.Issuer, want.DefaultStore = "emulator-imis", "the embedded iMIS", "imis", true, "https://imis.simsid.invalid/", "auto"
	want.BeginsThere = "in the embedded iMIS, sign in and follow the link “Go to simsid”"
	if got := mustKind(t, "emulator-imis"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestKinds(t *testing.T) {
	want := []Kind{
		{
			Name: "simsid", Title: "SIMS ID", Facts: identityServer3Facts(), Environments: []Environment{{"sandbox", ""}, {"live", "https://sts.sims.co.uk"}},
			IssuerSlash: true, SIMS: true, ValidationCalls: true, IntrospectionByScope: true, RevokeCascade: true, RevokesNoJWT: true, SubjectTail: true,
			SubjectOptional: true, VerifierByFlow: true, SelectOrganisation: "orgselected:", DefaultFlow: FlowCodeWithProofKey,
			Limits: identityServer3Limits(), BrokenPrompts: []string{"select_account"}, OnePrompt: true, MaxAgeZeroLoops: true,
			Rules: slices.Concat(installationRules(), simsRules()), ACRPrefixes: []ACRPrefix{{"idp:", "idp"}, {"tenant:", ""}},
			DefaultAuth: AuthPost, DefaultScopes: []string{"openid", "profile", "roles", "partner"}, DefaultStore: "keyring",
		},
		{
			Name: "oidc", Facts: openIDFacts(), DefaultAuth: AuthBasic, DefaultFlow: FlowCodeWithProofKey, DefaultScopes: []string{"openid", "profile"},
			DefaultRedirect: "http://127.0.0.1:8400/callback", DefaultStore: "keyring", SignedIntrospection: true,
			Rules: []Rule{openIDRule()},
		},
		{
			Name: "curity", Title: "the Curity Identity Server", Facts: curityFacts(), DefaultAuth: AuthBasic, DefaultFlow: FlowCodeWithProofKey, DefaultScopes: []string{"openid", "profile"},
			DefaultRedirect: "http://127.0.0.1:8400/callback", DefaultStore: "keyring", SignedIntrospection: true, PhantomTokens: true,
			OAuthMetadata: true, TellsSignOn: true, IssuerPaths: []string{"/oauth/v2/oauth-anonymous"}, Rules: []Rule{openIDRule()},
		},
		{
			Name: "imis", Title: "iMIS", TokenPath: "/token", BeginsThere: "in iMIS, click the link to the page with the Single Sign On content item",
			DatedTokens: true, OpaqueTokens: true, Lacks: imisLacks(), DefaultAuth: AuthPost, DefaultFlow: FlowPostedToken,
			DefaultRedirect: "http://127.0.0.1:8400/callback", DefaultStore: "keyring",
			Rules: []Rule{{
				Name: RuleClientSecret, Says: "every client has a secret", Source: "iMIS's documentation of its token endpoint",
				WayOut: "give the client's secret",
			}},
		},
		mustKind(t, "emulator"), mustKind(t, "emulator-imis"),
	}
	if got := Kinds(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if k, ok := LookupKind("SIMSID"); ok {
		t.Errorf("found %+v", k)
	}
}

// The table is made anew for each caller, so that none can change another's.
func TestKindsAreTheCallers(t *testing.T) {
	Kinds()[0].DefaultScopes[0] = "changed"
	if got := Kinds()[0].DefaultScopes[0]; got != "openid" {
		t.Errorf("scope %s", got)
	}
}

func TestEnvironmentIssuer(t *testing.T) {
	for _, c := range []struct {
		kind, environment, issuer string
		ok                        bool
	}{
		{"simsid", "live", "https://sts.sims.co.uk", true},
		{"simsid", "sandbox", "", true},
		{"simsid", "test", "", false},
		{"simsid", "", "", false},
		{"oidc", "live", "", false},
	} {
		issuer, ok := mustKind(t, c.kind).EnvironmentIssuer(c.environment)
		if issuer != c.issuer || ok != c.ok {
			t.Errorf("%s %s: %q, %v", c.kind, c.environment, issuer, ok)
		}
	}
}
