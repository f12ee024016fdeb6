package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// set switches a fault on, and clears all at the end of the test.
func (b *bench) set(f Fault) {
	b.Helper()
	if _, err := b.SetFault(f); err != nil {
		b.Fatal(err)
	}
}

// raw posts to the token endpoint on a real connection.
func (b *bench) raw(path string, form url.Values) (answer, error) {
	b.Helper()
	res, err := b.browser.Do(b.request(http.MethodPost, b.base+path, form))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(body)}, err
}

// Faults of an answer leave what happened as it is: the refresh below works or has worked.
func TestFaultyAnswers(t *testing.T) {
	t.Parallel()
	t.Run("status", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, Options{})
		got := b.login("head")
		b.set(Fault{Kind: FaultStatus, Status: 503, RetryAfter: 1500 * time.Millisecond, Endpoint: "token", Times: 1})
		a := b.post("connect/token", refreshForm(got.Refresh))
		if a.status != 503 || a.header.Get("Retry-After") != "2" || a.body != `{"Message":"An error on demand."}` {
			t.Errorf("got %+v", a)
		}
		b.tokens(b.post("connect/token", refreshForm(got.Refresh))) // once, and the refresh token wasn't looked at
	})
	t.Run("status 500 everywhere but at the pages", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, Options{})
		b.set(Fault{Kind: FaultStatus, Status: 500})
		for path, want := range map[string]int{
			".well-known/openid-configuration": 500, ".well-known/jwks": 500, "connect/userinfo": 500, "connect/introspect": 500,
			"connect/accesstokenvalidation": 500, "connect/identitytokenvalidation": 500, "connect/revocation": 500,
			"connect/authorize": 200, "connect/endsession": 200, "": 200, "emulator/health": 200,
		} {
			if a := b.do(b.back, b.request(http.MethodGet, Issuer+path, nil)); a.status != want || a.header.Get("Retry-After") != "" {
				t.Errorf("%s: got %d, want %d", path, a.status, want)
			}
		}
	})
	t.Run("by name at a page", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, Options{})
		b.set(Fault{Kind: FaultStatus, Status: 500, Endpoint: "authorize"})
		if a := b.authorize(b.browser, authorizeQuery()); a.status != 500 {
			t.Errorf("got %d", a.status)
		}
	})
	t.Run("html", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, Options{})
		b.set(Fault{Kind: FaultHTML, Endpoint: "discovery"})
		a := b.do(b.back, b.request(http.MethodGet, Issuer+".well-known/openid-configuration", nil))
		if a.status != 200 || a.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasPrefix(a.body, "<!DOCTYPE html>") {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("cut JSON", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, Options{})
		whole := b.do(b.back, b.request(http.MethodGet, Issuer+".well-known/jwks", nil))
		b.set(Fault{Kind: FaultCutJSON, Endpoint: "jwks"})
		a, err := b.browser.Do(b.request(http.MethodGet, b.base+"/.well-known/jwks", nil))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		body, err := io.ReadAll(a.Body)
		if err != nil || string(body) != whole.body[:len(whole.body)/2] || a.ContentLength != int64(len(body)) {
			t.Errorf("got %s, %v", body, err)
		}
	})
	t.Run("oversized", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, Options{})
		b.set(Fault{Kind: FaultOversized, Endpoint: "discovery"})
		a, err := b.browser.Do(b.request(http.MethodGet, b.base+"/.well-known/openid-configuration", nil))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		tail := &tailWriter{}
		n, err := io.Copy(tail, a.Body)
		if err != nil || n < oversized || !strings.HasSuffix(string(tail.last), `"token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic"]}`) {
			t.Errorf("got %d bytes ending in %s, %v", n, tail.last, err)
		}
	})
	t.Run("delay", func(t *testing.T) {
		t.Parallel()
		asked := make(chan time.Duration, 10)
		passed := make(chan time.Time, 10)
		b := newBench(t, Options{After: func(d time.Duration) <-chan time.Time {
			asked <- d
			return passed
		}})
		b.set(Fault{Kind: FaultDelay, Duration: 3 * time.Second})
		passed <- time.Time{}
		if a := b.do(b.back, b.request(http.MethodGet, Issuer+".well-known/jwks", nil)); a.status != 200 || <-asked != 3*time.Second {
			t.Errorf("got %d", a.status)
		}
	})
}

