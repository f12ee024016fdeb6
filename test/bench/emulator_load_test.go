//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

// Whatever the machine is busy with, one-time tokens stay one-time and every figure is there.
func TestEmulatorLoad(t *testing.T) {
	l, err := measureLoad(t.Context(), 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if l.broken != 0 || l.rate == 0 || l.floor == 0 || l.p50 == 0 || l.p99 < l.p50 {
		t.Errorf("load %+v", l)
	}
}

func TestEmulatorLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measureLoad(ctx, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestLoadReport(t *testing.T) {
	met := load{rate: 500, floor: 1000, p50: 3 * time.Millisecond, p99: 25 * time.Millisecond, growth: 1 << 20, doubles: 40}
	var b bytes.Buffer
	if err := met.write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `
The emulator's token endpoint under refreshes from 16 clients, beside the RSA signatures alone:
     500 refreshes a second   beside     1000   ratio  0.50   target 0.50   met
 3.00 ms median, 25.00 ms 99th percentile
    1.00 MB growth of the heap   target 1.00 MB   met
      40 one-time tokens sent twice at once, 0 of which didn't win exactly once   met
`
	if got := b.String(); got != want {
		t.Errorf("report\n%s\nwant\n%s", got, want)
	}
	if n := met.missed(); n != 0 {
		t.Errorf("%d targets missed, want none", n)
	}
	for name, alter := range map[string]func(*load){
		"rate":         func(l *load) { l.rate = 499 },
		"growth":       func(l *load) { l.growth = 1<<20 + 1 },
		"broken":       func(l *load) { l.broken = 1 },
		"none doubled": func(l *load) { l.doubles = 0 },
	} {
		l := met
		alter(&l)
		if n := l.missed(); n != 1 {
			t.Errorf("%s: %d targets missed, want 1", name, n)
		}
	}
}
