package tokenstore

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"
)

// A lock that nobody has is told from one that was left behind, and from one that is held.
func TestLookAtLock(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	path := filepath.Join(o.Dir, "school.lock")
	look := func() LockState {
		t.Helper()
		st, err := LookAtLock(t.Context(), o, school.Profile, 10*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	if got, want := look(), (LockState{Path: path}); !reflect.DeepEqual(got, want) {
		t.Errorf("nothing yet: %+v", got)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking makes a file: %v", err)
	}
	s := choose(t, o, school, Keyring)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := LockState{Path: path, There: true, Held: true}
	if runtime.GOOS == "linux" {
		want.Holder = os.Getpid()
	}
	if got := look(); !reflect.DeepEqual(got, want) {
		t.Errorf("held: %+v, want %+v", got, want)
	}
	unlock()
	if got, want := look(), (LockState{Path: path, There: true}); !reflect.DeepEqual(got, want) {
		t.Errorf("left behind: %+v", got)
	}
	// It is let go again.
	if unlock, err = s.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := LookAtLock(t.Context(), o, "../x", time.Second); !errors.Is(err, ErrName) {
		t.Errorf("a name that can't be: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = LookAtLock(t.Context(), o, school.Profile, time.Second)
	if p, ok := errors.AsType[*PermissionError](err); !ok || p.Mend != "chmod 600 "+path {
		t.Errorf("a lock of everybody's: %v", err)
	}
}

// Who only looks finds what is damaged, and finds it again.
func TestLookOnly(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	path := filepath.Join(o.Dir, "school.record.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.LookOnly = true
	for range 2 {
		_, err := Open(t.Context(), o, school, "")
		if d, ok := errors.AsType[*DamagedError](err); !ok || d.Path != path || d.MovedTo != "" {
			t.Errorf("got %v", err)
		}
	}
	o.LookOnly = false
	_, err := Open(t.Context(), o, school, "")
	if d, ok := errors.AsType[*DamagedError](err); !ok || d.MovedTo == "" {
		t.Errorf("who uses it sets it aside: %v", err)
	}
}
