package scenario

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/token"
)

// The annotated file of a site run by iMIS is a scenario, has every key that there is, and the client of simsid itself.
func TestIMISExample(t *testing.T) {
	example := string(Example(emulator.SiteIMIS))
	parse := func(text string) *Scenario {
		t.Helper()
		s, err := Parse("imis.toml", []byte(text), *emulator.BuiltinIMIS())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	got := parse(example)
	if got.Port != 8455 || len(got.Config.Users) != 2 || got.Config.Site != emulator.SiteIMIS {
		t.Errorf("got %+v", got)
	}
	own := emulator.IMISClient()
	want := []emulator.ClientConfig{
		{ID: own.ID, Secret: own.Secret, RedirectURIs: []string{own.RedirectURI}, RefreshReusable: true},
		{ID: "events", Name: "Events", Secret: token.NewSecret("change-me"), RedirectURIs: []string{"https://localhost:5454/imis"},
			AccessLifetime: 20 * time.Minute, RefreshAbsolute: 48 * time.Hour},
	}
	if !reflect.DeepEqual(got.Config.Clients, want) {
		t.Errorf("clients %+v, expected %+v", got.Config.Clients, want)
	}
	full := regexp.MustCompile(`(?m)^# ((\[\[|[a-z_]+ = ).*)$`).ReplaceAllString(example, "$1")
	whole := parse(strings.Replace(full, "disabled = true", "disabled = false", 1))
	if len(whole.Faults) != 2 || whole.As != "member" {
		t.Errorf("got %+v", whole)
	}
	strange := &table{entries: []*entry{{key: "no such key"}}}
	r := &reader{site: emulator.SiteIMIS}
	used := keysOf(t, full)
	for _, fault := range []*Error{
		r.scenario(strange, &Scenario{}), r.member(strange, &emulator.UserConfig{}), r.memberClient(strange, &emulator.ClientConfig{}),
		r.fault(strange, &emulator.Fault{}),
	} {
		for _, key := range fault.Known {
			if !slices.Contains(used, key) {
				t.Errorf("the key %s isn't in the annotated file", key)
			}
		}
	}
}

// What iMIS has not is an unknown key, told with its line.
func TestIMISRefusals(t *testing.T) {
	const client = "[[client]]\nid = \"a\"\nsecret = \"s\"\nredirect_uris = [\"http://127.0.0.1:1/\"]\n"
	for text, want := range map[string]string{
		"rules = \"live\"\n":                                              "imis.toml:1: ",
		"[[organisation]]\nid = \"x\"\n":                                  "imis.toml:1: ",
		"[[user]]\nlogin = \"a\"\norganisations = []\n":                   "imis.toml:3: ",
		client + "flow = \"Hybrid\"\n":                                    "imis.toml:5: ",
		strings.Replace(client, "\"]", "\", \"http://127.0.0.1:2/\"]", 1): "imis.toml:4: redirect_uris has 2 addresses",
		client + "[[client.fault]]\nkind = \"wrong-nonce\"\n":             "imis.toml:6: ",
		"[[fault]]\nkind = \"html\"\nendpoint = \"jwks\"\n":               "imis.toml:3: ",
		"as = \"head\"\n":                                                 "imis.toml:1: there is no user \"head\"",
	} {
		if _, err := Parse("imis.toml", []byte(text), *emulator.BuiltinIMIS()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, expected %s", text, err, want)
		}
	}
}
