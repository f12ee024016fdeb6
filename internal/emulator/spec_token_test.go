package emulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestIdentityServer3Token(t *testing.T) {
	machine := func(b *bench, alter ...string) answer {
		return b.post("connect/token", altered(clientForm("machine", "grant_type", "client_credentials", "scope", "partner-read"), alter))
	}
	password := func(b *bench, alter ...string) answer {
		return b.post("connect/token", altered(clientForm("password", "grant_type", "password", "scope", "openid profile",
			"username", "head", "password", "sample-head"), alter))
	}
	hold(t, "token", []behaviour{
		{"POST form only: another content type gets 415", func(b *bench) {
			for _, kind := range []string{"", "application/json", "multipart/form-data; boundary=x", "text/plain"} {
				r := b.request(http.MethodPost, Issuer+"connect/token", url.Values{})
				r.Header.Set("Content-Type", kind)
				a := b.do(b.back, r)
				if a.status != http.StatusUnsupportedMediaType || a.body != `{"ErrorMessage":"Unsupported Media Type"}` {
					b.Errorf("%q: status %d, %s", kind, a.status, a.body)
				}
			}
		}},
		{"every request is authenticated, of clients with a proof key too", func(b *bench) {
			r := b.ask("codepk")
			b.refused(b.exchange("codepk", r.values.Get("code"), "client_secret", "-"), "invalid_client")
			b.tokens(b.exchange("codepk", r.values.Get("code")))
		}},
		{"body fields before Basic", func(b *bench) {
			send := func(f url.Values, basic string) answer {
				r := b.request(http.MethodPost, Issuer+"connect/token", f)
				r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(basic)))
				return b.do(b.back, r)
			}
			f := clientForm("machine", "grant_type", "client_credentials", "scope", "partner-read")
			b.equal("right in the body", send(f, "machine:wrong").status, 200)
			f.Set("client_secret", "wrong")
			b.refused(send(f, "machine:"+specSecret), "invalid_client")
			f.Del("client_id")
			f.Del("client_secret")
			b.equal("Basic alone", send(f, "machine:"+specSecret).status, 200)
		}},
		{"Basic is split at the first colon and not percent-decoded", func(b *bench) {
			send := func(basic string) answer {
				r := b.request(http.MethodPost, Issuer+"connect/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"partner-read"}})
				r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(basic)))
				return b.do(b.back, r)
			}
			const secret = "a:b%20c+d"
			b.lookupClient("machine").Secret = secretOf(secret)
			b.equal("as it is", send("machine:"+secret).status, 200)
			b.refused(send("machine:"+url.QueryEscape(secret)), "invalid_client")
		}},
		{"every error is a 400, invalid_client included", func(b *bench) {
			b.refused(machine(b, "client_id", "nobody"), "invalid_client")
			b.refused(machine(b, "client_secret", "wrong"), "invalid_client")
			b.refused(machine(b, "client_secret", "-"), "invalid_client")
			b.refused(b.post("connect/token", clientForm("disabled", "grant_type", "authorization_code")), "invalid_client")
			b.refused(machine(b, "grant_type", "-"), "unsupported_grant_type")
			b.refused(machine(b, "grant_type", "magic"), "unsupported_grant_type")
			b.refused(machine(b, "grant_type", long(101)), "unsupported_grant_type")
		}},
		{"not this client's flow: unauthorized_client", func(b *bench) {
			for _, id := range []string{"machine", "password", "implicit"} {
				b.refused(b.exchange(id, long(32)), "unauthorized_client")
			}
			for _, id := range []string{"code", "codepk", "hybrid", "hybridpk", "implicit", "password"} {
				b.refused(machine(b, "client_id", id), "unauthorized_client")
			}
			for _, id := range []string{"code", "codepk", "hybrid", "hybridpk", "implicit", "machine"} {
				b.refused(password(b, "client_id", id), "unauthorized_client")
			}
		}},
		{"code missing, unknown, used, expired, another client's: invalid_grant", func(b *bench) {
			b.refused(b.exchange("code", "-"), "invalid_grant")
			b.refused(b.exchange("code", long(32)), "invalid_grant")
			b.refused(b.exchange("code", long(101)), "invalid_grant")
			used := b.ask("code").values.Get("code")
			b.tokens(b.exchange("code", used))
			b.refused(b.exchange("code", used), "invalid_grant")
			old := b.ask("code").values.Get("code")
			b.clock.pass(300 * time.Second)
			b.refused(b.exchange("code", old), "invalid_grant")
			b.refused(b.exchange("reusable", b.ask("code").values.Get("code")), "invalid_grant")
			young := b.ask("code").values.Get("code")
			b.clock.pass(299 * time.Second)
			b.tokens(b.exchange("code", young))
		}},
		{"code_verifier missing, wrong, of bad length, or sent without need: invalid_grant", func(b *bench) {
			for _, v := range []string{"-", long(43), verifier + "x", verifier[:42], long(129)} {
				b.refused(b.exchange("codepk", b.ask("codepk").values.Get("code"), "code_verifier", v), "invalid_grant")
				b.refused(b.exchange("hybridpk", b.ask("hybridpk").values.Get("code"), "code_verifier", v), "invalid_grant")
			}
			b.refused(b.exchange("code", b.ask("code").values.Get("code"), "code_verifier", verifier), "invalid_grant")
			b.refused(b.exchange("hybrid", b.ask("hybrid").values.Get("code"), "code_verifier", verifier), "invalid_grant")
		}},
		{"the plain method: the verifier is the challenge", func(b *bench) {
			for _, method := range []string{"plain", "-"} {
				code := b.ask("codepk", "code_challenge", long(43), "code_challenge_method", method).values.Get("code")
				b.tokens(b.exchange("codepk", code, "code_verifier", long(43)))
			}
		}},
		{"redirect_uri missing, different, or in another case: unauthorized_client", func(b *bench) {
			for _, uri := range []string{"-", specRedirect + "/", strings.ToLower(specRedirect)} {
				b.refused(b.exchange("code", b.ask("code").values.Get("code"), "redirect_uri", uri), "unauthorized_client")
			}
			lower := strings.ToLower(specRedirect)
			code := b.ask("code", "redirect_uri", lower).values.Get("code")
			b.tokens(b.exchange("code", code, "redirect_uri", lower))
		}},
		{"client credentials and password: scope missing, unknown, not allowed, too long: invalid_scope", func(b *bench) {
			for _, scope := range []string{"-", " ", "nothing", singleOrganisation, "partner-read " + long(300)} {
				b.refused(machine(b, "scope", scope), "invalid_scope")
			}
			for _, scope := range []string{"-", " ", "nothing", "rapapi", "openid " + long(300)} {
				b.refused(password(b, "scope", scope), "invalid_scope")
			}
		}},
		{"openid or offline_access on client credentials: invalid_scope", func(b *bench) {
			b.refused(machine(b, "scope", "openid"), "invalid_scope")
			b.refused(machine(b, "scope", "partner-read offline_access"), "invalid_scope")
		}},
		{"refresh_token missing: invalid_request; unknown, used, another client's: invalid_grant", func(b *bench) {
			b.refused(b.renew("code", "-"), "invalid_request")
			b.refused(b.renew("code", long(32)), "invalid_grant")
			b.refused(b.renew("code", long(101)), "invalid_grant")
			got := b.whole("code")
			b.refused(b.renew("reusable", got.Refresh), "invalid_grant")
			b.tokens(b.renew("code", got.Refresh))
			b.refused(b.renew("code", got.Refresh), "invalid_grant")
		}},
		{"the code is gone before the proof key and the redirect URI are looked at", func(b *bench) {
			for _, alter := range [][]string{{"redirect_uri", "https://other.example/"}, {"code_verifier", long(43)}} {
				code := b.ask("codepk").values.Get("code")
				b.equal("refused", b.exchange("codepk", code, alter...).status, 400)
				b.refused(b.exchange("codepk", code), "invalid_grant")
			}
			code := b.ask("code").values.Get("code")
			b.refused(b.exchange("reusable", code), "invalid_grant")
			b.refused(b.exchange("code", code), "invalid_grant")
		}},
		{"the answer has no scope", func(b *bench) {
			a := b.exchange("code", b.ask("code", "scope", "openid offline_access").values.Get("code"))
			b.equal("members", b.members(a.body), "access_token expires_in id_token refresh_token token_type")
			b.equal("number", strings.Contains(a.body, `"expires_in":3600,"token_type":"Bearer"`), true)
			b.equal("without openid", b.members(b.exchange("code", b.ask("code", "scope", singleOrganisation).values.Get("code")).body),
				"access_token expires_in token_type")
		}},
		{"client credentials: no ID token, no refresh token, no sub", func(b *bench) {
			a := machine(b)
			b.equal("members", b.members(a.body), "access_token expires_in token_type")
			b.equal("claims", b.members(b.payload(b.tokens(a).Access)), "aud client_id exp iss nbf scope")
		}},
		{"password: an access token and no ID token, a refresh token if asked for", func(b *bench) {
			a := password(b)
			b.equal("members", b.members(a.body), "access_token expires_in token_type")
			b.equal("userinfo", b.get("connect/userinfo", "Authorization", "Bearer "+b.tokens(a).Access).status, 200)
			got := b.tokens(password(b, "scope", "openid offline_access"))
			b.tokens(b.renew("password", got.Refresh))
		}},
		{"password wrong, missing or too long, user unknown: invalid_grant", func(b *bench) {
			for _, alter := range [][]string{
				{"password", "wrong"}, {"password", "-"}, {"username", "-"}, {"username", "nobody"}, {"password", long(101)}, {"username", long(101)},
			} {
				b.refused(password(b, alter...), "invalid_grant")
			}
			b.refused(password(b, "acr_values", long(301)), "invalid_request")
		}},
		{"codes, refresh tokens and reference tokens are 32 lower-case hex characters", func(b *bench) {
			r := b.ask("reference", "scope", "openid offline_access")
			got := b.tokens(b.exchange("reference", r.values.Get("code")))
			for _, handle := range []string{r.values.Get("code"), got.Refresh, got.Access} {
				if len(handle) != 32 || strings.Trim(handle, "0123456789abcdef") != "" {
					b.Errorf("handle %q", handle)
				}
			}
		}},
		{"answers aren't kept by caches", func(b *bench) {
			b.equal("Cache-Control", strings.Contains(machine(b).header.Get("Cache-Control"), "no-store"), true)
		}},
	})
}

