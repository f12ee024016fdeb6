package provider

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// vector is a token that another implementation has signed, with its key.
type vector struct {
	ID, Alg, Token, PEM string
	JWK                 object
}

func readVectors(t testing.TB, file string) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Vectors []vector }
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f.Vectors
}

func (v vector) keys(t testing.TB) KeySet {
	t.Helper()
	text, err := json.Marshal(v.JWK)
	if err != nil {
		t.Fatal(err)
	}
	var k KeySet
	if v.JWK["kty"] == "oct" {
		k, err = SharedSecret(text)
	} else {
		k, err = ParseJWKS(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The RFCs' own examples: what is signed there isn't always a set of claims.
func TestSignaturesOfTheRFCs(t *testing.T) {
	var seen []string
	for _, v := range readVectors(t, "rfc.json") {
		keys := v.keys(t)
		last := strings.LastIndexByte(v.Token, '.')
		signature, err := base64.RawURLEncoding.DecodeString(v.Token[last+1:])
		if err != nil {
			t.Fatal(err)
		}
		r, known := ruleOf(v.Alg)
		if !known || !r.suits(keys.keys[0].key) || !r.signs(keys.keys[0].key, []byte(v.Token[:last]), signature) {
			t.Errorf("%s doesn't verify", v.ID)
		}
		if r.signs(keys.keys[0].key, []byte(v.Token[:last]+"A"), signature) {
			t.Errorf("%s verifies though it was changed", v.ID)
		}
		seen = append(seen, v.ID)
	}
	if want := []string{"rfc7515-a1", "rfc7515-a2", "rfc7515-a3", "rfc7515-a4", "rfc8037-a4"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("examples %q, want %q", seen, want)
	}
}

// anchor holds tokens against the vector's key alone.
func (v vector) anchor(t testing.TB) Anchor {
	return Anchor{Keys: v.keys(t), Issuer: testIssuer, Now: clock}
}

func (v vector) verify(a Anchor, raw string) *Verification {
	return a.Verify(token.NewSecret(raw), VerifyRequest{Use: Stored, ClientID: "client-1"})
}

func TestEveryAlgorithm(t *testing.T) {
	var seen []string
	for _, v := range readVectors(t, "vectors.json") {
		seen = append(seen, v.Alg)
		t.Run(v.Alg, func(t *testing.T) {
			a := v.anchor(t)
			if got := v.verify(a, v.Token); got.Err() != nil {
				t.Fatal(got.Err())
			}
			jwt, err := token.ParseJWT(v.Token)
			if err != nil {
				t.Fatal(err)
			}
			if !a.Signed(jwt) || a.VerifyJWT(jwt, VerifyRequest{Use: Stored, AnyClient: true}).Err() != nil {
				t.Error("Signed and VerifyJWT say otherwise than Verify")
			}
			if v.PEM == "" {
				return
			}
			if a.Keys, err = ParsePEM([]byte(v.PEM)); err != nil {
				t.Fatal(err)
			}
			if got := v.verify(a, v.Token); got.Err() != nil {
				t.Errorf("by the key in PEM: %v", got.Err())
			}
		})
	}
	if want := slices.Concat(publicAlgorithms()[:10], sharedAlgorithms()); !reflect.DeepEqual(seen, want) {
		t.Errorf("algorithms %q, want %q", seen, want)
	}
}

// damage is one way of getting a signed token wrong.
type damage struct {
	name string
	// damage changes the token's parts, or what it is held against; false says that this algorithm has no such damage.
	damage func(t *testing.T, d *damaged) bool
	row    string // the first check that fails
}

type damaged struct {
	vector
	header    object
	claims    object
	signature []byte
	raw       string // where set, the whole token
	anchor    Anchor
}

func (d *damaged) token(t *testing.T) string {
	if d.raw != "" {
		return d.raw
	}
	return encode(t, d.header) + "." + encode(t, d.claims) + "." + base64.RawURLEncoding.EncodeToString(d.signature)
}

// keyed puts other members into the key.
func (d *damaged) keyed(t *testing.T, changes object) bool {
	if d.JWK["kty"] == "oct" {
		return false
	}
	v := d.vector
	v.JWK = v.JWK.with(changes)
	d.anchor.Keys = v.keys(t)
	return true
}

func signatureDamages() []damage {
	bytesOf := func(change func(sig []byte) []byte) func(*testing.T, *damaged) bool {
		return func(_ *testing.T, d *damaged) bool { d.signature = change(slices.Clone(d.signature)); return true }
	}
	return []damage{
		{"first bit", bytesOf(func(s []byte) []byte { s[0] ^= 0x80; return s }), "signature"},
		{"last bit", bytesOf(func(s []byte) []byte { s[len(s)-1] ^= 1; return s }), "signature"},
		{"bit in the middle", bytesOf(func(s []byte) []byte { s[len(s)/2] ^= 8; return s }), "signature"},
		{"none", bytesOf(func([]byte) []byte { return nil }), "signature"},
		{"a byte short", bytesOf(func(s []byte) []byte { return s[:len(s)-1] }), "signature"},
		{"a byte short in front", bytesOf(func(s []byte) []byte { return s[1:] }), "signature"},
		{"a zero behind", bytesOf(func(s []byte) []byte { return append(s, 0) }), "signature"},
		{"a zero in front", bytesOf(func(s []byte) []byte { return append([]byte{0}, s...) }), "signature"},
		{"all zeros", bytesOf(func(s []byte) []byte { return make([]byte, len(s)) }), "signature"},
		{"all ones", bytesOf(func(s []byte) []byte { return slices.Repeat([]byte{255}, len(s)) }), "signature"},
		{"halves swapped", bytesOf(func(s []byte) []byte { return append(s[len(s)/2:], s[:len(s)/2]...) }), "signature"},
		{"twice", bytesOf(func(s []byte) []byte { return append(s, s...) }), "signature"},
		{"in DER", func(t *testing.T, d *damaged) bool {
			if !strings.HasPrefix(d.Alg, "ES") {
				return false
			}
			n := len(d.signature) / 2
			der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(d.signature[:n]), new(big.Int).SetBytes(d.signature[n:])})
			if err != nil {
				t.Fatal(err)
			}
			d.signature = der
			return true
		}, "signature"},
	}
}

func tokenDamages() []damage {
	header := func(row string, change func(d *damaged) object) damage {
		return damage{"", func(_ *testing.T, d *damaged) bool { d.header = d.header.with(change(d)); return true }, row}
	}
	named := func(name string, d damage) damage { d.name = name; return d }
	return []damage{
		{"another claim", func(_ *testing.T, d *damaged) bool { d.claims = d.claims.with(object{"sub": "18"}); return true }, "signature"},
		{"a claim more", func(_ *testing.T, d *damaged) bool { d.claims = d.claims.with(object{"admin": true}); return true }, "signature"},
		named("header member more", header("signature", func(*damaged) object { return object{"x": 1} })),
		named("alg none", header("algorithm", func(*damaged) object { return object{"alg": "none"} })),
		named("alg None", header("algorithm", func(*damaged) object { return object{"alg": "None"} })),
		named("alg in small letters", header("algorithm", func(d *damaged) object { return object{"alg": strings.ToLower(d.Alg)} })),
		named("alg missing", header("algorithm", func(*damaged) object { return object{"alg": nil} })),
		named("alg of the same family", damage{"", func(_ *testing.T, d *damaged) bool {
			other := map[string]string{"256": "384", "384": "512", "512": "256"}[d.Alg[2:]]
			if other == "" {
				return false
			}
			d.header = d.header.with(object{"alg": d.Alg[:2] + other})
			return true
		}, "signature"}),
		named("a key in the header", damage{"", func(t *testing.T, d *damaged) bool {
			k := testKeys()
			d.header = object{"alg": "EdDSA", "kid": "k1", "jwk": jwk(t, k.ed.Public(), "k1", nil)}
			d.signature = ed25519.Sign(k.ed, []byte(encode(t, d.header)+"."+encode(t, d.claims)))
			return true
		}, ""}),
		named("crit", header("form", func(*damaged) object { return object{"crit": []string{"exp"}} })),
		{"padded", func(t *testing.T, d *damaged) bool { d.raw = d.token(t) + "="; return true }, "form"},
		{"a part less", func(t *testing.T, d *damaged) bool {
			raw := d.token(t)
			d.raw = raw[:strings.LastIndexByte(raw, '.')]
			return true
		}, "form"},
	}
}

func keyDamages() []damage {
	return []damage{
		{"another kid", func(t *testing.T, d *damaged) bool { return d.keyed(t, object{"kid": "k2"}) }, "key"},
		{"a key for encryption", func(t *testing.T, d *damaged) bool { return d.keyed(t, object{"use": "enc"}) }, "key"},
		{"a key that only signs", func(t *testing.T, d *damaged) bool { return d.keyed(t, object{"key_ops": []string{"sign"}}) }, "key"},
		{"a key for another algorithm", func(t *testing.T, d *damaged) bool { return d.keyed(t, object{"alg": "RS1"}) }, "key"},
		{"another key of its type", func(t *testing.T, d *damaged) bool {
			if d.JWK["kty"] == "oct" {
				keys, err := SharedSecret([]byte("another secret, which is long enough for all of them, as it has to be"))
				d.anchor.Keys = keys
				return err == nil
			}
			for _, v := range readVectors(t, "vectors.json") {
				if v.JWK["kty"] == d.JWK["kty"] && v.JWK["crv"] == d.JWK["crv"] && v.Alg != d.Alg && v.JWK["n"] != d.JWK["n"] {
					d.anchor.Keys = v.keys(t)
					return true
				}
			}
			if d.JWK["kty"] == "RSA" {
				d.anchor.Keys = KeySet{given: true, keys: []publicKey{{key: testKeys().rsa.Public(), kind: "RSA"}}}
				return true
			}
			return false
		}, "signature"},
		{"the public key as a secret", func(t *testing.T, d *damaged) bool {
			if d.PEM == "" {
				return false
			}
			d.header = d.header.with(object{"alg": "HS256"})
			d.signature = hmacOf(rule{hmacSHA, crypto.SHA256, ""}, []byte(d.PEM), encode(t, d.header)+"."+encode(t, d.claims))
			return true
		}, "algorithm"},
	}
}

// No damage leaves a token verified, and the check that fails is the one that the damage is about.
func TestEveryDamage(t *testing.T) {
	damages := slices.Concat(signatureDamages(), tokenDamages(), keyDamages())
	for _, v := range readVectors(t, "vectors.json") {
		kinds := 0
		for _, c := range damages {
			jwt, err := token.ParseJWT(v.Token)
			if err != nil {
				t.Fatal(err)
			}
			d := &damaged{vector: v, signature: jwt.Signature, anchor: v.anchor(t)}
			unmarshal(t, jwt.Header.Object, &d.header)
			unmarshal(t, jwt.Claims.Object, &d.claims)
			if !c.damage(t, d) {
				continue
			}
			kinds++
			got := v.verify(d.anchor, d.token(t))
			failed := got.with(Failed)
			if got.Claims != nil || got.Err() == nil || len(failed) == 0 {
				t.Errorf("%s, %s: verified", v.Alg, c.name)
				continue
			}
			row := c.row
			// Where an algorithm isn't one of the key's at all, or a secret has no such rule, that is what is said.
			if failed[0].Name != row && failed[0].Name != "algorithm" && row != "" {
				t.Errorf("%s, %s: %s failed, want %s", v.Alg, c.name, failed[0].Name, row)
			}
			if got.JWT != nil && d.anchor.Signed(got.JWT) && row != "form" {
				t.Errorf("%s, %s: Signed", v.Alg, c.name)
			}
		}
		if kinds < 20 {
			t.Errorf("%s has %d kinds of damage", v.Alg, kinds)
		}
	}
}

func unmarshal(t *testing.T, o token.Object, to *object) {
	t.Helper()
	b, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if err := dec.Decode(to); err != nil {
		t.Fatal(err)
	}
}

func hmacOf(r rule, secret []byte, input string) []byte {
	m := hmac.New(r.hash.New, secret)
	m.Write([]byte(input))
	return m.Sum(nil)
}

func TestKeysThatAreGiven(t *testing.T) {
	k := testKeys()
	der, err := x509.MarshalPKIXPublicKey(k.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k.rsa)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	asText := func(o any) string {
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	secret := func(text string) (KeySet, error) { return SharedSecret([]byte(text)) }
	fromPEM := func(text string) (KeySet, error) { return ParsePEM([]byte(text)) }
	jwks := func(text string) (KeySet, error) { return ParseJWKS([]byte(text)) }
	good := jwk(t, k.rsa.Public(), "k1", nil)
	for _, c := range []struct {
		name  string
		read  func(string) (KeySet, error)
		text  string
		kinds []string
		err   string
	}{
		{"PKIX", fromPEM, inPEM("PUBLIC KEY", der), []string{"RSA of 2048 bits"}, ""},
		{"PKCS 1", fromPEM, inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(k.rsa.Public().(*rsa.PublicKey))), []string{"RSA of 2048 bits"}, ""},
		{"two in PEM", fromPEM, "words before\n" + inPEM("PUBLIC KEY", der) + inPEM("PUBLIC KEY", der), []string{"RSA of 2048 bits", "RSA of 2048 bits"}, ""},
		{"private in PEM", fromPEM, inPEM("PRIVATE KEY", private), nil, "it is a private key, which isn't needed to check a signature: give the public one"},
		{"a request in PEM", fromPEM, inPEM("CERTIFICATE REQUEST", der), nil, "PEM of another kind: a PUBLIC KEY or a CERTIFICATE is needed"},
		{"broken PEM", fromPEM, inPEM("PUBLIC KEY", der[:20]), nil, "a PUBLIC KEY in PEM that can't be read"},
		{"no PEM", fromPEM, "hello", nil, "no key in PEM: it begins with -----BEGIN PUBLIC KEY-----"},
		{"a set", jwks, asText(object{"keys": []object{good, jwk(t, k.ec.Public(), "e", nil), jwk(t, k.ed.Public(), "d", nil)}}), []string{"RSA of 2048 bits", "EC on P-256", "Ed25519"}, ""},
		{"one JWK", jwks, asText(good), []string{"RSA of 2048 bits"}, ""},
		{"private JWK", jwks, asText(good.with(object{"d": "AQAB"})), nil, "none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519"},
		{"symmetric JWK", jwks, `{"kty":"oct","k":"c2VjcmV0"}`, nil, "none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519"},
		{"an empty set", jwks, `{"keys":[]}`, nil, "it has no keys"},
		{"no set", jwks, `{"issuer":"x"}`, nil, "a key set without an array of keys"},
		{"no JSON", jwks, `<html>`, nil, "no set of keys: the object is no valid JSON"},
		{"point beside its curve", jwks, `{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}`, nil, "none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519"},
		{"even exponent", jwks, asText(good.with(object{"e": "AQAA"})), nil, "none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519"},
		{"exponent one", jwks, asText(good.with(object{"e": "AQ"})), nil, "none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519"},
		{"secret", secret, "twelve bytes", []string{"a shared secret of 96 bits"}, ""},
		{"secret and a line break", secret, "twelve bytes\r\n", []string{"a shared secret of 96 bits"}, ""},
		{"secret JWK", secret, `{"kty":"oct","k":"c2VjcmV0"}`, []string{"a shared secret of 48 bits"}, ""},
		{"secret JWK without k", secret, `{"kty":"oct"}`, nil, "a JWK of type oct without its member k"},
		{"no secret", secret, "", nil, "the secret is empty"},
		{"a line break for a secret", secret, "\n", nil, "the secret is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.read(c.text)
			var kinds []string
			for _, key := range got.keys {
				kinds = append(kinds, key.kind)
			}
			if !reflect.DeepEqual(kinds, c.kinds) || got.Len() != len(c.kinds) {
				t.Errorf("keys %q, want %q", kinds, c.kinds)
			}
			problem := ""
			if e, ok := errors.AsType[*KeySetError](err); ok {
				problem = e.Problem
			} else if err != nil {
				t.Fatalf("error %T", err)
			}
			if problem != c.err {
				t.Errorf("error %q, want %q", problem, c.err)
			}
		})
	}
}

