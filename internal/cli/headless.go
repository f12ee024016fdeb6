package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/tokenstore"
)

// situation is where simsid runs, as far as it says why there is no keyring or why it is locked, and the ways on from there.
type situation struct {
	words  string
	way    string // the best way on; "" where only the general ones are left
	absent bool   // it says why there is none, and nothing of one that is there and locked
}

// situate looks for what explains a keyring that can't be used, the most particular sign first. Every sign is a guess from
// the environment, so the words only follow an error that has happened.
func (a *app) situate() situation {
	env := func(name string) bool { return a.env.Getenv(name) != "" }
	file := func(name string) bool { _, err := a.env.ReadFile(name); return err == nil }
	system, _, _ := strings.Cut(a.env.Platform, "/")
	overSSH := env("SSH_CONNECTION") || env("SSH_TTY") || env("SSH_CLIENT")
	switch {
	case system == "windows":
		if overSSH || !env("SESSIONNAME") {
			return situation{words: "a Windows service or remote session has no credentials of a signed-in user"}
		}
	case system == "darwin":
		if overSSH {
			return situation{words: "over SSH, macOS keeps the login keychain locked", way: "unlock it for this session: security unlock-keychain"}
		}
	case env("KUBERNETES_SERVICE_HOST"), env("container"):
		return inContainer()
	case env("WSL_DISTRO_NAME"), env("WSL_INTEROP"):
		return situation{"this is WSL, which starts no keyring by itself", startOne, true}
	case env("CI"):
		return situation{"this is a CI job, which has no keyring", "", true}
	case overSSH:
		return situation{words: "this is an SSH session: the keyring of the desktop isn't open in it", way: startOne}
	case file("/.dockerenv"), file("/run/.containerenv"):
		return inContainer()
	case env("INVOCATION_ID"), !env("DISPLAY") && !env("WAYLAND_DISPLAY") && !env("TERM"):
		return situation{"this is a job without a session (cron, a service)",
			"while you are signed in to the desktop, give it your bus: export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus", true}
	case !env("DISPLAY") && !env("WAYLAND_DISPLAY"):
		return situation{words: "there is no desktop session here", way: startOne}
	}
	return situation{}
}

func inContainer() situation {
	return situation{"this is a container, which has no keyring of its own", "", true}
}

// startOne starts a keyring for one shell, with the packages dbus and gnome-keyring; it asks for the keyring's password.
const startOne = "open one for this shell: dbus-run-session -- sh -c 'gnome-keyring-daemon --unlock --components=secrets && exec $SHELL'"

// situated adds the situation to a keyring's error: the words behind the text, and the way on before the general ones.
func (a *app) situated(err error, f failure) failure {
	if pe, ok := errors.AsType[*profileError](err); errors.Is(err, tokenstore.ErrSealKey) && ok && a.nobodyOnRecord(pe.Profile) {
		f.Hints = slices.DeleteFunc(slices.Clone(f.Hints), func(h string) bool { return strings.Contains(h, forgetLogin) })
	}
	if d, ok := errors.AsType[*tokenstore.DamagedError](err); ok && d.Secrets() {
		f.Hints = a.secretsAgain(err)
	}
	absent, locked := errors.Is(err, tokenstore.ErrAbsent), errors.Is(err, tokenstore.ErrLocked)
	if !absent && !locked || f.Code != exitStore {
		return f
	}
	s := a.situate()
	if s.words == "" || s.absent && !absent {
		return f
	}
	f.Text += " (" + s.words + ")"
	hints := f.Hints
	if locked && len(hints) > 0 {
		hints = hints[1:] // to sign in to a desktop that isn't there
	}
	if s.way != "" {
		hints = append([]string{s.way}, hints...)
	}
	f.Hints = hints
	return f
}
