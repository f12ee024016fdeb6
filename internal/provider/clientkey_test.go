package provider

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/simsid/simsid/internal/token"
)

// pemOf writes a private key as PEM of a type.
func pemOf(t testing.TB, blockType string, key any) string {
	t.Helper()
	var der []byte
	var err error
	switch blockType {
	case "RSA PRIVATE KEY":
		der = x509.MarshalPKCS1PrivateKey(testKeys().rsa)
	case "EC PRIVATE KEY":
		der, err = x509.MarshalECPrivateKey(testKeys().ec)
	default:
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
}

// jwkOf writes a private key as a JWK with more members.
func jwkOf(t testing.TB, key any, more object) string {
	t.Helper()
	b, err := json.Marshal(jwk(t, key, "", more))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestParseClientKey reads each form of each kind of key, and signs with it what its public key then holds for good.
func TestParseClientKey(t *testing.T) {
	keys := testKeys()
	for _, c := range []struct {
		name, text, id, alg string
		listed              []string
		wantAlg, wantID     string
		public              any
	}{
		{"RSA, PKCS #8", pemOf(t, "PRIVATE KEY", keys.rsa), "", "", nil, "RS256", "", &keys.rsa.PublicKey},
		{"RSA, PKCS #1", pemOf(t, "RSA PRIVATE KEY", nil), "k", "", nil, "RS256", "k", &keys.rsa.PublicKey},
		{"RSA, what the provider takes", pemOf(t, "PRIVATE KEY", keys.rsa), "", "", []string{"ES256", "PS256"}, "PS256", "", &keys.rsa.PublicKey},
		{"RSA, both taken", pemOf(t, "PRIVATE KEY", keys.rsa), "", "", []string{"PS256", "RS256"}, "RS256", "", &keys.rsa.PublicKey},
		{"RSA, said", pemOf(t, "PRIVATE KEY", keys.rsa), "", "PS256", []string{"PS256", "RS256"}, "PS256", "", &keys.rsa.PublicKey},
		{"RSA, JWK", jwkOf(t, keys.rsa, object{"kid": "own", "alg": "PS256"}), "", "", nil, "PS256", "own", &keys.rsa.PublicKey},
		{"RSA, JWK, said otherwise", jwkOf(t, keys.rsa, object{"kid": "own", "alg": "PS256"}), "other", "RS256", nil, "RS256", "other", &keys.rsa.PublicKey},
		{"EC, PKCS #8", pemOf(t, "PRIVATE KEY", keys.ec), "", "", nil, "ES256", "", &keys.ec.PublicKey},
		{"EC, SEC 1 behind other blocks", "words\n" + string(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS"})) + pemOf(t, "EC PRIVATE KEY", nil), "", "ES256", nil, "ES256", "", &keys.ec.PublicKey},
		{"EC, JWK in a set", `{"keys":[` + jwkOf(t, keys.ec, object{"kid": "e"}) + `]}`, "", "", []string{"ES256"}, "ES256", "e", &keys.ec.PublicKey},
		{"Ed25519, PKCS #8", pemOf(t, "PRIVATE KEY", keys.ed), "", "", nil, "EdDSA", "", keys.ed.Public()},
		{"Ed25519, JWK", jwkOf(t, keys.ed, nil), "", "", []string{"RS256", "EdDSA"}, "EdDSA", "", keys.ed.Public()},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := ParseClientKey(token.NewSecret("\n"+c.text+"\n"), c.id, c.alg)
			if err != nil {
				t.Fatal(err)
			}
			alg, err := k.algorithm(c.listed)
			if err != nil || string(alg) != c.wantAlg {
				t.Fatalf("%q, %v", alg, err)
			}
			signed, err := k.sign(alg, map[string]any{"sub": "x"})
			if err != nil {
				t.Fatal(err)
			}
			jws, err := jose.ParseSignedCompact(signed.Reveal(), []jose.SignatureAlgorithm{alg})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := jws.Verify(c.public)
			if err != nil || string(payload) != `{"sub":"x"}` || jws.Signatures[0].Header.KeyID != c.wantID {
				t.Errorf("%s, kid %q, %v", payload, jws.Signatures[0].Header.KeyID, err)
			}
		})
	}
}

func TestClientKeyRefused(t *testing.T) {
	keys := testKeys()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM := pemOf(t, "PRIVATE KEY", keys.rsa)
	for _, c := range []struct{ name, text, id, alg, problem string }{
		{"nothing", " \n", "", "", "it is empty"},
		{"words", "not a key", "", "", "it is neither PEM with a private key nor a JWK"},
		{"a public key", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}})), "", "", "it is neither PEM with a private key nor a JWK"},
		{"too long", strings.Repeat("x", 64<<10+1), "", "", "it is longer than 65536 bytes"},
		{"encrypted", string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})), "", "", "it is encrypted: write it without a passphrase (openssl pkcs8 -topk8 -nocrypt), and keep it in the store"},
		{"encrypted as of old", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-128-CBC,00"}, Bytes: []byte{1}})), "", "", "it is encrypted: write it without a passphrase (openssl pkcs8 -topk8 -nocrypt), and keep it in the store"},
		{"broken", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret-of-the-file")})), "", "", "its PEM holds no private key that can be read"},
		{"no JSON", "{", "", "", "it is no JWK: its JSON can't be read"},
		{"a public JWK", jwkOf(t, &keys.ec.PublicKey, nil), "", "", "it is no private key: the JWK has no d"},
		{"a symmetric JWK", `{"kty":"oct","k":"c2VjcmV0"}`, "", "", "it is no private key: the JWK has no d"},
		{"a broken JWK", `{"kty":"RSA","n":"AQAB","e":"AQAB","d":"secret-of-the-file"}`, "", "", "it is no JWK of a private key that can be read"},
		{"two keys", `{"keys":[{},{}]}`, "", "", "it is a set of keys: one key is wanted"},
		{"for encryption", jwkOf(t, keys.ec, object{"use": "enc"}), "", "", "by its use it isn't for signatures"},
		{"a short RSA key", pemOf(t, "PRIVATE KEY", keys.small), "", "", "it is RSA of 1024 bits; 2048 to 8192 are allowed"},
		{"another curve", pemOf(t, "PRIVATE KEY", p384), "", "", "it is of the curve P-384; P-256 is wanted"},
		{"an algorithm of another key", rsaPEM, "", "ES256", `it can't sign by "ES256", but by RS256 or PS256`},
		{"an algorithm of a secret", jwkOf(t, keys.ec, object{"alg": "HS256"}), "", "", `it can't sign by "HS256", but by ES256`},
		{"an unfit kid", rsaPEM, "a\x1b[31m", "", "its kid must be at most 255 characters of printable ASCII"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := ParseClientKey(token.NewSecret(c.text), c.id, c.alg)
			if e, ok := errors.AsType[*KeyError](err); !ok || e.Problem != c.problem || !k.IsZero() {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret-of-the-file") {
				t.Error("the error holds something of the key")
			}
		})
	}
	k, err := ParseClientKey(token.NewSecret(rsaPEM), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.algorithm([]string{"ES256", "\x1b[31m"}); fmt.Sprint(err) != `private key of the client: it signs by RS256 or PS256, and the provider takes ES256, \x1b[31m` {
		t.Errorf("%v", err)
	}
}

