package cli

import (
	"testing"

	"github.com/simsid/simsid/internal/tokenstore"
)

// What a hint has to be typed is a line for the user's shell, and keeps what a list of hosts holds.
func TestTyped(t *testing.T) {
	for _, test := range []struct {
		platform  string
		env       map[string]string
		hint, got string
	}{
		{"linux/amd64", nil, "none for this host: export NO_PROXY=sts.example.com", "none for this host: export NO_PROXY=sts.example.com"},
		{"linux/amd64", map[string]string{"NO_PROXY": "a.example"}, "none for this host: export NO_PROXY=sts.example.com", `none for this host: export NO_PROXY="$NO_PROXY,sts.example.com"`},
		{"linux/amd64", map[string]string{"no_proxy": "a.example"}, "none for this host: export NO_PROXY=sts.example.com", `none for this host: export no_proxy="$no_proxy,sts.example.com"`},
		{"linux/amd64", map[string]string{"NO_PROXY": "a.example"}, "export NO_PROXY='a b'", `export NO_PROXY="$NO_PROXY",'a b'`},
		{"linux/amd64", map[string]string{"https_proxy": "p"}, "give them: export HTTPS_PROXY=http://USER:PASSWORD@p:1", "give them: export https_proxy=http://USER:PASSWORD@p:1"},
		{"linux/amd64", map[string]string{"HTTPS_PROXY": "p"}, "give them: export HTTPS_PROXY=http://USER:PASSWORD@p:1", "give them: export HTTPS_PROXY=http://USER:PASSWORD@p:1"},
		{"linux/amd64", nil, "or take it away: unset HTTPS_PROXY", "or take it away: unset HTTPS_PROXY"},
		{"linux/amd64", nil, "export SIMSID_ISSUER=https://a/ SIMSID_CLIENT_ID='a b'; unset SIMSID_FLOW", "export SIMSID_ISSUER=https://a/ SIMSID_CLIENT_ID='a b'; unset SIMSID_FLOW"},
		{"linux/amd64", nil, "your bus: export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus", "your bus: export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus"},
		{"linux/amd64", nil, "export it from there", "export it from there"},
		{"windows/amd64", map[string]string{"NO_PROXY": "a.example"}, "none for this host: export NO_PROXY=sts.example.com", "none for this host: $env:NO_PROXY += ',sts.example.com'"},
		{"windows/amd64", nil, "none for this host: export NO_PROXY=sts.example.com", "none for this host: $env:NO_PROXY = 'sts.example.com'"},
		{"windows/amd64", nil, "give it one: export SIMSID_STORE=file SIMSID_STATE_DIR=FOLDER", "give it one: $env:SIMSID_STORE = 'file'; $env:SIMSID_STATE_DIR = 'FOLDER'"},
		{"windows/amd64", nil, "export SIMSID_API_BASE='https://a/ https://b/'", "$env:SIMSID_API_BASE = 'https://a/ https://b/'"},
		{"windows/amd64", nil, "or take it away: unset HTTPS_PROXY", "or take it away: Remove-Item Env:HTTPS_PROXY"},
		{"windows/amd64", nil, "to use it: unset SIMSID_CLIENT_ID SIMSID_ISSUER", "to use it: Remove-Item Env:SIMSID_CLIENT_ID, Env:SIMSID_ISSUER"},
		{"windows/amd64", nil, "no word of it", "no word of it"},
	} {
		a := &app{env: Env{Getenv: func(name string) string { return test.env[name] }, Platform: test.platform}}
		if got := a.typed([]string{test.hint}); len(got) != 1 || got[0] != test.got {
			t.Errorf("%q on %s\ngot  %q\nwant %q", test.hint, test.platform, got, test.got)
		}
	}
}

// Of a profile that variables make, what puts it back is typed too.
func TestPutBackByVariables(t *testing.T) {
	kept, now := tokenstore.Binding{Issuer: "https://a.example/", ClientID: "a"}, tokenstore.Binding{Issuer: "https://b.example/", ClientID: "b"}
	if got, want := putBack("env", kept, now), "export SIMSID_ISSUER=https://a.example/ SIMSID_CLIENT_ID=a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
