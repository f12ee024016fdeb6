package hostile_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// attack is one way in which a provider, or somebody beside it, lies.
type attack struct {
	name string
	do   func(*provider)
	args []string // of login, beside the command
	code int
	want string // the whole line behind "error: "; "" for what is no lie in the end
	// unused says that no code may have reached the token endpoint.
	unused bool
}

// TestLogin tells each lie to somebody who signs in. Nothing may be kept, shown or fetched from elsewhere.
func TestLogin(t *testing.T) {
	t.Parallel()
	for _, a := range slices.Concat(browserAttacks(), frontAttacks(), tokenAttacks(), keyAttacks(), formAttacks(), answerAttacks(),
		discoveryAttacks(), keySetAttacks()) {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			u := newUser(t, p)
			p.change(a.do)
			before := u.kept()
			r := u.run(append([]string{"login"}, a.args...)...)
			if got := u.said(r); r.code != a.code || got != a.want {
				t.Errorf("exit code %d with\n%s\nexpected %d with\n%s\nstandard error:\n%s", r.code, got, a.code, a.want, r.stderr)
			}
			u.checkQuiet(r)
			if a.code == 0 {
				return
			}
			if got := u.kept(); !slices.Equal(got, before) {
				t.Errorf("kept: %v, before: %v", got, before)
			}
			if found := u.holds("access-", "refresh-", goodCode); found != nil {
				t.Errorf("found in files: %v", found)
			}
			if later := u.run("token"); later.code != 4 || later.stdout != "" {
				t.Errorf("token exits with %d and says %q %q", later.code, later.stdout, later.stderr)
			}
			if r.stdout != "" {
				t.Errorf("an answer in spite of the error: %q", r.stdout)
			}
			if a.unused && len(p.codes) > 0 {
				t.Errorf("the codes %v were used", p.codes)
			}
		})
	}
}

// checkQuiet looks for what must never be shown or fetched, whatever comes.
func (u *user) checkQuiet(r ran) {
	u.t.Helper()
	for name, text := range map[string]string{"standard output": r.stdout, "standard error": r.stderr} {
		for _, secret := range []string{"access-", "refresh-", goodCode, clientSecret, u.p.asked.Get("state"), u.p.asked.Get("nonce")} {
			if len(secret) > 0 && strings.Contains(withoutAddress(text), secret) {
				u.t.Errorf("%s holds %q:\n%s", name, secret, text)
			}
		}
		if i := strings.IndexFunc(text, func(c rune) bool { return c != '\n' && unicode.In(c, unicode.Cc, unicode.Cf) }); i >= 0 {
			u.t.Errorf("%s holds a control character at %d: %q", name, i, text)
		}
	}
	if hits := u.p.elsewhere.visited(); len(hits) > 0 {
		u.t.Errorf("fetched from elsewhere: %v", hits)
	}
}

// withoutAddress takes out the address to visit: its state and nonce are for the browser.
func withoutAddress(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "response_type=") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
