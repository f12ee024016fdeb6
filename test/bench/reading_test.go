//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestReadingReport(t *testing.T) {
	ms := func(n ...int) []time.Duration {
		var d []time.Duration
		for _, v := range n {
			d = append(d, time.Duration(v)*time.Millisecond)
		}
		return d
	}
	r := readingReport{rounds: 50, small: 20 * megabyte, large: 21 * megabyte, times: map[string][]time.Duration{
		decodeOne: ms(12), jwtShow: ms(10), jqOne: ms(100), decodeVerify: ms(13), jwtVerify: ms(10),
		scanBulk: ms(100), base64Bulk: ms(30), jqBulk: ms(999), scanVerify: ms(100), verifyBulk: ms(75), scanRedact: ms(100), grepCount: ms(20),
	}}
	var b bytes.Buffer
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `
Reading tokens. Medians of 50 rounds for one, 9 for many and 7 for the log, in random order.

simsid decode, one token           12.00 ms   beside golang-jwt's jwt -show -      10.00 ms   time  1.20   target  at most  1.20   met
simsid decode, one token           12.00 ms   beside jq's one-liner               100.00 ms   time  0.12   target  at most  0.10   missed
simsid decode --jwks               13.00 ms   beside golang-jwt's jwt -verify -    10.00 ms   time  1.30   target  at most  1.20   missed
simsid scan -o json, one core     100.00 ms   beside base64 alone                  30.00 ms   rate  0.30   target at least  0.30   met
simsid scan -o json, one core     100.00 ms   beside jq, the same tokens          999.00 ms   rate  9.99   target at least 10.00   missed
simsid scan --jwks, one core      100.00 ms   beside rsa.VerifyPKCS1v15 alone      75.00 ms   rate  0.75   target at least  0.75   met
simsid scan --redact, two cores   100.00 ms   beside grep -c eyJ                   20.00 ms   rate  0.20   target at least  0.30   missed

simsid scan --redact, two cores peak memory  20.0 MB of 100 MB,  21.0 MB of 1 GB   target 64.0 MB, and the same   met
`
	if got := b.String(); got != want {
		t.Errorf("report\n%s\nwant\n%s", got, want)
	}
	if got := r.missed(); got != 4 {
		t.Errorf("%d targets missed, want 4", got)
	}
	r.large = 23 * megabyte
	if got := r.missed(); got != 5 {
		t.Errorf("%d targets missed where memory grows with the text, want 5", got)
	}
	if got, want := (readingReport{}).missed(), len(readings())+3; got != want {
		t.Errorf("%d targets missed where nothing was measured, want all %d", got, want)
	}
}

func TestMeasureWithFiles(t *testing.T) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(in, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := measure(t.Context(), []subject{{name: "cat", argv: []string{cat}, input: in, output: out}}, 2, os.StartProcess); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != "text" {
		t.Errorf("cat wrote %q, %v", got, err)
	}
}

// A log of which one line in fifty has a token, and tokens that the programs beside simsid read too.
func TestReadingTexts(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := writeLog(in("log"), 1, "a.b.c"); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(in("log"))
	if err != nil {
		t.Fatal(err)
	}
	if lines, tokens := bytes.Count(log, []byte("\n")), bytes.Count(log, []byte("Bearer a.b.")); lines != 10_000 || tokens != lines/50 {
		t.Errorf("%d lines with %d tokens", lines, tokens)
	}
	if err := writeLines(in("tokens"), 3, func(n int) (string, error) { return unsigned(n), nil }); err != nil {
		t.Fatal(err)
	}
	tokens, err := os.ReadFile(in("tokens"))
	if err != nil || bytes.Count(tokens, []byte("\n")) != 3 || bytes.ContainsAny(tokens, "-_") {
		t.Errorf("tokens %q, %v", tokens, err)
	}
}
