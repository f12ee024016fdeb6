//go:build !windows

package main

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/token"
)

// everywhere runs every command, with every kind of credential.
func everywhere(s *secretRun) {
	secret := "client secret/+" + rand.Text()
	issuer := s.sims(secret)
	key := filepath.Join(s.given, "key.txt")
	s.run(nil, "store", "keygen", key)
	text, err := os.ReadFile(key)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			s.ownSecret("the key of the store", strings.TrimSpace(line))
		}
	}
	s.env = append(s.env, "SIMSID_STORE_KEY_FILE="+key)
	browserFlows(s, issuer, secret)
	keptLogin(s, issuer)
	otherWays(s, issuer, secret)
	modernWays(s)
	postedWays(s)
	withoutProvider(s)
}

// browserFlows signs in by each flow that leads through the browser, and by each way in which a client authenticates with a secret.
func browserFlows(s *secretRun, issuer, secret string) {
	file := s.give("client-secret", secret)
	add := []string{"profile", "add", "school", "--kind", "simsid", "--environment", "sandbox", "--issuer", issuer, "--client-id", "AuthorizationCodeWithProofKey",
		"--redirect-uri", "http://127.0.0.1:0/callback", "--store", "file", "--scope", "openid profile roles partner offline_access",
		"--client-secret-file", file, "--introspection-id", "partner", "--post-logout-redirect-uri", "http://127.0.0.1:0/signed-out"}
	s.run(nil, forced(add)...)
	s.run(nil, "profile", "use", "school")
	s.as([]string{"SIMSID_INTROSPECTION_SECRET=simsid-emulator-scope-secret"}, []int{0}, nil, "", "profile", "edit", "school", "--introspection-secret-file",
		s.give("scope-secret", s.ownSecret("the scope's secret", "simsid-emulator-scope-secret")))
	for _, auth := range []string{"client_secret_post", "client_secret_basic", "client_secret_basic_raw"} {
		// By the second, this kind of provider takes no secret that percent-encoding changes, and says so.
		s.as(nil, []int{0, 2}, nil, "", forced([]string{"login", "-p", "school", "--client-auth", auth, "--response-mode", "form_post"})...)
	}
	s.run([]string{"SIMSID_CLIENT_SECRET=" + secret}, forced([]string{"login", "-p", "school", "--store", "memory"})...)
	for _, f := range []struct{ flow, responseType, mode string }{
		{"HybridWithProofKey", "code id_token token", "fragment"}, {"HybridWithProofKey", "code id_token", "form_post"}, {"Implicit", "id_token token", ""},
	} {
		args := []string{"login", "-p", "school", "--client-id", f.flow, "--flow", f.flow, "--response-type", f.responseType, "--store", "memory"}
		if f.mode != "" {
			args = append(args, "--response-mode", f.mode)
		}
		if f.flow == "Implicit" {
			args = append(args, "--scope", "openid profile")
		}
		s.run([]string{"SIMSID_CLIENT_SECRET=" + secret}, forced(args)...)
	}
	s.run([]string{"SIMSID_CLIENT_SECRET=" + secret}, "login", "-p", "school", "--flow", "ClientCredentials", "--client-id", "ClientCredentials", "--scope", "partner-read", "--store", "memory")
	s.as(nil, []int{0}, nil, "", forced([]string{"login", "-p", "school", "--id-token-hint"})...)
	s.run(nil, forced([]string{"login", "-p", "school", "--print-url", "--redirect-uri", "http://127.0.0.1:8400/callback"})...)
	s.as(nil, []int{2, 4}, nil, "", forced([]string{"login", "-p", "school", "--scope", "openid nonsense"})...)
}

