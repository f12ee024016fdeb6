//go:build real && linux

package store_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/test/program"
)

const (
	// visitVariable makes this test program the browser that simsid starts.
	visitVariable = "SIMSID_TEST_VISIT"
	// soakVariable makes the long tests long.
	soakVariable = "SIMSID_TEST_SOAK"
	commandTime  = time.Minute
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv(visitVariable) != "" {
		if os.Getenv(traceVariable) != "" {
			os.Exit(trace(os.Args[1:]))
		}
		os.Exit(visit(os.Args[1]))
	}
	os.Exit(program.Main(m, &binary, "-trimpath"))
}

// visit fetches an address as a browser would; the STS signs its user in without a page.
func visit(address string) int {
	client := &http.Client{Timeout: commandTime}
	resp, err := client.Get(address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

func soaking() bool { return os.Getenv(soakVariable) != "" }

// user is somebody with simsid: a home of their own, and an environment that holds nothing of the machine's.
type user struct {
	t       *testing.T
	home    string
	env     []string
	program string // "": binary
}

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

// said is what a person would have seen, for a table of faults.
func (r result) said() string { return strings.TrimSpace(r.stderr) }

// newUser has the profile "work" at an STS, kept in a backend, and isn't signed in yet.
func newUser(t *testing.T, s *sts, backend string, env ...string) *user {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	u := &user{t: t, home: home, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=dumb", "BROWSER=" + self, visitVariable + "=1",
		"SIMSID_CONFIG_DIR=" + filepath.Join(home, "config"), "SIMSID_STATE_DIR=" + filepath.Join(home, "state"),
		"SIMSID_CLIENT_SECRET=" + s.clientSecret,
	}, env...)}
	if backend == "file" {
		id, err := tokenstore.NewIdentity(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		key := filepath.Join(t.TempDir(), "key.txt") // outside of the home, which is searched for plain text
		if err := id.WriteFile(key); err != nil {
			t.Fatal(err)
		}
		u.env = append(u.env, "SIMSID_STORE_KEY_FILE="+key)
	}
	u.want(0, "profile", "add", "work", "--kind", "simsid", "--environment", "sandbox", "--issuer", s.issuer, "--client-id", s.clientID,
		"--scope", "openid profile roles partner offline_access", "--redirect-uri", "http://127.0.0.1:0/callback", "--store", backend, "--use")
	return u
}

// store is the folder of what is kept.
func (u *user) store() string { return filepath.Join(u.home, "state", "store") }

func (u *user) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, cmp.Or(u.program, binary), args...)
	cmd.Env = u.env
	return cmd
}

func (u *user) run(args ...string) result {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), commandTime)
	defer cancel()
	return finish(u.t, u.command(ctx, args...))
}

// finish runs a command to its end.
func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	r := result{stdout: out.String(), stderr: said.String()}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	return r
}

// want runs a command and ends the test where it exits with another code.
func (u *user) want(code int, args ...string) result {
	u.t.Helper()
	r := u.run(args...)
	if r.code != code {
		u.t.Fatalf("simsid %s exits with %d, want %d\nstdout:\n%s\nstderr:\n%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	return r
}

// noPlainText searches every file of the home for what the STS has handed out.
func (u *user) noPlainText(s *sts) {
	u.t.Helper()
	secrets := s.handedOut()
	err := filepath.WalkDir(u.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		for _, v := range secrets {
			if bytes.Contains(b, []byte(v)) {
				u.t.Errorf("%s holds a secret of %d bytes in plain text", path, len(v))
			}
		}
		return err
	})
	if err != nil {
		u.t.Error(err)
	}
}
