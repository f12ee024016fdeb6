//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/age"
)

// rig is all that the subjects need: two homes of simsid with a login each, a keyring with an item for secret-tool, an agent with an
// account, and a folder for the floor.
type rig struct {
	programs        programs
	sealed, keyring home
	floor           string
	agent           *agent
	tools           map[string]string // paths of foreign programs
}

// home is a configuration and a state of simsid's own.
type home struct {
	env []string
}

func newHome(dir string, env ...string) home {
	return home{append([]string{
		"SIMSID_CONFIG_DIR=" + filepath.Join(dir, "config"), "SIMSID_STATE_DIR=" + filepath.Join(dir, "state"), "HOME=" + dir,
	}, env...)}
}

func newRig(ctx context.Context, folder string, p programs) (*rig, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	r := &rig{
		programs: p,
		sealed:   newHome(filepath.Join(folder, "sealed"), "SIMSID_STORE_KEY="+identity.String()),
		keyring:  newHome(filepath.Join(folder, "keyring"), "DBUS_SESSION_BUS_ADDRESS="+os.Getenv("DBUS_SESSION_BUS_ADDRESS"), "XDG_RUNTIME_DIR="+os.Getenv("XDG_RUNTIME_DIR")),
		floor:    filepath.Join(folder, "floor"),
		tools:    make(map[string]string),
	}
	for _, name := range []string{"secret-tool", "oidc-token"} {
		if r.tools[name], err = exec.LookPath(name); err != nil {
			return nil, err
		}
	}
	if err := makeFloor(r.floor, identity); err != nil {
		return nil, err
	}
	if err := startKeyring(ctx); err != nil {
		return nil, err
	}
	if r.agent, err = startAgent(ctx, filepath.Join(folder, "agent")); err != nil {
		return nil, err
	}
	if err := r.signIn(ctx); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// makeFloor makes the keys that the floor finds in its folder.
func makeFloor(dir string, identity *age.X25519Identity) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "key.der"), x509.MarshalPKCS1PrivateKey(key), 0o600),
		os.WriteFile(filepath.Join(dir, "identity"), []byte(identity.String()), 0o600),
	)
}

// startKeyring starts a Secret Service on this session's bus, its keyring open. It ends with the bus.
func startKeyring(ctx context.Context) error {
	for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_DATA_HOME"} {
		if err := os.MkdirAll(os.Getenv(name), 0o700); err != nil {
			return err
		}
	}
	unlock := exec.CommandContext(ctx, "gnome-keyring-daemon", "--daemonize", "--unlock", "--components=secrets")
	unlock.Stdin = strings.NewReader("\n") // an empty password
	if _, err := output(unlock); err != nil {
		return err
	}
	_, err := output(exec.CommandContext(ctx, "gnome-keyring-daemon", "--start", "--components=secrets"))
	return err
}

// signIn signs in at both homes, keeps an item of a refresh token's size for secret-tool, and looks whether everything that is to be
// measured answers with what it is there for.
func (r *rig) signIn(ctx context.Context) error {
	for _, s := range []subject{r.login("file", r.sealed), r.login("keyring", r.keyring)} {
		if _, err := output(command(ctx, s)); err != nil {
			return err
		}
	}
	store := exec.CommandContext(ctx, r.tools["secret-tool"], append([]string{"store", "--label=simsid bench"}, attributes()...)...)
	store.Stdin = strings.NewReader(rand.Text())
	if _, err := output(store); err != nil {
		return err
	}
	for _, s := range r.subjects() {
		out, err := output(command(ctx, s))
		if err != nil {
			return err
		}
		if silent := s.name == emptyProgram || s.name == sameProgram; silent != (len(bytes.TrimSpace(out)) == 0) {
			return fmt.Errorf("%s printed %d bytes", s.name, len(out))
		}
	}
	return nil
}

func command(ctx context.Context, s subject) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
	cmd.Env = s.env
	return cmd
}

// attributes is the item that secret-tool looks up.
func attributes() []string { return []string{"service", "simsid-bench", "account", "emulator"} }

// The subjects' names.
const (
	version       = "simsid version"
	emptyProgram  = "an empty Go program"
	sameProgram   = "a program with the same libraries"
	tokenSealed   = "simsid token, sealed file"
	tokenKeyring  = "simsid token, keyring"
	oidcToken     = "oidc-token, agent running"
	secretTool    = "secret-tool lookup"
	login         = "simsid login --emulator"
	floorOfALogin = "a floor that plays both sides"
)

func (r *rig) subjects() []subject {
	full := r.login("file", r.sealed)
	return []subject{
		{version, []string{r.programs.simsid, "version"}, r.sealed.env},
		{emptyProgram, []string{r.programs.empty}, nil},
		{sameProgram, []string{r.programs.same}, nil},
		{tokenSealed, r.token(), r.sealed.env},
		{tokenKeyring, r.token(), r.keyring.env},
		{oidcToken, []string{r.tools["oidc-token"], accountName}, r.agent.env()},
		{secretTool, append([]string{r.tools["secret-tool"], "lookup"}, attributes()...), r.keyring.env},
		full,
		{floorOfALogin, []string{r.programs.floor, r.floor}, nil},
	}
}

func (r *rig) token() []string { return []string{r.programs.simsid, "token", "-p", "emulator"} }

func (r *rig) login(store string, h home) subject {
	return subject{login, []string{r.programs.simsid, "login", "--emulator", "--as", "head", "--store", store}, h.env}
}

// peaks measures the most memory that token has in use, a few times, by the name of its place.
func (r *rig) peaks(ctx context.Context) (map[string]int64, error) {
	peaks := make(map[string]int64)
	for name, h := range map[string]home{tokenSealed: r.sealed, tokenKeyring: r.keyring} {
		var found []int64
		for range 9 {
			out, err := output(command(ctx, subject{name, append([]string{r.programs.peak}, r.token()...), h.env}))
			if err != nil {
				return nil, err
			}
			n, err := strconv.ParseInt(string(bytes.TrimSpace(out)), 10, 64)
			if err != nil {
				return nil, err
			}
			found = append(found, n)
		}
		peaks[name] = median(found)
	}
	return peaks, nil
}

func (r *rig) close() error { return r.agent.close() }