// A secret in a file may end with a line break or not; both are tried, and no other spelling.
func TestSharedSecretSpellings(t *testing.T) {
	r, _ := ruleOf("HS256")
	for _, c := range []struct {
		file, secret string
		want         bool
	}{
		{"s3cret", "s3cret", true}, {"s3cret\n", "s3cret", true}, {"s3cret\r\n", "s3cret", true}, {"s3cret\n", "s3cret\n", true},
		{"s3cret\n\n", "s3cret", false}, {" s3cret", "s3cret", false},
	} {
		keys, err := SharedSecret([]byte(c.file))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.signs(keys.keys[0].key, []byte("input"), hmacOf(r, []byte(c.secret), "input")); got != c.want {
			t.Errorf("file %q, secret %q: %t", c.file, c.secret, got)
		}
	}
}

// Keys that the user has named may have signed a token that names none; a provider's must be named where there are several.
func TestGivenKeysNeedNoName(t *testing.T) {
	k := testKeys()
	two := KeySet{given: true, keys: []publicKey{{id: "a", key: k.other.Public()}, {key: k.rsa.Public()}}}
	raw := sign(t, k.rsa, goodHeader(), goodClaims())
	nameless := sign(t, k.rsa, goodHeader().with(object{"kid": nil}), goodClaims())
	a := Anchor{Keys: two, Now: clock}
	for _, tok := range []token.Secret{raw, nameless} {
		v := a.Verify(tok, VerifyRequest{Use: Stored, AnyClient: true})
		if v.Err() != nil {
			t.Error(v.Err())
		}
		var notMade []string
		for _, c := range v.with(NotMade) {
			notMade = append(notMade, c.Name)
		}
		if want := []string{"issuer", "audience", "authorized party", "nonce", "auth_time", "at_hash", "c_hash"}; !reflect.DeepEqual(notMade, want) {
			t.Errorf("not made: %q, want %q", notMade, want)
		}
	}
	a.Keys.given = false
	for _, tok := range []token.Secret{raw, nameless} {
		if a.Verify(tok, VerifyRequest{Use: Stored, AnyClient: true}).Claims != nil {
			t.Error("a provider's key needs a name")
		}
	}
}

