package provider

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// update rewrites the golden file: go test ./internal/provider -run TestRows -update, then read the difference.
var update = flag.Bool("update", false, "rewrite the golden files")

// asking is a way in which tokens are asked for.
type asking struct {
	name    string
	request VerifyRequest
	anchor  func(*Anchor)
}

func askings(previous, timeless *token.JWT) []asking {
	login := goodRequest()
	with := func(change func(*VerifyRequest)) VerifyRequest {
		r := login
		change(&r)
		return r
	}
	return []asking{
		{"login", login, nil},
		{"login by the browser", with(func(r *VerifyRequest) { r.FromBrowser = true }), nil},
		{"login by the browser, the ID token alone", with(func(r *VerifyRequest) {
			r.FromBrowser, r.Access, r.Code = true, token.Secret{}, token.Secret{}
		}), nil},
		{"login after one by the browser", with(func(r *VerifyRequest) { r.Previous = previous }), nil},
		{"login after one by the browser, without max_age", with(func(r *VerifyRequest) { r.Previous, r.MaxAge = previous, -1 }), nil},
		{"refresh of a login without auth_time", with(func(r *VerifyRequest) { r.Use, r.Previous, r.MaxAge = AtRefresh, timeless, -1 }), nil},
		{"stored, for a client, though for anybody would do", with(func(r *VerifyRequest) { r.Use, r.AnyClient, r.MaxAge = Stored, true, -1 }), nil},
		{"login without nonce and max_age", with(func(r *VerifyRequest) { r.Nonce, r.MaxAge = token.Secret{}, -1 }), nil},
		{"login without any doubt about clocks", with(func(r *VerifyRequest) { r.Skew = -1 }), nil},
		{"refresh", with(func(r *VerifyRequest) { r.Use, r.Previous, r.MaxAge = AtRefresh, previous, -1 }), nil},
		{"refresh of a login without ID token", with(func(r *VerifyRequest) { r.Use, r.MaxAge = AtRefresh, -1 }), nil},
		{"stored", with(func(r *VerifyRequest) { r.Use = Stored }), nil},
		{"stored, of a kind whose subjects change", with(func(r *VerifyRequest) { r.Use, r.Previous = AtRefresh, previous }), func(a *Anchor) { a.SubjectTail = true }},
		{"stored, for anybody, by keys that the user gave", VerifyRequest{Use: Stored, AnyClient: true, MaxAge: -1},
			func(a *Anchor) { a.Issuer, a.Algorithms, a.Keys.given = "", nil, true }},
		{"stored, for nobody", VerifyRequest{Use: Stored, MaxAge: -1}, nil},
		{"access token", VerifyRequest{Use: AsAccess, ClientID: "client-1", MaxAge: -1}, nil},
		{"access token for anybody", VerifyRequest{Use: AsAccess, AnyClient: true, MaxAge: -1}, nil},
	}
}

// shown is a token that differs from a good one.
type shown struct {
	name           string
	header, claims object
}

func showns() []shown {
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	one := func(name string, v any) shown {
		return shown{name: fmt.Sprintf("%s: %v", name, v), claims: object{name: v}}
	}
	list := []shown{{name: "as it should be"}}
	for _, name := range []string{"iss", "aud", "sub", "nonce", "iat", "nbf", "exp", "auth_time", "at_hash", "c_hash"} {
		list = append(list, one(name, nil), one(name, 7.5), one(name, ""))
	}
	return append(list,
		one("iss", "https://evil.example"), one("iss", "https://sts.example"), one("aud", []string{"client-1", "client-2"}), one("aud", "client-2"),
		one("azp", "client-1"), one("azp", "client-2"), one("azp", ""), one("azp", 7),
		shown{name: "for two, issued to one", claims: object{"aud": []string{"client-1", "client-2"}, "azp": "client-1"}},
		one("sub", sameSub), one("sub", otherSub), one("nonce", "another"),
		one("iat", at(time.Minute)), one("iat", at(61*time.Second)), one("nbf", at(time.Minute)), one("nbf", at(61*time.Second)),
		one("exp", at(-59*time.Second)), one("exp", at(-time.Minute)), one("exp", at(0)),
		one("auth_time", at(-2*time.Minute)), one("auth_time", at(-121*time.Second)), one("auth_time", at(time.Minute)), one("auth_time", at(61*time.Second)),
		one("at_hash", "AAAA"), one("c_hash", "AAAA"),
		shown{name: "typ at+jwt", header: object{"typ": "at+jwt"}}, shown{name: "typ logout+jwt", header: object{"typ": "logout+jwt"}},
		shown{name: "typ application/at+jwt", header: object{"typ": "application/at+jwt"}}, shown{name: "no typ", header: object{"typ": nil}},
		shown{name: "crit", header: object{"crit": []string{"exp"}}},
		shown{name: "alg PS256", header: object{"alg": "PS256"}}, shown{name: "alg none", header: object{"alg": "none"}}, shown{name: "no alg", header: object{"alg": nil}},
		shown{name: "alg HS256", header: object{"alg": "HS256"}},
		shown{name: "kid k2", header: object{"kid": "k2"}}, shown{name: "kid k3, whose key is another", header: object{"kid": "k3"}}, shown{name: "no kid", header: object{"kid": nil}},
	)
}

// TestRows holds every row of every verification against what was read and found right: in full for a good token, and of any other what
// differs from that.
func TestRows(t *testing.T) {
	keys := testKeys()
	previous, err := token.ParseJWT(sign(t, keys.rsa, goodHeader(), goodClaims()).Reveal())
	if err != nil {
		t.Fatal(err)
	}
	timeless, err := token.ParseJWT(sign(t, keys.rsa, goodHeader(), goodClaims().with(object{"auth_time": nil})).Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, a := range askings(previous, timeless) {
		anchor := Anchor{
			Keys: KeySet{keys: []publicKey{
				{id: "k1", key: &keys.rsa.PublicKey, kind: "RSA of 2048 bits"}, {id: "k3", key: &keys.other.PublicKey, kind: "RSA of 2048 bits"},
			}},
			Issuer: testIssuer, Algorithms: []string{"RS256"}, Now: clock,
		}
		if a.anchor != nil {
			a.anchor(&anchor)
		}
		var good []string
		fmt.Fprintf(&b, "# %s\n", a.name)
		for _, s := range showns() {
			v := anchor.Verify(sign(t, keys.rsa, goodHeader().with(s.header), goodClaims().with(s.claims)), a.request)
			rows := rowsOf(v)
			fmt.Fprintf(&b, "%s: %s\n", s.name, verdict(v))
			for i, row := range rows {
				if len(good) == 0 || row != good[i] {
					fmt.Fprintf(&b, "  %s\n", row)
				}
			}
			if len(good) == 0 {
				good = rows
			}
		}
	}
	path := filepath.Join("testdata", "rows.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(b.String(), "\n"), strings.Split(string(golden), "\n")
	for i := range max(len(got), len(want)) {
		if !slices.Equal(got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))]) {
			t.Fatalf("line %d of %s: got\n%q, expected\n%q", i+1, path, got[min(i, len(got)-1)], want[min(i, len(want)-1)])
		}
	}
}

func rowsOf(v *Verification) []string {
	rows := make([]string, 0, len(v.Checks))
	for _, c := range v.Checks {
		rows = append(rows, fmt.Sprintf("%s %s | %s | %s | %s | %s", c.Name, c.Outcome, c.Expected, c.Got, c.Detail, c.Source))
	}
	return rows
}

func verdict(v *Verification) string {
	if v.Err() != nil {
		return "doesn't hold"
	}
	return "holds"
}
