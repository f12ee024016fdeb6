package provider

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// What the token endpoint says of the token's times is held together: expires_in counts, and a contradiction is said.
func TestCompareDates(t *testing.T) {
	sent := time.Date(2026, 11, 21, 17, 30, 0, 0, time.UTC)
	in := sent.Add
	said := func(dates, lasts string) []sims.Finding {
		return []sims.Finding{{
			ID: "expiry-contradicts", Severity: sims.Warning,
			Seen:   "by .expires the access token is good for " + dates + ", by expires_in for " + lasts,
			Why:    "one of the two is wrong, and who goes by it sends a token that has ended, or asks for new ones too often",
			Do:     "go by expires_in, as simsid does, and have the site's clock and lifetimes looked at",
			Source: "RFC 6749 5.1",
		}}
	}
	unreadable := []sims.Finding{{
		ID: "expiry-unreadable", Severity: sims.Warning,
		Seen:   ".expires is no date as HTTP writes it, so that expires_in can't be held against it",
		Why:    "who goes by .expires doesn't know when the access token ends",
		Do:     "go by expires_in, as simsid does, and have the site's token endpoint looked at",
		Source: "RFC 9110 5.6.7",
	}}
	for _, c := range []struct {
		name, text string
		expiry     time.Time
		found      []sims.Finding
	}{
		{"as OWIN has it", `{"expires_in":1799,".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 18:30:00 GMT"}`, in(1799 * time.Second), nil},
		{"no dates", `{"expires_in":1799}`, in(1799 * time.Second), nil},
		{"another life", `{"expires_in":600,".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 18:30:00 GMT"}`, in(600 * time.Second), said("30m0s", "10m0s")},
		{"beyond the slack by a second", `{"expires_in":594,".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 18:10:00 GMT"}`, in(594 * time.Second), said("10m0s", "9m54s")},
		{"without .issued", `{"expires_in":1799,".expires":"Sat, 21 Nov 2026 18:00:30 GMT"}`, in(1799 * time.Second), nil},
		{"without .issued, another life", `{"expires_in":1799,".expires":"Sat, 21 Nov 2026 19:00:00 GMT"}`, in(1799 * time.Second), said("1h30m0s", "29m59s")},
		{"dates alone", `{".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 18:30:00 GMT"}`, in(30 * time.Minute), nil},
		{"ended before it began", `{".issued":"Sat, 21 Nov 2026 18:30:00 GMT",".expires":"Sat, 21 Nov 2026 18:00:00 GMT"}`, time.Time{}, nil},
		{"no date", `{"expires_in":60,".expires":"tomorrow"}`, in(60 * time.Second), unreadable},
		{"a number", `{"expires_in":60,".expires":1}`, in(60 * time.Second), unreadable},
		{"ended by expires_in", `{"expires_in":-5,".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 18:10:00 GMT"}`, sent, said("10m0s", "-5s")},
		{"nothing", `{}`, time.Time{}, nil},
	} {
		o, err := token.ParseObject([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		expiry, found := compareDates(o, sent)
		if !expiry.Equal(c.expiry) || !reflect.DeepEqual(found, c.found) {
			t.Errorf("%s: %s, %+v; want %s, %+v", c.name, expiry, found, c.expiry, c.found)
		}
	}
}

// A name that nobody could recognise, or that a terminal would obey, counts as none.
func TestUserName(t *testing.T) {
	for text, want := range map[string]string{
		`{"userName":"JSMITH"}`:                             "JSMITH",
		`{"userName":" Jo Smith "}`:                         " Jo Smith ",
		`{"userName":"  "}`:                                 "",
		`{"userName":"a\u001b[2Jb"}`:                        "",
		`{"userName":"a\u202eb"}`:                           "",
		`{"userName":7}`:                                    "",
		`{"userName":"` + strings.Repeat("a", 256) + `"}`:   strings.Repeat("a", 256),
		`{"userName":"` + strings.Repeat("a", 256+1) + `"}`: "",
		`{}`: "",
	} {
		o, err := token.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := userName(o); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// A kind without metadata is asked for none: its one endpoint is where the kind says.
func TestFixedMetadata(t *testing.T) {
	imis := mustKind(t, "imis")
	for _, issuer := range []string{"https://imis.example.org", "https://imis.example.org/", "https://example.org/imis"} {
		want := Metadata{Issuer: issuer, TokenEndpoint: strings.TrimSuffix(issuer, "/") + "/token"}
		got, err := Discover(context.Background(), nil, DiscoverRequest{Kind: imis, Issuer: issuer})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", issuer, got, err)
		}
	}
	if _, err := Discover(context.Background(), nil, DiscoverRequest{Kind: imis, Issuer: "http://imis.example.org"}); err == nil {
		t.Error("a token endpoint in the clear")
	}
	d, err := Describe(context.Background(), nil, DiscoverRequest{Kind: imis, Issuer: "https://imis.example.org"})
	if err == nil || err.Error() != "read discovery document: iMIS publishes no metadata" {
		t.Errorf("%+v, %v", d, err)
	}
}

// What the kind lacks is refused in its words, and without a request.
func TestLacks(t *testing.T) {
	imis := mustKind(t, "imis")
	md, err := Discover(context.Background(), nil, DiscoverRequest{Kind: imis, Issuer: "https://imis.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{Kind: imis, Metadata: md, Now: time.Now}
	ctx, some := context.Background(), token.NewSecret("t")
	for want, call := range map[string]func() error{
		"ask userinfo: iMIS has no userinfo endpoint, and sends nothing along but who the user is": func() error { _, err := p.Userinfo(ctx, some, ""); return err },
		"introspect: iMIS has no introspection, and its access tokens are opaque":                  func() error { _, err := p.Introspect(ctx, Client{ID: "c"}, some, ""); return err },
		"revoke: iMIS has no revocation":                      func() error { return p.Revoke(ctx, Client{ID: "c"}, some, "") },
		"end the session: iMIS has no address to sign out at": func() error { _, err := p.EndSessionURL(some, "c", "", ""); return err },
		"ask for a device code: iMIS has no device authorisation": func() error {
			_, err := p.AuthorizeDevice(ctx, Client{ID: "c"}, nil, nil)
			return err
		},
	} {
		if err := call(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// The exchange as iMIS has it: the secret in the body, who signed in beside the token, and each error as it is stated.
func TestOWINAnswers(t *testing.T) {
	now := time.Date(2026, 11, 21, 17, 30, 0, 0, time.UTC)
	var answer string
	status := http.StatusOK
	var form url.Values
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.URL.Path != "/token" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s, %v", r.URL.Path, err)
		}
		form = r.PostForm
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer site.Close()
	imis := mustKind(t, "imis")
	md, err := Discover(context.Background(), nil, DiscoverRequest{Kind: imis, Issuer: site.URL})
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{Kind: imis, Metadata: md, Now: func() time.Time { return now }}
	client := Client{ID: "app", Secret: token.NewSecret("s3cret"), Auth: AuthPost}
	answer = `{"access_token":"AQAA","token_type":"bearer","expires_in":1199,"refresh_token":"new","userName":"JSMITH",` +
		`"as:client_id":"app",".issued":"Sat, 21 Nov 2026 18:00:00 GMT",".expires":"Sat, 21 Nov 2026 18:20:00 GMT"}`
	got, err := p.Refresh(context.Background(), client, token.NewSecret("posted"))
	want := TokenResponse{User: "JSMITH", Set: token.Set{
		Access: token.NewSecret("AQAA"), Refresh: token.NewSecret("new"), Type: "bearer", Expiry: now.Add(1199 * time.Second),
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	sent := url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "refresh_token": {"posted"}}
	if !reflect.DeepEqual(form, sent) {
		t.Errorf("sent %v", form)
	}
	status = http.StatusBadRequest
	for _, code := range []string{"invalid_client", "invalid_grant", "unsupported_grant_type"} {
		answer = fmt.Sprintf(`{"error":%q,"error_description":"no"}`, code)
		_, err := p.Refresh(context.Background(), client, token.NewSecret("posted"))
		want := &OAuthError{Operation: "refresh", Code: code, Description: "no", Status: 400}
		if !reflect.DeepEqual(err, want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}
