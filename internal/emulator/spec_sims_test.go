package emulator

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestSIMSIDAddressesAndRules(t *testing.T) {
	rules := func(b *bench, r Rules, alter func(*ClientConfig)) {
		b.config.Rules = r
		alter(b.lookupClient("code"))
	}
	redirects := func(uris ...string) func(*ClientConfig) {
		return func(c *ClientConfig) { c.RedirectURIs = append(c.RedirectURIs, uris...) }
	}
	hold(t, "addresses and rules", []behaviour{
		{"the issuer ends in a slash, the audience of access tokens is its resources", func(b *bench) {
			got := b.whole("code")
			b.equal("iss, aud", []any{b.claims(got.Access)["iss"], b.claims(got.Access)["aud"], b.claims(got.ID)["aud"]},
				[]any{Issuer, Issuer + "resources", "code"})
		}},
		{"endpoints under the base", func(b *bench) {
			text := b.get(".well-known/openid-configuration").body
			for _, path := range []string{".well-known/jwks", "connect/authorize", "connect/token", "connect/userinfo", "connect/introspect", "connect/revocation", "connect/endsession"} {
				if !strings.Contains(text, `"`+Issuer+path+`"`) {
					b.Errorf("no %s in %s", path, text)
				}
			}
		}},
		{"an issuer without its slash is written so, and addresses are built with it", func(b *bench) {
			o := newBench(b.T, Options{Issuer: strings.TrimSuffix(Issuer, "/"), As: "head"})
			text := o.get(".well-known/openid-configuration").body
			b.equal("issuer", claimOf(b.T, text, "issuer")+claimOf(b.T, text, "token_endpoint"),
				`"https://emulator.simsid.invalid""https://emulator.simsid.invalid/connect/token"`)
			b.equal("audience", o.claims(o.login("head").Access)["aud"], Issuer+"resources")
		}},
		{"a sandbox refuses redirect URIs that aren't HTTPS; localhost may be", func(b *bench) {
			rules(b, RulesSandbox, redirects("http://localhost:5454/", "https://localhost:5454/", "com.example.app:/callback"))
			b.onPage(b.ask("code", "redirect_uri", "http://localhost:5454/"))
			b.onPage(b.ask("code", "redirect_uri", "com.example.app:/callback"))
			b.equal("https elsewhere", b.ask("code").where, "?")
			b.equal("https here", b.authorize(b.browser, otherQuery("client_id", "code", "redirect_uri", "https://localhost:5454/",
				"scope", "openid")).status, http.StatusFound)
		}},
		{"live refuses localhost ones too", func(b *bench) {
			for _, uri := range []string{
				"https://localhost:5454/", "https://LOCALHOST/", "https://127.0.0.1:5454/", "https://[::1]:5454/", "https://app.localhost/",
				"https://127.8.9.1/", "http://app.example/",
			} {
				rules(b, RulesLive, redirects(uri))
				b.onPage(b.ask("code", "redirect_uri", uri))
			}
			rules(b, RulesLive, func(c *ClientConfig) { no := false; c.RequireConsent = &no })
			b.equal("elsewhere", b.ask("code").where, "?")
		}},
		{"no rules of its own: anything that is registered", func(b *bench) {
			rules(b, RulesLocal, redirects("http://localhost:5454/"))
			b.equal("status", b.authorize(b.browser, otherQuery("client_id", "code", "redirect_uri", "http://localhost:5454/",
				"scope", "openid")).status, http.StatusFound)
		}},
		{"consent is off in the sandbox and on in live", func(b *bench) {
			b.as.Store(nil)
			for r, want := range map[Rules]string{RulesSandbox: "?", RulesLive: "sign-in"} {
				b.config.Rules = r
				page := b.submit(b.ask("code", "prompt", "login").answer, "username", "head", "password", "sample-head")
				b.equal(string(r), b.reply(page).where, want)
			}
		}},
		{"with consent on, offline_access brings the page back at every login", func(b *bench) {
			b.as.Store(nil)
			b.lookupClient("consent").RememberConsent = true
			page := b.submit(b.ask("consent", "scope", "openid offline_access").answer, "username", "head", "password", "sample-head")
			for range 2 {
				b.equal("page", page.at, "/consent")
				b.equal("allowed", b.reply(b.submit(page, "answer", "allow", "remember", "yes", "scope", "offline_access")).where, "?")
				page = b.ask("consent", "scope", "openid offline_access").answer
			}
			b.equal("again", page.at, "/consent")
		}},
	})
}

