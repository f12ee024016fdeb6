package cli

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/config"
)

// told is standard error that lets go of a read once something was said.
type told struct {
	text    string
	letGo   chan struct{}
	already bool
}

func (w *told) Write(p []byte) (int, error) {
	w.text += string(p)
	if !w.already {
		close(w.letGo)
		w.already = true
	}
	return len(p), nil
}

// Who waits for a pipe is told so after a while, by a name that may be repeated, and then gets what comes.
func TestReadPatiently(t *testing.T) {
	for name, want := range map[string]string{
		"key.txt": "waiting for key.txt, which has given nothing yet (Ctrl-C ends it)\n", "hunter2-hunter2-hunter2": "waiting for …, which has given nothing yet (Ctrl-C ends it)\n",
	} {
		said := &told{letGo: make(chan struct{})}
		x := examined(nil, func(e *Env) {
			e.Stderr = said
			e.After = func(time.Duration) <-chan time.Time { c := make(chan time.Time, 1); c <- time.Time{}; return c }
			e.ReadFile = func(string) ([]byte, error) { <-said.letGo; return []byte("text"), nil }
		})
		if b, err := x.readFile(t.Context(), name); err != nil || string(b) != "text" || said.text != want {
			t.Errorf("got %q, %v and %q, want %q", b, err, said.text, want)
		}
	}
}

