//go:build real

package clients_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// certified is what the emulator serves to openid-client. Their IDs are as SIMS ID's are, with hyphens.
const certified = `
[[scope]]
name = "lunch-api"
about = "Your lunch orders"
secret = "lunch-api-secret"

[[scope]]
name = "menu"
about = "The menu"
secret = "menusecret"

[[client]]
id = "pm-sso-code"
secret = "code-secret"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["https://localhost:5454/callback"]
scopes = ["openid", "profile", "partnermanagementapplication", "offline_access", "lunch-api", "menu"]

[[client]]
id = "pm-sso-reference"
secret = "reference-secret"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["https://localhost:5454/callback"]
scopes = ["openid", "offline_access", "lunch-api"]
token_type = "reference"

[[client]]
id = "pm-sso-hybrid"
secret = "hybrid-secret"
flow = "Hybrid"
redirect_uris = ["https://localhost:5454/callback"]
scopes = ["openid", "profile", "partnermanagementapplication", "offline_access"]

[[client]]
id = "pm-sso-server"
secret = "server-secret"
flow = "ClientCredentials"
scopes = ["partner-read"]
`

// A task for openid-client/script.mjs, and its report.
type (
	task   map[string]any
	report map[string]any
)

// TestOpenIDClient has the certified client do what applications do. It checks by itself whatever a client has to check, so
// that each task is also a check of the metadata, the keys and the ID tokens.
func TestOpenIDClient(t *testing.T) {
	served := emulate(t, certified, "--as", "head")
	user := report{
		"user": "100201|c4980000-0000-4000-8000-000000000001|head|SIMSID", "name": "Margaret Ellis", "sameName": true, "expires": 3600.0,
		"rotated": 3.0, "sameSubject": true, "usedTwice": "invalid_grant",
	}
	for _, test := range []struct {
		name string
		task task
		want report
	}{
		{"code", task{"task": "code", "client": "pm-sso-code", "secret": "code-secret",
			"scope": "openid profile partnermanagementapplication offline_access"}, with(user, "signOut", "/connect/endsession")},
		{"hybrid", task{"task": "hybrid", "client": "pm-sso-hybrid", "secret": "hybrid-secret",
			"scope": "openid profile partnermanagementapplication offline_access"}, user},
		{"client credentials", task{"task": "credentials", "client": "pm-sso-server", "secret": "server-secret", "scope": "partner-read",
			"acr": "orgselected:a87b0000-0000-4000-8000-000000000002"},
			report{"type": "bearer", "refresh": false, "client": "pm-sso-server",
				"organisation": "a87b0000-0000-4000-8000-000000000002"}},
		{"introspection", task{"task": "introspection", "client": "pm-sso-code", "secret": "code-secret",
			"scope": "openid offline_access lunch-api menu", "api": "lunch-api", "apiSecret": "lunch-api-secret",
			"basicAPI": "menu", "basicSecret": "menusecret"},
			report{"active": true, "scope": "lunch-api", "client": "pm-sso-code", "sameSubject": true, "basic": true, "basicScope": "menu",
				"refreshToken": false, "byClient": 401.0}},
		{"revocation, JWT", task{"task": "revocation", "client": "pm-sso-code", "secret": "code-secret",
			"scope": "openid offline_access lunch-api", "api": "lunch-api", "apiSecret": "lunch-api-secret"},
			report{"before": true, "after": true, "refresh": "invalid_grant"}},
		{"revocation, reference token", task{"task": "revocation", "client": "pm-sso-reference", "secret": "reference-secret",
			"scope": "openid offline_access lunch-api", "api": "lunch-api", "apiSecret": "lunch-api-secret"},
			report{"before": true, "after": false, "refresh": "invalid_grant"}},
		{"Basic", task{"task": "basic", "client": "pm-sso-server", "secret": "server-secret", "scope": "partner-read"},
			report{"encoded": "invalid_client", "asWritten": "done"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := script(t, served, test.task)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("openid-client reports\n%v\nwant\n%v", got, test.want)
			}
		})
	}
}

// TestOpenIDClientFaults has the client sign in where tokens are wrong on purpose. It refuses each, and so would an application.
func TestOpenIDClientFaults(t *testing.T) {
	const client = `
[[client]]
id = "KIND"
secret = "fault-secret"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["https://localhost:5454/callback"]
scopes = ["openid"]
`
	const fault = `
[[client.fault]]
kind = "KIND"
`
	want := report{
		"no-fault":        "done",
		"wrong-nonce":     "OAUTH_JWT_CLAIM_COMPARISON_FAILED nonce",
		"wrong-audience":  "OAUTH_JWT_CLAIM_COMPARISON_FAILED aud",
		"wrong-issuer":    "OAUTH_JWT_CLAIM_COMPARISON_FAILED iss",
		"wrong-signature": "OAUTH_INVALID_RESPONSE",
		"unknown-key":     "OAUTH_KEY_SELECTION_FAILED",
		"expired-token":   "OAUTH_JWT_TIMESTAMP_CHECK_FAILED exp",
	}
	configuration := strings.ReplaceAll(client, "KIND", "no-fault")
	for kind := range want {
		if kind != "no-fault" {
			configuration += strings.ReplaceAll(client+fault, "KIND", kind)
		}
	}
	served := emulate(t, configuration, "--as", "head")
	got := script(t, served, task{"task": "faults", "clients": slices.Sorted(maps.Keys(want)), "secret": "fault-secret", "scope": "openid"})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("openid-client reports\n%v\nwant\n%v", got, want)
	}
}

// script runs openid-client.
func script(t *testing.T, served sts, do task) report {
	t.Helper()
	do["issuer"] = served.Issuer
	in, err := json.Marshal(do)
	if err != nil {
		t.Fatal(err)
	}
	out := answer(t, []string{"PATH=" + os.Getenv("PATH"), "NODE_EXTRA_CA_CERTS=" + served.CA}, string(in), "node", "openid-client/script.mjs")
	var got report
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("read the report: %v\n%s", err, out)
	}
	return got
}

// with is a report with one more member.
func with(r report, name string, value any) report {
	out := maps.Clone(r)
	out[name] = value
	return out
}
