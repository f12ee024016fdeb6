package token_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

const hidden = "s3cr3t-value"

// holder has a secret in each place where printing could reach it.
type holder struct {
	Exported   token.Secret
	unexported token.Secret
	Pointer    *token.Secret
	List       []token.Secret
	Map        map[string]token.Secret
	Key        map[token.Secret]int
	Any        any
	Set        token.Set
}

func newHolder() holder {
	s := token.NewSecret(hidden)
	return holder{
		Exported: s, unexported: s, Pointer: &s, List: []token.Secret{s}, Map: map[string]token.Secret{"k": s},
		Key: map[token.Secret]int{s: 1}, Any: s, Set: token.Set{Access: s, ID: s, Refresh: s},
	}
}

// leaks reports whether text holds the value in a form that printing could give it.
func leaks(text string) bool {
	spellings := []string{
		hidden,
		fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden), fmt.Sprintf("% x", hidden),
		strings.Trim(fmt.Sprint([]byte(hidden)), "[]"), strings.Trim(fmt.Sprintf("%o", []byte(hidden)), "[]"),
		"czNjcjN0LXZhbHVl", // base64
	}
	for _, s := range spellings {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

func TestSecretIsNotPrinted(t *testing.T) {
	h := newHolder()
	values := map[string]any{
		"secret": h.Exported, "pointer": h.Pointer, "holder": h, "holder pointer": &h, "slice": h.List, "map": h.Map,
		"set": h.Set, "error": fmt.Errorf("wrapped: %v", h.Exported),
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%q", "%s", "%d", "%o", "%b", "%c", "%U", "%t", "%e", "%T %v", "%10.3s", "% x", "%p"} {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("%s of %s shows the value: %s", verb, name, got)
			}
		}
		if got := fmt.Sprint(v) + fmt.Sprintln(v); leaks(got) {
			t.Errorf("Sprint of %s shows the value: %s", name, got)
		}
	}
}

func TestSecretIsNotEncoded(t *testing.T) {
	h := newHolder()
	got, err := json.Marshal(h)
	if err != nil || leaks(string(got)) {
		t.Errorf("json.Marshal: %s, %v", got, err)
	}
	type element struct{ S token.Secret }
	got, err = xml.Marshal(element{h.Exported})
	if err != nil || leaks(string(got)) {
		t.Errorf("xml.Marshal: %s, %v", got, err)
	}
}

func TestSecretIsNotLogged(t *testing.T) {
	var b bytes.Buffer
	h := newHolder()
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		log := slog.New(handler).With("with", h.Exported)
		log.Info("all", "secret", h.Exported, "pointer", h.Pointer, "holder", h, "set", h.Set,
			slog.Group("group", "secret", h.Exported), "error", errors.New(h.Exported.String()))
	}
	if leaks(b.String()) {
		t.Errorf("slog shows the value:\n%s", b.String())
	}
}

func TestSecretPlaceholders(t *testing.T) {
	full, empty := token.NewSecret(hidden), token.Secret{}
	got := []string{
		full.String(), full.GoString(), fmt.Sprintf("%5d", full), fmt.Sprintf("%s", &full),
		empty.String(), fmt.Sprintf("%#v", token.NewSecret("")),
	}
	want := []string{"[secret]", "[secret]", "[secret]", "[secret]", "[none]", "[none]"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("placeholders %q, want %q", got, want)
	}
	text, err := full.MarshalText()
	if err != nil || string(text) != "[secret]" {
		t.Errorf("MarshalText gives %q, %v", text, err)
	}
}

func TestSecretValue(t *testing.T) {
	type facts struct {
		Reveal, Fingerprint string
		IsZero              bool
		Len                 int
	}
	tests := []struct {
		secret token.Secret
		want   facts
	}{
		{token.NewSecret("abc"), facts{"abc", "ba7816bf", false, 3}}, // SHA-256 of "abc": FIPS 180-4's example
		{token.NewSecret(""), facts{"", "", true, 0}},
		{token.Secret{}, facts{"", "", true, 0}},
	}
	for _, tt := range tests {
		got := facts{tt.secret.Reveal(), tt.secret.Fingerprint(), tt.secret.IsZero(), tt.secret.Len()}
		if got != tt.want {
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
}

func TestSecretEqual(t *testing.T) {
	a, same, other, longer, none := token.NewSecret("a1"), token.NewSecret("a1"), token.NewSecret("a2"), token.NewSecret("a11"), token.Secret{}
	got := []bool{a.Equal(same), a.Equal(other), a.Equal(longer), a.Equal(none), none.Equal(token.NewSecret(""))}
	if want := []bool{true, false, false, false, true}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Equal gives %v, want %v", got, want)
	}
}
