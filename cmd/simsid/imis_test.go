package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// imis starts a site whose token endpoint answers as iMIS's OWIN server does, and says where it is in $SITE. What a refresh token is called
// says what becomes of it: USER signs in, USER-once does so once, USER-rotates brings a new one, USER-contradicts has dates that don't fit, and
// expired and othergrant are refused; dropped has no answer, and html one that is a page.
func imis(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: imis")
	}
	var count atomic.Int32
	var spent sync.Map
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		refuse := func(code string) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":%q,"error_description":"said by the site"}`, code)
		}
		switch {
		case r.Method != http.MethodPost || r.URL.Path != "/token":
			http.NotFound(w, r)
			return
		case r.PostFormValue("grant_type") != "refresh_token":
			refuse("unsupported_grant_type")
			return
		case r.PostFormValue("client_id") != "app" || r.PostFormValue("client_secret") != "s3cret":
			refuse("invalid_client")
			return
		}
		refresh := r.PostFormValue("refresh_token")
		user, way, _ := strings.Cut(refresh, "-")
		n := count.Add(1)
		more := ""
		switch {
		case user == "othergrant":
			refuse("unsupported_grant_type")
			return
		case user == "dropped":
			panic(http.ErrAbortHandler)
		case user == "html":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>")
			return
		case user == "expired":
			refuse("invalid_grant")
			return
		case way == "rotates":
			more = fmt.Sprintf(`,"refresh_token":"%s-rotated-%d"`, user, n)
		case way == "once":
			if _, again := spent.LoadOrStore(refresh, true); again {
				refuse("invalid_grant")
				return
			}
		case way == "contradicts":
			more = `,".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 19:00:00 GMT"`
		}
		fmt.Fprintf(w, `{"access_token":"AQAA-%s-%d","token_type":"bearer","expires_in":1199,"userName":%q%s}`, user, n, user, more)
	}))
	ts.Defer(srv.Close)
	ts.Setenv("SITE", srv.URL)
}

// post sends a form as a page of an origin would, as soon as somebody listens there: post URL FORM [ORIGIN]. Its answer goes to the script's log.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: post URL FORM [ORIGIN]")
	}
	u, err := url.Parse(args[0])
	ts.Check(err)
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(args[1]))
		ts.Check(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if len(args) == 3 {
			req.Header.Set("Origin", args[2])
		}
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err == nil {
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			ts.Logf("HTTP %d %s", resp.StatusCode, body)
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("nobody listens at %s: %v", args[0], err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
