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
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/age"
)

// rig is all that the subjects need: three homes of simsid with a login each, a keyring with an item for secret-tool, an agent with an
// account, and a folder for the floor.
type rig struct {
	programs        programs
	sealed, keyring home
	memory          home // as sealed, but in memory
	floor           string
	memoryFloor     string
	agent           *agent
	tools           map[string]string // paths of foreign programs
}

// home is a configuration and a state of simsid's own.
type home struct {
	dir string
	env []string
}

func newHome(dir string, env ...string) home {
	return home{dir, append([]string{
		"SIMSID_CONFIG_DIR=" + filepath.Join(dir, "config"), "SIMSID_STATE_DIR=" + filepath.Join(dir, "state"), "HOME=" + dir,
	}, env...)}
}

func newRig(ctx context.Context, folder string, p programs) (*rig, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	key := "SIMSID_STORE_KEY=" + identity.String()
	r := &rig{
		programs:    p,
		sealed:      newHome(filepath.Join(folder, "sealed"), key),
		memory:      newHome(filepath.Join(inMemory(folder), "sealed"), key),
		keyring:     newHome(filepath.Join(folder, "keyring"), "DBUS_SESSION_BUS_ADDRESS="+os.Getenv("DBUS_SESSION_BUS_ADDRESS"), "XDG_RUNTIME_DIR="+os.Getenv("XDG_RUNTIME_DIR")),
		floor:       filepath.Join(folder, "floor"),
		memoryFloor: filepath.Join(inMemory(folder), "floor"),
		tools:       make(map[string]string),
	}
	for _, name := range []string{"secret-tool", "oidc-token"} {
		if r.tools[name], err = exec.LookPath(name); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(makeFloor(r.floor, identity), makeFloor(r.memoryFloor, identity)); err != nil {
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
	for _, s := range []subject{r.login(loginOnDisk, "file", r.sealed), r.login(loginInMemory, "file", r.memory), r.login(tokenKeyring, "keyring", r.keyring)} {
		if _, err := output(command(ctx, s)); err != nil {
			return err
		}
	}
	if err := errors.Join(preserve(r.sealed.dir), preserve(r.memory.dir)); err != nil {
		return err
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
		if silent := s.name == emptyProgram || s.name == sameProgram || s.name == importsOnly || s.name == ownStart || s.name == roundTrip || s.name == noTrip; silent != (len(bytes.TrimSpace(out)) == 0) {
			return fmt.Errorf("%s printed %d bytes", s.name, len(out))
		}
	}
	return nil
}

// preserve copies the state of a home beside it, and restore puts the copy in its place: the embedded STS remembers every login, and the
// sixtieth in a row would be measured with all that the others left.
func preserve(dir string) error {
	return copyFolder(filepath.Join(dir, "preserved"), filepath.Join(dir, "state"))
}

func restore(dir string) error {
	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		return err
	}
	return copyFolder(filepath.Join(dir, "state"), filepath.Join(dir, "preserved"))
}

// copyFolder copies for the owner alone, as the store demands; os.CopyFS would let everybody read.
func copyFolder(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return writeSynced(filepath.Join(to, name), content)
	})
}

// writeSynced leaves nothing for a later program's sync to wait for.
func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
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
	importsOnly   = "one that only imports them"
	ownStart      = "simsid's own start"
	tokenSealed   = "simsid token, sealed file"
	tokenKeyring  = "simsid token, keyring"
	oidcToken     = "oidc-token, agent running"
	secretTool    = "secret-tool lookup"
	roundTrip     = "one round trip by godbus"
	noTrip        = "the same without the round trip"
	floorSealed   = "its start with the same libraries"
	floorKeyring  = "that, and one round trip by godbus"
	loginInMemory = "simsid login, in memory"
	floorInMemory = "a floor that plays both sides"
	loginOnDisk   = "simsid login, on the disk"
	floorOnDisk   = "the same floor"
)

func (r *rig) subjects() []subject {
	disk, memory := r.login(loginOnDisk, "file", r.sealed), r.login(loginInMemory, "file", r.memory)
	disk.before = func() error { return restore(r.sealed.dir) }
	memory.before = func() error { return restore(r.memory.dir) }
	return []subject{
		{name: version, argv: []string{r.programs.simsid, "version"}, env: r.sealed.env},
		{name: emptyProgram, argv: []string{r.programs.empty}},
		{name: sameProgram, argv: []string{r.programs.linked}},
		{name: importsOnly, argv: []string{r.programs.imports}},
		{name: ownStart, argv: []string{r.programs.started}},
		{name: tokenSealed, argv: r.token(), env: r.sealed.env},
		{name: tokenKeyring, argv: r.token(), env: r.keyring.env},
		{name: oidcToken, argv: []string{r.tools["oidc-token"], accountName}, env: r.agent.env()},
		{name: roundTrip, argv: []string{r.programs.roundtrip}, env: r.keyring.env},
		{name: noTrip, argv: []string{r.programs.roundtrip, "nothing"}, env: r.keyring.env},
		{name: secretTool, argv: append([]string{r.tools["secret-tool"], "lookup"}, attributes()...), env: r.keyring.env},
		memory,
		{name: floorInMemory, argv: []string{r.programs.floor, r.memoryFloor}},
		disk,
		{name: floorOnDisk, argv: []string{r.programs.floor, r.floor}},
	}
}

func (r *rig) token() []string { return []string{r.programs.simsid, "token", "-p", "emulator"} }

func (r *rig) login(name, store string, h home) subject {
	return subject{name: name, argv: []string{r.programs.simsid, "login", "--emulator", "--as", "head", "--store", store}, env: h.env}
}

// peaks measures the most memory that token has in use, a few times, by the name of its place.
func (r *rig) peaks(ctx context.Context) (map[string]int64, error) {
	peaks := make(map[string]int64)
	for name, h := range map[string]home{tokenSealed: r.sealed, tokenKeyring: r.keyring} {
		var found []int64
		for range 9 {
			if err := install(r.programs.simsid); err != nil {
				return nil, err
			}
			if _, err := output(command(ctx, subject{name: name, argv: r.token(), env: h.env})); err != nil {
				return nil, err // this run reads it in
			}
			out, err := output(command(ctx, subject{name: name, argv: append([]string{r.programs.peak}, r.token()...), env: h.env}))
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
