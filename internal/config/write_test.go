package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/gofrs/flock"
)

// addMany makes this test binary a process that adds profiles in its folder, for TestProcesses.
const addMany = "SIMSID_TEST_ADD_MANY"

func TestMain(m *testing.M) {
	if prefix := os.Getenv(addMany); prefix != "" {
		for i := range 10 {
			if err := Add(context.Background(), "config.toml", prefix+strconv.Itoa(i), map[string][]string{"kind": {"oidc"}}); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		return
	}
	m.Run()
}

// Edits of several processes at once lose nothing of one another, and whoever reads meanwhile sees a whole file.
func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	program, err := os.Executable()
	must(t, err)
	done := make(chan error)
	for _, prefix := range []string{"a", "b", "c"} {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Dir = filepath.Dir(path)
		cmd.Env = append(os.Environ(), addMany+"="+prefix)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { done <- cmd.Wait() }()
	}
	go func() {
		for i := range 10 {
			if err := Add(t.Context(), path, "d"+strconv.Itoa(i), nil); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for running := 4; running > 0; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			running--
		default:
			if _, err := Load(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, prefix := range []string{"a", "b", "c", "d"} {
		for i := range 10 {
			want = append(want, prefix+strconv.Itoa(i))
		}
	}
	equal(t, f.Default(), f.Names()[0])
	equal(t, slices.Sorted(slices.Values(f.Names())), want)
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config", "simsid")
	path := filepath.Join(dir, "config.toml")
	if err := Add(t.Context(), path, "a", nil); err != nil {
		t.Fatal(err)
	}
	equal(t, names(t, dir), []string{"config.toml", "config.toml.lock"})
	if runtime.GOOS != "windows" { // which has other rights, that these bits don't show
		equal(t, mode(t, path), fs.FileMode(0o600))
		equal(t, mode(t, path+".lock"), fs.FileMode(0o600))
		equal(t, mode(t, dir), fs.ModeDir|0o700)
		equal(t, mode(t, filepath.Dir(dir)), fs.ModeDir|0o700)

		// A file that others could read is closed to them by the next edit.
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Add(t.Context(), path, "b", nil); err != nil {
			t.Fatal(err)
		}
		equal(t, mode(t, path), fs.FileMode(0o600))
	}
}

// An edit that changes nothing doesn't touch the file.
func TestNothingToWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := Add(t.Context(), path, "a", nil); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Use(t.Context(), path, "a"), Set(t.Context(), path, "a", "store", nil)); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("the file was replaced")
	}
}

// A replaced file is another one: who has the old one open keeps reading the old one, whole.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := Add(t.Context(), path, "a", nil); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Add(t.Context(), path, "b", nil); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(before, after) {
		t.Error("the file was written in place")
	}
}

func TestSymlinks(t *testing.T) {
	for _, c := range []struct {
		name   string
		link   string // what config.toml is a link to, with the folder for %s
		exists bool
	}{
		{"to a file", "%s/dot/simsid.toml", true},
		{"to a file by a relative path", "../../dot/simsid.toml", true},
		{"to nothing yet", "%s/dot/simsid.toml", false},
		{"to nothing yet in no folder yet", "%s/dot/new/simsid.toml", false},
		{"to another link", "../../dot/again.toml", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			link := c.link
			if link[0] == '%' {
				link = fmt.Sprintf(link, dir)
			}
			// The folder itself is reached by a link, and is nested less deeply than what it leads to.
			must(t, os.MkdirAll(filepath.Join(dir, "real", "deep"), 0o700), os.MkdirAll(filepath.Join(dir, "dot"), 0o700),
				os.Symlink(filepath.Join("real", "deep"), filepath.Join(dir, "config")),
				os.Symlink(link, filepath.Join(dir, "config", "config.toml")),
				os.Symlink("simsid.toml", filepath.Join(dir, "dot", "again.toml")))
			target := filepath.Join(dir, "dot", "simsid.toml")
			if c.name == "to nothing yet in no folder yet" {
				target = filepath.Join(dir, "dot", "new", "simsid.toml")
			}
			if c.exists {
				must(t, os.WriteFile(target, []byte("# mine\n"), 0o600))
			}
			path := filepath.Join(dir, "config", "config.toml")
			must(t, Add(t.Context(), path, "a", nil))
			equal(t, mode(t, path).Type(), fs.ModeSymlink)
			equal(t, mode(t, target).Type(), fs.FileMode(0))
			equal(t, names(t, filepath.Join(dir, "real", "deep")), []string{"config.toml"})
			f, err := Load(path)
			must(t, err)
			equal(t, f.Names(), []string{"a"})
			if _, err := os.Stat(target + ".lock"); err != nil {
				t.Error("the lock must lie beside the target, where every link to it finds it")
			}
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestEditFaultsOfThePath(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	must(t, os.Symlink(loop, loop))
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	folder := filepath.Join(dir, "folder")
	must(t, os.Mkdir(folder, 0o700))
	socket := filepath.Join(dir, "s")
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "unix", socket)
	must(t, err)
	defer l.Close()
	for _, c := range []struct{ path, problem string }{
		{loop, "can't be followed"},
		{filepath.Join(file, "config.toml"), "can't make its folder"},
		{folder, "isn't a file that can be edited"},
		{socket, "isn't a file that can be edited"},
	} {
		err := Add(t.Context(), c.path, "a", nil)
		got, ok := errors.AsType[*FileError](err)
		if !ok {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		equal(t, FileError{Path: got.Path, Problem: got.Problem}, FileError{Path: c.path, Problem: c.problem})
	}
	equal(t, mode(t, folder).Type(), fs.ModeDir)
	equal(t, mode(t, socket).Type(), fs.ModeSocket)
}

// When writing fails, what was there stays, and nothing else is left.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "config.toml")
	must(t, os.MkdirAll(filepath.Join(target, "in the way"), 0o700))
	if err := writeAtomic(target, []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	equal(t, names(t, dir), []string{"config.toml"})
}

// An edit waits for the one that is under way.
func TestEditWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	other := flock.New(path + ".lock")
	must(t, other.Lock())
	done := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		close(started)
		done <- Add(t.Context(), path, "mine", nil)
	}()
	<-started
	// The other process's edit: whatever mine does before it gets the lock, it must come out after this.
	must(t, os.WriteFile(path, []byte("[profile.theirs]\n"), 0o600))
	select {
	case err := <-done:
		t.Fatalf("it didn't wait: %v", err)
	default:
	}
	must(t, other.Unlock(), <-done)
	f, err := Load(path)
	must(t, err)
	equal(t, f.Names(), []string{"theirs", "mine"})
}

// A lock that is never given back doesn't hang an edit for good.
func TestLockGivesUp(t *testing.T) {
	target := filepath.Join(t.TempDir(), "config.toml")
	unlock, err := lock(t.Context(), target, lockWait)
	must(t, err)
	_, err = lock(t.Context(), target, 2*lockRetry)
	equal(t, err, error(&FileError{Path: target + ".lock", Problem: "another process has held this lock for 40ms"}))
	unlock()
	unlock, err = lock(t.Context(), target, lockWait)
	must(t, err)
	unlock()
}
