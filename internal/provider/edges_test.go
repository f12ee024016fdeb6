package provider

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// TestReadPublic tells which numbers are a key: what isn't is ignored, and never brought near a signature.
func TestReadPublic(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	keys := testKeys()
	ec, ed := jwk(t, keys.ec.Public(), "k", nil), jwk(t, keys.ed.Public(), "k", nil)
	point, err := keys.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := point[1:33], point[33:]
	rsaKey := func(e []byte) object { return jwk(t, keys.rsa.Public(), "k", object{"e": b64(e)}) }
	for name, c := range map[string]struct {
		key  object
		want string
	}{
		"RSA":                           {jwk(t, keys.rsa.Public(), "k", nil), "RSA of 2048 bits"},
		"RSA with exponent 3":           {rsaKey([]byte{3}), "RSA of 2048 bits"},
		"RSA with exponent 1":           {rsaKey([]byte{1}), ""},
		"RSA with exponent 2":           {rsaKey([]byte{2}), ""},
		"RSA with exponent 0":           {rsaKey([]byte{0}), ""},
		"RSA without exponent":          {rsaKey(nil), ""},
		"RSA with an even exponent":     {rsaKey([]byte{1, 0, 0}), ""},
		"RSA with the longest exponent": {rsaKey([]byte{0x7f, 0xff, 0xff, 0xff}), "RSA of 2048 bits"},
		"RSA with a longer exponent":    {rsaKey([]byte{0x80, 0, 0, 1}), ""},
		"RSA with a huge exponent":      {rsaKey(bytes.Repeat([]byte{0xff}, 100)), ""},
		"RSA without modulus":           {jwk(t, keys.rsa.Public(), "k", object{"n": ""}), ""},
		"RSA with modulus 0":            {jwk(t, keys.rsa.Public(), "k", object{"n": "AA"}), ""},
		"RSA that isn't base64url":      {jwk(t, keys.rsa.Public(), "k", object{"n": "AQAB+"}), ""},
		"RSA, padded":                   {jwk(t, keys.rsa.Public(), "k", object{"e": "AQAB=="}), "RSA of 2048 bits"},
		"RSA with its private part":     {jwk(t, keys.rsa.Public(), "k", object{"d": "AQAB"}), ""},
		"EC":                            {ec, "EC on P-256"},
		"EC on no curve":                {ec.with(object{"crv": nil}), ""},
		"EC on another curve":           {ec.with(object{"crv": "P-384"}), ""},
		"EC on an unknown curve":        {ec.with(object{"crv": "secp256k1"}), ""},
		"EC without x":                  {ec.with(object{"x": ""}), ""},
		"EC without y":                  {ec.with(object{"y": ""}), ""},
		"EC with a longer x":            {ec.with(object{"x": b64(append([]byte{0}, x...))}), ""},
		"EC with a longer y":            {ec.with(object{"y": b64(append([]byte{0}, y...))}), ""},
		"EC off the curve":              {ec.with(object{"x": b64(y), "y": b64(x)}), ""},
		"EC at infinity":                {ec.with(object{"x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))}), ""},
		"Ed25519":                       {ed, "Ed25519"},
		"Ed25519, shorter":              {ed.with(object{"x": b64(make([]byte, 31))}), ""},
		"Ed25519, longer":               {ed.with(object{"x": b64(make([]byte, 33))}), ""},
		"X25519":                        {ed.with(object{"crv": "X25519"}), ""},
		"no type":                       {ed.with(object{"kty": nil}), ""},
		"symmetric":                     {object{"kty": "oct", "k": "AAAA"}, ""},
	} {
		raw, err := json.Marshal(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if k, ok := readKey(raw); k.kind != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, %t", name, k.kind, ok)
		}
	}
	if _, ok := readKey(json.RawMessage(`[]`)); ok {
		t.Error("an array is a key")
	}
}

// TestRSABounds: 2048 to 8192 bits, both counted.
func TestRSABounds(t *testing.T) {
	for bits, fits := range map[int]bool{2047: false, 2048: true, 8192: true, 8193: false} {
		n := make([]byte, (bits+7)/8)
		n[0] = 1 << ((bits - 1) % 8)
		n[len(n)-1] |= 1
		raw, err := json.Marshal(object{"kty": "RSA", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(n)})
		if err != nil {
			t.Fatal(err)
		}
		k, ok := readKey(raw)
		if why := k.unfit("RS256"); !ok || fits != (why == "") {
			t.Errorf("%d bits (%s): %q", bits, k.kind, why)
		}
	}
	if why := (publicKey{key: &testKeys().rsa.PublicKey, kind: "RSA of 2048 bits"}).unfit("none"); why != "the key is RSA of 2048 bits, which can't be none's" {
		t.Errorf("got %q", why)
	}
}

// TestVerifyInBulk is the one check that is made of many tokens.
func TestVerifyInBulk(t *testing.T) {
	keys := testKeys()
	text, err := json.Marshal(object{"keys": []object{jwk(t, keys.rsa.Public(), "k1", nil), jwk(t, keys.ec.Public(), "k2", nil)}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := ParseProviderJWKS(text)
	if err != nil || !bytes.Equal(set.JWKS(), text) || set.Len() != 2 {
		t.Fatalf("%v, %d keys of %s", err, set.Len(), set.JWKS())
	}
	if got := set.JWKS(); len(got) > 0 {
		got[0] = 'x'
		if !bytes.Equal(set.JWKS(), text) {
			t.Error("the caller has changed the document")
		}
	}
	input := []byte("header.payload")
	sum := sha256.Sum256(input)
	signature, err := rsa.SignPKCS1v15(nil, keys.rsa, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		alg, kid         string
		input, signature []byte
		want             string
	}{
		"holds":           {"RS256", "k1", input, signature, ""},
		"changed":         {"RS256", "k1", []byte("header.other"), signature, "the signature isn't of the key that the token names, or the token was changed"},
		"no signature":    {"RS256", "k1", input, nil, "the signature isn't of the key that the token names, or the token was changed"},
		"no such key":     {"RS256", "k9", input, signature, "none of the provider's 2 keys has this kid"},
		"another's key":   {"RS256", "k2", input, signature, "the key is EC on P-256, which can't be RS256's"},
		"none":            {"none", "k1", input, signature, "the key is RSA of 2048 bits, which can't be none's"},
		"a shared secret": {"HS256", "k1", input, signature, "the key is RSA of 2048 bits, which can't be HS256's"},
	} {
		got := ""
		if err := set.Verify(c.alg, c.kid, c.input, c.signature); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, expected %q", name, got, c.want)
		}
	}
	if set, err := ParseProviderJWKS([]byte("{}")); err == nil || set.Len() != 0 {
		t.Errorf("got %+v, %v", set, err)
	}
}

// TestMostKeys: a hundred are taken, and not one more.
func TestMostKeys(t *testing.T) {
	for n, ok := range map[int]bool{maxKeys: true, maxKeys + 1: false} {
		text, err := json.Marshal(object{"keys": make([]object, n)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseProviderJWKS(text); (err == nil) != ok {
			t.Errorf("%d keys: %v", n, err)
		}
	}
}

// TestAnchorOfProvider asks for the keys once, and passes a fault on.
func TestAnchorOfProvider(t *testing.T) {
	p, s := verifier(t)
	raw := sign(t, testKeys().rsa, goodHeader(), goodClaims())
	for range 2 {
		a, err := p.Anchor(t.Context())
		if err != nil || a.Verify(raw, goodRequest()).Err() != nil {
			t.Fatalf("got %+v, %v", a, err)
		}
		jwt, err := token.ParseJWT(raw.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if !a.Signed(jwt) {
			t.Error("its own token isn't signed")
		}
		a.Algorithms = []string{"PS256"}
		if a.Signed(jwt) {
			t.Error("signed by an algorithm that isn't allowed")
		}
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("the keys were asked for %d times", n)
	}
	p, _ = verifier(t)
	p.Metadata.JWKSURI += "/gone"
	if _, err := p.Anchor(t.Context()); err == nil {
		t.Error("an anchor without keys")
	}
	if _, err := FetchJWKS(t.Context(), p.HTTP, p.Metadata.JWKSURI); err == nil {
		t.Error("keys at an address that there isn't")
	}
	if _, err := FetchJWKS(t.Context(), p.HTTP, "http://evil.example/jwks"); !isError[*AddressError](err) {
		t.Errorf("got %v", err)
	}
	p, s = verifier(t)
	if k, err := FetchJWKS(t.Context(), p.HTTP, s.URL+"/jwks"); err != nil || k.Len() != 1 {
		t.Errorf("got %d keys, %v", k.Len(), err)
	}
}

// TestLeftHalfHash is at_hash and c_hash by each algorithm.
func TestLeftHalfHash(t *testing.T) {
	const by256, by384, by512 = "94RvVc8j4U7r6rW04VUMrQ", "Rz7TUWfsH12OVQNoo9s5vlRjn4KIaOlF", "EH2_OJ2en3GjqV9sBVuSUbxSaMK-FtbBNJLqRbAZnzM"
	for alg, want := range map[string]string{
		"RS256": by256, "PS256": by256, "ES256": by256, "HS256": by256, "RS384": by384, "ES384": by384, "RS512": by512, "PS512": by512,
		"EdDSA": by512, "Ed25519": by512, "none": "", "": "",
	} {
		if got := leftHalfHash(alg, token.NewSecret("message digest")); got != want {
			t.Errorf("%s: got %q, expected %q", alg, got, want)
		}
	}
}

// TestTimeouts: an exchange always has one.
func TestTimeouts(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: defaultTimeout, -1: defaultTimeout, time.Minute: time.Minute} {
		if got := NewHTTPClient(HTTPOptions{Timeout: given}).Timeout; got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
}

// TestBoundedBody ends at its bound, and says so only where something is left.
func TestBoundedBody(t *testing.T) {
	for size, want := range map[int]error{0: nil, 9: nil, 10: nil, 11: errTooLong, 1000: errTooLong} {
		for _, piece := range []int{1, 3, 10, 11, 100} {
			b := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", size))), left: 10}
			if n, err := b.Read(nil); n != 0 || err != nil {
				t.Errorf("nothing: %d, %v", n, err)
			}
			var got bytes.Buffer
			_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{b}, make([]byte, piece))
			if !errors.Is(err, want) || got.Len() != min(size, 10) {
				t.Errorf("%d bytes by %d: got %d, %v", size, piece, got.Len(), err)
			}
			if n, _ := b.Read(make([]byte, 5)); n != 0 {
				t.Errorf("%d bytes by %d: %d more behind the end", size, piece, n)
			}
		}
	}
}

// TestCheckURL tells which addresses a secret may go to.
func TestCheckURL(t *testing.T) {
	for address, want := range map[string]string{
		"https://sts.example/token": "", "http://localhost:1/": "", "http://127.9.9.9/": "", "http://[::1]:1/": "",
		"http://sts.example/": "is plain http, which is allowed on loopback only", "http://127.1/": "is plain http, which is allowed on loopback only",
		"http://localhost.evil.example/": "is plain http, which is allowed on loopback only", "http://10.0.0.1/": "is plain http, which is allowed on loopback only",
		"ftp://localhost/": "isn't https", "file:///etc/passwd": "names no host", "https:opaque": "names no host", "mailto:a@b": "names no host", "": "names no host",
		"https://user@sts.example/": "holds credentials", "https://sts.example/#a": "has a fragment",
	} {
		_, err := checkAddress(address)
		got := ""
		if e, ok := errors.AsType[*AddressError](err); ok {
			got = e.Problem
		}
		if got != want {
			t.Errorf("%q: got %q, expected %q", address, got, want)
		}
	}
}

// TestRepeatable: nothing that could use something up, or that carries a secret, goes out twice.
func TestRepeatable(t *testing.T) {
	for _, c := range []struct {
		method, auth string
		body         io.Reader
		want         bool
	}{
		{http.MethodGet, "", nil, true}, {http.MethodGet, "", http.NoBody, true},
		{http.MethodGet, "Bearer x", nil, false}, {http.MethodGet, "", strings.NewReader("x"), false},
		{http.MethodPost, "", nil, false}, {http.MethodPost, "", http.NoBody, false}, {http.MethodDelete, "", nil, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "https://sts.example/", c.body)
		if err != nil {
			t.Fatal(err)
		}
		if c.auth != "" {
			req.Header.Set("Authorization", c.auth)
		}
		if got := repeatable(req); got != c.want {
			t.Errorf("%+v: got %t", c, got)
		}
	}
}

// TestClientForms compares whole requests for tokens without a browser.
func TestClientForms(t *testing.T) {
	tokens := saysJSON(t, object{"access_token": "a", "token_type": "Bearer"})
	s := serve(t, map[string]http.HandlerFunc{"/token": tokens, "/device": saysJSON(t, object{
		"device_code": "d", "user_code": "u", "verification_uri": "https://sts.example/device", "expires_in": 60,
	})})
	p := s.provider(mustKind(t, "oidc"))
	p.Metadata.DeviceEndpoint = s.URL + "/device"
	c := Client{ID: "c", Secret: token.NewSecret("s"), Auth: AuthBasic}
	more := url.Values{"acr_values": {"orgselected:1"}}
	for _, call := range []func() error{
		func() error { _, err := p.ClientCredentials(t.Context(), c, []string{"one", "two"}, more); return err },
		func() error { _, err := p.ClientCredentials(t.Context(), c, nil, nil); return err },
		func() error { _, err := p.AuthorizeDevice(t.Context(), c, []string{"openid", "two"}, more); return err },
		func() error { _, err := p.AuthorizeDevice(t.Context(), c, []string{"openid"}, nil); return err },
		func() error { _, err := p.RedeemDevice(t.Context(), c, token.NewSecret("d")); return err },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.RedeemDevice(t.Context(), c, token.Secret{}); err == nil {
		t.Error("polled without a device code")
	}
	const auth = "Basic Yzpz"
	want := []seen{
		{"POST", "/token", auth, "acr_values=orgselected%3A1&grant_type=client_credentials&scope=one+two"},
		{"POST", "/token", auth, "grant_type=client_credentials"},
		{"POST", "/device", auth, "acr_values=orgselected%3A1&client_id=c&scope=openid+two"},
		{"POST", "/device", auth, "client_id=c&scope=openid"},
		{"POST", "/token", auth, "device_code=d&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"},
	}
	if got := s.seen(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%q, expected\n%q", got, want)
	}
	if !reflect.DeepEqual(more, url.Values{"acr_values": {"orgselected:1"}}) {
		t.Errorf("the caller's parameters became %v", more)
	}
}

// TestDeviceAnswers tells what an answer must have for somebody to be sent anywhere with a code.
func TestDeviceAnswers(t *testing.T) {
	good := object{"device_code": "d", "user_code": "u", "verification_uri": "https://sts.example/device", "expires_in": 60}
	for _, c := range []struct {
		change object
		want   string
	}{
		{object{}, ""},
		{object{"user_code": strings.Repeat("u", 64)}, ""},
		{object{"user_code": strings.Repeat("u", 65)}, "an answer whose user_code is missing or too long"},
		{object{"user_code": nil}, "an answer whose user_code is missing or too long"},
		{object{"user_code": "a\x1b[2J"}, "user_code holds characters that no token may hold"},
		{object{"device_code": nil}, "an answer without device_code"},
		{object{"device_code": 1}, "device_code is no string"},
		{object{"verification_uri": 1}, "verification_uri is no string"},
		{object{"verification_uri": "https://a.example/" + strings.Repeat("x", 1982)}, ""},
		{object{"verification_uri": "https://a.example/" + strings.Repeat("x", 1983)}, "an answer whose verification_uri is too long"},
		{object{"verification_uri_complete": "https://a.example/" + strings.Repeat("x", 1983)}, "an answer whose verification_uri_complete is too long"},
		{object{"verification_uri": nil}, "an answer whose verification_uri is no https address"},
		{object{"verification_uri": "http://evil.example/"}, "an answer whose verification_uri is no https address"},
		{object{"verification_uri_complete": "javascript:alert(1)"}, "an answer whose verification_uri_complete is no https address"},
		{object{"expires_in": nil}, "an answer without expires_in"},
		{object{"expires_in": 0}, "an answer without expires_in"},
		{object{"expires_in": -1}, "an answer without expires_in"},
	} {
		s := serve(t, map[string]http.HandlerFunc{"/device": saysJSON(t, good.with(c.change))})
		p := s.provider(mustKind(t, "oidc"))
		p.Metadata.DeviceEndpoint = s.URL + "/device"
		got := ""
		d, err := p.AuthorizeDevice(t.Context(), Client{ID: "c"}, []string{"openid"}, nil)
		if e, ok := errors.AsType[*ResponseError](err); ok {
			got = e.Problem
		} else if err != nil {
			t.Fatal(err)
		}
		if got != c.want || got != "" && d != (DeviceCode{}) {
			t.Errorf("%v: got %q, expected %q", c.change, got, c.want)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"refused": says(http.StatusBadRequest, "application/json", `{"error":"invalid_client"}`), "a page": says(http.StatusOK, "text/html", "<html>"),
		"away": says(http.StatusInternalServerError, "", ""),
	} {
		s := serve(t, map[string]http.HandlerFunc{"/device": handler})
		p := s.provider(mustKind(t, "oidc"))
		p.Metadata.DeviceEndpoint = s.URL + "/device"
		d, err := p.AuthorizeDevice(t.Context(), Client{ID: "c"}, []string{"openid"}, nil)
		if err == nil || d != (DeviceCode{}) || (name == "refused") != isError[*OAuthError](err) || (name == "a page") != isError[*ResponseError](err) ||
			(name == "away") != isError[*UnavailableError](err) {
			t.Errorf("%s: got %+v, %v", name, d, err)
		}
	}
}

// TestRefusalWords reads an error as it is stated, in each of its spellings, and makes none up.
func TestRefusalWords(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"invalid_grant","error_description":"d"}`: "refresh: invalid_grant: d (HTTP 400)",
		`{"error":"","Message":"invalid_token"}`:            "refresh: refused: invalid_token (HTTP 400)",
		`{"error":7}`:                                       "a JSON object without an error code",
		`{"Message":""}`:                                    "a JSON object without an error code",
		`{"Message":7}`:                                     "a JSON object without an error code",
		`{}`:                                                "a JSON object without an error code",
		`[]`:                                                "JSON that is no object",
	} {
		a := &answer{operation: opRefresh, host: "h", status: http.StatusBadRequest, header: http.Header{}, body: []byte(body)}
		err := a.refusal()
		got := err.Error()
		if e, ok := errors.AsType[*ResponseError](err); ok {
			got = e.Problem
		}
		if got != want {
			t.Errorf("%s: got %q, expected %q", body, got, want)
		}
	}
	for status, ok := range map[int]bool{199: false, 200: true, 299: true, 300: false} {
		if (&answer{status: status}).ok() != ok {
			t.Errorf("%d: %t", status, !ok)
		}
	}
}

// TestRequestHeaders: every request says what it wants and who it is.
func TestRequestHeaders(t *testing.T) {
	req, err := newRequest(t.Context(), http.MethodGet, "https://sts.example/", nil)
	if err != nil || req.Header.Get("Accept") != "application/json" || req.Header.Get("User-Agent") != "simsid" {
		t.Errorf("got %v, %v", req.Header, err)
	}
	if _, err := newRequest(t.Context(), http.MethodGet, "http://evil.example/", nil); !isError[*AddressError](err) {
		t.Errorf("got %v", err)
	}
	if _, err := newRequest(t.Context(), "NO METHOD", "https://sts.example/", nil); err == nil {
		t.Error("a method with a space")
	}
}

// TestTimeoutTold tells a provider that is slow from one that is away.
func TestTimeoutTold(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{{context.DeadlineExceeded, true}, {slow{}, true}, {io.EOF, false}, {nil, false}} {
		e := &UnavailableError{Operation: "o", Host: "h", Status: 503, Err: c.err}
		if e.Timeout() != c.want || c.want != strings.HasSuffix(e.Error(), "no answer in time") {
			t.Errorf("%v: %t, %q", c.err, e.Timeout(), e.Error())
		}
	}
}

type slow struct{}

func (slow) Error() string   { return "slow" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return false }

// TestSharedSecretTexts: a line break at the end may belong to it or not, and a JWK stands for what is in it.
func TestSharedSecretTexts(t *testing.T) {
	for text, want := range map[string]struct {
		spellings []string
		alg       string
	}{
		"s": {[]string{"s"}, ""}, "s\n": {[]string{"s\n", "s"}, ""}, "s\r\n": {[]string{"s\r\n", "s"}, ""}, "s\n\n": {[]string{"s\n\n", "s\n"}, ""},
		`{"kty":"oct","k":"cw","alg":"HS512"}`: {[]string{"s"}, "HS512"}, "-----BEGIN PRIVATE KEY-----\nx": {[]string{"-----BEGIN PRIVATE KEY-----\nx"}, ""}, `{"k":"cw"`: {[]string{`{"k":"cw"`}, ""},
	} {
		set, err := SharedSecret([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		spellings, _ := set.keys[0].key.(sharedSecret)
		var got []string
		for _, s := range spellings {
			got = append(got, s.Reveal())
		}
		if !reflect.DeepEqual(got, want.spellings) || set.keys[0].alg != want.alg || !set.given {
			t.Errorf("%q: got %q for %q", text, got, set.keys[0].alg)
		}
	}
	// A public key is no secret: who takes it for one takes what anybody has signed with it.
	for _, text := range []string{
		"", "\n", "\r\n", `{"kty":"oct"}`, `{"kty":"oct","k":"!"}`, `{"kty":"RSA","k":"cw"}`, ` {"keys":[]}`,
		"\n-----BEGIN PUBLIC KEY-----\nx", "-----BEGIN CERTIFICATE-----\nx", "-----BEGIN RSA PUBLIC KEY-----\nx", "ssh-rsa x", "ecdsa-sha2-nistp256 x",
	} {
		if _, err := SharedSecret([]byte(text)); !isError[*KeySetError](err) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestFrontTokens reads what came through the browser, and refuses what can't be a token.
func TestFrontTokens(t *testing.T) {
	whole := url.Values{"access_token": {"a"}, "id_token": {"i"}, "token_type": {"Bearer"}, "expires_in": {"60"}, "scope": {"openid"}}
	got, err := TokensFromBrowser(whole, now)
	want := token.Set{
		Access: token.NewSecret("a"), ID: token.NewSecret("i"), Type: "Bearer", Expiry: now.Add(time.Minute), Scopes: []string{"openid"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := TokensFromBrowser(url.Values{"id_token": {"i"}, "access_token": {""}}, now); err != nil || !reflect.DeepEqual(got, token.Set{ID: token.NewSecret("i")}) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []url.Values{
		{"id_token": {"i\n"}}, {"access_token": {"a"}}, {"access_token": {"a\x7f"}, "token_type": {"Bearer"}}, {"access_token": {"a"}, "token_type": {"mac"}},
		{"id_token": {"\xff"}},
	} {
		if got, err := TokensFromBrowser(bad, now); !isError[*ResponseError](err) || !reflect.DeepEqual(got, token.Set{}) {
			t.Errorf("%q: got %+v, %v", bad, got, err)
		}
	}
}

// TestOwnKeyBounds: a client's own key is one that a server would take.
func TestOwnKeyBounds(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if why := (publicKey{key: &small.PublicKey, kind: "RSA of 1024 bits"}).unfit("RS256"); why == "" {
		t.Error("1024 bits are enough")
	}
}
