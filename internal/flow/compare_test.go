package flow

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
)

// TestComparedWithAsked signs in with claims that aren't what was asked for: by each, the login succeeds and says so.
func TestComparedWithAsked(t *testing.T) {
	simsid, _ := provider.LookupKind("simsid")
	for _, c := range []struct {
		name   string
		params url.Values
		claims map[string]any
		simsid bool
		want   string // what was seen; "" for nothing to say
	}{
		{name: "nothing asked", claims: map[string]any{"acr": "low"}},
		{name: "acr as asked", params: url.Values{"acr_values": {"high low"}}, claims: map[string]any{"acr": "low"}},
		{name: "another acr", params: url.Values{"acr_values": {"high higher"}}, claims: map[string]any{"acr": "low\x1b"},
			want: `acr_values asked for "high or higher", and acr is "low\x1b"`},
		{name: "no acr", params: url.Values{"acr_values": {"high"}}, want: `acr_values asked for "high", and the ID token has no acr`},
		{name: "acr no string", params: url.Values{"acr_values": {"1"}}, claims: map[string]any{"acr": 1}, want: `acr_values asked for "1", and the ID token has no acr`},
		{name: "a prefix elsewhere", params: url.Values{"acr_values": {"idp:adfs"}}, claims: map[string]any{"idp": "adfs"},
			want: `acr_values asked for "idp:adfs", and the ID token has no acr`},
		{name: "the identity provider as asked", simsid: true, params: url.Values{"acr_values": {"idp:ADFS tenant:x"}}, claims: map[string]any{"idp": "adfs"}},
		{name: "another identity provider", simsid: true, params: url.Values{"acr_values": {"idp:adfs"}}, claims: map[string]any{"idp": "idsrv"},
			want: `acr_values asked for "idp:adfs", and idp is "idsrv"`},
		{name: "signed in anew", params: url.Values{"prompt": {"login"}}},
		{name: "signed in a little earlier, by the provider's clock", params: url.Values{"prompt": {"login"}}, claims: map[string]any{"auth_time": start().Add(-time.Minute).Unix()}},
		{name: "an earlier session", params: url.Values{"prompt": {"consent login"}}, claims: map[string]any{"auth_time": start().Add(-61 * time.Second).Unix()},
			want: "prompt asked for a new sign-in, and auth_time is 2026-03-02T08:58:59Z, before this login began"},
		{name: "nobody says when", params: url.Values{"prompt": {"login"}}, claims: map[string]any{"auth_time": nil},
			want: "prompt asked for a new sign-in, and the ID token doesn't say when (auth_time)"},
		{name: "consent alone", params: url.Values{"prompt": {"consent"}}, claims: map[string]any{"auth_time": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSTS(t)
			s.token = func(w http.ResponseWriter, form url.Values) {
				claims := map[string]any{"nonce": s.grants[form.Get("code")].Get("nonce")}
				maps.Copy(claims, c.claims)
				writeJSON(w, http.StatusOK, s.tokens("1", claims))
			}
			a := begin(t, s, func(r *LoginRequest) {
				r.Params = c.params
				if c.simsid {
					r.Provider.Kind = simsid
				}
			}).waiting()
			a.visit(a.genuine())
			result, err := a.end()
			if err != nil {
				t.Fatal(err)
			}
			var seen []string
			for _, f := range result.Findings {
				seen = append(seen, f.Seen)
				if f.ID == "" || f.Severity == "" || f.Why == "" || f.Do == "" || f.Source == "" {
					t.Errorf("got %+v", f)
				}
			}
			if want := slices.DeleteFunc([]string{c.want}, func(s string) bool { return s == "" }); !slices.Equal(seen, want) {
				t.Errorf("expected %q, got %q", want, seen)
			}
		})
	}
}

// TestHintedUser: a login that id_token_hint names a user for is refused when it is another's, before the code is used where that is known by
// then. At SIMS ID the fifth part of a sub is no part of who it is.
func TestHintedUser(t *testing.T) {
	simsid, _ := provider.LookupKind("simsid")
	for name, c := range map[string]struct {
		hinted, got, responseType string
		simsid                    bool
		refused                   bool
		calls                     []string
	}{
		"the same":                          {hinted: "user-1", got: "user-1"},
		"another":                           {hinted: "user-1", got: "user-2", refused: true},
		"another, beside the code":          {hinted: "user-1", got: "user-2", responseType: "code id_token", refused: true, calls: []string{"jwks"}},
		"of five parts, elsewhere":          {hinted: "1|a|b|c|d", got: "1|a|b|c|e", refused: true},
		"another fifth part at SIMS ID":     {hinted: "1|a|b|c|d", got: "1|a|b|c|e", simsid: true},
		"another second part at SIMS ID":    {hinted: "1|a|b|c|d", got: "1|x|b|c|d", simsid: true, refused: true},
		"a hint without a sub, whatever is": {got: "user-1", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSTS(t)
			s.token = func(w http.ResponseWriter, form url.Values) {
				writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"nonce": s.grants[form.Get("code")].Get("nonce"), "sub": c.got}))
			}
			var sub any
			if c.hinted != "" {
				sub = c.hinted
			}
			hint := s.idToken(map[string]any{"sub": sub})
			a := begin(t, s, func(r *LoginRequest) {
				r.Params, r.ResponseType = url.Values{"id_token_hint": {hint}}, c.responseType
				if c.simsid {
					r.Provider.Kind = simsid
				}
				r.Keep = func(context.Context, *LoginResult) error {
					if c.refused {
						t.Error("it was kept")
					}
					return nil
				}
			}).waiting()
			if c.responseType == "" {
				a.visit(a.genuine())
			} else {
				a.answer(ModeFragment, a.front(map[string]any{"sub": c.got}))
			}
			result, err := a.end()
			want := error(&HintError{Expected: c.hinted, Got: c.got})
			if c.refused && (result != nil || !reflect.DeepEqual(err, want)) || !c.refused && err != nil {
				t.Errorf("got %+v, %v", result, err)
			}
			if got := a.sts.made(); c.calls != nil && !slices.Equal(got, c.calls) {
				t.Errorf("calls %v", got)
			}
		})
	}
}