// keptLogin uses the login that is kept.
func keptLogin(s *secretRun, issuer string) {
	p := []string{"-p", "school"}
	with := func(args ...string) []string { return append(args, p...) }
	s.run(nil, "status")
	s.run(nil, with("status", "-o", "json")...)
	access := strings.TrimSpace(s.as(nil, []int{0}, []string{"access_token"}, "", with("token")...))
	s.as(nil, []int{0}, []string{"access_token"}, "", with("token", "--header")...)
	s.as(nil, []int{0}, []string{"id_token"}, "", with("token", "--id")...)
	s.run(nil, "exec", "-p", "school", "--", testProgram(), "version")
	// The claims of an ID token have its nonce, and the session that is a cookie of the provider's.
	s.as(nil, []int{0}, []string{"nonce", "cookie"}, "", with("decode")...)
	s.as(nil, []int{0}, []string{"nonce", "cookie"}, "", with("decode", "-o", "json")...)
	s.as(nil, []int{0, 3}, []string{"nonce", "cookie"}, access, "decode", "-")
	s.run(nil, with("userinfo")...)
	s.run(nil, with("userinfo", "-o", "json")...)
	s.run(nil, with("introspect")...)
	s.as(nil, []int{0, 3}, nil, "", with("orgs")...)
	s.run(nil, "profile", "edit", "school", "--api-base", issuer+"/", "--api-header-file",
		"Subscription-Key="+s.give("subscription", "subscription-"+rand.Text()))
	s.run(nil, with("api", "GET", "connect/userinfo")...)
	s.run(nil, with("discover")...)
	s.as(nil, []int{0, 3}, nil, "", with("doctor")...)
	s.as(nil, []int{0, 3}, nil, "", with("doctor", "-o", "json")...)
	s.as([]string{"SIMSID_CLIENT_SECRET=" + s.ownSecret("the doctor's wrong secret", "wrong-"+rand.Text())}, []int{3}, nil, "", with("doctor")...)
	s.as(nil, []int{0, 3}, []string{"cookie"}, "", "sso", "school", "school") // the session of an ID token is a cookie of the provider's
	s.run(nil, with("refresh")...)
	before, after := s.give("before.jwt", access), s.give("after.jwt", access)
	s.as(nil, []int{0, 1, 3}, nil, "", "diff", before, after)
	s.as(nil, []int{0, 1, 3}, nil, "GET /x?access_token="+access+"\nAuthorization: Bearer "+access+"\n", "scan", "-")
	s.run(nil, "profile", "list")
	s.run(nil, "profile", "show", "school", "--origin")
	s.run(nil, "store", "status")
	s.run(nil, with("store", "move", "file")...)
	s.run(nil, with("revoke", "--access")...)
	s.run(nil, with("logout")...)
	// What is refused: everything is said of it that there is to say.
	s.as(nil, []int{4}, nil, "", with("token")...)
	s.as([]string{"SIMSID_CLIENT_SECRET=" + s.ownSecret("a wrong secret", "wrong-"+rand.Text())}, []int{2}, nil, "", forced(with("login"))...)
	s.as(nil, []int{2, 5, 1}, nil, "", "login", "--kind", "oidc", "--issuer", issuer+"/nothing", "--client-id", "x", "--redirect-uri", "http://127.0.0.1:0/", "--store", "memory")
}

// otherWays are a passphrase, which takes long to try by its nature, and a login taken over from elsewhere.
func otherWays(s *secretRun, issuer, secret string) {
	add := func(name string) []string {
		return forced([]string{"profile", "add", name, "--kind", "simsid", "--environment", "sandbox", "--issuer", issuer, "--client-id", "AuthorizationCodeWithProofKey",
			"--redirect-uri", "http://127.0.0.1:0/callback", "--store", "file", "--scope", "openid profile offline_access"})
	}
	sealed := func(name, passphrase string) []string {
		return []string{"SIMSID_STORE_PASSPHRASE=" + s.ownSecret(name, passphrase+rand.Text()), "SIMSID_STORE_KEY_FILE=", "SIMSID_CLIENT_SECRET=" + secret}
	}
	s.run(nil, add("sealed")...)
	s.run(sealed("the passphrase", "correct horse "), forced([]string{"login", "-p", "sealed"})...)
	s.as(sealed("a wrong passphrase", "battery staple "), []int{6}, nil, "", "token", "-p", "sealed")
	s.run(nil, "profile", "remove", "sealed", "--force")
	var refresh string
	for v, names := range s.wire.met() {
		if strings.Contains(names, "refresh_token") && len(v) == 32 {
			refresh = v // one of them; it may have been burned, and is refused then
		}
	}
	env := []string{"SIMSID_CLIENT_SECRET=" + secret}
	s.run(env, add("taken")...)
	s.as(append(env, "SIMSID_REFRESH_TOKEN="+refresh), []int{0, 4}, nil, "", "login", "-p", "taken", "--with-refresh-token")
	s.as(env, []int{0, 4}, nil, refresh, "login", "-p", "taken", "--with-refresh-token")
	s.as(env, []int{0, 4}, nil, "", "logout", "-p", "taken", "--local")
}

