package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// needle is one way in which a secret may be written.
type needle struct{ form, text string }

// needles are the ways in which a leak of a secret would look: as it is, as JSON and percent-encoding spell it, in hex, and in base64
// wherever in the encoded text it may begin.
func needles(secret string) []needle {
	quoted, _ := json.Marshal(secret) // a string always can be
	all := []needle{
		{"plain", secret},
		{"JSON", strings.Trim(string(quoted), `"`)},
		{"percent-encoded", url.QueryEscape(secret)},
		{"percent-encoded as a path", url.PathEscape(secret)},
		{"percent-encoded in lower case", lowerEscapes(url.QueryEscape(secret))},
		{"percent-encoded throughout", escapeAll(secret)},
		{"hex", hex.EncodeToString([]byte(secret))},
		{"upper-case hex", strings.ToUpper(hex.EncodeToString([]byte(secret)))},
	}
	for before := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			// What stands before it and behind it changes the characters at both ends.
			text := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
			from := []int{0, 2, 3}[before]
			to := len(text)
			if (before+len(secret))%3 != 0 {
				to--
			}
			all = append(all, needle{name, text[from:to]})
		}
	}
	return all
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

func escapeAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{s[i]})))
	}
	return b.String()
}

// leaks are the secrets, by their names, that are in a text, and in what form.
func leaks(text string, secrets map[string]string) []string {
	var found []string
	for secret, name := range secrets {
		for _, n := range needles(secret) {
			if strings.Contains(text, n.text) {
				found = append(found, name+" ("+n.form+")")
				break
			}
		}
	}
	return found
}

// leaksInFiles searches every file of a folder, but those that are excepted by their name within it; names of files count as well.
func leaksInFiles(t *testing.T, dir string, secrets map[string]string, excepted func(name string) bool) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || excepted(filepath.ToSlash(name)) {
			return err
		}
		text := name
		if d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += "\n" + string(b)
		}
		for _, leak := range leaks(text, secrets) {
			found = append(found, name+": "+leak)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The search finds a secret that was planted, in every form, wherever it begins, in a text as in a file; and nothing where there is none.
func TestSearchFindsALeak(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"s3cr3t+value/of=some kind", "0123456789abcdef0123456789abcdef", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", `quote"and\backslash`} {
		secrets := map[string]string{secret: "the secret"}
		planted := map[string]string{
			"plain":           "error: " + secret + ".",
			"JSON":            string(must(json.Marshal(map[string]string{"a": secret}))),
			"query":           "https://x/?a=" + url.QueryEscape(secret) + "&b",
			"path":            "https://x/" + url.PathEscape(secret),
			"lower":           lowerEscapes(url.QueryEscape(secret)),
			"all":             escapeAll(secret),
			"hex":             "[" + hex.EncodeToString([]byte(secret)) + "]",
			"HEX":             strings.ToUpper(hex.EncodeToString([]byte(secret))),
			"Basic":           "Basic " + base64.StdEncoding.EncodeToString([]byte("client:"+secret)),
			"Basic, encoded":  base64.StdEncoding.EncodeToString([]byte("c:" + url.QueryEscape(secret))),
			"base64 in front": base64.StdEncoding.EncodeToString([]byte(secret + "\n")),
		}
		for before := range 5 {
			for behind := range 5 {
				around := strings.Repeat("<", before) + secret + strings.Repeat(">", behind)
				name := strings.Repeat("<", before) + strings.Repeat(">", behind)
				planted["base64 "+name] = base64.StdEncoding.EncodeToString([]byte(around))
				planted["base64url "+name] = base64.RawURLEncoding.EncodeToString([]byte(around))
			}
		}
		for name, text := range planted {
			if name == "Basic, encoded" && url.QueryEscape(secret) != secret {
				continue // base64 of an encoded secret is a secret of its own: the wire has it
			}
			if got := leaks(text, secrets); len(got) != 1 {
				t.Errorf("%s isn't found in %s", secret, text)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "x"), []byte("\x00\xff"+text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := leaksInFiles(t, dir, secrets, func(string) bool { return false }); len(got) != 1 {
				t.Errorf("%s isn't found in a file with %s", secret, text)
			}
		}
		if got := leaks(strings.ReplaceAll(planted["plain"], secret[3:], "x"), secrets); got != nil {
			t.Errorf("found %q where nothing is", got)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
