//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

// subject is one program with its arguments, ready to be run over and over.
type subject struct {
	name string // as the report calls it
	argv []string
	env  []string
	// input and output are the files that are its standard input and output; "" for none. Some programs do less when nobody reads what
	// they print: grep stops at the first match.
	input, output string
	// before puts things as they were before the subject's last run; it isn't measured. nil: nothing to do.
	before func() error
}

// startFunc is os.StartProcess, or a test's.
type startFunc func(name string, argv []string, attr *os.ProcAttr) (*os.Process, error)

// measure runs every subject once a round, in an order that chance chooses anew each time, and returns the times by name. So whatever
// slows the machine down for a while slows all of them down alike.
func measure(ctx context.Context, subjects []subject, rounds int, start startFunc) (map[string][]time.Duration, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // no collection may fall into a measurement

	times := make(map[string][]time.Duration)
	order := slices.Clone(subjects)
	for round := -1; round < rounds; round++ { // the first round only warms up
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, s := range order {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			d, err := once(ctx, s, null, start)
			if err != nil {
				return nil, err
			}
			if round >= 0 {
				times[s.name] = append(times[s.name], d)
			}
		}
	}
	return times, nil
}

// perInstall is how many rounds are measured with the programs in memory as they were read in once.
const perInstall = 10

// measureInstalled is measure for starts, whose programs are read in from the disk anew every few rounds: in which pieces they then lie in memory is
// chance, makes up to a tenth of the time of a start, and stays until they are read in again.
func measureInstalled(ctx context.Context, programs []string, subjects []subject, rounds int) (map[string][]time.Duration, error) {
	times := make(map[string][]time.Duration)
	for done := 0; done < rounds; done += perInstall {
		for _, path := range programs {
			if err := install(path); err != nil {
				return nil, err
			}
		}
		some, err := measure(ctx, subjects, min(perInstall, rounds-done), os.StartProcess)
		if err != nil {
			return nil, err
		}
		for name, t := range some {
			times[name] = append(times[name], t...)
		}
	}
	return times, nil
}

// once runs a subject from before its start until it has ended. It goes below os/exec, whose goroutines and pipes would be measured too.
func once(ctx context.Context, s subject, null *os.File, start startFunc) (time.Duration, error) {
	if s.before != nil {
		if err := s.before(); err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	in, out := null, null
	var err error
	if s.input != "" {
		if in, err = os.Open(s.input); err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
		defer in.Close()
	}
	if s.output != "" {
		if out, err = os.Create(s.output); err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
		defer out.Close()
	}
	begin := time.Now()
	p, err := start(s.argv[0], s.argv, &os.ProcAttr{Env: s.env, Files: []*os.File{in, out, null}})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = p.Kill() })
	defer stop()
	state, err := p.Wait()
	took := time.Since(begin)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	if !state.Success() {
		return 0, fmt.Errorf("%s: %s", s.name, state)
	}
	return took, nil
}

// median is the middle value, or the mean of the two in the middle; 0 of nothing.
func median[T ~int64](values []T) T {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
