package hostile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/cli"
)

// user is somebody with a home of their own, who signs in to one provider.
type user struct {
	t    *testing.T
	p    *provider
	home string
}

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

func newUser(t *testing.T, p *provider) *user {
	t.Helper()
	u := &user{t: t, p: p, home: t.TempDir()}
	if r := u.run("store", "keygen", filepath.Join(u.home, "key.txt")); r.code != 0 {
		t.Fatal(r.stderr)
	}
	u.configure(`scopes = ["openid", "offline_access"]`)
	return u
}

// configure writes the profile, with these lines of its own.
func (u *user) configure(lines ...string) {
	u.t.Helper()
	config := "default = \"hostile\"\n[profile.hostile]\nkind = \"oidc\"\nissuer = \"" + u.p.URL + "\"\nclient_id = \"" + clientID +
		"\"\nredirect_uri = \"http://127.0.0.1:0/callback\"\nstore = \"file\"\n" + strings.Join(lines, "\n") + "\n"
	if err := os.MkdirAll(filepath.Join(u.home, "config"), 0o700); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(u.home, "config", "config.toml"), []byte(config), 0o600); err != nil {
		u.t.Fatal(err)
	}
}

// run runs a command in this process, as main would.
func (u *user) run(args ...string) ran {
	u.t.Helper()
	var stdout, stderr bytes.Buffer
	at := func(folder string) func() (string, error) {
		return func() (string, error) { return filepath.Join(u.home, folder), nil }
	}
	variables := map[string]string{
		"SIMSID_STORE_KEY_FILE": filepath.Join(u.home, "key.txt"), "SIMSID_CLIENT_SECRET": clientSecret, "HOME": u.home,
		"BROWSER": "browse", // this one
	}
	code := cli.Main(u.t.Context(), cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Width: func() int { return 80 }, Getenv: func(name string) string { return variables[name] },
		ConfigDir: at("config"), StateDir: at("state"), ReadFile: os.ReadFile,
		Now: u.p.clock.Now, After: u.p.clock.After, Location: func() *time.Location { return time.UTC }, Rand: rand.Reader,
		CanOpenBrowser: func() bool { return true }, OpenBrowser: u.browse,
		Interruptible: func(ctx context.Context) context.Context { return ctx },
		PID:           1,
	})
	return ran{code, stdout.String(), stderr.String()}
}

// browse is the user's browser. When it is done, the user's patience is.
func (u *user) browse(ctx context.Context, address string) error {
	defer u.p.clock.expire()
	b := browser{t: u.t, ctx: ctx}
	resp, _ := b.send(http.MethodGet, address, nil, nil)
	if u.p.visit != nil {
		u.p.mu.Lock()
		request := u.p.asked
		u.p.mu.Unlock()
		u.p.visit(b, u.p, request)
		return nil
	}
	location, err := resp.Location()
	if err != nil {
		return nil // a page that leads nowhere: the user looks at it
	}
	b.follow(location)
	return nil
}

// browser makes a browser's requests.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // of the one visit
}

// send sends one request and reads its answer.
func (b browser) send(method, address string, form url.Values, header http.Header) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		if name == "Host" {
			req.Host = values[0]
		} else {
			req.Header[name] = values
		}
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return &http.Response{Header: http.Header{}, Request: req}, "" // the login was ended first
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp, string(body)
}

// follow goes to the listener, and from there to its landing page. What is behind the # it posts as the page's script would.
func (b browser) follow(to *url.URL) {
	b.t.Helper()
	fragment := to.EscapedFragment()
	resp, body := b.send(http.MethodGet, to.String(), nil, nil)
	if fragment != "" {
		resp, _ = b.send(http.MethodPost, relay(to, body), url.Values{"fragment": {fragment}}, nil)
	}
	if landing, err := resp.Location(); err == nil {
		b.send(http.MethodGet, landing.String(), nil, nil)
	}
}

// relay is where the page for a fragment posts to.
func relay(page *url.URL, body string) string {
	_, rest, _ := strings.Cut(body, ` action="`)
	path, _, _ := strings.Cut(rest, `"`)
	return page.ResolveReference(&url.URL{Path: path}).String()
}

// said is the line of an error, with what differs from run to run taken out.
func (u *user) said(r ran) string {
	for line := range strings.Lines(r.stderr) {
		if text, ok := strings.CutPrefix(line, "error: "); ok {
			return u.plain(strings.TrimSuffix(text, "\n"))
		}
	}
	return ""
}

func (u *user) plain(text string) string {
	host := func(address string) string { return strings.TrimPrefix(address, "http://") }
	text = strings.NewReplacer(
		u.p.URL, "ISSUER", u.p.elsewhere.URL, "ELSEWHERE", host(u.p.URL), "HOST", host(u.p.elsewhere.URL), "OTHERHOST",
	).Replace(text)
	if before, after, ok := strings.Cut(text, "http://127.0.0.1:"); ok {
		after = strings.TrimLeft(after, "0123456789")
		text = before + "http://127.0.0.1:PORT" + after
	}
	return text
}

// kept are the files below the state folder, and of each how much is in it.
func (u *user) kept() []string {
	u.t.Helper()
	var names []string
	root := filepath.Join(u.home, "state")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // there is no state folder yet
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if info.Size() > 0 {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		u.t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// holds reports which of the secrets stand in a file of the home, as they are.
func (u *user) holds(secrets ...string) []string {
	u.t.Helper()
	var found []string
	err := filepath.WalkDir(u.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(b, []byte(s)) {
				found = append(found, filepath.Base(path)+": "+s)
			}
		}
		return err
	})
	if err != nil {
		u.t.Fatal(err)
	}
	return found
}
