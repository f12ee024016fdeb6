package tokenstore

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

func secret(v string) token.Secret { return token.NewSecret(secretMark + v) }

func wantSecret(t *testing.T, s *Store, k SecretKind, want token.Secret) {
	t.Helper()
	got, err := s.Secret(t.Context(), k)
	if err != nil || !got.Equal(want) {
		t.Errorf("%s: %q, %v; want %q", k, got.Reveal(), err, want.Reveal())
	}
}

func setSecret(t *testing.T, s *Store, k SecretKind, v token.Secret) {
	t.Helper()
	if err := s.SetSecret(t.Context(), k, v); err != nil {
		t.Fatalf("set %s: %v", k, err)
	}
}

func TestSecrets(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, kr := k.options(t)
			s := choose(t, o, school, k.want)
			wantSecret(t, s, ClientSecret, token.Secret{})
			setSecret(t, s, ClientSecret, secret("-client"))
			wantSecret(t, s, ClientSecret, secret("-client"))
			wantSecret(t, open(t, o, school), ClientSecret, secret("-client"))
			if _, err := open(t, o, school).Load(t.Context()); !errors.Is(err, ErrNoLogin) {
				t.Errorf("load with a secret alone: %v", err)
			}

			// A login comes and goes; the secrets stay.
			s = choose(t, o, school, "")
			save(t, s, 1)
			setSecret(t, s, IntrospectionSecret, secret("-scope"))
			if got, want := s.Record().Secrets, []SecretKind{ClientSecret, IntrospectionSecret}; !slices.Equal(got, want) {
				t.Errorf("on record: %q, want %q", got, want)
			}
			wantLoad(t, open(t, o, school), setNo(1))
			if err := s.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
			s = open(t, o, school)
			wantSecret(t, s, ClientSecret, secret("-client"))
			wantSecret(t, s, IntrospectionSecret, secret("-scope"))

			// Long and short, over and over: the last one counts.
			long := secret(strings.Repeat("-long", 500))
			setSecret(t, s, ClientSecret, long)
			wantSecret(t, open(t, o, school), ClientSecret, long)
			setSecret(t, s, ClientSecret, secret("x"))
			wantSecret(t, open(t, o, school), ClientSecret, secret("x"))
			wantSecret(t, open(t, o, school), IntrospectionSecret, secret("-scope"))
			binary := token.NewSecret(secretMark + "\xff\x00\xfe")
			setSecret(t, s, ClientSecret, binary)
			wantSecret(t, open(t, o, school), ClientSecret, binary)

			setSecret(t, s, ClientSecret, token.Secret{})
			setSecret(t, s, IntrospectionSecret, token.Secret{})
			wantSecret(t, open(t, o, school), ClientSecret, token.Secret{})
			if got := s.Record().Secrets; len(got) != 0 {
				t.Errorf("on record after removal: %q", got)
			}
			setSecret(t, s, ClientSecret, secret("y"))
			if err := s.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			if f, i := files(t, o), kr.names(); len(f)+len(i) > 0 {
				t.Errorf("after remove: files %q, items %q", f, i)
			}
		})
	}
}

func TestSecretsAreWithheldFromOthers(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			setSecret(t, choose(t, o, school, k.want), ClientSecret, secret("-client"))
			for name, b := range map[string]Binding{
				"another issuer": {Profile: "school", Issuer: "https://evil.example/", ClientID: school.ClientID},
				"another client": {Profile: "school", Issuer: school.Issuer, ClientID: "client-2"},
			} {
				wantSecret(t, choose(t, o, b, ""), ClientSecret, token.Secret{})
				var be *BindingError
				if _, err := Open(t.Context(), o, b, ""); !errors.As(err, &be) {
					t.Errorf("%s: open: %v, want a *BindingError", name, err)
				}
			}
			same := school
			same.Issuer = strings.TrimSuffix(school.Issuer, "/")
			wantSecret(t, open(t, o, same), ClientSecret, secret("-client"))

			// A login of another client doesn't take the secret with it.
			other := Binding{Profile: "school", Issuer: school.Issuer, ClientID: "client-2"}
			save(t, choose(t, o, other, ""), 1)
			wantSecret(t, open(t, o, other), ClientSecret, token.Secret{})
			wantSecret(t, choose(t, o, school, ""), ClientSecret, secret("-client"))
		})
	}
}

