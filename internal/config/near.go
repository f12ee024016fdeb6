package config

import (
	"strings"
)

// Nearest returns the candidate that a mistyped word was most likely meant to be, "" when none is near. It is for words of other
// files than this package's own.
func Nearest(word string, candidates []string) string { return nearest(word, candidates) }

// nearest returns the candidate that a mistyped word was most likely meant to be, "" when none is near. Case, dashes and
// underscores don't count, so that clientId and client-id find client_id.
func nearest(word string, candidates []string) string {
	if len(word) > maxName {
		return ""
	}
	w := squash(word)
	limit := max(2, len(w)/3)
	switch {
	case w == "":
		return ""
	case len(w) <= 2:
		limit = 0 // everything is near to so short a word
	case len(w) == 3:
		limit = 1
	}
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if d := distance(w, squash(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// squash lowers case and drops everything but letters and digits.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// distance is the number of insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// looksSecret reports whether a key announces a secret.
func looksSecret(key string) bool {
	k := squash(key)
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
		if squash(key) == squash(known) {
			what = known
		}
	}
	return what + " doesn't belong in this file: take the line out, and give a client secret by" +
		" `simsid profile add NAME --client-secret-file FILE` or in SIMSID_CLIENT_SECRET"
}
