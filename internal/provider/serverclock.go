package provider

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"
)

// ServerClock is what the Date headers of a provider's answers say of its clock (RFC 9110 section 6.6.1). It is for words alone:
// nothing that is checked ever goes by it. The zero value knows nothing yet, nil never does. It may be used from several goroutines.
type ServerClock struct {
	mu    sync.Mutex
	ahead time.Duration
	known bool
}

// clockWorthNaming is from where on a difference is worth a word: below it, nothing that is checked fails by it.
const clockWorthNaming = 20 * time.Second

// farthest is how far two clocks can be apart: one that was never set begins in 1970. What is beyond it is no clock's word, and beyond what a
// Duration holds.
const farthest = 100 * 365 * 24 * time.Hour

// Ahead returns how far this machine's clock is ahead of the provider's, negative where it is behind, to a second or so; ok is
// false while no answer has told.
func (c *ServerClock) Ahead() (d time.Duration, ok bool) {
	if c == nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead, c.known
}

// hear takes the Date of an answer to a request that was sent and answered at these times of this machine.
func (c *ServerClock) hear(h http.Header, sent, got time.Time) {
	if c == nil {
		return
	}
	// A cache repeats the date of the answer that it keeps, and says by Age that it does (RFC 9111 section 5.1).
	if age := h.Get("Age"); age != "" && age != "0" {
		return
	}
	date, _ := http.ParseTime(h.Get("Date")) // of what is no date it gives the year 1, which is too far
	// The server wrote it at some time between the two, and cut it down to a whole second.
	between := sent.Add(got.Sub(sent) / 2)
	ahead := between.Sub(date.Add(time.Second / 2))
	if ahead.Abs() > farthest {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.known = ahead, true
}

// words say how the clocks differ, where they do by enough to be named and in the direction that is asked for; "" otherwise.
func (c *ServerClock) words(ahead bool) string {
	d, ok := c.Ahead()
	switch {
	case !ok || d.Abs() < clockWorthNaming || d > 0 != ahead:
		return ""
	case d > 0:
		return "this machine's clock is " + roughly(d) + " ahead of the provider's"
	default:
		return "this machine's clock is " + roughly(-d) + " behind the provider's"
	}
}

// roughly says a duration in one unit.
func roughly(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int64(math.Round(float64(d) / float64(unit.size))); n > 1 {
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	if d.Round(time.Second) == time.Minute {
		return "1 minute"
	}
	return fmt.Sprintf("%d seconds", int64(d.Round(time.Second)/time.Second))
}

// listener tells a ServerClock of each answer.
type listener struct {
	next  http.RoundTripper
	clock *ServerClock
	now   func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (l *listener) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := l.now()
	resp, err := l.next.RoundTrip(req)
	if err == nil {
		l.clock.hear(resp.Header, sent, l.now())
	}
	return resp, err
}
