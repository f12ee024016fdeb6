package provider

import (
	"net/url"
	"strings"
	"testing"
)

// TestErrorFromBrowser: what a page puts into an address can't fill a terminal.
func TestErrorFromBrowser(t *testing.T) {
	long := strings.Repeat("é", 5000)
	got := *ErrorFromBrowser(url.Values{"error": {"e" + long}, "error_description": {long}, "error_uri": {"https://" + long}})
	want := OAuthError{
		Operation: "sign in", Code: "e" + long[:98] + "…", Description: long[:maxShown] + "…", URI: "https://" + long[:maxShown-8] + "…",
	}
	if got != want {
		t.Errorf("got %+v, expected %+v", got, want)
	}
}
