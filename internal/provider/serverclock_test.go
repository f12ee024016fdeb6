package provider

import (
	"net/http"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

func TestServerClock(t *testing.T) {
	date := func(d time.Duration) http.Header { return http.Header{"Date": {now.Add(d).Format(http.TimeFormat)}} }
	aged := func(age string) http.Header { h := date(-time.Hour); h.Set("Age", age); return h }
	for name, c := range map[string]struct {
		header  http.Header
		took    time.Duration
		ahead   string // in words, for a check that fails because the clock is ahead
		behind  string
		unknown bool
	}{
		"right":           {header: date(0)},
		"a slow answer":   {header: date(time.Minute), took: 2 * time.Minute},
		"seconds":         {header: date(-30 * time.Second), ahead: "this machine's clock is 30 seconds ahead of the provider's"},
		"too few":         {header: date(-19 * time.Second)},
		"a minute":        {header: date(-time.Minute), ahead: "this machine's clock is 1 minute ahead of the provider's"},
		"minutes":         {header: date(-7 * time.Minute), ahead: "this machine's clock is 7 minutes ahead of the provider's"},
		"behind":          {header: date(7 * time.Minute), behind: "this machine's clock is 7 minutes behind the provider's"},
		"hours":           {header: date(-5 * time.Hour), ahead: "this machine's clock is 5 hours ahead of the provider's"},
		"days":            {header: date(72 * time.Hour), behind: "this machine's clock is 3 days behind the provider's"},
		"no date":         {header: http.Header{}, unknown: true},
		"no date at all":  {header: http.Header{"Date": {"yesterday"}}, unknown: true},
		"out of a cache":  {header: aged("1"), unknown: true},
		"of age 0":        {header: aged("0"), ahead: "this machine's clock is 60 minutes ahead of the provider's"},
		"the year 1":      {header: http.Header{"Date": {"Fri, 01 Jan 0001 00:00:00 GMT"}}, unknown: true},
		"the year 9999":   {header: http.Header{"Date": {"Fri, 31 Dec 9999 23:59:59 GMT"}}, unknown: true},
		"a hundred years": {header: date(farthest), took: time.Second, behind: "this machine's clock is 36500 days behind the provider's"},
		"more than that":  {header: date(farthest + time.Hour), unknown: true},
	} {
		clock := &ServerClock{}
		clock.hear(c.header, now, now.Add(c.took))
		if got := [2]string{clock.words(true), clock.words(false)}; got != [2]string{c.ahead, c.behind} {
			t.Errorf("%s: %q", name, got)
		}
		if _, known := clock.Ahead(); known == c.unknown {
			t.Errorf("%s: known %v", name, known)
		}
	}
	var none *ServerClock
	none.hear(date(0), now, now)
	if _, known := none.Ahead(); known || none.words(true) != "" {
		t.Error("no clock knows something")
	}
}

// A check of time that fails names the clock where the clock explains it, and only there.
func TestVerifyNamesTheClock(t *testing.T) {
	for name, c := range map[string]struct {
		server  time.Duration // the server's clock against this machine's
		changes object
		want    string
	}{
		"expired, and the clock is ahead": {-7 * time.Minute, object{"exp": now.Add(-5 * time.Minute).Unix()},
			"the token has expired, by this machine's clock; but this machine's clock is 7 minutes ahead of the provider's"},
		"expired, and the clock is right": {0, object{"exp": now.Add(-5 * time.Minute).Unix()},
			"the token has expired, by this machine's clock"},
		"expired, and the clock is behind": {7 * time.Minute, object{"exp": now.Add(-5 * time.Minute).Unix()},
			"the token has expired, by this machine's clock"},
		"from the future": {7 * time.Minute, object{"iat": now.Add(7 * time.Minute).Unix()},
			"the token was issued in the future, by this machine's clock; but this machine's clock is 7 minutes behind the provider's"},
		"not yet valid": {7 * time.Minute, object{"nbf": now.Add(7 * time.Minute).Unix()},
			"the token isn't valid yet, by this machine's clock; but this machine's clock is 7 minutes behind the provider's"},
		"signed in long ago": {-7 * time.Minute, object{"auth_time": now.Add(-7 * time.Minute).Unix()},
			"the user signed in longer ago than max_age; but this machine's clock is 7 minutes ahead of the provider's"},
		"signed in in the future": {7 * time.Minute, object{"auth_time": now.Add(7 * time.Minute).Unix()},
			"it lies in the future, by this machine's clock; but this machine's clock is 7 minutes behind the provider's"},
	} {
		t.Run(name, func(t *testing.T) {
			keys := saysJSON(t, object{"keys": []any{jwk(t, &testKeys().rsa.PublicKey, "k", nil)}})
			s := serve(t, map[string]http.HandlerFunc{"/jwks": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", now.Add(c.server).UTC().Format(http.TimeFormat))
				keys(w, r)
			}})
			p := s.provider(Kind{})
			p.Metadata.IDTokenAlgs = []string{"RS256"}
			p.Clock = &ServerClock{}
			p.HTTP = NewHTTPClient(HTTPOptions{Clock: p.Clock, Now: clock})
			claims := object{
				"iss": p.Metadata.Issuer, "aud": "client-1", "sub": "1", "nonce": "n",
				"exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "auth_time": now.Unix(),
			}.with(c.changes)
			raw := sign(t, testKeys().rsa, object{"alg": "RS256", "kid": "k"}, claims)
			v, err := p.Verify(t.Context(), raw, VerifyRequest{ClientID: "client-1", Nonce: token.NewSecret("n"), MaxAge: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			failed := v.with(Failed)
			if len(failed) != 1 || failed[0].Detail != c.want {
				t.Errorf("failed rows %+v, want %q", failed, c.want)
			}
		})
	}
}