func TestSIMSIDScopesAndClaims(t *testing.T) {
	access := func(b *bench, login, scope string) map[string]any {
		b.Helper()
		if err := b.SignInAs(login); err != nil {
			b.Fatal(err)
		}
		return b.claims(b.whole("code", "scope", scope).Access)
	}
	hold(t, "scopes and claims", []behaviour{
		{"the scopes of users and of clients", func(b *bench) {
			r := b.ask("code", "scope", "openid profile roles partner "+singleOrganisation+" offline_access")
			b.equal("granted", b.claims(b.tokens(b.exchange("code", r.values.Get("code"))).Access)["scope"],
				[]any{"openid", "profile", "roles", "partner", singleOrganisation, "offline_access"})
			for _, scope := range []string{"partner-read", "partner-write", "partnerserverapplication", "simsserverapplication", "rapapi"} {
				a := b.post("connect/token", clientForm("machine", "grant_type", "client_credentials", "scope", scope))
				b.equal(scope, b.claims(b.tokens(a).Access)["scope"], scope)
			}
		}},
		{"the two application scopes are mutually exclusive", func(b *bench) {
			b.told(b.ask("code", "scope", "openid "+singleOrganisation+" "+severalOrganisations), "?", "error", "invalid_scope", "state", "s")
		}},
		{"offline_access brings a refresh token, and nothing else does", func(b *bench) {
			b.equal("without", b.whole("code", "scope", "openid profile").Refresh, "")
			b.equal("with", len(b.whole("code").Refresh), 32)
		}},
		{"client credentials take acr_values=orgselected:ID", func(b *bench) {
			ask := func(acr string) answer {
				return b.post("connect/token", clientForm("machine", "grant_type", "client_credentials", "scope", "partnerserverapplication", "acr_values", acr))
			}
			const id = "99AF0000-0000-4000-8000-000000000004"
			b.equal("selected", b.claims(b.tokens(ask("orgselected:" + strings.ToLower(id))).Access)["orgselected"], id)
			b.equal("none", b.claims(b.tokens(ask("tenant:x")).Access)["orgselected"], nil)
			for _, acr := range []string{"orgselected:", "orgselected:9994001", "orgselected:00000000-0000-4000-8000-000000000000", long(301)} {
				b.refused(ask(acr), "invalid_request")
			}
		}},
		{"userorganisationidentifier: one compound value, of the chosen organisation", func(b *bench) {
			b.equal("school", access(b, "head", "openid "+singleOrganisation)["userorganisationidentifier"],
				"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S")
			b.equal("trust, in capitals", access(b, "manager", "openid "+singleOrganisation)["userorganisationidentifier"],
				"A9AB0000-0000-4000-8000-000000000003|99AF0000-0000-4000-8000-000000000004|M")
			b.equal("both", access(b, "principal", "openid "+singleOrganisation)["userorganisationidentifier"],
				"11110000-0000-4000-8000-000000000005|22220000-0000-4000-8000-000000000006|MS")
		}},
		{"userorganisationidentifiers: a bare string for one, an array for several, at most ten", func(b *bench) {
			b.equal("one", access(b, "head", "openid "+severalOrganisations)["userorganisationidentifiers"],
				"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S")
			b.equal("three", len(access(b, "parent", "openid "+severalOrganisations)["userorganisationidentifiers"].([]any)), 3)
			b.equal("of twelve", len(access(b, "consultant", "openid "+severalOrganisations)["userorganisationidentifiers"].([]any)), 10)
		}},
		{"the application's claims come with either scope, and without them not", func(b *bench) {
			for scope, want := range map[string]bool{singleOrganisation: true, severalOrganisations: true, "profile": false} {
				claims := access(b, "head", "openid "+scope)
				for _, name := range []string{"applicationid", "applicationname", "vendorid"} {
					if (claims[name] != nil) != want {
						b.Errorf("%s: %s is %v", scope, name, claims[name])
					}
				}
			}
		}},
		{"idp, provider, providerid, providername, name, site come with every scope", func(b *bench) {
			claims := access(b, "head", "openid")
			b.equal("claims", []any{claims["idp"], claims["provider"], claims["providerid"], claims["providername"], claims["name"], claims["site"]},
				[]any{"idsrv", "SIMSID", "100201", "SIMS ID", "Margaret Ellis", "9994001"})
		}},
		{"multipleorganisations is a string", func(b *bench) {
			b.equal("one", access(b, "head", "openid")["multipleorganisations"], "false")
			b.equal("several", access(b, "parent", "openid")["multipleorganisations"], "true")
		}},
		{"role with roles: a string or an array", func(b *bench) {
			b.equal("without", access(b, "head", "openid")["role"], nil)
			b.equal("one", access(b, "head", "openid roles")["role"], "admin@a87b0000-0000-4000-8000-000000000002")
			b.equal("several", len(access(b, "parent", "openid roles")["role"].([]any)), 3)
		}},
		{"claims of ID tokens alone; timestamps without a zone", func(b *bench) {
			got := b.whole("code")
			id, at := b.claims(got.ID), b.claims(got.Access)
			for _, name := range []string{"SiteRole", "launcher", "homeorganisationidentifier", "additionalrolespresent", "LastLoginTimestamp", "PasswordChangedTimestamp"} {
				if id[name] == nil || at[name] != nil {
					b.Errorf("%s: %v in the ID token, %v in the access token", name, id[name], at[name])
				}
			}
			if _, err := time.Parse("Jan 02, 2006 15:04:05", id["LastLoginTimestamp"].(string)); err != nil {
				b.Error(err)
			}
		}},
		{"sub has five parts: number, GUID, login name, provider, GUID; the last differs between sessions", func(b *bench) {
			first := b.claims(b.whole("code").ID)["sub"].(string)
			shape := regexp.MustCompile(`^100201\|c4980000-0000-4000-8000-000000000001\|head\|SIMSID\|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
			if !shape.MatchString(first) {
				b.Errorf("sub %q", first)
			}
			second := b.claims(b.whole("code", "prompt", "login").ID)["sub"].(string)
			b.equal("the rest", second[:strings.LastIndex(second, "|")], first[:strings.LastIndex(first, "|")])
			if first == second {
				b.Error("the last part is the same")
			}
		}},
		{"tokens: RS256, typ JWT, kid = x5t; access tokens have no iat and no jti, ID tokens iat, sid and no scope", func(b *bench) {
			got := b.whole("code")
			b.equal("header", b.members(b.part(got.Access, 0)), "alg kid typ x5t")
			id, at := b.claims(got.ID), b.claims(got.Access)
			b.equal("access", []any{at["iat"], at["jti"], at["sid"], at["client_id"], at["scope"]},
				[]any{nil, nil, nil, "code", []any{"openid", "profile", "offline_access"}})
			b.equal("ID", []any{id["jti"], id["scope"], id["iat"] != nil, id["sid"] != nil}, []any{nil, nil, true, true})
			b.equal("one scope", access(b, "head", "openid")["scope"], "openid")
			b.equal("lives", []any{id["exp"].(float64) - id["iat"].(float64), at["exp"].(float64) - at["nbf"].(float64)}, []any{300.0, 3600.0})
		}},
		{"an unknown letter of an organisation's type is possible", func(b *bench) {
			b.lookupUser("head").memberships[0].organisation.Types = "SX"
			b.equal("value", access(b, "head", "openid "+singleOrganisation)["userorganisationidentifier"],
				"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|SX")
		}},
	})
}

// A user's own claims take the place of the emulator's, leave one out, or come with the scope that lists them.
func TestOwnClaims(t *testing.T) {
	c := specConfig()
	c.Scopes[1].Claims = []string{"SIMSCX/Role"} // profile
	c.Users[0].Claims = []ClaimConfig{
		{"userorganisationidentifier", []string{"only|two"}}, {"site", nil}, {"role", []string{"a@b", "c@d"}},
		{"SIMSCX/Role", []string{"teacher"}}, {"everywhere", []string{"1", "2"}}, {"SiteRole", []string{"Cook"}},
	}
	b := newBench(t, Options{Config: c, As: "head"})
	read := func(jwt string) []any {
		v := b.claims(jwt)
		return []any{v["userorganisationidentifier"], v["site"], v["role"], v["SIMSCX/Role"], v["everywhere"], v["SiteRole"]}
	}
	list := []any{"1", "2"}
	got := b.whole("code", "scope", "openid")
	b.equal("access, openid", read(got.Access), []any{nil, nil, nil, nil, list, nil})
	b.equal("ID, openid", read(got.ID), []any{nil, nil, nil, nil, list, "Cook"})
	got = b.whole("code", "scope", "openid profile roles "+singleOrganisation)
	b.equal("access, all", read(got.Access), []any{"only|two", nil, []any{"a@b", "c@d"}, "teacher", list, nil})
	if a := b.userinfo(got.Access); claimOf(t, a.body, "userorganisationidentifier") != `"only|two"` || claimOf(t, a.body, "site") != "" {
		t.Errorf("userinfo %s", a.body)
	}
	if text := b.get(".well-known/openid-configuration").body; !strings.Contains(text, `"vendorid","SIMSCX/Role"]`) {
		t.Errorf("discovery doesn't list the claim: %s", text)
	}
}
