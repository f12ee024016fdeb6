package cli

import (
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
)

// TestExplainedByClock: a clock is to be set only where a check would have passed by the right one.
func TestExplainedByClock(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	in := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	const m = time.Minute
	for _, c := range []struct {
		name, got, expected string
		ahead               time.Duration
		want                bool
	}{
		{"expiry", in(-5 * m), "", 7 * m, true},
		{"expiry", in(-5 * m), "", -7 * m, false},
		{"expiry", in(-48 * time.Hour), "", 7 * m, false},
		{"expiry", "", "", 7 * m, false},
		{"issued at", in(10 * m), "", -10 * m, true},
		{"issued at", in(10 * m), "", 10 * m, false},
		{"issued at", in(48 * time.Hour), "", -10 * m, false},
		{"not before", in(10 * m), "", -10 * m, true},
		{"not before", in(10 * m), "", 10 * m, false},
		{"auth_time", in(10 * m), "not before " + in(-m), -10 * m, true},
		{"auth_time", in(10 * m), "not before " + in(-m), 10 * m, false},
		{"auth_time", in(-9 * m), "not before " + in(-m), 10 * m, true},
		{"auth_time", in(-9 * m), "not before " + in(-m), -10 * m, false},
		{"auth_time", in(-90 * m), "not before " + in(-m), 10 * m, false},
		{"auth_time", in(-9 * m), in(-m), 10 * m, false}, // at a refresh it has to be the same
		{"audience", in(-5 * m), "", 7 * m, false},
	} {
		if got := explainedByClock(provider.Check{Name: c.name, Got: c.got, Expected: c.expected}, now, c.ahead); got != c.want {
			t.Errorf("%+v: got %t", c, got)
		}
	}
	for signs, want := range map[bool]bool{true: true, false: false} {
		a := &app{signs: signs, env: Env{Now: func() time.Time { return now }}}
		if got := a.failedByTime(&provider.OAuthError{Code: "invalid_client"}, time.Hour); got != want {
			t.Errorf("a client that signs (%t): got %t", signs, got)
		}
	}
}
