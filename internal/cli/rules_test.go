package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
)

// sharing is a session of profile "here" of the file.
func sharing(t *testing.T, file string) *session {
	t.Helper()
	name := t.TempDir() + "/config.toml"
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{env: Env{Getenv: noEnvironment, Stderr: &bytes.Buffer{}, Now: time.Now, Location: func() *time.Location { return time.UTC }}}
	p, err := config.Resolve(a.layers(f, "here", nil, noEnvironment))
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := provider.LookupKind(p.Kind)
	return &session{app: a, file: f, profile: p, kind: kind}
}

// TestMixUp: a redirect URI at two providers is refused where nothing in the answer says whose it is.
func TestMixUp(t *testing.T) {
	const here = "[profile.here]\nkind = \"oidc\"\nissuer = \"https://a.example\"\nclient_id = \"x\"\n"
	const there = "[profile.there]\nkind = \"oidc\"\nclient_id = \"y\"\n"
	for _, c := range []struct {
		name, file   string
		metadata     provider.Metadata
		responseType string
		force        bool
		refused      bool
	}{
		{name: "alone", file: here},
		{name: "the kind's own URI at two providers", file: here + there + "issuer = \"https://b.example\"\n", refused: true},
		{name: "forced, which doesn't touch what keeps a login safe", file: here + there + "issuer = \"https://b.example\"\n", force: true, refused: true},
		{name: "the answer names its issuer", file: here + there + "issuer = \"https://b.example\"\n", metadata: provider.Metadata{IssParameter: true}},
		{name: "an ID token beside the code", file: here + there + "issuer = \"https://b.example\"\n", responseType: "code id_token"},
		{name: "a token beside the code", file: here + there + "issuer = \"https://b.example\"\n", responseType: "code token", refused: true},
		{name: "another client of the provider", file: here + there + "issuer = \"https://a.example/\"\n"},
		{name: "another path", file: here + there + "issuer = \"https://b.example\"\nredirect_uri = \"http://127.0.0.1:8400/callback/there\"\n"},
		{name: "another host", file: here + there + "issuer = \"https://b.example\"\nredirect_uri = \"http://localhost:8400/callback\"\n"},
		{name: "another port, which doesn't count on loopback", file: here + there + "issuer = \"https://b.example\"\nredirect_uri = \"http://127.0.0.1:0/callback\"\n", refused: true},
		{name: "an emulator", file: here + "[profile.there]\nkind = \"emulator\"\nredirect_uri = \"http://127.0.0.1:8400/callback\"\n"},
		{name: "a flow without a redirect", file: here + there + "issuer = \"https://b.example\"\nflow = \"DeviceCode\"\n"},
		{name: "https, another port", file: here + "redirect_uri = \"https://localhost:5454/\"\n" + there + "issuer = \"https://b.example\"\nredirect_uri = \"https://localhost:5455/\"\n"},
		{name: "https, an empty path", file: here + "redirect_uri = \"https://localhost:5454/\"\n" + there + "issuer = \"https://b.example\"\nredirect_uri = \"https://localhost:5454\"\n", refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sharing(t, c.file)
			s.forced = c.force
			err := s.checkMixUp(flow.LoginRequest{Provider: &provider.Provider{Metadata: c.metadata}, ResponseType: c.responseType})
			if (err != nil) != c.refused {
				t.Errorf("got %v", err)
			}
			if err != nil && explain(err).Code != exitUsage {
				t.Errorf("got %+v", explain(err))
			}
		})
	}
}

// TestSameRedirect: what differs in spelling alone is one redirect URI, by which two providers could be mixed up.
func TestSameRedirect(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://app.example/cb", "https://app.example:443/cb", true},
		{"https://app.example/cb", "https://app.example:0443/cb", true},
		{"https://app.example/cb", "HTTPS://APP.Example/cb", true},
		{"https://app.example/cb", "https://app.example./cb", true},
		{"https://app.example/cb", "https://app.example/%63b", true},
		{"https://app.example/cb", "https://app.example/cb?x=1", true},
		{"https://app.example", "https://app.example/", true},
		{"https://app.example/cb", "https://app.example:8443/cb", false},
		{"https://app.example:8443/cb", "https://app.example:443/cb", false},
		{"https://app.example/cb", "https://app.example/CB", false},
		{"https://app.example/cb", "https://app.example/cb/", false},
		{"https://app.example/cb", "https://other.example/cb", false},
		{"https://app.example/cb", "http://app.example/cb", false},
		{"https://localhost:5454/", "https://localhost:0", true},
		{"https://localhost:5454/", "https://localhost:5455", false},
		{"http://127.0.0.1:8400/cb", "http://127.0.0.1/cb", true},
		{"http://127.0.0.1/cb", "http://localhost/cb", false}, // a browser names the host, and the listener takes its own alone
		{"https://[::1]:1/cb", "https://[0:0:0:0:0:0:0:1]:1/cb", true},
		{"https://127.0.0.1:1/cb", "https://[::ffff:127.0.0.1]:1/cb", true},
		{"com.example.app:/cb", "com.example.app:///cb", true},
		{"com.example.app:cb", "com.example.app:%63b", true},
		{"com.example.app:cb", "com.example.app:/other", false},
		{"com.example.app:cb", "com.example.app:other", false},
		{"", "", false},
		{"https://app.example/cb", "", false},
		{"", "https://app.example/cb", false},
		{"https://app.example/%zz", "https://app.example/%zz", false},
	} {
		if sameRedirect(c.a, c.b) != c.want || sameRedirect(c.b, c.a) != c.want {
			t.Errorf("%q and %q: expected %t", c.a, c.b, c.want)
		}
	}
}

// TestOwnPathDiffers: the way out of a mix-up is another address, whatever kind of address it is.
func TestOwnPathDiffers(t *testing.T) {
	for uri, want := range map[string]string{
		"https://localhost:5454/": "https://localhost:5454/school", "https://app.example/cb?x=1": "https://app.example/cb/school?x=1",
		"com.example.app:cb": "com.example.app:cb/school", "com.example.app:/cb": "com.example.app:/cb/school",
	} {
		if got := ownPath(uri, "school"); got != want || sameRedirect(got, uri) {
			t.Errorf("%q became %q, expected %q", uri, got, want)
		}
	}
}

// TestOwnPath gives a new profile a redirect URI of its own where the kind's is taken at another provider.
func TestOwnPath(t *testing.T) {
	const there = "[profile.there]\nkind = \"oidc\"\nclient_id = \"y\"\nissuer = \"https://b.example\"\n"
	s := sharing(t, "[profile.here]\nkind = \"oidc\"\nissuer = \"https://a.example\"\nclient_id = \"x\"\n"+there)
	d := draft{name: "here", values: map[string][]string{}}
	s.giveOwnPath(s.file, &d)
	if got := strings.Join(d.values["redirect_uri"], ""); got != "http://127.0.0.1:8400/callback/here" {
		t.Errorf("got %q", got)
	}
	d.values["redirect_uri"] = []string{"http://127.0.0.1:8400/callback"}
	s.giveOwnPath(s.file, &d)
	if got := strings.Join(d.values["redirect_uri"], ""); got != "http://127.0.0.1:8400/callback" {
		t.Errorf("one that was given became %q", got)
	}
}
