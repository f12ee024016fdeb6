//go:build real

package real_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// harSchema is the schema of HAR 1.2 that the npm package har-schema has.
func harSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	files, err := filepath.Glob("../browser/node_modules/har-schema/lib/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("the npm package har-schema isn't installed; `make setup` does it")
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		// The parts name one another by their files' names.
		if err := c.AddResource("har:///"+filepath.Base(name), withoutID(doc)); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile("har:///har.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// withoutID leaves out the schema's own name for itself, which is relative to nothing.
func withoutID(doc any) any {
	if o, ok := doc.(map[string]any); ok {
		delete(o, "$id")
	}
	return doc
}

// TestTraceFile: what --trace-file writes is HAR by the schema, and the developer tools of a real Chromium read it: the back channel, the
// browser's way there and its way back.
func TestTraceFile(t *testing.T) {
	s := newSimsid(t)
	file := filepath.Join(t.TempDir(), "login.har")
	s.want(0, "login", "--emulator", "--as", "head", "--trace-file", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	schema := harSchema(t)
	if err := conforms(schema, string(text)); err != nil {
		t.Errorf("by the schema it isn't HAR: %v\n%s", err, text)
	}
	// The control: the schema sees what is missing.
	if err := conforms(schema, strings.Replace(string(text), `"startedDateTime"`, `"started"`, 1)); err == nil {
		t.Error("the schema takes an entry without a time")
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", "../browser/har.mjs", file).Output()
	if err != nil {
		t.Fatalf("Chromium's tools don't read it: %v; `make setup` installs what is needed", err)
	}
	var read []struct {
		Method, URL, Form, Content, Mime string
		Status                           int
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range read {
		address, _, _ := strings.Cut(r.URL, "?")
		got = append(got, fmt.Sprintf("%s %s %d", r.Method, withoutPort(address), r.Status))
		if strings.HasSuffix(address, "/token") {
			if !strings.Contains(r.Form, "grant_type=authorization_code") || !strings.Contains(r.Content, `"access_token":"[access_token: JWT, `) || !strings.HasPrefix(r.Mime, "application/json") {
				t.Errorf("of the token endpoint they show %+v", r)
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"GET http://127.0.0.1/callback 303", "GET http://127.0.0.1/connect/authorize 0", "GET https://emulator.simsid.invalid/.well-known/jwks 200",
		"GET https://emulator.simsid.invalid/.well-known/openid-configuration 200", "POST https://emulator.simsid.invalid/connect/token 200",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Chromium's tools read\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func conforms(schema *jsonschema.Schema, text string) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// withoutPort leaves out a port that was free by chance.
func withoutPort(address string) string {
	host, rest, found := strings.Cut(strings.TrimPrefix(address, "http://127.0.0.1:"), "/")
	if !found || strings.HasPrefix(address, "https") || strings.Trim(host, "0123456789") != "" {
		return address
	}
	return "http://127.0.0.1/" + rest
}
