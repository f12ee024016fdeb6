package provider

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/simsid/simsid/internal/token"
)

// now is the moment at which every test takes place.
var now = time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// keySet are the keys of one test binary: making RSA keys takes long.
type keySet struct {
	rsa, other, small *rsa.PrivateKey
	ec                *ecdsa.PrivateKey
	ed                ed25519.PrivateKey
}

var testKeys = sync.OnceValue(func() keySet {
	var k keySet
	var errs [5]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.other, errs[1] = rsa.GenerateKey(rand.Reader, 2048)
	k.small, errs[2] = rsa.GenerateKey(rand.Reader, 1024)
	k.ec, errs[3] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, k.ed, errs[4] = ed25519.GenerateKey(rand.Reader)
	for _, err := range errs {
		if err != nil {
			panic(err)
		}
	}
	return k
})

type object map[string]any

// with returns a copy in which members are replaced; nil takes one out, and null puts JSON's null in.
func (o object) with(changes object) object {
	c := maps.Clone(o)
	for name, v := range changes {
		if v == nil {
			delete(c, name)
		} else {
			c[name] = v
		}
	}
	return c
}

// sign makes a compact JWT without asking whether it makes sense.
func sign(t testing.TB, key any, header, claims object) token.Secret {
	t.Helper()
	input := encode(t, header) + "." + encode(t, claims)
	var sig []byte
	var err error
	sum := sha256.Sum256([]byte(input))
	switch k := key.(type) {
	case *rsa.PrivateKey:
		sig, err = rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	case *ecdsa.PrivateKey:
		r, s, e := ecdsa.Sign(rand.Reader, k, sum[:])
		err = e
		if e == nil {
			sig = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case ed25519.PrivateKey:
		sig = ed25519.Sign(k, []byte(input))
	case []byte:
		m := hmac.New(sha256.New, k)
		m.Write([]byte(input))
		sig = m.Sum(nil)
	case nil:
	default:
		t.Fatalf("no way to sign with %T", key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return token.NewSecret(input + "." + base64.RawURLEncoding.EncodeToString(sig))
}

func encode(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// jwk writes a public key as IdentityServer3 does, without alg; more members may be added.
func jwk(t testing.TB, public any, kid string, more object) object {
	t.Helper()
	b, err := json.Marshal(jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	return o.with(more)
}

// testServer answers on loopback by path and remembers the requests.
type testServer struct {
	*httptest.Server
	mu       sync.Mutex
	requests []seen
}

type seen struct {
	Method, Path, Auth, Form string
}

func serve(t testing.TB, handlers map[string]http.HandlerFunc) *testServer {
	t.Helper()
	s := &testServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, seen{r.Method, r.URL.Path, r.Header.Get("Authorization"), string(body)})
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		h, ok := handlers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *testServer) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

// host is the server's name in errors.
func (s *testServer) host() string { return s.Listener.Addr().String() }

// provider is the server with an endpoint of each kind.
func (s *testServer) provider(kind Kind) *Provider {
	return &Provider{
		Kind: kind,
		Metadata: Metadata{
			Issuer:                s.URL + "/",
			AuthorizationEndpoint: s.URL + "/authorize",
			TokenEndpoint:         s.URL + "/token",
			UserinfoEndpoint:      s.URL + "/userinfo",
			IntrospectionEndpoint: s.URL + "/introspect",
			RevocationEndpoint:    s.URL + "/revoke",
			EndSessionEndpoint:    s.URL + "/endsession",
			JWKSURI:               s.URL + "/jwks",
		},
		HTTP: NewHTTPClient(HTTPOptions{Timeout: 10 * time.Second}),
		Now:  clock,
	}
}

// says answers with a status, a content type and a body.
func says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func saysJSON(t testing.TB, v any) http.HandlerFunc {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return says(http.StatusOK, "application/json", string(b))
}

func mustKind(t testing.TB, name string) Kind {
	t.Helper()
	k, ok := LookupKind(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return k
}
