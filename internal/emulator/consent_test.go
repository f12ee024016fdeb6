package emulator

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// consentTo signs a user in, and returns the page or answer that follows.
func (b *bench) consentTo(client, login, scope string) answer {
	b.Helper()
	a := b.authorize(b.browser, of(client, "scope", scope))
	if a.at == "/login" {
		a = b.submit(a, "choose", login)
	}
	return a
}

func TestConsentPerClient(t *testing.T) {
	for rule, row := range map[string]struct {
		rules         Rules
		client, scope string
		first, second bool // whether the page is shown
	}{
		"off":                              {RulesLocal, "plain", "openid profile", false, false},
		"on":                               {RulesLocal, "asking", "openid profile", true, true},
		"on and remembered":                {RulesLocal, "remembering", "openid profile", true, false},
		"always for offline_access":        {RulesLocal, "remembering", "openid profile offline_access", true, true},
		"off, also for offline_access":     {RulesLocal, "plain", "openid profile offline_access", false, false},
		"on by the rules of live":          {RulesLive, "plain", "openid profile", true, true},
		"off by the rules of the sandbox":  {RulesSandbox, "plain", "openid profile", false, false},
		"on and remembered, rules of live": {RulesLive, "remembering", "openid profile", true, false},
	} {
		c := school()
		c.Rules = row.rules
		c.Clients = slices.DeleteFunc(c.Clients, func(c ClientConfig) bool { return c.AnyPort })
		b := newBench(t, Options{Config: c})
		a := b.consentTo(row.client, "head", row.scope)
		if (a.at == "/consent") != row.first {
			t.Errorf("%s: first at %s", rule, a.at)
		}
		if row.first {
			a = b.submit(a, "answer", "allow")
		}
		if !strings.Contains(a.location, "code=") {
			t.Errorf("%s: status %d, %q", rule, a.status, a.location)
		}
		if a := b.consentTo(row.client, "head", row.scope); (a.at == "/consent") != row.second {
			t.Errorf("%s: then at %s", rule, a.at)
		}
		silent := b.authorize(b.browser, of(row.client, "scope", row.scope, "prompt", "none"))
		if got := b.landed(silent).Get("error"); (got == "interaction_required") != row.second {
			t.Errorf("%s: prompt=none: %q", rule, silent.location)
		}
	}
}

func TestRememberedConsent(t *testing.T) {
	b := newSchool(t)
	const scope = "openid profile roles"
	asked := func(client, scope string) bool {
		return b.authorize(b.browser, of(client, "scope", scope)).at == "/consent"
	}
	b.submit(b.consentTo("remembering", "head", scope), "answer", "allow")
	if asked("remembering", scope) || asked("remembering", "openid roles") {
		t.Error("asked again for what was allowed")
	}
	if !asked("remembering", scope+" partner") {
		t.Error("not asked for more")
	}
	if !asked("recalling", scope) {
		t.Error("one client's consent counts for another")
	}
	if a := b.authorize(b.browser, of("remembering", "prompt", "consent")); a.at != "/consent" {
		t.Errorf("prompt=consent: at %s", a.at)
	}
	// Allowed without its being remembered: what was remembered is gone.
	b.submit(b.authorize(b.browser, of("remembering", "prompt", "consent")), "answer", "allow", "remember", "-")
	if !asked("remembering", "openid profile") {
		t.Error("still remembered")
	}
	b.submit(b.consentTo("remembering", "head", scope), "answer", "allow")
	b.anotherBrowser()
	if a := b.consentTo("remembering", "officer", scope); a.at != "/consent" {
		t.Errorf("one user's consent counts for another: at %s", a.at)
	}
	b.anotherBrowser()
	if a := b.consentTo("remembering", "HEAD", scope); !strings.Contains(a.location, "code=") {
		t.Errorf("another browser of the same user: at %s", a.at)
	}
	b.anotherBrowser()
	b.submit(b.consentTo("remembering", "manager", scope), "answer", "deny")
	if !asked("remembering", scope) {
		t.Error("a refusal is remembered as consent")
	}
}

func TestConsentToLess(t *testing.T) {
	b := newSchool(t)
	page := b.consentTo("asking", "head", "openid profile roles offline_access")
	for _, want := range []string{
		`<input type="checkbox" name="scope" value="openid" checked="" disabled=""/>`,
		`<input type="checkbox" name="scope" value="profile" checked=""/>`,
		`<input type="checkbox" name="scope" value="offline_access" checked=""/>`,
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("no %s in %s", want, page.body)
		}
	}
	if strings.Contains(page.body, "Remember") {
		t.Error("offers to remember what isn't remembered")
	}
	form := fields(page.body)
	form["answer"], form["scope"] = []string{"allow"}, []string{"roles", "partner", "nothing"} // the last two weren't asked for
	got := b.redeem("asking", b.do(b.browser, b.request(http.MethodPost, b.base+"/consent", form)))
	same(t, "scope", claimOf(t, b.payload(got.Access), "scope"), `["openid","roles"]`)
	if got.Refresh != "" {
		t.Error("a refresh token that the user didn't allow")
	}
}

func TestConsentToNothing(t *testing.T) {
	b := newSchool(t)
	page := b.consentTo("asking", "head", singleOrganisation)
	if page.at != "/consent" {
		t.Fatalf("at %s: %s", page.at, page.body)
	}
	a := b.submit(page, "answer", "allow", "scope", "-")
	if a.status != http.StatusOK || a.location != "" || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("status %d, %q: %s", a.status, a.location, a.body)
	}
	if a = b.submit(a, "answer", "allow"); !strings.Contains(a.location, "code=") {
		t.Errorf("allowed then: status %d", a.status)
	}
}

func TestConsentOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, Options{Config: school(), Dir: dir})
	b.submit(b.consentTo("remembering", "head", "openid profile"), "answer", "allow")
	again := newBench(t, Options{Config: school(), Dir: dir})
	if a := again.consentTo("remembering", "head", "openid profile"); !strings.Contains(a.location, "code=") {
		t.Errorf("at %s", a.at)
	}
	// A client that doesn't remember keeps nothing, whatever a form says, for the day that it will.
	b.submit(b.consentTo("asking", "head", "openid profile"), "answer", "allow", "remember", "yes")
	later := school()
	later.Clients[slices.IndexFunc(later.Clients, func(c ClientConfig) bool { return c.ID == "asking" })].RememberConsent = true
	if a := newBench(t, Options{Config: later, Dir: dir}).consentTo("asking", "head", "openid profile"); a.at != "/consent" {
		t.Errorf("remembered unasked: at %s", a.at)
	}
	// A client that no longer remembers asks, whatever was remembered.
	c := school()
	i := slices.IndexFunc(c.Clients, func(c ClientConfig) bool { return c.ID == "remembering" })
	c.Clients[i].RememberConsent = false
	forgetful := newBench(t, Options{Config: c, Dir: dir})
	if a := forgetful.consentTo("remembering", "head", "openid profile"); a.at != "/consent" {
		t.Errorf("without remembering: at %s", a.at)
	}
}
