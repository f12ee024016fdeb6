//go:build real

package setup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMissing runs the set-up on a machine where next to nothing is installed and nothing may be: it has to end with the names.
func TestMissing(t *testing.T) {
	const notRoot, root = "echo 1000", "echo 0"
	for _, test := range []struct {
		name     string
		programs map[string]string
		code     int
		want     string
	}{
		{"nothing there, not root", map[string]string{"id": notRoot}, 1, `installing age gcc chromium libnss3-tools dbus-daemon gnome-keyring libsecret-tools oidc-agent-cli jq dash zsh fish bash-completion libapache2-mod-auth-openidc libc6-dev
make test: these Debian packages are missing and could not be installed: age gcc chromium libnss3-tools dbus-daemon gnome-keyring libsecret-tools oidc-agent-cli jq dash zsh fish bash-completion libapache2-mod-auth-openidc libc6-dev
make test: install them (apt-get install --no-install-recommends age gcc chromium libnss3-tools dbus-daemon gnome-keyring libsecret-tools oidc-agent-cli jq dash zsh fish bash-completion libapache2-mod-auth-openidc libc6-dev) and try again
`},
		{"root without apt-get", with(map[string]string{"id": root}, "age", "cc", "certutil", "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "oidc-agent", "jq", "dash", "zsh", "fish", "dh_bash-completion", "mod_auth_openidc.so"), 1, `installing chromium
make test: these Debian packages are missing and could not be installed: chromium
make test: install them (apt-get install --no-install-recommends chromium) and try again
`},
		{"apt-get that fails", with(map[string]string{"id": root, "env": "exit 100"}, "apt-get", "age", "cc", "certutil", "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "oidc-agent", "jq", "dash", "zsh", "fish", "dh_bash-completion", "mod_auth_openidc.so"), 1,
			`installing chromium
make test: these Debian packages are missing and could not be installed: chromium
make test: install them (apt-get install --no-install-recommends chromium) and try again
`},
		{"old node, no npm", with(map[string]string{"node": "echo v18.20.0"}, "age", "cc", "chromium", "certutil", "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "oidc-agent", "jq", "dash", "zsh", "fish", "dh_bash-completion", "mod_auth_openidc.so"), 1,
			`make test: these programs are missing:
make test:   node 20 or newer (Debian package nodejs from Debian 13 on)
make test:   npm (Debian package npm)
`},
		{"all there", with(map[string]string{"node": "echo v20.0.0"}, "npm", "age", "cc", "chromium", "certutil", "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "oidc-agent", "jq", "dash", "zsh", "fish", "dh_bash-completion", "mod_auth_openidc.so"), 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			bin := t.TempDir()
			for name, script := range test.programs {
				program(t, bin, name, script)
			}
			link(t, bin, "sed")
			script, err := filepath.Abs("debian.sh")
			if err != nil {
				t.Fatal(err)
			}
			code, out := run(t, t.TempDir(), bin, script)
			if code != test.code || out != test.want {
				t.Errorf("debian.sh exits with %d and says\n%s\nwant %d and\n%s", code, out, test.code, test.want)
			}
		})
	}
}

func with(programs map[string]string, names ...string) map[string]string {
	for _, name := range names {
		programs[name] = "exit 0"
	}
	return programs
}

// TestCounts runs .ci/run with a make that leaves reports behind.
func TestCounts(t *testing.T) {
	const report = `mkdir -p .tools/report
cat > .tools/report/unit.json <<'END'
{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestA","Output":"{\"Action\":\"pass\",\"Test\":\"no\"}"}
{"Action":"skip","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"pass","Package":"p"}
END
cat > .tools/report/real.json <<'END'
{"Action":"pass","Package":"q","Test":"TestC/a_\"b\"","Elapsed":0.1}
{"Action":"pass","Package":"q","Test":"TestC/a_\"c\"","Elapsed":0.1}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.2}
{"Action":"ACTION","Package":"q","Test":"TestD","Elapsed":0}
END
`
	for _, test := range []struct {
		name, make string
		code       int
		last       string
	}{
		{"all pass", strings.Replace(report, "ACTION", "pass", 1), 0, "4 passed, 0 failed, 1 skipped"},
		{"one fails", strings.Replace(report, "ACTION", "fail", 1) + "exit 2", 2, "3 passed, 1 failed, 1 skipped"},
		{"a step fails that is no test", strings.Replace(report, "ACTION", "pass", 1) + "exit 2", 2, "4 passed, 1 failed, 1 skipped"},
		{"nothing ran", "exit 0", 1, "0 passed, 1 failed, 0 skipped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, bin := t.TempDir(), t.TempDir()
			text, err := os.ReadFile("../../.ci/run")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, ".ci"), 0o700); err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(dir, ".ci", "run")
			if err := os.WriteFile(script, text, 0o600); err != nil {
				t.Fatal(err)
			}
			program(t, bin, "make", test.make)
			for _, name := range []string{"cat", "sed", "sort", "wc", "dirname", "mkdir"} {
				link(t, bin, name)
			}
			code, out := run(t, dir, bin, script)
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			if last := lines[len(lines)-1]; code != test.code || last != test.last {
				t.Errorf(".ci/run exits with %d and ends with %q, want %d and %q\n%s", code, last, test.code, test.last, out)
			}
		})
	}
}

// program writes a shell script under a program's name.
func program(t *testing.T, bin, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/bash\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// link lends a real program.
func link(t *testing.T, bin, name string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
		t.Fatal(err)
	}
}

// run runs a script with nothing on the PATH but bin, and returns its exit code and all that it said.
func run(t *testing.T, dir, bin, script string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/bash", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + bin, "SIMSID_TEST_APACHE_MODULES=" + bin}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), out.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String()
}
