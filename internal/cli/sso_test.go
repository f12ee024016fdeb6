package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/simsid/simsid/internal/emulator"
)

// signOnPlace is an STS with several applications, a browser that a user sits at, and a clock of its own.
type signOnPlace struct {
	t       *testing.T
	issuer  string
	folder  string
	clock   atomic.Int64 // seconds
	jar     http.CookieJar
	forgets bool // the browser is another one each time
	visits  int
	ignores atomic.Bool // the STS never hears of max_age
	refuses atomic.Bool // it can't read what reports asks
}

func newSignOnPlace(t *testing.T) *signOnPlace {
	t.Helper()
	p := &signOnPlace{t: t, folder: t.TempDir()}
	p.clock.Store(time.Now().Unix())
	config := emulator.Builtin()
	for _, id := range []string{"portal", "reports", "asks"} {
		c := emulator.Builtin().Clients[0]
		c.ID, c.Name = id, id
		if id == "asks" {
			yes := true
			c.RequireConsent = &yes
		}
		config.Clients = append(config.Clients, c)
	}
	var sts *emulator.Server
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); p.ignores.Load() && q.Has("max_age") {
			q.Del("max_age")
			r.URL.RawQuery = q.Encode()
		}
		if q := r.URL.Query(); p.refuses.Load() && q.Get("client_id") == "reports" {
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"error": {"invalid_request"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
			return
		}
		sts.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.issuer = server.URL + "/"
	var err error
	if sts, err = emulator.New(emulator.Options{Issuer: p.issuer, Now: p.now, Rand: rand.Reader, Config: config}); err != nil {
		t.Fatal(err)
	}
	p.newBrowser()
	var file strings.Builder
	for name, more := range map[string]string{
		"portal": "", "reports": "", "asks": "", "level": `acr_values = ["idp:external"]`, "fresh": `max_age = "60"`, "prompt": `prompt = "login"`,
	} {
		client := name
		if more != "" {
			client = "reports"
		}
		fmt.Fprintf(&file, "[profile.%s]\nkind = \"emulator\"\nissuer = %q\nclient_id = %q\nredirect_uri = \"http://127.0.0.1:0/callback\"\nscopes = [\"openid\", \"profile\"]\n%s\n\n", name, p.issuer, client, more)
	}
	file.WriteString("[profile.elsewhere]\nkind = \"oidc\"\nissuer = \"https://id.example.com\"\nclient_id = \"x\"\n\n" +
		"[profile.machine]\nkind = \"emulator\"\nissuer = \"" + p.issuer + "\"\nclient_id = \"m\"\nflow = \"ClientCredentials\"\nscopes = [\"partner-read\"]\n")
	if err := os.WriteFile(filepath.Join(p.folder, "config.toml"), []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *signOnPlace) now() time.Time { return time.Unix(p.clock.Load(), 0) }

func (p *signOnPlace) newBrowser() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.jar = jar
}

// open is the browser: it goes where it is sent, and its user signs in as the head where a page asks.
func (p *signOnPlace) open(ctx context.Context, address string) error {
	if p.visits++; p.forgets && p.visits > 1 {
		p.newBrowser()
	}
	client := &http.Client{Jar: p.jar, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	for range 5 {
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		page, err := html.Parse(io.LimitReader(resp.Body, 1<<20))
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		action, values := postForm(page)
		if resp.Request.URL.Path != "/login" || action == "" {
			return nil
		}
		values.Set("choose", "head")
		to, err := resp.Request.URL.Parse(action)
		if err != nil {
			return err
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(values.Encode())); err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", strings.TrimSuffix(p.issuer, "/"))
	}
	return nil
}

// postForm is the first form of a page that is posted, with its hidden values.
func postForm(page *html.Node) (action string, values url.Values) {
	values = url.Values{}
	for n := range page.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		switch {
		case n.Data == "form" && at["method"] == "post" && action == "":
			action = at["action"]
		case n.Data == "input" && at["type"] == "hidden" && action != "" && !values.Has(at["name"]):
			values.Set(at["name"], at["value"])
		}
	}
	return action, values
}

// run runs a command at this place.
func (p *signOnPlace) run(args ...string) (code int, out, errs string) {
	p.t.Helper()
	p.visits = 0
	var stdout, stderr bytes.Buffer
	code = Main(p.t.Context(), Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, StderrTTY: true,
		Width: func() int { return 0 },
		Getenv: func(name string) string {
			if name == clientSecretVariable {
				return emulator.BuiltinClient().Secret.Reveal()
			}
			return ""
		},
		ConfigDir: func() (string, error) { return p.folder, nil }, StateDir: func() (string, error) { return filepath.Join(p.folder, "state"), nil },
		ReadFile: os.ReadFile, Environ: func() []string { return nil }, Now: p.now, After: time.After, Location: func() *time.Location { return time.UTC }, Rand: rand.Reader,
		CanOpenBrowser: func() bool { return true }, OpenBrowser: p.open,
		Interruptible: func(ctx context.Context) context.Context { return ctx },
	})
	return code, stdout.String(), stderr.String()
}

// concluded is what sso answers to a program.
type concluded struct {
	Outcome, Refusal string
	Interactive      bool
	Anew             bool `json:"signed_in_anew"`
	Conditions       []struct{ Name, Holds string }
}

