package provider

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// TestAuth: where nobody has chosen, a way that metadata list goes before the kind's; what was chosen stays.
func TestAuth(t *testing.T) {
	for _, c := range []struct {
		auth, want AuthMethod
		any        bool
		listed     []string
		unlisted   bool
		public     bool
	}{
		{auth: AuthBasic, want: AuthBasic, any: true},
		{auth: AuthBasic, want: AuthBasic, any: true, listed: []string{"client_secret_post", "client_secret_basic"}},
		{auth: AuthPost, want: AuthPost, any: true, listed: []string{"client_secret_basic", "client_secret_post"}},
		{auth: AuthBasic, want: AuthPost, any: true, listed: []string{"client_secret_post"}},
		{auth: AuthPost, want: AuthBasic, any: true, listed: []string{"private_key_jwt", "client_secret_basic"}},
		{auth: AuthBasic, want: AuthBasic, any: true, listed: []string{"private_key_jwt"}, unlisted: true},
		{auth: AuthBasic, want: AuthBasic, listed: []string{"client_secret_post"}, unlisted: true},
		{auth: AuthBasicRaw, want: AuthBasicRaw, listed: []string{"client_secret_basic"}},
		{auth: AuthBasicRaw, want: AuthBasicRaw, listed: []string{"client_secret_post"}, unlisted: true},
		{auth: "", want: "", listed: []string{"client_secret_post"}},
		{auth: "", want: "", listed: []string{"client_secret_basic"}, unlisted: true},
		{auth: AuthPrivateKey, want: AuthPrivateKey, any: true, listed: []string{"client_secret_basic"}, unlisted: true},
		{auth: AuthPrivateKey, want: AuthPrivateKey, public: true, listed: []string{"private_key_jwt"}},
		{auth: AuthBasic, want: AuthNone, public: true, any: true, listed: []string{"client_secret_post"}},
		{auth: AuthNone, want: AuthNone, listed: []string{"client_secret_post"}},
	} {
		m := Metadata{AuthMethods: c.listed}
		client := Client{ID: "a:b", Auth: c.auth, AnyAuth: c.any, Secret: token.NewSecret("s")}
		if c.public {
			client.Secret = token.Secret{}
		}
		if got := m.Auth(client); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
		client.ID = "c"
		var want error
		if c.unlisted {
			want = &MethodError{Method: c.want, Listed: c.listed}
		}
		if err := m.CheckClient(client); !reflect.DeepEqual(err, want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	raw := Client{ID: "a:b", Auth: AuthBasicRaw, Secret: token.NewSecret("s")}
	if err := (Metadata{AuthMethods: []string{"none"}}).CheckClient(raw); !errors.Is(err, ErrColon) {
		t.Errorf("got %v", err)
	}
	key, err := ParseClientKey(token.NewSecret(pkcs8(t, testKeys().ec)), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := (Metadata{AuthAlgs: []string{"RS256"}}).CheckClient(Client{ID: "c", Auth: AuthBasic, Secret: token.NewSecret("s"), Key: key}); err != nil {
		t.Errorf("a key that isn't used: %v", err)
	}
	if raw.Auth = AuthBasic; (Metadata{}).CheckClient(raw) != nil {
		t.Error("a colon that is encoded")
	}
	if got := (&MethodError{Method: AuthPost}).Error(); got != "the provider's metadata doesn't list client_secret_post among the ways in which a client may authenticate" {
		t.Errorf("got %q", got)
	}
}

// TestAuthIsSent: the way that metadata list is the one that goes out.
func TestAuthIsSent(t *testing.T) {
	var form, basic string
	s := serve(t, map[string]http.HandlerFunc{"/token": func(w http.ResponseWriter, r *http.Request) {
		form = r.PostFormValue("client_secret")
		_, basic, _ = r.BasicAuth()
		w.WriteHeader(http.StatusBadRequest)
	}})
	p := s.provider(Kind{})
	p.Metadata.AuthMethods = []string{"client_secret_post"}
	_, _ = p.Refresh(t.Context(), Client{ID: "c", Secret: token.NewSecret("the-secret"), Auth: AuthBasic, AnyAuth: true}, testToken)
	if form != "the-secret" || basic != "" {
		t.Errorf("sent %q and %q", form, basic)
	}
}

// TestKeyFits: a key signs by what the provider takes, or the error says by what it could, or which the provider takes.
func TestKeyFits(t *testing.T) {
	text := func(key any) token.Secret { return token.NewSecret(pkcs8(t, key)) }
	ed := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for _, c := range []struct {
		key         any
		chosen      string
		listed      []string
		alg, other  string
		wanted      []string
		unavailable bool
	}{
		{key: testKeys().rsa, alg: "RS256"},
		{key: testKeys().rsa, listed: []string{"ES256", "PS256"}, alg: "PS256"},
		{key: testKeys().rsa, chosen: "PS256", listed: []string{"RS256"}, other: "RS256"},
		{key: testKeys().rsa, chosen: "RS256", listed: []string{"ES256", "PS256"}, other: "PS256"},
		{key: testKeys().rsa, listed: []string{"HS256", "EdDSA", "ES256", "Ed25519"}, wanted: []string{"ES256", "EdDSA", "Ed25519"}},
		{key: testKeys().rsa, listed: []string{"HS256", "none"}, unavailable: true},
		{key: testKeys().ec, listed: []string{"RS256", "PS256"}, wanted: []string{"RS256", "PS256"}},
		{key: ed, alg: "EdDSA"},
		{key: ed, chosen: "Ed25519", alg: "Ed25519"},
		{key: ed, listed: []string{"Ed25519"}, alg: "Ed25519"},
		{key: ed, chosen: "EdDSA", listed: []string{"Ed25519"}, alg: "Ed25519"},
		{key: ed, chosen: "Ed25519", listed: []string{"EdDSA"}, alg: "EdDSA"},
		{key: ed, listed: []string{"Ed25519", "EdDSA"}, alg: "EdDSA"},
		{key: ed, listed: []string{"RS256"}, wanted: []string{"RS256"}},
	} {
		key, err := ParseClientKey(text(c.key), "k", c.chosen)
		if err != nil {
			t.Fatal(err)
		}
		m := Metadata{AuthAlgs: c.listed, AuthMethods: []string{"none"}}
		err = m.CheckClient(Client{ID: "c", Auth: AuthPrivateKey, Key: key})
		if c.alg == "" {
			e, ok := errors.AsType[*KeyError](err)
			if !ok || e.Other != c.other || !slices.Equal(e.Wanted, c.wanted) {
				t.Errorf("%+v: %#v", c, err)
			}
			continue
		}
		if _, ok := errors.AsType[*MethodError](err); !ok {
			t.Errorf("%+v: %v", c, err)
		}
		alg, err := key.algorithm(c.listed)
		if err != nil || string(alg) != c.alg {
			t.Errorf("%+v: %s, %v", c, alg, err)
			continue
		}
		raw, err := key.sign(alg, map[string]any{"iss": "c"})
		if err != nil {
			t.Fatal(err)
		}
		jwt, err := token.ParseJWT(raw.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		public := publicKey{key: ed.Public()}
		if c.key == any(testKeys().rsa) {
			public.key = testKeys().rsa.Public()
		}
		if iss, _ := jwt.Claims.String("iss"); !signedByAny(jwt, c.alg, []publicKey{public}) || jwt.Header.Algorithm() != c.alg || jwt.Header.KeyID() != "k" || jwt.Header.Type() != "JWT" || iss != "c" {
			t.Errorf("%+v: %v", c, jwt.Header)
		}
	}
	other, err := ParseClientKey(text(testKeys().ec), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.sign(algEd25519, map[string]any{}); !errors.Is(err, errSign) {
		t.Errorf("got %v", err)
	}
	key, err := ParseClientKey(text(ed), "", "")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := key.sign(algEd25519, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	jwt, err := token.ParseJWT(raw.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if _, there := jwt.Header.Get("kid"); there {
		t.Error("a kid that nobody gave")
	}
}

// TestCheckIDTokens: a provider that signs by nothing that is taken is told before anybody signs in.
func TestCheckIDTokens(t *testing.T) {
	for _, c := range []struct {
		listed []string
		ok     bool
	}{{nil, true}, {[]string{"HS256", "RS256"}, true}, {[]string{"HS256", "none"}, false}} {
		err := Metadata{IDTokenAlgs: c.listed}.CheckIDTokens()
		if (err == nil) != c.ok {
			t.Errorf("%v: %v", c.listed, err)
		}
		if e, ok := errors.AsType[*AlgorithmError](err); !c.ok && (!ok || e.Error() != "the provider signs ID tokens by HS256, none alone, which is never taken") {
			t.Errorf("%v: %v", c.listed, err)
		}
	}
}

// pkcs8 is a private key as openssl writes it.
func pkcs8(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// TestByteOrderMark: what Windows' editors write before UTF-8 is no part of a key or a secret.
func TestByteOrderMark(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	if _, err := ParseClientKey(token.NewSecret(mark+pkcs8(t, testKeys().ec)), "", ""); err != nil {
		t.Error(err)
	}
	der, err := x509.MarshalPKIXPublicKey(testKeys().ec.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePEM([]byte(mark + string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))); err != nil {
		t.Error(err)
	}
	if _, err := ParseJWKS([]byte(mark + `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`)); err != nil {
		t.Error(err)
	}
	marked, err := SharedSecret([]byte(mark + "secret"))
	if err != nil {
		t.Fatal(err)
	}
	if bare, _ := SharedSecret([]byte("secret")); marked.keys[0].kind != bare.keys[0].kind {
		t.Errorf("%s and %s", marked.keys[0].kind, bare.keys[0].kind)
	}
}

// TestClientKeyForSomethingElse: what a key is for, and of which type it is, is told in words.
func TestClientKeyForSomethingElse(t *testing.T) {
	const ed = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"%s}`
	pss := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: append([]byte{0x30, 0x10}, rsaPSS()...)})
	for raw, problem := range map[string]string{
		fmt.Sprintf(ed, ``):                             "",
		fmt.Sprintf(ed, `,"key_ops":["verify","sign"]`): "",
		fmt.Sprintf(ed, `,"key_ops":["encrypt"]`):       "by its key_ops it isn't for signing",
		fmt.Sprintf(ed, `,"key_ops":7`):                 "by its key_ops it isn't for signing",
		string(pss):                                     "its PEM is of type RSA-PSS, which isn't read: write it as plain RSA, which signs by PS256 as well (openssl rsa -traditional)",
	} {
		_, err := ParseClientKey(token.NewSecret(raw), "", "")
		got := ""
		if e, ok := errors.AsType[*KeyError](err); ok {
			got = e.Problem
		}
		if got != problem {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// TestEndlessHeaders: headers without an end are told of in our own words.
func TestEndlessHeaders(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 80 {
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("y", 1000))
		}
	}})
	p := s.provider(Kind{})
	p.HTTP = NewHTTPClient(HTTPOptions{})
	_, err := p.Refresh(t.Context(), Client{ID: "c"}, testToken)
	if !errors.Is(err, errHeaders) {
		t.Errorf("got %v", err)
	}
}
