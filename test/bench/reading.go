//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// How much is read, and how often.
const (
	bulkTokens    = 50_000 // with signatures that nobody looks at
	signedTokens  = 4_000  // with genuine ones
	logSize       = 1_000_000_000
	smallLogSize  = logSize / 10
	readingRounds = 9
	logRounds     = 7
)

// The names of what reads tokens.
const (
	decodeOne    = "simsid decode, one token"
	jwtShow      = "golang-jwt's jwt -show -"
	jqOne        = "jq's one-liner"
	decodeVerify = "simsid decode --jwks"
	jwtVerify    = "golang-jwt's jwt -verify -"
	scanBulk     = "simsid scan -o json, one core"
	base64Bulk   = "base64 alone"
	jqBulk       = "jq, the same tokens"
	scanVerify   = "simsid scan --jwks, one core"
	verifyBulk   = "rsa.VerifyPKCS1v15 alone"
	scanRedact   = "simsid scan --redact, two cores"
	grepCount    = "grep -c eyJ"
)

// reading compares how one program reads tokens with how another does. A rate is compared by how many times the other's it is.
type reading struct {
	what, beside string
	target       float64
	rate         bool
}

func readings() []reading {
	return []reading{
		{decodeOne, jwtShow, 1.2, false},
		{decodeOne, jqOne, 0.1, false},
		{decodeVerify, jwtVerify, 1.2, false},
		{scanBulk, base64Bulk, 0.3, true},
		{scanBulk, jqBulk, 10, true},
		{scanVerify, verifyBulk, 0.75, true},
		{scanRedact, grepCount, 0.3, true},
	}
}

// ratio is of the times, or of the rates.
func (c reading) ratio(times map[string][]time.Duration) float64 {
	what, beside := float64(median(times[c.what])), float64(median(times[c.beside]))
	if c.rate {
		return beside / what
	}
	return what / beside
}

// met is false where nothing was measured.
func (c reading) met(ratio float64) bool {
	if c.rate {
		return ratio >= c.target
	}
	return ratio <= c.target
}

// scanPeak is the most memory that a redaction may take, and how much more of it a larger text may need.
const (
	scanPeak   = 64 * megabyte
	peakSpread = 1.1
)

// readingReport is what was found of reading tokens.
type readingReport struct {
	rounds       int
	times        map[string][]time.Duration
	small, large int64 // peaks of a redaction
}

func (r readingReport) missed() int {
	n := 0
	for _, c := range readings() {
		if !c.met(c.ratio(r.times)) {
			n++
		}
	}
	for _, met := range []bool{r.fits(r.small), r.fits(r.large), r.same()} {
		if !met {
			n++
		}
	}
	return n
}

func (r readingReport) fits(peak int64) bool { return peak > 0 && peak <= scanPeak }

func (r readingReport) same() bool {
	return r.small > 0 && float64(max(r.small, r.large)) <= peakSpread*float64(min(r.small, r.large))
}

func (r readingReport) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nReading tokens. Medians of %d rounds for one, %d for many and %d for the log, in random order.\n\n", r.rounds, readingRounds, logRounds)
	for _, c := range readings() {
		ratio, unit, sign := c.ratio(r.times), "time", "at most"
		if c.rate {
			unit, sign = "rate", "at least"
		}
		fmt.Fprintf(&b, "%-31s %11s   beside %-26s %11s   %s %5.2f   target %8s %5.2f   %s\n",
			c.what, milliseconds(median(r.times[c.what])), c.beside, milliseconds(median(r.times[c.beside])), unit, ratio, sign, c.target, verdict(c.met(ratio)))
	}
	fmt.Fprintf(&b, "\n%-31s peak memory %5.1f MB of 100 MB, %5.1f MB of 1 GB   target %.1f MB, and the same   %s\n", scanRedact,
		float64(r.small)/megabyte, float64(r.large)/megabyte, float64(scanPeak)/megabyte, verdict(r.fits(r.small) && r.fits(r.large) && r.same()))
	_, err := io.WriteString(w, b.String())
	return err
}

// readTokens measures how tokens are read, and prints it; it returns how many targets were missed.
func readTokens(ctx context.Context, folder string, p programs, rounds int, stdout, stderr io.Writer) (missed int, err error) {
	fmt.Fprintln(stderr, "making tokens and a log of 1 GB")
	r, err := newReader(ctx, folder, p)
	if err != nil {
		return 0, err
	}
	rep := readingReport{rounds: rounds}
	fmt.Fprintf(stderr, "reading one token, %d rounds\n", rounds)
	if rep.times, err = measureInstalled(ctx, []string{p.simsid, r.jwt, r.jq}, r.one(), rounds); err != nil {
		return 0, err
	}
	for _, part := range []struct {
		rounds   int
		subjects []subject
	}{{readingRounds, r.many()}, {logRounds, r.log()}} {
		fmt.Fprintf(stderr, "reading tokens, %d rounds\n", part.rounds)
		times, err := measure(ctx, part.subjects, part.rounds, os.StartProcess)
		if err != nil {
			return 0, err
		}
		maps.Copy(rep.times, times)
	}
	if rep.small, err = r.peak(ctx, r.smallLog); err != nil {
		return 0, err
	}
	if rep.large, err = r.peak(ctx, r.bigLog); err != nil {
		return 0, err
	}
	return rep.missed(), rep.write(stdout)
}

// reader is what the programs that read tokens need.
type reader struct {
	programs              programs
	home                  home
	jwt, jq, grep         string
	base64, verifies      string
	jwks, pem             string
	token, tokens, signed string // files
	bigLog, smallLog      string
	count                 string // what grep prints
}

