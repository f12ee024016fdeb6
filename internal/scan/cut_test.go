package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func equal(a, b Summary) bool { return reflect.DeepEqual(a, b) }

// checkCuts compares every way of cutting a text with reading it at once.
func checkCuts(t *testing.T, text string) {
	t.Helper()
	for _, personal := range []bool{false, true} {
		want := redacted(t, text, RedactOptions{Options: atOnce, Personal: personal})
		for _, o := range cuts() {
			if got := redacted(t, text, RedactOptions{Options: o, Personal: personal}); got != want {
				t.Fatalf("%+v, personal %t: %s", o, personal, difference(got, want))
			}
		}
	}
	want := listed(t, text, atOnce)
	for _, o := range cuts() {
		if got := listed(t, text, o); got != want {
			t.Fatalf("list, %+v: %s", o, difference(got, want))
		}
	}
}

// difference shows where two texts begin to differ.
func difference(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-60)
	return "got …" + got[from:min(len(got), i+60)] + "…, want …" + want[from:min(len(want), i+60)] + "…"
}

// Where a text is cut changes nothing: within tokens, names, escapes, lists, in lines of any length.
func TestCuts(t *testing.T) {
	for _, tt := range redactions() {
		t.Run(tt.name, func(t *testing.T) {
			checkCuts(t, stretched(tt.text))
			checkCuts(t, stretched(tt.text+"\n"))
			checkCuts(t, stretched(tt.text+" "+tt.text[:len(tt.text)/2]))
		})
	}
}

func FuzzCuts(f *testing.F) {
	for _, tt := range redactions() {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) >= testAhead {
			return
		}
		text = stretched(text)
		want := inOneGoroutine(text, atOnce, &redactor{mask: newMask(key)})
		for _, o := range cuts() {
			if got := inOneGoroutine(text, o, &redactor{mask: newMask(key)}); got != want {
				t.Fatalf("%+v: %s", o, difference(got, want))
			}
		}
	})
}

var errBroken = errors.New("the disk is broken")

// A text that breaks off is worked off as far as it came, and the error is told.
func TestReadError(t *testing.T) {
	for _, o := range []Options{{}, {Live: true}, {Workers: 2, Chunk: 1, ahead: testAhead}} {
		for _, text := range []string{"", "a\npassword=x", stretched("password=x y ")} {
			var b bytes.Buffer
			_, err := Redact(t.Context(), &b, io.MultiReader(strings.NewReader(text), iotest.ErrReader(errBroken)), RedactOptions{Options: o, Key: key})
			if want := redacted(t, text, RedactOptions{}); !errors.Is(err, errBroken) || b.String() != want {
				t.Errorf("%+v: %q, %v, want %q", o, b.String(), err, want)
			}
		}
	}
}

type brokenWriter struct{ left int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errBroken
	}
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(stretched("password=x\n")), strings.NewReader(stretched("password=x\n")))
	_, err := Redact(t.Context(), &brokenWriter{left: 1}, endless, RedactOptions{Options: Options{Workers: 2, Chunk: 1, Live: true}, Key: key})
	if w, ok := errors.AsType[*WriteError](err); !ok || !errors.Is(w, errBroken) {
		t.Errorf("error %v", err)
	}
}

// endless gives the same line for ever.
type endless string

func (e endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		n += copy(b[n:], e)
	}
	return n, nil
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Redact(ctx, io.Discard, endless("password=x\n"), RedactOptions{
		Options: Options{Workers: 2, Progress: func(n int64) {
			if n > 1<<22 {
				cancel()
			}
		}}, Key: key,
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestReaderWithoutProgress(t *testing.T) {
	if _, err := Redact(t.Context(), io.Discard, silent{}, RedactOptions{Key: key}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v", err)
	}
}

// What a program writes into a pipe comes out line by line, not when a chunk is full.
func TestLive(t *testing.T) {
	in, feed := io.Pipe()
	out, answer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := Redact(context.Background(), answer, in, RedactOptions{Options: Options{Workers: 2, Live: true}, Key: key})
		done <- err
	}()
	for range 3 {
		if _, err := feed.Write([]byte("password=x\n")); err != nil {
			t.Fatal(err)
		}
		want := filled("password=‹secret:x›\n")
		got := make([]byte, len(want))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	_ = feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A value of any length is replaced, and the text behind it isn't.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("abcd", maxKept)
	for _, tt := range []struct{ text, want string }{
		{"password=" + long + " x", "password=‹secret:" + long[:maxKept] + "› x"},
		{`"password":"` + long + `","x":1`, `"password":"‹secret:` + long[:maxKept] + `›","x":1`},
		{sample + long + " x", "‹jwt:" + (sample + long)[:maxKept] + "› x"},
		{long + "." + long + " x", long + "." + long + " x"},
		{strings.Repeat("eyJ", maxKept) + ".x", strings.Repeat("eyJ", maxKept) + ".x"},
	} {
		for _, o := range []Options{{}, {Workers: 2, Chunk: 1 << 12}} {
			if got := redacted(t, tt.text, RedactOptions{Options: o}); got != filled(tt.want) {
				t.Errorf("%s", difference(got, filled(tt.want)))
			}
		}
	}
	if got, want := listed(t, "\n"+sample+long, Options{Workers: 2, Chunk: 1 << 12}), "2 broken_token the token is longer than 1 MiB  \n"; got != want {
		t.Errorf("listed %.200q, want %q", got, want)
	}
}