// tailWriter keeps the end of what was written.
type tailWriter struct{ last []byte }

func (w *tailWriter) Write(p []byte) (int, error) {
	w.last = append(w.last, p...)
	w.last = w.last[max(0, len(w.last)-200):]
	return len(p), nil
}

// A client that gives up while it waits isn't answered, and nothing is done for it.
func TestDelayEndsWithClient(t *testing.T) {
	t.Parallel()
	waits := make(chan struct{})
	b := newBench(t, Options{After: func(time.Duration) <-chan time.Time {
		close(waits)
		return nil
	}})
	b.set(Fault{Kind: FaultDelay, Duration: time.Minute})
	r := b.request(http.MethodGet, b.base+"/.well-known/jwks", nil)
	ctx, cancel := contextWithCancel(t)
	go func() {
		<-waits
		cancel()
	}()
	res, err := b.browser.Do(r.WithContext(ctx))
	if err == nil {
		res.Body.Close()
		t.Fatal("there was an answer")
	}
}

// Each fault of tokens makes them wrong in that way and no other.
func TestFaultyTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault Fault
		check func(b *bench, good, bad tokens) string
	}{
		{Fault{Kind: FaultWrongNonce}, func(b *bench, _, bad tokens) string {
			return differing(b, bad, `"nonce":"the nonce"`, "")
		}},
		{Fault{Kind: FaultWrongAudience}, func(b *bench, _, bad tokens) string {
			return differing(b, bad, `"aud":"`+BuiltinClientID+`"`, `"aud":"another-client"`)
		}},
		{Fault{Kind: FaultWrongIssuer}, func(b *bench, _, bad tokens) string {
			return differing(b, bad, `"iss":"`+Issuer+`"`, `"iss":"https://another-sts.invalid/"`)
		}},
		{Fault{Kind: FaultWrongSignature}, func(b *bench, good, bad tokens) string {
			if b.part(bad.ID, 0) != b.part(good.ID, 0) || !strings.Contains(b.payload(bad.ID), `"nonce":"the nonce"`) {
				return "more than the signature differs"
			}
			return taken(b, bad.Access)
		}},
		{Fault{Kind: FaultUnknownKey}, func(b *bench, good, bad tokens) string {
			if b.part(bad.ID, 0) == b.part(good.ID, 0) {
				return "the header names the known key"
			}
			return taken(b, bad.Access)
		}},
		{Fault{Kind: FaultExpiredToken}, func(b *bench, _, bad tokens) string {
			return differing(b, bad, "", `"exp":`+unix(start.Add(-time.Hour)))
		}},
		{Fault{Kind: FaultClockOffset, Duration: -10 * time.Minute, Endpoint: "token"}, func(b *bench, _, bad tokens) string {
			return differing(b, bad, "", `"nbf":`+unix(start.Add(-10*time.Minute)))
		}},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, Options{})
			good := b.login("head")
			if taken(b, good.Access) == "" {
				t.Fatal("the right token isn't taken")
			}
			c.fault.Times = 1
			b.set(c.fault)
			bad := b.login("head")
			if problem := c.check(b, good, bad); problem != "" {
				t.Error(problem, b.payload(bad.ID))
			}
			if got := b.Faults()[0].Met; got != 1 {
				t.Errorf("two tokens of one answer count as %d", got)
			}
			if taken(b, b.login("head").Access) == "" {
				t.Error("it happened more often than it was to")
			}
		})
	}
}

// differing says whether an ID token has a text that it shouldn't, or lacks one that it should have.
func differing(b *bench, bad tokens, without, with string) string {
	text := b.payload(bad.ID)
	switch {
	case without != "" && strings.Contains(text, without):
		return "the ID token still has " + without
	case !strings.Contains(text, with):
		return "the ID token hasn't " + with
	}
	return ""
}

