package tokenstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMoveTakesEverything goes from each place to each other.
func TestMoveTakesEverything(t *testing.T) {
	for _, from := range []Backend{Keyring, File} {
		for _, ended := range []bool{false, true} {
			to := map[Backend]Backend{Keyring: File, File: Keyring}[from]
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				kr := newFakeKeyring()
				o := newOptions(t, kr)
				s := choose(t, o, school, from)
				save(t, s, 1)
				setSecret(t, s, ClientSecret, secret("-client"))
				if ended {
					if err := s.End(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				before, _, _ := ReadRecord(o, "school")
				s = choose(t, o, school, to)
				moved, err := s.Move(t.Context())
				if !moved || err != nil {
					t.Fatalf("move: %t, %v", moved, err)
				}
				s = open(t, o, school)
				if ended {
					if _, err := s.Load(t.Context()); !errors.Is(err, ErrEnded) {
						t.Errorf("load: %v, want ErrEnded", err)
					}
				} else {
					wantLoad(t, s, setNo(1))
				}
				wantSecret(t, s, ClientSecret, secret("-client"))
				after, _, _ := ReadRecord(o, "school")
				want := before
				want.Backend, want.Since = to, after.Since
				if plainRecord(after) != plainRecord(want) {
					t.Errorf("record %+v, want %+v", after, want)
				}
				if to == File && len(kr.names()) > 0 {
					t.Errorf("the keyring still holds %q", kr.names())
				}
				moved, err = choose(t, o, school, to).Move(t.Context())
				if moved || err != nil {
					t.Errorf("again: %t, %v", moved, err)
				}
			})
		}
	}
}

func plainRecord(r Record) string {
	b, err := encodeRecord(diskRecord{Record: r})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestMoveRefuses(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	if _, err := choose(t, o, school, File).Move(t.Context()); !errors.Is(err, ErrNoLogin) {
		t.Errorf("with nothing on record: %v", err)
	}
	if _, err := choose(t, o, school, Memory).Move(t.Context()); err == nil {
		t.Error("to memory: no error")
	}
	save(t, choose(t, o, school, Keyring), 1)
	kr.failAll(ErrAbsent)
	s := choose(t, o, school, File) // a login may replace one that can't be had; a move can't
	if moved, err := s.Move(t.Context()); moved || !errors.Is(err, ErrAbsent) {
		t.Errorf("from a keyring that isn't there: %t, %v", moved, err)
	}
	kr.failAll(nil)
	wantLoad(t, open(t, o, school), setNo(1))
}

// TestNoFaultLosesAMove makes each step of a move fail alone, and all from each step on: the login is whole in one place, and
// a logout then clears both.
func TestNoFaultLosesAMove(t *testing.T) {
	for _, from := range []Backend{Keyring, File} {
		to := map[Backend]Backend{Keyring: File, File: Keyring}[from]
		for _, dead := range []bool{false, true} {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				for at := 1; ; at++ {
					kr := newFakeKeyring()
					o := newOptions(t, kr)
					save(t, choose(t, o, school, from), 1)
					f := &faults{at: at, dead: dead}
					faulty := o
					f.into(&faulty, kr)
					s := choose(t, faulty, school, to)
					f.on = true
					_, err := s.Move(t.Context())
					f.on = false
					if len(f.steps) < at {
						if err != nil {
							t.Fatalf("without a fault: %v", err)
						}
						if at < 8 {
							t.Errorf("only %d steps: %q", at, f.steps)
						}
						return
					}
					wantLoad(t, open(t, o, school), setNo(1))
					if err := open(t, o, school).Clear(t.Context()); err != nil {
						t.Fatalf("%s: clear: %v", f.steps[at-1], err)
					}
					for _, name := range files(t, o) {
						if strings.HasSuffix(name, ".age") && !strings.Contains(name, "identity") {
							t.Errorf("fault at %s: %s is left", f.steps[at-1], name)
						}
					}
					if slices.Contains(kr.names(), "school/refresh-token") {
						t.Errorf("fault at %s: the keyring still holds %q", f.steps[at-1], kr.names())
					}
				}
			})
		}
	}
}

func TestAMoveThatAnotherProcessMade(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	save(t, choose(t, o, school, File), 1)
	late := choose(t, o, school, Keyring)
	if _, err := choose(t, o, school, Keyring).Move(t.Context()); err != nil {
		t.Fatal(err)
	}
	if moved, err := late.Move(t.Context()); moved || err != nil {
		t.Errorf("the later one: %t, %v", moved, err)
	}
	wantLoad(t, open(t, o, school), setNo(1))
}

func TestInspect(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	if _, ok, err := Inspect(o, "school"); ok || err != nil {
		t.Errorf("nothing: %t, %v", ok, err)
	}
	s := choose(t, o, school, Keyring)
	save(t, s, 1)
	setSecret(t, s, ClientSecret, secret("-client"))
	if err := refresh(t, s, 1); err != nil {
		t.Fatal(err)
	}
	other := school
	other.Profile = "school.keyring"
	save(t, choose(t, o, other, File), 1)
	for _, name := range []string{"school.age.damaged-1", "school.age.new-2", "school.txt", "schoolboy.age"} {
		if err := os.WriteFile(filepath.Join(o.Dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kr.takeCalls()
	inv, ok, err := Inspect(o, "school")
	if !ok || err != nil {
		t.Fatalf("%t, %v", ok, err)
	}
	if calls := kr.takeCalls(); len(calls) > 0 {
		t.Errorf("it called the keyring: %q", calls)
	}
	if want := []string{"school/key", "school/refresh-token", "school/client-secret"}; !slices.Equal(inv.Items, want) {
		t.Errorf("items %q, want %q", inv.Items, want)
	}
	want := []FileEntry{
		{filepath.Join(o.Dir, "school.age.damaged-1"), DamagedFile}, {filepath.Join(o.Dir, "school.age.new-2"), PartialFile},
		{filepath.Join(o.Dir, "school.keyring.age"), LoginFile}, {filepath.Join(o.Dir, "school.keyring.emergency.age"), ReserveFile},
	}
	if !slices.Equal(inv.Files, want) {
		t.Errorf("files %v, want %v", inv.Files, want)
	}
	names, err := Profiles(o)
	if want := []string{"school", "school.keyring"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("profiles %q, %v, want %q", names, err, want)
	}
}

func TestIdentityFile(t *testing.T) {
	id, err := NewIdentity(testTime)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.txt")
	if err := id.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != id.Text.Reveal() {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := wholeKey(path, got); err != nil {
		t.Error(err)
	}
	if err := id.WriteFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("again: %v, want ErrExist", err)
	}
	if again, _ := os.ReadFile(path); string(again) != string(got) {
		t.Error("the file was changed")
	}
}
