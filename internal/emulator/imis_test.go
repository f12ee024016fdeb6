package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// association is a site with two applications: of the second, each refresh token serves once.
func association() *Config {
	c := BuiltinIMIS()
	c.Clients = append(c.Clients, ClientConfig{
		ID: "events", Name: "Events & more", Secret: token.NewSecret("events-secret"), RedirectURIs: []string{"https://localhost:5454/imis"},
		AccessLifetime: time.Minute, RefreshAbsolute: time.Hour,
	})
	return c
}

func newAssociation(t *testing.T, o Options) *bench {
	t.Helper()
	if o.Config == nil {
		o.Config = association()
	}
	return newBench(t, o)
}

// posted is what the content item's page would post.
func (b *bench) posted(a answer) (target, refresh string) {
	b.Helper()
	_, form, ok := strings.Cut(a.body, `<form method="post" action="`)
	target, _, found := strings.Cut(form, `"`)
	if a.status != http.StatusOK || a.at != contentItemPath || !ok || !found {
		b.Fatalf("no content item: status %d at %s, %s", a.status, a.at, a.body)
	}
	return target, fields(a.body).Get("refresh_token")
}

func (b *bench) contentItem(client string) answer {
	b.Helper()
	return b.page(contentItemPath + "?client_id=" + client)
}

func imisForm(refresh string, alter ...string) url.Values {
	return altered(url.Values{
		"grant_type": {"refresh_token"}, "client_id": {IMISClientID}, "client_secret": {imisSecret}, "refresh_token": {refresh},
	}, alter)
}

func (b *bench) atIMIS(form url.Values) answer {
	b.Helper()
	return b.do(b.back, b.request(http.MethodPost, IMISIssuer+"token", form))
}

// A member signs in, goes to an application, and what is posted there is exchanged, again and again until it expires.
func TestIMIS(t *testing.T) {
	b := newAssociation(t, Options{})
	page := b.page("/")
	if page.status != http.StatusOK || !strings.Contains(page.body, "<title>Sign in – simsid emulator</title>") || strings.Contains(page.body, "SIMS") {
		t.Fatalf("the front page: %d %s", page.status, page.body)
	}
	wrong := b.submitTo("/sign-in", page, "username", "member", "password", "wrong")
	if !strings.Contains(wrong.body, `role="alert"`) || !strings.Contains(wrong.body, `value="member"`) {
		t.Errorf("a wrong password: %s", wrong.body)
	}
	home := b.submitTo("/sign-in", wrong, "username", "MEMBER", "password", "sample-member")
	if home.at != "/" || !strings.Contains(home.body, "Morgan Wright") || !strings.Contains(home.body, `href="/single-sign-on?client_id=events"`) {
		t.Fatalf("signed in, at %s: %s", home.at, home.body)
	}
	item := b.contentItem(IMISClientID)
	target, refresh := b.posted(item)
	same(t, "target", target, IMISRedirect)
	same(t, "policy", item.header.Get("Content-Security-Policy"), contentPolicy(page2(IMISRedirect)))
	same(t, "referrer", item.header.Get("Referrer-Policy"), "origin")
	first := b.atIMIS(imisForm(refresh))
	var got map[string]any
	if err := json.Unmarshal([]byte(first.body), &got); err != nil || first.status != http.StatusOK {
		t.Fatalf("%d %s", first.status, first.body)
	}
	access, _ := got["access_token"].(string)
	delete(got, "access_token")
	want := map[string]any{
		"token_type": "bearer", "expires_in": 1199.0, "as:client_id": "simsid", "userName": "member",
		".issued": "Sat, 21 Nov 2026 09:30:00 GMT", ".expires": "Sat, 21 Nov 2026 09:50:00 GMT",
	}
	if !reflect.DeepEqual(got, want) || len(access) < 200 || strings.Contains(access, ".") {
		t.Errorf("the answer %v with %q, expected %v", got, access, want)
	}
	b.clock.pass(48*time.Hour - time.Second)
	if a := b.atIMIS(imisForm(refresh)); a.status != http.StatusOK {
		t.Errorf("before its end: %d %s", a.status, a.body)
	}
	b.clock.pass(time.Second)
	same(t, "expired", b.atIMIS(imisForm(refresh)).body, `{"error":"invalid_grant","error_description":"The refresh token is not valid any more."}`)
}

func page2(target string) page { return page{target: target, script: submitScript} }

