package scan

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// hardTexts make rules look again and again.
func hardTexts() map[string]string {
	return map[string]string{
		"starts over lines":      strings.Repeat("eyJhbGciOiJSUzI1NiIsImtpZCI6ImEzck1VZ\n", 50),
		"starts, then a dot":     strings.Repeat("eyJhbGciOiJSUzI1NiIsImtpZCI6ImEzck1VZ\n", 50) + ".\n",
		"headers within headers": strings.Repeat("eyJhYiI6", 100) + ".",
		"texts of a program":     strings.Repeat("\"eyJhbGciOiJSUzI1NiIs\" + ", 100),
		"escapes":                strings.Repeat(`\u0065\u0079\u004a`, 100),
		"percent":                strings.Repeat("%65%79%4a%2565", 100),
		"names in base64":        strings.Repeat("b2tlbva29rZ", 300),
		"claims in base64":       strings.Repeat("Ijoi", 300) + ".a",
		"pairs":                  strings.Repeat(`{"value":"a","x":1,"y":2,"z":3,`, 100),
		"values":                 strings.Repeat(`"value":"`, 100),
		"names":                  strings.Repeat(`"name":"password",`, 100),
		"assertions":             strings.Repeat("<Assertion>", 100),
		"ends of assertions":     strings.Repeat("<Assertion>", 100) + strings.Repeat("Assertion", 100),
		"keys":                   strings.Repeat("-----BEGIN PRIVATE KEY-----\n", 50),
		"members":                strings.Repeat(`"d":"a","k":"b",`, 100),
		"curl":                   strings.Repeat("curl -u a -u b ", 100),
		"parts":                  strings.Repeat("name=\"password\"\r\nx", 100),
		"references":             strings.Repeat("&#101;&#x65;&quot;", 100),
		"addresses":              strings.Repeat("a@", 100),
		"backslashes":            strings.Repeat(`\\\u0065`, 100),
	}
}

// BenchmarkHard shows what the worst of texts cost.
func BenchmarkHard(b *testing.B) {
	for name, text := range hardTexts() {
		whole := []byte(strings.Repeat(text, 1+4<<20/len(text)))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(whole)))
			for b.Loop() {
				if _, err := Redact(b.Context(), io.Discard, bytes.NewReader(whole), RedactOptions{Key: key, Personal: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// However often rules look again, where a text is cut changes nothing.
func TestHardCuts(t *testing.T) {
	for name, text := range hardTexts() {
		t.Run(name, func(t *testing.T) {
			text := text[:min(len(text), 1500)]
			want := redacted(t, text, RedactOptions{Options: atOnce, Personal: true})
			for _, o := range cuts() {
				if got := redacted(t, text, RedactOptions{Options: o, Personal: true}); got != want {
					t.Errorf("%+v: %s", o, difference(got, want))
				}
			}
		})
	}
}