// TestClientKeyIsShownNowhere formats a key by every verb, on its own and within a client.
func TestClientKeyIsShownNowhere(t *testing.T) {
	keys := testKeys()
	k, err := ParseClientKey(token.NewSecret(pemOf(t, "PRIVATE KEY", keys.rsa)), "", "")
	if err != nil {
		t.Fatal(err)
	}
	d := keys.rsa.D.String()[:20]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, v := range []any{k, &k, Client{ID: "c", Key: k}, []ClientKey{k}} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, d) || strings.Contains(s, fmt.Sprintf("%x", keys.rsa.D)[:20]) {
				t.Errorf("%s of %T shows the key", verb, v)
			}
		}
	}
}

// statement is what a request said of the client.
func statement(t *testing.T, s *testServer) (claims object, form url.Values) {
	t.Helper()
	last := s.seen()[len(s.seen())-1]
	form, err := url.ParseQuery(last.Form)
	if err != nil || last.Auth != "" {
		t.Fatalf("%v, Authorization %q", err, last.Auth)
	}
	jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jws.Verify(&testKeys().ec.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	form.Del("client_assertion")
	return claims, form
}

// TestAssertion has every call that authenticates the client do so by its key, each with a statement of its own.
func TestAssertion(t *testing.T) {
	tokens := saysJSON(t, object{"access_token": "a", "token_type": "Bearer"})
	s := serve(t, map[string]http.HandlerFunc{
		"/token": tokens, "/revoke": says(http.StatusOK, "", ""), "/introspect": saysJSON(t, object{"active": true}),
		"/device": saysJSON(t, object{"device_code": "d", "user_code": "u", "verification_uri": "https://a.example/", "expires_in": 60}),
		"/par":    saysJSON(t, object{"request_uri": "urn:x", "expires_in": 60}),
	})
	p := s.provider(Kind{})
	p.Metadata.DeviceEndpoint, p.Metadata.PushedEndpoint, p.Rand = s.URL+"/device", s.URL+"/par", rand.Reader
	key, err := ParseClientKey(token.NewSecret(pemOf(t, "PRIVATE KEY", testKeys().ec)), "", "")
	if err != nil {
		t.Fatal(err)
	}
	c := Client{ID: "me", Secret: token.NewSecret("never-sent"), Auth: AuthPrivateKey, Key: key}
	some := token.NewSecret("some")
	seen := map[any]bool{}
	for _, call := range []struct {
		path string
		do   func() error
	}{
		{"/token", func() error { _, err := p.Exchange(t.Context(), c, some, some, "http://127.0.0.1/"); return err }},
		{"/token", func() error { _, err := p.Refresh(t.Context(), c, some); return err }},
		{"/token", func() error { _, err := p.ClientCredentials(t.Context(), c, nil, nil); return err }},
		{"/token", func() error { _, err := p.RedeemDevice(t.Context(), c, some); return err }},
		{"/device", func() error { _, err := p.AuthorizeDevice(t.Context(), c, []string{"openid"}, nil); return err }},
		{"/par", func() error { _, err := p.Push(t.Context(), c, url.Values{"client_id": {"me"}}); return err }},
		{"/revoke", func() error { return p.Revoke(t.Context(), c, some, "") }},
		{"/introspect", func() error { _, err := p.Introspect(t.Context(), c, some, ""); return err }},
	} {
		if err := call.do(); err != nil {
			t.Errorf("%s: %v", call.path, err)
		}
		if last := s.seen()[len(s.seen())-1]; last.Path != call.path {
			t.Errorf("%s was asked for %s", last.Path, call.path)
		}
		claims, form := statement(t, s)
		if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || form.Get("client_id") != "me" || form.Has("client_secret") {
			t.Errorf("%s: %v", call.path, form)
		}
		id, _ := claims["jti"].(string)
		if len(id) < 22 || seen[id] {
			t.Errorf("%s: jti %q", call.path, id)
		}
		seen[id] = true
		delete(claims, "jti")
		want := object{"iss": "me", "sub": "me", "aud": s.URL + "/token", "iat": float64(now.Unix()), "exp": float64(now.Unix() + 60)}
		if !maps.Equal(claims, want) {
			t.Errorf("%s: expected %v, got %v", call.path, want, claims)
		}
	}
}

// TestAssertionAudience: nobody gets a statement that is good somewhere else.
func TestAssertionAudience(t *testing.T) {
	for _, c := range []struct {
		issuer, endpoint string
		said             Audience
		want             string
	}{
		{"https://id.example/", "https://id.example/token", "", "https://id.example/token"},
		{"https://id.example", "https://ID.example/token", "", "https://ID.example/token"},
		{"https://id.example/", "https://id.example/token", AudienceIssuer, "https://id.example/"},
		{"https://evil.example/", "https://id.example/token", "", "https://evil.example/"},
		{"https://id.example/", "https://id.example:8443/token", "", "https://id.example/"},
		{"http://id.example/", "https://id.example/token", "", "http://id.example/"},
		{"https://id.example/", "https://api.example/token", AudienceTokenEndpoint, "https://api.example/token"},
	} {
		p := &Provider{Metadata: Metadata{Issuer: c.issuer, TokenEndpoint: c.endpoint}}
		if got := p.audience(Client{Audience: c.said}); got != c.want {
			t.Errorf("%s at %s, said %q: expected %q, got %q", c.endpoint, c.issuer, c.said, c.want, got)
		}
	}
}

// TestAssertionRefused sends nothing where nothing can be signed.
func TestAssertionRefused(t *testing.T) {
	s := serve(t, nil)
	p := s.provider(Kind{})
	p.Rand = bytes.NewReader(nil)
	key, err := ParseClientKey(token.NewSecret(pemOf(t, "PRIVATE KEY", testKeys().ec)), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Client{
		"refresh: private key of the client: there is none": {ID: "me", Auth: AuthPrivateKey, Secret: token.NewSecret("s")},
		"refresh: read random bytes: EOF":                   {ID: "me", Auth: AuthPrivateKey, Key: key},
	} {
		if _, err := p.Refresh(t.Context(), c, token.NewSecret("r")); fmt.Sprint(err) != want {
			t.Errorf("expected %q, got %v", want, err)
		}
	}
	p.Metadata.AuthAlgs = []string{"RS256"}
	_, err = p.Refresh(t.Context(), Client{ID: "me", Auth: AuthPrivateKey, Key: key}, token.NewSecret("r"))
	if _, ok := errors.AsType[*KeyError](err); !ok || len(s.seen()) != 0 {
		t.Errorf("%v, %d requests", err, len(s.seen()))
	}
}

func FuzzParseClientKey(f *testing.F) {
	f.Add(pemOf(f, "PRIVATE KEY", testKeys().ec))
	f.Add(pemOf(f, "EC PRIVATE KEY", nil))
	f.Add(jwkOf(f, testKeys().ed, object{"kid": "a", "alg": "EdDSA"}))
	f.Add(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB","p":"AQAB","q":"AQAB"}]}`)
	f.Add("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n-----END RSA PRIVATE KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseClientKey(token.NewSecret(text), "", "")
		if (err == nil) == k.IsZero() {
			t.Fatalf("%v, %v", k, err)
		}
		if err != nil {
			return
		}
		alg, err := k.algorithm(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.sign(alg, map[string]any{"a": 1}); err != nil {
			t.Fatalf("a key that was taken doesn't sign: %v", err)
		}
	})
}
