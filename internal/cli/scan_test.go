package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// scanEnv is a process that scans files in dir, with a clock that moves on at each look.
func scanEnv(dir string, args ...string) (env Env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	clock := time.Date(2026, 11, 21, 20, 35, 42, 0, time.UTC)
	return Env{
		Args: append([]string{"scan"}, args...), Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr,
		Width: func() int { return 80 }, Getenv: func(string) string { return "" },
		ReadFile: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) },
		Open:     func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(dir, name)) },
		Now: func() time.Time {
			clock = clock.Add(time.Minute)
			return clock
		},
		Location:      func() *time.Location { return time.UTC },
		Rand:          strings.NewReader(strings.Repeat("0123456789abcdef", 2)),
		Interruptible: func(ctx context.Context) context.Context { return ctx },
	}, stdout, stderr
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const jwtLine = "x eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ. y\n"

// wide is a text in UTF-16, as PowerShell writes it.
func wide(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

// A redaction of UTF-16 is in UTF-16.
func TestScanRedactWide(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f", wide("\ufeffé password=*** code=1\n"))
	env, stdout, stderr := scanEnv(dir, "--redact", "f")
	if code := Main(t.Context(), env); code != exitDone || stdout.String() != wide("\ufeffé password=*** code=1\n") {
		t.Errorf("exits with %d: %q, %s", code, stdout, stderr)
	}
}

// What isn't plain text is unpacked, or refused by name: it must not pass as text in which there is nothing.
func TestScanForms(t *testing.T) {
	whole := packed(t, jwtLine)
	const unread = "error: not all of the text could be read: see 1 error above\n"
	const nothing = "no tokens in 0 lines\n"
	for _, tt := range []struct {
		name, content  string
		code           int
		stdout, stderr string
	}{
		{"text", jwtLine, exitDone, "Line 1: JWT\n  Issuer   joe\n", "1 token in 1 line; nobody has verified them\n"},
		{"gzip", whole, exitDone, "Line 1: JWT\n  Issuer   joe\n", "1 token in 1 line; nobody has verified them\n"},
		{"gzip in two parts", whole + whole, exitDone, "Line 1: JWT\n  Issuer   joe\nLine 2: JWT\n  Issuer   joe\n", "2 tokens in 2 lines; nobody has verified them\n"},
		{"gzip that breaks off", whole[:len(whole)-4], exitFailed, "Line 1: JWT\n  Issuer   joe\n", "error: f: broken gzip: what comes behind the fault is missing\n1 token in 1 line; nobody has verified them\n" + unread},
		{"gzip without anything", whole[:5], exitFailed, "", "error: f: broken gzip: what comes behind the fault is missing\n" + nothing + unread},
		{"gzip with rubbish behind it", whole + "rubbish", exitFailed, "Line 1: JWT\n  Issuer   joe\n", "error: f: broken gzip: what comes behind the fault is missing\n1 token in 1 line; nobody has verified them\n" + unread},
		{"UTF-16", wide("\ufeff" + jwtLine), exitDone, "Line 1: JWT\n  Issuer   joe\n", "1 token in 1 line; nobody has verified them\n"},
		{"UTF-16 without a mark", wide(jwtLine), exitDone, "Line 1: JWT\n  Issuer   joe\n", "1 token in 1 line; nobody has verified them\n"},
		{"UTF-16 in gzip", packed(t, wide(jwtLine)), exitDone, "Line 1: JWT\n  Issuer   joe\n", "1 token in 1 line; nobody has verified them\n"},
		{"UTF-16 that breaks off", wide(jwtLine) + "x", exitFailed, "Line 1: JWT\n  Issuer   joe\n", "error: f: the text in UTF-16 ends within a character\n1 token in 1 line; nobody has verified them\n" + unread},
		{"zstd", "\x28\xb5\x2f\xfdxxxxxxx", exitFailed, "", "error: f: the text is compressed by zstd, which isn't read\nhint: zstd -dc FILE | simsid scan\n" + nothing + unread},
		{"nothing", "", exitDone, "", nothing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "f", tt.content)
			env, stdout, stderr := scanEnv(dir, "f")
			if code := Main(t.Context(), env); code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("exits with %d, want %d\n%s\nwant\n%s\nstderr\n%s\nwant\n%s", code, tt.code, stdout, tt.stdout, stderr, tt.stderr)
			}
		})
	}
}

// A file that is read and written at once would grow for ever, and a redaction isn't to be written over what it was made from.
func TestScanRefusesItsOutput(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f", jwtLine)
	out, err := os.OpenFile(filepath.Join(dir, "f"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	env, _, stderr := scanEnv(dir, "--redact", "f")
	env.Stdout = out
	if code := Main(t.Context(), env); code != exitUsage || !strings.Contains(stderr.String(), "f is where the answer goes too") {
		t.Errorf("exits with %d: %s", code, stderr)
	}
	if content, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || string(content) != jwtLine {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Whoever reads only the start of the answer, as head does, hears nothing; whoever has a full disk does.
func TestScanWriteErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{io.ErrClosedPipe, ""},
		{errors.New("no space left"), "error: write: no space left\n"},
	} {
		env, _, stderr := scanEnv(t.TempDir(), "--redact")
		env.Stdin, env.Stdout = strings.NewReader(jwtLine), failing{tt.err}
		if code := Main(t.Context(), env); code != exitFailed || stderr.String() != tt.want {
			t.Errorf("%v: exits with %d and says %q, want %q", tt.err, code, stderr, tt.want)
		}
	}
}

// Progress is for a person who waits, and for nobody else.
func TestScanProgress(t *testing.T) {
	for _, tt := range []struct {
		name           string
		stderr, stdout bool
		args           []string
		want           string
	}{
		{"a terminal that waits", true, false, []string{"f"}, "\rf: 0 MB of 0 MB (100 %)\x1b[K\r\x1b[K"},
		{"no terminal", false, false, []string{"f"}, ""},
		{"the answer on the same screen", true, true, []string{"f"}, ""},
		{"a program", true, false, []string{"f", "-o", "json"}, ""},
	} {
		dir := t.TempDir()
		write(t, dir, "f", jwtLine)
		env, _, stderr := scanEnv(dir, tt.args...)
		env.StderrTTY, env.StdoutTTY = tt.stderr, tt.stdout
		if code := Main(t.Context(), env); code != exitDone || stderr.String() != tt.want+"1 token in 1 line; nobody has verified them\n" {
			t.Errorf("%s: exits with %d and says %q, want %q", tt.name, code, stderr, tt.want)
		}
	}
}

// A terminal isn't waited at for text that nobody knows to type.
func TestScanWithoutInput(t *testing.T) {
	env, _, stderr := scanEnv(t.TempDir())
	env.StdinTTY = true
	if code := Main(t.Context(), env); code != exitUsage || !strings.Contains(stderr.String(), "name a file, or pipe text in") {
		t.Errorf("exits with %d: %s", code, stderr)
	}
}
