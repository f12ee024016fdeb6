package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestIdentityServer3Discovery(t *testing.T) {
	discovery := func(b *bench) answer { return b.get(".well-known/openid-configuration") }
	hold(t, "discovery and keys", []behaviour{
		{"the fields of discovery, and no other", func(b *bench) {
			b.equal("members", b.members(discovery(b).body), "authorization_endpoint check_session_iframe claims_supported "+
				"code_challenge_methods_supported end_session_endpoint frontchannel_logout_session_supported frontchannel_logout_supported "+
				"grant_types_supported id_token_signing_alg_values_supported introspection_endpoint issuer jwks_uri response_modes_supported "+
				"response_types_supported revocation_endpoint scopes_supported subject_types_supported token_endpoint "+
				"token_endpoint_auth_methods_supported userinfo_endpoint")
		}},
		{"seven response types, three modes, five grants", func(b *bench) {
			for _, want := range []string{
				`"response_types_supported":["code","token","id_token","id_token token","code id_token","code token","code id_token token"]`,
				`"response_modes_supported":["form_post","query","fragment"]`,
				`"grant_types_supported":["authorization_code","client_credentials","password","refresh_token","implicit"]`,
				`"subject_types_supported":["public"]`, `"id_token_signing_alg_values_supported":["RS256"]`,
				`"code_challenge_methods_supported":["plain","S256"]`,
				`"token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic"]`,
			} {
				if text := discovery(b).body; !strings.Contains(text, want) {
					b.Errorf("no %s in %s", want, text)
				}
			}
		}},
		{"the validation endpoints aren't listed, and are there, in any case", func(b *bench) {
			if text := strings.ToLower(discovery(b).body); strings.Contains(text, "validation") {
				b.Errorf("listed: %s", text)
			}
			for _, path := range []string{"connect/AccessTokenValidation", "CONNECT/identitytokenvalidation"} {
				b.equal(path, b.get(path).body, `{"Message":"Token is missing"}`)
			}
		}},
		{"no PAR, JARM, device grant, registration, DPoP", func(b *bench) {
			for _, name := range []string{"pushed", "jwt.", "device", "registration_endpoint", "dpop", "authorization_response_iss"} {
				if strings.Contains(discovery(b).body, name) {
					b.Errorf("%s is listed", name)
				}
			}
		}},
		{"check_session_iframe is a page that may be framed", func(b *bench) {
			a := b.get("connect/checksession")
			if a.status != http.StatusOK || !strings.Contains(a.body, "postMessage") || a.header.Get("X-Frame-Options") != "" ||
				strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors") {
				b.Errorf("status %d, %v, %s", a.status, a.header, a.body)
			}
		}},
		{"JWK members, no alg; kid = x5t", func(b *bench) {
			var keys string
			body := b.get(".well-known/jwks").body
			keys = strings.TrimSuffix(strings.TrimPrefix(body, `{"keys":[`), `]}`)
			b.equal("members", b.members(keys), "e kid kty n use x5c x5t")
			b.equal("kid", claimOf(b.T, keys, "kid"), claimOf(b.T, keys, "x5t"))
		}},
		{"a rotated key: the old one stays for verification and in the set", func(b *bench) {
			old := b.whole("code")
			if err := b.RotateKey(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.equal("keys", strings.Count(b.get(".well-known/jwks").body, `"kid"`), 2)
			b.equal("userinfo with a token of the old key", b.get("connect/userinfo", "Authorization", "Bearer "+old.Access).status, 200)
			fresh := b.tokens(b.renew("code", old.Refresh))
			if b.part(fresh.Access, 0) == b.part(old.Access, 0) {
				b.Error("the old key still signs")
			}
			b.equal("userinfo with a token of the new key", b.get("connect/userinfo", "Authorization", "Bearer "+fresh.Access).status, 200)
			for range 2 * maxKeys {
				if err := b.store.update(b.Context(), func(st *state) error {
					st.Keys = append(st.Keys, st.Keys[0])
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			if err := b.RotateKey(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.equal("keys are bounded", strings.Count(b.get(".well-known/jwks").body, `"kid"`), maxKeys)
		}},
	})
}

func TestIdentityServer3Authorize(t *testing.T) {
	hold(t, "authorize", []behaviour{
		{"response types, words in any order", func(b *bench) {
			for client, types := range map[string][]string{
				"code":     {"code"},
				"codepk":   {"code"},
				"implicit": {"token", "id_token", "id_token token", "token id_token"},
				"hybrid": {"code id_token", "id_token code", "code token", "token code", "code id_token token", "token id_token code",
					"id_token code token", "code token id_token", "id_token token code", "token code id_token"},
				"hybridpk": {"code id_token", "token code", "id_token token code"},
			} {
				for _, kind := range types {
					scope := "openid profile"
					if kind == "token" {
						scope = singleOrganisation
					}
					r := b.ask(client, "response_type", kind, "scope", scope)
					for _, pair := range [][2]string{{"code", "code"}, {"id_token", "id_token"}, {"token", "access_token"}} {
						asked := strings.Contains(" "+kind+" ", " "+pair[0]+" ")
						if r.values.Has(pair[1]) != asked {
							b.Errorf("%s %q: %s %v %s", client, kind, r.where, r.values, r.body)
						}
					}
				}
			}
		}},
		{"a client has exactly one flow: another's response type is a page", func(b *bench) {
			for client, kind := range map[string]string{
				"code": "id_token token", "codepk": "code id_token", "hybrid": "code", "hybridpk": "code", "implicit": "code id_token",
				"machine": "code", "password": "code",
			} {
				if client == "machine" || client == "password" {
					b.lookupClient(client).RedirectURIs = []string{specRedirect}
				}
				b.onPage(b.ask(client, "response_type", kind))
			}
		}},
		{"response modes: query or form_post for the code flow", func(b *bench) {
			b.equal("default", b.ask("code").where, "?")
			b.equal("query", b.ask("code", "response_mode", "query").where, "?")
			b.equal("form_post", b.ask("code", "response_mode", "form_post").where, "form")
			b.onPage(b.ask("code", "response_mode", "fragment"))
		}},
		{"response modes: fragment or form_post for implicit and hybrid, query is an error page", func(b *bench) {
			for _, client := range []string{"implicit", "hybrid", "hybridpk"} {
				b.equal("default", b.ask(client).where, "#")
				b.equal("fragment", b.ask(client, "response_mode", "fragment").where, "#")
				b.equal("form_post", b.ask(client, "response_mode", "form_post").where, "form")
				b.onPage(b.ask(client, "response_mode", "query"))
			}
		}},
		{"length limits: one more is too long, in pages and redirects", func(b *bench) {
			b.onPage(b.ask("code", "client_id", long(101)))
			b.onPage(b.ask("code", "redirect_uri", specRedirect+"?"+long(400)))
			for name, limit := range map[string]int{"scope": 300, "nonce": 300, "acr_values": 300, "login_hint": 100, "ui_locales": 100} {
				fits, over := long(limit), long(limit+1)
				if name == "scope" {
					fits, over = "openid"+strings.Repeat(" ", limit-6), "openid"+strings.Repeat(" ", limit-5)
				}
				if r := b.ask("code", name, fits); !r.values.Has("code") {
					b.Errorf("%s of %d: %s %v", name, limit, r.where, r.values)
				}
				b.told(b.ask("code", name, over), "?", "error", "invalid_request", "state", "s")
				b.told(b.ask("hybrid", name, over), "#", "error", "invalid_request", "state", "s")
				b.told(b.ask("implicit", name, over, "response_mode", "form_post"), "form", "error", "invalid_request", "state", "s")
			}
			for _, n := range []int{43, 128} {
				if r := b.ask("hybridpk", "code_challenge", long(n)); !r.values.Has("code") {
					b.Errorf("code_challenge of %d: %v", n, r.values)
				}
			}
			for _, n := range []int{42, 129} {
				b.told(b.ask("hybridpk", "code_challenge", long(n)), "#", "error", "invalid_request", "state", "s")
			}
		}},
		{"lengths that just fit: client_id and redirect_uri", func(b *bench) {
			c := b.lookupClient("code")
			c.ID, c.RedirectURIs = long(100), []string{specRedirect + "/" + long(400-len(specRedirect)-1)}
			if a := b.authorize(b.browser, url.Values{"client_id": {c.ID}, "redirect_uri": c.RedirectURIs, "response_type": {"code"}, "scope": {"openid"}}); a.status != 302 {
				b.Errorf("status %d, %s", a.status, a.body)
			}
		}},
		{"success parameters: code flow has no scope, and nobody has iss", func(b *bench) {
			b.equal("code", b.ask("code").names(), "code session_state state")
			b.equal("implicit", b.ask("implicit").names(), "access_token expires_in id_token scope session_state state token_type")
			b.equal("implicit id_token", b.ask("implicit", "response_type", "id_token").names(), "id_token scope session_state state")
			b.equal("implicit token", b.ask("implicit", "response_type", "token", "scope", singleOrganisation).names(),
				"access_token expires_in scope state token_type")
			b.equal("hybrid", b.ask("hybrid").names(), "code id_token scope session_state state")
			b.equal("hybrid with all", b.ask("hybrid", "response_type", "code id_token token").names(),
				"access_token code expires_in id_token scope session_state state token_type")
			r := b.ask("implicit")
			b.equal("scope", r.values.Get("scope"), "openid profile")
			b.equal("type and life", r.values.Get("token_type")+" "+r.values.Get("expires_in"), "Bearer 3600")
			_, text, _ := strings.Cut(b.ask("hybrid", "response_type", "code id_token token").location, "#")
			order := ""
			for pair := range strings.SplitSeq(text, "&") {
				name, _, _ := strings.Cut(pair, "=")
				order += name + " "
			}
			b.equal("order", order, "code id_token access_token token_type expires_in scope state session_state ")
		}},
		{"unknown extra parameters are ignored", func(b *bench) {
			b.equal("names", b.ask("code", "foo", "bar", "resource", "x", "claims", "{").names(), "code session_state state")
		}},
		{"redirect_uri is compared as a whole, ignoring case; localhost isn't 127.0.0.1", func(b *bench) {
			b.lookupClient("code").RedirectURIs = []string{specRedirect, "https://localhost:5454/"}
			b.equal("case", b.ask("code", "redirect_uri", "HTTPS://APP.example/callback").where, "?")
			for _, uri := range []string{specRedirect + "/", specRedirect + "?a=b", "https://app.example:443/Callback", "https://127.0.0.1:5454/",
				"https://localhost:5454", "https://localhost/"} {
				b.onPage(b.ask("code", "redirect_uri", uri))
			}
		}},
		{"unknown or disabled client, unregistered redirect_uri, forbidden scope: a page, status 200", func(b *bench) {
			b.onPage(b.ask("nobody"))
			b.onPage(b.ask("disabled"))
			b.onPage(b.ask("code", "redirect_uri", "https://evil.example/"))
			b.onPage(b.ask("code", "scope", "openid rapapi"))
			b.onPage(b.ask("hybrid", "scope", "openid rapapi", "response_mode", "form_post"))
		}},
		{"missing client_id or redirect_uri, bad or missing response_type, response_mode not allowed: a page", func(b *bench) {
			b.onPage(b.ask("code", "client_id", "-"))
			b.onPage(b.ask("code", "redirect_uri", "-"))
			for _, kind := range []string{"-", "", "magic", "code code", "none", "code,token"} {
				b.onPage(b.ask("code", "response_type", kind))
			}
			b.onPage(b.ask("code", "response_mode", "magic"))
		}},
		{"proof key missing, of bad length or unknown method: in the fragment, even for the code flow", func(b *bench) {
			for _, client := range []string{"codepk", "hybridpk"} {
				b.told(b.ask(client, "code_challenge", "-"), "#",
					"error", "invalid_request", "error_description", "code challenge required", "state", "s")
				b.told(b.ask(client, "code_challenge_method", "S384"), "#",
					"error", "invalid_request", "error_description", "transform algorithm not supported", "state", "s")
				b.told(b.ask(client, "code_challenge", long(42), "response_mode", "form_post"), "#", "error", "invalid_request", "state", "s")
			}
		}},
		{"a challenge from a client without proof key is ignored", func(b *bench) {
			r := b.ask("code", "code_challenge", "short", "code_challenge_method", "magic")
			b.tokens(b.exchange("code", r.values.Get("code")))
		}},
		{"scope missing, bad nonce length, bad max_age: invalid_request, no description", func(b *bench) {
			for _, alter := range [][]string{{"scope", "-"}, {"scope", "  "}, {"nonce", long(301)}, {"max_age", "x"}, {"max_age", "-1"}, {"max_age", "99999999999"}} {
				b.told(b.ask("code", alter...), "?", "error", "invalid_request", "state", "s")
			}
		}},
		{"unknown scope: invalid_scope", func(b *bench) {
			b.told(b.ask("code", "scope", "openid nothing"), "?", "error", "invalid_scope", "state", "s")
			b.told(b.ask("hybrid", "scope", "openid nothing"), "#", "error", "invalid_scope", "state", "s")
		}},
		{"an ID token needs openid, and only token does without", func(b *bench) {
			b.told(b.ask("hybrid", "scope", singleOrganisation), "#", "error", "invalid_request", "state", "s")
			b.told(b.ask("hybrid", "scope", singleOrganisation, "response_type", "code token"), "#", "error", "invalid_request", "state", "s")
			b.told(b.ask("implicit", "scope", singleOrganisation), "#", "error", "invalid_request", "state", "s")
			b.told(b.ask("implicit", "scope", "profile", "response_type", "token"), "#", "error", "invalid_scope", "state", "s")
			b.told(b.ask("implicit", "response_type", "token"), "#", "error", "invalid_scope", "state", "s")
			b.told(b.ask("implicit", "scope", "openid "+singleOrganisation, "response_type", "id_token"), "#", "error", "invalid_scope", "state", "s")
		}},
		{"consent denied: access_denied", func(b *bench) {
			b.as.Store(nil)
			page := b.ask("consent").answer
			page = b.submit(page, "username", "head", "password", "sample-head")
			b.equal("page", page.at, "/consent")
			b.told(b.reply(b.submit(page, "answer", "deny")), "?", "error", "access_denied", "state", "s")
		}},
		{"prompt=none: login_required without a session, interaction_required where consent is needed", func(b *bench) {
			b.as.Store(nil)
			b.told(b.ask("code", "prompt", "none"), "?", "error", "login_required", "state", "s")
			b.told(b.ask("hybrid", "prompt", "none"), "#", "error", "login_required", "state", "s")
			b.told(b.ask("implicit", "prompt", "none", "response_mode", "form_post"), "form", "error", "login_required", "state", "s")
			b.submit(b.ask("code").answer, "username", "head", "password", "sample-head")
			b.told(b.ask("consent", "prompt", "none"), "?", "error", "interaction_required", "state", "s")
			b.equal("with a session", b.ask("code", "prompt", "none").names(), "code session_state state")
		}},
		{"prompt: one value only, a list is ignored; select_account ends on a page", func(b *bench) {
			b.equal("list", b.ask("code", "prompt", "login consent").where, "?")
			b.onPage(b.ask("code", "prompt", "select_account"))
		}},
		{"prompt=login asks again and leaves no proof but auth_time", func(b *bench) {
			b.as.Store(nil)
			sign := func(page answer) tokens {
				r := b.reply(b.submit(page, "username", "head", "password", "sample-head"))
				return b.tokens(b.exchange("code", r.values.Get("code")))
			}
			before := b.claims(sign(b.ask("code").answer).ID)
			b.clock.pass(60e9)
			r := b.ask("code", "prompt", "login")
			b.equal("asked", r.where, "sign-in")
			after := b.claims(sign(r.answer).ID)
			b.equal("auth_time", after["auth_time"].(float64)-before["auth_time"].(float64), 60.0)
			b.equal("claims", len(after), len(before))
		}},
		{"nonce: required for implicit and hybrid with openid, echoed if sent otherwise", func(b *bench) {
			for _, client := range []string{"implicit", "hybrid", "hybridpk"} {
				b.told(b.ask(client, "nonce", "-"), "#", "error", "invalid_request", "state", "s")
				b.equal("nonce", b.claims(b.ask(client).values.Get("id_token"))["nonce"], "n")
			}
			b.equal("without openid", b.ask("implicit", "nonce", "-", "scope", singleOrganisation, "response_type", "token").values.Has("access_token"), true)
			b.equal("echoed", b.claims(b.whole("code").ID)["nonce"], "n")
			b.equal("not sent", b.claims(b.whole("code", "nonce", "-").ID)["nonce"], nil)
		}},
		{"hybrid: c_hash, and at_hash where a token comes along; the code flow has neither", func(b *bench) {
			for client, kinds := range map[string][]string{
				"hybrid": {"code id_token", "code id_token token"}, "hybridpk": {"code id_token", "code id_token token"}, "implicit": {"id_token", "id_token token"},
				"hybrid-reference": {"code id_token token"},
			} {
				for _, kind := range kinds {
					r := b.ask(client, "response_type", kind)
					id := b.claims(r.values.Get("id_token"))
					var code, access any
					if r.values.Has("code") {
						code = halfHash(r.values.Get("code"))
					}
					if r.values.Has("access_token") {
						access = halfHash(r.values.Get("access_token"))
					}
					b.equal(client+" "+kind+" c_hash", id["c_hash"], code)
					b.equal(client+" "+kind+" at_hash", id["at_hash"], access)
					if code != nil {
						later := b.claims(b.tokens(b.exchange(client, r.values.Get("code"))).ID)
						b.equal("at the token endpoint", []any{later["c_hash"], later["at_hash"]}, []any{nil, nil})
					}
				}
			}
		}},
		{"tokens of the front channel are the same as those of the back channel", func(b *bench) {
			r := b.ask("hybrid", "response_type", "code id_token token")
			got := b.tokens(b.exchange("hybrid", r.values.Get("code")))
			b.equal("access token", b.payload(r.values.Get("access_token")), b.payload(got.Access))
			b.equal("userinfo", b.get("connect/userinfo", "Authorization", "Bearer "+r.values.Get("access_token")).status, 200)
		}},
		{"hybrid: the code is bound as in the code flow, and brings the refresh token", func(b *bench) {
			r := b.ask("hybridpk", "scope", "openid offline_access", "response_type", "code id_token token")
			b.equal("no refresh token in front", r.values.Has("refresh_token"), false)
			got := b.tokens(b.exchange("hybridpk", r.values.Get("code")))
			b.tokens(b.renew("hybridpk", got.Refresh))
		}},
		{"no token asked for, none kept", func(b *bench) {
			b.equal("ID token", b.ask("hybrid-reference").values.Has("id_token"), true)
			if err := b.store.view(b.Context(), func(st *state) { b.equal("references", len(st.References), 0) }); err != nil {
				b.Fatal(err)
			}
		}},
		{"implicit: no refresh token, whatever was asked", func(b *bench) {
			r := b.ask("implicit", "scope", "openid offline_access")
			b.equal("names", r.names(), "access_token expires_in id_token scope session_state state token_type")
		}},
	})
}
