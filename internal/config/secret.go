package config

import (
	"strings"

	"github.com/simsid/simsid/internal/word"
)

// looksSecret reports whether a key announces a secret.
func looksSecret(key string) bool {
	k := word.Squash(key)
	for _, word := range []string{"secret", "password", "passwd", "passphrase", "pwd", "token", "credential", "privatekey", "apikey", "storekey", "bearer", "cookie"} {
		if strings.Contains(k, word) {
			return true
		}
	}
	return false
}

// secretProblem says what to do with a key that looks like a secret. Only a well-known key is repeated: in a mangled file
// what looks like a key can hold the secret itself.
func secretProblem(key string) string {
	what := "a secret"
	for _, known := range []string{"client_secret", "introspection_secret", "secret", "password", "passphrase", "refresh_token", "access_token", "id_token", "token"} {
		if word.Squash(key) == word.Squash(known) {
			what = known
		}
	}
	return what + " doesn't belong in this file: take the line out, and give a client secret by" +
		" `simsid profile add NAME --client-secret-file FILE` or in SIMSID_CLIENT_SECRET"
}
