package sims_test

import (
	"testing"

	"github.com/simsid/simsid/internal/sims"
)

func TestLookupClaim(t *testing.T) {
	scopes := map[string]string{
		"userorganisationidentifier":  "partnermanagementapplication",
		"userorganisationidentifiers": "simsmultiorgapplication",
		"applicationid":               "partnermanagementapplication or simsmultiorgapplication",
		"applicationname":             "partnermanagementapplication or simsmultiorgapplication",
		"vendorid":                    "partnermanagementapplication or simsmultiorgapplication",
		"idp":                         "", "provider": "", "providerid": "", "providername": "", "name": "", "multipleorganisations": "", "site": "",
		"role": "roles", "SiteRole": "", "launcher": "", "homeorganisationidentifier": "", "additionalrolespresent": "",
		"LastLoginTimestamp": "", "PasswordChangedTimestamp": "", "sub": "",
		"SIMSCX/OrganisationID": "", "SIMSCX/ExternalID": "", "SIMSCX/Role": "", "SIMSCX/TenantID": "", "SIMSCX/UserType": "", "SIMSCX/Later": "",
		// OpenID Connect and its neighbours:
		"iss": "", "aud": "", "exp": "", "iat": "", "nbf": "", "jti": "", "scope": "", "client_id": "",
		"nonce": "openid", "auth_time": "openid", "amr": "openid", "sid": "openid", "at_hash": "openid", "c_hash": "openid",
		"given_name": "profile", "email": "email", "phone_number": "phone", "address": "address",
	}
	for name, scope := range scopes {
		got, ok := sims.LookupClaim(name)
		if !ok || got.Name != name || got.Scope != scope {
			t.Errorf("LookupClaim(%q) = %+v, %t, want scope %q", name, got, ok, scope)
		}
		checkWords(t, name, got.Meaning)
	}
	for _, name := range []string{"", "SUB", "siterole", "SIMSCX/", "SIMSCX", "Role"} {
		if got, ok := sims.LookupClaim(name); ok {
			t.Errorf("LookupClaim(%q) = %+v", name, got)
		}
	}
}

func TestSIMSMeaningComesFirst(t *testing.T) {
	mine, _ := sims.LookupClaim("sub")
	standard, ok := sims.LookupStandardClaim("sub")
	if !ok || mine.Meaning == standard.Meaning {
		t.Errorf("sub means %q in SIMS ID, and %q elsewhere", mine.Meaning, standard.Meaning)
	}
	if got, ok := sims.LookupStandardClaim("site"); ok {
		t.Errorf("site is no standard claim: %+v", got)
	}
}

func TestClaimTables(t *testing.T) {
	for _, table := range [][]sims.ClaimInfo{sims.Claims(), sims.StandardClaims()} {
		seen := make(map[string]bool)
		for _, c := range table {
			if seen[c.Name] {
				t.Errorf("%s is there twice", c.Name)
			}
			seen[c.Name] = true
			checkWords(t, c.Name, c.Meaning)
		}
	}
}
