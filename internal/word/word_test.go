package word

import (
	"strings"
	"testing"
)

const (
	jwt      = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	identity = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"
	password = "hunter2"
)

// secrets are in no message, whatever was expected in their place.
func secrets() []string {
	return []string{
		jwt, identity, password, "Passw0rd", "correct horse battery staple", "5f4dcc3b5aa765d61d8327deb882cf99", "kZ9vQ+xy/aa==", "123456", "S3cret!", "-----BEGIN PRIVATE KEY-----\nMII",
		`{"kty":"EC"}`, strings.Repeat("x", 21), "пароль",
	}
}

func TestQuote(t *testing.T) {
	known := []string{"client_secret_post", "keyring", "AuthorizationCodeWithProofKey"}
	for text, want := range map[string]string{
		"": `""`, "simsdi": `"simsdi"`, "Okta": `"Okta"`, "one-time": `"one-time"`,
		"ClientSecretPost": `"ClientSecretPost"`, "KEYRING": `"KEYRING"`, "AuthorisationCodeWithProofKey": `"AuthorisationCodeWithProofKey"`,
		"oKTA": `"…"`, "key\x1bring": `"…"`, "kéyring": `"…"`,
	} {
		if got := Quote(text, known...); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for _, s := range secrets() {
		if got := Quote(s, known...); got != `"…"` {
			t.Errorf("%q: %s", s, got)
		}
	}
}

func TestName(t *testing.T) {
	for text, want := range map[string]string{
		"school": "school", "School1.live": "…", "school-2": "school-2", "SCHOOL_2": "SCHOOL_2", "SchoolLive": "SchoolLive", "../a": "…", strings.Repeat("x", 21): "…",
	} {
		if got := Name(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := Name("School1.Live", "School1.live"); got != "School1.Live" {
		t.Errorf("near to a known one: %s", got)
	}
	for _, s := range secrets() {
		if s != password && s != "123456" { // which might as well be names
			if got := Name(s); got != Hidden {
				t.Errorf("%q: %s", s, got)
			}
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]string{"5": "5", "120": "120", "1234": "…", "1a": "…", "": "", "soon": "soon"} {
		if got := Number(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://sts.example/":                      "https://sts.example/",
		"http://127.0.0.1:8400/callback":            "http://127.0.0.1:8400/callback",
		"https://[::1]:8443/oauth2/v2.0":            "https://[::1]:8443/oauth2/v2.0",
		"https://sts.example/oauth/oauth-anonymous": "https://sts.example/oauth/oauth-anonymous",
		"https://jane:pw@sts.example/":              "https://…@sts.example/",
		"https://a/b@sts.example/":                  "https://…@sts.example/",
		"https://sts.example/?code=1#x":             "https://sts.example/?…",
		"https://sts.example/#x":                    "https://sts.example/#…",
		"localhost:8454":                            "localhost:8454",
		"localhost:8454/":                           "localhost:8454/",
		"localhost:123456":                          "…",
		"localhost:hunter2":                         "…",
		"ftp://sts.example/":                        "…://sts.example/",
		"hunter2://x":                               "…://x",
		"https://" + jwt:                            "https://…",
		"https://" + strings.Repeat("a1", 16):       "https://…",
		"https://hooks.example/" + jwt + "/x":       "https://hooks.example/…/x",
		"https://sts.example/\x1b[31m":              "https://sts.example/…",
	} {
		if got := Address(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for _, s := range secrets() {
		for _, text := range []string{s, "https://" + s + "@sts.example/", "https://sts.example/?x=" + s, "https://sts.example/cb#" + s} {
			if got := Address(text); strings.Contains(got, s) {
				t.Errorf("%q: %s", text, got)
			}
		}
	}
}

func TestFile(t *testing.T) {
	for name, want := range map[string]string{
		"key.txt": "key.txt", "Key2.PEM": "Key2.PEM", "Key2.pem": "Key2.pem", "secret": "secret", "/run/secrets/K3y": "/run/secrets/K3y", "./K3y": "./K3y", "~/K3y": "~/K3y",
		`C:\Users\Jane\K3y`: `C:\Users\Jane\K3y`, `\\server\K3y`: `\\server\K3y`, "folder/K3y": "…", "folder/K3y.txt": "folder/K3y.txt", ".hidden1": "…",
		"/tmp/" + identity: "…",
	} {
		if got := File(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	for _, s := range secrets() {
		if got := File(s); got != Hidden {
			t.Errorf("%q: %s", s, got)
		}
	}
}

// FuzzRepeated: whatever is repeated is short, and has no character that a terminal acts upon.
func FuzzRepeated(f *testing.F) {
	for _, s := range append(secrets(), "simsid", "https://sts.example/cb?x#y") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Repeated(s, "keyring"), Name(s, "school")} {
			if got != Hidden && (len(got) > maxWord || !consists(got, lower+upper+digits+"-_. ")) {
				t.Errorf("%q: %q", s, got)
			}
		}
		Address(s)
		File(s)
	})
}
