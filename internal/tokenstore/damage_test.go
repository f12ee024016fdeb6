package tokenstore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamagedFilesAreSetAside: a cut, changed or foreign file is moved, whole, and the error names both places.
func TestDamagedFilesAreSetAside(t *testing.T) {
	damages := map[string]func([]byte) []byte{
		"empty":       func([]byte) []byte { return nil },
		"cut by one":  func(b []byte) []byte { return b[:len(b)-1] },
		"cut by half": func(b []byte) []byte { return b[:len(b)/2] },
		"longer":      func(b []byte) []byte { return append(bytes.Clone(b), "{}"...) },
		"changed": func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)-3] ^= 1
			return b
		},
		"foreign": func([]byte) []byte { return []byte("shopping list\n") },
	}
	for _, k := range kinds() {
		for what, damage := range damages {
			for _, kind := range []string{loginFile, recordFile, secretsFile, identityFile} {
				o, kr := k.options(t)
				s := choose(t, o, school, k.want)
				save(t, s, 1)
				setSecret(t, s, ClientSecret, secret("-client"))
				path := s.file(s.at, kind)
				if kind == recordFile {
					path = s.own(kind)
				}
				if !exists(path) || kind == recordFile && what == "changed" {
					continue
				}
				t.Run(k.name+", "+filepath.Base(path)+" "+what, func(t *testing.T) {
					b, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					bad := damage(b)
					if kind == recordFile && what == "cut by one" {
						bad = b[:len(b)-2] // the last is only the line's end
					}
					if err := os.WriteFile(path, bad, 0o600); err != nil {
						t.Fatal(err)
					}
					s, err := Open(t.Context(), o, school, "")
					if err == nil && kind == secretsFile {
						_, err = s.Secret(t.Context(), ClientSecret)
					} else if err == nil {
						_, err = s.Load(t.Context())
					}
					d, ok := errors.AsType[*DamagedError](err)
					if !ok {
						t.Fatalf("%v, want a *DamagedError", err)
					}
					if d.Path != path || !strings.HasPrefix(d.MovedTo, path+asideMark) || !strings.Contains(err.Error(), d.MovedTo) {
						t.Errorf("error %q for %s", err, path)
					}
					moved, err := os.ReadFile(d.MovedTo)
					if err != nil || !bytes.Equal(moved, bad) {
						t.Errorf("what was set aside isn't what was found: %v", err)
					}
					if exists(path) {
						t.Error("it is still in its place")
					}
					checkAfterDamage(t, o, kr, k, kind)
				})
			}
		}
	}
}