func (c concluded) words() string {
	words := []string{c.Outcome}
	for _, one := range c.Conditions {
		words = append(words, one.Name+" "+one.Holds)
	}
	return strings.Join(words, ", ")
}

// TestSSO has two applications share a sign-on, and not share it for each of the reasons, and each time the reason is told.
func TestSSO(t *testing.T) {
	p := newSignOnPlace(t)
	for _, c := range []struct {
		name, second string
		args         []string
		ignores      bool // the provider doesn't look at max_age
		forgets      bool // B is asked for in another browser
		later        time.Duration
		code         int
		want         string
		refusal      string
		anew         bool
	}{
		{name: "shared", second: "reports", want: "shared, level yes, session yes, age yes, prompt yes"},
		{name: "another level", second: "level", code: exitNo, refusal: "login_required", want: "not shared, level no, session unknown, age yes, prompt yes"},
		{name: "another browser", second: "reports", forgets: true, code: exitNo, refusal: "login_required", want: "not shared, level yes, session no, age yes, prompt yes"},
		{name: "fresh enough", second: "fresh", later: 0, want: "shared, level yes, session yes, age yes, prompt yes"},
		{name: "too old", second: "fresh", later: 10 * time.Minute, code: exitNo, refusal: "login_required", want: "not shared, level yes, session unknown, age no, prompt yes"},
		{name: "too old, and then with pages", second: "fresh", args: []string{"--interactive"}, code: exitNo, refusal: "login_required",
			want: "not shared, level yes, session unknown, age no, prompt yes", anew: true},
		{name: "a provider that ignores max_age", second: "fresh", ignores: true, later: 10 * time.Minute, code: exitNo,
			want: "not shared, level yes, session yes, age no, prompt yes"},
		{name: "a prompt", second: "prompt", code: exitNo, want: "not shared, level yes, session yes, age yes, prompt no"},
		{name: "a consent", second: "asks", code: exitNo, refusal: "interaction_required", want: "interaction required, level yes, session yes, age yes, prompt yes"},
		{name: "with itself", second: "portal", want: "shared, level yes, session yes, age yes, prompt yes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.clock.Add(int64(c.later / time.Second))
			p.forgets = c.forgets
			p.ignores.Store(c.ignores)
			code, out, errs := p.run(append([]string{"sso", "portal", c.second, "-o", "json"}, c.args...)...)
			var got concluded
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
			}
			if code != c.code || got.words() != c.want || got.Refusal != c.refusal || got.Anew != c.anew || got.Interactive != (len(c.args) > 0) {
				t.Errorf("exit %d, %s, %+v\n%s", code, got.words(), got, errs)
			}
		})
	}
	_, out, _ := p.run("sso", "portal", "reports")
	if !strings.Contains(out, "Shared: reports is signed in without a prompt once portal is") {
		t.Errorf("for people: %s", out)
	}
	if _, err := os.Stat(filepath.Join(p.folder, "state", "store")); !os.IsNotExist(err) {
		t.Errorf("something was stored: %v", err)
	}
	if code, out, _ := p.run("status", "-o", "json"); code != exitDone || strings.Contains(out, `"signed in"`) {
		t.Errorf("a login was kept: %s", out)
	}
}

// TestSSORefuses says before any page is shown what can't be compared.
// TestSSONamesWhoFailed: an error that is no condition of a sign-on is one of an application's, and login is no way on.
func TestSSONamesWhoFailed(t *testing.T) {
	p := newSignOnPlace(t)
	p.refuses.Store(true)
	for which, args := range map[string][]string{"the second": {"sso", "portal", "reports"}, "the first": {"sso", "reports", "portal"}} {
		code, out, errs := p.run(args...)
		if code != exitFailed || out != "" || !strings.Contains(errs, "the sign-in with reports: ") || !strings.Contains(errs, "invalid_request") ||
			!strings.Contains(errs, "simsid profile show reports") || strings.Contains(errs, "simsid login") {
			t.Errorf("%s fails: exit %d, %s%s", which, code, out, errs)
		}
	}
}

func TestSSORefuses(t *testing.T) {
	p := newSignOnPlace(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"sso", "portal"}, exitUsage, "needs two profiles"},
		{[]string{"sso", "portal", "nobody"}, exitUsage, "nobody"},
		{[]string{"sso", "portal", "elsewhere"}, exitUsage, "share no sign-on"},
		{[]string{"sso", "portal", "machine"}, exitUsage, "visits no page"},
		{[]string{"sso", "portal", "reports", "--no-input"}, exitLogin, "run it where there is one: simsid sso portal reports\n"},
		{[]string{"sso", "portal", "reports", "--no-input"}, exitLogin, "simsid sso portal reports --no-browser"},
		{[]string{"sso", "portal", "reports", "-p", "x"}, exitUsage, "--profile has no meaning here"},
	} {
		if code, out, errs := p.run(c.args...); code != c.code || !strings.Contains(errs, c.want) || out != "" || p.visits > 0 {
			t.Errorf("%q: exit %d, %d visits, %s%s", c.args, code, p.visits, out, errs)
		}
	}
}
