package emulator

import (
	"regexp"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// Of a user or a scope that a configuration says nothing about, the pages show no empty words and no comma that leads to none.
func TestNothingSaidAbout(t *testing.T) {
	c := school()
	c.Users = append(c.Users, UserConfig{Login: "quiet", Name: "Quiet Quinn", Password: token.NewSecret("sample-quiet"),
		Organisations: []MembershipConfig{{Organisation: "9994001"}}})
	c.Scopes = append(c.Scopes, ScopeConfig{Name: "lunch"})
	for i := range c.Clients {
		if c.Clients[i].ID == "asking" {
			c.Clients[i].Scopes = append(c.Clients[i].Scopes, "lunch")
		}
	}
	b := newBench(t, Options{Config: c})
	tags := regexp.MustCompile(`<[^>]*>`)
	signIn := b.authorize(b.browser, of("asking", "scope", "openid lunch"))
	for user, want := range map[string]string{
		"Quiet Quinn":   "Quiet Quinn, login name quiet, password",
		"Careful Carys": "Careful Carys, With an authenticator app, login name careful, password",
	} {
		if got := strings.Join(strings.Fields(tags.ReplaceAllString(signIn.body, "")), " "); !strings.Contains(got, want) {
			t.Errorf("%s: the page for the sign-in doesn't say %q: %s", user, want, got)
		}
	}
	if strings.Contains(signIn.body, `class="about"></`) {
		t.Error("the page for the sign-in has an empty element")
	}
	consent := b.submit(signIn, "choose", "quiet")
	if got := tags.ReplaceAllString(consent.body, ""); consent.at != "/consent" || !strings.Contains(got, "lunch, lunch") {
		t.Errorf("at %s, the scope isn't called by its name: %s", consent.at, got)
	}
}
