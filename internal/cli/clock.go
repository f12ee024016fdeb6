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

// clockSlack is what a check of time allows by itself, and what the measured difference may be wrong by.
const clockSlack = time.Minute + clockWorthSetting

// timed adds the hint that a wrong clock deserves: where a check of time failed by it, or where a provider refused a client that authenticated
// by a signature with a time in it. What the clock doesn't explain gets no such hint: somebody would set a clock for nothing.
func (a *app) timed(err error, f failure) failure {
	ahead, known := a.clock.Ahead()
	if !known || ahead.Abs() < clockWorthSetting || !a.failedByTime(err, ahead) {
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

func (a *app) failedByTime(err error, ahead time.Duration) bool {
	if e, ok := errors.AsType[*provider.OAuthError](err); ok {
		return e.Code == "invalid_client" && a.signs
	}
	e, ok := errors.AsType[*provider.VerificationError](err)
	return ok && slices.ContainsFunc(e.Failed, func(c provider.Check) bool { return explainedByClock(c, a.env.Now(), ahead) })
}

// explainedByClock reports whether a failed check would have passed by the provider's clock. Its rows name their times as RFC 3339 has them.
func explainedByClock(c provider.Check, now time.Time, ahead time.Duration) bool {
	at, err := time.Parse(time.RFC3339, c.Got)
	if err != nil {
		return false // it failed for another reason than the time
	}
	right := now.Add(-ahead)
	early := ahead < 0 && at.After(now) && !at.After(right.Add(clockSlack)) // the token's time is still to come here
	switch c.Name {
	case "expiry":
		return ahead > 0 && right.Before(at.Add(clockSlack))
	case "issued at", "not before":
		return early
	case "auth_time":
		limit, err := time.Parse("not before "+time.RFC3339, c.Expected)
		return early || err == nil && ahead > 0 && at.Before(limit) && !at.Before(limit.Add(-ahead-clockSlack))
	}
	return false
}

// rounded leaves out what a Date header, which has whole seconds, and the way to the provider make up.
func rounded(d time.Duration) time.Duration {
	if d > time.Minute {
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}
