package provider

import (
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

const (
	testIssuer = "https://sts.example/"
	testSub    = "17|5b1e0000-0000-4000-8000-000000000001|jdoe|SIMS|aaaa0000-0000-4000-8000-000000000002"
	sameSub    = "17|5b1e0000-0000-4000-8000-000000000001|jdoe|SIMS|bbbb0000-0000-4000-8000-000000000003"
	otherSub   = "18|5b1e0000-0000-4000-8000-000000000001|jdoe|SIMS|aaaa0000-0000-4000-8000-000000000002"
)

func goodHeader() object { return object{"typ": "JWT", "alg": "RS256", "kid": "k1"} }

func goodClaims() object {
	return object{
		"iss": testIssuer, "aud": "client-1", "sub": testSub, "nonce": "the-nonce",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"auth_time": now.Add(-10 * time.Second).Unix(),
		"at_hash":   "uby9Z8Gb_H_x4fPjwNzguw",
		"c_hash":    "7DGrz5DFcFFtWOE5NDHy8Q",
	}
}

func goodRequest() VerifyRequest {
	return VerifyRequest{
		Use: AtLogin, ClientID: "client-1", Nonce: token.NewSecret("the-nonce"),
		Access: token.NewSecret("the-access-token"), Code: token.NewSecret("the-code"), MaxAge: time.Minute,
	}
}

// verifier is a provider whose keys are served on loopback and whose issuer is testIssuer.
func verifier(t *testing.T, keys ...object) (*Provider, *testServer) {
	t.Helper()
	if keys == nil {
		keys = []object{jwk(t, testKeys().rsa.Public(), "k1", nil)}
	}
	s := serve(t, map[string]http.HandlerFunc{"/jwks": saysJSON(t, object{"keys": keys})})
	p := s.provider(mustKind(t, "simsid"))
	p.Metadata.Issuer = testIssuer
	p.Metadata.IDTokenAlgs = []string{"RS256"}
	return p, s
}

func TestVerifyHolds(t *testing.T) {
	p, _ := verifier(t)
	v, err := p.Verify(t.Context(), sign(t, testKeys().rsa, goodHeader(), goodClaims()), goodRequest())
	if err != nil || v.Err() != nil || v.Claims == nil {
		t.Fatalf("not verified: %v, %v", err, v.Err())
	}
	core := "OpenID Connect Core "
	want := []Check{
		{Name: "form", Outcome: Passed, Source: "RFC 7519 7.2, RFC 8725 3.11"},
		{Name: "algorithm", Outcome: Passed, Expected: "RS256", Got: "RS256", Source: core + "3.1.3.7 (7), RFC 8725 3.1"},
		{Name: "key", Outcome: Passed, Expected: "a key for RS256", Got: "k1", Detail: "RSA of 2048 bits", Source: core + "10.1"},
		{Name: "signature", Outcome: Passed, Source: core + "3.1.3.7 (6)"},
		{Name: "issuer", Outcome: Passed, Expected: testIssuer, Got: testIssuer, Source: core + "3.1.3.7 (2)"},
		{Name: "audience", Outcome: Passed, Expected: "client-1", Got: "client-1", Source: core + "3.1.3.7 (3)"},
		{Name: "authorized party", Outcome: NotMade, Detail: "no azp, and with one audience none is needed", Source: core + "3.1.3.7 (4), (5)"},
		{Name: "expiry", Outcome: Passed, Expected: "after 2026-11-21T21:00:00Z", Got: "2026-11-21T21:05:00Z", Source: core + "3.1.3.7 (9)"},
		{Name: "issued at", Outcome: Passed, Expected: "not after 2026-11-21T21:00:00Z", Got: "2026-11-21T21:00:00Z", Source: core + "3.1.3.7 (10)"},
		{Name: "not before", Outcome: Passed, Expected: "not after 2026-11-21T21:00:00Z", Got: "2026-11-21T21:00:00Z", Source: "RFC 7519 4.1.5"},
		{Name: "nonce", Outcome: Passed, Source: core + "3.1.3.7 (11)"},
		{Name: "auth_time", Outcome: Passed, Expected: "not before 2026-11-21T20:59:00Z", Got: "2026-11-21T20:59:50Z", Source: core + "3.1.3.7 (13)"},
		{Name: "at_hash", Outcome: Passed, Expected: "uby9Z8Gb_H_x4fPjwNzguw", Got: "uby9Z8Gb_H_x4fPjwNzguw", Source: core + "3.1.3.8"},
		{Name: "c_hash", Outcome: Passed, Expected: "7DGrz5DFcFFtWOE5NDHy8Q", Got: "7DGrz5DFcFFtWOE5NDHy8Q", Source: core + "3.3.2.10"},
		{Name: "subject", Outcome: Passed, Got: testSub, Source: core + "2"},
	}
	if !reflect.DeepEqual(v.Checks, want) {
		t.Errorf("checks:\n%+v\nwant\n%+v", v.Checks, want)
	}
}

// outcome is a row without what TestVerifyHolds compares already.
type outcome struct {
	Name, Expected, Got, Detail string
}

// failures are the rows that failed, and those that weren't made though the good token's were.
func failures(v *Verification) []outcome {
	var rows []outcome
	for _, c := range v.with(Failed) {
		rows = append(rows, outcome{c.Name, c.Expected, c.Got, c.Detail})
	}
	return rows
}

// verifyCase changes the good token, request or provider in one way.
type verifyCase struct {
	name    string
	header  object
	claims  object
	key     any // nil: the provider's
	request func(*VerifyRequest)
	setup   func(*Provider)
	want    []outcome // the rows that fail; nil: the token holds
}

func (c verifyCase) run(t *testing.T) {
	p, _ := verifier(t)
	if c.setup != nil {
		c.setup(p)
	}
	r := goodRequest()
	if c.request != nil {
		c.request(&r)
	}
	key := c.key
	if key == nil {
		key = testKeys().rsa
	}
	v, err := p.Verify(t.Context(), sign(t, key, goodHeader().with(c.header), goodClaims().with(c.claims)), r)
	if err != nil {
		t.Fatal(err)
	}
	if got := failures(v); !reflect.DeepEqual(got, c.want) {
		t.Errorf("failed rows:\n%+v\nwant\n%+v", got, c.want)
	}
	if (v.Claims != nil) != (c.want == nil) || (v.Err() == nil) != (c.want == nil) {
		t.Errorf("claims %v, error %v", v.Claims, v.Err())
	}
}

func runVerify(t *testing.T, cases []verifyCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}

func unix(d time.Duration) int64 { return now.Add(d).Unix() }

func TestVerifyClaims(t *testing.T) {
	const gone = "the token is for another client"
	noTime := "2026-11-21T21:00:00Z"
	runVerify(t, []verifyCase{
		{name: "issuer missing", claims: object{"iss": nil},
			want: []outcome{{"issuer", testIssuer, "", "iss is missing or no string"}}},
		{name: "issuer of another", claims: object{"iss": "https://evil.example/"},
			want: []outcome{{"issuer", testIssuer, "https://evil.example/", ""}}},
		{name: "issuer without its slash", claims: object{"iss": "https://sts.example"},
			want: []outcome{{"issuer", testIssuer, "https://sts.example", "they differ by a trailing slash alone"}}},
		{name: "issuer in capitals", claims: object{"iss": "https://STS.example/"},
			want: []outcome{{"issuer", testIssuer, "https://STS.example/", ""}}},
		{name: "no issuer on either side", claims: object{"iss": ""}, setup: func(p *Provider) { p.Metadata.Issuer = "" },
			want: []outcome{{"issuer", "", "", "iss is missing or no string"}}},

		{name: "audience of another", claims: object{"aud": "client-2"}, want: []outcome{{"audience", "client-1", "client-2", gone}}},
		{name: "audience that begins alike", claims: object{"aud": "client-11"}, want: []outcome{{"audience", "client-1", "client-11", gone}}},
		{name: "audience missing", claims: object{"aud": nil},
			want: []outcome{{"audience", "client-1", "", "aud is missing, or neither a string nor an array of strings"}}},
		{name: "audience with a number", claims: object{"aud": []any{"client-1", 1}},
			want: []outcome{{"audience", "client-1", "", "aud is missing, or neither a string nor an array of strings"}}},
		{name: "audience as an array", claims: object{"aud": []string{"client-1"}}},
		{name: "no client id", claims: object{"aud": ""}, request: func(r *VerifyRequest) { r.ClientID = "" },
			want: []outcome{{"audience", "", "", "there is no client id to hold it against"}}},

		{name: "several audiences with azp", claims: object{"aud": []string{"api", "client-1"}, "azp": "client-1"}},
		{name: "several audiences without azp", claims: object{"aud": []string{"api", "client-1"}},
			want: []outcome{{"authorized party", "client-1", "", "the token is for several clients and azp doesn't say for which"}}},
		{name: "azp of another", claims: object{"azp": "client-2"},
			want: []outcome{{"authorized party", "client-1", "client-2", "the token was issued to another client"}}},
		{name: "azp no string", claims: object{"azp": 1},
			want: []outcome{{"authorized party", "client-1", "", "the token was issued to another client"}}},

		{name: "expired, within the skew", claims: object{"exp": unix(-59 * time.Second)}},
		{name: "expired", claims: object{"exp": unix(-time.Minute)},
			want: []outcome{{"expiry", "after " + noTime, "2026-11-21T20:59:00Z", "the token has expired, by this machine's clock"}}},
		{name: "expired, no skew", claims: object{"exp": unix(0)}, request: func(r *VerifyRequest) { r.Skew = -1 },
			want: []outcome{{"expiry", "after " + noTime, noTime, "the token has expired, by this machine's clock"}}},
		{name: "expired, wide skew", claims: object{"exp": unix(-time.Hour)}, request: func(r *VerifyRequest) { r.Skew = 2 * time.Hour }},
		{name: "no exp", claims: object{"exp": nil}, want: []outcome{{"expiry", "after " + noTime, "", "exp is missing"}}},
		{name: "exp a string", claims: object{"exp": "9999999999"}, want: []outcome{{"expiry", "after " + noTime, "", "exp is no time"}}},

		{name: "issued soon, within the skew", claims: object{"iat": unix(time.Minute)}},
		{name: "issued in the future", claims: object{"iat": unix(61 * time.Second)},
			want: []outcome{{"issued at", "not after " + noTime, "2026-11-21T21:01:01Z", "the token was issued in the future, by this machine's clock"}}},
		{name: "no iat", claims: object{"iat": nil}, want: []outcome{{"issued at", "not after " + noTime, "", "iat is missing"}}},
		{name: "iat null", claims: object{"iat": []int{}}, want: []outcome{{"issued at", "not after " + noTime, "", "iat is no time"}}},

		{name: "no nbf", claims: object{"nbf": nil}},
		{name: "valid soon, within the skew", claims: object{"nbf": unix(time.Minute)}},
		{name: "not yet valid", claims: object{"nbf": unix(61 * time.Second)},
			want: []outcome{{"not before", "not after " + noTime, "2026-11-21T21:01:01Z", "the token isn't valid yet, by this machine's clock"}}},
		{name: "nbf no time", claims: object{"nbf": "soon"}, want: []outcome{{"not before", "not after " + noTime, "", "nbf is no time"}}},

		{name: "nonce missing", claims: object{"nonce": nil}, want: []outcome{{"nonce", "", "", "one was sent, and the token has none"}}},
		{name: "nonce of another", claims: object{"nonce": "the-nonce-2"},
			want: []outcome{{"nonce", "", "", "it isn't the one sent: the token answers another request"}}},
		{name: "nonce no string", claims: object{"nonce": 1},
			want: []outcome{{"nonce", "", "", "it isn't the one sent: the token answers another request"}}},
		{name: "nonce unasked for", request: func(r *VerifyRequest) { r.Nonce = token.Secret{} },
			want: []outcome{{"nonce", "", "", "none was sent, and the token has one: it answers another request"}}},
		{name: "no nonce on either side", claims: object{"nonce": nil}, request: func(r *VerifyRequest) { r.Nonce = token.Secret{} }},

		{name: "signed in too long ago", claims: object{"auth_time": unix(-121 * time.Second)},
			want: []outcome{{"auth_time", "not before 2026-11-21T20:59:00Z", "2026-11-21T20:57:59Z", "the user signed in longer ago than max_age"}}},
		{name: "signed in long ago, max_age not sent", claims: object{"auth_time": unix(-time.Hour)}, request: func(r *VerifyRequest) { r.MaxAge = -1 }},
		{name: "max_age 0", claims: object{"auth_time": unix(-61 * time.Second)}, request: func(r *VerifyRequest) { r.MaxAge = 0 },
			want: []outcome{{"auth_time", "not before " + noTime, "2026-11-21T20:58:59Z", "the user signed in longer ago than max_age"}}},
		{name: "for a login that began a while ago", claims: object{"auth_time": unix(-10 * time.Minute)}, request: func(r *VerifyRequest) { r.MaxAge, r.Began = 0, now.Add(-9*time.Minute) }},
		{name: "before a login that began a while ago", claims: object{"auth_time": unix(-10*time.Minute - time.Second)}, request: func(r *VerifyRequest) { r.MaxAge, r.Began = 0, now.Add(-9*time.Minute) },
			want: []outcome{{"auth_time", "not before 2026-11-21T20:51:00Z", "2026-11-21T20:49:59Z", "the user signed in longer ago than max_age"}}},
		{name: "no auth_time", claims: object{"auth_time": nil},
			want: []outcome{{"auth_time", "not before 2026-11-21T20:59:00Z", "", "auth_time is missing, though max_age was sent"}}},
		{name: "no auth_time, max_age not sent", claims: object{"auth_time": nil}, request: func(r *VerifyRequest) { r.MaxAge = -1 }},
		{name: "auth_time in the future", claims: object{"auth_time": unix(time.Hour)},
			want: []outcome{{"auth_time", "not before 2026-11-21T20:59:00Z", "2026-11-21T22:00:00Z", "it lies in the future, by this machine's clock"}}},

		{name: "no hashes", claims: object{"at_hash": nil, "c_hash": nil}},
		{name: "hashes with nothing to compare", request: func(r *VerifyRequest) { r.Access, r.Code = token.Secret{}, token.Secret{} }},
		{name: "another access token", request: func(r *VerifyRequest) { r.Access = token.NewSecret("stolen") },
			want: []outcome{{"at_hash", "gj2Vqaco8U1ibfmolHBd2g", "uby9Z8Gb_H_x4fPjwNzguw", "the ID token belongs to something else than the access token"}}},
		{name: "at_hash no string", claims: object{"at_hash": 1},
			want: []outcome{{"at_hash", "uby9Z8Gb_H_x4fPjwNzguw", "", "the ID token belongs to something else than the access token"}}},
		{name: "another code", request: func(r *VerifyRequest) { r.Code = token.NewSecret("stolen") },
			want: []outcome{{"c_hash", "gj2Vqaco8U1ibfmolHBd2g", "7DGrz5DFcFFtWOE5NDHy8Q", "the ID token belongs to something else than the code"}}},

		{name: "no sub", claims: object{"sub": nil}, want: []outcome{{"subject", "", "", "sub is missing, empty or no string"}}},
		{name: "empty sub", claims: object{"sub": ""}, want: []outcome{{"subject", "", "", "sub is missing, empty or no string"}}},
		{name: "sub a number", claims: object{"sub": 17}, want: []outcome{{"subject", "", "", "sub is missing, empty or no string"}}},
		{name: "three faults are three rows", claims: object{"iss": "x", "aud": "y", "exp": 0}, want: []outcome{
			{"issuer", testIssuer, "x", ""},
			{"audience", "client-1", "y", gone},
			{"expiry", "after " + noTime, "1970-01-01T00:00:00Z", "the token has expired, by this machine's clock"},
		}},
	})
}

func TestVerifyHeader(t *testing.T) {
	public := testKeys().rsa.PublicKey.N.Bytes()
	notNamed := "the provider's metadata doesn't name it, or it is never taken"
	algs := func(names ...string) func(*Provider) {
		return func(p *Provider) { p.Metadata.IDTokenAlgs = names }
	}
	runVerify(t, []verifyCase{
		{name: "no typ", header: object{"typ": nil}},
		{name: "access token", header: object{"typ": "at+jwt"},
			want: []outcome{{"form", "JWT", "at+jwt", "by its typ the token is for something else"}}},
		{name: "access token, long and in capitals", header: object{"typ": "application/AT+JWT"},
			want: []outcome{{"form", "JWT", "application/AT+JWT", "by its typ the token is for something else"}}},
		{name: "crit", header: object{"crit": []string{"b64"}, "b64": false}, want: []outcome{
			{"form", "", "", "the header's crit demands extensions that aren't known here"},
		}},
		{name: "none", header: object{"alg": "none"}, setup: algs("RS256", "none"),
			want: []outcome{{"algorithm", "RS256", "none", notNamed}}},
		{name: "no alg", header: object{"alg": nil}, want: []outcome{{"algorithm", "RS256", "", notNamed}}},
		{name: "HS256 with the public key", header: object{"alg": "HS256"}, key: public, setup: algs("HS256", "RS256"),
			want: []outcome{{"algorithm", "RS256", "HS256", notNamed}}},
		{name: "only HS256 named", header: object{"alg": "HS256"}, key: public, setup: algs("HS256"),
			want: []outcome{{"algorithm", "", "HS256", "the provider names no algorithm that is safe to take"}}},
		{name: "not the one named", setup: algs("ES256"), want: []outcome{{"algorithm", "ES256", "RS256", notNamed}}},
		{name: "none named means RS256", setup: algs()},
		{name: "PS256 over an RS256 signature", header: object{"alg": "PS256"}, setup: algs("RS256", "PS256"),
			want: []outcome{{"signature", "", "", "it isn't of the provider's key, or the token was changed"}}},
		{name: "signed by another key", key: testKeys().other,
			want: []outcome{{"signature", "", "", "it isn't of the provider's key, or the token was changed"}}},
		{name: "unknown kid", header: object{"kid": "k2"},
			want: []outcome{{"key", "a key for RS256", "k2", "none of the provider's 1 keys has this kid"}}},
		{name: "no kid, one key", header: object{"kid": nil}},
		{name: "a key of its own in the header", key: testKeys().other,
			header: object{"jwk": jwk(t, testKeys().other.Public(), "k1", nil), "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"},
			want:   []outcome{{"signature", "", "", "it isn't of the provider's key, or the token was changed"}}},
	})
}

func TestVerifyRefresh(t *testing.T) {
	login := func(changes object) *token.JWT {
		jwt, err := token.ParseJWT(sign(t, testKeys().rsa, goodHeader(), goodClaims().with(changes)).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		return jwt
	}
	after := func(previous *token.JWT) func(*VerifyRequest) {
		return func(r *VerifyRequest) { r.Use, r.Nonce, r.Previous = AtRefresh, token.Secret{}, previous }
	}
	authTime := "2026-11-21T20:59:50Z"
	runVerify(t, []verifyCase{
		{name: "as it should be", claims: object{"nonce": nil, "c_hash": nil}, request: after(login(nil))},
		{name: "the login's nonce again", request: after(login(nil))},
		{name: "another nonce", claims: object{"nonce": "other"}, request: after(login(nil)), want: []outcome{{"nonce", "", "", "it isn't the login's"}}},
		{name: "a nonce where the login had none", request: after(login(object{"nonce": nil})), want: []outcome{{"nonce", "", "", "it isn't the login's"}}},
		{name: "an empty nonce where the login had none", claims: object{"nonce": ""}, request: after(login(object{"nonce": nil})),
			want: []outcome{{"nonce", "", "", "it isn't the login's"}}},
		{name: "the login was at another issuer", request: after(login(object{"iss": "https://old.example/"})),
			want: []outcome{{"issuer", "https://old.example/", testIssuer, "it was another before"}}},
		{name: "another user", claims: object{"sub": otherSub}, request: after(login(nil)),
			want: []outcome{{"subject", testSub, otherSub, "it is another user than before"}}},
		{name: "another user where subs aren't SIMS ID's", claims: object{"sub": sameSub}, request: after(login(nil)),
			setup: func(p *Provider) { p.Kind.SubjectTail = false },
			want:  []outcome{{"subject", testSub, sameSub, "it is another user than before"}}},
		{name: "auth_time later", claims: object{"auth_time": unix(0)}, request: after(login(nil)),
			want: []outcome{{"auth_time", authTime, "2026-11-21T21:00:00Z", "it isn't the login's"}}},
		{name: "auth_time no time", claims: object{"auth_time": "now"}, request: after(login(nil)),
			want: []outcome{{"auth_time", authTime, "", "it isn't the login's"}}},
		{name: "auth_time left out", claims: object{"auth_time": nil}, request: after(login(nil))},
		{name: "auth_time that the login had not", request: after(login(object{"auth_time": nil}))},
		{name: "another client", claims: object{"aud": "client-2"}, request: after(login(nil)),
			want: []outcome{{"audience", "client-1", "client-2", "the token is for another client"}}},
		{name: "nothing left of the login", request: after(nil)},
	})
}

func TestVerifySubjectTail(t *testing.T) {
	p, _ := verifier(t)
	previous, err := token.ParseJWT(sign(t, testKeys().rsa, goodHeader(), goodClaims()).Reveal())
	if err != nil {
		t.Fatal(err)
	}
	r := goodRequest()
	r.Use, r.Nonce, r.Previous = AtRefresh, token.Secret{}, previous
	v, err := p.Verify(t.Context(), sign(t, testKeys().rsa, goodHeader(), goodClaims().with(object{"sub": sameSub, "nonce": nil})), r)
	if err != nil || v.Err() != nil {
		t.Fatalf("%v, %v", err, v.Err())
	}
	want := Check{
		Name: "subject", Outcome: Passed, Expected: testSub, Got: sameSub,
		Detail: "its fifth part has changed, which this kind of provider does", Source: "OpenID Connect Core 12.2",
	}
	if got := v.Checks[len(v.Checks)-1]; got != want {
		t.Errorf("subject: %+v, want %+v", got, want)
	}
}

func TestVerifyOtherUses(t *testing.T) {
	stored := func(r *VerifyRequest) { r.Use, r.Nonce = Stored, token.Secret{} }
	access := func(r *VerifyRequest) { *r = VerifyRequest{Use: AsAccess} }
	runVerify(t, []verifyCase{
		{name: "stored", request: stored},
		{name: "stored, of another client", request: stored, claims: object{"aud": "client-2"},
			want: []outcome{{"audience", "client-1", "client-2", "the token is for another client"}}},
		{name: "access token as IdentityServer3 makes it", request: access, claims: object{
			"aud": testIssuer + "resources", "iat": nil, "sub": nil, "nonce": nil, "at_hash": nil, "c_hash": nil, "client_id": "client-1",
		}},
		{name: "access token of RFC 9068", request: access, header: object{"typ": "at+jwt"}},
		{name: "a logout token as access token", request: access, header: object{"typ": "logout+jwt"},
			want: []outcome{{"form", "JWT", "logout+jwt", "by its typ the token is for something else"}}},
		{name: "access token of another issuer", request: access, claims: object{"iss": "https://evil.example/"},
			want: []outcome{{"issuer", testIssuer, "https://evil.example/", ""}}},
		{name: "access token that has ended", request: access, claims: object{"exp": unix(-time.Hour)},
			want: []outcome{{"expiry", "after 2026-11-21T21:00:00Z", "2026-11-21T20:00:00Z", "the token has expired, by this machine's clock"}}},
		{name: "access token from the future", request: access, claims: object{"iat": unix(time.Hour)},
			want: []outcome{{"issued at", "not after 2026-11-21T21:00:00Z", "2026-11-21T22:00:00Z", "the token was issued in the future, by this machine's clock"}}},
	})
}

func TestVerifyBrokenForm(t *testing.T) {
	p, s := verifier(t)
	v, err := p.Verify(t.Context(), token.NewSecret("no token"), goodRequest())
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Checks) != 1 || v.Checks[0].Name != "form" || v.Checks[0].Outcome != Failed || v.JWT != nil || v.Claims != nil {
		t.Errorf("verification: %+v", v)
	}
	if _, ok := errors.AsType[*VerificationError](v.Err()); !ok {
		t.Errorf("error %v", v.Err())
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests for keys", n)
	}
}

// A token that was changed after it was signed keeps every row but its signature.
func TestVerifyChangedPayload(t *testing.T) {
	p, _ := verifier(t)
	good := sign(t, testKeys().rsa, goodHeader(), goodClaims())
	jwt, err := token.ParseJWT(good.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	changed := encode(t, goodHeader()) + "." + encode(t, goodClaims().with(object{"name": "someone"})) +
		good.Reveal()[len(jwt.SigningInput):]
	v, err := p.Verify(t.Context(), token.NewSecret(changed), goodRequest())
	if err != nil {
		t.Fatal(err)
	}
	want := []outcome{{"signature", "", "", "it isn't of the provider's key, or the token was changed"}}
	if got := failures(v); !reflect.DeepEqual(got, want) || v.Claims != nil {
		t.Errorf("failed rows %+v, want %+v", got, want)
	}
}

func TestVerificationErrorText(t *testing.T) {
	e := &VerificationError{Failed: []Check{
		{Name: "issuer", Outcome: Failed, Expected: "https://a/", Got: "https://\x1b[31m/", Detail: "told"},
		{Name: "nonce", Outcome: Failed, Detail: "it isn't the one sent"},
		{Name: "signature", Outcome: NotMade, Detail: "there is no key"},
	}}
	want := `the token doesn't hold: issuer: expected "https://a/", got "https://\x1b[31m/", told; nonce: it isn't the one sent; signature not checked: there is no key`
	if got := e.Error(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
