package provider

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// healthOf answers every request alike, without a status not at all, and writes down where they went.
type healthOf struct {
	status int
	body   string
	asked  []string
}

func (h *healthOf) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked = append(h.asked, r.URL.String())
	if h.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		StatusCode: h.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(h.body)), Request: r,
	}, nil
}

// TestEmulated: only an issuer on this machine is asked, and only its own word counts.
func TestEmulated(t *testing.T) {
	t.Parallel()
	says := func(issuer string) string { return `{"status":"ok","issuer":"` + issuer + `"}` }
	for _, c := range []struct {
		issuer, body string
		status       int
		asked        []string
		want         bool
	}{
		{"http://localhost:8454/", says("http://localhost:8454/"), 200, []string{"http://localhost:8454/emulator/health"}, true},
		{"http://127.0.0.1:1/", says("http://127.0.0.1:1/"), 200, []string{"http://127.0.0.1:1/emulator/health"}, true},
		{"https://[::1]:1/", says("https://[::1]:1/"), 200, []string{"https://[::1]:1/emulator/health"}, true},
		{"http://127.0.0.1:1/", says("http://127.0.0.1:2/"), 200, []string{"http://127.0.0.1:1/emulator/health"}, false},
		{"http://127.0.0.1:1/", `{"status":"up","issuer":"http://127.0.0.1:1/"}`, 200, []string{"http://127.0.0.1:1/emulator/health"}, false},
		{"http://127.0.0.1:1/", says("http://127.0.0.1:1/"), 404, []string{"http://127.0.0.1:1/emulator/health"}, false},
		{"http://127.0.0.1:1/", "<html>", 200, []string{"http://127.0.0.1:1/emulator/health"}, false},
		{"http://127.0.0.1:1/", "", 0, []string{"http://127.0.0.1:1/emulator/health"}, false},
		{"http://192.0.2.1/", says("http://192.0.2.1/"), 200, nil, false},
		{"http://[::1/", says("http://[::1/"), 200, nil, false},
		{"https://id.example.com/", says("https://id.example.com/"), 200, nil, false},
		{"https://localhost.example.com/", says("https://localhost.example.com/"), 200, nil, false},
	} {
		h := &healthOf{status: c.status, body: c.body}
		if got := Emulated(t.Context(), &http.Client{Transport: h}, c.issuer); got != c.want || !slices.Equal(h.asked, c.asked) {
			t.Errorf("%s, which says %d %s: %v after %q, want %v after %q", c.issuer, c.status, c.body, got, h.asked, c.want, c.asked)
		}
	}
}
