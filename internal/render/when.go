package render

import (
	"strconv"
	"time"
)

const day = 24 * time.Hour

// layout of absolute times: it doesn't depend on a country's order of day and month.
const layout = "2 Jan 2006 15:04:05 MST"

// Moment writes a time absolute and relative: "21 Nov 2026 21:35:00 UTC (in 59 minutes)". A zero now leaves the relative
// part out; a nil loc means UTC.
func Moment(t, now time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "unknown"
	}
	if loc == nil {
		loc = time.UTC
	}
	absolute := t.In(loc).Format(layout)
	if now.IsZero() {
		return absolute
	}
	return absolute + " (" + relative(t, now) + ")"
}

// nearly is what a time ahead may lack of a whole minute: an hour that was granted a moment ago is an hour still.
const nearly = 15 * time.Second

// relative says how far t is from now: "in 59 minutes", "3 hours ago", "just now".
func relative(t, now time.Time) string {
	d := t.Sub(now)
	switch {
	case d >= time.Minute:
		return "in " + Duration(d+nearly)
	case d >= time.Second:
		return "in " + Duration(d)
	case d <= -time.Second:
		return Duration(d) + " ago"
	default:
		return "just now"
	}
}

// Duration writes a span of time in words, cut down to what matters: "42 seconds", "59 minutes", "1 hour 20 minutes",
// "2 days 3 hours", "30 days". A negative one is written like its opposite.
func Duration(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Minute:
		return count(d/time.Second, "second")
	case d < time.Hour:
		return count(d/time.Minute, "minute")
	case d < day:
		return pair(d/time.Hour, "hour", d%time.Hour/time.Minute, "minute")
	case d < 7*day:
		return pair(d/day, "day", d%day/time.Hour, "hour")
	case d < 730*day:
		return count(d/day, "day")
	default:
		return count(d/(365*day), "year")
	}
}

func pair(a time.Duration, unitA string, b time.Duration, unitB string) string {
	if b == 0 {
		return count(a, unitA)
	}
	return count(a, unitA) + " " + count(b, unitB)
}

func count[N ~int | ~int64](n N, unit string) string {
	s := strconv.FormatInt(int64(n), 10) + " " + unit
	if n != 1 {
		s += "s"
	}
	return s
}

// stamp writes a time for programs (RFC 3339, UTC, whole seconds); "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
