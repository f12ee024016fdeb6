package word

import "strings"

// maxWord is the longest text that is compared with others.
const maxWord = 64

// Nearest returns the candidate that a mistyped word was most likely meant to be, "" when none is near. Case, dashes and
// underscores don't count, so that clientId and client-id find client_id.
func Nearest(word string, candidates []string) string {
	if len(word) > maxWord {
		return ""
	}
	w := Squash(word)
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
		if d := distance(w, Squash(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// Squash lowers case and drops everything but letters and digits.
func Squash(s string) string {
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