// taken says whether the STS itself takes an access token.
func taken(b *bench, access string) string {
	r := b.request(http.MethodGet, Issuer+"connect/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+access)
	if a := b.do(b.back, r); a.status == http.StatusOK {
		return "the STS takes the token"
	}
	return ""
}

// A clock that is off shows in the header too.
func TestClockOffsetDate(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.set(Fault{Kind: FaultClockOffset, Duration: time.Hour, Endpoint: "discovery"})
	a := b.do(b.back, b.request(http.MethodGet, Issuer+".well-known/openid-configuration", nil))
	if got := a.header.Get("Date"); got != "Sat, 21 Nov 2026 10:30:00 GMT" {
		t.Errorf("got %q", got)
	}
}

// A refused refresh token is gone, as after another process's use of it.
func TestRefreshRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	got := b.login("head")
	b.set(Fault{Kind: FaultRefreshRefused, Times: 1})
	wrong := refreshForm(got.Refresh)
	wrong.Set("client_secret", "wrong")
	if a := b.post("connect/token", wrong); a.body != `{"error":"invalid_client"}` {
		t.Errorf("got %s", a.body)
	}
	b.ClearFaults(0)
	b.set(Fault{Kind: FaultRefreshRefused, Times: 1})
	for range 2 {
		if a := b.post("connect/token", refreshForm(got.Refresh)); a.status != 400 || a.body != `{"error":"invalid_grant"}` {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	b.login("head") // a code is none of its business
}

// The connection ends without an answer, and the refresh token has been used.
func TestDropAfterRotation(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	got := b.login("head")
	b.set(Fault{Kind: FaultDropAfterRotation, Times: 1})
	if a, err := b.raw("/connect/token", refreshForm(got.Refresh)); !errors.Is(err, io.EOF) {
		t.Fatalf("got %+v, %v", a, err)
	}
	if a, err := b.raw("/connect/token", refreshForm(got.Refresh)); err != nil || a.body != `{"error":"invalid_grant"}` {
		t.Errorf("got %+v, %v", a, err)
	}
}

// A fault of one client leaves the others alone.
func TestFaultOfOneClient(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.add(nil)
	b.set(Fault{Kind: FaultStatus, Status: 500, Client: "other", Endpoint: "token"})
	b.login("head")
	if a := b.post("connect/token", otherForm("code", "x")); a.status != 500 {
		t.Errorf("got %d", a.status)
	}
	basic := b.request(http.MethodPost, Issuer+"connect/token", url.Values{"grant_type": {"x"}})
	basic.SetBasicAuth("other", "whatever")
	if a := b.do(b.back, basic); a.status != 500 {
		t.Errorf("by Basic: got %d", a.status)
	}
}

// The configuration's faults are switched on, those of clients for these alone.
func TestConfiguredFaults(t *testing.T) {
	t.Parallel()
	c := Builtin()
	c.Clients[0].Faults = []Fault{{Kind: FaultHTML}}
	s, err := New(Options{Now: (&clock{at: start}).now, Rand: &counted{}, Config: c, Faults: []Fault{{Kind: FaultCutJSON, Times: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []ActiveFault{
		{ID: 1, Fault: Fault{Kind: FaultCutJSON, Times: 2}}, {ID: 2, Fault: Fault{Kind: FaultHTML, Client: BuiltinClientID}},
	}
	if got := s.Faults(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestSetFaultRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	for _, c := range []struct {
		fault Fault
		want  string
	}{
		{Fault{Kind: FaultStatus, Status: 404}, "the fault can't be used: status is 404, and can be 500 or 503"},
		{Fault{Kind: FaultHTML, Client: "nobody"}, `the fault can't be used: client is "nobody", which is no client`},
		{Fault{Kind: FaultHTML, Endpoint: "tokens"}, `the fault can't be used: endpoint is "tokens", and can be ` + joined(FaultEndpoints(SiteSTS))},
	} {
		if _, err := b.SetFault(c.fault); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	for range maxFaults {
		b.set(Fault{Kind: FaultHTML})
	}
	_, err := b.SetFault(Fault{Kind: FaultHTML})
	if got, ok := errors.AsType[*TooManyFaultsError](err); !ok || *got != (TooManyFaultsError{maxFaults}) {
		t.Errorf("got %v", err)
	}
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func unix(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
