//go:build real

package clients_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// modules is where Debian keeps Apache's.
const modules = "/usr/lib/apache2/modules"

// apacheScene is what the emulator serves to the web application. APP is its address.
const apacheScene = `
[[client]]
id = "pm-sso-code"
name = "Lunch Orders"
secret = "apache-secret"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["APP/callback"]
post_logout_redirect_uris = ["APP/signed-out"]
scopes = ["openid", "profile", "partnermanagementapplication", "offline_access"]

[[client]]
id = "pm-sso-hybrid"
name = "Lunch Orders"
secret = "apache-secret"
flow = "Hybrid"
redirect_uris = ["APP/callback"]
post_logout_redirect_uris = ["APP/signed-out"]
scopes = ["openid", "profile", "partnermanagementapplication", "offline_access"]
`

// apacheConfiguration is a web server of one's own before a web application: whoever isn't signed in is sent to the STS.
const apacheConfiguration = `
ServerRoot DIR
ServerName localhost
Listen 127.0.0.1:PORT
PidFile DIR/pid
ErrorLog DIR/log
LogLevel warn auth_openidc:info
Mutex file:DIR

LoadModule mpm_event_module MODULES/mod_mpm_event.so
LoadModule authn_core_module MODULES/mod_authn_core.so
LoadModule authz_core_module MODULES/mod_authz_core.so
LoadModule authz_user_module MODULES/mod_authz_user.so
LoadModule proxy_module MODULES/mod_proxy.so
LoadModule proxy_http_module MODULES/mod_proxy_http.so
LoadModule ssl_module MODULES/mod_ssl.so
LoadModule auth_openidc_module MODULES/mod_auth_openidc.so

StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25

SSLEngine on
SSLCertificateFile DIR/certificate.pem
SSLCertificateKeyFile DIR/key.pem
SSLSessionCache none

OIDCProviderMetadataURL ISSUER.well-known/openid-configuration
OIDCCABundlePath DIR/ca.pem
OIDCClientID CLIENT
OIDCClientSecret apache-secret
OIDCRedirectURI APP/callback
OIDCScope "openid profile partnermanagementapplication offline_access"
OIDCCryptoPassphrase of-the-test
OIDCPassClaimsAs headers
OIDCPassRefreshToken On
EXTRA

<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /signed-out>
  AuthType none
  Require all granted
</Location>
ProxyPass /callback !
ProxyPass / BACK/
`

// TestApache opens a web application behind mod_auth_openidc in Chromium, signs in on the emulator's page, has the module refresh, and
// signs out. Application and emulator are on HTTPS, as SIMS ID has it.
func TestApache(t *testing.T) {
	for _, test := range []struct{ name, client, extra string }{
		{"code with proof key", "pm-sso-code", "OIDCResponseType code\nOIDCPKCEMethod S256"},
		{"hybrid by form_post", "pm-sso-hybrid", "OIDCResponseType \"code id_token\"\nOIDCResponseMode form_post"},
	} {
		t.Run(test.name, func(t *testing.T) {
			port := fmt.Sprint(freePort(t))
			app := "https://localhost:" + port
			served := emulate(t, strings.ReplaceAll(apacheScene, "APP", app))
			back := startApplication(t, app)
			startApache(t, served, port, strings.NewReplacer("PORT", port, "MODULES", modules, "ISSUER", served.Issuer, "CLIENT", test.client,
				"APP", app, "BACK", back.URL, "EXTRA", test.extra))

			landings := walk(t, map[string]any{"go": app + "/orders?day=1"},
				map[string]any{"type": map[string]string{"Login name": "head", "Password": "sample-head"}}, map[string]any{"press": "Sign in"},
				map[string]any{"land": true},
				map[string]any{"press": "Refresh"}, map[string]any{"land": true},
				map[string]any{"press": "Refresh"}, map[string]any{"land": true},
				map[string]any{"press": "Sign out"}, map[string]any{"go": app + "/orders"}, map[string]any{"land": true})
			if len(landings) != 4 || !strings.HasPrefix(landings[3], served.Issuer+"login?") {
				t.Fatalf("the browser landed at %q, in the end not on the sign-in page", landings)
			}
			if want := []string{app + "/orders?day=1", app + "/orders?day=1", app + "/orders?day=1"}; !reflect.DeepEqual(landings[:3], want) {
				t.Errorf("the browser landed at %q, want %q", landings[:3], want)
			}
			back.check(t, trusting(t, served), served)
		})
	}
}