// submitTo posts the first form of a page to an address.
func (b *bench) submitTo(path string, from answer, more ...string) answer {
	b.Helper()
	return b.do(b.browser, b.request(http.MethodPost, b.base+path, altered(fields(from.body), more)))
}

// notes takes what was heard.
func (o *told) notes() []Note {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []Note
	for _, x := range o.all {
		out = append(out, x.Notes...)
	}
	o.all = nil
	return out
}

// A refresh token that serves once brings the next, and of many uses at once exactly one succeeds.
func TestIMISRotation(t *testing.T) {
	b := newAssociation(t, Options{As: "fellow"})
	target, refresh := b.posted(b.contentItem("events"))
	same(t, "target", target, "https://localhost:5454/imis")
	form := imisForm(refresh, "client_id", "events", "client_secret", "events-secret")
	var wg sync.WaitGroup
	answers := make(chan answer, 8)
	for range cap(answers) {
		wg.Go(func() { answers <- b.atIMIS(form) })
	}
	wg.Wait()
	close(answers)
	var next string
	good := 0
	for a := range answers {
		if a.status == http.StatusOK {
			good++
			next = b.tokens(a).Refresh
		}
	}
	if good != 1 || next == "" || next == refresh {
		t.Fatalf("%d of the uses succeeded, and the next token is %q", good, next)
	}
	b.clock.pass(59 * time.Minute) // the hour counts from each new token
	after := b.tokens(b.atIMIS(altered(form, []string{"refresh_token", next})))
	b.clock.pass(59 * time.Minute)
	if a := b.atIMIS(altered(form, []string{"refresh_token", after.Refresh})); a.status != http.StatusOK {
		t.Errorf("the third: %d %s", a.status, a.body)
	}
}

