//go:build !windows

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/tokenstore"
)

// A page of another origin posts a token of its own while the user waits (login CSRF). The terminal says whose login it is and whence it came,
// a no keeps nothing, and so does an Enter.
func TestPostedLoginIsAsked(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"AQAA","token_type":"bearer","expires_in":1199,"userName":`+strconv.Quote(r.PostFormValue("refresh_token"))+`}`)
	}))
	defer site.Close()
	for _, c := range []struct {
		user, quoted, origin, answer string
		kept                         bool
	}{
		{"MALLORY", "MALLORY", "https://evil.example", "no", false},
		{"MALLORY", "MALLORY", "https://evil.example", "", false},
		{`JSMITH" (verified)`, `JSMITH\\" \(verified\)`, "https://evil.example", "no", false},
		{"JSMITH", "JSMITH", site.URL, "yes", true},
	} {
		home := t.TempDir()
		s := startTerminal(t, home, []string{
			"SIMSID_KIND=imis", "SIMSID_ISSUER=" + site.URL, "SIMSID_CLIENT_ID=app", "SIMSID_CLIENT_SECRET=s", "SIMSID_REDIRECT_URI=http://127.0.0.1:0/imis",
			"SIMSID_STORE_PASSPHRASE=correct horse battery staple",
		}, "login", "--store", "file")
		at := s.await(`http://127\.0\.0\.1:[0-9]+/imis`)[0]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(url.Values{"refresh_token": {c.user}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", c.origin)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(page), "Go back to the terminal") {
			t.Errorf("the page: %s, %v", page, err)
		}
		if c.origin != site.URL {
			s.await(`posted by a page of https://evil\.example`)
		}
		s.await(`this is the login of\s+"` + c.quoted + `"`)
		s.await(`Is that you, and shall it be kept\?`)
		s.answer(c.answer)
		if c.kept {
			s.await(`Signed in to iMIS as JSMITH`)
		} else {
			s.await(`the login was not kept, as you said`)
		}
		s.end()
		records, err := tokenstore.Records(tokenstore.Options{Dir: home + "/state/store"})
		if err != nil || (len(records) == 1) != c.kept {
			t.Errorf("%s: on record: %+v, %v", c.user, records, err)
		}
	}
}
