//go:build real && linux

package store_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

const (
	racers = 64
	// batch is how many rounds one keyring serves: gnome-keyring-daemon keeps some 6 kB for each client that there ever was, and becomes
	// slower by each.
	batch = 100
)

// TestRace has 64 processes ask for a token at the moment when it must be refreshed: one request reaches the STS, and all print
// the token that it gave. The soak does it a thousand times.
func TestRace(t *testing.T) {
	rounds := 2
	if soaking() {
		rounds = 1000
	}
	eachPlace(t, func(t *testing.T, p place) {
		s := newSTS(t)
		began := time.Now()
		for done := 0; done < rounds; done += batch {
			if done > 0 {
				t.Logf("%d rounds", done)
				p = p.anew(t)
			}
			u := p.newUser(t, s)
			s.set(func(s *sts) { s.lifetime = time.Hour })
			u.want(0, "login")
			for round := range min(batch, rounds-done) {
				// Each round asks for more than the token of the round before is good for, and gets that much.
				s.set(func(s *sts) { s.lifetime = time.Hour + time.Duration(round+2)*time.Hour })
				race(t, s, u, time.Hour+time.Duration(round+1)*time.Hour)
			}
			u.noPlainText(s)
		}
		t.Logf("%d processes, %d rounds, %s each", racers, rounds, (time.Since(began) / time.Duration(rounds)).Round(time.Millisecond))
	})
}

func race(t *testing.T, s *sts, u *user, minValid time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*commandTime)
	defer cancel()
	started := make(chan struct{})
	// The one that refreshes isn't answered before all are under way.
	s.set(func(s *sts) { s.before = func() { <-started } })
	defer s.set(func(s *sts) { s.before = nil })
	asked, granted := s.counts()
	cmds := make([]*exec.Cmd, racers)
	out, said := make([]bytes.Buffer, racers), make([]bytes.Buffer, racers)
	for i := range cmds {
		cmds[i] = u.command(ctx, "token", "--min-valid", fmt.Sprint(minValid))
		cmds[i].Stdout, cmds[i].Stderr = &out[i], &said[i]
		if err := cmds[i].Start(); err != nil {
			t.Error(err)
			close(started)
			t.FailNow()
		}
	}
	close(started)
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Fatalf("process %d: %v\n%s", i, err, said[i].String())
		}
	}
	given := s.newest()
	for i := range out {
		if v := out[i].String(); v != given+"\n" {
			t.Fatalf("process %d printed a token of %d bytes that isn't the new one", i, len(v))
		}
	}
	nowAsked, nowGranted := s.counts()
	if nowAsked != asked+1 || nowGranted != granted+1 {
		t.Fatalf("%d refreshes reached the STS and %d were granted, want 1 and 1", nowAsked-asked, nowGranted-granted)
	}
}