// The body of a call is waited for likewise, from a file and from a terminal. What is written to a pipe on standard input may take its time.
func TestBodyPatiently(t *testing.T) {
	for name, row := range map[string]struct {
		data, want string
		terminal   bool
	}{
		"a file":     {"@note.json", "waiting for note.json, which has given nothing yet (Ctrl-C ends it)\n", false},
		"a terminal": {"@-", "waiting for standard input, which has given nothing yet (Ctrl-C ends it)\n", true},
		"a pipe":     {"@-", "", false},
		"no file":    {"text", "", true},
	} {
		said := &told{letGo: make(chan struct{})}
		if row.want == "" {
			close(said.letGo)
		}
		slow := readFunc(func([]byte) (int, error) { <-said.letGo; return 0, io.EOF })
		x := examined(nil, func(e *Env) {
			e.Stderr, e.Stdin, e.StdinTTY = said, slow, row.terminal
			e.After = func(time.Duration) <-chan time.Time { c := make(chan time.Time, 1); c <- time.Time{}; return c }
			e.Open = func(string) (io.ReadCloser, error) { return io.NopCloser(slow), nil }
		})
		if _, err := x.apiBody(t.Context(), []string{row.data}); err != nil || said.text != row.want {
			t.Errorf("%s: %v and %q, want %q", name, err, said.text, row.want)
		}
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// A value is changed where it was said: in the file, in a variable, on the command line; of several keys the first says where.
func TestSet(t *testing.T) {
	for _, test := range []struct {
		source config.Source
		pairs  []string
		want   string
	}{
		{config.FromFlag, []string{"ca_file", "my ca.pem"}, "--ca-file 'my ca.pem'"},
		{config.FromFlag, []string{"ca_file", ""}, "leave --ca-file away"},
		{config.FromEnvironment, []string{"ca_file", "ca.pem"}, "export SIMSID_CA_FILE=ca.pem"},
		{config.FromEnvironment, []string{"ca_file", ""}, "unset SIMSID_CA_FILE"},
		{config.FromProfile, []string{"ca_file", "ca.pem"}, "export SIMSID_CA_FILE=ca.pem"}, // there is no such profile in the file
		{config.FromFlag, []string{"ca_file", "a", "tls_cert", "b"}, "--ca-file a --tls-cert b"},
	} {
		s := &session{profile: config.Profile{Name: "school", Origins: map[string]config.Origin{"ca_file": {Source: test.source}}}}
		if got := s.set(test.pairs...); got != test.want {
			t.Errorf("%v, %q: got %q, want %q", test.source, test.pairs, got, test.want)
		}
	}
}

// What is no file's name isn't named by what to look at, either.
func TestFileHints(t *testing.T) {
	s := &session{profile: config.Profile{Name: "school", Origins: map[string]config.Origin{"ca_file": {Source: config.FromFlag}}}}
	const name = "name the one that is meant: --ca-file FILE"
	for _, test := range []struct {
		path string
		err  error
		want string
	}{
		{"/x/ca.pem", os.ErrNotExist, name},
		{"/x/ca.pem", errors.Join(os.ErrPermission), "see whose it is, and who may read it: ls -l /x/ca.pem"},
		{"/x/ca.pem", &silentFileError{Name: "/x/ca.pem"}, "see what it is: ls -l /x/ca.pem"},
		{"Hunter2-Hunter2-Hunter2", os.ErrPermission, name},
	} {
		if got := s.fileHints("ca_file", test.path, test.err); got[0] != test.want {
			t.Errorf("%s, %v: got %q, want %q", test.path, test.err, got, test.want)
		}
	}
}

// To open a pipe waits too, for whoever is to write to it.
func TestScanIsInterruptible(t *testing.T) {
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	x := examined(nil, func(e *Env) { e.Open = func(string) (io.ReadCloser, error) { <-never; return nil, os.ErrClosed } })
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := (&scanning{app: x.app}).open(ctx, "pipe"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A home can be made where there is a folder above it.
func TestMayMake(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{filepath.Join(dir, "a"): true, filepath.Join(dir, "a", "b", "c"): true, filepath.Join(file, "a"): false, filepath.Join(file, "a", "b"): false} {
		if got := mayMake(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}

// It isn't for doctor to say that another host may be believed.
func TestIssuerItself(t *testing.T) {
	for _, test := range []struct{ issuer, got, want string }{
		{"https://id.example/a", "https://id.example/b", "--issuer https://id.example/b"},
		{"https://id.example/a", "https://other.example/a", ""},
		{"https://id.example/a", "https://id.example:8443/a", ""},
		{"https://id.example/a", "https://id.example@other.example/a", ""},
		{"http://localhost:8454", "http://127.0.0.1:8454", "--issuer http://127.0.0.1:8454"},
		{"http://localhost:8454", "http://127.0.0.1:8455", ""},
		{"http://localhost:8454", "https://other.example:8454", ""},
		{"https://id.example/a", "https://id.example/b'; rm -rf ~ #", `--issuer 'https://id.example/b'\''; rm -rf ~ #'`},
		{"https://id.example/a", "://", ""},
	} {
		x := examined(nil, nil)
		x.s = &session{app: x.app, profile: config.Profile{Name: "school", Issuer: test.issuer, Origins: map[string]config.Origin{"issuer": {Source: config.FromFlag}}}}
		got := strings.Join(x.issuerItself(test.got), "\n")
		if _, command, _ := strings.Cut(got, "calls itself: "); command != test.want {
			t.Errorf("%s, %s: got %q, want %q", test.issuer, test.got, command, test.want)
		}
	}
}

// TestFilesWithMark: a byte order mark before a certificate, a key or an identity is no part of it.
func TestFilesWithMark(t *testing.T) {
	const mark = "\ufeff"
	made := httptest.NewTLSServer(nil)
	defer made.Close()
	certificate := mark + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate().Raw}))
	x := examined(nil, func(e *Env) {
		e.After = func(time.Duration) <-chan time.Time { return nil }
		e.ReadFile = func(name string) ([]byte, error) {
			if name == "key.txt" {
				return []byte(mark + identityPrefix + "1QQQ\r\n"), nil
			}
			return []byte(certificate), nil
		}
	})
	s := &session{app: x.app}
	if all, err := s.readAuthorities(t.Context(), "ca.pem"); err != nil || len(all) != 1 {
		t.Errorf("%d authorities, %v", len(all), err)
	}
	if b, err := s.readPEM(t.Context(), "tls_cert", "cert.pem"); err != nil || mark+string(b) != certificate {
		t.Errorf("%q, %v", b, err)
	}
	if k, err := x.identityFromFile(t.Context(), "key.txt"); err != nil || k.Identity.Reveal() != identityPrefix+"1QQQ" {
		t.Errorf("%v, %v", k, err)
	}
}
