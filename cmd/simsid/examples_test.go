//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// examples is where docs/emulator.md points to.
func example(name ...string) string {
	return filepath.Join(append([]string{"..", "..", "docs", "emulator", "examples"}, name...)...)
}

// runExample runs a program of an example in a folder, with simsid on its PATH and a home of its own.
func runExample(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// goEnv lets an example be built with what is there: it has no dependency, and needs no network.
func goEnv(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "-json", "GOCACHE", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	var env map[string]string
	if err := json.Unmarshal(out, &env); err != nil {
		t.Fatal(err)
	}
	return []string{"GOCACHE=" + env["GOCACHE"], "GOROOT=" + env["GOROOT"], "GOPROXY=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off"}
}

func TestExampleGo(t *testing.T) {
	t.Parallel()
	if out := runExample(t, example("go"), goEnv(t), "go", "test", "-count=1", "./..."); !strings.Contains(out, "ok  \texample.com/lunch") {
		t.Error(out)
	}
}

func TestExampleShell(t *testing.T) {
	t.Parallel()
	got := runExample(t, ".", nil, "sh", example("shell", "check.sh"))
	if want := "a token for sync: ok\nan STS that is down: ok\nthe end: ok\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The job's own steps run as GitHub's runner would run them, but for the one that installs simsid, which is there.
func TestExampleGitHub(t *testing.T) {
	t.Parallel()
	doc := mustYAML(t, example("github", "sts.yml"))
	job := dig(t, doc, "jobs", "sign-in")
	steps, ok := dig(t, job, "steps").([]any)
	if !ok {
		t.Fatal("the job has no steps")
	}
	work := t.TempDir()
	envFile := filepath.Join(work, "github.env")
	if err := os.WriteFile(envFile, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var ran []string
	for _, s := range steps {
		step, _ := s.(map[string]any)
		run, _ := step["run"].(string)
		if run == "" || strings.Contains(run, "go install") {
			continue
		}
		env, err := os.ReadFile(envFile)
		if err != nil {
			t.Fatal(err)
		}
		script := filepath.Join(work, "step.sh")
		if err := os.WriteFile(script, []byte(run), 0o600); err != nil {
			t.Fatal(err)
		}
		runExample(t, work, append(strings.Fields(string(env)), "GITHUB_ENV="+envFile), "bash", "--noprofile", "--norc", "-eo", "pipefail", script)
		name, _ := step["name"].(string)
		ran = append(ran, name)
	}
	if want := []string{"start the emulator", "run the tests", "stop the emulator"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
}

// The job has the keys that GitHub's syntax knows, and no other.
func TestExampleGitHubSyntax(t *testing.T) {
	t.Parallel()
	doc := mustYAML(t, example("github", "sts.yml"))
	onlyKeys(t, doc, "name", "on", "permissions", "jobs")
	onlyKeys(t, dig(t, doc, "on"), "push", "pull_request")
	job := dig(t, doc, "jobs", "sign-in")
	onlyKeys(t, job, "runs-on", "timeout-minutes", "steps")
	steps, _ := dig(t, job, "steps").([]any)
	for _, step := range steps {
		onlyKeys(t, step, "name", "uses", "with", "run", "if", "env")
		fields, _ := step.(map[string]any)
		if (fields["uses"] == nil) == (fields["run"] == nil) {
			t.Errorf("the step %v neither runs nor uses something, or both", fields)
		}
	}
}

// The compose file has the keys that the Compose specification knows; what it starts the emulator with does start one, and serves the
// issuer that the other container is told.
func TestExampleCompose(t *testing.T) {
	t.Parallel()
	doc := mustYAML(t, example("compose", "compose.yaml"))
	onlyKeys(t, doc, "services")
	sts, app := dig(t, doc, "services", "sts"), dig(t, doc, "services", "application")
	for _, service := range []any{sts, app} {
		onlyKeys(t, service, "build", "image", "command", "volumes", "ports", "healthcheck", "environment", "depends_on")
	}
	onlyKeys(t, dig(t, sts, "healthcheck"), "test", "interval", "timeout", "retries")
	if got := dig(t, app, "depends_on", "sts", "condition"); got != "service_healthy" {
		t.Errorf("the application waits for %v", got)
	}
	if got, want := dig(t, sts, "volumes"), []any{"./sts.toml:/etc/simsid/sts.toml:ro"}; !reflect.DeepEqual(got, want) {
		t.Errorf("volumes are %v", got)
	}
	docker, err := os.ReadFile(example("compose", "Dockerfile"))
	if err != nil || !strings.HasSuffix(string(docker), "ENTRYPOINT [\"simsid\"]\n") {
		t.Errorf("the image starts %s, %v", docker, err)
	}

	var args []string
	command, _ := dig(t, sts, "command").([]any)
	for _, c := range command {
		arg, _ := c.(string)
		args = append(args, strings.Replace(arg, "/etc/simsid/", example("compose")+"/", 1))
	}
	cmd := exec.CommandContext(t.Context(), testProgram(), append(args, "--port", "0")...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ready struct{ Issuer string }
	err = json.NewDecoder(bufio.NewReader(out)).Decode(&ready)
	_ = cmd.Process.Signal(os.Interrupt)
	if wait := cmd.Wait(); err != nil || wait != nil {
		t.Fatalf("%v, %v\n%s", err, wait, log.String())
	}
	if told := dig(t, app, "environment", "OIDC_ISSUER"); ready.Issuer != told {
		t.Errorf("the emulator serves %s, and the application is told %v", ready.Issuer, told)
	}
}

func onlyKeys(t *testing.T, v any, known ...string) {
	t.Helper()
	table, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%v is no mapping", v)
	}
	for key := range table {
		if !slices.Contains(known, key) {
			t.Errorf("there is no key %q; known are %q", key, known)
		}
	}
}

func dig(t *testing.T, v any, path ...string) any {
	t.Helper()
	for _, key := range path {
		table, _ := v.(map[string]any)
		if v = table[key]; v == nil {
			t.Fatalf("%q isn't there", strings.Join(path, "."))
		}
	}
	return v
}

// The guide's table has the command's own flags, and no other.
func TestGuideFlags(t *testing.T) {
	t.Parallel()
	help := runExample(t, ".", nil, testProgram(), "emulator", "--help")
	_, own, _ := strings.Cut(help, "\nFlags:\n")
	own, _, _ = strings.Cut(own, "\n\n")
	flag := regexp.MustCompile("--[a-z][a-z-]+")
	var want []string
	for _, name := range regexp.MustCompile(`(?m)^  (?:    |-., )(--[a-z-]+)`).FindAllStringSubmatch(own, -1) {
		if name[1] != "--help" {
			want = append(want, name[1])
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "emulator.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n| flag | file | means |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	got := flag.FindAllString(table, -1)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("the guide has %q, the command %q", got, want)
	}
}
