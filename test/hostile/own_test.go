package hostile_test

import (
	"slices"
	"strings"
	"testing"
)

// TestOwnTokenHasNoUser: an ID token that a provider sends with a client's own token is nobody's (RFC 6749 section 4.4). Nothing was asked that
// it could be held against, so it is dropped and told of, at the login, at each renewal and where nothing is kept.
func TestOwnTokenHasNoUser(t *testing.T) {
	t.Parallel()
	evil := encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{"iss":"https://evil.example","sub":"admin","name":"Evil Admin"}`)) + "."
	const warned = "warning: the provider sent an ID token with the client's own token"
	for name, store := range map[string][]string{"kept": nil, "for one command": {"--store", "memory"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, newProvider(t))
			u.p.change(func(p *provider) {
				p.answer = claims{"refresh_token": nil}
				p.token = func(string) string { return evil }
			})
			u.configure(`flow = "ClientCredentials"`, `scopes = ["api"]`)
			if store == nil {
				r := u.run("login")
				if r.code != 0 || !strings.Contains(r.stderr, warned) {
					t.Fatalf("login exits with %d and says %s", r.code, r.stderr)
				}
			}
			for _, args := range [][]string{
				{"token", "--id"}, {"token", "--id", "-o", "json"}, {"refresh"}, {"token", "--id"}, {"status"}, {"decode"},
			} {
				if store != nil && args[0] != "token" {
					continue
				}
				args = append([]string{args[0]}, append(store, args[1:]...)...)
				r := u.run(args...)
				if out := r.stdout + r.stderr; strings.Contains(out, evil) || strings.Contains(out, "Evil") || strings.Contains(out, "admin") {
					t.Errorf("%v shows it: %s", args, out)
				}
				if id := slices.Contains(args, "--id"); id && (r.code == 0 || !strings.Contains(r.stderr, "no user, and so no ID token")) {
					t.Errorf("%v exits with %d and says %s", args, r.code, r.stderr)
				}
				if asks := args[0] == "refresh" || store != nil; asks && !strings.Contains(r.stderr, warned) {
					t.Errorf("%v says nothing of it: %s", args, r.stderr)
				}
			}
		})
	}
}
