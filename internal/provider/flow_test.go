package provider

import "testing"

func TestResponseType(t *testing.T) {
	for _, c := range []struct {
		flow         Flow
		wanted, want string
		ok           bool
	}{
		{FlowCode, "", "code", true},
		{FlowCodeWithProofKey, "code", "code", true},
		{FlowCode, "token", "", false},
		{FlowHybrid, "", "code id_token", true},
		{FlowHybrid, "token code", "code token", true},
		{FlowHybridWithProof, "token id_token  code", "code id_token token", true},
		{FlowHybrid, "code", "", false},
		{FlowHybrid, "code code id_token", "", false},
		{FlowImplicit, "", "id_token token", true},
		{FlowImplicit, "token", "token", true},
		{FlowImplicit, "code", "", false},
		{FlowClientCredentials, "", "", false},
		{FlowDevice, "code", "", false},
	} {
		info, ok := LookupFlow(c.flow)
		if !ok {
			t.Fatalf("there is no flow %s", c.flow)
		}
		if got, ok := info.ResponseType(c.wanted); got != c.want || ok != c.ok {
			t.Errorf("%s, %q: got %q, %t", c.flow, c.wanted, got, ok)
		}
	}
	if _, ok := LookupFlow("authorizationcode"); ok {
		t.Error("a flow by another spelling")
	}
}

// IdentityServer3 refuses a verifier from a client whose flow isn't named for it; everybody else gets a proof key whatever the name.
func TestProofKey(t *testing.T) {
	for _, f := range Flows() {
		for _, k := range Kinds() {
			want := f.ProofKey || k.Name == "oidc" || k.Name == "curity" || k.Name == "imis" || k.Name == "emulator-imis"
			if got := k.ProofKey(f); got != want {
				t.Errorf("%s at %s: %t", f.Flow, k.Name, got)
			}
		}
	}
}
