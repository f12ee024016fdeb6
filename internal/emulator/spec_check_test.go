package emulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// bearerCall asks userinfo with a token.
func (b *bench) userinfo(access string) answer {
	b.Helper()
	return b.get("connect/userinfo", "Authorization", "Bearer "+access)
}

func (b *bench) introspect(scope, secret, raw string) answer {
	b.Helper()
	return b.post("connect/introspect", url.Values{"client_id": {scope}, "client_secret": {secret}, "token": {raw}})
}

func (b *bench) validate(raw string, more ...string) answer {
	b.Helper()
	return b.post("connect/accesstokenvalidation", altered(url.Values{"token": {raw}}, more))
}

func (b *bench) revoke(id, raw string, more ...string) answer {
	b.Helper()
	return b.post("connect/revocation", clientForm(id, append([]string{"token", raw}, more...)...))
}

func TestIdentityServer3CheckingTokens(t *testing.T) {
	const inactive = `{"active":false}`
	both := []string{"code", "reference"} // a JWT and a handle behave alike
	hold(t, "checking tokens", []behaviour{
		{"userinfo by GET and POST, Bearer in the header or the form", func(b *bench) {
			for _, id := range both {
				got := b.whole(id)
				want := b.userinfo(got.Access)
				b.equal("GET", want.status, 200)
				post := b.do(b.back, func() *http.Request {
					r := b.request(http.MethodPost, Issuer+"connect/userinfo", nil)
					r.Header.Set("Authorization", "bearer "+got.Access)
					return r
				}())
				b.equal("POST", post.body, want.body)
				b.equal("form", b.post("connect/userinfo", url.Values{"access_token": {got.Access}}).body, want.body)
				b.equal("sub", claimOf(b.T, want.body, "sub"), claimOf(b.T, b.payload(got.ID), "sub"))
			}
		}},
		{"userinfo needs openid: 403 insufficient_scope; bad token 401; the error is in the header alone", func(b *bench) {
			r := b.ask("code", "scope", singleOrganisation)
			narrow := b.tokens(b.exchange("code", r.values.Get("code")))
			for raw, want := range map[string]string{narrow.Access: "403 insufficient_scope", "x": "401 invalid_token", "": "401 invalid_token", long(101): "401 invalid_token"} {
				a := b.userinfo(raw)
				b.equal(raw, fmt.Sprint(a.status, " ", strings.Trim(strings.TrimPrefix(a.header.Get("WWW-Authenticate"), "Bearer error="), `"`), a.body), want)
			}
			machine := b.tokens(b.post("connect/token", clientForm("machine", "grant_type", "client_credentials", "scope", "rapapi")))
			b.equal("a client's own token", b.userinfo(machine.Access).status, 403)
		}},
		{"introspection takes a scope's name and secret, not the client's; bad: 401, empty body", func(b *bench) {
			got := b.whole("code", "scope", "openid "+singleOrganisation)
			b.equal("right", b.introspect(singleOrganisation, apiSecret, got.Access).status, 200)
			for _, pair := range [][2]string{{"code", specSecret}, {singleOrganisation, specSecret}, {singleOrganisation, ""}, {"nothing", apiSecret}, {"profile", ""}, {"profile", "x"}} {
				a := b.introspect(pair[0], pair[1], got.Access)
				b.equal(pair[0], fmt.Sprint(a.status, a.body), "401")
			}
			r := b.request(http.MethodPost, Issuer+"connect/introspect", url.Values{"token": {got.Access}})
			r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(singleOrganisation+":"+apiSecret)))
			b.equal("Basic", b.do(b.back, r).status, 200)
		}},
		{"introspection without a token: 400 missing_token", func(b *bench) {
			a := b.introspect(singleOrganisation, apiSecret, "")
			b.equal("answer", fmt.Sprint(a.status, a.body), `400{"Message":"missing_token"}`)
		}},
		{"introspection of unknown, expired, or lacking that scope; of refresh and ID tokens: inactive", func(b *bench) {
			for _, id := range both {
				got := b.whole(id, "scope", "openid offline_access "+singleOrganisation)
				for _, raw := range []string{"x", got.Refresh, got.ID, long(32)} {
					b.equal(raw, b.introspect(singleOrganisation, apiSecret, raw).body, inactive)
				}
				b.equal("another scope", b.introspect("rapapi", apiSecret, got.Access).body, inactive)
				b.clock.pass(time.Hour + clockSkew)
				b.equal("expired", b.introspect(singleOrganisation, apiSecret, got.Access).body, inactive)
			}
		}},
		{"introspection of an active token: all claims, and scope cut to the asking one", func(b *bench) {
			for _, id := range both {
				got := b.whole(id, "scope", "openid "+singleOrganisation)
				a := b.introspect(singleOrganisation, apiSecret, got.Access)
				b.equal("scope, active", claimOf(b.T, a.body, "scope")+claimOf(b.T, a.body, "active"), `"`+singleOrganisation+`"true`)
				for _, name := range []string{"iss", "aud", "exp", "nbf", "client_id", "sub", "auth_time", "idp", "name", "amr", "userorganisationidentifier"} {
					if claimOf(b.T, a.body, name) == "" {
						b.Errorf("%s: no %s in %s", id, name, a.body)
					}
				}
			}
		}},
		{"accesstokenvalidation by GET or POST without authentication: 200 and the claims", func(b *bench) {
			for _, id := range both {
				got := b.whole(id)
				a := b.validate(got.Access)
				b.equal("status", a.status, 200)
				b.equal("GET", b.get("connect/accesstokenvalidation?token="+got.Access).body, a.body)
				b.equal("with its scope", b.validate(got.Access, "expectedScope", "profile").status, 200)
				b.equal("client", claimOf(b.T, a.body, "client_id"), `"`+id+`"`)
			}
		}},
		{"accesstokenvalidation's errors", func(b *bench) {
			for _, id := range both {
				got := b.whole(id)
				refused := func(a answer, message string) {
					b.Helper()
					b.equal(message, fmt.Sprint(a.status, a.body), `400{"Message":"`+message+`"}`)
				}
				refused(b.validate(""), "Token is missing")
				refused(b.validate("x"), "invalid_token")
				refused(b.validate(got.ID), "invalid_token")
				refused(b.validate(got.Refresh), "invalid_token")
				refused(b.validate(got.Access, "expectedScope", "roles"), "insufficient_scope")
				b.clock.pass(time.Hour + clockSkew)
				refused(b.validate(got.Access), "expired_token")
			}
		}},
		{"identitytokenvalidation: token and a required client_id, same shape", func(b *bench) {
			got := b.whole("code")
			check := func(pairs ...string) string {
				a := b.post("connect/identitytokenvalidation", altered(url.Values{}, pairs))
				return fmt.Sprint(a.status, " ", a.body)
			}
			b.equal("right", strings.HasPrefix(check("token", got.ID, "client_id", "code"), "200 {"), true)
			b.equal("no token", check("client_id", "code"), `400 {"Message":"Token is missing"}`)
			b.equal("no client", check("token", got.ID)[:4], "400 ")
			b.equal("another client", check("token", got.ID, "client_id", "reusable"), `400 {"Message":"invalid_token"}`)
			b.equal("unknown client", check("token", got.ID, "client_id", "nobody"), `400 {"Message":"invalid_token"}`)
			b.equal("an access token", check("token", got.Access, "client_id", "code"), `400 {"Message":"invalid_token"}`)
			b.clock.pass(5*time.Minute + clockSkew)
			b.equal("expired", check("token", got.ID, "client_id", "code"), `400 {"Message":"expired_token"}`)
		}},
		{"both tolerate five minutes of skew", func(b *bench) {
			got := b.whole("code")
			b.clock.pass(5*time.Minute + clockSkew - time.Second)
			b.equal("ID token", b.post("connect/identitytokenvalidation", url.Values{"token": {got.ID}, "client_id": {"code"}}).status, 200)
			b.clock.pass(55 * time.Minute)
			b.equal("access token", b.validate(got.Access).status, 200)
			b.clock.pass(time.Second)
			b.equal("a second later", b.validate(got.Access).status, 400)
		}},
		{"a reference token has no skew: only the server reads it", func(b *bench) {
			got := b.whole("reference")
			b.clock.pass(time.Hour - time.Second)
			b.equal("in time", b.validate(got.Access).status, 200)
			b.clock.pass(time.Second)
			b.equal("over", b.validate(got.Access).body, `{"Message":"expired_token"}`)
		}},
		{"client credentials bring reference tokens too", func(b *bench) {
			got := b.tokens(b.post("connect/token", clientForm("machine-reference", "grant_type", "client_credentials", "scope", "rapapi partner-read")))
			a := b.introspect("rapapi", apiSecret, got.Access)
			b.equal("claims", b.members(a.body), "active aud client_id exp iss nbf scope")
			b.equal("revoked", b.revoke("machine-reference", got.Access).status, 200)
			b.equal("gone", b.introspect("rapapi", apiSecret, got.Access).body, inactive)
		}},
	})
}

