package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/tokenstore"
)

// TestSituations names each place where there is no keyring to be had, and the best way on from it.
func TestSituations(t *testing.T) {
	const bus = "while you are signed in to the desktop, give it your bus: export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus"
	type row struct {
		name, platform string
		env            map[string]string
		files          []string
		want           situation
	}
	for _, r := range []row{
		{"a desktop", "linux/amd64", map[string]string{"DISPLAY": ":0", "TERM": "xterm"}, nil, situation{}},
		{"Wayland", "linux/amd64", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, nil, situation{}},
		{"Docker", "linux/amd64", map[string]string{"TERM": "xterm"}, []string{"/.dockerenv"}, situation{"this is a container, which has no keyring of its own", "", true}},
		{"Podman", "linux/arm64", nil, []string{"/run/.containerenv"}, situation{"this is a container, which has no keyring of its own", "", true}},
		{"Kubernetes", "linux/amd64", map[string]string{"KUBERNETES_SERVICE_HOST": "x"}, nil, situation{"this is a container, which has no keyring of its own", "", true}},
		{"WSL", "linux/amd64", map[string]string{"WSL_DISTRO_NAME": "Debian", "DISPLAY": ":0"}, nil, situation{"this is WSL, which starts no keyring by itself", startOne, true}},
		{"CI", "linux/amd64", map[string]string{"CI": "true"}, nil, situation{"this is a CI job, which has no keyring", "", true}},
		{"SSH", "linux/amd64", map[string]string{"SSH_CONNECTION": "x", "TERM": "xterm"}, nil, situation{"this is an SSH session: the keyring of the desktop isn't open in it", startOne, false}},
		{"cron", "linux/amd64", nil, nil, situation{"this is a job without a session (cron, a service)", bus, true}},
		{"a service of systemd", "linux/amd64", map[string]string{"INVOCATION_ID": "x", "TERM": "xterm"}, nil, situation{"this is a job without a session (cron, a service)", bus, true}},
		{"a console", "linux/amd64", map[string]string{"TERM": "linux"}, nil, situation{"there is no desktop session here", startOne, false}},
		{"macOS over SSH", "darwin/arm64", map[string]string{"SSH_CONNECTION": "x"}, nil, situation{"over SSH, macOS keeps the login keychain locked", "unlock it for this session: security unlock-keychain", false}},
		{"macOS", "darwin/arm64", nil, nil, situation{}},
		{"a Windows service", "windows/amd64", nil, nil, situation{"a Windows service or remote session has no credentials of a signed-in user", "", false}},
		{"Windows over SSH", "windows/amd64", map[string]string{"SESSIONNAME": "x", "SSH_CLIENT": "x"}, nil, situation{"a Windows service or remote session has no credentials of a signed-in user", "", false}},
		{"Windows", "windows/amd64", map[string]string{"SESSIONNAME": "Console"}, nil, situation{}},
	} {
		t.Run(r.name, func(t *testing.T) {
			a := &app{env: Env{
				Platform: r.platform,
				Getenv:   func(name string) string { return r.env[name] },
				ReadFile: func(name string) ([]byte, error) {
					if slices.Contains(r.files, name) {
						return nil, nil
					}
					return nil, fs.ErrNotExist
				},
			}}
			if got := a.situate(); got != r.want {
				t.Errorf("%+v, want %+v", got, r.want)
			}
			for _, cause := range []error{tokenstore.ErrAbsent, tokenstore.ErrLocked} {
				err := &tokenstore.Error{Operation: "probe", Backend: tokenstore.Keyring, Err: cause}
				f := a.situated(err, explain(err))
				if n := len(f.Hints); n < 1 || n > 3 || f.Code != exitStore {
					t.Errorf("%v: code %d, hints %q", cause, f.Code, f.Hints)
				}
				want := err.Error()
				if r.want.words != "" && !(r.want.absent && errors.Is(cause, tokenstore.ErrLocked)) {
					want = fmt.Sprintf("probe keyring: %s (%s)", cause, r.want.words)
				}
				if errors.Is(cause, tokenstore.ErrAbsent) {
					want = strings.TrimPrefix(want, "probe keyring: ") // what was tried there means nothing to the user
				}
				if f.Text != want {
					t.Errorf("text %q, want %q", f.Text, want)
				}
			}
			other := errors.New("something else")
			if got := a.situated(other, explain(other)); got.Text != other.Error() {
				t.Errorf("an error that has nothing to do with it: %q", got.Text)
			}
		})
	}
}
