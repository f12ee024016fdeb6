package render_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/render"
)

// exchanges are what an emulator's log is likely to tell.
func exchanges() []render.Exchange {
	return []render.Exchange{
		{At: now, Took: 1234 * time.Microsecond, Method: "GET", Path: "/.well-known/openid-configuration", Status: 200},
		{
			At: now, Took: 2 * time.Millisecond, Method: "GET", Path: "/connect/authorize", Status: 200, Client: "pm-sso-1", Name: "Lunch Orders",
			Notes: []render.ExchangeNote{{Rule: "redirect-uri", Text: "redirect_uri “https://localhost:5454” differs from the registered one, " +
				"“https://localhost:5454/”, by its trailing slash; the real STS shows an error page with status 200 and tells you nothing"}},
		},
		{
			At: now, Method: "POST", Path: "/connect/token", Status: 200, Client: "pm-sso-1", Name: "Lunch Orders",
			Notes: []render.ExchangeNote{{Text: "issued tokens for head; the new refresh token serves once, and the one before it is gone"}},
		},
		{At: now, Took: 3 * time.Second, Method: "POST", Path: "/connect/token", Client: "unknown", Faults: []string{"delay", "drop-after-rotation"}},
		{
			At: now, Method: "GET\n", Path: "/" + strings.Repeat("x", 300), Status: 404, Client: notUTF8,
			Notes: []render.ExchangeNote{{Rule: "client", Text: "client “" + hostile + "” is unknown"}},
		},
	}
}

func TestWriteExchange(t *testing.T) {
	for form, o := range map[string]render.Options{
		"80.txt": {Width: 80}, "40.txt": {Width: 40}, "80.ansi": {Width: 80, Color: true}, "log.txt": {}, // a file has no width
	} {
		t.Run(form, func(t *testing.T) {
			var b bytes.Buffer
			for _, x := range exchanges() {
				render.WriteExchange(&b, o, x)
			}
			compareGolden(t, filepath.Join("testdata", "exchange", form), b.Bytes())
		})
	}
	t.Run("log.json", func(t *testing.T) {
		var b bytes.Buffer
		for _, x := range exchanges() {
			render.WriteExchangeJSON(&b, x)
		}
		render.WriteNoticeJSON(&b, now, "warning", hostile)
		compareGolden(t, filepath.Join("testdata", "exchange", "log.json"), b.Bytes())
	})
}

// Without a terminal each request is one line, whatever it holds.
func TestExchangeIsOneLine(t *testing.T) {
	var b bytes.Buffer
	for _, x := range exchanges() {
		render.WriteExchange(&b, render.Options{}, x)
	}
	if got := strings.Count(b.String(), "\n"); got != len(exchanges()) {
		t.Errorf("got %d lines of %d requests", got, len(exchanges()))
	}
}

// A ready line is one line, since its reader waits for the end of it.
func TestReadyLine(t *testing.T) {
	var b bytes.Buffer
	if err := render.Write(t.Context(), &b, samples(t)["emulator"], render.Options{JSON: true, Line: true}); err != nil {
		t.Fatal(err)
	}
	const want = `{"schema":"simsid.emulator/1","issuer":"http://localhost:8454/","port":8454,"pid":4711,` +
		`"health":"http://localhost:8454/emulator/health","faults":"http://localhost:8454/emulator/faults",` +
		`"faults_token":"0123456789abcdef0123456789abcdef"}` + "\n"
	if b.String() != want {
		t.Errorf("got %s", b.String())
	}
}