func FuzzKeys(f *testing.F) {
	for _, v := range append(readVectors(f, "rfc.json"), readVectors(f, "vectors.json")...) {
		b, err := json.Marshal(v.JWK)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add([]byte(v.PEM))
	}
	jwt, err := token.ParseJWT(readVectors(f, "vectors.json")[0].Token)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func([]byte) (KeySet, error){ParseJWKS, ParsePEM, SharedSecret} {
			keys, err := read(text)
			if (err == nil) != (keys.Len() > 0) {
				t.Fatalf("%d keys, %v", keys.Len(), err)
			}
			if keys.Len() > 4 {
				continue
			}
			if (Anchor{Keys: keys, Now: clock}).Signed(jwt) && !strings.Contains(string(text), "kty") && !strings.Contains(string(text), "BEGIN") {
				t.Fatalf("%q has signed", text)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v := readVectors(b, "vectors.json")[0]
	a := v.anchor(b)
	b.Run("raw", func(b *testing.B) {
		jwt, err := token.ParseJWT(v.Token)
		if err != nil {
			b.Fatal(err)
		}
		key := a.Keys.keys[0].key.(*rsa.PublicKey)
		for b.Loop() {
			sum := sha256.Sum256(jwt.SigningInput)
			if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], jwt.Signature) != nil {
				b.Fatal()
			}
		}
	})
	b.Run("signed", func(b *testing.B) {
		for b.Loop() {
			jwt, err := token.ParseJWT(v.Token)
			if err != nil || !a.Signed(jwt) {
				b.Fatal(err)
			}
		}
	})
	b.Run("checks", func(b *testing.B) {
		for b.Loop() {
			if v.verify(a, v.Token).Claims == nil {
				b.Fatal()
			}
		}
	})
}
