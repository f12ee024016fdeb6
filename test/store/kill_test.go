//go:build real && linux

package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// killPoints is how many kills each backend gets at least.
const killPoints = 200

// TestKill ends a refresh by SIGKILL at many points of it, each at the entry of another system call: before the request, between
// the request and the answer, and between the answer and each write, sync and rename. Afterwards simsid token works by itself,
// but where the kill fell between the server's rotation and the new token being in place; and no file ever holds a secret.
func TestKill(t *testing.T) {
	eachPlace(t, func(t *testing.T, p place) {
		s := newSTS(t)
		u := p.newUser(t, s)
		u.want(0, "login")
		k := &killer{t: t, s: s, u: u, p: p}
		saw := k.kill(0)
		if saw.Code != 0 || saw.Posted == 0 {
			t.Fatalf("a refresh that nobody ends: %+v", saw)
		}
		for _, at := range spread(saw) {
			k.kill(at)
		}
		t.Logf("%d kills: %d before the request, %d between request and answer, %d behind the answer; %d logins lost in the window",
			k.killed, k.before, k.between, k.behind, k.lost)
		if k.killed < killPoints || k.before == 0 || k.between == 0 || k.behind == 0 {
			t.Errorf("too few kills: %d", k.killed)
		}
		k.measure()
	})
}

// spread chooses the points: every one from the request on, and as many before it as are wanted in all.
func spread(saw traced) []int {
	var at []int
	for n := saw.Posted; n <= saw.Calls; n++ {
		at = append(at, n)
	}
	wanted := max(killPoints+20-len(at), 60)
	for i := range wanted {
		at = append(at, 1+i*saw.Posted/wanted)
	}
	slices.Sort(at)
	return at
}

// killer ends refreshes, and looks at what is left.
type killer struct {
	t *testing.T
	s *sts
	u *user
	p place

	asks                            time.Duration // the validity asked for: more each time, so that there is something to refresh
	killed, before, between, behind int
	lost                            int
}

func (k *killer) kill(at int) traced {
	k.t.Helper()
	k.asks += time.Hour
	k.s.set(func(s *sts) { s.lifetime = k.asks + 30*time.Minute })
	asked, granted := k.s.counts()
	kept := k.kept()
	args := []string{"token", "--min-valid", fmt.Sprint(k.asks)}
	saw, _ := k.u.traced(at, args...)
	k.s.settle(k.t)
	nowAsked, nowGranted := k.s.counts()
	k.u.noPlainText(k.s)
	switch {
	case !saw.Killed:
		return saw
	case nowAsked == asked:
		k.before++
	case nowGranted == granted || saw.At == 0:
		k.between++
	default:
		k.behind++
	}
	k.killed++
	inPlace := k.kept() != kept
	r := k.u.run(args...)
	switch {
	case r.code == 0 && r.stdout == k.s.newest()+"\n":
	case r.code == 4 && nowGranted > granted && !inPlace:
		k.lost++
		k.u.want(0, "login")
	default:
		k.t.Errorf("killed at system call %d of %d (number %d; rotated %t, in place %t): simsid token exits with %d\n%s",
			at, saw.Calls, saw.At, nowGranted > granted, inPlace, r.code, r.stderr)
		k.u.want(0, "login")
	}
	k.u.noPlainText(k.s)
	return saw
}

// kept is what holds the refresh token: the sealed file, or the keyring's item.
func (k *killer) kept() string {
	k.t.Helper()
	if k.p.keyring != nil {
		return k.p.keyring.items()["work/refresh-token"]
	}
	b, err := os.ReadFile(filepath.Join(k.u.store(), "work.age"))
	if err != nil {
		k.t.Fatal(err)
	}
	return string(b)
}

// measure takes the time of the window without a tracer: from the last byte of the answer to the new token being in place.
func (k *killer) measure() {
	k.t.Helper()
	const times = 21
	var spans []time.Duration
	for range times {
		k.asks += time.Hour
		k.s.set(func(s *sts) { s.lifetime = k.asks + 30*time.Minute })
		stop := make(chan struct{})
		placed := k.watch(stop)
		k.u.want(0, "token", "--min-valid", fmt.Sprint(k.asks))
		var at time.Time
		select {
		case at = <-placed:
		case <-time.After(commandTime):
			k.t.Fatal("the new refresh token wasn't seen in its place")
		}
		close(stop)
		var answered time.Time
		k.s.set(func(s *sts) { answered = s.answered })
		spans = append(spans, at.Sub(answered))
	}
	slices.Sort(spans)
	k.t.Logf("the window, from the answer to the new refresh token in place: median %s, from %s to %s",
		spans[times/2].Round(10*time.Microsecond), spans[0].Round(10*time.Microsecond), spans[times-1].Round(10*time.Microsecond))
	if spans[times/2] > 250*time.Millisecond {
		k.t.Errorf("a window of %s is no small one", spans[times/2])
	}
}

// watch tells when the place of the refresh token changes.
func (k *killer) watch(stop chan struct{}) <-chan time.Time {
	k.t.Helper()
	placed := make(chan time.Time, 1)
	if k.p.keyring == nil {
		path := filepath.Join(k.u.store(), "work.age")
		before, err := os.Stat(path)
		if err != nil {
			k.t.Fatal(err)
		}
		go func() {
			for {
				now, err := os.Stat(path)
				if err == nil && (!os.SameFile(before, now) || !now.ModTime().Equal(before.ModTime())) {
					placed <- time.Now()
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		return placed
	}
	conn := k.p.keyring.conn
	match := dbus.WithMatchInterface("org.freedesktop.Secret.Collection")
	if err := conn.AddMatchSignal(match); err != nil {
		k.t.Fatal(err)
	}
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	go func() {
		defer conn.RemoveSignal(signals)
		select {
		case <-signals:
			placed <- time.Now()
		case <-stop:
		}
		<-stop
	}()
	return placed
}