// modernWays are pushed requests, a key instead of a secret, and the device flow.
func modernWays(s *secretRun) {
	m := newModern(s.t)
	issuer := s.serve(func(issuer string) http.Handler { m.issuer = issuer; return m })
	s.run(nil, "profile", "add", "modern", "--kind", "oidc", "--issuer", issuer, "--client-id", "modern", "--redirect-uri", "http://127.0.0.1:0/", "--store", "file",
		"--client-auth", "private_key_jwt", "--client-key-file", s.clientKey(), "--scope", "openid offline_access")
	s.run(nil, "login", "-p", "modern")
	s.run(nil, "refresh", "-p", "modern")
	s.as(nil, []int{0, 3}, nil, "", "doctor", "-p", "modern")
	s.run(nil, "login", "-p", "modern", "--flow", "DeviceCode")
	m.mu.Lock()
	m.refuse = true
	m.mu.Unlock()
	s.as(nil, []int{1}, nil, "", "login", "-p", "modern")
	s.as(nil, []int{1}, nil, "", "login", "-p", "modern", "-o", "json")
	s.as(nil, []int{4}, nil, "", "refresh", "-p", "modern")
}

// postedWays are logins that begin at the provider: a posted refresh token, one that is another user's, and what comes after.
func postedWays(s *secretRun) {
	secret := s.ownSecret("the secret at iMIS", "events secret/+"+rand.Text())
	const redirect = "http://127.0.0.1:5474/imis"
	config := emulator.BuiltinIMIS()
	config.Clients = []emulator.ClientConfig{{ID: "events", Secret: token.NewSecret(secret), RedirectURIs: []string{redirect}}}
	site := s.serve(func(issuer string) http.Handler {
		e, err := emulator.New(emulator.Options{Issuer: issuer + "/", Now: time.Now, Rand: rand.Reader, As: "member", Config: config})
		if err != nil {
			s.t.Fatal(err)
		}
		return e.Handler()
	})
	s.run(nil, "profile", "add", "members", "--kind", "imis", "--issuer", site, "--client-id", "events", "--redirect-uri", redirect, "--store", "file",
		"--client-secret-file", s.give("imis-secret", secret))
	visit := func() {
		done := make(chan error, 1)
		go func() { done <- visitContentItem(site, redirect) }()
		s.t.Cleanup(func() {
			if err := <-done; err != nil {
				s.t.Error(err)
			}
		})
	}
	visit()
	s.run(nil, "login", "-p", "members", "--expect-user", "member")
	visit()
	s.as(nil, []int{3}, nil, "", "login", "-p", "members", "--expect-user", "fellow")
	s.as(nil, []int{0}, []string{"access_token"}, "", "token", "-p", "members")
	s.run(nil, "refresh", "-p", "members")
	s.run(nil, "decode", "-p", "members")
	s.as(nil, []int{2}, nil, "", "introspect", "-p", "members")
	s.run(nil, "logout", "-p", "members")
	s.run([]string{"BROWSER="}, "login", "--emulator=imis", "--as", "member")
	s.run([]string{"BROWSER="}, "logout", "-p", "emulator-imis", "--local")
}

// visitContentItem posts what a site's content item has a browser post, as soon as somebody listens.
func visitContentItem(site, redirect string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	at, err := url.Parse(redirect)
	if err != nil {
		return err
	}
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", at.Host)
		if err == nil {
			_ = c.Close()
			break
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
	return visit(site + "/single-sign-on?client_id=events")
}

// withoutProvider are the commands that ask nobody, and the STS inside simsid.
func withoutProvider(s *secretRun) {
	s.run(nil, "cert", "renew")
	s.run(nil, "cert", "show")
	s.run(nil, "cert", "export", filepath.Join(s.given, "exported.pem"))
	keys, err := filepath.Glob(filepath.Join(s.home, ".local", "state", "simsid", "certificate", "*"))
	if err != nil || len(keys) == 0 {
		s.t.Fatalf("no certificate: %v", err)
	}
	for _, file := range keys {
		b, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, text, ok := strings.Cut(string(b), "-----BEGIN PRIVATE KEY-----"); ok {
			s.keyLines("the certificate's key", text)
		}
	}
	s.run(nil, "version")
	s.run(nil, "man", "login")
	s.run(nil, "completion", "bash")
	s.run(nil, "emulator", "init", filepath.Join(s.given, "emulator.toml"))
	s.as(nil, []int{0, 1, 2}, nil, "", "emulator", "ca")
	s.run([]string{"BROWSER="}, "login", "--emulator", "--as", "head")
	s.run([]string{"BROWSER="}, "logout", "-p", "emulator", "--local")
}

// forced sends a request that breaks a rule of the provider's kind: the test's provider is on plain http.
func forced(args []string) []string {
	return append(args, "--force")
}
