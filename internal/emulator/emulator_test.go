package emulator

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestLoginWithAPage(t *testing.T) {
	b := newBench(t, Options{})
	got := b.login("head")
	if got.ID == "" || got.Access == "" || got.ExpiresIn != 3600 || got.Type != "Bearer" || len(got.Refresh) != 32 {
		t.Errorf("tokens: %+v", got)
	}
}

// logins are the sample users' login names.
func logins() []string {
	var out []string
	for _, u := range Users(SiteSTS) {
		out = append(out, u.Login)
	}
	return out
}

func TestUnknownSampleUserIsToldWhoThereIs(t *testing.T) {
	_, err := New(Options{Now: (&clock{}).now, Rand: &counted{}, As: "nobody"})
	var unknown *UnknownUserError
	if !errors.As(err, &unknown) {
		t.Fatalf("got %v", err)
	}
	if unknown.Login != "nobody" || !slices.Equal(unknown.Known, logins()) {
		t.Errorf("got %+v", unknown)
	}
	for _, login := range logins() {
		if !strings.Contains(err.Error(), login) {
			t.Errorf("%q doesn't name %s", err, login)
		}
	}
}

func TestAsSignsInWithoutAPage(t *testing.T) {
	for _, login := range logins() {
		b := newBench(t, Options{As: login})
		a := b.do(b.back, b.request(http.MethodGet, Issuer+"connect/authorize?"+authorizeQuery().Encode(), nil))
		if a.status != http.StatusFound || b.landed(a).Get("code") == "" {
			t.Errorf("%s: status %d, location %q", login, a.status, a.location)
		}
	}
}
