package provider

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestTraceOfBodies: of a body that is no form, whatever it is, nothing is shown but how long it is.
func TestTraceOfBodies(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/": says(http.StatusOK, "application/json", "{}")})
	for contentType, shown := range map[string]bool{
		"application/x-www-form-urlencoded": true, "application/X-WWW-form-urlencoded; charset=utf-8": true,
		"application/json": false, "text/plain": false, "": false, "no type": false,
	} {
		var words bytes.Buffer
		trace := NewTrace(TraceOptions{Words: &words, Keep: true, Now: time.Now})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/", strings.NewReader("scope=openid&name-SECRET-of-somebody=1"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		resp, err := NewHTTPClient(HTTPOptions{Trace: trace}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		har := mustHAR(t, trace)
		for _, text := range []string{words.String(), har} {
			if strings.Contains(text, "openid") != shown || strings.Contains(text, "SECRET") && !shown || strings.Contains(text, "a body of 38 bytes, which isn't shown") == shown {
				t.Errorf("%q, shown: %v:\n%s", contentType, shown, text)
			}
		}
	}
}
