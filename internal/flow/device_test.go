package flow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// device is a provider whose token endpoint answers polls with what is next in a list, and then with tokens.
func device(t *testing.T, answers ...map[string]any) (*sts, DeviceRequest) {
	t.Helper()
	s := newSTS(t)
	s.device = map[string]any{
		"device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": s.URL + "/device", "expires_in": 600, "interval": 3,
	}
	s.token = func(w http.ResponseWriter, form url.Values) {
		if form.Get("device_code") != "d" {
			t.Errorf("polled with %v", form)
		}
		if len(answers) == 0 {
			writeJSON(w, http.StatusOK, s.tokens("1", nil))
			return
		}
		next := answers[0]
		answers = answers[1:]
		if next == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		writeJSON(w, http.StatusBadRequest, next)
	}
	p := s.provider()
	p.Metadata.DeviceEndpoint = s.URL + "/device"
	return s, DeviceRequest{Provider: p, Client: s.client(), Scopes: []string{"openid"}, Clock: s.clock, MaxAge: -1}
}

func said(code string) map[string]any { return map[string]any{"error": code} }

// pass moves the clock by each interval that is waited for, until the flow ends.
func pass(t *testing.T, s *sts, run func(context.Context) (*LoginResult, error)) (waits []time.Duration, result *LoginResult, err error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		result, err = run(t.Context())
	}()
	for {
		select {
		case d := <-s.clock.asked:
			waits = append(waits, d)
			s.clock.Advance(d)
		case <-done:
			return waits, result, err
		case <-time.After(patience):
			t.Fatal("the flow doesn't end")
		}
	}
}

// TestDevice honours the interval, adds five seconds for good at each slow_down, and doubles it where the provider is away.
func TestDevice(t *testing.T) {
	s, r := device(t, said("authorization_pending"), said("slow_down"), said("authorization_pending"), nil, said("authorization_pending"))
	var events []Event
	r.Event = func(e Event) { events = append(events, e) }
	waits, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
	if err != nil {
		t.Fatal(err)
	}
	sec := time.Second
	if want := []time.Duration{3 * sec, 3 * sec, 8 * sec, 8 * sec, 16 * sec, 16 * sec}; !slices.Equal(waits, want) {
		t.Errorf("waited %v, want %v", waits, want)
	}
	want := []Event{DeviceCode{UserCode: "WDJB-MJHT", URI: s.URL + "/device", Expires: start().Add(10 * time.Minute)}}
	if !reflect.DeepEqual(events, want) {
		t.Errorf("events %+v", events)
	}
	if result.Set.Access.Reveal() != "access-1" || result.Verification.Err() != nil {
		t.Errorf("got %+v", result)
	}
}

