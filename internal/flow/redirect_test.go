package flow

import (
	"reflect"
	"slices"
	"testing"
)

func TestParseRedirect(t *testing.T) {
	for uri, want := range map[string]redirect{
		"http://localhost:5454":            {uri: "http://localhost:5454", scheme: "http", host: "localhost", port: 5454, path: "/"},
		"http://localhost:5454/":           {uri: "http://localhost:5454/", scheme: "http", host: "localhost", port: 5454, path: "/"},
		"http://127.0.0.1:0/callback":      {uri: "http://127.0.0.1:0/callback", scheme: "http", host: "127.0.0.1", port: 0, path: "/callback"},
		"http://[::1]:5454/a/b":            {uri: "http://[::1]:5454/a/b", scheme: "http", host: "::1", port: 5454, path: "/a/b"},
		"http://localhost/callback":        {uri: "http://localhost/callback", scheme: "http", host: "localhost", port: 80, path: "/callback"},
		"http://localhost:1/a%20b%2Fc?x=y": {uri: "http://localhost:1/a%20b%2Fc?x=y", scheme: "http", host: "localhost", port: 1, path: "/a%20b%2Fc"},
	} {
		if got, err := parseRedirect(uri, ""); err != nil || got != want {
			t.Errorf("%s: expected %+v, got %+v, %v", uri, want, got, err)
		}
	}
	const (
		scheme = "it starts with neither https:// nor http://"
		host   = "it is http and its host is none of localhost, 127.0.0.1 and [::1]: elsewhere it must be https"
		port   = "its port is no number from 0 to 65535"
		dots   = "its path has a dot segment, which a browser takes out before it asks"
	)
	for uri, problem := range map[string]string{
		"":                             scheme,
		"localhost:5454":               scheme,
		"ftp://localhost:5454":         scheme,
		"javascript:alert(1)":          scheme,
		"https://app.example:0/":       "its port is 0, which stands for any free one on loopback alone",
		"https://app.example/#x":       "it holds a fragment",
		"https://app.example/?code=x":  `its query holds "code", which belongs to the answer`,
		"com.example.app:/a/../b":      dots,
		"http://example.com/":          host,
		"http://127.0.0.2:1/":          host,
		"http://0.0.0.0:1/":            host,
		"http://localhost.:1/":         host,
		"http://localhost.evil.com/":   host,
		"http://2130706433:1/":         host,
		"http://[::ffff:127.0.0.1]:1/": host,
		"http:///callback":             "it has no host",
		"http:localhost":               "it has no host",
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
		if _, err := CheckRedirect(uri, ""); !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%q: expected %v, got %v", uri, want, err)
		}
	}
}

// TestPlaces tells what is listened for, and what can only be pasted.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		uri, listen string
		want        Place
		addresses   []string
		port        int
	}{
		{"http://localhost:5454/", "", Place{Here: true}, []string{"127.0.0.1", "::1"}, 5454},
		{"https://localhost:5454/", "", Place{Here: true, HTTPS: true}, []string{"127.0.0.1", "::1"}, 5454},
		{"https://localhost/", "", Place{Here: true, HTTPS: true}, []string{"127.0.0.1", "::1"}, 443},
		{"https://127.0.0.1:0/", "", Place{Here: true, HTTPS: true}, []string{"127.0.0.1"}, 0},
		{"https://[::1]:5454", "", Place{Here: true, HTTPS: true}, []string{"::1"}, 5454},
		{"https://app.example/cb", "", Place{}, nil, 0},
		{"https://localhost.evil.example/cb", "", Place{}, nil, 0},
		{"https://app.example/cb", "127.0.0.1", Place{Here: true, HTTPS: true}, []string{"127.0.0.1"}, 443},
		{"https://app.example:8443/cb", "10.0.0.7:9443", Place{Here: true, HTTPS: true}, []string{"10.0.0.7"}, 9443},
		{"https://app.example/cb", "[::1]:8443", Place{Here: true, HTTPS: true}, []string{"::1"}, 8443},
		{"https://app.example/cb", "0.0.0.0:8443", Place{Here: true, HTTPS: true}, []string{"0.0.0.0"}, 8443},
		{"http://localhost:8400/cb", "127.0.0.2", Place{Here: true}, []string{"127.0.0.2"}, 8400},
		{"http://127.0.0.1:8400/cb", "[::ffff:127.0.0.1]:8401", Place{Here: true}, []string{"::ffff:127.0.0.1"}, 8401},
		{"com.example.app:/cb", "", Place{}, nil, 0},
		{"com.example.app:/cb", "127.0.0.1", Place{}, nil, 0},
	} {
		got, err := CheckRedirect(c.uri, c.listen)
		if err != nil || got != c.want {
			t.Errorf("%s, %q: expected %+v, got %+v, %v", c.uri, c.listen, c.want, got, err)
			continue
		}
		r, _ := parseRedirect(c.uri, c.listen)
		if got.Here && (!slices.Equal(r.addresses(), c.addresses) || r.listenPort() != c.port) {
			t.Errorf("%s, %q: addresses %q, port %d", c.uri, c.listen, r.addresses(), r.listenPort())
		}
	}
	for _, uri := range []string{"http://localhost:8400/cb", "http://127.0.0.1:8400/cb", "http://[::1]:8400/", "https://localhost:5454/"} {
		for _, listen := range []string{"0.0.0.0", "0.0.0.0:8400", "::", "[::]:8400", "192.0.2.1", "::ffff:192.0.2.1"} {
			want := &RedirectError{URI: uri, Problem: `it leads to this machine alone, and the address to listen on for it, "` + listen + `", lets others in`, Open: true}
			if _, err := CheckRedirect(uri, listen); !reflect.DeepEqual(err, error(want)) {
				t.Errorf("expected %v, got %v", want, err)
			}
		}
	}
	want := &RedirectError{URI: "https://app.example/", Problem: `the address to listen on for it, "app.example", is no IP address`}
	if _, err := CheckRedirect("https://app.example/", "app.example"); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("expected %v, got %v", want, err)
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
		r, err := parseRedirect(uri, "")
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
		"http://localhost/":      {"localhost": true, "localhost:80": true, "localhost:81": false},
		"http://127.0.0.1:1":     {"127.0.0.1:1": true, "localhost:1": false},
		"https://localhost/":     {"localhost": true, "localhost:443": true, "localhost:80": false},
		"https://app.example/cb": {"app.example": true, "app.example:443": true, "localhost:443": false, "evil.example": false},
		"http://[::1]:1":         {"[::1]:1": true, "::1:1": false, "[::1]": false},
	} {
		r, err := parseRedirect(uri, "")
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