func TestIdentityServer3Revocation(t *testing.T) {
	alive := func(b *bench, raw string) bool { return b.validate(raw).status == 200 }
	hold(t, "revocation", []behaviour{
		{"client authentication; token required; another hint: unsupported_token_type", func(b *bench) {
			b.refused(b.revoke("code", "x", "client_secret", "wrong"), "invalid_client")
			b.refused(b.revoke("code", "-"), "invalid_request")
			b.refused(b.revoke("code", "x", "token_type_hint", "id_token"), "unsupported_token_type")
		}},
		{"otherwise 200 with an empty body, also for unknown tokens", func(b *bench) {
			for _, raw := range []string{"x", long(5000), "a.b.c"} {
				a := b.revoke("code", raw)
				b.equal(raw, fmt.Sprint(a.status, a.body), "200")
			}
		}},
		{"a JWT can't be revoked, yet the answer is 200", func(b *bench) {
			got := b.whole("code")
			b.equal("answer", b.revoke("code", got.Access, "token_type_hint", "access_token").status, 200)
			b.equal("alive", alive(b, got.Access), true)
			b.tokens(b.renew("code", got.Refresh))
		}},
		{"a reference token is revoked, and the refresh token isn't", func(b *bench) {
			got := b.whole("reference")
			b.revoke("reference", got.Access)
			b.equal("alive", alive(b, got.Access), false)
			b.equal("userinfo", b.userinfo(got.Access).status, 401)
			b.equal("fresh one", alive(b, b.tokens(b.renew("reference", got.Refresh)).Access), true)
		}},
		{"one refresh token ends every refresh and reference token of that user and client, on every machine", func(b *bench) {
			first, second := b.whole("reference"), b.whole("reference", "prompt", "login")
			other := b.whole("hybrid-reference", "scope", "openid offline_access")
			if err := b.SignInAs("officer"); err != nil {
				b.Fatal(err)
			}
			another := b.whole("reference")
			b.revoke("reference", first.Refresh)
			b.refused(b.renew("reference", first.Refresh), "invalid_grant")
			b.refused(b.renew("reference", second.Refresh), "invalid_grant")
			b.equal("alive", []bool{alive(b, first.Access), alive(b, second.Access), alive(b, other.Access), alive(b, another.Access)},
				[]bool{false, false, true, true})
			b.tokens(b.renew("reference", another.Refresh))
			b.tokens(b.renew("hybrid-reference", other.Refresh))
		}},
		{"another client's tokens stay", func(b *bench) {
			got := b.whole("reference")
			b.equal("refresh", b.revoke("code", got.Refresh).status, 200)
			b.equal("reference", b.revoke("code", got.Access).status, 200)
			b.equal("alive", alive(b, got.Access), true)
			b.tokens(b.renew("reference", got.Refresh))
		}},
	})
}

