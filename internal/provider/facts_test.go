package provider

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// Each form of a fact is borne out by the metadata it is about, and by no other.
func TestDifferences(t *testing.T) {
	good := object{
		"issuer": "https://id.example/oauth/v2/oauth-anonymous", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "introspection_endpoint": "https://id.example/i", "revocation_endpoint": "https://id.example/r",
		"userinfo_endpoint": "https://id.example/u", "code_challenge_methods_supported": []string{"S256"},
	}
	for _, c := range []struct {
		name     string
		kind     string
		document object
		want     []string
	}{
		{"as it is known", "curity", good, nil},
		{"no path", "curity", good.with(object{"issuer": "https://id.example/"}), []string{"issuer"}},
		{"another list", "curity", good.with(object{"code_challenge_methods_supported": []string{"plain"}}), []string{"code_challenge_methods_supported"}},
		{"missing", "curity", good.with(object{"revocation_endpoint": nil}), []string{"revocation_endpoint"}},
		{"null", "curity", good.with(object{"revocation_endpoint": json.RawMessage("null")}), []string{"revocation_endpoint"}},
		{"IdentityServer3's", "simsid", document("https://a.example", "https://a.example"), nil},
		{"another place", "simsid", document("https://a.example", "https://a.example").with(object{"token_endpoint": "https://a.example/token"}), []string{"token_endpoint"}},
		{"more than it has", "simsid", document("https://a.example", "https://a.example").with(object{"device_authorization_endpoint": "https://a.example/d"}),
			[]string{"device_authorization_endpoint"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := json.Marshal(c.document)
			if err != nil {
				t.Fatal(err)
			}
			o, err := token.ParseObject(text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range Differences(mustKind(t, c.kind), o) {
				got = append(got, d.Fact.Member)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Keys are told with their kinds, and why one isn't used.
func TestDescribeKeys(t *testing.T) {
	text, err := json.Marshal(object{"keys": []any{
		jwk(t, testKeys().rsa.Public(), "k1", nil), jwk(t, testKeys().small.Public(), "k2", nil), jwk(t, testKeys().ec.Public(), "k3", object{"use": "enc"}), object{"kty": "oct", "k": "eA"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := ParseProviderJWKS(text)
	if err != nil {
		t.Fatal(err)
	}
	got, ignored := set.Describe()
	want := []KeyInfo{
		{ID: "k1", Kind: "RSA of 2048 bits"},
		{ID: "k2", Kind: "RSA of 1024 bits", Unfit: "the key is RSA of 1024 bits; 2048 to 8192 are allowed"},
		{ID: "k3", Kind: "EC on P-256", Use: "enc", Unfit: "the key isn't for signatures"},
	}
	for i := range got {
		got[i].Algorithm = ""
		if got[i].Use == "sig" {
			got[i].Use = ""
		}
	}
	if !slices.Equal(got, want) || ignored != 1 {
		t.Errorf("got %+v and %d, want %+v and 1", got, ignored, want)
	}
}
