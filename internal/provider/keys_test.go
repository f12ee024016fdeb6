package provider

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/simsid/simsid/internal/token"
)

func TestVerifyKeys(t *testing.T) {
	k := testKeys()
	private := func() object {
		b, err := json.Marshal(jose.JSONWebKey{Key: k.rsa, KeyID: "k1"})
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := json.Unmarshal(b, &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	good := jwk(t, k.rsa.Public(), "k1", nil)
	keyRow := func(got, detail string) []outcome {
		return []outcome{{"key", "a key for RS256", got, detail}}
	}
	for _, c := range []struct {
		name   string
		keys   []object
		header object
		key    any
		want   []outcome
	}{
		{name: "for encryption", keys: []object{good.with(object{"use": "enc"})}, want: keyRow("k1", "the key isn't for signatures")},
		{name: "no use", keys: []object{good.with(object{"use": nil})}},
		{name: "key_ops without verify", keys: []object{good.with(object{"key_ops": []string{"encrypt"}})}, want: keyRow("k1", "the key isn't for signatures")},
		{name: "key_ops with verify", keys: []object{good.with(object{"key_ops": []string{"verify"}})}},
		{name: "for another algorithm", keys: []object{good.with(object{"alg": "PS256"})}, want: keyRow("k1", "the key is for another algorithm")},
		{name: "for this algorithm", keys: []object{good.with(object{"alg": "RS256"})}},
		{name: "certificate that isn't its own", keys: []object{good.with(object{"x5c": []string{"bm9uZQ=="}, "x5t": "x"})}},
		{name: "private", keys: []object{private()}, want: keyRow("k1", "none of the provider's 0 keys has this kid")},
		{name: "symmetric", keys: []object{{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}}, want: keyRow("k1", "none of the provider's 0 keys has this kid")},
		{name: "unknown type beside a good one", keys: []object{{"kty": "new", "kid": "k1"}, good}},
		{name: "too small", keys: []object{jwk(t, k.small.Public(), "k1", nil)}, key: k.small,
			want: keyRow("k1", "the key is RSA of 1024 bits; 2048 to 8192 are allowed")},
		{name: "too small, no kid", keys: []object{jwk(t, k.small.Public(), "k1", nil)}, key: k.small, header: object{"kid": nil},
			want: keyRow("", "none of the provider's 1 keys suits RS256")},
		{name: "of another type", keys: []object{jwk(t, k.ec.Public(), "k1", nil)},
			want: keyRow("k1", "the key is EC on P-256, which can't be RS256's")},
		{name: "no kid and two keys", keys: []object{good, jwk(t, k.other.Public(), "k2", nil)}, header: object{"kid": nil},
			want: keyRow("", "the token names no key, and 2 of the provider's would suit")},
		{name: "no kid and one key that suits", keys: []object{jwk(t, k.ec.Public(), "k2", nil), good}, header: object{"kid": nil}},
		{name: "kid twice, the second is right", keys: []object{jwk(t, k.other.Public(), "k1", nil), good}},
		{name: "kid twice, the first doesn't fit", keys: []object{jwk(t, k.ec.Public(), "k1", nil), good}},
		{name: "another key's kid", keys: []object{jwk(t, k.other.Public(), "k1", nil), jwk(t, k.rsa.Public(), "k2", nil)},
			want: []outcome{{"signature", "", "", "it isn't of the provider's key, or the token was changed"}}},
		{name: "no keys", keys: []object{}, want: keyRow("k1", "none of the provider's 0 keys has this kid")},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := verifier(t, c.keys...)
			if len(c.keys) == 0 {
				p.Metadata.JWKSURI = serve(t, map[string]http.HandlerFunc{"/jwks": says(200, "", `{"keys":[]}`)}).URL + "/jwks"
			}
			key := c.key
			if key == nil {
				key = k.rsa
			}
			v, err := p.Verify(t.Context(), sign(t, key, goodHeader().with(c.header), goodClaims()), goodRequest())
			if err != nil {
				t.Fatal(err)
			}
			if got := failures(v); !reflect.DeepEqual(got, c.want) || (v.Claims == nil) != (c.want != nil) {
				t.Errorf("failed rows %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestKeyUnfit(t *testing.T) {
	k := testKeys()
	large := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 8192), E: 65537}
	for _, c := range []struct {
		key  any
		alg  string
		want string
	}{
		{k.rsa.Public(), "RS256", ""},
		{k.rsa.Public(), "PS512", ""},
		{k.rsa.Public(), "ES256", "the key is K, which can't be ES256's"},
		{k.rsa.Public(), "EdDSA", "the key is K, which can't be EdDSA's"},
		{large, "RS256", "the key is K; 2048 to 8192 are allowed"},
		{k.ec.Public(), "ES256", ""},
		{k.ec.Public(), "ES384", "the key is K, which can't be ES384's"},
		{k.ec.Public(), "EdDSA", "the key is K, which can't be EdDSA's"},
		{k.ed.Public(), "EdDSA", ""},
		{k.ed.Public(), "ES256", "the key is K, which can't be ES256's"},
		{nil, "RS256", "the key is K, which can't be RS256's"},
	} {
		if got := (publicKey{key: c.key, kind: "K"}).unfit(c.alg); got != c.want {
			t.Errorf("%T for %s: %q, want %q", c.key, c.alg, got, c.want)
		}
	}
}

func TestChooseKeysTriesFew(t *testing.T) {
	keys := make([]publicKey, 10)
	for i := range keys {
		keys[i] = publicKey{id: "k", key: testKeys().rsa.Public()}
	}
	if got, problem := (KeySet{keys: keys}).choose("RS256", "k"); len(got) != maxTried || problem != "" {
		t.Errorf("%d keys, %q", len(got), problem)
	}
}

// The hash of at_hash and c_hash is the signature algorithm's.
func TestVerifyAlgorithms(t *testing.T) {
	k := testKeys()
	access, code := goodRequest().Access.Reveal(), goodRequest().Code.Reveal()
	half256 := func(s string) string {
		h := sha256.Sum256([]byte(s))
		return base64.RawURLEncoding.EncodeToString(h[:16])
	}
	half512 := func(s string) string {
		h := sha512.Sum512([]byte(s))
		return base64.RawURLEncoding.EncodeToString(h[:32])
	}
	for _, c := range []struct {
		alg    string
		key    any
		public any
		half   func(string) string
		kind   string
	}{
		{"RS256", k.rsa, k.rsa.Public(), half256, "RSA of 2048 bits"},
		{"ES256", k.ec, k.ec.Public(), half256, "EC on P-256"},
		{"EdDSA", k.ed, k.ed.Public(), half512, "Ed25519"},
	} {
		t.Run(c.alg, func(t *testing.T) {
			p, _ := verifier(t, jwk(t, c.public, "k1", nil))
			p.Metadata.IDTokenAlgs = []string{"none", "HS256", "RS256", "ES256", "EdDSA"}
			claims := goodClaims().with(object{"at_hash": c.half(access), "c_hash": c.half(code)})
			v, err := p.Verify(t.Context(), sign(t, c.key, goodHeader().with(object{"alg": c.alg}), claims), goodRequest())
			if err != nil || v.Err() != nil {
				t.Fatalf("%v, %v", err, v.Err())
			}
			if got := v.Checks[2].Detail; got != c.kind {
				t.Errorf("key is %s, want %s", got, c.kind)
			}
		})
	}
	h := sha512.Sum384([]byte("v"))
	if got, want := leftHalfHash("PS384", token.NewSecret("v")), base64.RawURLEncoding.EncodeToString(h[:24]); got != want {
		t.Errorf("PS384: %s, want %s", got, want)
	}
}

func TestVerifyKeysAreKeptAndRenewed(t *testing.T) {
	k := testKeys()
	var rotated atomic.Bool
	sets := map[bool][]object{
		false: {jwk(t, k.rsa.Public(), "k1", nil)},
		true:  {jwk(t, k.other.Public(), "k2", nil)},
	}
	s := serve(t, map[string]http.HandlerFunc{"/jwks": func(w http.ResponseWriter, r *http.Request) {
		saysJSON(t, object{"keys": sets[rotated.Load()]})(w, r)
	}})
	p := s.provider(Kind{})
	p.Metadata.Issuer = testIssuer
	verify := func(key any, kid string) (holds bool) {
		v, err := p.Verify(t.Context(), sign(t, key, goodHeader().with(object{"kid": kid}), goodClaims()), goodRequest())
		if err != nil {
			t.Fatal(err)
		}
		return v.Err() == nil
	}
	for _, step := range []struct {
		name    string
		rotate  bool
		key     any
		kid     string
		holds   bool
		fetches int
	}{
		{"first", false, k.rsa, "k1", true, 1},
		{"again, from memory", false, k.rsa, "k1", true, 1},
		{"unknown, fetched once more", false, k.other, "k2", false, 2},
		{"the provider changed its key", true, k.other, "k2", true, 3},
		{"again, from memory", true, k.other, "k2", true, 3},
		{"the old key is gone", true, k.rsa, "k1", false, 4},
	} {
		rotated.Store(step.rotate)
		if got := verify(step.key, step.kid); got != step.holds {
			t.Errorf("%s: holds %v", step.name, got)
		}
		if got := len(s.seen()); got != step.fetches {
			t.Errorf("%s: %d fetches, want %d", step.name, got, step.fetches)
		}
	}
}

func TestVerifyWithoutKeys(t *testing.T) {
	many := make([]object, maxKeys+1)
	for i := range many {
		many[i] = object{"kty": "oct"}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    func(host string) error
	}{
		{"down", says(503, "text/plain", "later"), func(host string) error {
			return &UnavailableError{Operation: "read the keys", Host: host, Status: 503}
		}},
		{"a page", says(200, "text/html", "<html>"), func(host string) error {
			return &ResponseError{"read the keys", host, 200, "a page of HTML or XML instead of a JSON object"}
		}},
		{"not found", says(404, "", ""), func(host string) error {
			return &ResponseError{"read the keys", host, 404, "no keys at the address that discovery gives"}
		}},
		{"no array", says(200, "", `{"keys":{}}`), func(host string) error {
			return &ResponseError{"read the keys", host, 200, "a key set without an array of keys"}
		}},
		{"no keys member", says(200, "", `{}`), func(host string) error {
			return &ResponseError{"read the keys", host, 200, "a key set without an array of keys"}
		}},
		{"too many", saysJSON(t, object{"keys": many}), func(host string) error {
			return &ResponseError{"read the keys", host, 200, "a set of 101 keys; at most 100 are taken"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/jwks": c.handler})
			p := s.provider(Kind{})
			p.Metadata.Issuer = testIssuer
			v, err := p.Verify(t.Context(), sign(t, testKeys().rsa, goodHeader(), goodClaims()), goodRequest())
			if want := c.want(s.host()); !reflect.DeepEqual(err, want) {
				t.Errorf("error %#v, want %#v", err, want)
			}
			if v == nil || v.Claims != nil || len(v.Checks) != 15 || failures(v) != nil {
				t.Fatalf("verification %+v", v)
			}
			wantErr := "the token doesn't hold: key not checked: expected \"a key for RS256\", got \"k1\", the provider's keys couldn't be read; " +
				"signature not checked: there is no key to check it with"
			if got := v.Err(); got == nil || got.Error() != wantErr {
				t.Errorf("Err() = %v", got)
			}
		})
	}
}

func TestVerifyNoKeyAddress(t *testing.T) {
	p, _ := verifier(t)
	p.Metadata.JWKSURI = ""
	_, err := p.Verify(t.Context(), sign(t, testKeys().rsa, goodHeader(), goodClaims()), goodRequest())
	if e, ok := errors.AsType[*UnsupportedError](err); !ok || *e != (UnsupportedError{Operation: "read the keys", Issuer: testIssuer}) {
		t.Errorf("error %v", err)
	}
}

// TestRotatedKeys: a new key under the kid of the old one, or without one, is fetched once a signature doesn't hold, and never more than once.
func TestRotatedKeys(t *testing.T) {
	old, err := rsa.GenerateKey(rand.Reader, minRSA)
	if err != nil {
		t.Fatal(err)
	}
	for _, kid := range []string{"k1", ""} {
		key, fetches := old, 0
		s := serve(t, map[string]http.HandlerFunc{"/jwks": func(w http.ResponseWriter, r *http.Request) {
			if fetches++; key == nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			saysJSON(t, object{"keys": []object{jwk(t, key.Public(), kid, nil)}})(w, r)
		}})
		p := s.provider(mustKind(t, "simsid"))
		p.Metadata.Issuer, p.Metadata.IDTokenAlgs = testIssuer, []string{"RS256"}
		header := object{"alg": "RS256", "typ": "JWT"}
		if kid != "" {
			header["kid"] = kid
		}
		raw := sign(t, testKeys().rsa, header, goodClaims())
		verify := func() error {
			t.Helper()
			v, err := p.Verify(t.Context(), raw, goodRequest())
			if err != nil {
				t.Fatal(err)
			}
			return v.Err()
		}
		if verify() == nil || fetches != 1 { // they were fetched for it
			t.Errorf("%q: %d fetches", kid, fetches)
		}
		if verify() == nil || fetches != 2 {
			t.Errorf("%q: %d fetches", kid, fetches)
		}
		key = nil
		if verify() == nil || fetches != 3 {
			t.Errorf("%q: %d fetches", kid, fetches)
		}
		key = testKeys().rsa
		if err := verify(); err != nil || fetches != 4 {
			t.Errorf("%q: %v after %d fetches", kid, err, fetches)
		}
		if err := verify(); err != nil || fetches != 4 {
			t.Errorf("%q: %v after %d fetches", kid, err, fetches)
		}
	}
}