func TestIdentityServer3EndSession(t *testing.T) {
	visit := func(b *bench, pairs ...string) answer {
		return b.do(b.browser, b.request(http.MethodGet, b.base+"/connect/endsession?"+altered(url.Values{}, pairs).Encode(), nil))
	}
	link := `href="` + specOut
	hold(t, "end of session", []behaviour{
		{"an expired hint is accepted; a page with a link, and no return by itself", func(b *bench) {
			got := b.whole("code")
			b.clock.pass(time.Hour)
			a := visit(b, "id_token_hint", got.ID, "post_logout_redirect_uri", specOut, "state", "s t")
			b.equal("status, location", fmt.Sprint(a.status, a.location), "200")
			b.equal("link", strings.Contains(a.body, link+`?state=s+t"`), true)
			b.equal("no way by itself", strings.Contains(a.body, "http-equiv") || strings.Contains(a.body, "<script"), false)
		}},
		{"a hint that an earlier key has signed is accepted", func(b *bench) {
			got := b.whole("code")
			if err := b.RotateKey(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.equal("link", strings.Contains(visit(b, "id_token_hint", got.ID, "post_logout_redirect_uri", specOut).body, link), true)
		}},
		{"post_logout_redirect_uri is exact, and only with a valid hint; faults are silent", func(b *bench) {
			got := b.whole("code")
			for _, pairs := range [][]string{
				{"id_token_hint", got.ID, "post_logout_redirect_uri", strings.ToLower(specOut)},
				{"id_token_hint", got.ID, "post_logout_redirect_uri", specOut + "/"},
				{"id_token_hint", got.ID + "x", "post_logout_redirect_uri", specOut},
				{"post_logout_redirect_uri", specOut},
			} {
				a := visit(b, pairs...)
				b.equal("status", a.status, 200)
				b.equal("link", strings.Contains(strings.ToLower(a.body), strings.ToLower(link)), false)
			}
		}},
		{"it revokes nothing", func(b *bench) {
			got := b.whole("reference")
			visit(b, "id_token_hint", got.ID)
			b.equal("access token", b.userinfo(got.Access).status, 200)
			b.tokens(b.renew("reference", got.Refresh))
		}},
	})
}
