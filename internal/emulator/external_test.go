package emulator

import (
	"net/http"
	"strings"
	"testing"
)

func TestIdentityProviderElsewhere(t *testing.T) {
	b := newSchool(t)
	a := b.authorize(b.browser, of("plain", "acr_values", "tenant:x idp:external idp:council"))
	if a.at != "/external" || !strings.Contains(a.body, "<code>idp:external</code>") || !strings.Contains(a.body, "stands in") ||
		strings.Contains(a.body, "Sign in another way") {
		t.Fatalf("at %s: %s", a.at, a.body)
	}
	got := b.redeem("plain", b.submit(a, "choose", "careful")) // no second factor: that is the provider's
	for claim, want := range map[string]string{
		"idp": `"external"`, "amr": `["external"]`, "provider": `"external"`, "providername": `"Another identity provider"`, "name": `"Careful Carys"`,
	} {
		same(t, claim+" in the access token", claimOf(t, b.payload(got.Access), claim), want)
		same(t, claim+" in the ID token", claimOf(t, b.payload(got.ID), claim), want)
	}
	// A session of another provider than the one that is asked for isn't enough.
	for rule, row := range map[string]struct {
		acr  string
		page string
	}{
		"the same one": {"idp:external", ""}, "none": {"-", ""}, "another": {"idp:council", "/external"}, "the password": {"idp:idsrv", "/external"},
	} {
		if a := b.authorize(b.browser, of("plain", "acr_values", row.acr)); row.page == "" != strings.Contains(a.location, "code=") || row.page != "" && a.at != row.page {
			t.Errorf("%s: at %s, %q", rule, a.at, a.location)
		}
	}
	if a := b.authorize(b.browser, of("plain", "acr_values", "idp:council", "prompt", "none")); b.landed(a).Get("error") != "login_required" {
		t.Errorf("prompt=none: %q", a.location)
	}
}

func TestRestrictionsOfIdentityProviders(t *testing.T) {
	for rule, row := range map[string]struct {
		client, acr string
		at          string
		holds, not  []string
	}{
		"one elsewhere alone: straight to it":   {"elsewhere", "-", "/external", []string{"idp:council"}, nil},
		"several elsewhere: a choice":           {"both", "-", "/login", []string{`value="external"`, `value="council"`}, []string{"password"}},
		"a password and one elsewhere":          {"either", "-", "/login", []string{`value="external"`, `type="password"`}, []string{"council"}},
		"no restriction":                        {"plain", "-", "/login", []string{`value="external"`, `value="council"`, `type="password"`}, nil},
		"one that it mayn't use: an error page": {"elsewhere", "idp:external", "/external", []string{"can’t be used", "idp:external"}, []string{"choose"}},
		"one that nobody knows: an error page":  {"plain", "idp:<b>", "/external", []string{"can’t be used", "idp:&lt;b&gt;"}, []string{"choose"}},
		"the password by its name: likewise":    {"plain", "idp:idsrv", "/external", []string{"can’t be used"}, []string{"choose"}},
	} {
		b := newSchool(t)
		a := b.authorize(b.browser, of(row.client, "acr_values", row.acr))
		if a.at != row.at || a.status != http.StatusOK || a.location != "" {
			t.Errorf("%s: status %d at %s, %q", rule, a.status, a.at, a.location)
		}
		for _, want := range row.holds {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s: no %s in %s", rule, want, a.body)
			}
		}
		for _, never := range row.not {
			if strings.Contains(a.body, never) {
				t.Errorf("%s: %s in %s", rule, never, a.body)
			}
		}
	}
}

// A session counts for a client only if its users may sign in that way.
func TestSessionThatAClientDoesNotTake(t *testing.T) {
	b := newSchool(t)
	b.submit(b.authorize(b.browser, of("plain")), "choose", "head")
	if a := b.authorize(b.browser, of("either", "prompt", "none")); !strings.Contains(a.location, "code=") {
		t.Errorf("a client that takes it: %q", a.location)
	}
	if a := b.authorize(b.browser, of("elsewhere", "prompt", "none")); b.landed(a).Get("error") != "login_required" {
		t.Errorf("a client that doesn't: %q", a.location)
	}
}

