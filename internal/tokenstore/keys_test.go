package tokenstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

func phrase(p string) func(context.Context, KeyWanted) (SealKey, error) {
	return func(context.Context, KeyWanted) (SealKey, error) {
		return SealKey{Passphrase: token.NewSecret(p)}, nil
	}
}

func identity(i string) func(context.Context, KeyWanted) (SealKey, error) {
	return func(context.Context, KeyWanted) (SealKey, error) {
		return SealKey{Identity: token.NewSecret(i)}, nil
	}
}

func TestKeysOfTheSealedFile(t *testing.T) {
	file := "# created: 2026-03-04\n# public key: age1xyz\n" + testIdentity + "\n"
	for _, row := range []struct {
		name       string
		with, then func(context.Context, KeyWanted) (SealKey, error)
		err        error
	}{
		{"the same identity", identity(testIdentity), identity(testIdentity), nil},
		{"an identity file's text", identity(file), identity(testIdentity), nil},
		{"another identity", identity(testIdentity), identity(otherIdentity), ErrSealKey},
		{"the same passphrase", phrase("one two"), phrase("one two"), nil},
		{"another passphrase", phrase("one two"), phrase("one three"), ErrSealKey},
		{"a passphrase instead of an identity", identity(testIdentity), phrase("one two"), ErrSealKey},
		{"a passphrase instead of an identity, as it is told", identity(testIdentity), phrase("one two"), ErrNeedsIdentity},
		{"no key where an identity is needed", identity(testIdentity), nil, ErrNeedsIdentity},
		{"an identity instead of a passphrase", phrase("one two"), identity(testIdentity), ErrSealKey},
		{"no key", identity(testIdentity), nil, ErrNoSealKey},
		{"an empty key", identity(testIdentity), identity(""), ErrNoSealKey},
		{"a callback that fails", identity(testIdentity), func(context.Context, KeyWanted) (SealKey, error) {
			return SealKey{}, errFault
		}, errFault},
		{"a malformed identity", identity(testIdentity), identity("AGE-SECRET-KEY-1QQ" + secretMark), ErrBadKey},
		{"two identities", identity(testIdentity), identity(testIdentity + "\n" + otherIdentity), ErrBadKey},
		{"a recipient", identity(testIdentity), identity("age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"), ErrBadKey},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOptions(t, newFakeKeyring())
			o.SealKey = row.with
			save(t, choose(t, o, school, File), 1)
			before := files(t, o)
			o.SealKey = row.then
			got, err := open(t, o, school).Load(t.Context())
			if !errors.Is(err, row.err) {
				t.Fatalf("load: %v, want %v", err, row.err)
			}
			if err == nil && plain(got) != plain(setNo(1)) {
				t.Errorf("load gave %+v", plain(got))
			}
			if _, cerr := Choose(t.Context(), o, school, "", ""); !errors.Is(cerr, row.err) {
				t.Errorf("choose: %v, want %v", cerr, row.err)
			}
			if err != nil && (strings.Contains(err.Error(), secretMark) || strings.Contains(err.Error(), testIdentity[16:])) {
				t.Errorf("the error shows the key: %v", err)
			}
			if got := files(t, o); !slices.Equal(got, before) {
				t.Errorf("files %q, before %q", got, before)
			}
		})
	}
}

// A store that has found out that its key is none is given a login all the same: the one that is kept stays where it is.
func TestNothingIsSealedByAKeyThatIsNone(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	save(t, choose(t, o, school, File), 1)
	before := files(t, o)
	o.SealKey = identity("AGE-SECRET-KEY-1QQ")
	s := open(t, o, school)
	if _, err := s.Load(t.Context()); !errors.Is(err, ErrBadKey) {
		t.Fatalf("load: %v", err)
	}
	if err := s.Save(t.Context(), setNo(2), head); !errors.Is(err, ErrBadKey) {
		t.Errorf("save: %v", err)
	}
	if got := files(t, o); !slices.Equal(got, before) {
		t.Errorf("files %q, before %q", got, before)
	}
	o.SealKey = identity(testIdentity)
	wantLoad(t, open(t, o, school), setNo(1))
}

