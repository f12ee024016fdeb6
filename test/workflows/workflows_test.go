//go:build real

package workflows_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const version = "1.2.3"

// TestRules holds the workflows against the rules of GitHub Actions, expressions and scripts included.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	files = append(files, "../../docs/ci/github.yml", "../../docs/emulator/examples/github/sts.yml")
	run(t, nil, "actionlint", append([]string{"-shellcheck=", "-pyflakes="}, files...)...)
}

// TestSchemas holds the action and the example against the schemas that GitHub's editors use.
func TestSchemas(t *testing.T) {
	for _, file := range []string{"../../action.yml", "../../docs/ci/github.yml"} {
		run(t, nil, "node_modules/.bin/action-validator", file)
	}
	broken := filepath.Join(t.TempDir(), "action.yml")
	if err := os.WriteFile(broken, []byte(strings.Replace(read(t, "../../action.yml"), "using: composite", "using: nothing", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), "node_modules/.bin/action-validator", broken).Run(); err == nil {
		t.Error("an action that isn't one passes")
	}
}

// Actions are pinned by commit wherever they get to see a secret or make a release; only the first line of use in an example may be a tag,
// that of simsid itself.
func TestPinned(t *testing.T) {
	files, _ := filepath.Glob("../../.github/workflows/*.yml")
	uses := regexp.MustCompile(`uses: (\S+)`)
	pinned := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40}$`)
	for _, file := range append(files, "../../docs/ci/github.yml", "../../action.yml") {
		for _, m := range uses.FindAllStringSubmatch(read(t, file), -1) {
			if !pinned.MatchString(m[1]) && m[1] != "simsid/simsid@v0" {
				t.Errorf("%s uses %s, which can change", file, m[1])
			}
		}
	}
}

// The release's workflow installs each program that goreleaser is told to call, before it is called.
func TestReleaseTools(t *testing.T) {
	config, workflow := read(t, "../../.goreleaser.yaml"), read(t, "../../.github/workflows/release.yml")
	before, _, ok := strings.Cut(workflow, "run: make release\n")
	if !ok {
		t.Fatal("the workflow makes no release")
	}
	for section, action := range map[string]string{"sboms:": "anchore/sbom-action/download-syft@", "signs:": "sigstore/cosign-installer@"} {
		if !strings.Contains(config, "\n"+section+"\n") {
			t.Errorf(".goreleaser.yaml has no %s", section)
		}
		if !strings.Contains(before, "uses: "+action) {
			t.Errorf("%s is configured, and nothing installs what it calls: %s", section, action)
		}
	}
	for _, permission := range []string{"id-token: write", "attestations: write"} {
		if !strings.Contains(before, permission) {
			t.Errorf("the job lacks %s", permission)
		}
	}
}

// What the tests fetch and run can't sign: it is in a job that may only read, and the job that signs waits for it.
func TestReleaseRights(t *testing.T) {
	head, jobs, ok := strings.Cut(read(t, "../../.github/workflows/release.yml"), "\njobs:\n")
	if !ok || !strings.Contains(head, "\npermissions:\n  contents: read\n") {
		t.Fatal("a job that asks for no rights may do more than read")
	}
	tests, signs, ok := strings.Cut(jobs, "\n  release:\n")
	if !ok {
		t.Fatal("no job named release")
	}
	if !strings.Contains(tests, "run: .ci/run\n") || strings.Contains(tests, ": write") || strings.Contains(tests, "secrets.") {
		t.Errorf("the tests' job doesn't run them, or may write:\n%s", tests)
	}
	if !strings.HasPrefix(signs, "    needs: test\n") {
		t.Error("a release doesn't wait for the tests")
	}
	for line := range strings.SplitSeq(signs, "\n") {
		if what, ok := strings.CutPrefix(strings.TrimSpace(line), "- run: "); ok && what != "make release" {
			t.Errorf("the job that may sign runs %s too", what)
		}
	}
}

// TestInstall runs the action's first script against releases of the test's own.
func TestInstall(t *testing.T) {
	good := release(t, []byte("#!/bin/sh\necho installed\n"))
	name := archiveName()
	other := strings.Repeat("0", 64)
	for label, tc := range map[string]struct {
		version string
		files   map[string][]byte
		refusal string // "": it installs
	}{
		"a release":             {version, good, ""},
		"with a v":              {"v" + version, good, ""},
		"another archive":       {version, with(good, name, []byte("something else")), "the checksum of " + name + " is wrong"},
		"another checksum":      {version, with(good, sumsName(), []byte(other+"  "+name+"\n")), "the checksum of " + name + " is wrong"},
		"two checksums":         {version, with(good, sumsName(), append([]byte(other+"  "+name+"\n"), good[sumsName()]...)), "doesn't hold " + name + " exactly once"},
		"a checksum of another": {version, with(good, sumsName(), []byte(other+"  x"+name+"\n")), "doesn't hold " + name + " exactly once"},
		"no such release":       {"9.9.9", good, "could not read"},
		"no version":            {"../../x", good, `"../../x" is no version`},
		"a script":              {"1.2.3;id", good, `"1.2.3;id" is no version`},
	} {
		t.Run(label, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "bin")
			out, err := steps(t, serve(t, tc.files), tc.version, folder).install()
			if tc.refusal != "" {
				if err == nil || !strings.Contains(out, tc.refusal) {
					t.Fatalf("got %v and %q, want %q", err, out, tc.refusal)
				}
				if _, err := os.Stat(folder); err == nil {
					t.Error("there is something installed")
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := run(t, nil, filepath.Join(folder, "simsid")); got != "installed\n" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestJob does what the example's job does, from the release to the token, twice: the second time with what the first has left.
func TestJob(t *testing.T) {
	program := filepath.Join(t.TempDir(), "simsid")
	run(t, nil, "go", "build", "-o", program, "../../cmd/simsid")
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	releases := serve(t, release(t, b))
	issuer := emulate(t, program)
	client := []string{
		"SIMSID_KIND=simsid", "SIMSID_ENVIRONMENT=sandbox", "SIMSID_ISSUER=" + issuer, "SIMSID_CLIENT_ID=pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00", "SIMSID_CLIENT_SECRET=simsid-emulator-client-secret",
		"SIMSID_REDIRECT_URI=http://127.0.0.1:0/callback", "SIMSID_SCOPES=openid profile offline_access partner", "SIMSID_STORE=file",
		"SIMSID_STORE_KEY=" + strings.TrimSpace(lastLine(run(t, nil, program, "store", "keygen"))),
	}
	seed := signIn(t, program, client)

	work := t.TempDir()
	job := slices.Concat(client, []string{"SIMSID_REFRESH_TOKEN=" + seed, "SIMSID_STATE_DIR=" + filepath.Join(work, ".simsid")})
	var tokens []string
	for round := range 3 {
		s := steps(t, releases, version, filepath.Join(t.TempDir(), "simsid"))
		if out, err := s.install(); err != nil {
			t.Fatalf("round %d: install: %v: %s", round, err, out)
		}
		out, err := s.token(job...)
		if err != nil {
			t.Fatalf("round %d: token: %v: %s", round, err, out)
		}
		token, ok := strings.CutPrefix(strings.TrimSpace(read(t, s.output)), "token=")
		if !ok || !strings.HasPrefix(token, "eyJ") {
			t.Fatalf("round %d: the step's output is %q", round, read(t, s.output))
		}
		if want := "::add-mask::" + token + "\n"; !strings.Contains(out, want) {
			t.Errorf("round %d: the token isn't masked: %q", round, out)
		}
		if strings.Count(out, token) != 1 {
			t.Errorf("round %d: the log holds the token beside its mask", round)
		}
		if strings.Contains(out, seed) {
			t.Errorf("round %d: the log holds the refresh token", round)
		}
		tokens = append(tokens, token)
		if round == 1 { // the third job finds the refresh token that took the first one's place
			run(t, append(os.Environ(), job...), filepath.Join(s.folder, "simsid"), "refresh")
		}
	}
	if tokens[0] != tokens[1] {
		t.Error("the second job didn't take the token that the first has left")
	}

	// A job that keeps nothing is told so before the refresh token is used.
	s := steps(t, releases, version, filepath.Join(t.TempDir(), "simsid"))
	if out, err := s.install(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := s.token(append(job, "SIMSID_STORE=memory", "SIMSID_STATE_DIR="+t.TempDir())...)
	if code := exitCode(err); code != 6 || !strings.Contains(out, "SIMSID_REFRESH_TOKEN was not used") {
		t.Errorf("got exit code %d and %q", code, out)
	}
}

// step runs the scripts of the action's steps as its file has them.
type step struct {
	t                              *testing.T
	releases, version, folder      string
	output, path, installs, tokens string
}

func steps(t *testing.T, releases, version, folder string) *step {
	t.Helper()
	scripts := regexp.MustCompile(`(?m)^      run: (.*)$`).FindAllStringSubmatch(read(t, "../../action.yml"), -1)
	if len(scripts) != 2 {
		t.Fatalf("the action has %d scripts, want 2", len(scripts))
	}
	dir := t.TempDir()
	for _, file := range []string{"output", "path"} { // GitHub makes them, and the scripts append
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &step{t, releases, version, folder, filepath.Join(dir, "output"), filepath.Join(dir, "path"), scripts[0][1], scripts[1][1]}
}

func (s *step) script(text string, env ...string) (string, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	temp := filepath.Dir(s.folder)
	cmd := exec.CommandContext(s.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", strings.ReplaceAll(text, "$RUNNER_TEMP/simsid", s.folder))
	cmd.Env = append(os.Environ(), "SIMSID_ACTION="+root, "GITHUB_OUTPUT="+s.output, "GITHUB_PATH="+s.path, "RUNNER_TEMP="+temp, "CI=true", "GITHUB_ACTIONS=true", "HOME="+temp)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *step) install() (string, error) {
	return s.script(s.installs, "SIMSID_VERSION="+s.version, "SIMSID_RELEASES="+s.releases)
}

func (s *step) token(env ...string) (string, error) {
	path := strings.TrimSpace(read(s.t, s.path)) + string(os.PathListSeparator) + os.Getenv("PATH")
	return s.script(s.tokens, append(env, "PATH="+path, "SIMSID_ACTION_PROFILE=", "SIMSID_ACTION_MIN_VALID=10m")...)
}

func archiveName() string {
	return fmt.Sprintf("simsid_%s_%s_%s.tar.gz", version, runtime.GOOS, runtime.GOARCH)
}
func sumsName() string { return "simsid_" + version + "_SHA256SUMS" }

// release is what a release's folder holds for this system.
func release(t *testing.T, program []byte) map[string][]byte {
	t.Helper()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	w := tar.NewWriter(zipped)
	err := w.WriteHeader(&tar.Header{Name: "simsid", Mode: 0o755, Size: int64(len(program))})
	if err == nil {
		_, err = w.Write(program)
	}
	for _, c := range []interface{ Close() error }{w, zipped} {
		if err == nil {
			err = c.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	sums := fmt.Sprintf("%x  %s\n%x  simsid_%s_plan9_mips.tar.gz\n", sha256.Sum256(archive.Bytes()), archiveName(), sha256.Sum256(nil), version)
	return map[string][]byte{archiveName(): archive.Bytes(), sumsName(): []byte(sums)}
}

func with(files map[string][]byte, name string, content []byte) map[string][]byte {
	changed := map[string][]byte{name: content}
	for n, c := range files {
		if n != name {
			changed[n] = c
		}
	}
	return changed
}

func serve(t *testing.T, files map[string][]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[strings.TrimPrefix(r.URL.Path, "/v"+version+"/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// emulate serves the emulator, signed in as the head, until the test ends.
func emulate(t *testing.T, program string) (issuer string) {
	t.Helper()
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready.json")
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "emulator", "--port", "0", "--as", "head", "--ready-file", ready)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var r struct {
			Issuer string `json:"issuer"`
		}
		if b, err := os.ReadFile(ready); err == nil && json.Unmarshal(b, &r) == nil && r.Issuer != "" {
			return r.Issuer
		}
		select {
		case <-ctx.Done():
			t.Fatal("the emulator isn't ready after half a minute")
		case <-tick.C:
		}
	}
}

// signIn makes a login on a person's machine, and hands it over.
func signIn(t *testing.T, program string, client []string) (refresh string) {
	t.Helper()
	dir := t.TempDir()
	browser := filepath.Join(dir, "browser")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\nexec curl --silent --location --output /dev/null \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "HOME="+dir, "CI=", "BROWSER="+browser, "DISPLAY=:0")
	env = append(env, client...)
	run(t, env, program, "login", "--timeout", "1m")
	return strings.TrimSpace(run(t, env, program, "logout", "--hand-over"))
}

// run runs a program that has to succeed, and returns its standard output.
func run(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, &stderr)
	}
	return string(out)
}

func exitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as exec gives it
		return exit.ExitCode()
	}
	return 0
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestInstallAddress: plain http is for this machine's loopback alone, and no user name makes another host look like it.
func TestInstallAddress(t *testing.T) {
	asked := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for _, releases := range []string{"http://127.0.0.1:1@" + host, "http://127.0.0.1:1x@" + host, "http://localhost" + strings.TrimPrefix(host, "127.0.0.1")} {
		cmd := exec.CommandContext(t.Context(), "bash", "../../ci/install.sh", t.TempDir())
		cmd.Env = append(os.Environ(), "SIMSID_VERSION="+version, "SIMSID_RELEASES="+releases, "no_proxy=*")
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s: %s", releases, out)
		}
		if len(asked) > 0 {
			t.Errorf("%s: the server was asked for %s", releases, <-asked)
		}
	}
}
