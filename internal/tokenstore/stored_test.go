package tokenstore

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// What is kept is read member by member: one of a wrong type is named, and never passes for a missing one.
func TestStoredMembersOfWrongTypes(t *testing.T) {
	const login, record, kept = "a login", "a record", "an item of simsid"
	read := map[string]func(string) error{
		login:  func(s string) error { _, err := decodeLogin([]byte(s)); return err },
		record: func(s string) error { _, err := decodeRecord([]byte(s)); return err },
		kept:   func(s string) error { _, err := decodeItem(s); return err },
	}
	for _, tt := range []struct{ of, name, value string }{
		{login, "issuer", "1"}, {login, "issuer", "null"}, {login, "client_id", `{"base64":1}`}, {login, "access_token", `{"base64":"%"}`},
		{login, "refresh_token", "[]"}, {login, "id_token", "{}"}, {login, "seq", "-1"}, {login, "seq", "1.5"}, {login, "seq", "18446744073709551616"},
		{login, "seq", `"1"`}, {login, "login", "7"}, {login, "scopes", `"openid"`}, {login, "scopes", "[1]"}, {login, "scopes", "{}"},
		{login, "expiry", "5"}, {login, "expiry", `"yesterday"`}, {login, "signed_in_at", "true"}, {login, "organisations", "[[]]"},
		{record, "backend", "1"}, {record, "login", "false"}, {record, "key_beside", `"true"`}, {record, "ended", "1"}, {record, "since", "0"},
		{record, "secrets", "{}"}, {record, "refreshable", "null"}, {record, "leftover", "[]"},
		{kept, "value", "1"}, {kept, "login", "1"}, {kept, "seq", "1e3"}, {kept, "issuer", "[]"},
	} {
		text := `{"version":1,"` + tt.name + `":` + tt.value + `}`
		err := read[tt.of](text)
		if want := "not " + tt.of + ": " + tt.name + " is of the wrong type"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"version":1,"version":1}`: "not JSON of the store: the object names a member twice",
		`{"version":0}`:             "it has no version",
		`{"version":1.0}`:           "it has no version",
		`[1]`:                       "not JSON of the store: the object is JSON, but no object",
		`{"version":1,"a":"\ud800`:  "not JSON of the store: the object is no valid JSON",
	} {
		for of, read := range read {
			if err := read(text); err == nil || err.Error() != want {
				t.Errorf("%s as %s: %v, want %s", text, of, err, want)
			}
		}
	}
	if err := read[login](`{"version":2,"login":{"of":"another shape"}}`); !errors.Is(err, ErrLater) {
		t.Errorf("a later version: %v", err)
	}
}

func TestStoredTexts(t *testing.T) {
	for raw, want := range map[string][]string{
		`[]`: {}, `[ ]`: {}, `["a"]`: {"a"}, ` [ "a" , "b\"],[\u00e9" ,"" ] `: {"a", `b"],[é`, ""}, `[{"base64":"/w=="},"[,]"]`: {"\xff", "[,]"},
	} {
		if got, ok := textsOf([]byte(strings.TrimSpace(raw))); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %t, want %q", raw, got, ok, want)
		}
	}
}
