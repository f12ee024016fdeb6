package emulator

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// One-time means that of any number of uses at once exactly one wins, within a process and between processes, in memory and
// in a folder.
func TestRefreshIsOneTime(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		b := newBench(t, Options{})
		refreshIsOneTime(t, b, b)
	})
	t.Run("in a folder", func(t *testing.T) {
		dir := t.TempDir()
		refreshIsOneTime(t, newBench(t, Options{Dir: dir}), newBench(t, Options{Dir: dir}))
	})
}

func refreshIsOneTime(t *testing.T, one, two *bench) {
	t.Helper()
	handle := one.login("head").Refresh
	for range 5 {
		var wait sync.WaitGroup
		answers := make(chan answer, 16)
		for i := range cap(answers) {
			wait.Go(func() {
				b := one
				if i%2 == 1 {
					b = two
				}
				answers <- b.post("connect/token", refreshForm(handle))
			})
		}
		wait.Wait()
		close(answers)
		won := 0
		for a := range answers {
			if a.status == http.StatusOK {
				won++
				handle = one.tokens(a).Refresh
			} else if a.body != `{"error":"invalid_grant"}` {
				t.Errorf("status %d, %s", a.status, a.body)
			}
		}
		if won != 1 {
			t.Fatalf("%d uses of one handle won", won)
		}
	}
}

func TestCodeIsOneTimeUnderConcurrency(t *testing.T) {
	b := newBench(t, Options{})
	code := b.code("head")
	var wait sync.WaitGroup
	statuses := make(chan int, 16)
	for range cap(statuses) {
		wait.Go(func() { statuses <- b.post("connect/token", tokenForm("code", code)).status })
	}
	wait.Wait()
	close(statuses)
	won := 0
	for s := range statuses {
		if s == http.StatusOK {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d redemptions of one code", won)
	}
}

func TestRefreshLifetimes(t *testing.T) {
	const day = 24 * time.Hour
	rows := []struct {
		rule  string
		alter func(*ClientConfig)
		steps []time.Duration // passed before each refresh
		want  []int
	}{
		{"30 days", nil, []time.Duration{30*day - time.Second}, []int{200}},
		{"gone after 30 days", nil, []time.Duration{30 * day}, []int{400}},
		{"absolute counts from the first issue", nil, []time.Duration{20 * day, 10 * day}, []int{200, 400}},
		{"sliding 15 days", func(c *ClientConfig) { c.RefreshSliding = 15 * day }, []time.Duration{15 * day}, []int{400}},
		{"sliding is prolonged", func(c *ClientConfig) { c.RefreshSliding = 15 * day }, []time.Duration{14 * day, 14 * day}, []int{200, 200}},
		{"sliding ends at the absolute limit", func(c *ClientConfig) { c.RefreshSliding = 15 * day },
			[]time.Duration{14 * day, 14 * day, 2 * day}, []int{200, 200, 400}},
		{"reusable: the same handle comes back", func(c *ClientConfig) { c.RefreshReusable = true }, []time.Duration{0, 0, day}, []int{200, 200, 200}},
		{"reusable ends too", func(c *ClientConfig) { c.RefreshReusable = true }, []time.Duration{29 * day, day}, []int{200, 400}},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			b := newBench(t, Options{As: "head"})
			c := b.add(row.alter)
			code := b.landed(b.authorize(b.browser, otherQuery())).Get("code")
			handle := b.tokens(b.post("connect/token", otherForm("code", code))).Refresh
			for i, step := range row.steps {
				b.clock.pass(step)
				got := b.post("connect/token", otherForm("grant_type", "refresh_token", "refresh_token", handle))
				if got.status != row.want[i] {
					t.Fatalf("refresh %d: status %d, %s", i+1, got.status, got.body)
				}
				if got.status == http.StatusOK {
					next := b.tokens(got).Refresh
					if (next == handle) != c.RefreshReusable {
						t.Errorf("handle %s becomes %s", handle, next)
					}
					handle = next
				}
			}
		})
	}
}

func TestRefreshTokenOfAnotherClient(t *testing.T) {
	b := newBench(t, Options{})
	b.add(nil)
	handle := b.login("head").Refresh
	got := b.post("connect/token", otherForm("grant_type", "refresh_token", "refresh_token", handle))
	if got.body != `{"error":"invalid_grant"}` {
		t.Errorf("status %d, %s", got.status, got.body)
	}
	b.tokens(b.post("connect/token", refreshForm(handle)))
}

// The claims of the login are repeated, unless the client is set to take them afresh.
func TestRefreshKeepsOldClaims(t *testing.T) {
	for _, afresh := range []bool{false, true} {
		b := newBench(t, Options{})
		b.clients[0].UpdateClaims = afresh
		got := b.login("head")
		b.clients[0].ApplicationName = "renamed"
		next := b.tokens(b.post("connect/token", refreshForm(got.Refresh)))
		want := map[bool]string{false: `"simsid"`, true: `"renamed"`}[afresh]
		if name := claimOf(t, b.payload(next.Access), "applicationname"); name != want {
			t.Errorf("afresh %t: %s", afresh, name)
		}
	}
}
