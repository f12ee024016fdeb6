package tokenstore

import "testing"

func TestLockedBy(t *testing.T) {
	for line, want := range map[string]int{
		"3: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF":    1234,
		"3: FLOCK  ADVISORY  WRITE 1234 08:01:15678 0 EOF":   0,
		"3: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF":    0,
		"3: -> FLOCK  ADVISORY  WRITE 99 08:01:5678 0 EOF":   0, // it waits for it
		"3: FLOCK  ADVISORY  WRITE -1 08:01:5678 0 EOF":      0,
		"3: FLOCK  ADVISORY  WRITE nobody 08:01:5678 0 EOF":  0,
		"3: FLOCK  ADVISORY":                                 0,
		"":                                                   0,
		"18: FLOCK  ADVISORY  READ 7 00:1a:5678 0 9999 more": 7,
	} {
		if got := lockedBy(line, 5678); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}
