package tokenstore

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

func seeds(f *testing.F) {
	f.Helper()
	l, err := encodeLogin(login{id: "0011", seq: 3, binding: school, set: setNo(1), sum: head})
	if err != nil {
		f.Fatal(err)
	}
	s, err := encodeSecrets(map[SecretKind]boundSecret{ClientSecret: {school, secret("\xff")}})
	if err != nil {
		f.Fatal(err)
	}
	r, err := encodeRecord(diskRecord{Login: "0011", Record: Record{Backend: File, Issuer: school.Issuer, Since: testTime}})
	if err != nil {
		f.Fatal(err)
	}
	i, err := encodeItem(item{binding: school, login: "0011", seq: 3, value: secret("")})
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{l, s, r, []byte(i)} {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	for _, t := range []string{"", "{}", "null", "[]", `{"version":1}`, `{"version":99}`, `{"version":-1}`, `{"version":"1"}`,
		`{"version":1,"kind":"login","login":"x","access_token":{"base64":"/w=="},"scopes":[]}`,
		`{"version":1,"backend":"memory"}`, `{"version":1,"backend":"keyring","key_beside":true}`} {
		f.Add([]byte(t))
	}
}

// FuzzFormats: whatever a file or an item holds, reading it ends in an error or in something that is written back the same.
func FuzzFormats(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := decodeLogin(b); err == nil {
			e, err := encodeLogin(l)
			if err != nil {
				t.Fatal(err)
			}
			again, err := decodeLogin(e)
			if err != nil || plain(again.set) != plain(l.set) || again.id != l.id || again.seq != l.seq ||
				again.binding != l.binding || !reflect.DeepEqual(again.sum, l.sum) {
				t.Fatalf("%+v came back as %+v, %v", l, again, err)
			}
		}
		if m, err := decodeSecrets(b); err == nil {
			e, err := encodeSecrets(m)
			if err != nil {
				t.Fatal(err)
			}
			again, err := decodeSecrets(e)
			if err != nil || len(again) != len(m) {
				t.Fatalf("%d secrets came back as %d, %v", len(m), len(again), err)
			}
			for k, s := range m {
				if !again[k].value.Equal(s.value) || again[k].binding != s.binding {
					t.Fatalf("secret %q didn't come back", k)
				}
			}
		}
		if d, err := decodeRecord(b); err == nil {
			e, err := encodeRecord(d)
			if err != nil {
				t.Fatal(err)
			}
			again, err := decodeRecord(e)
			if err != nil || again.Login != d.Login || !equalRecord(again.Record, d.Record) {
				t.Fatalf("%+v came back as %+v, %v", d, again, err)
			}
		}
		if it, err := decodeItem(string(b)); err == nil {
			e, err := encodeItem(it)
			if err != nil {
				t.Fatal(err)
			}
			again, err := decodeItem(e)
			if err != nil || !again.value.Equal(it.value) || again.binding != it.binding || again.login != it.login || again.seq != it.seq {
				t.Fatalf("an item didn't come back: %v", err)
			}
		}
		if k, err := readKey(token.NewSecret(string(b))); err == nil {
			if _, err := k.identity(); err == nil {
				t.Fatal("an identity out of nothing")
			}
		}
	})
}

// FuzzText: every byte of a token comes back, whatever JSON makes of it.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "abc", "<&>", "\u2028", "\xff\x00", "{", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(text(s))
		if err != nil {
			t.Fatal(err)
		}
		if back, ok := textOf(b); !ok || back != s {
			t.Fatalf("%q came back as %q, %t", s, back, ok)
		}
		b, err = json.Marshal([]text{text(s), "", text(s)})
		if err != nil {
			t.Fatal(err)
		}
		if back, ok := textsOf(b); !ok || !slices.Equal(back, []string{s, "", s}) {
			t.Fatalf("%q came back as %q, %t", s, back, ok)
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"a", "A", "a.b", "con", "a=2eb", "=61", "..", "a/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkName(s) == nil {
			if back, ok := fromStem(fileStem(s)); !ok || back != s {
				t.Fatalf("%q came back as %q", s, back)
			}
		}
		if name, ok := fromStem(s); ok && fileStem(name) != s {
			t.Fatalf("%q is the stem of nothing", s)
		}
	})
}
