package config

import "testing"

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"client-id", "client_id"},
		{"clientId", "client_id"},
		{"cliend_id", "client_id"},
		{"scope", "scopes"},
		{"redirect_url", "redirect_uri"},
		{"isuser", "issuer"},
		{"enviroment", "environment"},
		{"stroe", "store"},
		{"kid", "kind"},
		{"id", ""},
		{"st", ""},
		{"", ""},
		{"colour", ""},
		{"query", ""},
	} {
		if got := nearest(c.word, settingKeys()); got != c.want {
			t.Errorf("nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"kitten", "sitting", 3},
		{"ca", "abc", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

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