// Whatever is wrong with a request to the token endpoint is told in the log, and its client gets an error of OAuth.
func TestIMISRefusals(t *testing.T) {
	var heard told
	b := newAssociation(t, Options{As: "member", Observe: heard.hear})
	_, refresh := b.posted(b.contentItem(IMISClientID))
	_, foreign := b.posted(b.contentItem("events"))
	heard.notes()
	for _, c := range []struct {
		name  string
		alter []string
		code  string
		note  Note
	}{
		{"another grant", []string{"grant_type", "password"}, "unsupported_grant_type",
			Note{"grant-type", "grant_type “password” is missing or unknown: iMIS's single sign-on has refresh_token alone"}},
		{"no secret", []string{"client_secret", "-"}, "invalid_client", Note{"client", "client_id or client_secret is missing in the form"}},
		{"the public page's misspelling", []string{"client_secret", "-", "clientsecret", imisSecret}, "invalid_client",
			Note{"client", "client_id or client_secret is missing in the form; it has a field “clientsecret”"}},
		{"unknown", []string{"client_id", "nobody"}, "invalid_client", Note{"client", "client “nobody” is unknown or switched off"}},
		{"wrong secret", []string{"client_secret", "x"}, "invalid_client", Note{"client", "the secret of client “simsid” is wrong"}},
		{"no token", []string{"refresh_token", "-"}, "invalid_grant", Note{"refresh-token", "refresh_token is missing or longer than 100 characters"}},
		{"a long token", []string{"refresh_token", strings.Repeat("a", 101)}, "invalid_grant",
			Note{"refresh-token", "refresh_token is missing or longer than 100 characters"}},
		{"made up", []string{"refresh_token", "made-up"}, "invalid_grant",
			Note{"refresh-token", "the refresh token is unknown, or was replaced by another"}},
		{"another client's", []string{"refresh_token", foreign}, "invalid_grant",
			Note{"refresh-token", "the refresh token was posted to another client"}},
	} {
		a := b.atIMIS(imisForm(refresh, c.alter...))
		var got struct {
			Error string `json:"error"`
			Words string `json:"error_description"`
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusBadRequest || got.Error != c.code || got.Words == "" {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if notes := heard.notes(); !slices.Equal(notes, []Note{c.note}) {
			t.Errorf("%s: noted %q", c.name, notes)
		}
	}
	r := b.request(http.MethodPost, IMISIssuer+"token", nil)
	r.Header.Set("Content-Type", "application/json")
	if a := b.do(b.back, r); a.status != http.StatusBadRequest || !strings.Contains(a.body, "unsupported_grant_type") {
		t.Errorf("JSON: %d %s", a.status, a.body)
	}
	basic := b.request(http.MethodPost, IMISIssuer+"token", imisForm(refresh, "client_id", "-", "client_secret", "-"))
	basic.SetBasicAuth(IMISClientID, imisSecret)
	heard.notes()
	if a := b.do(b.back, basic); !strings.Contains(a.body, "invalid_client") || !strings.Contains(heard.notes()[0].Words, "not in a header Authorization") {
		t.Errorf("Basic: %d %s", a.status, a.body)
	}
	if a := b.do(b.back, b.request(http.MethodGet, IMISIssuer+"token", nil)); a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", a.status)
	}
}

// Nobody's browser is signed in or out by another site's page, and no token is made for one that isn't signed in.
func TestIMISForms(t *testing.T) {
	b := newAssociation(t, Options{})
	page := b.page("/")
	for _, path := range []string{"/sign-in", "/sign-out"} {
		for name, alter := range map[string][]string{
			"no token": {"token", "-"}, "another's token": {"token", "x"}, "another purpose's": {"client", "events"},
		} {
			if a := b.submitTo(path, page, append([]string{"choose", "member"}, alter...)...); a.status != http.StatusBadRequest {
				t.Errorf("%s, %s: %d at %s", path, name, a.status, a.at)
			}
		}
	}
	r := b.request(http.MethodPost, b.base+"/sign-in", altered(fields(page.body), []string{"choose", "member"}))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.do(b.browser, r); a.status != http.StatusBadRequest {
		t.Errorf("from another site: %d", a.status)
	}
	if a := b.contentItem("events"); a.at != "/" || !strings.Contains(a.body, `name="client" value="events"`) {
		t.Fatalf("not signed in: at %s", a.at)
	}
	if a := b.contentItem("nobody"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "There is no such application") {
		t.Errorf("an unknown application: %d", a.status)
	}
	a := b.submitTo("/sign-in", b.contentItem("events"), "choose", "member")
	if target, _ := b.posted(a); target != "https://localhost:5454/imis" {
		t.Errorf("after signing in on the way: %s", target)
	}
	home := b.page("/")
	if a := b.submitTo("/sign-out", home); a.at != "/" || !strings.Contains(a.body, "Or sign in as a sample member") {
		t.Errorf("signed out: at %s", a.at)
	}
	if a := b.contentItem("events"); a.at != "/" {
		t.Errorf("after signing out: at %s", a.at)
	}
}

// What simsid reads in a browser's place is what the page has, escapes undone; any other page has nothing for it.
func TestReadContentItem(t *testing.T) {
	config := association()
	config.Clients[1].RedirectURIs = []string{"https://localhost:5454/imis?a=1&b=%22x%22"}
	b := newAssociation(t, Options{As: "member", Config: config})
	page := b.contentItem("events")
	_, refresh := b.posted(page)
	target, form, err := ReadContentItem(strings.NewReader(page.body))
	if err != nil || target != config.Clients[1].RedirectURIs[0] || !reflect.DeepEqual(form, url.Values{"refresh_token": {refresh}}) {
		t.Errorf("got %q %v, %v", target, form, err)
	}
	for _, other := range []string{"", b.page("/").body, `<form method="post" action="http://127.0.0.1:1/">`} {
		if target, form, err := ReadContentItem(strings.NewReader(other)); err == nil {
			t.Errorf("got %q %v of %q", target, form, other)
		}
	}
}

// The address to post to can be another one for the built-in client alone.
func TestIMISPostTo(t *testing.T) {
	b := newAssociation(t, Options{As: "member"})
	if err := b.PostTo("http://127.0.0.1:43210/callback"); err != nil {
		t.Fatal(err)
	}
	for client, want := range map[string]string{IMISClientID: "http://127.0.0.1:43210/callback", "events": "https://localhost:5454/imis"} {
		target, _ := b.posted(b.contentItem(client))
		same(t, client, target, want)
	}
	if home := b.page("/"); !strings.Contains(home.body, "http://127.0.0.1:43210/callback") || strings.Contains(home.body, IMISRedirect) {
		t.Errorf("the front page shows another address: %s", home.body)
	}
	same(t, "address", ContentItem("http://127.0.0.1:1/"), "http://127.0.0.1:1/single-sign-on?client_id=simsid")
	if err := newBench(t, Options{}).PostTo("http://127.0.0.1:1/"); err != ErrNotIMIS { //nolint:errorlint // the very value
		t.Errorf("of an STS: %v", err)
	}
}

// Faults are those of the STS, as far as iMIS has what they spoil.
func TestIMISFaults(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		want  []string // parts of the answer
	}{
		{Fault{Kind: FaultStatus, Status: 503}, []string{"An error on demand."}},
		{Fault{Kind: FaultHTML}, []string{"A page where JSON was expected"}},
		{Fault{Kind: FaultRefreshRefused}, []string{`"error":"invalid_grant"`, "error_description"}},
		{Fault{Kind: FaultClockOffset, Duration: time.Hour}, []string{`"expires_in":1199`, `".issued":"Sat, 21 Nov 2026 10:30:00 GMT"`}},
		{Fault{Kind: FaultExpiredToken}, []string{`"expires_in":1199`, `".expires":"Sat, 21 Nov 2026 08:30:00 GMT"`}},
	} {
		b := newAssociation(t, Options{As: "member"})
		_, refresh := b.posted(b.contentItem(IMISClientID))
		if _, err := b.SetFault(c.fault); err != nil {
			t.Fatal(err)
		}
		a := b.atIMIS(imisForm(refresh))
		for _, part := range c.want {
			if !strings.Contains(a.body, part) {
				t.Errorf("%s: %d %s", c.fault.Kind, a.status, a.body)
			}
		}
		if got := b.Faults(); got[0].Met != 1 {
			t.Errorf("%s was met %d times", c.fault.Kind, got[0].Met)
		}
		b.ClearFaults(0)
		if a := b.atIMIS(imisForm(refresh)); (a.status == http.StatusOK) != (c.fault.Kind != FaultRefreshRefused) {
			t.Errorf("after %s: %d %s", c.fault.Kind, a.status, a.body)
		}
	}
	b := newAssociation(t, Options{As: "member"})
	for _, f := range []Fault{{Kind: FaultWrongNonce}, {Kind: FaultUnknownKey}, {Kind: FaultHTML, Endpoint: "jwks"}} {
		if _, err := b.SetFault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
	_, refresh := b.posted(b.contentItem("events"))
	if _, err := b.SetFault(Fault{Kind: FaultDropAfterRotation}); err != nil {
		t.Fatal(err)
	}
	form := imisForm(refresh, "client_id", "events", "client_secret", "events-secret")
	if res, err := b.back.Do(b.request(http.MethodPost, IMISIssuer+"token", form)); err == nil {
		_ = res.Body.Close()
		t.Error("there was an answer")
	}
	b.ClearFaults(0)
	if a := b.atIMIS(form); a.status != http.StatusBadRequest {
		t.Errorf("the old one after a dropped answer: %d", a.status)
	}
}

func TestIMISConfig(t *testing.T) {
	if problems := BuiltinIMIS().Validate(); problems != nil {
		t.Fatal(problems)
	}
	if problems := (&Config{Site: SiteIMIS}).Validate(); problems != nil {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		alter func(*Config)
		want  Problem
	}{
		{func(c *Config) { c.Users[0].Organisations = []MembershipConfig{{Organisation: "x"}} },
			Problem{"users[0]", "has something that a user of iMIS has not: it is a login, a name and a password"}},
		{func(c *Config) { c.Users[1].Login = "MEMBER" }, Problem{"users[1].login", "is there twice"}},
		{func(c *Config) { c.Users[0].Password = token.Secret{} }, Problem{"users[0].password", "is missing"}},
		{func(c *Config) { c.Clients[0].RedirectURIs = nil },
			Problem{"clients[0].redirect_uris", "has 0 addresses, and a client of iMIS has one Login redirect URL"}},
		{func(c *Config) { c.Clients[0].RedirectURIs = []string{"app:x"} },
			Problem{"clients[0].redirect_uris[0]", `is "app:x", and a form can be posted to http and https alone`}},
		{func(c *Config) { c.Clients[0].Secret = token.Secret{} },
			Problem{"clients[0].secret", "is missing: every client of iMIS has one"}},
		{func(c *Config) { c.Clients[0].Faults = []Fault{{Kind: FaultWrongNonce}} },
			Problem{"clients[0].faults[0].kind", `is "wrong-nonce", and can be ` + joined(FaultKindsOf(SiteIMIS)) + " here"}},
	} {
		config := BuiltinIMIS()
		c.alter(config)
		if got := config.Validate(); !slices.Equal(got, []Problem{c.want}) {
			t.Errorf("%v, expected %v", got, c.want)
		}
	}
	if got := Users(SiteIMIS); len(got) != len(sampleMembers()) || got[0] != (User{"member", "Morgan Wright", "sample-member", "Member of the association"}) {
		t.Errorf("members %v", got)
	}
	if len(Users(SiteSTS)) != len(sampleUsers()) {
		t.Error("the STS has other users")
	}
}
