package sims_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/sims"
)

func TestScopes(t *testing.T) {
	type row struct {
		Name  string
		Grant sims.Grant
	}
	want := []row{
		{"openid", sims.GrantUser},
		{"profile", sims.GrantUser},
		{"roles", sims.GrantUser},
		{"partner", sims.GrantUser},
		{"partnermanagementapplication", sims.GrantUser},
		{"simsmultiorgapplication", sims.GrantUser},
		{"offline_access", sims.GrantUser},
		{"partner-read", sims.GrantClientCredentials},
		{"partner-write", sims.GrantClientCredentials},
		{"partnerserverapplication", sims.GrantClientCredentials},
		{"simsserverapplication", sims.GrantClientCredentials},
		{"rapapi", sims.GrantClientCredentials},
	}
	var got []row
	for _, s := range sims.Scopes() {
		got = append(got, row{s.Name, s.Grant})
		checkWords(t, s.Name, s.Meaning)
		for _, c := range s.Claims {
			if _, ok := sims.LookupClaim(c); !ok {
				t.Errorf("scope %s brings the claim %s, which nobody knows", s.Name, c)
			}
		}
		if found, ok := sims.LookupScope(s.Name); !ok || !reflect.DeepEqual(found, s) {
			t.Errorf("LookupScope(%q) = %+v, %t", s.Name, found, ok)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("scopes\n%v, want\n%v", got, want)
	}
	for _, name := range []string{"", "OpenID", "email"} {
		if s, ok := sims.LookupScope(name); ok {
			t.Errorf("LookupScope(%q) = %+v", name, s)
		}
	}
}

// checkWords holds the house style of texts for people: said, no stop at the end, one line.
func checkWords(t *testing.T, name, text string) {
	t.Helper()
	if text == "" || strings.TrimSpace(text) != text || strings.HasSuffix(text, ".") || strings.ContainsAny(text, "\n\t") || strings.Contains(text, "  ") {
		t.Errorf("text of %s: %q", name, text)
	}
}

func TestCheckScopes(t *testing.T) {
	const single, several = "partnermanagementapplication", "simsmultiorgapplication"
	tests := []struct {
		scopes []string
		want   *sims.ExclusiveScopesError
	}{
		{nil, nil},
		{[]string{"openid", single}, nil},
		{[]string{"openid", several}, nil},
		{[]string{single, single}, nil},
		{[]string{"openid", single, "profile", several}, &sims.ExclusiveScopesError{A: single, B: several}},
		{[]string{several, single}, &sims.ExclusiveScopesError{A: single, B: several}},
	}
	for _, tt := range tests {
		err := sims.CheckScopes(tt.scopes)
		got, _ := errors.AsType[*sims.ExclusiveScopesError](err)
		if !reflect.DeepEqual(got, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("CheckScopes(%q) = %v, want %v", tt.scopes, err, tt.want)
		}
	}
	if got, want := sims.CheckScopes([]string{single, several}).Error(), "the scopes "+single+" and "+several+" exclude each other"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestGrantedScopes(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{`{}`, nil},
		{`{"scope":null}`, nil},
		{`{"scope":1}`, nil},
		{`{"scope":""}`, nil},
		{`{"scope":[]}`, nil},
		{`{"scope":"openid"}`, []string{"openid"}},
		{`{"scope":"openid  profile"}`, []string{"openid", "profile"}},
		{`{"scope":["openid","profile"]}`, []string{"openid", "profile"}},
	}
	for _, tt := range tests {
		if got := sims.GrantedScopes(claims(t, tt.text)); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("GrantedScopes(%s) = %#v, want %#v", tt.text, got, tt.want)
		}
	}
}