func TestSealKeyIsAskedOnce(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	var asked []KeyWanted
	o.SealKey = func(_ context.Context, wanted KeyWanted) (SealKey, error) {
		asked = append(asked, wanted)
		return SealKey{Passphrase: token.NewSecret("one two")}, nil
	}
	s := choose(t, o, school, File)
	save(t, s, 1)
	setSecret(t, s, ClientSecret, secret("-client"))
	if !slices.Equal(asked, []KeyWanted{NewKey}) {
		t.Errorf("at login: asked %v, want once, for a new key", asked)
	}
	asked = nil
	s = open(t, o, school)
	if _, err := s.LoadCached(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := refresh(t, s, 1); err != nil {
		t.Fatal(err)
	}
	wantSecret(t, s, ClientSecret, secret("-client"))
	if !slices.Equal(asked, []KeyWanted{PassphraseKey}) {
		t.Errorf("at a refresh: asked %v, want once, for the passphrase", asked)
	}
	asked = nil
	if err := open(t, o, school).Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 0 {
		t.Errorf("at removal: asked %v, want never", asked)
	}
}

// Somebody who is asked for a passphrase that can't help types it in vain.
func TestSealKeyKnowsWhatIsOfUse(t *testing.T) {
	for _, row := range []struct {
		name string
		keep func(*testing.T, *Store)
	}{
		{"a login", func(t *testing.T, s *Store) { save(t, s, 1) }},
		{"a secret alone", func(t *testing.T, s *Store) { setSecret(t, s, ClientSecret, secret("-client")) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOptions(t, newFakeKeyring())
			row.keep(t, choose(t, o, school, File))
			var asked []KeyWanted
			o.SealKey = func(_ context.Context, wanted KeyWanted) (SealKey, error) {
				asked = append(asked, wanted)
				return SealKey{}, nil
			}
			if _, err := Choose(t.Context(), o, school, File, ""); !errors.Is(err, ErrNoSealKey) || !errors.Is(err, ErrNeedsIdentity) {
				t.Errorf("choose: %v", err)
			}
			if !slices.Equal(asked, []KeyWanted{IdentityKey}) {
				t.Errorf("asked %v, want once, for the identity", asked)
			}
		})
	}
}

// TestAgeOpensTheFiles with nothing but age: an identity opens the file, and a passphrase the identity.
func TestAgeOpensTheFiles(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	o.SealKey = phrase("one two")
	s := choose(t, o, school, File)
	save(t, s, 1)
	decrypt := func(path string, with age.Identity) []byte {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := age.Decrypt(f, with)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	scrypt, err := age.NewScryptIdentity("one two")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(decrypt(s.file(s.at, identityFile), scrypt)))
	if err != nil {
		t.Fatal(err)
	}
	if got := decrypt(s.file(s.at, loginFile), ids[0]); !strings.Contains(string(got), `"access_token":"`+secretMark+`-access-1"`) {
		t.Error("the login isn't in the file")
	}
}

// TestAnIdentityFileCantAskForMuchWork: the file says how much memory opening it takes.
func TestAnIdentityFileCantAskForMuchWork(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	o.SealKey = phrase("one two")
	s := choose(t, o, school, File)
	save(t, s, 1)
	path := s.file(s.at, identityFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	greedy := bytes.Replace(b, []byte(" 4\n"), []byte(" 30\n"), 1)
	if bytes.Equal(greedy, b) {
		t.Fatal("the work factor wasn't found")
	}
	if err := os.WriteFile(path, greedy, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = open(t, o, school).Load(t.Context())
	if _, ok := errors.AsType[*DamagedError](err); !ok {
		t.Errorf("load: %v, want a *DamagedError", err)
	}
}

// TestALostKeyLosesNoRefreshToken: the sealed file can't be opened any more, but the keyring's item can.
func TestALostKeyLosesNoRefreshToken(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	save(t, choose(t, o, school, Keyring), 1)
	delete(kr.items, "school/key")
	want := token.Set{Refresh: setNo(1).Refresh, SignedInAt: testTime}
	s := open(t, o, school)
	wantLoad(t, s, want)
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantLoad(t, s, want)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveRefreshed(t.Context(), setNo(2)); err != nil {
		t.Fatal(err)
	}
	unlock()
	wantLoad(t, open(t, o, school), setNo(2))
	if r := open(t, o, school).Record(); r.Subject != head.Subject {
		t.Errorf("record %+v", r)
	}
}

// TestPassphraseAgain: a mistyped passphrase can be given again, until nobody gives one.
func TestPassphraseAgain(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	given := func(first string, more ...string) Options {
		o := o
		o.SealKey = func(context.Context, KeyWanted) (SealKey, error) {
			return SealKey{Passphrase: token.NewSecret(first)}, nil
		}
		o.Again = func(context.Context) (token.Secret, error) {
			if len(more) == 0 {
				return token.Secret{}, nil
			}
			next := more[0]
			more = more[1:]
			return token.NewSecret(next), nil
		}
		return o
	}
	save(t, choose(t, given("right"), school, File), 2)
	wantLoad(t, open(t, given("wrnog", "wrogn", "right"), school), setNo(2))
	if _, err := open(t, given("wrnog", "wrogn"), school).Load(t.Context()); !errors.Is(err, ErrPassphrase) || !errors.Is(err, ErrSealKey) {
		t.Errorf("wrong to the end: %v, want ErrPassphrase", err)
	}
}
