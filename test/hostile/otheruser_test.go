package hostile_test

import (
	"slices"
	"strings"
	"testing"
)

// TestHintedUser: a login that id_token_hint named a user for is another's (OpenID Connect Core 3.1.2.1). It is refused, and the kept one stays.
func TestHintedUser(t *testing.T) {
	t.Parallel()
	u := signedIn(t)
	u.p.change(says(claims{"sub": "user-2"}))
	before := u.kept()
	r := u.run("login", "--id-token-hint")
	const want = `sign in: the answer is another user's than id_token_hint names: expected "user-1", got "user-2"`
	if got := u.said(r); r.code != 3 || got != want || r.stdout != "" || !strings.Contains(r.stderr, "nothing was kept") {
		t.Errorf("exit code %d with\n%s", r.code, r.stderr)
	}
	if got := u.kept(); !slices.Equal(got, before) {
		t.Errorf("kept: %v, before: %v", got, before)
	}
	if later := u.run("token"); later.code != 0 || later.stdout != "access-1\n" {
		t.Errorf("token exits with %d and says %q", later.code, later.stdout)
	}
	u.p.change(beHonest)
	if r := u.run("login", "--id-token-hint"); r.code != 0 || strings.Contains(r.stderr, "taken the place") {
		t.Errorf("the same user: exit code %d with\n%s", r.code, r.stderr)
	}
}

// TestReplacedLogin: without a hint anybody may sign in, and whose login it replaces is told.
func TestReplacedLogin(t *testing.T) {
	t.Parallel()
	u := newUser(t, newProvider(t))
	for _, c := range []struct {
		says claims
		want string
	}{
		{claims{"sub": "user-1"}, ""},
		{claims{"sub": "user-1"}, ""},
		{claims{"sub": "user-2", "name": "Eve\x1b[2J" + strings.Repeat("x", 5000)}, "note: this login has taken the place of that of user-1\n"},
		{claims{"sub": "user-1"}, `note: this login has taken the place of that of Eve\x1b[2Jx`},
	} {
		u.p.change(beHonest)
		u.p.change(says(c.says))
		r := u.run("login")
		told := strings.Contains(r.stderr, "taken the place")
		if r.code != 0 || told != (c.want != "") || !strings.Contains(r.stderr, c.want) || len(r.stderr) > 1000 || strings.Contains(r.stderr, "\x1b") {
			t.Errorf("%v: exit code %d with\n%s", c.want, r.code, r.stderr)
		}
	}
}
