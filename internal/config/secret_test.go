package config

import "testing"

func TestLooksSecret(t *testing.T) {
	for _, key := range []string{"client_secret", "ClientSecret", "client-secret", "refresh_token", "access.token", "id_token", "password", "PASSPHRASE", "api_key", "private-key", "SIMSID_STORE_KEY", "introspection_secret", "credentials"} {
		if !looksSecret(key) {
			t.Errorf("%s must look like a secret", key)
		}
	}
	for _, s := range Settings() {
		if looksSecret(s.Key) {
			t.Errorf("the key %s must not look like a secret", s.Key)
		}
	}
}
