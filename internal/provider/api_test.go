package provider

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// api is an API that answers with what it was sent, or redirects to where its query says.
func api(t *testing.T, saw *[]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*saw = append(*saw, strings.Join([]string{r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Key"), r.Header.Get("Mine"), string(body)}, "|"))
		if to := r.URL.Query().Get("to"); to != "" {
			status := http.StatusFound
			switch r.URL.Path {
			case "/303":
				status = http.StatusSeeOther
			case "/307":
				status = http.StatusTemporaryRedirect
			}
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestAPIRedirects sees what each host is sent: "here" may have the token, "there" may not, and the key is for "here" alone.
func TestAPIRedirects(t *testing.T) {
	var here, there []string
	hereURL, thereURL := api(t, &here), api(t, &there)
	to := func(base, path, then string) string { return base + path + "?to=" + url.QueryEscape(then) }
	for _, test := range []struct {
		name, method, address, body string
		redirects                   int
		here, there                 []string
		refused                     string
	}{
		{name: "none is followed", method: "GET", address: to(hereURL, "/302", hereURL+"/b"), here: []string{"GET|/302|Bearer t|k|m|"}},
		{name: "to the same host", method: "GET", address: to(hereURL, "/302", hereURL+"/b#x"), redirects: 10, here: []string{"GET|/302|Bearer t|k|m|", "GET|/b|Bearer t|k|m|"}},
		{
			name: "elsewhere the token is lost", method: "GET", address: to(hereURL, "/302", thereURL+"/b"), redirects: 10,
			here: []string{"GET|/302|Bearer t|k|m|"}, there: []string{"GET|/b||||"},
		},
		{
			name: "and stays lost on the way back", method: "GET", address: to(hereURL, "/302", to(thereURL, "/302", hereURL+"/b")), redirects: 10,
			here: []string{"GET|/302|Bearer t|k|m|", "GET|/b||||"}, there: []string{"GET|/302||||"},
		},
		{
			name: "a body goes nowhere else", method: "POST", address: to(hereURL, "/307", thereURL+"/b"), body: "x", redirects: 10,
			here: []string{"POST|/307|Bearer t|k|m|x"}, refused: Origin(mustURL(t, thereURL)),
		},
		{
			name: "nor a method that changes something", method: "DELETE", address: to(hereURL, "/302", thereURL+"/b"), redirects: 10,
			here: []string{"DELETE|/302|Bearer t|k|m|"}, refused: Origin(mustURL(t, thereURL)),
		},
		{
			name: "a post becomes a get", method: "POST", address: to(hereURL, "/303", hereURL+"/b"), body: "x", redirects: 10,
			here: []string{"POST|/303|Bearer t|k|m|x", "GET|/b|Bearer t|k|m|"},
		},
		{
			name: "a put stays", method: "PUT", address: to(hereURL, "/307", hereURL+"/b"), body: "x", redirects: 10,
			here: []string{"PUT|/307|Bearer t|k|m|x", "PUT|/b|Bearer t|k|m|x"},
		},
		{name: "plain http elsewhere", method: "GET", address: to(hereURL, "/302", "http://api.example/"), redirects: 10, here: []string{"GET|/302|Bearer t|k|m|"}, refused: "http://api.example"},
		{name: "no address of the web", method: "GET", address: to(hereURL, "/302", "file:///etc/passwd"), redirects: 10, here: []string{"GET|/302|Bearer t|k|m|"}, refused: "file://"},
		{name: "another host from the start", method: "GET", address: thereURL + "/b", redirects: 10, refused: Origin(mustURL(t, thereURL))},
	} {
		t.Run(test.name, func(t *testing.T) {
			here, there = nil, nil
			client := NewHTTPClient(HTTPOptions{})
			c := APICall{
				Method: test.method, URL: mustURL(t, test.address), Header: http.Header{"Mine": {"m"}}, Bearer: token.NewSecret("t"), Redirects: test.redirects,
				Keys: []APIHeader{{"Key", token.NewSecret("k"), []string{Origin(mustURL(t, hereURL))}}}, Origins: []string{Origin(mustURL(t, hereURL))},
				Client: func(*url.URL) *http.Client { return client },
			}
			if test.body != "" {
				c.Body = []byte(test.body)
			}
			resp, err := c.Do(t.Context())
			if err == nil {
				_ = resp.Body.Close()
			}
			refused := ""
			if e, ok := errors.AsType[*APIRefusedError](err); ok {
				refused = e.Origin
			} else if err != nil {
				t.Fatal(err)
			}
			if strings.Join(here, "\n") != strings.Join(test.here, "\n") || strings.Join(there, "\n") != strings.Join(test.there, "\n") || refused != test.refused {
				t.Errorf("here %q, there %q, refused %q; want %q, %q, %q", here, there, refused, test.here, test.there, test.refused)
			}
		})
	}
}

// A key isn't for every host that the token is for.
func TestAPIKeys(t *testing.T) {
	var saw []string
	base := api(t, &saw)
	origin := Origin(mustURL(t, base))
	c := APICall{
		Method: "GET", URL: mustURL(t, base+"/a"), Bearer: token.NewSecret("t"), Origins: []string{origin},
		Keys:   []APIHeader{{"Key", token.NewSecret("k"), []string{"https://other.example"}}},
		Client: func(*url.URL) *http.Client { return NewHTTPClient(HTTPOptions{}) },
	}
	resp, err := c.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if want := "GET|/a|Bearer t|||"; len(saw) != 1 || saw[0] != want {
		t.Errorf("the API saw %q, want %q", saw, want)
	}
}

// Nothing from elsewhere sends a request to this machine, where programs trust whoever is here.
func TestAPIRedirectToThisMachine(t *testing.T) {
	c := APICall{}
	for _, test := range []struct {
		from, to string
		refused  bool
	}{
		{"https://api.example/", "http://127.0.0.1:8080/", true}, {"https://api.example/", "https://localhost/", true}, {"https://api.example/", "https://[::1]/", true},
		{"https://api.example/", "https://files.example/", false}, {"http://127.0.0.1:1/", "http://127.0.0.1:2/", false},
	} {
		err := c.mayFollow(mustURL(t, test.from), mustURL(t, test.to), "GET", nil, false)
		if refused := isError[*APIRefusedError](err); refused != test.refused {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
}

func TestOrigin(t *testing.T) {
	for address, want := range map[string]string{
		"https://API.example:443/v1?x": "https://api.example", "https://api.example:8443/": "https://api.example:8443", "http://127.0.0.1:80": "http://127.0.0.1",
		"http://api.example:443/": "http://api.example:443", "https://[::1]:443/": "https://[::1]",
	} {
		if got := Origin(mustURL(t, address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// What the caller says for this once comes before what is kept, however the name is written.
func TestAPIKeyGivenAnew(t *testing.T) {
	var saw []string
	base := api(t, &saw)
	origin := Origin(mustURL(t, base))
	c := APICall{
		Method: "GET", URL: mustURL(t, base+"/a"), Header: http.Header{"Key": {"given"}}, Bearer: token.NewSecret("t"), Origins: []string{origin},
		Keys:   []APIHeader{{"key", token.NewSecret("kept"), []string{origin}}},
		Client: func(*url.URL) *http.Client { return NewHTTPClient(HTTPOptions{}) },
	}
	resp, err := c.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if want := "GET|/a|Bearer t|given||"; len(saw) != 1 || saw[0] != want {
		t.Errorf("the API saw %q, want %q", saw, want)
	}
}

// What no address can hold is encoded in a query, and what is encoded already isn't again.
func TestAPIQuery(t *testing.T) {
	for given, want := range map[string]string{
		"": "", "a=b&c=d/e?f": "a=b&c=d/e?f", "$filter=surname eq 'Ellis'": "$filter=surname%20eq%20'Ellis'", "a=%20b+c": "a=%20b+c",
		"q[]=1&é=~": "q[]=1&%C3%A9=~", "\"<>\\^`{|}\x7f\x01!}": "%22%3C%3E%5C%5E%60%7B%7C%7D%7F%01!%7D",
	} {
		if got := encodedQuery(given); got != want {
			t.Errorf("%q: %s, want %s", given, got, want)
		}
	}
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.RequestURI }))
	defer server.Close()
	c := apiCallTo(t, server.URL+"/a?b=c d")
	resp, err := c.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got, want := <-asked, "/a?b=c%20d"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// apiCallTo is a call to an address that the token may go to.
func apiCallTo(t *testing.T, address string) APICall {
	t.Helper()
	u := mustURL(t, address)
	client := NewHTTPClient(HTTPOptions{Max: 8, Timeout: 5 * time.Second})
	return APICall{Method: "POST", URL: u, Bearer: token.NewSecret("t"), Origins: []string{Origin(u)}, Client: func(*url.URL) *http.Client { return client }}
}

// An answer that breaks off is told with its host, as one that never came, and one that goes beyond its bound isn't.
func TestAPIAnswerBrokenOff(t *testing.T) {
	stay := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/off":
			w.Header().Set("Content-Length", "7")
			_, _ = io.WriteString(w, "abc")
		case "/slow":
			_, _ = io.WriteString(w, "abc")
			_ = http.NewResponseController(w).Flush()
			<-stay
		case "/whole":
			_, _ = io.WriteString(w, "12345678")
		default:
			_, _ = io.WriteString(w, "123456789")
		}
	}))
	defer server.Close()
	defer close(stay)
	host := mustURL(t, server.URL).Host
	for path, want := range map[string]string{
		"/off": "call POST: " + host + ": the answer broke off before its end", "/slow": "call POST: " + host + ": no answer in time", "/long": errTooLong.Error(), "/whole": "",
	} {
		c := apiCallTo(t, server.URL+path)
		if path == "/slow" {
			client := NewHTTPClient(HTTPOptions{Max: 8, Timeout: 200 * time.Millisecond})
			c.Client = func(*url.URL) *http.Client { return client }
		}
		resp, err := c.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if got := fmt.Sprint(err); got != want && (err != nil || want != "") {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
		if e, ok := errors.AsType[*UnavailableError](err); ok != (path == "/off" || path == "/slow") || ok && !e.Sent {
			t.Errorf("%s: %#v", path, err)
		}
	}
}

func TestMayCarryToken(t *testing.T) {
	for address, want := range map[string]bool{"https://a.example/": true, "http://127.0.0.1:1/": true, "http://a.example/": false, "ftp://a.example/": false} {
		if got := MayCarryToken(mustURL(t, address)); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

// echoing is a network that repeats what it was given.
type echoing struct{ words string }

func (f echoing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New(f.words) }

// What was sent isn't repeated where nothing comes back, and what nothing may be sent to isn't asked.
func TestAPINoAnswer(t *testing.T) {
	c := apiCallTo(t, "https://api.example/a")
	c.Bearer, c.Keys = token.NewSecret("bearer-of-the-call"), []APIHeader{{"Key", token.NewSecret("key-of-the-call"), c.Origins}}
	c.Client = func(*url.URL) *http.Client {
		return &http.Client{Transport: echoing{"told bearer-of-the-call and key-of-the-call"}}
	}
	_, err := c.Do(t.Context())
	if err == nil || strings.Contains(err.Error(), "of-the-call") || !strings.Contains(err.Error(), "told ") {
		t.Errorf("%v", err)
	}
	_, err = apiCallTo(t, "http://api.example/a").Do(t.Context())
	if !isError[*AddressError](err) {
		t.Errorf("%v", err)
	}
}