// Neither the password's form nor another provider's page gets around a client's restrictions.
func TestFormsRespectRestrictions(t *testing.T) {
	b := newSchool(t)
	page := b.authorize(b.browser, of("both"))
	id := fields(page.body).Get("signin")
	if id == "" {
		id = page.body[strings.Index(page.body, `name="signin" value="`)+len(`name="signin" value="`):][:32]
	}
	browser := b.pending.byID[id].browser
	for rule, row := range map[string]struct{ path, purpose, provider string }{
		"a password":                        {"/login", "login " + id, ""},
		"a provider that nobody knows":      {"/external", externalPurpose("council", id), "nobody"},
		"a provider with another's token":   {"/external", externalPurpose("council", id), "external"},
		"a provider with the login's token": {"/external", "login " + id, "council"},
	} {
		proof, err := b.formToken(row.purpose, browser)
		if err != nil {
			t.Fatal(err)
		}
		form := altered(of("both"), []string{"signin", id, "token", proof, "choose", "head", "provider", row.provider})
		if a := b.do(b.browser, b.request(http.MethodPost, b.base+row.path, form)); a.status != http.StatusBadRequest || a.location != "" {
			t.Errorf("%s: status %d, %q", rule, a.status, a.location)
		}
	}
	if a := b.page("/external?provider=nobody&signin=" + id); !strings.Contains(a.body, "can’t be used") {
		t.Errorf("a page of nobody's: %s", a.body)
	}
	if a := b.page("/external?provider=council&signin=" + id); !strings.Contains(a.body, `href="/login?signin=`+id) {
		t.Errorf("no way back: %s", a.body)
	}
	if a := b.page("/external?provider=council&signin=" + strings.Repeat("0", 32)); a.status != http.StatusBadRequest {
		t.Errorf("another request's page: status %d", a.status)
	}
}

func TestPageElsewhereIsUsedOnce(t *testing.T) {
	b := newSchool(t)
	page := b.authorize(b.browser, of("elsewhere"))
	if a := b.submit(page, "choose", "nobody"); a.status != http.StatusBadRequest {
		t.Errorf("nobody: status %d", a.status)
	}
	if a := b.submit(page, "choose", "head"); !strings.Contains(a.location, "code=") {
		t.Errorf("somebody: status %d", a.status)
	}
	if a := b.submit(page, "choose", "head"); a.status != http.StatusBadRequest {
		t.Errorf("again: status %d", a.status)
	}
}

// Somebody who is signed in without a page has signed in as the client demands.
func TestAsWithProviders(t *testing.T) {
	for _, row := range []struct{ client, acr, want string }{
		{"plain", "-", "idsrv"}, {"plain", "idp:council", "council"}, {"elsewhere", "-", "council"}, {"either", "-", "idsrv"}, {"plain", "idp:nobody", "idsrv"},
	} {
		b := newBench(t, Options{Config: school(), As: "head"})
		got := b.redeem(row.client, b.authorize(b.browser, of(row.client, "acr_values", row.acr)))
		same(t, row.client+" "+row.acr, claimOf(t, b.payload(got.ID), "idp"), `"`+row.want+`"`)
	}
}

func TestWhatTheApplicationAskedFor(t *testing.T) {
	b := newSchool(t)
	a := b.authorize(b.browser, of("plain", "ui_locales", "cy-GB en", "login_hint", "head", "max_age", "60", "acr_values", "tenant:x",
		"nonce", "secret-nonce", "state", "secret-state"))
	for _, want := range []string{
		"What the application asked for", "<code>cy-GB en</code> (these pages are in English only)", "<dt>max_age</dt><dd><code>60</code>",
		"<dt>acr_values</dt>", "<dt>login_hint</dt>", "<dt>redirect_uri</dt>", `lang="en-GB"`, `value="head"`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	for _, never := range []string{"secret-nonce", "secret-state"} {
		if strings.Contains(a.body, never) {
			t.Errorf("%s is shown", never)
		}
	}
}

// IdentityServer3 compares auth_time, which is in whole seconds, after the sign-in again: max_age=0 never ends.
func TestMaxAgeZeroNeverEnds(t *testing.T) {
	b := newSchool(t)
	page := b.authorize(b.browser, of("plain", "max_age", "0"))
	for range 3 {
		page = b.submit(page, "choose", "head")
		if page.at != "/login" || !strings.Contains(page.body, "prompt=login") || page.location != "" {
			t.Fatalf("at %s, %q: %s", page.at, page.location, page.body)
		}
	}
}