// walk has a person at Chromium do what test/browser/walk.mjs knows, and returns where the browser was told to look at the address.
func walk(t *testing.T, steps ...map[string]any) []string {
	t.Helper()
	in, err := json.Marshal(map[string]any{"trusting": true, "steps": steps})
	if err != nil {
		t.Fatal(err)
	}
	out := answer(t, append(os.Environ(), "HOME="+t.TempDir()), string(in), "node", "../browser/walk.mjs")
	var report struct{ Landings, Errors []string }
	if err := json.Unmarshal([]byte(out), &report); err != nil || len(report.Errors) > 0 {
		t.Fatalf("the browser met %v\n%s", err, out)
	}
	return report.Landings
}

// application is what stands behind Apache. It knows its user by the headers alone.
type application struct {
	*httptest.Server
	front string
	mu    sync.Mutex
	heard []http.Header
}

func startApplication(t *testing.T, front string) *application {
	t.Helper()
	a := &application{front: front}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard = append(a.heard, r.Header)
	refresh := a.front + "/callback?" + url.Values{
		"refresh": {a.front + r.URL.RequestURI()}, "access_token": {r.Header.Get("OIDC_access_token")},
	}.Encode()
	out := a.front + "/callback?" + url.Values{"logout": {a.front + "/signed-out"}}.Encode()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Orders</title><p>%s</p>
<a href="%s">Refresh</a> <a href="%s">Sign out</a></html>`, html.EscapeString(r.Header.Get("OIDC_CLAIM_name")), html.EscapeString(refresh),
		html.EscapeString(out))
}

// check sees that the application was told the same user three times, each time with another refresh token and a token of the user's.
func (a *application) check(t *testing.T, browser *http.Client, served sts) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	type user struct{ name, organisation, issuer string }
	var got []user
	refreshTokens, subjects := map[string]bool{}, map[string]bool{}
	for _, h := range a.heard {
		got = append(got, user{h.Get("OIDC_CLAIM_name"), h.Get("OIDC_CLAIM_userorganisationidentifier"), h.Get("OIDC_CLAIM_iss")})
		refreshTokens[h.Get("OIDC_refresh_token")], subjects[h.Get("OIDC_CLAIM_sub")] = true, true
		if name := userOf(t, browser, served, h.Get("OIDC_access_token")); name != "Margaret Ellis" {
			t.Errorf("the access token is %q's", name)
		}
	}
	head := user{"Margaret Ellis", "c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S", served.Issuer}
	if want := []user{head, head, head}; !reflect.DeepEqual(got, want) {
		t.Errorf("the application was told of\n%v\nwant\n%v", got, want)
	}
	if len(refreshTokens) != 3 || len(subjects) != 1 || refreshTokens[""] || subjects[""] {
		t.Errorf("the application saw %d refresh tokens and %d subjects, want 3 and 1", len(refreshTokens), len(subjects))
	}
}

// startApache starts an Apache with its own configuration in its own folder, and ends it with the test.
func startApache(t *testing.T, served sts, port string, configuration *strings.Replacer) {
	t.Helper()
	dir, err := os.MkdirTemp("", "simsid-apache-") //nolint:usetesting // t.TempDir's parent is closed to the user that root's Apache runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ca, err := os.ReadFile(served.CA)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key := selfSigned(t)
	text := strings.ReplaceAll(configuration.Replace(apacheConfiguration), "DIR", dir)
	files := map[string]string{"ca.pem": string(ca), "certificate.pem": certificate, "key.pem": key, "httpd.conf": text}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "/usr/sbin/apache2", "-d", dir, "-f", filepath.Join(dir, "httpd.conf"), "-D", "FOREGROUND")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	cmd.SysProcAttr = asNobody(t, dir, files)
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		if err := end(cmd); err != nil {
			t.Errorf("Apache ends with %v", err)
		}
		if t.Failed() {
			log, err := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("Apache said (%v)\n%s", err, log)
		}
	})
	await(t, "tcp", "127.0.0.1:"+port)
}

// nobody is the user, and the group, that Debian has for programs that own nothing.
const nobody = 65534

// asNobody has root start Apache as nobody, to whom the folder then belongs: Apache doesn't serve as root.
func asNobody(t *testing.T, dir string, files map[string]string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	names := []string{dir}
	for name := range files {
		names = append(names, filepath.Join(dir, name))
	}
	for _, name := range names {
		if err := os.Chown(name, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}
