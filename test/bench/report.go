//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// comparison is one program beside another.
type comparison struct {
	what, beside string
	target       float64 // what the ratio may be at most; 0: no target
}

func comparisons() []comparison {
	return []comparison{
		{version, emptyProgram, 2.5},
		{version, sameProgram, 1.15},
		{version, importsOnly, 0}, // the linker leaves out what nobody calls
		{version, ownStart, 0},    // what the command adds to a start that all of the program is part of
		{tokenSealed, oidcToken, 2.6},
		{tokenSealed, floorSealed, 1.3},
		{tokenSealed, importsOnly, 0},
		{tokenSealed, ownStart, 0},
		{tokenKeyring, secretTool, 0.5},
		{tokenKeyring, floorKeyring, 1.3},
		{loginInMemory, floorInMemory, 1.35},
		{loginOnDisk, floorOnDisk, 0}, // how long a disk takes to keep a file is no merit of a program
	}
}

const (
	megabyte   = 1_000_000
	peakTarget = 8 * megabyte
)

// report is what one run found.
type report struct {
	rounds    int
	libraries int
	times     map[string][]time.Duration
	peaks     map[string]int64
	size      int64
}

// met is false of no ratio at all too.
func (c comparison) met(ratio float64) bool { return ratio <= c.target }

// sumFloors adds the sums of what a cached token can't do without: its own start, and with a keyring one question to it. What the program
// that asks takes to start with its libraries isn't part of the question: simsid starts with the same ones.
func (r report) sumFloors() {
	start := median(r.times[sameProgram])
	r.times[floorSealed] = []time.Duration{start}
	r.times[floorKeyring] = []time.Duration{start + median(r.times[roundTrip]) - median(r.times[noTrip])}
}

func (r report) ratio(c comparison) float64 {
	return float64(median(r.times[c.what])) / float64(median(r.times[c.beside]))
}

// memory names the peaks in the report's order.
func memory() []string { return []string{tokenSealed, tokenKeyring} }

func (r report) missed() int {
	n := 0
	for _, c := range comparisons() {
		if c.target > 0 && !c.met(r.ratio(c)) {
			n++
		}
	}
	for _, name := range memory() {
		if p := r.peaks[name]; p == 0 || p > peakTarget {
			n++
		}
	}
	return n
}

func (r report) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Medians of %d rounds in random order. Times hold for this run alone; the ratios are what counts.\n\n", r.rounds)
	for _, c := range comparisons() {
		ratio := r.ratio(c)
		fmt.Fprintf(&b, "%-26s %8s   beside %-34s %8s   ratio %5.2f   ",
			c.what, milliseconds(median(r.times[c.what])), c.beside, milliseconds(median(r.times[c.beside])), ratio)
		if c.target > 0 {
			fmt.Fprintf(&b, "target %4.2f   %s\n", c.target, verdict(c.met(ratio)))
		} else {
			b.WriteString("no target\n")
		}
	}
	b.WriteString("\n")
	for _, name := range memory() {
		p := r.peaks[name]
		fmt.Fprintf(&b, "%-26s peak memory %5.1f MB   target %.1f MB   %s\n", name, float64(p)/megabyte, float64(peakTarget)/megabyte, verdict(p > 0 && p <= peakTarget))
	}
	fmt.Fprintf(&b, "\nThe stripped binary has %.1f MB. The same libraries are %d packages.\n", float64(r.size)/megabyte, r.libraries)
	_, err := io.WriteString(w, b.String())
	return err
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