// TestDeviceEnds tells each way in which nobody signs in.
func TestDeviceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		answers []map[string]any
		change  func(*sts, *DeviceRequest)
		want    func(error) bool
	}{
		"denied": {answers: []map[string]any{said("access_denied")}, want: func(err error) bool {
			e, ok := errors.AsType[*provider.OAuthError](err)
			return ok && e.Code == "access_denied"
		}},
		"expired, says the provider": {answers: []map[string]any{said("expired_token")}, want: func(err error) bool { return errors.Is(err, ErrDeviceExpired) }},
		"expired, says the clock": {
			answers: slices.Repeat([]map[string]any{said("authorization_pending")}, 300),
			want:    func(err error) bool { return errors.Is(err, ErrDeviceExpired) },
		},
		"no openid": {change: func(_ *sts, r *DeviceRequest) { r.Scopes = nil }, want: func(err error) bool { return errors.Is(err, ErrNoOpenID) }},
		"no such endpoint": {change: func(_ *sts, r *DeviceRequest) { r.Provider.Metadata.DeviceEndpoint = "" }, want: func(err error) bool {
			_, ok := errors.AsType[*provider.UnsupportedError](err)
			return ok
		}},
		"a foreign address": {change: func(s *sts, _ *DeviceRequest) { s.device["verification_uri"] = "http://evil.example" }, want: func(err error) bool {
			_, ok := errors.AsType[*provider.ResponseError](err)
			return ok
		}},
		"no ID token": {change: func(s *sts, _ *DeviceRequest) {
			s.token = func(w http.ResponseWriter, _ url.Values) {
				writeJSON(w, http.StatusOK, map[string]any{"access_token": "a", "token_type": "Bearer"})
			}
		}, want: func(err error) bool {
			e, ok := errors.AsType[*provider.ResponseError](err)
			return ok && e.Problem == "an answer without id_token"
		}},
		"another client's ID token": {change: func(s *sts, _ *DeviceRequest) {
			s.token = func(w http.ResponseWriter, _ url.Values) {
				writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"aud": "client-2"}))
			}
		}, want: func(err error) bool {
			_, ok := errors.AsType[*provider.VerificationError](err)
			return ok
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := device(t, c.answers...)
			if c.change != nil {
				c.change(s, &r)
			}
			_, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
			if result != nil || !c.want(err) {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

// TestDeviceWaits: the first question comes after the interval, however long the code is good, but for a code that is good for less: that is
// asked about once, late.
func TestDeviceWaits(t *testing.T) {
	const sec = time.Second
	pending := slices.Repeat([]map[string]any{said("authorization_pending")}, 10)
	for _, c := range []struct {
		interval, expires any
		answers           []map[string]any
		waits             []time.Duration
		err               error
	}{
		{nil, 11, pending, []time.Duration{5 * sec, 5 * sec}, ErrDeviceExpired},
		{0.001, 3, pending, []time.Duration{sec, sec, sec}, ErrDeviceExpired},
		{20, 20, nil, []time.Duration{20 * sec}, nil},
		{3600, 20, nil, []time.Duration{18 * sec}, nil},
		{3600, 20, pending, []time.Duration{18 * sec}, ErrDeviceExpired},
		{3600, 2, nil, []time.Duration{sec}, nil},
		{3600, 20, []map[string]any{nil}, []time.Duration{18 * sec}, ErrDeviceExpired},
		{3, 100, []map[string]any{said("slow_down"), nil}, []time.Duration{3 * sec, 8 * sec, 16 * sec}, nil},
	} {
		s, r := device(t, c.answers...)
		s.device["interval"], s.device["expires_in"] = c.interval, c.expires
		waits, _, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
		if !slices.Equal(waits, c.waits) || !errors.Is(err, c.err) {
			t.Errorf("interval %v of %v: waited %v, %v", c.interval, c.expires, waits, err)
		}
	}
}

// TestDeviceTimeout: the wait ends when the user has said so, and not before.
func TestDeviceTimeout(t *testing.T) {
	s, r := device(t, said("authorization_pending"))
	r.Timeout = 4 * time.Second
	ended := make(chan error, 1)
	go func() {
		_, err := Device(t.Context(), r)
		ended <- err
	}()
	for _, step := range []struct{ waits, passes time.Duration }{{4 * time.Second, 0}, {3 * time.Second, 3 * time.Second}, {3 * time.Second, time.Second}} {
		if got := <-s.clock.asked; got != step.waits {
			t.Errorf("waits %s, want %s", got, step.waits)
		}
		s.clock.Advance(step.passes)
	}
	err := <-ended
	if e, ok := errors.AsType[*TimeoutError](err); !ok || *e != (TimeoutError{After: 4 * time.Second}) || err.Error() != "nobody signed in with the code within 4s" {
		t.Errorf("got %v", err)
	}
}

// TestDeviceChecks: what is asked for beside scope and client is held to the same rules as in a browser's sign-in, before anything is sent.
func TestDeviceChecks(t *testing.T) {
	for problem, change := range map[string]func(*DeviceRequest){
		`parameter "max_age" is set by the sign-in itself`:     func(r *DeviceRequest) { r.Params = url.Values{"max_age": {"5"}} },
		`parameter "scope" is set by the sign-in itself`:       func(r *DeviceRequest) { r.Params = url.Values{"scope": {"x"}} },
		`parameter "device_code" is set by the sign-in itself`: func(r *DeviceRequest) { r.Params = url.Values{"device_code": {"x"}} },
		`parameter "foo" must have one value`:                  func(r *DeviceRequest) { r.Params = url.Values{"foo": {"1", "2"}} },
		`parameter "prompt" can't be "password": it is none, login, consent or select_account`: func(r *DeviceRequest) {
			r.Params = url.Values{"prompt": {"password"}}
		},
		`parameter "max_age" can't be 0: T then asks for ever; prompt=login asks once`: func(r *DeviceRequest) {
			r.MaxAge, r.Provider.Kind.Title, r.Provider.Kind.MaxAgeZeroLoops = 0, "T", true
		},
		`parameter "scope" is 13 characters long, and T takes at most 12`: func(r *DeviceRequest) {
			r.Scopes, r.Provider.Kind.Title, r.Provider.Kind.Limits = []string{"openid", "abcdef"}, "T", []provider.Limit{{Param: "scope", Max: 12}}
		},
		`parameter "client_id" is 8 characters long, and T takes at most 7`: func(r *DeviceRequest) {
			r.Client.ID, r.Provider.Kind.Title, r.Provider.Kind.Limits = "12345678", "T", []provider.Limit{{Param: "client_id", Max: 7}}
		},
	} {
		s, r := device(t)
		change(&r)
		_, err := Device(t.Context(), r)
		if e, ok := errors.AsType[*ParamError](err); !ok || e.Error() != problem || len(s.made()) != 0 {
			t.Errorf("got %v after %q, want %s", err, s.made(), problem)
		}
	}
}

func TestDeviceCancelled(t *testing.T) {
	s, r := device(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.clock.asked
		cancel()
	}()
	if _, err := Device(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAdopt takes over a refresh token from elsewhere.
func TestAdopt(t *testing.T) {
	s := newSTS(t)
	answer := s.tokens("2", nil)
	s.token = func(w http.ResponseWriter, form url.Values) {
		if form.Get("refresh_token") != "elsewhere" {
			writeJSON(w, http.StatusBadRequest, said("invalid_grant"))
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
	adopt := func(refresh string) (*LoginResult, error) {
		return Adopt(t.Context(), AdoptRequest{Provider: s.provider(), Client: s.client(), Refresh: token.NewSecret(refresh), Clock: s.clock})
	}
	result, err := adopt("elsewhere")
	if err != nil || result.Set.Refresh.Reveal() != "refresh-2" || result.Verification == nil || result.Set.SignedInAt != start() {
		t.Errorf("got %+v, %v", result, err)
	}
	delete(answer, "refresh_token")
	delete(answer, "id_token")
	if result, err = adopt("elsewhere"); err != nil || result.Set.Refresh.Reveal() != "elsewhere" || result.Verification != nil {
		t.Errorf("got %+v, %v", result, err)
	}
	answer = s.tokens("2", map[string]any{"aud": "client-2"})
	if _, err = adopt("elsewhere"); err == nil {
		t.Error("another client's ID token was taken")
	}
	if e, ok := errors.AsType[*provider.OAuthError](func() error { _, err := adopt("used"); return err }()); !ok || e.Code != "invalid_grant" {
		t.Errorf("got %v", e)
	}
}