// TestHintedDevice is the same on another device; and a hint that can't be read tells nothing.
func TestHintedDevice(t *testing.T) {
	simsid, _ := provider.LookupKind("simsid")
	s, r := device(t)
	s.token = func(w http.ResponseWriter, _ url.Values) { writeJSON(w, http.StatusOK, s.tokens("1", nil)) }
	r.Params = url.Values{"id_token_hint": {s.idToken(map[string]any{"sub": "user-2"})}}
	_, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
	if !reflect.DeepEqual(err, error(&HintError{Expected: "user-2", Got: "user-1"})) || result != nil {
		t.Errorf("on another device: %+v, %v", result, err)
	}
	if err := heldToHint(simsid, "an.encrypted.one", nil); err != nil {
		t.Errorf("one that can't be read: %v", err)
	}
	const words = `sign in: the answer is another user's than id_token_hint names: expected "a\x1b", got ""`
	if got := (&HintError{Expected: "a\x1b"}).Error(); got != words {
		t.Errorf("got %s", got)
	}
}

// TestDeviceIsCompared sends max_age and acr_values on another device too, and looks.
func TestDeviceIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		claims  map[string]any
		seen    int
		fails   bool
		pending int // polls of three seconds before the tokens
	}{
		"as asked":       {claims: map[string]any{"acr": "high"}},
		"another acr":    {seen: 1},
		"too long ago":   {claims: map[string]any{"acr": "high", "auth_time": start().Add(-10 * time.Minute).Unix()}, fails: true},
		"nobody says it": {claims: map[string]any{"acr": "high", "auth_time": nil}, fails: true},
		"three minutes before the tokens, and after the beginning": {claims: map[string]any{"acr": "high", "auth_time": start().Unix()}, pending: 60},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := device(t)
			var sent url.Values
			s.asked = func(form url.Values) { sent = form }
			s.token = func(w http.ResponseWriter, _ url.Values) {
				if c.pending--; c.pending >= 0 {
					writeJSON(w, http.StatusBadRequest, said("authorization_pending"))
					return
				}
				writeJSON(w, http.StatusOK, s.tokens("1", c.claims))
			}
			r.MaxAge, r.Params = time.Minute, url.Values{"acr_values": {"high"}}
			_, result, err := pass(t, s, func(ctx context.Context) (*LoginResult, error) { return Device(ctx, r) })
			if sent.Get("max_age") != "60" || sent.Get("acr_values") != "high" {
				t.Errorf("sent %v", sent)
			}
			if (err != nil) != c.fails || !c.fails && len(result.Findings) != c.seen {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

// TestForce sends what is refused without it, and takes what comes.
func TestForce(t *testing.T) {
	s := newSTS(t)
	simsid, _ := provider.LookupKind("simsid")
	change := func(force bool) func(*LoginRequest) {
		return func(r *LoginRequest) {
			r.Provider.Kind = simsid
			r.Force, r.Scopes, r.MaxAge, r.Params = force, []string{"profile"}, 0, url.Values{"prompt": {"select_account"}, "login_hint": {strings.Repeat("x", 101)}}
		}
	}
	if _, err := begin(t, s, change(false)).end(); err == nil {
		t.Error("it was sent without force")
	}
	s.token = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "a", "token_type": "Bearer"})
	}
	a := begin(t, s, change(true)).waiting()
	if q := a.request; q.Get("scope") != "profile" || q.Get("max_age") != "0" || q.Get("prompt") != "select_account" || len(q.Get("login_hint")) != 101 {
		t.Errorf("sent %v", q)
	}
	a.visit(a.genuine())
	result, err := a.end()
	if err != nil || result.Verification != nil || result.Set.Access.Reveal() != "a" {
		t.Errorf("got %+v, %v", result, err)
	}
	// What keeps a login safe isn't a rule that can be forced.
	if _, err := begin(t, s, func(r *LoginRequest) {
		change(true)(r)
		r.Params = url.Values{"state": {"x"}}
	}).end(); err == nil {
		t.Error("the state was replaced")
	}
}

// TestForcedIDTokenIsVerified: an ID token that nobody asked for is held against the login all the same.
func TestForcedIDTokenIsVerified(t *testing.T) {
	s := newSTS(t)
	s.token = func(w http.ResponseWriter, _ url.Values) {
		writeJSON(w, http.StatusOK, s.tokens("1", map[string]any{"aud": "client-2"}))
	}
	a := begin(t, s, func(r *LoginRequest) { r.Force, r.Scopes = true, []string{"profile"} }).waiting()
	a.visit(a.genuine())
	if result, err := a.end(); err == nil {
		t.Errorf("got %+v", result)
	}
}