// A secret is that of its own binding, whosever login lies beside it; the login stays withheld.
func TestSecretsBesideAnothersLogin(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			save(t, choose(t, o, school, k.want), 1)
			other := Binding{Profile: "school", Issuer: "https://other.example/", ClientID: "client-2"}
			setSecret(t, choose(t, o, other, ""), ClientSecret, secret("-other"))
			for _, row := range []struct {
				who      Binding
				want     token.Secret
				withheld Binding
			}{{other, secret("-other"), Binding{}}, {school, token.Secret{}, other}} {
				s, err := OpenSecrets(t.Context(), o, row.who)
				if err != nil {
					t.Fatal(err)
				}
				wantSecret(t, s, ClientSecret, row.want)
				got, ok, err := s.Withheld(t.Context(), ClientSecret)
				if got != row.withheld || ok != (row.withheld != Binding{}) || err != nil {
					t.Errorf("%s: withheld %+v, %v, %v; want %+v", row.who.ClientID, got, ok, err, row.withheld)
				}
				if _, ok, err := s.Withheld(t.Context(), ClientKey); ok || err != nil {
					t.Errorf("%s: withheld is a key that isn't there: %v, %v", row.who.ClientID, ok, err)
				}
			}
			s, err := OpenSecrets(t.Context(), o, other)
			if err != nil {
				t.Fatal(err)
			}
			var be *BindingError
			if _, err := s.Load(t.Context()); !errors.As(err, &be) {
				t.Errorf("load another's login: %v, want a *BindingError", err)
			}
			wantLoad(t, open(t, o, school), setNo(1))
		})
	}
}

func TestUnknownSecret(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	if err := choose(t, o, school, File).SetSecret(t.Context(), "../x", secret("")); err == nil {
		t.Error("a secret of an unknown kind was taken")
	}
}

// A secret that is longer than the keyring takes is on record as lying in the sealed file, and isn't listed among the items.
func TestLongSecretsAreOnRecord(t *testing.T) {
	o := newOptions(t, newFakeKeyring())
	o.limit = 300
	s := choose(t, o, school, Keyring)
	look := func(when string, wantFile []SecretKind, wantItems ...string) {
		t.Helper()
		inv, ok, err := Inspect(o, "school")
		if err != nil || !ok || !slices.Equal(inv.Record.SecretsInFile, wantFile) || !slices.Equal(inv.Items, wantItems) {
			t.Errorf("%s: in the file %q, items %q, %v; want %q and %q", when, inv.Record.SecretsInFile, inv.Items, err, wantFile, wantItems)
		}
	}
	long := secret(strings.Repeat("-long", 100))
	setSecret(t, s, ClientSecret, long)
	look("a long one", []SecretKind{ClientSecret}, "school/key")
	setSecret(t, open(t, o, school), IntrospectionSecret, secret("-short"))
	look("and a short one", []SecretKind{ClientSecret}, "school/key", "school/introspection-secret")
	save(t, open(t, o, school), 1)
	look("and a login", []SecretKind{ClientSecret}, "school/key", "school/refresh-token", "school/introspection-secret")
	if _, err := choose(t, o, school, File).Move(t.Context()); err != nil {
		t.Fatal(err)
	}
	look("moved to the file", nil)
	if _, err := choose(t, o, school, Keyring).Move(t.Context()); err != nil {
		t.Fatal(err)
	}
	look("and back", []SecretKind{ClientSecret}, "school/key", "school/refresh-token", "school/introspection-secret")
	setSecret(t, open(t, o, school), ClientSecret, secret("-short"))
	look("short by now", nil, "school/key", "school/refresh-token", "school/client-secret", "school/introspection-secret")
}
