//go:build unix

package tokenstore

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// One error names every file that lets others in, and one line mends them all.
func TestWideModesAreNamedTogether(t *testing.T) {
	o := Options{Dir: filepath.Join(t.TempDir(), "st ore")}
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"a": 0o644, "b": 0o600, "c": 0o640, "d": 0o604} {
		path := filepath.Join(o.Dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("a", filepath.Join(o.Dir, "link")), os.Mkdir(filepath.Join(o.Dir, "folder"), 0o755)); err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return "'" + filepath.Join(o.Dir, name) + "'" }
	check := func(err error, want PermissionError) {
		t.Helper()
		if p, ok := errors.AsType[*PermissionError](err); !ok || *p != want {
			t.Fatalf("got %v, want %+v", err, want)
		}
	}
	_, err := o.read(filepath.Join(o.Dir, "c"))
	check(err, PermissionError{
		filepath.Join(o.Dir, "c"), "its mode 0640 lets others in, and so it is with a, d", "chmod 600 " + path("c") + " " + path("a") + " " + path("d"),
	})
	if err := os.Chmod(o.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p, _ := errors.AsType[*PermissionError](o.checkDir())
	check(p, PermissionError{
		o.Dir, "its mode 0755 lets others in, and so it is with a, c, d", "chmod 700 '" + o.Dir + "' && chmod 600 " + path("a") + " " + path("c") + " " + path("d"),
	})
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", p.Mend).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := o.read(filepath.Join(o.Dir, "d")); err != nil || o.checkDir() != nil {
		t.Errorf("mended: %v, %v", err, o.checkDir())
	}
}

func TestWideModesAreRefused(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			if err := refresh(t, s, 1); err != nil {
				t.Fatal(err)
			}
			load := func() error {
				s, err := Open(t.Context(), o, school, "")
				if err != nil {
					return err
				}
				unlock, err := s.Lock(t.Context())
				if err != nil {
					return err
				}
				defer unlock()
				if _, err = s.Load(t.Context()); err != nil {
					return err
				}
				return s.Prepare(t.Context())
			}
			check := func(path string, wide, right fs.FileMode, line string) {
				t.Helper()
				if err := os.Chmod(path, wide); err != nil {
					t.Fatal(err)
				}
				err := load()
				pe, ok := errors.AsType[*PermissionError](err)
				if !ok || pe.Path != path || pe.Mend != line || !strings.Contains(err.Error(), line) {
					t.Errorf("%s with mode %o: %v, want a *PermissionError with %q", path, wide, err, line)
				}
				if _, err := Choose(t.Context(), o, school, "", ""); right == 0o700 && !errors.As(err, new(*PermissionError)) {
					t.Errorf("choose: %v", err)
				}
				if err := os.Chmod(path, right); err != nil {
					t.Fatal(err)
				}
				if err := load(); err != nil {
					t.Errorf("mended: %v", err)
				}
			}
			for _, wide := range []fs.FileMode{0o701, 0o710, 0o755, 0o777} {
				check(o.Dir, wide, 0o700, "chmod 700 "+shellQuote(o.Dir))
			}
			for _, f := range files(t, o) {
				path := o.Dir + "/" + f
				fi, err := os.Stat(path)
				if err != nil || fi.Mode().Perm() != 0o600 {
					t.Errorf("%s was made with mode %v", f, fi.Mode())
				}
				if strings.HasSuffix(f, lockFile) {
					continue
				}
				for _, wide := range []fs.FileMode{0o604, 0o640, 0o666} {
					check(path, wide, 0o600, "chmod 600 "+shellQuote(path))
				}
			}
		})
	}
}

// foreign is a file that belongs to somebody else.
type foreign struct{ fs.FileInfo }

func (f foreign) Sys() any {
	st := *f.FileInfo.Sys().(*syscall.Stat_t)
	st.Uid++
	return &st
}

func TestForeignOwnersAreRefused(t *testing.T) {
	fi, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	err = checkOwner("/x/it's", foreign{fi}, 0o700)
	pe, ok := errors.AsType[*PermissionError](err)
	if !ok || !strings.HasPrefix(pe.Mend, "sudo chown ") || !strings.HasSuffix(pe.Mend, ` '/x/it'\''s'`) {
		t.Errorf("%v, want a *PermissionError with a chown line", err)
	}
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	makers := map[string]func(path string) error{
		"a link":   func(p string) error { return os.Symlink("/etc/hostname", p) },
		"a folder": func(p string) error { return os.Mkdir(p, 0o700) },
		"a pipe":   func(p string) error { return syscall.Mkfifo(p, 0o600) },
	}
	for what, mk := range makers {
		t.Run(what, func(t *testing.T) {
			o := newOptions(t, newFakeKeyring())
			s := choose(t, o, school, File)
			save(t, s, 1)
			for _, path := range []string{s.file(s.at, loginFile), s.own(recordFile)} {
				kept, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(os.Remove(path), mk(path)); err != nil {
					t.Fatal(err)
				}
				st, err := Open(t.Context(), o, school, "")
				if err == nil {
					_, err = st.Load(t.Context())
				}
				if _, ok := errors.AsType[*PermissionError](err); !ok {
					t.Errorf("%s: %v, want a *PermissionError", path, err)
				}
				if err := errors.Join(os.Remove(path), os.WriteFile(path, kept, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestAFolderThatTakesNoFiles is found out before a login. It uses a file in the folder's place: modes don't stop root.
func TestAFolderThatTakesNoFiles(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	if err := os.WriteFile(o.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Choose(t.Context(), o, school, Keyring, ""); err == nil {
		t.Error("choose took a file for a folder")
	}
	if err := os.Remove(o.Dir); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"create", "write"} {
		o.fault = func(s, _ string) error {
			if s == step {
				return syscall.ENOSPC
			}
			return nil
		}
		for _, b := range []Backend{Keyring, File} {
			if _, err := Choose(t.Context(), o, school, b, ""); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("choose %s with a fault at %s: %v", b, step, err)
			}
		}
	}
	if got := files(t, o); len(got) != 0 {
		t.Errorf("the probe left %q", got)
	}
}
