package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// follow asks for one address without following redirects.
func follow(t *testing.T, method, address, host string) (status int, location string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Location")
}

func TestSendBrowser(t *testing.T) {
	const secret = "https://sts.example/end?id_token_hint=secret"
	opened := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- SendBrowser(t.Context(), secret, rand.Reader, func(_ context.Context, address string) error {
			opened <- address
			return nil
		})
	}()
	address := <-opened
	if strings.Contains(address, "secret") || !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Errorf("the opener was given %s", address)
	}
	for _, c := range []struct{ method, address, host string }{
		{"HEAD", address, ""}, {"POST", address, ""}, {"GET", address + "x", ""}, {"GET", address[:len(address)-1], ""},
		{"GET", address, "evil.example"},
	} {
		if status, location := follow(t, c.method, c.address, c.host); status != http.StatusNotFound || location != "" {
			t.Errorf("%v: %d, %s", c, status, location)
		}
	}
	if status, location := follow(t, "GET", address, ""); status != http.StatusSeeOther || location != secret {
		t.Errorf("the browser got %d, %s", status, location)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSendBrowserFails(t *testing.T) {
	errOpener, errRandom := errors.New("no display"), errors.New("no entropy")
	open := func(err error) func(context.Context, string) error {
		return func(context.Context, string) error { return err }
	}
	if err := SendBrowser(t.Context(), "x", rand.Reader, open(errOpener)); !errors.Is(err, errOpener) {
		t.Errorf("got %v", err)
	}
	if err := SendBrowser(t.Context(), "x", iotest.ErrReader(errRandom), open(nil)); !errors.Is(err, errRandom) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := SendBrowser(ctx, "x", rand.Reader, func(context.Context, string) error {
		cancel()
		return nil
	})
	if !errors.Is(err, ErrBrowserAway) {
		t.Errorf("got %v", err)
	}
}

// TestHopTwice: of two visitors who come at once the second gets nothing.
func TestHopTwice(t *testing.T) {
	p := &hop{address: "https://sts.example/end?id_token_hint=secret", host: "127.0.0.1:1", path: "/ticket", gone: make(chan struct{})}
	for _, want := range []int{http.StatusSeeOther, http.StatusGone, http.StatusGone} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1/ticket", nil))
		if location := w.Header().Get("Location"); w.Code != want || (location == p.address) != (want == http.StatusSeeOther) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%d, Location %q, %s", w.Code, location, w.Body)
		}
	}
	<-p.gone
}