func newReader(ctx context.Context, folder string, p programs) (*reader, error) {
	dir := filepath.Join(folder, "reading")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	r := &reader{
		programs: p, home: newHome(in("home")),
		base64: in("base64lines"), verifies: in("verifies"), jwks: in("keys.json"), pem: in("key.pem"),
		token: in("token"), tokens: in("tokens"), signed: in("signed"), bigLog: in("big.log"), smallLog: in("small.log"), count: in("count"),
	}
	var err error
	for name, path := range map[string]*string{"jwt": &r.jwt, "jq": &r.jq, "grep": &r.grep} {
		if *path, err = exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w; make bench builds jwt, and installs jq", err)
		}
	}
	for output, name := range map[string]string{r.base64: "base64lines", r.verifies: "verifies"} {
		if _, err := goTool(ctx, "build", "-trimpath", "-ldflags="+linkFlags, "-o", output, module+"/"+programsPackage+"/"+name); err != nil {
			return nil, err
		}
	}
	if err := r.makeTexts(); err != nil {
		return nil, err
	}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// jqProgram is what people write. The tokens here suit it: the decoder of jq 1.6 doesn't know the characters that base64url has of its own.
const jqProgram = `split(".") | .[0], .[1] | @base64d | fromjson`

// one are the programs that read one token.
func (r *reader) one() []subject {
	return []subject{
		{name: decodeOne, argv: []string{r.programs.simsid, "decode", "-"}, env: r.home.env, input: r.token},
		{name: jwtShow, argv: []string{r.jwt, "-show", "-"}, input: r.token},
		{name: jqOne, argv: []string{r.jq, "-R", jqProgram}, input: r.token},
		{name: decodeVerify, argv: []string{r.programs.simsid, "decode", "--jwks", r.jwks, "-"}, env: r.home.env, input: r.token},
		{name: jwtVerify, argv: []string{r.jwt, "-alg", "RS256", "-key", r.pem, "-verify", "-"}, input: r.token},
	}
}

// many are those that read many, each on one core.
func (r *reader) many() []subject {
	scan := append([]string{"GOMAXPROCS=1"}, r.home.env...)
	return []subject{
		{name: scanBulk, argv: []string{r.programs.simsid, "scan", "-o", "json"}, env: scan, input: r.tokens},
		{name: base64Bulk, argv: []string{r.base64}, env: []string{"GOMAXPROCS=1"}, input: r.tokens},
		{name: jqBulk, argv: []string{r.jq, "-R", "-c", jqProgram}, input: r.tokens},
		{name: scanVerify, argv: []string{r.programs.simsid, "scan", "-o", "json", "--jwks", r.jwks}, env: scan, input: r.signed},
		{name: verifyBulk, argv: []string{r.verifies, r.pem, r.token, strconv.Itoa(signedTokens)}, env: []string{"GOMAXPROCS=1"}},
	}
}

// log are those that read a log.
func (r *reader) log() []subject {
	return []subject{
		{name: scanRedact, argv: []string{r.programs.simsid, "scan", "--redact", r.bigLog}, env: append([]string{"GOMAXPROCS=2"}, r.home.env...)},
		{name: grepCount, argv: []string{r.grep, "-c", "eyJ", r.bigLog}, env: []string{"LANG=C.UTF-8"}, output: r.count},
	}
}

// look sees whether the programs do what they are there for.
func (r *reader) look(ctx context.Context) error {
	for _, want := range []struct {
		name, text string
	}{{decodeOne, "UNVERIFIED"}, {jwtShow, "Claims:"}, {jqOne, `"iss"`}, {decodeVerify, ": verified"}, {jwtVerify, `"iss"`}} {
		for _, s := range r.one() {
			if s.name != want.name {
				continue
			}
			out, err := r.output(ctx, s)
			if err != nil {
				return err
			}
			if !strings.Contains(string(out), want.text) {
				return fmt.Errorf("%s doesn't say %s", s.name, want.text)
			}
		}
	}
	for _, s := range r.many() {
		out, err := r.output(ctx, s)
		if err != nil {
			return err
		}
		want := map[string]int{scanBulk: bulkTokens, jqBulk: 2 * bulkTokens, scanVerify: signedTokens}[s.name]
		if got := strings.Count(string(out), "\n"); got != want {
			return fmt.Errorf("%s writes %d lines, not %d", s.name, got, want)
		}
		if n := strings.Count(string(out), `"verified":true`); s.name == scanVerify && n != signedTokens {
			return fmt.Errorf("%s verifies %d tokens of %d", s.name, n, signedTokens)
		}
	}
	return nil
}

func (r *reader) output(ctx context.Context, s subject) ([]byte, error) {
	cmd := command(ctx, s)
	if s.input != "" {
		f, err := os.Open(s.input)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	return output(cmd)
}

// peak is the most memory that a redaction of a file takes.
func (r *reader) peak(ctx context.Context, file string) (int64, error) {
	var found []int64
	for range 3 {
		s := subject{argv: []string{r.programs.peak, r.programs.simsid, "scan", "--redact", file}, env: r.home.env}
		out, err := output(command(ctx, s))
		if err != nil {
			return 0, err
		}
		// What simsid says on standard error comes through; the number is what peak prints.
		n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil {
			return 0, errors.Join(fmt.Errorf("peak of %s", file), err)
		}
		found = append(found, n)
	}
	return median(found), nil
}
