package flow

import (
	"reflect"
	"testing"
)

func TestParseRedirect(t *testing.T) {
	for uri, want := range map[string]redirect{
		"http://localhost:5454":            {"http://localhost:5454", "localhost", 5454, "/"},
		"http://localhost:5454/":           {"http://localhost:5454/", "localhost", 5454, "/"},
		"http://127.0.0.1:0/callback":      {"http://127.0.0.1:0/callback", "127.0.0.1", 0, "/callback"},
		"http://[::1]:5454/a/b":            {"http://[::1]:5454/a/b", "::1", 5454, "/a/b"},
		"http://localhost/callback":        {"http://localhost/callback", "localhost", 80, "/callback"},
		"http://localhost:1/a%20b%2Fc?x=y": {"http://localhost:1/a%20b%2Fc?x=y", "localhost", 1, "/a%20b%2Fc"},
	} {
		if got, err := parseRedirect(uri); err != nil || got != want {
			t.Errorf("%s: expected %+v, got %+v, %v", uri, want, got, err)
		}
	}
	const (
		scheme = "it doesn't start with http://, and this program listens on loopback by plain HTTP"
		host   = "its host is none of localhost, 127.0.0.1 and [::1]"
		port   = "its port is no number from 0 to 65535"
		dots   = "its path has a dot segment, which a browser takes out before it asks"
	)
	for uri, problem := range map[string]string{
		"":                             scheme,
		"localhost:5454":               scheme,
		"https://localhost:5454":       scheme,
		"http://example.com/":          host,
		"http://127.0.0.2:1/":          host,
		"http://0.0.0.0:1/":            host,
		"http://localhost.:1/":         host,
		"http://localhost.evil.com/":   host,
		"http://2130706433:1/":         host,
		"http://[::ffff:127.0.0.1]:1/": host,
		"http:///callback":             host,
		"http:localhost":               host,
		"http://me@localhost:1/":       "it holds a user name",
		"http://localhost:1/#":         "it holds a fragment",
		"http://localhost:1/#x":        "it holds a fragment",
		"http://localhost:/":           "its port is empty",
		"http://localhost:65536/":      port,
		"http://localhost:080/":        port,
		"http://localhost:x/":          "it is not a URL",
		"http://localhost:1/\x00":      "it is not a URL",
		"http://localhost:1/a/../b":    dots,
		"http://localhost:1/%2e%2e/b":  dots,
		"http://localhost:1/?state=x":  `its query holds "state", which belongs to the answer`,
	} {
		want := &RedirectError{URI: uri, Problem: problem}
		if err := CheckRedirect(uri); !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%q: expected %v, got %v", uri, want, err)
		}
	}
}

func TestWithPort(t *testing.T) {
	for uri, want := range map[string]string{
		"http://localhost:0/callback?x=localhost:0": "http://localhost:4321/callback?x=localhost:0",
		"http://127.0.0.1:0":                        "http://127.0.0.1:4321",
		"http://[::1]:0/%7Ea":                       "http://[::1]:4321/%7Ea",
		"http://localhost:5454/0":                   "http://localhost:5454/0",
		"http://localhost":                          "http://localhost",
	} {
		r, err := parseRedirect(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.withPort(4321).uri; got != want {
			t.Errorf("%s: expected %s, got %s", uri, want, got)
		}
	}
}

func TestHasHost(t *testing.T) {
	for uri, hosts := range map[string]map[string]bool{
		"http://localhost:5454/": {
			"localhost:5454": true, "LOCALHOST:5454": true, "localhost": false, "127.0.0.1:5454": false, "[::1]:5454": false,
			"localhost:54545": false, "evil.localhost:5454": false, "localhost.:5454": false, "": false,
		},
		"http://localhost/":  {"localhost": true, "localhost:80": true, "localhost:81": false},
		"http://127.0.0.1:1": {"127.0.0.1:1": true, "localhost:1": false},
		"http://[::1]:1":     {"[::1]:1": true, "::1:1": false, "[::1]": false},
	} {
		r, err := parseRedirect(uri)
		if err != nil {
			t.Fatal(err)
		}
		for host, want := range hosts {
			if got := r.hasHost(host); got != want {
				t.Errorf("%s, Host %q: expected %t", uri, host, want)
			}
		}
	}
}