// TestALoginSetsADamagedKeyAside: whoever signs in again at once, as the error says, isn't told the same for ever.
func TestALoginSetsADamagedKeyAside(t *testing.T) {
	for _, k := range kinds() {
		for _, kind := range []string{keyFile, identityFile} {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			path := s.file(s.at, kind)
			if !exists(path) {
				continue
			}
			t.Run(k.name, func(t *testing.T) {
				if err := os.WriteFile(path, []byte("AGE-SECRET-KEY-1QQ\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				_, err := Choose(t.Context(), o, school, k.want, "")
				if d, ok := errors.AsType[*DamagedError](err); !ok || !strings.HasPrefix(d.MovedTo, path+asideMark) {
					t.Fatalf("%v, want a *DamagedError that says where it is", err)
				}
				checkAfterDamage(t, o, kr, k, kind)
			})
		}
	}
}

// checkAfterDamage: the keyring's refresh token outlives the file beside it; otherwise a new login is all it takes.
func checkAfterDamage(t *testing.T, o Options, kr *fakeKeyring, k kind, of string) {
	t.Helper()
	if of == loginFile && k.want == Keyring && !k.limited {
		got, err := open(t, o, school).Load(t.Context())
		if err != nil || !got.Refresh.Equal(setNo(1).Refresh) || !got.Access.IsZero() {
			t.Errorf("load afterwards: %+v, %v", plain(got), err)
		}
	}
	if of == identityFile {
		return // what it opened is lost, and is for the user to remove
	}
	if k.noKey {
		kr.failAll(ErrAbsent)
	}
	save(t, choose(t, o, school, k.want), 2)
	wantLoad(t, open(t, o, school), setNo(2))
}

func TestALaterVersionIsLeftAlone(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	s := choose(t, o, school, File)
	save(t, s, 1)
	id, err := s.identity(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	later, err := seal([]byte(`{"version":2,"kind":["new"]}`), id)
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{
		s.file(s.at, loginFile): later,
		s.own(recordFile):       []byte(`{"version":2,"backend":{"new":true}}`),
	} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := Open(t.Context(), o, school, "")
		if err == nil {
			_, err = st.Load(t.Context())
		}
		if !errors.Is(err, ErrLater) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want ErrLater", path, err)
		}
		if st, err := Choose(t.Context(), o, school, "", ""); err == nil {
			err = st.Save(t.Context(), setNo(2), head)
			if !errors.Is(err, ErrLater) {
				t.Errorf("%s: save: %v, want ErrLater", path, err)
			}
		} else if !errors.Is(err, ErrLater) {
			t.Errorf("%s: choose: %v, want ErrLater", path, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s was changed", path)
		}
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := decodeItem(`{"version":2}`); !errors.Is(err, ErrLater) {
		t.Errorf("item: %v", err)
	}
}

// TestALoginDoesntDestroyWhatItCantRead: a new login is no reason to overwrite what somebody else put there.
func TestALoginDoesntDestroyWhatItCantRead(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	s := choose(t, o, school, File)
	if err := os.WriteFile(s.file(s.at, loginFile), []byte("somebody's notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	save(t, choose(t, o, school, File), 1)
	aside, err := s.remains(asideMark)
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %q, %v", aside, err)
	}
	if b, err := os.ReadFile(aside[0]); err != nil || string(b) != "somebody's notes" {
		t.Errorf("%q, %v", b, err)
	}
	wantLoad(t, open(t, o, school), setNo(1))
}

func TestADamagedKeyIsNamed(t *testing.T) {
	kr := newFakeKeyring()
	kr.failAll(ErrAbsent)
	o := newOptions(t, kr)
	s := choose(t, o, school, Auto)
	save(t, s, 1)
	path := s.file(s.at, keyFile)
	if err := os.WriteFile(path, []byte("AGE-SECRET-KEY-1"+secretMark), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, o, school).Load(t.Context())
	d, ok := errors.AsType[*DamagedError](err)
	if !ok || d.Path != path || strings.Contains(err.Error(), secretMark) {
		t.Errorf("load: %v", err)
	}
	if err := os.Remove(d.MovedTo); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedEmergencyIsSetAside(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	s := choose(t, o, school, File)
	save(t, s, 1)
	path := s.file(s.at, emergencyFile)
	if err := os.WriteFile(path, []byte("age-encryption.org/v1\ncut"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, o, school).Load(t.Context())
	if d, ok := errors.AsType[*DamagedError](err); !ok || d.Path != path || d.MovedTo == "" {
		t.Errorf("load: %v", err)
	}
	wantLoad(t, open(t, o, school), setNo(1))
}

func TestDamagedRecordsAreReadWithoutChange(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	s := choose(t, o, school, File)
	save(t, s, 1)
	other := school
	other.Profile = "other"
	save(t, choose(t, o, other, File), 1)
	if err := os.WriteFile(s.own(recordFile), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Records(o)
	if _, ok := errors.AsType[*DamagedError](err); !ok || len(got) != 1 || got["other"].Subject == "" {
		t.Errorf("records: %+v, %v", got, err)
	}
	if !exists(s.own(recordFile)) {
		t.Error("reading moved it")
	}
}

func TestBindings(t *testing.T) {
	other := Binding{Profile: "school", Issuer: "https://evil.example/", ClientID: "client-9"}
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			want := BindingError{Profile: "school", Kept: school, Now: other}
			_, err := Open(t.Context(), o, other, "")
			if be, ok := errors.AsType[*BindingError](err); !ok || *be != want {
				t.Errorf("open: %v", err)
			}
			// A record that speaks for somebody else doesn't open what isn't theirs.
			d, ok, err := s.readRecord()
			if err != nil || !ok {
				t.Fatal(err)
			}
			d.Issuer, d.ClientID = other.Issuer, other.ClientID
			if err := s.writeRecord(d); err != nil {
				t.Fatal(err)
			}
			for _, load := range []func(*Store) error{
				func(s *Store) error { _, err := s.Load(t.Context()); return err },
				func(s *Store) error { _, err := s.LoadCached(t.Context()); return err },
			} {
				if _, ok := errors.AsType[*BindingError](load(open(t, o, other))); !ok {
					t.Error("a forged record opened the login")
				}
			}
			if k.noKey {
				kr.failAll(ErrAbsent)
			}
			save(t, choose(t, o, other, ""), 3)
			wantLoad(t, open(t, o, other), setNo(3))
		})
	}
}

// TestAForeignItemIsRefused: the keyring's item carries whose it is.
func TestAForeignItemIsRefused(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	s := choose(t, o, school, Keyring)
	save(t, s, 1)
	it, err := decodeItem(kr.items["school/refresh-token"])
	if err != nil {
		t.Fatal(err)
	}
	it.binding.ClientID = "client-9"
	if kr.items["school/refresh-token"], err = encodeItem(it); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, o, school).Load(t.Context()); !isBinding(err) {
		t.Errorf("load: %v, want a *BindingError", err)
	}
	it.binding, it.login = Binding{Issuer: school.Issuer, ClientID: school.ClientID}, "another login"
	if kr.items["school/refresh-token"], err = encodeItem(it); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, o, school).Load(t.Context())
	if err != nil || !got.Refresh.IsZero() {
		t.Errorf("a refresh token of another login: %+v, %v", plain(got), err)
	}
	kr.items["school/refresh-token"] = secretMark
	if _, err := open(t, o, school).Load(t.Context()); err == nil || strings.Contains(err.Error(), secretMark) {
		t.Errorf("a foreign item: %v", err)
	}
}

func isBinding(err error) bool {
	_, ok := errors.AsType[*BindingError](err)
	return ok
}

// A login of another profile isn't this one's, even where issuer, client and key are the same.
func TestALoginOfAnotherProfileIsSetAside(t *testing.T) {
	for _, k := range faultKinds() {
		if k.phrase || k.want == Keyring {
			continue // each profile has a key of its own
		}
		o, _ := k.options(t)
		save(t, choose(t, o, school, k.want), 1)
		other := school
		other.Profile = "other"
		s := choose(t, o, other, k.want)
		save(t, s, 2)
		theirs, err := os.ReadFile(s.file(s.at, loginFile))
		if err != nil {
			t.Fatal(err)
		}
		ours := open(t, o, school)
		if err := os.WriteFile(ours.file(ours.at, loginFile), theirs, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = ours.Load(t.Context())
		d, ok := errors.AsType[*DamagedError](err)
		if !ok || d.MovedTo == "" || !strings.Contains(err.Error(), `the login of profile "other"`) {
			t.Errorf("%s: %v, want it set aside", k.name, err)
		}
		wantLoad(t, open(t, o, other), setNo(2))
	}
}
