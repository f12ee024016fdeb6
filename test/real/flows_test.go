//go:build real

package real_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/simsid/simsid/test/provider"
)

// TestHybridOverHTTPS has the independent provider post a code and an ID token to https on loopback, by each hybrid response type.
func TestHybridOverHTTPS(t *testing.T) {
	p := provider.Start(t)
	v := newVisitor(t, "ada", provider.Allow)
	s := newSimsid(t, append(v.env, storeKey(t), "SIMSID_CLIENT_SECRET="+p.Secret(provider.Hybrid))...)
	if err := v.person.Trust([]byte(s.want(0, "cert", "export").stdout)); err != nil {
		t.Fatal(err)
	}
	s.want(0, "profile", "add", "work", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", provider.Hybrid, "--client-auth", "client_secret_post",
		"--scope", "openid profile email", "--redirect-uri", provider.HybridRedirect, "--store", "file", "--use", "--flow", "Hybrid",
		"--response-mode", "form_post")
	for _, responseType := range []string{"", "code token", "code id_token token"} {
		args := []string{"login", "--timeout", "30s"}
		if responseType != "" {
			args = append(args, "--response-type", responseType)
		}
		who := s.ask(args...)
		signedIn(t, v)
		if who["subject"] != "ada" || who["issuer"] != p.Issuer {
			t.Errorf("%s: login answered %v, want ada at %s", responseType, who, p.Issuer)
		}
	}
	s.want(0, "token")
}

// TestDeviceFlow has somebody type the code on the independent provider's own pages.
func TestDeviceFlow(t *testing.T) {
	p := provider.Start(t)
	s := newSimsid(t, storeKey(t))
	s.want(0, "profile", "add", "tv", "--kind", "oidc", "--issuer", p.Issuer, "--client-id", provider.Device, "--client-auth", "none",
		"--scope", "openid profile", "--store", "file", "--use", "--flow", "DeviceCode", "--redirect-uri", "http://127.0.0.1:0/callback")
	onDevice(t, s)
}

// onDevice signs ada in with the chosen profile, on the provider's own pages, and returns the answer.
func onDevice(t *testing.T, s *simsid) string {
	t.Helper()
	person, err := provider.NewVisitor("ada", provider.Allow)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "login", "-o", "json")
	cmd.Env = s.env
	var out bytes.Buffer
	cmd.Stdout = &out
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, code := deviceWords(t, said)
	landing, err := person.Visit(ctx, address+"?user_code="+code)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v, after the visit ended at %s (%d):\n%s", err, landing.Address, landing.Status, landing.Body)
	}
	if !strings.Contains(out.String(), `"subject": "ada"`) {
		t.Errorf("login answered %s", out.String())
	}
	return out.String()
}

// deviceWords reads from standard error what somebody has to know on the other device.
func deviceWords(t *testing.T, said io.Reader) (address, code string) {
	t.Helper()
	uri, word := regexp.MustCompile(`^  (http://\S+)$`), regexp.MustCompile(`^  ([A-Z0-9-]+)$`)
	lines := bufio.NewScanner(said)
	for code == "" && lines.Scan() {
		if m := uri.FindStringSubmatch(lines.Text()); m != nil {
			address = m[1]
		}
		if m := word.FindStringSubmatch(lines.Text()); m != nil {
			code = m[1]
		}
	}
	if address == "" || code == "" {
		t.Fatal("neither an address nor a code was shown")
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return address, code
}