func TestIdentityServer3Refresh(t *testing.T) {
	day := 24 * time.Hour
	hold(t, "refresh", []behaviour{
		{"one-time: the old handle is gone at once", func(b *bench) {
			first := b.whole("code")
			second := b.tokens(b.renew("code", first.Refresh))
			if second.Refresh == first.Refresh {
				b.Error("the same handle came back")
			}
			b.refused(b.renew("code", first.Refresh), "invalid_grant")
			b.tokens(b.renew("code", second.Refresh))
		}},
		{"reusable: the same handle comes back", func(b *bench) {
			got := b.whole("reusable")
			for range 3 {
				b.equal("handle", b.tokens(b.renew("reusable", got.Refresh)).Refresh, got.Refresh)
			}
		}},
		{"absolute lifetime counts from the first issue", func(b *bench) {
			got := b.whole("code")
			b.clock.pass(29 * day)
			got = b.tokens(b.renew("code", got.Refresh))
			b.clock.pass(day - time.Second)
			got = b.tokens(b.renew("code", got.Refresh))
			b.clock.pass(time.Second)
			b.refused(b.renew("code", got.Refresh), "invalid_grant")
		}},
		{"sliding lifetime: 15 days since the last use, 30 in all", func(b *bench) {
			got := b.whole("sliding")
			b.clock.pass(15 * day)
			b.refused(b.renew("sliding", got.Refresh), "invalid_grant")
			got = b.whole("sliding")
			for _, pass := range []time.Duration{14 * day, 14 * day} {
				b.clock.pass(pass)
				got = b.tokens(b.renew("sliding", got.Refresh))
			}
			b.clock.pass(2 * day)
			b.refused(b.renew("sliding", got.Refresh), "invalid_grant")
		}},
		{"a new ID token with at_hash, without nonce, auth_time unchanged", func(b *bench) {
			first := b.whole("code")
			b.clock.pass(time.Hour)
			second := b.tokens(b.renew("code", first.Refresh))
			was, is := b.claims(first.ID), b.claims(second.ID)
			b.equal("at_hash", is["at_hash"], halfHash(second.Access))
			b.equal("nonce", is["nonce"], nil)
			b.equal("auth_time", is["auth_time"], was["auth_time"])
			b.equal("iat", is["iat"].(float64)-was["iat"].(float64), 3600.0)
			b.equal("sub, sid", []any{is["sub"], is["sid"]}, []any{was["sub"], was["sid"]})
		}},
		{"claims aren't updated, unless the client is set to", func(b *bench) {
			for client, want := range map[string]string{"code": "Margaret Ellis", "updating": "Margaret Hughes"} {
				u := b.lookupUser("head")
				u.Name = "Margaret Ellis"
				got := b.whole(client)
				u.Name = "Margaret Hughes"
				b.equal(client, b.claims(b.tokens(b.renew(client, got.Refresh)).Access)["name"], want)
			}
		}},
		{"a client that mustn't have offline_access any more: invalid_grant", func(b *bench) {
			got := b.whole("code")
			b.lookupClient("code").Scopes = []string{"openid", "profile"}
			b.refused(b.renew("code", got.Refresh), "invalid_grant")
		}},
		{"lifetimes are the client's", func(b *bench) {
			r := b.ask("short", "scope", "openid offline_access")
			got := b.tokens(b.exchange("short", r.values.Get("code")))
			id, access := b.claims(got.ID), b.claims(got.Access)
			b.equal("expires_in, ID, access", []any{got.ExpiresIn, id["exp"].(float64) - id["nbf"].(float64), access["exp"].(float64) - access["nbf"].(float64)},
				[]any{180, 120.0, 180.0})
			late := b.ask("short").values.Get("code")
			b.clock.pass(time.Minute)
			b.refused(b.exchange("short", late), "invalid_grant")
			b.clock.pass(3 * time.Minute)
			b.refused(b.renew("short", got.Refresh), "invalid_grant")
		}},
	})
}
