package flow

import (
	"crypto/rand"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/provider"
)

// asking is a request that would be sent, to a provider of a kind.
func asking(t *testing.T, kind string) LoginRequest {
	t.Helper()
	k, ok := provider.LookupKind(kind)
	if !ok {
		t.Fatal(kind)
	}
	p := &provider.Provider{Kind: k, Metadata: provider.Metadata{Issuer: "https://a.example", AuthorizationEndpoint: "https://a.example/authorize"}}
	return LoginRequest{
		Provider: p, Client: provider.Client{ID: clientID}, RedirectURI: "http://localhost:5454/", Scopes: []string{"openid"}, MaxAge: -1, Rand: rand.Reader,
	}
}

// TestRulesOfTheKind: what the provider would answer with an error page is refused before a browser opens.
func TestRulesOfTheKind(t *testing.T) {
	param := func(name, value string) func(*LoginRequest) {
		return func(r *LoginRequest) { r.Params = url.Values{name: {value}} }
	}
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, c := range []struct {
		name   string
		change func(*LoginRequest)
		simsid string // the problem at kind simsid; "" where there is none
		oidc   string
	}{
		{"as it should be", func(*LoginRequest) {}, "", ""},
		{"login", param("prompt", "login"), "", ""},
		{"an unknown prompt", param("prompt", "password"), `can't be "password": it is none, login, consent or select_account`,
			`can't be "password": it is none, login, consent or select_account`},
		{"select_account", param("prompt", "select_account"), `can't be "select_account": it ends on an error page of SIMS ID; login asks for the password again`, ""},
		{"two prompts", param("prompt", "login consent"), "must be one word: SIMS ID ignores a list", ""},
		{"none and more", param("prompt", "none login"), "can't have none beside others", "can't have none beside others"},
		{"an empty prompt", param("prompt", " "), "is empty", "is empty"},
		{"max_age 0", func(r *LoginRequest) { r.MaxAge = 0 }, "can't be 0: SIMS ID then asks for ever; prompt=login asks once", ""},
		{"login_hint as long as may be", param("login_hint", long(100)), "", ""},
		{"login_hint", param("login_hint", long(101)), "is 101 characters long, and SIMS ID takes at most 100", ""},
		{"login_hint in UTF-16", param("login_hint", strings.Repeat("\U0001f600", 50)), "", ""},
		{"login_hint too long in UTF-16", param("login_hint", strings.Repeat("\U0001f600", 51)), "is 102 characters long, and SIMS ID takes at most 100", ""},
		{"ui_locales", param("ui_locales", long(101)), "is 101 characters long, and SIMS ID takes at most 100", ""},
		{"acr_values", param("acr_values", long(301)), "is 301 characters long, and SIMS ID takes at most 300", ""},
		{"scope", func(r *LoginRequest) { r.Scopes = append(r.Scopes, long(300)) }, "is 307 characters long, and SIMS ID takes at most 300", ""},
		{"client_id", func(r *LoginRequest) { r.Client.ID = long(101) }, "is 101 characters long, and SIMS ID takes at most 100", ""},
		{"redirect_uri", func(r *LoginRequest) { r.RedirectURI += long(400) }, "is 422 characters long, and SIMS ID takes at most 400", ""},
	} {
		for kind, problem := range map[string]string{"simsid": c.simsid, "oidc": c.oidc} {
			t.Run(c.name+", "+kind, func(t *testing.T) {
				r := asking(t, kind)
				c.change(&r)
				_, err := AuthorizationAddress(t.Context(), r)
				got := ""
				if e, ok := errors.AsType[*ParamError](err); ok {
					got = e.Problem
				} else if err != nil {
					t.Fatal(err)
				}
				if got != problem {
					t.Errorf("expected %q, got %q", problem, got)
				}
			})
		}
	}
}

// TestAuthorizationAddress is made anew each time, and refuses what a login refuses.
func TestAuthorizationAddress(t *testing.T) {
	r := asking(t, "oidc")
	seen := map[string]bool{}
	for range 2 {
		address, err := AuthorizationAddress(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		q := requestOf(t, address.URL)
		if q.Get("redirect_uri") != r.RedirectURI || len(q.Get("state")) != 43 || len(q.Get("nonce")) != 43 || seen[q.Get("state")] {
			t.Errorf("got %v", q)
		}
		seen[q.Get("state")] = true
	}
	r.Scopes = nil
	if _, err := AuthorizationAddress(t.Context(), r); !errors.Is(err, ErrNoOpenID) {
		t.Errorf("got %v", err)
	}
	r.RedirectURI = "ftp://x"
	_, err := AuthorizationAddress(t.Context(), r)
	if want := (&RedirectError{URI: "ftp://x", Problem: "it starts with neither https:// nor http://"}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("got %v", err)
	}
}
