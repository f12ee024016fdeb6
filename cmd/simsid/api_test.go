package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveAPI serves an API on two sockets until the script ends, and puts their addresses into $API and $OTHER: /echo answers with what it was
// sent, /status/N with that status, /bytes with bytes, /page with a page, /to?ADDRESS redirects.
func serveAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: serveapi")
	}
	for _, variable := range []string{"API", "OTHER"} {
		server := httptest.NewServer(http.HandlerFunc(answerAPI))
		ts.Defer(server.Close)
		ts.Setenv(variable, server.URL)
	}
}

func answerAPI(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch code, isStatus := strings.CutPrefix(r.URL.Path, "/v1/status/"); {
	case isStatus:
		status, _ := strconv.Atoi(code)
		w.Header().Set("Content-Type", "application/json")
		switch status {
		case http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="expired `+"\t"+r.Header.Get("Authorization")+`"`)
		case http.StatusTooManyRequests:
			w.Header().Set("Retry-After", "120")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"problem":"`+code+`"}`)
	case r.URL.Path == "/v1/bytes":
		_, _ = w.Write([]byte("\x00\xff\n\r\x1b[31m"))
	case r.URL.Path == "/v1/off":
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "abc")
	case r.URL.Path == "/v1/page":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html>\n<title>Sign in</title>\n")
	case r.URL.Path == "/v1/to":
		w.Header().Set("Location", r.URL.RawQuery)
		w.WriteHeader(http.StatusFound)
	default:
		w.Header().Set("Link", `<?page=2>; rel="next"`)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"host": r.Host, "method": r.Method, "path": r.URL.Path, "query": r.URL.RawQuery, "body": string(body), "headers": r.Header,
		})
	}
}
