package scan

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// now is the clock of these tests.
var now = time.Date(2026, 11, 21, 20, 35, 42, 0, time.UTC)

var key = []byte("a key of these tests")

// placeholder is what stands in place of a value, made without the code under test.
func placeholder(kind, value string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	return "redacted-" + kind + "-" + hex.EncodeToString(mac.Sum(nil))[:12]
}

// filled puts a placeholder where a text has ‹kind:value›.
func filled(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "‹")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		inner, after, _ := strings.Cut(rest, "›")
		kind, value, _ := strings.Cut(inner, ":")
		b.WriteString(placeholder(kind, value))
		text = after
	}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func compact(header, claims, signature string) string {
	return b64(header) + "." + b64(claims) + "." + b64(signature)
}

// sample is a JWT as SIMS ID's are.
var sample = compact(`{"typ":"JWT","alg":"RS256","x5t":"a3rMUgMFv9tPclLa6yF3zAkfquE","kid":"a3rMUgMFv9tPclLa6yF3zAkfquE"}`,
	`{"iss":"https://sts.example/","aud":"https://sts.example/resources","exp":1795296942,"client_id":"pm-sso-1","scope":["openid"],`+
		`"sub":"1001|5F1C0000-0000-4000-8000-0000000000aa|head|SIMS|7a1e0000-0000-4000-8000-0000000000bb",`+
		`"userorganisationidentifier":"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|MS"}`, "a signature")

func redacted(t testing.TB, text string, o RedactOptions) string {
	t.Helper()
	if o.Key = key; o.Chunk == 0 {
		o.Options = atOnce
	}
	var b bytes.Buffer
	if _, err := Redact(t.Context(), &b, strings.NewReader(text), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// inOneGoroutine is what run does, without goroutines: a fuzzer follows what the code does, and must not see it change with the
// scheduler's mood.
func inOneGoroutine(text string, o Options, k sink) string {
	s := &searcher{finder{cursor: cursor{anchors: newAnchors(true, true)}, all: true, personal: true}, k}
	if _, list := k.(*lister); list {
		s.finder = finder{cursor: cursor{anchors: newAnchors(false, false)}}
	}
	if o.ahead == 0 {
		o.ahead = ahead
	}
	t := &cutter{r: strings.NewReader(text), size: o.Chunk, ahead: o.ahead, live: o.Live}
	var out strings.Builder
	var st state
	for c := new(chunk); t.next(c); {
		st = s.search(c, st)
		out.Write(c.out)
	}
	return out.String()
}

// listed is what a list of text has, one line for each finding.
func listed(t testing.TB, text string, o Options) string {
	t.Helper()
	var b bytes.Buffer
	_, err := List(t.Context(), &b, strings.NewReader(text), ListOptions{Options: o, Now: now, Each: func(dst []byte, f *Finding) []byte {
		return fmt.Appendf(dst, "%d %s %s %s %s\n", f.Line, f.Kind, f.Problem, f.Header, f.Claims)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// small is enough for short texts, which most tests have.
var small = Options{Chunk: 1 << 12}

// atOnce is large enough for the texts of these tests.
var atOnce = Options{Chunk: 1 << 16}

// cuts are ways of cutting a text up: all must give the same. Texts of these tests have no header longer than the ahead given here.
func cuts() []Options {
	return []Options{
		{Workers: 1, Chunk: 61, ahead: testAhead},
		{Workers: 3, Chunk: 257, ahead: testAhead},
		{Workers: 2, Chunk: 1001, ahead: testAhead},
		{Workers: 2, Chunk: 1, Live: true},
	}
}

const testAhead = 1 << 12

// stretched is a text long enough to be cut within its lines: over and over the same.
func stretched(text string) string {
	if text == "" {
		return ""
	}
	return strings.Repeat(text, (2*testAhead)/len(text)+2)
}
