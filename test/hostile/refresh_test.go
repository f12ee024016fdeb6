package hostile_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"
)

// renewal is a lie that is told when a login is refreshed.
type renewal struct {
	name string
	do   func(*provider)
	args []string
	code int
	want string // the whole line behind "error: "
	// kept is the refresh token that has to be used next; "" where the login has ended.
	kept string
}

// The two outcomes of a refresh that fails: the provider has given a new refresh token, or none that could be had.
const (
	rotated   = "refresh-2"
	unchanged = "refresh-1"
)

func renewals() []renewal {
	token := func(h http.HandlerFunc) func(*provider) { return serves("/token", h) }
	gives := func(c claims) func(*provider) { return func(p *provider) { p.answer = c } }
	return []renewal{
		{name: "another user", do: says(claims{"sub": "user-2"}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: subject: expected "user-1", got "user-2", it is another user than before`, kept: rotated},
		{name: "nobody", do: says(claims{"sub": nil}), code: 3, want: "the refreshed tokens are not used: the token doesn't hold: subject: sub is missing, empty or no string", kept: rotated},
		{name: "another issuer", do: says(claims{"iss": "https://evil.example"}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: issuer: expected "ISSUER", got "https://evil.example"`, kept: rotated},
		{name: "another client", do: says(claims{"aud": "client-2"}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: audience: expected "client-1", got "client-2", the token is for another client`, kept: rotated},
		{name: "issued to another client", do: says(claims{"azp": "client-2"}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: authorized party: expected "client-1", got "client-2", the token was issued to another client`, kept: rotated},
		{name: "another sign-in", do: says(claims{"auth_time": signedInAt + 60}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: auth_time: expected "2026-03-02T09:00:00Z", got "2026-03-02T09:01:00Z", it isn't the login's`, kept: rotated},
		{name: "another nonce", do: says(claims{"nonce": "another"}), code: 3, want: "the refreshed tokens are not used: the token doesn't hold: nonce: it isn't the login's", kept: rotated},
		{name: "expired", do: says(claims{"exp": signedInAt - 3600}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: expiry: expected "after 2026-03-02T09:00:00Z", got "2026-03-02T08:00:00Z", the token has expired, by this machine's clock`, kept: rotated},
		{name: "issued in the future", do: says(claims{"iat": signedInAt + 3600}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: issued at: expected "not after 2026-03-02T09:00:00Z", got "2026-03-02T10:00:00Z", the token was issued in the future, by this machine's clock`, kept: rotated},
		{name: "not valid yet", do: says(claims{"nbf": signedInAt + 3600}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: not before: expected "not after 2026-03-02T09:00:00Z", got "2026-03-02T10:00:00Z", the token isn't valid yet, by this machine's clock`, kept: rotated},
		{name: "at_hash of another token", do: says(claims{"at_hash": leftHash("other")}), code: 3, want: `the refreshed tokens are not used: the token doesn't hold: at_hash: expected "Z2L2VFXbhes5zm7QQ1XXEA", got "2SmKENGwc1g33EvYXaxkGw", the ID token belongs to something else than the access token`, kept: rotated},
		{name: "alg none", do: func(p *provider) {
			p.header, p.sign = claims{"alg": "none"}, func(string) string { return "" }
		}, code: 3, want: `the refreshed tokens are not used: the token doesn't hold: algorithm: expected "RS256", got "none", the provider's metadata doesn't name it, or it is never taken`, kept: rotated},
		{name: "HS256 with the public key", do: func(p *provider) { p.header, p.sign = claims{"alg": "HS256"}, byHMAC(publicPEM()) }, code: 3, want: `the refreshed tokens are not used: the token doesn't hold: algorithm: expected "RS256", got "HS256", the provider's metadata doesn't name it, or it is never taken`, kept: rotated},
		{name: "an unknown key", do: func(p *provider) { p.header = claims{"kid": "key-9"} }, code: 3, want: `the refreshed tokens are not used: the token doesn't hold: key: expected "a key for RS256", got "key-9", none of the provider's 1 keys has this kid`, kept: rotated},
		{name: "jku that leads elsewhere", do: func(p *provider) {
			p.header = claims{"jku": p.elsewhere.URL + "/jwks"}
			p.sign = func(input string) string { return signed(otherKey(), input) }
		}, code: 3, want: "the refreshed tokens are not used: the token doesn't hold: signature: it isn't of the provider's key, or the token was changed", kept: rotated},
		{name: "no JWT", do: func(p *provider) { p.token = func(string) string { return "hello" } }, code: 3, want: "the refreshed tokens are not used: the token doesn't hold: form: the token has one part where a JWT has three, joined by dots", kept: rotated},
		{name: "the keys can't be had", do: serves("/jwks", text(500, asHTML, page)), code: 5, want: "read the keys: HOST: HTTP 500", kept: rotated},
		{name: "10,000 keys", do: serves("/jwks", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, claims{"keys": slices.Repeat([]any{claims{"kty": "oct"}}, 10000)})
		}), code: 1, want: "read the keys: HOST: a set of 10000 keys; at most 100 are taken (HTTP 200)", kept: rotated},
		{name: "no access token", do: gives(claims{"access_token": nil}), code: 1, want: "refresh: HOST: an answer without access_token (HTTP 200)", kept: rotated},
		{name: "an access token that is no text", do: gives(claims{"access_token": 1}), code: 1, want: "refresh: HOST: access_token is no string (HTTP 200)", kept: rotated},
		{name: "an access token that would end a header", do: gives(claims{"access_token": "access-2\r\nX-Evil: 1"}), code: 1, want: "refresh: HOST: access_token holds characters that no token may hold (HTTP 200)", kept: rotated},
		{name: "another type", do: gives(claims{"token_type": "mac"}), code: 1, want: `refresh: HOST: token_type is "mac" instead of Bearer (HTTP 200)`, kept: rotated},
		{name: "an ID token that is no text", do: gives(claims{"id_token": 1}), code: 1, want: "refresh: HOST: id_token is no string (HTTP 200)", kept: rotated},
		{name: "a refresh token that is no text", do: gives(claims{"refresh_token": 1}), code: 1, want: "refresh: HOST: refresh_token is no string (HTTP 200)", kept: unchanged},
		{name: "a refresh token with a line break", do: gives(claims{"refresh_token": "refresh-2\n"}), code: 1, want: "refresh: HOST: refresh_token holds characters that no token may hold (HTTP 200)", kept: unchanged},
		{name: "500", do: token(text(500, asHTML, page)), code: 5, want: "refresh: HOST: HTTP 500", kept: unchanged},
		{name: "a page", do: token(text(200, asHTML, page)), code: 1, want: "refresh: HOST: a page of HTML or XML instead of a JSON object (HTTP 200)", kept: unchanged},
		{name: "nothing", do: token(text(200, asJSON, "")), code: 1, want: "refresh: HOST: an empty answer instead of a JSON object (HTTP 200)", kept: unchanged},
		{name: "a connection that is cut off", do: token(cut), code: 5, want: "refresh: HOST: unexpected EOF", kept: unchanged},
		{name: "no answer", do: token(silent), args: []string{"--timeout=300ms"}, code: 5, want: "refresh: HOST: no answer in time", kept: unchanged},
		{name: "an endless answer", do: token(endless), code: 1, want: "refresh: HOST: the answer is longer than 1048576 bytes (HTTP 200)", kept: unchanged},
		{name: "a redirect that posts again", do: func(p *provider) { token(redirect(p, http.StatusTemporaryRedirect))(p) }, code: 1, want: "refresh: HOST: a redirect to OTHERHOST, which isn't followed (HTTP 307)", kept: unchanged},
		{name: "an error with escapes", do: token(text(400, asJSON, `{"error":"invalid_request","error_description":"\u001b[2J\u202e"}`)), code: 1, want: `refresh: invalid_request: \x1b[2J\u202e (HTTP 400)`, kept: unchanged},
		{name: "another issuer's discovery", do: func(p *provider) { p.metadata = claims{"issuer": "https://evil.example"} }, code: 2, want: `discovery document of another issuer: expected "ISSUER", got "https://evil.example"`, kept: unchanged},
		{name: "a token endpoint by http", do: func(p *provider) { p.metadata = claims{"token_endpoint": "http://evil.example/token"} }, code: 1, want: "read discovery document: HOST: token_endpoint is plain http, which is allowed on loopback only (HTTP 200)", kept: unchanged},
		{name: "itself as every endpoint", do: func(p *provider) {
			self := p.URL + "/.well-known/openid-configuration"
			p.metadata = claims{"token_endpoint": self, "jwks_uri": self}
		}, code: 1, want: "refresh: HOST: an answer without access_token (HTTP 200)", kept: unchanged},
		{name: "the login has ended", do: token(text(400, asJSON, `{"error":"invalid_grant"}`)), code: 4, want: "the login has ended: the provider no longer takes its refresh token"},
	}
}

// TestRefresh tells each lie to somebody who is signed in: what they had stays good, a new refresh token is kept, and nothing else of the
// answer is.
func TestRefresh(t *testing.T) {
	t.Parallel()
	for _, a := range renewals() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			u := signedIn(t)
			u.p.change(a.do)
			r := u.run(append([]string{"refresh"}, a.args...)...)
			if got := u.said(r); r.code != a.code || got != a.want || r.stdout != "" {
				t.Errorf("exit code %d with\n%s\nexpected %d with\n%s\nstandard output: %q\nstandard error:\n%s", r.code, got, a.code, a.want, r.stdout, r.stderr)
			}
			u.checkQuiet(r)
			u.p.change(beHonest)
			if a.kept == "" {
				if later := u.run("token"); later.code != 4 || later.stdout != "" {
					t.Errorf("token exits with %d and says %q", later.code, later.stdout)
				}
				return
			}
			if later := u.run("token"); later.code != 0 || later.stdout != "access-1\n" {
				t.Errorf("token exits with %d and says %q %s", later.code, later.stdout, later.stderr)
			}
			u.p.clock.advance(2 * time.Hour)
			if later := u.run("token"); later.code != 0 || u.said(later) != "" {
				t.Errorf("token, when the old one has ended, exits with %d: %s", later.code, later.stderr)
			}
			if used := u.p.refresh[len(u.p.refresh)-1]; used != a.kept {
				t.Errorf("the refresh token that was used next is %q, expected %q", used, a.kept)
			}
		})
	}
}

func signedIn(t *testing.T) *user {
	t.Helper()
	u := newUser(t, newProvider(t))
	if r := u.run("login"); r.code != 0 {
		t.Fatalf("login exits with %d:\n%s", r.code, r.stderr)
	}
	return u
}

// TestLifetime is what becomes of a login whose end is a lie: it never counts as longer than was said, and isn't thrown away.
func TestLifetime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says any
		next string // what token prints a minute later
	}{
		"an hour":             {3600, "access-1\n"},
		"an hour as text":     {"3600", "access-1\n"},
		"nothing":             {nil, "access-1\n"},
		"not a number":        {"soon", "access-1\n"},
		"a list":              {[]int{3600}, "access-1\n"},
		"huge":                {json.Number("1e30"), "access-1\n"},
		"more than huge":      {json.Number("1e999"), "access-1\n"},
		"negative":            {-1, "access-2\n"},
		"negative and huge":   {json.Number("-1e30"), "access-2\n"},
		"nothing left":        {0, "access-2\n"},
		"less than it needs":  {90, "access-2\n"},
		"a part of a second":  {json.Number("0.5"), "access-2\n"},
		"a minute and a half": {"150", "access-2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, newProvider(t))
			u.p.change(func(p *provider) { p.answer = claims{"expires_in": c.says} })
			if r := u.run("login"); r.code != 0 {
				t.Fatalf("login exits with %d: %s", r.code, r.stderr)
			}
			u.p.change(beHonest)
			u.p.clock.advance(time.Minute)
			if r := u.run("token"); r.code != 0 || r.stdout != c.next {
				t.Errorf("token exits with %d and says %q, expected %q: %s", r.code, r.stdout, c.next, r.stderr)
			}
		})
	}
}
