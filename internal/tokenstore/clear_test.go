package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// fullDisk takes no new file's bytes while the login's own file lies there.
func fullDisk(s *Store) func(step, path string) error {
	return func(step, _ string) error {
		if step == "write" && exists(s.file(s.at, loginFile)) {
			return syscall.ENOSPC
		}
		return nil
	}
}

// TestAFullDiskKeepsNobodySignedIn: whoever signs out when the disk is full has been signed out by the provider already.
func TestAFullDiskKeepsNobodySignedIn(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*Store, context.Context) error
		then error
	}{
		"clear": {(*Store).Clear, ErrNoLogin}, "remove": {(*Store).Remove, ErrNoLogin}, "end": {(*Store).End, ErrEnded},
	} {
		for _, k := range faultKinds() {
			t.Run(name+"/"+k.name, func(t *testing.T) {
				o, kr := k.options(t)
				save(t, choose(t, o, school, k.want), 1)
				if err := refresh(t, open(t, o, school), 1); err != nil { // with the reserve
					t.Fatal(err)
				}
				s := open(t, o, school)
				s.o.fault = fullDisk(s)
				if err := c.do(s, t.Context()); err != nil {
					t.Fatal(err)
				}
				s, err := Open(t.Context(), o, school, "")
				if err == nil {
					_, err = s.Load(t.Context())
				}
				if !errors.Is(err, c.then) {
					t.Errorf("afterwards: %v, want %v", err, c.then)
				}
				left := slices.DeleteFunc(files(t, o), func(f string) bool { return strings.HasSuffix(f, lockFile) || strings.HasSuffix(f, recordFile) })
				if len(left) != 0 || len(kr.items) != 0 {
					t.Errorf("it left %q and %d items", left, len(kr.items))
				}
			})
		}
	}
}

// Where nothing can be removed either, the login stays as it is, and whole.
func TestAReadOnlyFolderKeepsTheLogin(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	before := files(t, o)
	s := open(t, o, school)
	s.o.fault = func(string, string) error { return syscall.EROFS }
	if err := s.Clear(t.Context()); !errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("clear: %v", err)
	}
	if got := files(t, o); !slices.Equal(got, before) {
		t.Errorf("files %q, before %q", got, before)
	}
	wantLoad(t, open(t, o, school), setNo(1))
	if _, err := os.Stat(o.Dir); err != nil {
		t.Error(err)
	}
}
