package flow

import (
	"context"
	"crypto/rand"
	"net/http"
	"testing"
)

// TestSendBrowserHeaders: the answer that holds the address is kept nowhere and passes nothing on.
func TestSendBrowserHeaders(t *testing.T) {
	opened := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- SendBrowser(t.Context(), "https://sts.example/end?id_token_hint=secret", rand.Reader, func(_ context.Context, address string) error {
			opened <- address
			return nil
		})
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, <-opened, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" || !resp.Close {
		t.Errorf("got %v, close %t", resp.Header, resp.Close)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
