package emulator

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

const (
	appSecret  = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of RFC 6238's test vectors
	passphrase = "Grüße aus Oakfield"
)

// school is a configuration with everything that a user can meet.
func school() *Config {
	on := true
	c := Builtin()
	c.Providers = append(c.Providers, ProviderConfig{Name: "council"})
	c.Users = append(c.Users,
		UserConfig{
			Login: "careful", Name: "Careful Carys", Password: token.NewSecret("sample-careful"), About: "With an authenticator app",
			Factor:        Factor{Kind: FactorTOTP, TOTP: token.NewSecret(appSecret)},
			Organisations: []MembershipConfig{{Organisation: "9994001"}, {Organisation: "9998003"}},
		},
		UserConfig{
			Login: "wordy", Name: "Wordy Wyn", Password: token.NewSecret("sample-wordy"), About: "With a passphrase",
			Factor:        Factor{Kind: FactorPassphrase, Passphrase: token.NewSecret(passphrase)},
			Organisations: []MembershipConfig{{Organisation: "9994001"}},
		})
	app := func(id string, alter func(*ClientConfig)) {
		made := ClientConfig{
			ID: id, Name: "The " + id, Secret: token.NewSecret(otherSecret), Flow: FlowCode,
			RedirectURIs:           []string{"https://" + id + ".example/callback"},
			PostLogoutRedirectURIs: []string{"https://" + id + ".example/out"},
			Scopes:                 []string{"openid", "profile", "roles", "partner", singleOrganisation, offlineAccess},
		}
		if alter != nil {
			alter(&made)
		}
		c.Clients = append(c.Clients, made)
	}
	app("plain", nil)
	app("asking", func(c *ClientConfig) { c.RequireConsent = &on })
	app("remembering", func(c *ClientConfig) { c.RequireConsent, c.RememberConsent = &on, true })
	app("recalling", func(c *ClientConfig) { c.RequireConsent, c.RememberConsent = &on, true })
	app("elsewhere", func(c *ClientConfig) { c.Providers = []string{"council"} })
	app("either", func(c *ClientConfig) { c.Providers = []string{"external", PasswordProvider} })
	app("both", func(c *ClientConfig) { c.Providers = []string{"external", "council"} })
	app("prompting", func(c *ClientConfig) { c.RequireSignOutPrompt = true })
	app("framed", func(c *ClientConfig) { c.LogoutURI = "https://framed.example/out?x=1"; c.LogoutSessionRequired = true })
	app("heard", func(c *ClientConfig) { c.LogoutURI = "https://heard.example/out" })
	return c
}

// of is a request of one of the school's clients.
func of(id string, alter ...string) url.Values {
	return altered(url.Values{
		"client_id": {id}, "redirect_uri": {"https://" + id + ".example/callback"}, "response_type": {"code"},
		"scope": {"openid profile"}, "state": {"x"},
	}, alter)
}

func newSchool(t *testing.T) *bench {
	t.Helper()
	return newBench(t, Options{Config: school()})
}

// redeem exchanges the code that a client of the school was sent.
func (b *bench) redeem(id string, a answer) tokens {
	b.Helper()
	return b.tokens(b.post("connect/token", tokenForm("client_id", id, "client_secret", otherSecret, "code_verifier", "-",
		"redirect_uri", "https://"+id+".example/callback", "code", b.landed(a).Get("code"))))
}

// page visits an address in the browser.
func (b *bench) page(path string) answer {
	b.Helper()
	return b.do(b.browser, b.request(http.MethodGet, b.base+path, nil))
}

// anotherBrowser gives the bench a browser without cookies.
func (b *bench) anotherBrowser() {
	b.Helper()
	web := httptest.NewServer(b.Handler())
	b.Cleanup(web.Close)
	b.base, b.browser = web.URL, newBrowser(b.T, web)
}
