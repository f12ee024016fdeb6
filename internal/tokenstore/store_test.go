package tokenstore

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// kind is one way of keeping, which most tests go through.
type kind struct {
	name    string
	want    Backend
	noKey   bool // the keyring is absent
	phrase  bool
	limited bool
	files   []string
	items   []string
}

func kinds() []kind {
	return []kind{
		{
			name: "keyring", want: Keyring,
			files: []string{"school.keyring.age", "school.lock", "school.record.json"},
			items: []string{"school/key", "school/refresh-token"},
		},
		{
			name: "keyring with a short limit", want: Keyring, limited: true,
			files: []string{"school.keyring.age", "school.lock", "school.record.json"},
			items: []string{"school/key"},
		},
		{
			name: "file with an identity", want: File,
			files: []string{"school.age", "school.lock", "school.record.json"},
			items: []string{},
		},
		{
			name: "file with a passphrase", want: File, phrase: true,
			files: []string{"school.age", "school.identity.age", "school.lock", "school.record.json"},
			items: []string{},
		},
		{
			name: "auto without a keyring", want: Auto, noKey: true,
			files: []string{"school.beside.age", "school.beside.key", "school.lock", "school.record.json"},
			items: []string{},
		},
	}
}

func (k kind) options(t *testing.T) (Options, *fakeKeyring) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	if k.noKey {
		kr.failAll(ErrAbsent)
	}
	if k.phrase {
		o.SealKey = phrase("correct horse")
	}
	if k.limited {
		o.limit = 100 // the key is no matter of limits: its length is known
	}
	return o, kr
}

func TestEveryKindKeepsALogin(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			if _, err := s.Load(t.Context()); !errors.Is(err, ErrNoLogin) {
				t.Fatalf("load before save: %v, want ErrNoLogin", err)
			}
			if got := kr.names(); len(got) != 0 {
				t.Fatalf("choosing left %q in the keyring", got)
			}
			save(t, s, 1)
			wantLoad(t, s, setNo(1))
			s = open(t, o, school)
			wantLoad(t, s, setNo(1))
			if got := files(t, o); !slices.Equal(got, k.files) {
				t.Errorf("files %q, want %q", got, k.files)
			}
			if got := kr.names(); !slices.Equal(got, k.items) && len(got)+len(k.items) > 0 {
				t.Errorf("items %q, want %q", got, k.items)
			}
			if err := refresh(t, s, 1); err != nil {
				t.Fatalf("refresh: %v", err)
			}
			wantLoad(t, s, setNo(2))
			s = open(t, o, school)
			wantLoad(t, s, setNo(2))
			if err := refresh(t, s, 2); err != nil {
				t.Fatalf("second refresh: %v", err)
			}
			s = open(t, o, school)
			wantLoad(t, s, setNo(3))

			want := setNo(3)
			want.Refresh = token.Secret{}
			got, err := open(t, o, school).LoadCached(t.Context())
			if err != nil || plain(got) != plain(want) {
				t.Errorf("cached: %+v, %v; want %+v", plain(got), err, plain(want))
			}
			rec := Record{
				Backend: s.Backend(), Issuer: school.Issuer, ClientID: school.ClientID, Since: testTime, KeyBeside: k.noKey,
				Subject: head.Subject, Name: head.Name, Organisation: head.Organisation, Organisations: head.Organisations,
				Expiry: testTime.Add(3 * time.Hour), SignedInAt: testTime, Refreshable: true, RefreshInFile: k.limited,
			}
			if got := s.Record(); !equalRecord(got, rec) {
				t.Errorf("record\n%+v, want\n%+v", got, rec)
			}
		})
	}
}

func equalRecord(a, b Record) bool {
	sa, sb := append(slices.Clone(a.Secrets), a.SecretsInFile...), append(slices.Clone(b.Secrets), b.SecretsInFile...)
	a.Secrets, b.Secrets = nil, nil
	type flat struct {
		Backend                                         Backend
		Issuer, ClientID, Subject, Name, Organisation   string
		KeyBeside, Refreshable, Ended, InFile, LeftOver bool
		Since, Expiry, SignedInAt                       time.Time
	}
	c := func(r Record) flat {
		return flat{
			r.Backend, r.Issuer, r.ClientID, r.Subject, r.Name, r.Organisation,
			r.KeyBeside, r.Refreshable, r.Ended, r.RefreshInFile, r.Leftover, r.Since.UTC(), r.Expiry.UTC(), r.SignedInAt.UTC(),
		}
	}
	return c(a) == c(b) && slices.Equal(sa, sb)
}

func TestClearAndRemoveLeaveNothing(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			save(t, s, 1)
			if k.noKey {
				kr.failAll(ErrAbsent)
			}
			if err := refresh(t, s, 1); err != nil {
				t.Fatal(err)
			}
			if err := s.Clear(t.Context()); err != nil {
				t.Fatalf("clear: %v", err)
			}
			if got, want := files(t, o), []string{"school.lock", "school.record.json"}; !slices.Equal(got, want) {
				t.Errorf("after clear: files %q, want %q", got, want)
			}
			if got := kr.names(); len(got) != 0 {
				t.Errorf("after clear: items %q", got)
			}
			s = open(t, o, school)
			if _, err := s.Load(t.Context()); !errors.Is(err, ErrNoLogin) {
				t.Errorf("load after clear: %v", err)
			}
			want := Record{Backend: s.Backend(), Issuer: school.Issuer, ClientID: school.ClientID, Since: testTime, KeyBeside: k.noKey}
			if got := s.Record(); !equalRecord(got, want) {
				t.Errorf("record after clear\n%+v, want\n%+v", got, want)
			}
			save(t, choose(t, o, school, ""), 5)
			s = open(t, o, school)
			wantLoad(t, s, setNo(5))
			if err := s.Remove(t.Context()); err != nil {
				t.Fatalf("remove: %v", err)
			}
			if got := files(t, o); len(got) != 0 {
				t.Errorf("after remove: files %q", got)
			}
			if got := kr.names(); len(got) != 0 {
				t.Errorf("after remove: items %q", got)
			}
			if _, err := Open(t.Context(), o, school, ""); !errors.Is(err, ErrNoLogin) {
				t.Errorf("open after remove: %v", err)
			}
		})
	}
}

func TestWhere(t *testing.T) {
	kr := newFakeKeyring()
	o := newOptions(t, kr)
	dir := o.Dir + "/"
	for _, row := range []struct {
		want   Backend
		absent bool
		limit  int
		words  string
	}{
		{Keyring, false, 0, keyringWords},
		{Keyring, false, 100, keyringWords + ", the refresh token in the sealed file " + dir + "school.keyring.age"},
		{File, false, 0, "sealed file " + dir + "school.age"},
		{Auto, true, 0, "sealed file " + dir + "school.beside.age, its key beside it"},
		{Memory, false, 0, "memory (kept nowhere)"},
	} {
		kr.failAll(nil)
		if row.absent {
			kr.failAll(ErrAbsent)
		}
		o.limit = row.limit
		s := choose(t, o, school, row.want)
		save(t, s, 1)
		if got := s.Where(); got != row.words {
			t.Errorf("%q, want %q", got, row.words)
		}
	}
}
