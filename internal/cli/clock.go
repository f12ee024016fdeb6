package cli

import (
	"errors"
	"slices"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// clockWorthSetting is from where on a wrong clock is worth a hint.
const clockWorthSetting = 20 * time.Second

// timed adds the hint that a wrong clock deserves: where a check of time failed by it, or where a provider refused a client that may
// have authenticated by a signature with a time in it.
func (a *app) timed(err error, f failure) failure {
	ahead, known := a.clock.Ahead()
	if !known || ahead.Abs() < clockWorthSetting || !failedByTime(err) {
		return f
	}
	direction := " ahead of the provider's"
	if ahead < 0 {
		direction = " behind the provider's"
	}
	hint := "set this machine's clock right: it is " + render.Duration(rounded(ahead.Abs())) + direction
	f.Hints = append([]string{hint}, f.Hints[:min(len(f.Hints), 2)]...)
	return f
}

func failedByTime(err error) bool {
	if e, ok := errors.AsType[*provider.OAuthError](err); ok {
		return e.Code == "invalid_client"
	}
	e, ok := errors.AsType[*provider.VerificationError](err)
	return ok && slices.ContainsFunc(e.Failed, func(c provider.Check) bool {
		return slices.Contains([]string{"expiry", "issued at", "not before", "auth_time"}, c.Name)
	})
}

// rounded leaves out what a Date header, which has whole seconds, and the way to the provider make up.
func rounded(d time.Duration) time.Duration {
	if d > time.Minute {
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}
